/** The functions and operators of compile-time values: arithmetic, comparisons, graphs and their sizes. */
import type { BinaryOperator, Span } from "../grammar/ast.ts";
import { Failure } from "./failure.ts";
import type { StaticGraph, StaticNumber, StaticValue } from "./static-value.ts";

/** No graph may have more edges or vertices than this: larger ones are always a slip. */
const LARGEST_GRAPH = 1_000_000;

export function staticNumber(value: number, label?: string): StaticNumber {
  return { kind: "number", value, ...(label === undefined ? {} : { label }) };
}

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
      return staticNumber(arithmetic(left.value, right.value));
    }
    const comparison = COMPARISON[operator];
    if (comparison !== undefined) return { kind: "boolean", value: comparison(left.value, right.value) };
  }
  if (left.kind === "boolean" && right.kind === "boolean") {
    if (operator === "and") return { kind: "boolean", value: left.value && right.value };
    if (operator === "or") return { kind: "boolean", value: left.value || right.value };
  }
  throw new Failure(
    span,
    "type-mismatch",
    `'${operator}' does not apply to ${describeStatic(left)} and ${describeStatic(right)}`,
  );
}

export function describeStatic(value: StaticValue): string {
  switch (value.kind) {
    case "number":
    case "boolean":
      return String(value.value);
    case "string":
      return JSON.stringify(value.value);
    case "graph":
      return `the graph ${value.label}`;
    case "list":
      return "a list";
    case "relaxation":
    case "structure-name":
      return value.declaration.name.name;
  }
}

type StaticFunction = {
  readonly parameters: readonly string[];
  readonly call: (values: readonly StaticValue[], span: Span) => StaticValue;
};

function numeric(parameters: readonly string[], f: (...values: number[]) => number): StaticFunction {
  return {
    parameters,
    call: (values, span) => {
      const numbers = values.map((value, i) => {
        if (value.kind !== "number")
          throw new Failure(
            span,
            "type-mismatch",
            `${parameters[i]} must be a number, but it is ${describeStatic(value)}`,
          );
        return value.value;
      });
      return staticNumber(f(...numbers));
    },
  };
}

function ofGraph(f: (graph: StaticGraph) => StaticValue): StaticFunction {
  return {
    parameters: ["graph"],
    call: ([graph], span) => {
      if (graph === undefined || graph.kind !== "graph")
        throw new Failure(
          span,
          "type-mismatch",
          `expected a graph but got ${graph === undefined ? "nothing" : describeStatic(graph)}`,
        );
      return f(graph);
    },
  };
}

function graphOf(
  name: string,
  parameters: readonly string[],
  directed: boolean,
  edges: (...sizes: number[]) => readonly (readonly [number, number])[],
  vertices: (...sizes: number[]) => number,
): StaticFunction {
  return {
    parameters,
    call: (values, span) => {
      const sizes = values.map((value, i) => {
        if (value.kind !== "number" || !Number.isInteger(value.value) || value.value < 1) {
          throw new Failure(
            span,
            "bad-size",
            `${parameters[i]} of ${name}(…) must be a positive integer, but it is ${describeStatic(value)}`,
          );
        }
        return value.value;
      });
      const count = vertices(...sizes);
      if (count > 1000 && (name.startsWith("complete") || count > LARGEST_GRAPH))
        throw new Failure(span, "too-large", `${name} of ${count} vertices is too large`);
      return {
        kind: "graph",
        vertices: count,
        directed,
        edges: edges(...sizes),
        label: `${name}(${sizes.join(", ")})`,
      };
    },
  };
}

function pairs(n: number, keep: (i: number, j: number) => boolean): [number, number][] {
  const list: [number, number][] = [];
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) if (keep(i, j)) list.push([i, j]);
  return list;
}
const chain = (n: number) => Array.from({ length: n - 1 }, (_, i) => [i, i + 1] as const);
function grid(rows: number, columns: number) {
  return pairs(rows * columns, (a, b) => (b === a + 1 && b % columns !== 0) || b === a + columns);
}

