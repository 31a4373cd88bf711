/** How indices move with a loop. */
import type { KernelExpression as Expression } from "../../ir/kernel/kernel.ts";

export function parts(e: Expression): readonly Expression[] {
  switch (e.kind) {
    case "constant":
    case "variable":
      return [];
    case "load":
      return [e.index];
    case "unary":
    case "within":
      return [e.operand];
    case "binary":
      return [e.left, e.right];
    case "select":
      return [e.condition, e.consequent, e.alternative];
  }
}

export function mentionsAny(e: Expression, names: ReadonlySet<string>): boolean {
  return (e.kind === "variable" && names.has(e.name)) || parts(e).some((part) => mentionsAny(part, names));
}

/** By how much an index grows when `variable` grows by one; undefined where that is no constant. */
export function affine(e: Expression, variable: string, isInvariant: (e: Expression) => boolean): number | undefined {
  if (isInvariant(e)) return 0;
  if (e.kind === "variable") return e.name === variable ? 1 : undefined;
  if (e.kind !== "binary") return undefined;
  const [left, right] = [affine(e.left, variable, isInvariant), affine(e.right, variable, isInvariant)];
  if (left === undefined || right === undefined) return undefined;
  switch (e.operator) {
    case "add":
      return left + right;
    case "subtract":
      return left - right;
    case "multiply":
      if (e.left.kind === "constant") return e.left.value * right;
      return e.right.kind === "constant" ? left * e.right.value : undefined;
    default:
      return undefined;
  }
}
