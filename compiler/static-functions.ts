/** The functions and operators of compile-time values: arithmetic, comparisons, graphs and their sizes. */
import type { BinaryOperator, Span } from "../grammar/ast.ts";
import { Failure } from "./failure.ts";
import { graphFunctions } from "./static-graphs.ts";
import { describeStatic, type StaticFunction, type StaticValue, staticNumber } from "./static-value.ts";

const ARITHMETIC: Readonly<Partial<Record<BinaryOperator, (a: number, b: number) => number>>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "%": (a, b) => a - b * Math.floor(a / b),
  "^": (a, b) => a ** b,
};
const COMPARISON: Readonly<Partial<Record<BinaryOperator, (a: number, b: number) => boolean>>> = {
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

/** `left operator right` of compile-time values; throws a Failure when they do not fit. */
export function staticBinary(operator: BinaryOperator, left: StaticValue, right: StaticValue, span: Span): StaticValue {
  if (left.kind === "number" && right.kind === "number") {
    const arithmetic = ARITHMETIC[operator];
    if (arithmetic !== undefined) {
      if ((operator === "/" || operator === "%") && right.value === 0)
        throw new Failure(span, "division-by-zero", "this divides by zero");
      const value = arithmetic(left.value, right.value);
      if (!Number.isNaN(value)) return staticNumber(value);
      const operation = `${left.value} ${operator} ${right.value}`;
      throw new Failure(span, "bad-number", `${operation} is not a number`);
    }
    const comparison = COMPARISON[operator];
    if (comparison !== undefined) return { kind: "boolean", value: comparison(left.value, right.value) };
  }
  if (left.kind === "boolean" && right.kind === "boolean") {
    if (operator === "and") return { kind: "boolean", value: left.value && right.value };
    if (operator === "or") return { kind: "boolean", value: left.value || right.value };
  }
  const both = `${describeStatic(left)} and ${describeStatic(right)}`;
  throw new Failure(span, "type-mismatch", `'${operator}' does not apply to ${both}`);
}

/** A function of numbers, which is not a number itself where it has no value. */
function numeric(
  name: string,
  parameters: readonly string[],
  f: (...values: number[]) => number,
): [string, StaticFunction] {
  const call = (values: readonly StaticValue[], span: Span) => {
    const numbers = values.map((value, i) => {
      if (value.kind === "number") return value.value;
      const message = `${parameters[i]} of ${name} must be a number, but it is ${describeStatic(value)}`;
      throw new Failure(span, "type-mismatch", message);
    });
    const value = f(...numbers);
    if (!Number.isNaN(value)) return staticNumber(value);
    throw new Failure(span, "bad-number", `${name}(${numbers.join(", ")}) is not a number`);
  };
  return [name, { parameters, call }];
}

function binomial(n: number, k: number): number {
  if (k < 0 || k > n) return 0;
  const smaller = Math.min(k, n - k);
  let result = 1;
  for (let i = 1; i <= smaller && Number.isFinite(result); i++) result = (result * (n - smaller + i)) / i;
  return Math.round(result);
}

function factorial(n: number): number {
  let result = 1;
  for (let i = 2; i <= n && Number.isFinite(result); i++) result *= i;
  return result;
}

/** How many elements the members of a structure have, where a kernel is given one. */
const dimensions: StaticFunction = {
  parameters: ["structure"],
  call: ([structure], span) => {
    if (structure?.kind === "applied-structure") return staticNumber(structure.dimensions);
    const found = structure === undefined ? "missing" : describeStatic(structure);
    throw new Failure(span, "type-mismatch", `dimensions needs a structure with its arguments, but this is ${found}`, {
      help: "a kernel has one as its parameter S: Structure",
    });
  },
};

export const staticFunctions: ReadonlyMap<string, StaticFunction> = new Map<string, StaticFunction>([
  ...graphFunctions,
  ["dimensions", dimensions],
  numeric("binomial", ["n", "k"], (n, k) => binomial(n!, k!)),
  numeric("factorial", ["n"], (n) => factorial(n!)),
  numeric("log", ["x"], (x) => Math.log(x!)),
  numeric("exp", ["x"], (x) => Math.exp(x!)),
  numeric("sqrt", ["x"], (x) => Math.sqrt(x!)),
  numeric("floor", ["x"], (x) => Math.floor(x!)),
  numeric("ceil", ["x"], (x) => Math.ceil(x!)),
  numeric("abs", ["x"], (x) => Math.abs(x!)),
  numeric("min", ["a", "b"], (a, b) => Math.min(a!, b!)),
  numeric("max", ["a", "b"], (a, b) => Math.max(a!, b!)),
]);
