/** Functions of a graph's vertices, edges and arcs: the message passing of graph networks. */
import { Failure } from "../../failure.ts";
import type { StaticGraph } from "../../static-value.ts";
import type { Context } from "../context.ts";
import { binary, numeric, tensor } from "../tensors.ts";
import { type BoundArgument, type Dimension, describe, type TensorValue } from "../values.ts";
import { type Builtin, builtin, tensorOf } from "./builtin.ts";

function graphOf(argument: BoundArgument | undefined): StaticGraph {
  const { value, span } = argument!;
  if (value.kind === "graph") return value;
  throw new Failure(span, "type-mismatch", `expected a graph such as complete(10), but got ${describe(value)}`);
}

/**
 * Arcs of a graph: (source, target) pairs; those of an undirected graph are its edges, then its edges turned around.
 */
function arcsOf(graph: StaticGraph): readonly (readonly [number, number])[] {
  return graph.directed ? graph.edges : [...graph.edges, ...graph.edges.map(([a, b]) => [b, a] as const)];
}

const verticesOf = (graph: StaticGraph): Dimension => ({ size: graph.vertices, label: `vertices(${graph.label})` });
const edgesOf = (graph: StaticGraph): Dimension => ({ size: graph.edges.length, label: `edges(${graph.label})` });
const arcCount = (graph: StaticGraph): Dimension => ({
  size: graph.edges.length * (graph.directed ? 1 : 2),
  label: `arcs(${graph.label})`,
});

/** A tensor with one row for each vertex, edge or arc, in f32. */
function rowsOf(
  context: Context,
  argument: BoundArgument | undefined,
  rows: Dimension,
  what: string,
): TensorValue | undefined {
  const value = tensorOf(context, argument);
  if (value === undefined) return undefined;
  const fail = (message: string) => {
    throw new Failure(argument!.span, "shape-mismatch", message);
  };
  if (rows.size === 0) fail(`there are no ${what}s: ${rows.label} is 0`);
  if (value.dimensions[0]?.size !== rows.size) {
    fail(`this must have one row for each ${what}, so ${rows.label} = ${rows.size} rows, but it is ${describe(value)}`);
  }
  return numeric(context, value);
}

/** The rows of the vertices that arcs leave or reach. */
const endpoint = (name: string, end: 0 | 1) =>
  builtin(name, ["graph", "h"], (context, { graph, h }) => {
    const g = graphOf(graph);
    const value = rowsOf(context, h, verticesOf(g), "vertex");
    if (value === undefined) return undefined;
    if (g.edges.length === 0) throw new Failure(graph!.span, "shape-mismatch", `${g.label} has no edges`);
    const indices = arcsOf(g).map((arc) => arc[end]);
    return tensor(context.builder.gather(value.node, indices, 0), [arcCount(g), ...value.dimensions.slice(1)]);
  });

const gatherSum = builtin("gather_sum", ["graph", "messages"], (context, { graph, messages }) => {
  const g = graphOf(graph);
  const value = rowsOf(context, messages, arcCount(g), "arc");
  if (value === undefined) return undefined;
  const targets = arcsOf(g).map((arc) => arc[1]);
  const node = context.builder.scatterAdd(value.node, targets, 0, g.vertices);
  return tensor(node, [verticesOf(g), ...value.dimensions.slice(1)]);
});

const toArcs = builtin("to_arcs", ["graph", "x"], (context, { graph, x }) => {
  const g = graphOf(graph);
  const value = rowsOf(context, x, edgesOf(g), "edge");
  if (value === undefined || g.directed) return value;
  return tensor(context.builder.concat([value.node, value.node], 0), [arcCount(g), ...value.dimensions.slice(1)]);
});

const symmetrize = builtin("symmetrize", ["graph", "x"], (context, { graph, x }, span) => {
  const g = graphOf(graph);
  const value = rowsOf(context, x, arcCount(g), "arc");
  if (value === undefined || g.directed) return value;
  const n = g.edges.length;
  const rest = value.node.type.shape.slice(1);
  const half = (begin: number) => {
    const part = context.builder.slice(value.node, [begin, ...rest.map(() => 0)], [n, ...rest]);
    return tensor(part, [edgesOf(g), ...value.dimensions.slice(1)]);
  };
  const total = binary(context, "add", half(0), half(n), span);
  return total === undefined
    ? undefined
    : binary(context, "multiply", total, tensor(context.builder.constant(0.5)), span);
});

/** The entries of a matrix over pairs of vertices that belong to arcs: row the source, column the target. */
const atArcs = builtin("at_arcs", ["graph", "matrix"], (context, { graph, matrix }) => {
  const g = graphOf(graph);
  const value = rowsOf(context, matrix, verticesOf(g), "vertex");
  if (value === undefined) return undefined;
  const [rows, columns, ...rest] = value.node.type.shape;
  if (columns !== rows) {
    const message = `this must have one column for each vertex, so ${g.vertices} columns, but it is ${describe(value)}`;
    throw new Failure(matrix!.span, "shape-mismatch", message);
  }
  const pairs = context.builder.reshape(value.node, [g.vertices ** 2, ...rest]);
  const places = arcsOf(g).map(([from, to]) => from * g.vertices + to);
  return tensor(context.builder.gather(pairs, places, 0), [arcCount(g), ...value.dimensions.slice(2)]);
});

export const graphFunctions: readonly [string, Builtin][] = [
  endpoint("from", 0),
  endpoint("into", 1),
  gatherSum,
  toArcs,
  atArcs,
  symmetrize,
];
