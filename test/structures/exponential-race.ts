/**
 * Arborescences drawn by a process of choices alone (paper, Appendix B, Algorithm 2), without utilities and without
 * solving anything. For negative exponential utilities with these rates it has the distribution of the best tree.
 */
import type { Edges } from "./enumeration.ts";

interface Arc {
  /** Where it is in the graph's order, whatever its ends have become part of. */
  readonly place: number;
  readonly from: number;
  readonly to: number;
  readonly rate: number;
}

/** Indicators of the arcs of a tree on vertices 0..n−1 that leads away from the root. */
export function drawArborescence(
  n: number,
  root: number,
  arcs: Edges,
  rates: readonly number[],
  uniform: () => number,
): number[] {
  const all = arcs.map(([from, to], place): Arc => ({ place, from, to, rate: rates[place]! }));
  const usable = all.filter(({ to }) => to !== root);
  const tree = draw(
    Array.from({ length: n }, (_, v) => v),
    root,
    usable,
    n,
    uniform,
  );
  const places = new Set(tree.map(({ place }) => place));
  return arcs.map((_, place) => (places.has(place) ? 1 : 0));
}

function draw(vertices: readonly number[], root: number, arcs: readonly Arc[], fresh: number, uniform: () => number) {
  // Lines 1 to 4: one entering arc for each vertex; once chosen, it is chosen again.
  const chosen = new Map<number, Arc>();
  for (const vertex of vertices) {
    const entering = arcs.filter(({ to }) => to === vertex);
    if (vertex !== root) chosen.set(vertex, choose(entering, uniform));
  }
  const cycle = findCycle(chosen);
  if (cycle === undefined) return [...chosen.values()];
  // Lines 7 and 8: the cycle becomes one vertex, and the choices made so far are kept.
  const within = new Set(cycle);
  const end = (vertex: number) => (within.has(vertex) ? fresh : vertex);
  const contracted = arcs
    .map((arc) => (chosen.get(arc.to) === arc ? { ...arc, rate: Number.POSITIVE_INFINITY } : arc))
    .map((arc) => ({ ...arc, from: end(arc.from), to: end(arc.to) }))
    .filter(({ from, to }) => from !== to);
  const rest = vertices.filter((vertex) => !within.has(vertex));
  const tree: readonly Arc[] = draw([...rest, fresh], root, contracted, fresh + 1, uniform);
  // Lines 9 and 10: of the cycle all arcs but the one into the vertex that the tree enters it by.
  const placesOf = new Set(tree.map(({ place }) => place));
  const entered = arcs.find(({ place, to }) => placesOf.has(place) && within.has(to))!;
  const original = arcs.filter(({ place }) => placesOf.has(place));
  return [...original, ...cycle.filter((vertex) => vertex !== entered.to).map((vertex) => chosen.get(vertex)!)];
}

function choose(arcs: readonly Arc[], uniform: () => number): Arc {
  const sure = arcs.find(({ rate }) => rate === Number.POSITIVE_INFINITY);
  if (sure !== undefined) return sure;
  let left = uniform() * arcs.reduce((sum, { rate }) => sum + rate, 0);
  for (const arc of arcs) {
    left -= arc.rate;
    if (left < 0) return arc;
  }
  return arcs.at(-1)!;
}

/** The vertices of a cycle that following chosen arcs backwards comes to. */
function findCycle(chosen: ReadonlyMap<number, Arc>): readonly number[] | undefined {
  for (const start of chosen.keys()) {
    const path: number[] = [];
    for (let vertex = start; chosen.has(vertex); vertex = chosen.get(vertex)!.from) {
      const seen = path.indexOf(vertex);
      if (seen >= 0) return path.slice(seen);
      path.push(vertex);
    }
  }
  return undefined;
}
