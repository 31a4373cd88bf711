/** How indices move with a loop. */
import type { KernelExpression as Expression } from "../../ir/kernel/kernel.ts";

/** By how much an index grows when `variable` grows by one; undefined where that is no constant. */
export function stride(e: Expression, variable: string, isInvariant: (e: Expression) => boolean): number | undefined {
  if (isInvariant(e)) return 0;
  if (e.kind === "variable") return e.name === variable ? 1 : undefined;
  if (e.kind !== "binary") return undefined;
  const [left, right] = [stride(e.left, variable, isInvariant), stride(e.right, variable, isInvariant)];
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
