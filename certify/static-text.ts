/** Compile-time values as texts of the language: what a structure or relaxation is applied to, written out. */
import type { StaticGraph, StaticRelaxation, StaticValue } from "../compiler/static-value.ts";

export function staticText(value: StaticValue): string {
  switch (value.kind) {
    case "number":
      return Number.isFinite(value.value) ? String(value.value) : value.value > 0 ? "inf" : "-inf";
    case "boolean":
      return String(value.value);
    case "string":
      return JSON.stringify(value.value);
    case "graph":
      return graphText(value);
    case "list":
      return `[${value.items.map(staticText).join(", ")}]`;
    case "structure-name":
    case "distribution-class":
      return value.declaration.name.name;
    case "applied-structure":
      return value.label;
    case "relaxation":
      return relaxationText(value);
    case "per-example":
      // Any name that means nothing else will do.
      return /^[a-z_]\w*$/i.test(value.label) ? value.label : "example_size";
  }
}

/** `ExpFamily(clip = 15)`: arguments by name. */
export function relaxationText({ declaration, arguments: own, options }: StaticRelaxation): string {
  const list = [...own, ...options].map(([parameter, value]) => `${parameter} = ${staticText(value)}`);
  return list.length === 0 ? declaration.name.name : `${declaration.name.name}(${list.join(", ")})`;
}

/** `KSubset(6, 2)`: the arguments in the order of the parameters. */
export function structureText(name: string, given: ReadonlyMap<string, StaticValue>): string {
  return `${name}(${[...given.values()].map(staticText).join(", ")})`;
}

/** `complete(4)` where it is, otherwise all edges. */
function graphText({ vertices, directed, edges }: StaticGraph): string {
  const complete = completeEdges(vertices, directed);
  const same = edges.length === complete.length && edges.every(([a, b], i) => isEdge(complete[i]!, a, b));
  if (same) return `${directed ? "complete_directed" : "complete"}(${vertices})`;
  const list = edges.map(([a, b]) => `[${a}, ${b}]`).join(", ");
  return `${directed ? "digraph" : "graph"}(${vertices}, [${list}])`;
}

const isEdge = ([from, to]: readonly [number, number], a: number, b: number) => from === a && to === b;

/** All edges in the order in which the language numbers them. */
function completeEdges(vertices: number, directed: boolean): [number, number][] {
  const edges: [number, number][] = [];
  for (let a = 0; a < vertices; a++) {
    for (let b = directed ? 0 : a + 1; b < vertices; b++) if (a !== b) edges.push([a, b]);
  }
  return edges;
}
