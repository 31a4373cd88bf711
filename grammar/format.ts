/** Prints expressions back as canonical source text, for messages and labels. */
import type { Argument, EllipsisExpression, Estimator, Expression, RangeExpression } from "./ast.ts";

const STRENGTH: Readonly<Record<string, number>> = {
  or: 1,
  and: 2,
  "==": 3,
  "!=": 3,
  "<": 3,
  "<=": 3,
  ">": 3,
  ">=": 3,
  "+": 4,
  "-": 4,
  "*": 5,
  "/": 5,
  "%": 5,
  "@": 5,
  "^": 7,
};

/** The text of an estimator, of a relaxation without its temperature. */
export function printEstimator(estimator: Estimator): string {
  const call = (name: string, list: readonly Argument[]) =>
    list.length === 0 ? name : `${name}(${list.map(printArgument).join(", ")})`;
  switch (estimator.kind) {
    case "relax":
      return `relax ${printExpression(estimator.relaxation)}`;
    case "score":
      return `score ${call(estimator.method.name, estimator.arguments)}`;
    case "imle":
      return call("imle", estimator.arguments);
  }
}

/** The text of an expression, with the fewest parentheses that keep its meaning. */
export function printExpression(e: Expression | RangeExpression | EllipsisExpression, within = 0): string {
  switch (e.kind) {
    case "number":
      return e.text;
    case "string":
      return JSON.stringify(e.value);
    case "boolean":
      return String(e.value);
    case "name":
      return e.name;
    case "ellipsis":
      return "...";
    case "range":
      return `${e.from === undefined ? "" : printExpression(e.from)}..${e.to === undefined ? "" : printExpression(e.to)}`;
    case "call":
      return `${printExpression(e.callee, 9)}(${e.arguments.map(printArgument).join(", ")})`;
    case "member":
      return `${printExpression(e.object, 9)}.${e.property.name}`;
    case "index":
      return `${printExpression(e.object, 9)}[${e.items.map((item) => printExpression(item)).join(", ")}]`;
    case "unary": {
      const text = e.operator === "not" ? `not ${printExpression(e.operand, 6)}` : `-${printExpression(e.operand, 6)}`;
      return within > 6 ? `(${text})` : text;
    }
    case "binary": {
      const own = STRENGTH[e.operator]!;
      const [left, right] = e.operator === "^" ? [own + 1, 6] : [own, own + 1];
      const text = `${printExpression(e.left, left)} ${e.operator} ${printExpression(e.right, right)}`;
      return within > own ? `(${text})` : text;
    }
    case "conditional": {
      const text = `if ${printExpression(e.condition)} then ${printExpression(e.consequent)} else ${printExpression(e.alternative)}`;
      return within > 0 ? `(${text})` : text;
    }
    case "list":
      return `[${e.items.map((item) => printExpression(item)).join(", ")}]`;
    case "tuple":
      return `(${e.items.map((item) => printExpression(item)).join(", ")})`;
    case "comprehension": {
      const condition = e.condition === undefined ? "" : ` if ${printExpression(e.condition)}`;
      return `${printExpression(e.body)} for ${e.variable.name} in ${printExpression(e.source)}${condition}`;
    }
    case "scan":
      return `scan ${e.state.name} = ${printExpression(e.initial)} for ${e.variable.name} in ${printExpression(e.source)} { … }`;
    case "block":
      return "{ … }";
  }
}

function printArgument(argument: Argument): string {
  return `${argument.name === undefined ? "" : `${argument.name.name} = `}${printExpression(argument.value)}`;
}
