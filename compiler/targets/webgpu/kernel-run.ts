/**
 * A run of a structured kernel as WGSL: a workgroup for each problem. What the kernel does is written in kernel/; here
 * are the memory that it works on and the faults that it may report.
 */
import type { Extent, WebGpuBuffer, WebGpuFault } from "../../artifact-webgpu.ts";
import type { Kernel, KernelArray } from "../../ir/kernel/kernel.ts";
import type { Node } from "../../ir/tensor/tensor.ts";
import { extentText, scaled } from "./extent.ts";
import { effectsOf } from "./kernel/effects.ts";
import { type ArrayLayout, layOut, lengthOf } from "./kernel/layout.ts";
import { lanesFor } from "./kernel/parallel.ts";
import type { KernelSurroundings } from "./kernel/solo.ts";
import { WorkgroupStatements } from "./kernel/statements.ts";
import { product, sum } from "./place.ts";
import type { Located, Shader } from "./shader.ts";

/** What every adapter has, less what reductions and decisions take. */
const WORKGROUP_BYTES = 16384 - 4096;

export interface KernelRun {
  readonly node: Node;
  readonly kernel: Kernel;
  /** Problems: of all examples, and of each. */
  readonly rows: Extent;
  readonly perExample: number;
  /** Where the outputs lie, one after the other. */
  readonly buffer: WebGpuBuffer;
  readonly begins: ReadonlyMap<string, Extent>;
  readonly inputs: readonly Located[];
}

export interface PrintedRun {
  readonly faults: readonly WebGpuFault[];
  /** Words of scratch memory. */
  readonly scratch: Extent;
}

/** The lanes of a workgroup. */
export function lanesOf(kernel: Kernel): number {
  return lanesFor(kernel);
}

/** `known`: faults that the plan has already. */
export function writeKernelRun(shader: Shader, run: KernelRun, known: number): PrintedRun {
  return new RunWriter(shader, run, known).write();
}

const NOT_FINITE = ["NaN", "an infinite value", "a negative infinite value"] as const;

class RunWriter {
  private readonly shader: Shader;
  private readonly run: KernelRun;
  private readonly known: number;
  private readonly layout: ArrayLayout;
  private readonly lanes: number;
  private readonly faults: WebGpuFault[] = [];
  /** How an element of an array is read and written, by its index, a text of type i32. */
  private readonly elements = new Map<
    string,
    { load(index: string): string; store(index: string, value: string): string }
  >();
  private readonly scalars = new Map<string, string>();
  private readonly sharedNames = new Map<string, string>();

  constructor(shader: Shader, run: KernelRun, known: number) {
    this.shader = shader;
    this.run = run;
    this.known = known;
    this.layout = layOut(run.kernel, WORKGROUP_BYTES);
    this.lanes = lanesFor(run.kernel);
  }

  write(): PrintedRun {
    const { shader, run } = this;
    const { kernel } = run;
    const { writer } = shader;
    writer.line("let row = workgroup;");
    writer.line(`if (row >= ${extentText(run.rows)}) { return; }`);
    this.declareFault();
    this.placeArrays();
    const { inputs, outputs } = kernel;
    for (const [i, array] of inputs.entries()) {
      this.check(array, (kind) =>
        this.notFinite(array.name === "cotangent" ? "gradient" : "received", kind, run.inputs[i]!),
      );
    }
    const statements = new WorkgroupStatements(this.surroundings());
    const zeros = outputs.map((array) => ({ kind: "fill", array: array.name, value: ZERO }) as const);
    for (const line of statements.all([...zeros, ...kernel.body], "  ")) writer.line(line.slice(2));
    for (const line of statements.finally(outputs, "  ")) writer.line(line.slice(2));
    for (const array of outputs) this.check(array, (kind) => this.notFinite("made", kind, undefined));
    return { faults: this.faults, scratch: scaled(run.rows, this.layout.scratchWords) };
  }

  private fault(fault: WebGpuFault): number {
    this.faults.push(fault);
    return this.known + this.faults.length;
  }

  private subject() {
    const { node, kernel, perExample } = this.run;
    const { temperature } = node.attributes;
    return {
      subject: String(node.attributes.latent ?? kernel.name),
      ...(node.type.batched ? { perExample } : {}),
      ...(temperature === undefined ? {} : { temperature: temperature as string | number }),
    };
  }

