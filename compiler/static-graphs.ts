/** Compile-time functions that make graphs and tell their sizes. */
import type { Span } from "../grammar/ast.ts";
import { Failure } from "./failure.ts";
import {
  describeStatic,
  type StaticFunction,
  type StaticGraph,
  type StaticValue,
  staticNumber,
} from "./static-value.ts";

/** No graph may have more vertices or edges than this: larger ones are always a slip. */
const LARGEST_GRAPH = 2 ** 19;

type Edge = readonly [number, number];

interface Family {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly directed?: boolean;
  vertices(a: number, b: number): number;
  /** How many edges there are, before they are listed. */
  count(a: number, b: number): number;
  edges(a: number, b: number): Edge[];
}

function pairs(n: number, keep: (i: number, j: number) => boolean): Edge[] {
  const list: Edge[] = [];
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) if (keep(i, j)) list.push([i, j]);
  return list;
}

const chain = (n: number) => Array.from({ length: n - 1 }, (_, i): Edge => [i, i + 1]);

/** Row by row, from each vertex to its right and lower neighbours. */
function grid(rows: number, columns: number): Edge[] {
  const list: Edge[] = [];
  for (let v = 0; v < rows * columns; v++) {
    if ((v + 1) % columns !== 0) list.push([v, v + 1]);
    if (v + columns < rows * columns) list.push([v, v + columns]);
  }
  return list;
}

const FAMILIES: readonly Family[] = [
  {
    name: "complete",
    parameters: ["vertices"],
    vertices: (n) => n,
    count: (n) => (n * (n - 1)) / 2,
    edges: (n) => pairs(n, (i, j) => i < j),
  },
  {
    name: "complete_directed",
    parameters: ["vertices"],
    directed: true,
    vertices: (n) => n,
    count: (n) => n * (n - 1),
    edges: (n) => pairs(n, (i, j) => i !== j),
  },
  { name: "path", parameters: ["vertices"], vertices: (n) => n, count: (n) => n - 1, edges: chain },
  {
    name: "cycle",
    parameters: ["vertices"],
    vertices: (n) => n,
    count: (n) => n,
    edges: (n) => (n < 3 ? chain(n) : [...chain(n), [n - 1, 0]]),
  },
  {
    name: "star",
    parameters: ["vertices"],
    vertices: (n) => n,
    count: (n) => n - 1,
    edges: (n) => Array.from({ length: n - 1 }, (_, i) => [0, i + 1]),
  },
  {
    name: "grid",
    parameters: ["rows", "columns"],
    vertices: (rows, columns) => rows * columns,
    count: (rows, columns) => 2 * rows * columns,
    edges: grid,
  },
];

function positive(value: StaticValue | undefined, what: string, span: Span): number {
  if (value?.kind === "number" && Number.isInteger(value.value) && value.value >= 1) return value.value;
  const found = value === undefined ? "missing" : describeStatic(value);
  throw new Failure(span, "bad-size", `${what} must be a positive integer, but it is ${found}`);
}

function checkSize(name: string, vertices: number, edges: number, span: Span): void {
  if (vertices <= LARGEST_GRAPH && edges <= LARGEST_GRAPH) return;
  const size = `${vertices} vertices and ${edges} edges`;
  throw new Failure(span, "too-large", `${name} of this size has ${size}: more than ${LARGEST_GRAPH}`);
}

function familyFunction({ name, parameters, directed = false, vertices, count, edges }: Family): StaticFunction {
  return {
    parameters,
    call: (values, span) => {
      const sizes = values.map((value, i) => positive(value, `${parameters[i]} of ${name}(…)`, span));
      const [a = 1, b = 1] = sizes;
      checkSize(name, vertices(a, b), count(a, b), span);
      const label = `${name}(${sizes.join(", ")})`;
      return { kind: "graph", vertices: vertices(a, b), directed, edges: edges(a, b), label };
    },
  };
}

