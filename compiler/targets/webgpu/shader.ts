/**
 * A WGSL module in the making: its bindings and constants, and the statements of its one function. Values of the
 * program that are in memory are loaded here; what is made of them is written in values.ts.
 */
import type { WebGpuBuffer, WebGpuLocation, WebGpuStep, WebGpuWork } from "../../artifact-webgpu.ts";
import type { ElementType, TensorType } from "../../ir/tensor/tensor.ts";
import { commentText } from "../tfjs-names.ts";
import { extentText, fixed, plus } from "./extent.ts";
import { FUNCTION_NAMES, functionsFor } from "./functions.ts";
import { SafeNames } from "./names.ts";
import type { Place } from "./place.ts";
import { product, sum } from "./place.ts";
import type { Tables } from "./tables.ts";
import { Writer } from "./writer.ts";

export type WgslElement = "f32" | "i32" | "u32";

/** A value in memory, with what it is called. */
export interface Located extends WebGpuLocation {
  readonly name: string;
  readonly type: TensorType;
  /** Words between the values of two examples, where they do not follow one another. */
  readonly stride?: number;
  /** What the words of its buffer are declared as, where values of several types lie in it; f32. */
  readonly words?: WgslElement;
}

/** Buffers that modules only read, but for those that are said to change some. */
const READ_ONLY: readonly WebGpuBuffer[] = ["parameters", "states", "inputs", "tables"];

/** Truth values are 0 and 1. */
const STORED = { f32: "f32", i32: "i32", bool: "u32" } as const satisfies Record<ElementType, WgslElement>;

/** Which workgroup this is. */
const NUMBER = "group.x + group.y * groups.x";

export interface ModuleText {
  readonly code: string;
  readonly bindings: WebGpuStep["bindings"];
}

/** A part of a module: what one job does. */
interface Part {
  readonly name: string;
  readonly comment: readonly string[];
  readonly body: readonly string[];
  /** WGSL of how many workgroups it takes. */
  readonly workgroups: string;
}

export class Shader {
  /** Of the part that is being written. */
  writer: Writer;
  private readonly parts: Part[] = [];
  private readonly names = new SafeNames(FUNCTION_NAMES);
  private readonly tables: Tables;
  private readonly bindings = new Map<
    WebGpuBuffer,
    { readonly variable: string; readonly element: WgslElement | "atomic<u32>" }
  >();
  private readonly constants = new Map<string, string>();
  private readonly globals: string[] = [];
  private readonly hypers: ReadonlyMap<string, string>;
  private readonly changes: readonly WebGpuBuffer[];

  /** `hypers`: the names of those that the uniform `Call` holds, in order. */
  constructor(tables: Tables, hypers: readonly string[], changes: readonly WebGpuBuffer[] = []) {
    this.tables = tables;
    const fields = new SafeNames(["batch", "seed", "streams", "draw"]);
    this.hypers = new Map(hypers.map((name) => [name, fields.fresh(name)]));
    this.changes = changes;
    this.writer = new Writer(this.names);
  }

  /** The variable of a buffer; a slot goes by the name of the value in it. */
  bind(buffer: WebGpuBuffer, wanted: string, element: WgslElement | "atomic<u32>" = "f32"): string {
    const known = this.bindings.get(buffer);
    if (known !== undefined) return known.variable;
    const variable = typeof buffer === "number" ? this.names.fresh(wanted) : buffer;
    this.bindings.set(buffer, { variable, element });
    return variable;
  }

  /** A module-scope declaration, such as an array in workgroup memory. */
  declare(text: string): void {
    this.globals.push(text);
  }

  fresh(wanted: string): string {
    return this.names.fresh(wanted);
  }

  /** The element of a value in memory. */
  load(located: Located, place: Place): string {
    const { variable, at } = this.addressed(located);
    const index = sum(at, this.within(located, place));
    const { dtype } = located.type;
    const word = `${variable}[${index}]`;
    const element = this.bindings.get(located.buffer)!.element;
    const stored = STORED[dtype];
    const text = element === stored ? word : `bitcast<${stored}>(${word})`;
    return this.writer.share(located.name, dtype === "bool" ? `${text} != 0u` : text);
  }