  private notFinite(
    kind: "received" | "gradient" | "made",
    value: (typeof NOT_FINITE)[number],
    of: Located | undefined,
  ): number {
    const size = of === undefined ? 0 : of.type.shape.reduce((a, b) => a * b, 1) / this.run.perExample;
    return this.fault({ ...this.subject(), kind, value, size });
  }

  private declareFault(): void {
    const faults = this.shader.bind("faults", "faults", "atomic<u32>");
    this.shader.declare(
      [
        "",
        "/// The first fault of a call is kept: its number, the problem, and a value or a place.",
        "fn fault(number: u32, row: u32, value: u32) {",
        `  if (atomicAdd(&${faults}[3], 1u) != 0u) { return; }`,
        `  atomicStore(&${faults}[0], number);`,
        `  atomicStore(&${faults}[1], row);`,
        `  atomicStore(&${faults}[2], value);`,
        "}",
      ]
        .join("\n")
        .replace("///", "//"),
    );
  }

  private placeArrays(): void {
    const { shader, run, layout } = this;
    const { kernel } = run;
    const { writer } = shader;
    for (const [i, array] of kernel.inputs.entries()) {
      const located = run.inputs[i]!;
      const { variable, at } = shader.addressed(located);
      const row = located.type.batched ? "row" : run.perExample === 1 ? "0u" : `(row % ${run.perExample}u)`;
      this.placed(
        array,
        variable,
        writer.share(`${array.name}_at`, sum(at, product(row, lengthOf(array)))),
        wordsOf(located),
        "number",
      );
    }
    const results = shader.bind(run.buffer, String(run.node.attributes.latent ?? "results"));
    for (const array of kernel.outputs) {
      const begin = run.begins.get(array.name)!;
      const at = begin.fixed === 0 && begin.perExample === 0 ? "0u" : extentText(begin);
      this.placed(
        array,
        results,
        writer.share(`${array.name}_at`, sum(at, product("row", lengthOf(array)))),
        "f32",
        "number",
      );
    }
    for (const array of layout.inWorkgroup) this.placeInWorkgroup(array);
    if (layout.scratchWords > 0) this.placeInScratch();
    for (const table of kernel.tables) {
      this.elements.set(table.name, {
        load: (index) => shader.tableElement(table.name, table.values, table.element, index),
        store: () => {
          throw new Error(`the table ${table.name} is constant`);
        },
      });
    }
  }

  private placeInWorkgroup(array: KernelArray): void {
    const { shader } = this;
    const isTruth = array.element === "bool";
    const name = shader.fresh(array.name);
    shader.declare(`var<workgroup> ${name}: array<${isTruth ? "u32" : array.element}, ${lengthOf(array)}>;`);
    this.elements.set(array.name, {
      load: (index) => (isTruth ? `(${name}[${index}] != 0u)` : `${name}[${index}]`),
      store: (index, value) => `${name}[${index}] = ${isTruth ? `select(0u, 1u, ${value})` : value};`,
    });
  }

  private placeInScratch(): void {
    const { shader, run, layout } = this;
    const scratch = shader.bind("scratch", "scratch", "u32");
    const own = shader.writer.share("scratch_at", product("row", layout.scratchWords));
    for (const array of run.kernel.scratch.filter(({ name }) => layout.inScratch.has(name))) {
      const begin = layout.inScratch.get(array.name)!;
      const at = shader.writer.share(`${array.name}_at`, sum(own, begin === 0 ? "0u" : `${begin}u`));
      this.placed(array, scratch, at, "u32", "bits");
    }
  }

