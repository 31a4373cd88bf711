/** The parts of expressions, for what walks the tree without caring what each node is. */
import type { EllipsisExpression, Expression, RangeExpression } from "./ast.ts";

export type Part = Expression | RangeExpression | EllipsisExpression;

/** The expressions directly inside of one, in the order of the text. */
export function partsOf(e: Part): readonly Part[] {
  switch (e.kind) {
    case "number":
    case "string":
    case "boolean":
    case "name":
    case "ellipsis":
      return [];
    case "range":
      return [e.from, e.to].filter((end) => end !== undefined);
    case "call":
      return [e.callee, ...e.arguments.map((argument) => argument.value)];
    case "member":
      return [e.object];
    case "index":
      return [e.object, ...e.items];
    case "unary":
      return [e.operand];
    case "binary":
      return [e.left, e.right];
    case "conditional":
      return [e.condition, e.consequent, e.alternative];
    case "list":
    case "tuple":
      return e.items;
    case "comprehension":
      return [e.body, e.source, ...(e.condition === undefined ? [] : [e.condition])];
    case "scan":
      return [e.initial, e.source, e.body];
    case "block":
      return [...e.statements.map((each) => (each.kind === "require" ? each.condition : each.value)), e.result];
  }
}

/** Whether an expression uses one of the names. */
export function mentions(e: Part, names: ReadonlySet<string>): boolean {
  return e.kind === "name" ? names.has(e.name) : partsOf(e).some((part) => mentions(part, names));
}