  /** Where an element stands, counted from where its value begins. */
  private within({ stride, type }: Located, place: Place): string {
    if (stride === undefined || !type.batched) return place.whole(type.batched);
    return this.writer.share("at", sum(product(place.example(), stride), place.flat()));
  }

  /** Stores an element of a value. */
  storeAt(located: Located, place: Place, value: string): void {
    this.store(located, this.within(located, place), value);
  }

  store(located: Located, index: string, value: string): void {
    const { variable, at } = this.addressed(located);
    const element = this.bindings.get(located.buffer)!.element;
    const word = located.type.dtype === "bool" ? `select(0u, 1u, ${value})` : value;
    const text = element === STORED[located.type.dtype] ? word : `bitcast<${element}>(${word})`;
    this.writer.line(`${variable}[${sum(at, index)}] = ${text};`);
  }

  /** The variable that holds a value, and where it begins there. */
  addressed(located: Located): { readonly variable: string; readonly at: string } {
    const own = typeof located.buffer === "number";
    const words = own ? STORED[located.type.dtype] : (located.words ?? "f32");
    const variable = this.bind(located.buffer, located.name, words);
    const { offset } = located;
    if (offset.fixed === 0 && offset.perExample === 0) return { variable, at: "0u" };
    if (offset.perExample > 0) return { variable, at: extentText(offset) };
    return { variable, at: this.constant(`${located.name}_begin`, offset.fixed) };
  }

  /** A named number. */
  constant(wanted: string, value: number): string {
    const key = `${wanted}=${value}`;
    const known = this.constants.get(key);
    if (known !== undefined) return known;
    const name = this.names.fresh(wanted);
    this.constants.set(key, name);
    this.globals.push(`const ${name} = ${value}u;`);
    return name;
  }

  /** A number of a list, by its place; such lists are in the buffer `tables` unless they are a line. */
  entry(list: readonly number[], place: string): string {
    const [first = 0] = list;
    const step = list.length > 1 ? list[1]! - first : 0;
    if (step >= 0 && list.every((value, i) => value === first + i * step)) {
      return this.writer.share("entry", sum(product(place, step), first === 0 ? "0u" : `${first}u`));
    }
    return this.writer.share("entry", `${this.bind("tables", "tables", "u32")}[${this.begin(list)} + ${place}]`);
  }

  /** The element of a constant that is no single number. */
  constantElement(values: readonly number[], dtype: ElementType, place: Place): string {
    const table = this.bind("tables", "tables", "u32");
    const begin = this.constant(
      "values_begin",
      dtype === "f32" ? this.tables.reals(values) : this.tables.integers(values),
    );
    const word = `${table}[${begin} + ${place.flat()}]`;
    const text =
      dtype === "bool" ? `${word} != 0u` : dtype === "i32" ? `bitcast<i32>(${word})` : `bitcast<f32>(${word})`;
    return this.writer.share("value", text);
  }

  /** The element of a named table at an index of type i32. */
  tableElement(name: string, values: readonly number[], element: "f32" | "i32", index: string): string {
    const table = this.bind("tables", "tables", "u32");
    const begin = element === "f32" ? this.tables.reals(values) : this.tables.integers(values);
    return `bitcast<${element}>(${table}[${this.constant(name, begin)} + u32(${index})])`;
  }

  private begin(list: readonly number[]): string {
    return this.constant("list_begin", this.tables.integers(list));
  }