  /**
   * An array in a storage buffer. Values of the program are numbers of type f32 whatever the kernel takes them for; in
   * scratch memory, which is words, all are kept as bits.
   */
  private placed(array: KernelArray, variable: string, at: string, words: "f32" | "u32", as: "number" | "bits"): void {
    const word = (index: string) => `${variable}[${sum(at, `u32(${index})`)}]`;
    const { element } = array;
    const truth = (value: string) => `select(0u, 1u, ${value})`;
    const real = (index: string) => (words === "f32" ? word(index) : `bitcast<f32>(${word(index)})`);
    const fromReal = (value: string) => (words === "f32" ? value : `bitcast<u32>(${value})`);
    this.elements.set(array.name, {
      load: (index) => {
        if (element === "f32") return real(index);
        if (as === "number") return element === "i32" ? `i32(${real(index)})` : `(${real(index)} != 0.0)`;
        return element === "i32" ? `bitcast<i32>(${word(index)})` : `(${word(index)} != 0u)`;
      },
      store: (index, value) => {
        if (element === "f32") return `${word(index)} = ${fromReal(value)};`;
        const stored = element === "i32" ? value : truth(value);
        if (as === "number") return `${word(index)} = ${fromReal(`f32(${stored})`)};`;
        return `${word(index)} = ${element === "i32" ? `bitcast<u32>(${value})` : stored};`;
      },
    });
  }

  private surroundings(): KernelSurroundings {
    const { shader, run, layout } = this;
    const { kernel } = run;
    const arrays = [...kernel.inputs, ...kernel.outputs, ...kernel.scratch];
    const { writes } = effectsOf(kernel.body);
    const written = new Set([...writes, ...kernel.outputs.map(({ name }) => name)]);
    const inStorage = new Set([...kernel.inputs, ...kernel.outputs].map(({ name }) => name));
    return {
      lanes: this.lanes,
      sizes: new Map(arrays.map((array) => [array.name, lengthOf(array)])),
      isShared: (array) => !inStorage.has(array) && !layout.inScratch.has(array),
      isWritten: (array) => written.has(array) || [...this.sharedNames.values()].includes(array),
      scalar: (name) => this.scalar(name),
      element: (array, index) => this.elements.get(array)!.load(index),
      storeText: (array, index, value) => this.elements.get(array)!.store(index, value),
      shared: (purpose, type) => this.shared(purpose, type),
      fresh: (wanted) => shader.fresh(wanted),
      outside: (array, length) => {
        const words = [
          `the kernel ${kernel.written ?? kernel.name} used index`,
          `of ${array}, which has ${length}`,
        ] as const;
        return this.fault({ ...this.subject(), kind: "failure", words });
      },
      fault: (check) => {
        const named = `the kernel ${kernel.written ?? kernel.name}`;
        if (check === "endless") {
          const words = [`${named} has a loop that does not come to an end`] as const;
          return this.fault({ ...this.subject(), kind: "failure", words });
        }
        if (!check.requirement) {
          return this.fault({ ...this.subject(), kind: "failure", words: [`${named} ${check.message}`] });
        }
        const sized = check.size !== undefined;
        return this.fault({ ...this.subject(), kind: "requirement", requirement: check.message, sized });
      },
    };
  }

  private scalar(name: string): string {
    const known = this.scalars.get(name);
    if (known !== undefined) return known;
    const made = this.shader.fresh(name);
    this.scalars.set(name, made);
    return made;
  }

  private shared(purpose: string, type: string): string {
    const known = this.sharedNames.get(purpose);
    if (known !== undefined) return known;
    const name = this.shader.fresh(purpose);
    this.shader.declare(`var<workgroup> ${name}: ${type};`);
    this.sharedNames.set(purpose, name);
    return name;
  }

  /** Looks for numbers that are not finite, and tells the first. */
  private check(array: KernelArray, number: (kind: (typeof NOT_FINITE)[number]) => number): void {
    const { writer } = this.shader;
    if (array.element !== "f32") return;
    const [nan, positive, negative] = NOT_FINITE.map(number) as [number, number, number];
    const k = this.shader.fresh("k");
    writer.open(`for (var ${k} = i32(lane); ${k} < ${lengthOf(array)}; ${k} += ${this.lanes})`);
    const element = this.shader.fresh("element");
    writer.line(`let ${element} = ${this.elements.get(array.name)!.load(k)};`);
    writer.line(
      `if (!is_finite(${element})) { fault(kind_of(${element}, ${nan}u, ${positive}u, ${negative}u), row, u32(${k})); }`,
    );
    writer.close();
  }
}

function wordsOf({ words }: Located): "f32" | "u32" {
  return words === "u32" ? "u32" : "f32";
}

const ZERO = { kind: "constant", value: 0, type: "f32" } as const;
