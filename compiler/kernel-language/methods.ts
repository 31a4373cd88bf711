/**
 * Functions of what a kernel is given at compile time: `R.map(s)` and `R.derivative(u, direction)` of a relaxation,
 * `S.argmax(direction)` of a structure. Of the last two, kernels are copied into the one that calls.
 */
import type { Argument, Expression, RelaxationClause, Span } from "../../grammar/ast.ts";
import { Failure } from "../failure.ts";
import { dual } from "../ir/kernel/dual.ts";
import type { Kernel, KernelArray } from "../ir/kernel/kernel.ts";
import { renameBlock } from "../ir/kernel/rename.ts";
import { Memo, type StaticValues } from "../memo.ts";
import type { StaticRelaxation, StaticStructure, StaticValue } from "../static-value.ts";
import { checkArray } from "./arrays.ts";
import type { Emitter } from "./emitter.ts";
import type { KernelScope } from "./scope.ts";

/** A call such as `S.argmax(direction)`. */
export interface MethodCall {
  /** As written: `S.argmax`. */
  readonly name: string;
  readonly object: StaticValue;
  readonly method: string;
  readonly given: readonly Argument[];
  readonly span: Span;
}

/** What is called, where it is a function of a compile-time value; throws a Failure where it could be none. */
export function methodOf(e: Expression, scope: KernelScope): MethodCall | undefined {
  if (e.kind !== "call" || e.callee.kind !== "member" || e.callee.object.kind !== "name") return undefined;
  const method = e.callee.property.name;
  const object = scope.constants().lookup(e.callee.object.name);
  if (object === undefined) throw noFunction(e.callee.object.name, method, e.span);
  return { name: `${e.callee.object.name}.${method}`, object, method, given: e.arguments, span: e.span };
}

/** A kernel that a call names, and which of its inputs the call gives, in this order. */
export interface CalledKernel {
  /** Where it is unknown, so is what it makes, but for its size, which is that of its first input. */
  readonly kernel: Kernel | "unknown";
  readonly inputs: readonly string[];
}

/** The kernel of `S.argmax(direction)` and of `R.derivative(u, direction)`; undefined for other calls. */
export function kernelCalled(called: MethodCall): CalledKernel | undefined {
  const { object, method } = called;
  if (object.kind === "applied-structure") return { kernel: solverCalled(called, object), inputs: ["u"] };
  if (object.kind !== "relaxation" || method !== "derivative") return undefined;
  return { kernel: derivativeCalled(called, object), inputs: ["u", "cotangent"] };
}

function solverCalled({ name, method, given, span }: MethodCall, structure: StaticStructure): Kernel {
  if (method !== "argmax") {
    const help = "a structure has argmax(direction)";
    throw new Failure(span, "unknown-name", `there is no ${name}`, { help });
  }
  const [only, more] = given;
  if (only !== undefined && more === undefined && only.name === undefined) return structure.argmax();
  const help = `write let x = ${name}(direction)`;
  throw new Failure(span, "missing-argument", `${name} takes one array, the direction`, { help });
}

const DUALS = new Memo<Kernel, Kernel>();
const NO_VALUES: StaticValues = new Map();

/** On dual numbers: exact, and for a symmetric Jacobian the vector–Jacobian product, too. */
function derivativeCalled({ name, given, span }: MethodCall, { forward }: StaticRelaxation): CalledKernel["kernel"] {
  if (forward === undefined) {
    const why = "it is the derivative of the relaxation's own kernel, so it cannot be a part of that";
    throw new Failure(span, "unknown-name", `${name} is there in the kernel of a backward only`, { why });
  }
  if (given.length === 2 && given.every((each) => each.name === undefined)) {
    return forward === "unknown" ? forward : DUALS.get(forward, NO_VALUES, () => dual(forward, "u"));
  }
  const help = `write let moved = ${name}(u, cotangent)`;
  throw new Failure(span, "missing-argument", `${name} takes two arrays, utilities and a direction`, { help });
}

/**
 * Runs the kernel of a call here; its first output is the result, a scratch array like the others. What the call does
 * not give is the size of the example.
 */
export function runCopy(
  emitter: Emitter,
  { kernel, inputs }: CalledKernel,
  called: MethodCall,
  arrayNamed: (e: Expression) => KernelArray,
): KernelArray {
  const given = new Map(inputs.map((name, i) => [name, arrayNamed(called.given[i]!.value)]));
  if (kernel === "unknown") {
    const made = { ...given.get(inputs[0]!)!, name: emitter.fresh("made") };
    emitter.scratch.push(made);
    return made;
  }
  for (const [i, name] of inputs.entries()) {
    const array = given.get(name)!;
    const flat = { ...array, shape: [array.shape.reduce((a, b) => a * b, 1)] };
    const wanted = kernel.inputs.find((input) => input.name === name)!;
    checkArray(flat, wanted, `what ${called.name} is given`, called.given[i]!.value.span);
  }
  emitter.readsSize ||= kernel.inputs.some(({ name }) => !given.has(name));
  return runKernel(
    emitter,
    kernel,
    kernel.inputs.map((input) => given.get(input.name) ?? input),
  );
}

/** The function of a relaxation that a call names. */
export function relaxationFunctionCalled({ name, object, method, given, span }: MethodCall): {
  readonly relaxation: StaticRelaxation;
  readonly clause: RelaxationClause;
} {
  const array = { "applied-structure": "argmax", relaxation: "derivative" } as const;
  if ((object.kind === "applied-structure" || object.kind === "relaxation") && method === array[object.kind]) {
    throw new Failure(span, "not-in-kernels", `${name} gives an array, so its result needs a name`, {
      help: `write let x = ${name}(…)`,
    });
  }
  const clauses = object.kind === "relaxation" ? object.declaration.body : [];
  const clause = clauses.find((candidate) => candidate.name.name === method);
  if (object.kind !== "relaxation" || clause === undefined) {
    throw noFunction(name.split(".")[0]!, method, span);
  }
  const wanted = clause.parameters.length;
  if (given.length === wanted) return { relaxation: object, clause };
  const message = `${name} takes ${wanted} argument${wanted === 1 ? "" : "s"}, not ${given.length}`;
  throw new Failure(span, "missing-argument", message);
}

function noFunction(owner: string, method: string, span: Span): Failure {
  return new Failure(span, "unknown-name", `${owner} has no function ${method}`);
}

/** Copies a kernel here, on `inputs`, one for each of its own. */
function runKernel(emitter: Emitter, kernel: Kernel, inputs: readonly KernelArray[]): KernelArray {
  const arrays = new Map(kernel.inputs.map((array, i) => [array.name, inputs[i]!.name]));
  for (const table of kernel.tables)
    arrays.set(table.name, emitter.table(table.name, table.values, table.element).name);
  const scratch = (array: KernelArray) => {
    const own = { ...array, name: emitter.fresh(array.name) };
    arrays.set(array.name, own.name);
    emitter.scratch.push(own);
    return own;
  };
  kernel.scratch.forEach(scratch);
  const outputs = kernel.outputs.map(scratch);
  for (const { name, element } of outputs) {
    emitter.push({ kind: "fill", array: name, value: { kind: "constant", value: 0, type: element } });
  }
  const scalars = new Map<string, string>();
  const scalar = (name: string) => {
    const known = scalars.get(name) ?? emitter.fresh(name);
    scalars.set(name, known);
    return known;
  };
  emitter.push(...renameBlock(kernel.body, { scalar, array: (name) => arrays.get(name)! }));
  return outputs[0]!;
}
