/**
 * The kernel that a clause of a structure names, such as `capped_simplex(total = k)`, lowered for the structure's sizes
 * and checked to fit it.
 */
import type { Expression, KernelDeclaration, Span } from "../../grammar/ast.ts";
import { type Declarations, located } from "../declarations.ts";
import { didYouMean, type Source } from "../diagnostic.ts";
import { Failure } from "../failure.ts";
import type { Kernel, KernelArray } from "../ir/kernel/kernel.ts";
import { Memo } from "../memo.ts";
import type { Precision } from "../precision.ts";
import { bindStatic, environment } from "../static-evaluate.ts";
import type { StaticValue } from "../static-value.ts";
import { headName, type Structure } from "../structure.ts";
import { lowerKernel } from "./lower.ts";
import { SIZE_INPUT, withSizes } from "./sizes.ts";

/** What a kernel's arrays are called and how long the first result is. */
export interface KernelShape {
  /** Names the inputs may have; the first must be there. */
  readonly inputs: readonly string[];
  readonly output: number;
  /** Elements of inputs that have others than members have. */
  readonly sizes?: ReadonlyMap<string, number>;
  /** Inputs of any size, such as noise, which must be there. */
  readonly free?: readonly string[];
  /** Inputs that may be there, each of the size that the array of this name has. */
  readonly further?: readonly KernelArray[];
  /** Whole numbers that are given back besides, one for each name. */
  readonly counts?: readonly string[];
}

/**
 * `call` stands in the text of `source`. Missing compile-time arguments come from `options` and the structure's own
 * arguments by name. Failures in the kernel or the clause are told at `span` of the file that `declarations` are of,
 * unless they stand in that file.
 */
export function structureKernel(
  call: Expression,
  structure: Structure,
  declarations: Declarations,
  span: Span,
  shape: KernelShape,
  options: ReadonlyMap<string, StaticValue> = new Map(),
  source: Source = structure.source,
): Kernel {
  const own = declarations.from(source);
  return located(source, declarations.source, span, () => {
    const name = headName(call);
    const derived = structure.derived.get(call)?.();
    const found = derived === undefined ? own.kernel(name) : { ...derived, source: structure.source };
    if (found === undefined) {
      const near = didYouMean(
        name,
        [...own.names()].filter((each) => own.kernel(each) !== undefined),
      );
      const help = near === undefined ? {} : { help: `did you mean ${near}?` };
      throw new Failure(call.span, "unknown-name", `there is no kernel ${name}`, help);
    }
    const scope = environment(derived?.values ?? new Map(), environment(options, structure.scope));
    const parameters = found.declaration.parameters.filter((parameter) => parameter.type?.kind !== "tensor-type");
    const given = call.kind === "call" ? call.arguments : [];
    const values = bindStatic(parameters, given, scope, own, call.span, name, scope);
    const lowered = located(found.source, source, call.span, () =>
      LOWERED[own.precision.name].get(found.declaration, values, () =>
        lowerKernel(found.declaration, values, own.from(found.source), name),
      ),
    );
    checkShape(lowered, shape, structure, call.span);
    const kernel = withSizes(lowered, structure, own);
    return NAMED.get(kernel, values, () => ({ ...flat(kernel), written: name, name: uniqueName(kernel, values) }));
  });
}

/** What is lowered for one precision is no kernel for the other. */
const LOWERED: Readonly<Record<Precision["name"], Memo<KernelDeclaration, Kernel>>> = {
  float64: new Memo(),
  float32: new Memo(),
};
const NAMED = new Memo<Kernel, Kernel>();

/** The kernel with its inputs and outputs as vectors: an embedding is one, whatever the shapes of its parts. */
function flat(kernel: Kernel): Kernel {
  const vector = (array: KernelArray): KernelArray => ({ ...array, shape: [sizeOf(array)] });
  return { ...kernel, inputs: kernel.inputs.map(vector), outputs: kernel.outputs.map(vector) };
}

