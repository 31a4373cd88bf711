/**
 * Which coordinates of an embedding take part in an example of a given size: those that the embedding of the structure
 * has where it is made for this size alone.
 */
import type { Expression } from "../grammar/ast.ts";
import { environment, evaluateStatic } from "./static-evaluate.ts";
import { type StaticGraph, type StaticValue, staticNumber } from "./static-value.ts";
import type { Structure } from "./structure.ts";
import { SIZE } from "./structure-size.ts";

/** How many items or vertices there are in all, of which the size takes part; undefined where there is no size. */
export function largestSize({ declaration, scope }: Structure): number | undefined {
  const largest = declaration.parameters.find((each) => each.name.name === SIZE)?.default;
  const value = largest && evaluateStatic(largest, scope);
  return value?.kind === "number" ? value.value : undefined;
}

/** For each coordinate of a part, row-major, the smallest size of an example in which it takes part. */
export function neededSizes(structure: Structure, part: number): readonly number[] {
  const { shape } = structure.parts[part]!;
  if (structure.graph !== undefined) return structure.graph.edges.map(([from, to]) => Math.max(from, to) + 1);
  const axes = shape.map((extent, axis) => neededAlong(structure, part, axis, extent));
  const needed: number[] = [];
  const walk = (axis: number, least: number): void => {
    if (axis === shape.length) needed.push(least);
    else for (const own of axes[axis]!) walk(axis + 1, Math.max(least, own));
  };
  walk(0, 1);
  return needed;
}

/** For each position along an axis, the smallest size at which the axis is longer. */
function neededAlong(structure: Structure, part: number, axis: number, extent: number): readonly number[] {
  const length = axisLength(structure, part, axis);
  const most = largestSize(structure)!;
  const needed = new Array<number>(extent).fill(most);
  for (let size = 1, from = 0; from < extent && size <= most; size++) {
    const to = length(size) ?? extent;
    for (; from < Math.min(to, extent); from++) needed[from] = size;
  }
  return needed;
}

/** How long an axis is in the structure made for a size; undefined where the declaration does not tell. */
function axisLength(structure: Structure, part: number, axis: number): (size: number) => number | undefined {
  const { body, parameters } = structure.declaration;
  const largest = parameters.find((each) => each.name.name === SIZE)?.default;
  const clauses = body.kind === "clauses" ? body.clauses : [];
  const parts = clauses.flatMap((clause) => (clause.kind === "embedding" ? clause.parts : []));
  const item = parts[part]!.type.dimensions[axis]!;
  const smaller = largest && smallerArguments(largest, structure);
  return (size) => {
    const values = smaller?.(size);
    if (values === undefined || item.kind === "ellipsis") return undefined;
    const value = evaluateStatic(item, environment(values, structure.scope));
    return value.kind === "number" ? value.value : undefined;
  };
}

/** What the argument that sizes are counted in, n or a graph, is where the structure is made for a size alone. */
function smallerArguments(
  largest: Expression,
  { scope }: Structure,
): ((size: number) => ReadonlyMap<string, StaticValue>) | undefined {
  if (largest.kind === "name") return (size) => new Map([[largest.name, staticNumber(size)]]);
  const [argument] = largest.kind === "call" ? largest.arguments : [];
  if (largest.kind !== "call" || argument?.value.kind !== "name") return undefined;
  const { name } = argument.value;
  const graph = scope.lookup(name);
  const counts = largest.callee.kind === "name" && largest.callee.name === "vertices";
  if (!counts || graph?.kind !== "graph") return undefined;
  return (size) => new Map([[name, firstVertices(graph, size)]]);
}

function firstVertices(graph: StaticGraph, vertices: number): StaticGraph {
  return { ...graph, vertices, edges: graph.edges.filter(([from, to]) => from < vertices && to < vertices) };
}