/** `graph(n, [[0, 1], …])` or `digraph(n, …)`: explicit edges, checked for range, loops and repetitions. */
function explicit(name: string, directed: boolean): StaticFunction {
  return {
    parameters: ["vertices", "edges"],
    call: ([size, list], span) => {
      if (size?.kind !== "number" || !Number.isInteger(size.value) || size.value < 1)
        throw new Failure(span, "bad-size", `${name}(n, edges) needs a positive number of vertices`);
      if (list?.kind !== "list")
        throw new Failure(span, "type-mismatch", `${name}(n, edges) needs a list of pairs such as [[0, 1], [1, 2]]`);
      const seen = new Set<string>();
      const edges = list.items.map((item) => {
        const ends =
          item.kind === "list" ? item.items.map((end) => (end.kind === "number" ? end.value : Number.NaN)) : [];
        const [a, b] = ends;
        const fits = ends.length === 2 && ends.every((end) => Number.isInteger(end) && end >= 0 && end < size.value);
        if (!fits || a === b)
          throw new Failure(
            span,
            "bad-edge",
            `each edge must join two different vertices between 0 and ${size.value - 1}, but one is [${ends.join(", ")}]`,
          );
        const key = directed ? `${a},${b}` : `${Math.min(a!, b!)},${Math.max(a!, b!)}`;
        if (seen.has(key)) throw new Failure(span, "bad-edge", `the edge [${a}, ${b}] is listed twice`);
        seen.add(key);
        return [a!, b!] as const;
      });
      return {
        kind: "graph",
        vertices: size.value,
        directed,
        edges,
        label: `${name}(${size.value}, ${edges.length} edges)`,
      };
    },
  };
}

function connected(graph: StaticGraph): boolean {
  const reached = new Set([0]);
  const neighbours = Array.from({ length: graph.vertices }, () => [] as number[]);
  for (const [a, b] of graph.edges) {
    neighbours[a]!.push(b);
    neighbours[b]!.push(a);
  }
  const queue = [0];
  while (queue.length > 0)
    for (const next of neighbours[queue.pop()!]!)
      if (!reached.has(next)) {
        reached.add(next);
        queue.push(next);
      }
  return reached.size === graph.vertices;
}

function binomial(n: number, k: number): number {
  let result = 1;
  for (let i = 1; i <= Math.min(k, n - k); i++) result = (result * (n - Math.min(k, n - k) + i)) / i;
  return k < 0 || k > n ? 0 : Math.round(result);
}

export const staticFunctions: ReadonlyMap<string, StaticFunction> = new Map<string, StaticFunction>([
  [
    "complete",
    graphOf(
      "complete",
      ["vertices"],
      false,
      (n) => pairs(n!, (i, j) => i < j),
      (n) => n!,
    ),
  ],
  [
    "complete_directed",
    graphOf(
      "complete_directed",
      ["vertices"],
      true,
      (n) => pairs(n!, (i, j) => i !== j),
      (n) => n!,
    ),
  ],
  [
    "path",
    graphOf(
      "path",
      ["vertices"],
      false,
      (n) => chain(n!),
      (n) => n!,
    ),
  ],
  [
    "cycle",
    graphOf(
      "cycle",
      ["vertices"],
      false,
      (n) => (n! < 3 ? chain(n!) : [...chain(n!), [n! - 1, 0] as const]),
      (n) => n!,
    ),
  ],
  [
    "star",
    graphOf(
      "star",
      ["vertices"],
      false,
      (n) => Array.from({ length: n! - 1 }, (_, i) => [0, i + 1] as const),
      (n) => n!,
    ),
  ],
  [
    "grid",
    graphOf(
      "grid",
      ["rows", "columns"],
      false,
      (r, c) => grid(r!, c!),
      (r, c) => r! * c!,
    ),
  ],
  ["graph", explicit("graph", false)],
  ["digraph", explicit("digraph", true)],
  ["vertices", ofGraph((graph) => staticNumber(graph.vertices))],
  ["edges", ofGraph((graph) => staticNumber(graph.edges.length))],
  ["arcs", ofGraph((graph) => staticNumber(graph.edges.length * (graph.directed ? 1 : 2)))],
  ["connected", ofGraph((graph) => ({ kind: "boolean", value: connected(graph) }))],
  ["directed", ofGraph((graph) => ({ kind: "boolean", value: graph.directed }))],
  ["binomial", numeric(["n", "k"], (n, k) => binomial(n!, k!))],
  ["log", numeric(["x"], (x) => Math.log(x!))],
  ["exp", numeric(["x"], (x) => Math.exp(x!))],
  ["sqrt", numeric(["x"], (x) => Math.sqrt(x!))],
  ["floor", numeric(["x"], (x) => Math.floor(x!))],
  ["ceil", numeric(["x"], (x) => Math.ceil(x!))],
  ["abs", numeric(["x"], (x) => Math.abs(x!))],
  ["min", numeric(["a", "b"], (a, b) => Math.min(a!, b!))],
  ["max", numeric(["a", "b"], (a, b) => Math.max(a!, b!))],
]);