function checkShape(kernel: Kernel, wanted: KernelShape, structure: Structure, span: Span): void {
  const fail = (message: string, help?: string) => {
    throw new Failure(span, "shape-mismatch", message, { help });
  };
  const free = wanted.free ?? [];
  const further = wanted.further ?? [];
  const names = [...wanted.inputs, ...free, ...further.map((each) => each.name)].join(", ");
  for (const input of kernel.inputs) {
    if (free.includes(input.name) || (structure.sizes !== undefined && input.name === SIZE_INPUT.name)) continue;
    const same = further.find((each) => each.name === input.name);
    if (same !== undefined) {
      const sizes = `${sizeOf(input)} elements, but the forward kernel gives ${sizeOf(same)}`;
      if (sizeOf(input) !== sizeOf(same)) fail(`${input.name} of the kernel ${kernel.name} has ${sizes}`);
      continue;
    }
    if (!wanted.inputs.includes(input.name)) {
      fail(`the kernel ${kernel.name} has an input ${input.name}`, `here a kernel may read ${names}, by these names`);
    }
    const size = wanted.sizes?.get(input.name);
    if (sizeOf(input) === (size ?? structure.size)) continue;
    fail(size === undefined ? describeMismatch(kernel, input, structure) : describeSize(kernel, input, size));
  }
  for (const array of [...kernel.inputs, kernel.outputs[0]!]) {
    if (array.element === "f32") continue;
    const message = `${array.name} of the kernel ${kernel.name} must be f32 here, but it is ${array.element}`;
    throw new Failure(span, "type-mismatch", message);
  }
  for (const name of [wanted.inputs[0]!, ...free]) {
    if (!kernel.inputs.some((input) => input.name === name)) fail(`the kernel ${kernel.name} has no input ${name}`);
  }
  for (const name of wanted.counts ?? []) checkCount(kernel, name, fail);
  const output = kernel.outputs[0]!;
  if (sizeOf(output) === wanted.output) return;
  if (wanted.output === structure.size) fail(describeMismatch(kernel, output, structure));
  fail(describeSize(kernel, output, wanted.output));
}

function describeSize(kernel: Kernel, array: KernelArray, wanted: number): string {
  const numbers = `${wanted} number${wanted === 1 ? "" : "s"}`;
  return `${array.name} of the kernel ${kernel.name} must hold ${numbers}, not ${sizeOf(array)}`;
}

/** Besides its first result, the kernel gives back a whole number of this name. */
function checkCount(kernel: Kernel, name: string, fail: (message: string, help: string) => void): void {
  const found = kernel.outputs.slice(1).find((each) => each.name === name);
  if (found?.element === "i32" && sizeOf(found) === 1) return;
  fail(`the kernel ${kernel.name} does not say how many it ${name}`, `give it a second result ${name}: i32[1]`);
}

function describeMismatch(kernel: Kernel, array: KernelArray, structure: Structure): string {
  const elements = `${sizeOf(array)} element${sizeOf(array) === 1 ? "" : "s"}`;
  return `${array.name} of the kernel ${kernel.name} has ${elements}, but ${structure.label} has ${structure.size}`;
}

function sizeOf(array: KernelArray): number {
  return array.shape.reduce((a, b) => a * b, 1);
}

/** A readable name with a digest of the kernel's content, so that two kernels of one program never share it. */
function uniqueName(kernel: Kernel, values: ReadonlyMap<string, StaticValue>): string {
  const parts = [...values.values()].map(describeValue).filter((part) => part !== "");
  const readable = [kernel.name, ...parts].join("_").replace(/[^A-Za-z0-9]+/g, "_");
  const { inputs, outputs, tables, scratch, body } = kernel;
  // JSON has neither infinities nor a negative zero, which make other kernels than null and 0 do.
  const exact = (_key: string, item: unknown) =>
    typeof item === "number" && (!Number.isFinite(item) || Object.is(item, -0)) ? `number ${1 / item} ${item}` : item;
  const content = JSON.stringify([inputs, outputs, tables, scratch, body], exact);
  return `${readable.replace(/_+$/, "")}_${digest(content)}`;
}

function describeValue(value: StaticValue): string {
  switch (value.kind) {
    case "number":
    case "boolean":
      return String(value.value);
    case "graph":
      return value.label;
    case "per-example":
      return "sized";
    case "relaxation":
    case "structure-name":
    case "distribution-class":
      return value.declaration.name.name;
    case "applied-structure":
      return value.label;
    case "string":
    case "list":
      return "";
  }
}

/** FNV-1a in 32 bits, as hexadecimal digits. */
function digest(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}

/** log Σ exp(uᵀx) over the members, where the structure declares how. */
export function logPartitionKernel(structure: Structure, declarations: Declarations, span: Span): Kernel | undefined {
  const clause = structure.logPartition;
  if (clause === undefined) return undefined;
  return structureKernel(clause.algorithm, structure, declarations, span, { inputs: ["u"], output: 1 });
}
