/** Powers in kernels: products for small whole exponents, a square root, and the function for all others. */

import type { Span } from "../../grammar/ast.ts";
import { Failure } from "../failure.ts";
import type { KernelExpression } from "../ir/kernel/kernel.ts";
import { fold, toReal } from "./arithmetic.ts";
import type { Emitter } from "./emitter.ts";

/** Exponents up to this are products. */
const LARGEST_PRODUCT = 8;

/** x ^ exponent; `repeatable` names what is written more than once. */
export function power(
  emitter: Emitter,
  base: KernelExpression,
  exponent: KernelExpression,
  span: Span,
  repeatable: (name: string, value: KernelExpression) => KernelExpression,
): KernelExpression {
  if (base.type === "bool" || exponent.type === "bool") {
    throw new Failure(span, "type-mismatch", `'^' does not apply to ${base.type} and ${exponent.type}`);
  }
  const known = exponent.kind === "constant" ? exponent.value : undefined;
  if (known !== undefined && Number.isInteger(known) && known >= 1 && known <= LARGEST_PRODUCT) {
    if (known === 1) return base;
    const factor = repeatable("base", base);
    let product = factor;
    for (let i = 1; i < known; i++) product = fold("multiply", product, factor, base.type);
    return product;
  }
  const [x, y] = [toReal(base), toReal(exponent)];
  if (x.kind === "constant" && y.kind === "constant") return { ...x, value: x.value ** y.value };
  if (known === 0) return { kind: "constant", value: 1, type: "f32" };
  if (known === 0.5) return emitter.named("root", { kind: "unary", operator: "sqrt", operand: x, type: "f32" });
  return emitter.named("power", { kind: "binary", operator: "power", left: x, right: y, type: "f32" });
}