/** `graph(n, [[0, 1], …])` or `digraph(n, …)`: explicit edges, checked for range, loops and repetitions. */
function explicit(name: string, directed: boolean): StaticFunction {
  return {
    parameters: ["vertices", "edges"],
    call: ([size, list], span) => {
      const vertices = positive(size, `the number of vertices of ${name}(…)`, span);
      if (list?.kind !== "list") {
        const message = `${name}(n, edges) needs a list of pairs such as [[0, 1], [1, 2]]`;
        throw new Failure(span, "type-mismatch", message);
      }
      checkSize(name, vertices, list.items.length, span);
      const seen = new Set<string>();
      const edges = list.items.map((item) => {
        const [a, b] = edgeOf(item, vertices, span);
        const key = directed ? `${a},${b}` : `${Math.min(a, b)},${Math.max(a, b)}`;
        if (seen.has(key)) throw new Failure(span, "bad-edge", `the edge [${a}, ${b}] is listed twice`);
        seen.add(key);
        return [a, b] as const;
      });
      return { kind: "graph", vertices, directed, edges, label: `${name}(${vertices}, ${edges.length} edges)` };
    },
  };
}

function edgeOf(item: StaticValue, vertices: number, span: Span): Edge {
  const ends = item.kind === "list" ? item.items : [];
  const [a, b] = ends.map((end) => (end.kind === "number" ? end.value : Number.NaN));
  const fits = (end: number | undefined) => Number.isInteger(end) && end! >= 0 && end! < vertices;
  if (ends.length === 2 && fits(a) && fits(b) && a !== b) return [a!, b!];
  const found = item.kind === "list" ? `[${item.items.map(describeStatic).join(", ")}]` : describeStatic(item);
  const message = `each edge must join two different vertices between 0 and ${vertices - 1}, but one is ${found}`;
  throw new Failure(span, "bad-edge", message);
}

function ofGraph(f: (graph: StaticGraph) => StaticValue): StaticFunction {
  return {
    parameters: ["graph"],
    call: ([graph], span) => {
      if (graph?.kind === "graph") return f(graph);
      const found = graph === undefined ? "nothing" : describeStatic(graph);
      throw new Failure(span, "type-mismatch", `expected a graph such as complete(10), but got ${found}`);
    },
  };
}

/** Whether there are paths from one vertex to all others, along directed edges or along edges in either direction. */
function reachesAll(graph: StaticGraph, start: number, directed: boolean): boolean {
  const reached = new Set([start]);
  const neighbours = Array.from({ length: graph.vertices }, () => [] as number[]);
  for (const [a, b] of graph.edges) {
    neighbours[a]!.push(b);
    if (!directed) neighbours[b]!.push(a);
  }
  const queue = [start];
  for (let vertex = queue.pop(); vertex !== undefined; vertex = queue.pop()) {
    for (const next of neighbours[vertex]!) {
      if (reached.has(next)) continue;
      reached.add(next);
      queue.push(next);
    }
  }
  return reached.size === graph.vertices;
}

/** `reachable(graph, root)`: whether every vertex is reached from the root; false where there is no such vertex. */
const reachable: StaticFunction = {
  parameters: ["graph", "root"],
  call: ([graph, root], span) => {
    if (graph?.kind !== "graph" || root?.kind !== "number") {
      const message = "reachable needs a graph and a vertex: reachable(complete_directed(5), 0)";
      throw new Failure(span, "type-mismatch", message);
    }
    const inside = Number.isInteger(root.value) && root.value >= 0 && root.value < graph.vertices;
    return { kind: "boolean", value: inside && reachesAll(graph, root.value, graph.directed) };
  },
};

/** Each edge of a digraph turned around, in the same order: what flows from targets to sources. */
function reverse(graph: StaticGraph): StaticGraph {
  if (!graph.directed) return graph;
  return { ...graph, edges: graph.edges.map(([a, b]): Edge => [b, a]), label: `reverse(${graph.label})` };
}

export const graphFunctions: readonly (readonly [string, StaticFunction])[] = [
  ...FAMILIES.map((family) => [family.name, familyFunction(family)] as const),
  ["graph", explicit("graph", false)],
  ["digraph", explicit("digraph", true)],
  ["vertices", ofGraph((graph) => staticNumber(graph.vertices))],
  ["edges", ofGraph((graph) => staticNumber(graph.edges.length))],
  ["arcs", ofGraph((graph) => staticNumber(graph.edges.length * (graph.directed ? 1 : 2)))],
  ["connected", ofGraph((graph) => ({ kind: "boolean", value: reachesAll(graph, 0, false) }))],
  ["reachable", reachable],
  ["directed", ofGraph((graph) => ({ kind: "boolean", value: graph.directed }))],
  ["reverse", ofGraph(reverse)],
];
