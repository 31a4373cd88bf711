/**
 * Sizes of examples inside kernels: the input that they are read from, and the checks that refuse an example whose size
 * cannot be.
 */
import type { RequireStatement } from "../../grammar/ast.ts";
import { printExpression } from "../../grammar/format.ts";
import type { Declarations } from "../declarations.ts";
import type { Kernel, KernelArray, KernelExpression, KernelStatement } from "../ir/kernel/kernel.ts";
import { namesOf } from "../ir/kernel/rename.ts";
import { environment } from "../static-evaluate.ts";
import type { StaticValue } from "../static-value.ts";
import type { Structure } from "../structure.ts";
import { SIZE } from "../structure-size.ts";
import { Emitter } from "./emitter.ts";
import { ExpressionLowering } from "./expressions.ts";
import { KernelScope } from "./scope.ts";

/** One whole number, in the numbers that devices compute with: it is exact up to the largest embedding. */
export const SIZE_INPUT: KernelArray = { name: SIZE, element: "f32", shape: [1] };

/** Reads the sizes of examples among a kernel's compile-time arguments into scalars. */
export function bindSizes(values: ReadonlyMap<string, StaticValue>, scope: KernelScope, emitter: Emitter): void {
  const sized = [...values].flatMap(([name, value]) =>
    value.kind === "per-example" ? [{ name, most: value.most }] : [],
  );
  for (const { name, most } of sized) {
    const unique = emitter.fresh(name);
    emitter.push(...readSize(unique, most));
    scope.bindings.set(name, { kind: "scalar", name: unique, type: "i32", mutable: false });
    emitter.size = variable(unique);
    emitter.readsSize = true;
  }
}

function variable(name: string): KernelExpression {
  return { kind: "variable", name, type: "i32" };
}

/** The check also tells the analysis of indices what the size may be. */
function readSize(name: string, most: number): KernelStatement[] {
  const read: KernelExpression = { kind: "load", array: SIZE, index: integer(0), type: "f32" };
  const size = variable(name);
  const condition = both(compare("greater-equal", size, 1), compare("less-equal", size, most));
  const message = `it must lie between 1 and ${most}`;
  return [
    {
      kind: "declare",
      name,
      type: "i32",
      mutable: false,
      value: { kind: "unary", operator: "to-i32", operand: read, type: "i32" },
    },
    { kind: "check", condition, message, requirement: true, size },
  ];
}

function integer(value: number): KernelExpression {
  return { kind: "constant", value, type: "i32" };
}
function compare(operator: "greater-equal" | "less-equal", left: KernelExpression, value: number): KernelExpression {
  return { kind: "binary", operator, left, right: integer(value), type: "bool" };
}
function both(left: KernelExpression, right: KernelExpression): KernelExpression {
  return { kind: "binary", operator: "and", left, right, type: "bool" };
}

/** A requirement that is checked in each run. */
export function requirement(
  s: RequireStatement,
  condition: KernelExpression,
  size: KernelExpression | undefined,
): KernelStatement {
  const message = s.message?.value ?? `${printExpression(s.condition)} does not hold`;
  return { kind: "check", condition, message, requirement: true, ...(size === undefined ? {} : { size }) };
}

/**
 * The kernel of a structure whose examples have sizes: it takes them, whether it reads them or not, and first checks
 * what the structure requires of them.
 */
export function withSizes(kernel: Kernel, structure: Structure, declarations: Declarations): Kernel {
  const { sizes } = structure;
  if (sizes === undefined) return kernel;
  const reads = kernel.inputs.some((input) => input.name === SIZE);
  if (reads && sizes.requirements.length === 0) return kernel;
  const taken = namesOf(kernel);
  let name = "example_size";
  while (taken.has(name)) name += "_";
  const emitter = new Emitter();
  for (const each of taken) emitter.reserve(each);
  emitter.push(...readSize(name, sizes.most));
  const scope = KernelScope.outermost(new Map(), environment(new Map(), structure.scope));
  scope.bindings.set(SIZE, { kind: "scalar", name, type: "i32", mutable: false });
  const lowering = new ExpressionLowering(emitter, declarations, (failure) => failure);
  for (const each of sizes.requirements) {
    emitter.push(requirement(each, lowering.condition(each.condition, scope), variable(name)));
  }
  const inputs = reads ? kernel.inputs : [...kernel.inputs, SIZE_INPUT];
  const tables = [...kernel.tables, ...emitter.tables.values()];
  return { ...kernel, inputs, tables, body: [...emitter.body, ...kernel.body] };
}
