/** Operators: compile-time values are computed at once, tensors become operations. */
import type { BinaryExpression, Span, UnaryExpression } from "../../grammar/ast.ts";
import { printExpression } from "../../grammar/format.ts";
import { Failure } from "../failure.ts";
import { evaluateUnary } from "../static-evaluate.ts";
import { staticBinary } from "../static-functions.ts";
import type { Context } from "./context.ts";
import type { Scope } from "./scope.ts";
import { asTensor, binary, logical, numeric, sameSizes, tensor, unary } from "./tensors.ts";
import { describeShape, ERROR, isStatic, type TensorValue, type Value } from "./values.ts";

export function evaluateUnaryOperator(context: Context, scope: Scope, e: UnaryExpression): Value {
  const operand = context.evaluate(scope, e.operand);
  if (operand.kind === "error") return ERROR;
  if (isStatic(operand) && operand.kind !== "list") return evaluateUnary(e.operator, operand, e.span);
  const value = asTensor(context, operand, e.operand.span);
  if (value === undefined) return ERROR;
  if (e.operator === "-") return unary(context, "negate", numeric(context, value));
  return logical(context, "not", [{ value, span: e.operand.span }], e.span) ?? ERROR;
}

const OPERATIONS: ReadonlyMap<string, string> = new Map([
  ["+", "add"],
  ["-", "subtract"],
  ["*", "multiply"],
  ["/", "divide"],
  ["^", "power"],
  ["==", "equal"],
  ["<", "less"],
  ["<=", "less_equal"],
]);

export function evaluateBinary(context: Context, scope: Scope, e: BinaryExpression): Value {
  const left = context.evaluate(scope, e.left);
  const right = context.evaluate(scope, e.right);
  if (left.kind === "error" || right.kind === "error") return ERROR;
  if (isStatic(left) && isStatic(right) && left.kind !== "list" && right.kind !== "list") {
    const value = staticBinary(e.operator, left, right, e.span);
    return value.kind === "number" ? { ...value, label: printExpression(e) } : value;
  }
  const a = asTensor(context, left, e.left.span);
  const b = asTensor(context, right, e.right.span);
  if (a === undefined || b === undefined) return ERROR;
  return tensorOperator(context, e, a, b) ?? ERROR;
}

function tensorOperator(
  context: Context,
  e: BinaryExpression,
  a: TensorValue,
  b: TensorValue,
): TensorValue | undefined {
  const { operator, span } = e;
  switch (operator) {
    case "@":
      return matmul(context, numeric(context, a), numeric(context, b), span);
    case ">":
      return binary(context, "less", b, a, span);
    case ">=":
      return binary(context, "less_equal", b, a, span);
    case "!=": {
      const equal = binary(context, "equal", a, b, span);
      return equal === undefined ? undefined : unary(context, "not", equal);
    }
    case "and":
    case "or": {
      const operands = [
        { value: a, span: e.left.span },
        { value: b, span: e.right.span },
      ];
      return logical(context, operator, operands, span);
    }
    case "%":
      throw new Failure(span, "bad-operator", "'%' is for numbers known at compile time only", {
        help: "for tensors write x - n * floor(x / n)",
      });
    case "^":
      if (e.right.kind === "number" && e.right.value === 2) return binary(context, "multiply", a, a, span);
      return binary(context, "power", a, b, span);
    default:
      return binary(context, OPERATIONS.get(operator)!, a, b, span);
  }
}

/** `[..., m, k] @ [k, n]`, or with equal leading dimensions. */
function matmul(context: Context, a: TensorValue, b: TensorValue, span: Span): TensorValue | undefined {
  const [m, n] = [a.dimensions, b.dimensions];
  const [inner, columns] = [m.at(-1), n.at(-1)];
  const product = `${describeShape(m)} @ ${describeShape(n)}`;
  const fail = (message: string, help?: string) => {
    context.report(span, "shape-mismatch", { message: `${product}: ${message}`, help });
    return undefined;
  };
  if (inner === undefined || columns === undefined || n.length < 2) {
    return fail("a product needs a vector or matrix on the left and a matrix on the right");
  }
  if (inner.size !== n.at(-2)!.size) {
    return fail("the last dimension of the left must be the second to last of the right");
  }
  if (n.length > 2 && !sameSizes(m.slice(0, -2), n.slice(0, -2))) {
    const help = "the right is one matrix for all, or both have the same dimensions before their matrices";
    return fail("the leading dimensions differ", help);
  }
  if (m.length > 1) return tensor(context.builder.matmul(a.node, b.node), [...m.slice(0, -1), columns]);
  const row = context.builder.reshape(a.node, [1, inner.size]);
  const flat = context.builder.reshape(context.builder.matmul(row, b.node), [columns.size]);
  return tensor(flat, [columns]);
}
