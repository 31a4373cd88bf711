/**
 * Functions of what a kernel is given at compile time: `R.map(s)` of a relaxation, `S.argmax(direction)` of a
 * structure, whose solver is copied into the kernel.
 */
import type { Argument, Expression, RelaxationClause, Span } from "../../grammar/ast.ts";
import { Failure } from "../failure.ts";
import type { Kernel, KernelArray } from "../ir/kernel/kernel.ts";
import { renameBlock } from "../ir/kernel/rename.ts";
import type { StaticRelaxation, StaticStructure, StaticValue } from "../static-value.ts";
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

/** The solver of the structure that a call names. */
export function solverCalled({ name, method, given, span }: MethodCall, structure: StaticStructure): Kernel {
  if (method !== "argmax") {
    const help = "a structure has argmax(direction)";
    throw new Failure(span, "unknown-name", `there is no ${name}`, { help });
  }
  const [only, more] = given;
  if (only !== undefined && more === undefined && only.name === undefined) return structure.argmax();
  const help = `write let x = ${name}(direction)`;
  throw new Failure(span, "missing-argument", `${name} takes one array, the direction`, { help });
}

/** The function of a relaxation that a call names. */
export function relaxationFunctionCalled({ name, object, method, given, span }: MethodCall): {
  readonly relaxation: StaticRelaxation;
  readonly clause: RelaxationClause;
} {
  if (object.kind === "applied-structure" && method === "argmax") {
    throw new Failure(span, "not-in-kernels", `${name} gives an array, so its result needs a name`, {
      help: `write let x = ${name}(direction)`,
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

/**
 * Runs a kernel here on `inputs`, one for each of its own; its first output is the result, a scratch array like the
 * others.
 */
export function runKernel(emitter: Emitter, kernel: Kernel, inputs: readonly KernelArray[]): KernelArray {
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