  /** Writes a part: `write` is its statements, which may use `workgroup`, counted within the part, and `lane`. */
  part({ label, comment, workgroups, atOnce }: PartHead, write: () => void): void {
    this.writer = new Writer(this.names);
    write();
    const pieces = workgroups.map(({ extent, per }) =>
      per === 1 ? extentText(extent) : `(${extentText(plus(extent, fixed(per - 1)))} / ${per}u)`,
    );
    const all = pieces.filter((each) => each !== "1u").join(" * ") || "1u";
    const count = atOnce === 1 ? all : `(${all} + ${atOnce - 1}u) / ${atOnce}u`;
    this.parts.push({ name: this.names.fresh(`${label}_part`), comment, body: this.writer.text, workgroups: count });
  }

  /** The module of all parts, with so many lanes in a workgroup. */
  module(lanes: number): ModuleText {
    const access = (buffer: WebGpuBuffer) =>
      READ_ONLY.includes(buffer) && !this.changes.includes(buffer) ? "read" : "read_write";
    const bindings = [...this.bindings].map(([buffer, { variable, element }], i) => {
      return `@group(0) @binding(${i + 1}) var<storage, ${access(buffer)}> ${variable}: array<${element}>;`;
    });
    const fields = [
      "batch: u32",
      "seed: u32",
      "streams: u32",
      "draw: u32",
      ...[...this.hypers.values()].map((field) => `${field}: f32`),
    ];
    const bodies = this.parts.flatMap(({ body }) => body).join("\n");
    const code = [
      ...this.parts.flatMap(({ comment }) => comment.map((line) => `// ${commentText(line)}`)),
      `struct Call { ${fields.join(", ")} }`,
      "@group(0) @binding(0) var<uniform> call: Call;",
      ...bindings,
      ...(this.globals.length === 0 ? [] : ["", ...this.globals]),
      ...functionsFor(`${this.globals.join("\n")}\n${bodies}`).flatMap((text) => ["", text]),
      ...(this.parts.length === 1 ? [] : this.parts.flatMap(functionOf)),
      "",
      ...this.entryText("main", lanes, this.mainText()),
      // Each part alone, for adapters on which a workgroup does what other parts do besides.
      ...(this.parts.length === 1
        ? []
        : this.parts.flatMap(({ name }, i) => this.entryText(`part_${i + 1}`, lanes, [`  ${name}(${NUMBER}, lane);`]))),
    ];
    return {
      code: code.join("\n"),
      bindings: [...this.bindings.keys()].map((buffer) => ({
        buffer,
        access: access(buffer) === "read" ? "read" : "write",
      })),
    };
  }

  private entryText(name: string, lanes: number, body: readonly string[]): string[] {
    return [
      "",
      `@compute @workgroup_size(${lanes})`,
      `fn ${name}(`,
      "  @builtin(workgroup_id) group: vec3<u32>,",
      "  @builtin(num_workgroups) groups: vec3<u32>,",
      "  @builtin(local_invocation_index) lane: u32,",
      ") {",
      ...body,
      "}",
      "",
    ];
  }

  private mainText(): string[] {
    const number = NUMBER;
    if (this.parts.length === 1) return [`  let workgroup = ${number};`, ...this.parts[0]!.body];
    const lines = [`  var workgroup = ${number};`];
    for (const [i, { name, workgroups }] of this.parts.entries()) {
      if (i === this.parts.length - 1) return [...lines, `  ${name}(workgroup, lane);`];
      const count = `count_${i + 1}`;
      lines.push(
        `  let ${count} = ${workgroups};`,
        `  if (workgroup < ${count}) { ${name}(workgroup, lane); return; }`,
      );
      lines.push(`  workgroup -= ${count};`);
    }
    return lines;
  }

  /** The value of a hyper at this call. */
  hyper(name: string): string {
    return `call.${this.hypers.get(name)}`;
  }
}

/** What a part says of itself. */
export interface PartHead {
  readonly label: string;
  readonly comment: readonly string[];
  readonly workgroups: WebGpuWork["pieces"];
  readonly atOnce: number;
}

function functionOf({ name, comment, body }: Part): string[] {
  return [
    "",
    ...comment.slice(0, 1).map((line) => `// ${commentText(line)}`),
    `fn ${name}(workgroup: u32, lane: u32) {`,
    ...body,
    "}",
  ];
}
