/**
 * A structure at a size at which its members can be listed: its own arguments, made smaller together until they can.
 * Numbers keep their proportions as far as whole numbers can, graphs are contracted.
 */
import type { StaticGraph, StaticValue } from "../compiler/static-value.ts";
import { staticNumber } from "../compiler/static-value.ts";

export type Arguments = ReadonlyMap<string, StaticValue>;

/** The largest number or graph of each attempt. */
const LARGEST = [8, 7, 6, 5, 4, 3, 2, 1];

/** The arguments as they are and ever smaller ones, in the order in which to try them. */
export function* smaller(given: Arguments): Generator<Arguments> {
  yield given;
  const seen = new Set([keyOf(given)]);
  for (const most of LARGEST) {
    for (const candidate of within(given, most)) {
      const key = keyOf(candidate);
      if (seen.has(key)) continue;
      seen.add(key);
      yield candidate;
    }
  }
}

/** What a list of arguments is, for comparison. */
function keyOf(given: Arguments): string {
  const plain = (value: StaticValue) => {
    switch (value.kind) {
      case "graph":
        return [value.vertices, value.directed, value.edges];
      case "number":
        return value.value;
      default:
        return value.kind;
    }
  };
  return JSON.stringify([...given].map(([name, value]) => [name, plain(value)]));
}

/** Arguments of which none is larger than `most`: first in proportion, then with some of the numbers smaller still. */
function within(given: Arguments, most: number): Arguments[] {
  const sizes = [...given.values()].map(sizeOf);
  const largest = Math.max(1, ...sizes);
  let candidates: (readonly [string, StaticValue])[][] = [[]];
  for (const [name, value] of given) {
    const choices = smallerValues(value, most, largest);
    candidates = candidates.flatMap((before) => choices.map((choice) => [...before, [name, choice] as const]));
  }
  return candidates.map((entries) => new Map(entries));
}

function sizeOf(value: StaticValue): number {
  if (value.kind === "graph") return value.vertices;
  return value.kind === "number" && Number.isInteger(value.value) ? value.value : 0;
}

function smallerValues(value: StaticValue, most: number, largest: number): StaticValue[] {
  if (value.kind === "graph") return [value.vertices <= most ? value : contracted(value, most)];
  if (value.kind !== "number" || !Number.isInteger(value.value) || value.value < 0) return [value];
  if (largest <= most) return [value];
  // What was at least 2 stays so in the first attempt: with 1 of many, structures are simpler than they are.
  const proportional = Math.max(Math.min(value.value, 2), Math.round((value.value * most) / largest));
  const first = Math.min(proportional, most);
  return Array.from({ length: Math.min(first, 3) + 1 }, (_, less) => staticNumber(first - less));
}

/**
 * A graph contracted to the vertices that a search from vertex 0 meets first: each other vertex becomes one with the
 * vertex that it was reached from. What was connected stays so, and what was a cycle does if it can.
 */
function contracted(graph: StaticGraph, most: number): StaticGraph {
  const { order, parent } = search(graph);
  const kept = order.slice(0, most).sort((a, b) => a - b);
  const place = new Map(kept.map((v, i) => [v, i]));
  for (const v of order) if (!place.has(v)) place.set(v, place.get(parent.get(v)!)!);
  const seen = new Set<string>();
  const edges = graph.edges.flatMap(([a, b]) => {
    const ends = [place.get(a)!, place.get(b)!] as const;
    const key = String(graph.directed ? ends : [...ends].sort((c, d) => c - d));
    if (ends[0] === ends[1] || seen.has(key)) return [];
    seen.add(key);
    return [ends];
  });
  return { kind: "graph", vertices: most, directed: graph.directed, edges, label: `contracted(${graph.label})` };
}

/** All vertices breadth first, and from which each was reached; those that no edge leads to count as reached from 0. */
function search({ vertices, directed, edges }: StaticGraph) {
  const neighbours = Array.from({ length: vertices }, (): number[] => []);
  for (const [a, b] of edges) {
    neighbours[a]!.push(b);
    if (!directed) neighbours[b]!.push(a);
  }
  const order = [0];
  const parent = new Map<number, number>();
  const visit = (v: number, from: number) => {
    if (v === 0 || parent.has(v)) return;
    parent.set(v, from);
    order.push(v);
  };
  for (const v of order) for (const next of neighbours[v]!) visit(next, v);
  for (let v = 0; v < vertices; v++) visit(v, 0);
  return { order, parent };
}
