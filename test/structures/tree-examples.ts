/** Structures of trees at small sizes, on complete and on sparse graphs, with their members. */
import type { Example } from "./conform.ts";
import {
  arborescences,
  completeArcs,
  completeEdges,
  type Edges,
  inArborescencePolytope,
  inTreePolytope,
  projectiveTrees,
  spanningTrees,
} from "./enumeration.ts";

const tree = (graph: string, n: number, edges: Edges): Example => ({
  structure: `SpanningTree(${graph})`,
  members: spanningTrees(n, edges),
  inHull: inTreePolytope(n, edges),
});
const arborescence = (graph: string, n: number, arcs: Edges, root = 0, more = ""): Example => ({
  structure: `Arborescence(${graph}, root = ${root}${more})`,
  members: arborescences(n, root, arcs),
  inHull: inArborescencePolytope(n, root, arcs),
});
/** An example whose members leave some coordinates out: those are always 0. */
const within = (
  structure: string,
  size: number,
  { members, inHull }: Example,
  kept: (i: number) => boolean,
): Example => {
  const places = Array.from({ length: size }, (_, i) => i).filter(kept);
  return {
    structure,
    members: members.map((x) => Array.from({ length: size }, (_, i) => x[places.indexOf(i)] ?? 0)),
    inHull: (x) => x.every((value, i) => kept(i) || value === 0) && inHull(places.map((i) => x[i]!)),
  };
};
/** Necessary, not sufficient, for the hull: that of arborescences, in matrices. */
const projective = (n: number, root: number): Example => ({
  structure: `ProjectiveArborescence(${n}, root = ${root})`,
  members: projectiveTrees(n, root),
  inHull: (x) => {
    const cells = Array.from({ length: n * n }, (_, k) => [Math.floor(k / n), k % n] as const);
    return inArborescencePolytope(n, root, cells)(x) && cells.every(([h, m], k) => h !== m || x[k] === 0);
  },
});
/** A square with a diagonal and a tail, given out of order. */
const KITE: Edges = [
  [1, 2],
  [0, 1],
  [2, 3],
  [0, 3],
  [1, 3],
  [4, 3],
];
/** Two cycles that share a vertex, one way out of each, and an arc into vertex 2. */
const LOOPS: Edges = [
  [2, 1],
  [1, 0],
  [0, 1],
  [1, 3],
  [3, 4],
  [4, 1],
  [2, 4],
  [0, 2],
];
const listed = (edges: Edges) => `[${edges.map((edge) => `[${edge}]`).join(", ")}]`;

/** Small sizes, the smallest included. */
export const TREE_EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
  SpanningTree: [
    tree("complete(2)", 2, completeEdges(2)),
    tree("complete(3)", 3, completeEdges(3)),
    tree("complete(4)", 4, completeEdges(4)),
    tree("graph(3, [[0, 1], [1, 2]])", 3, KITE.slice(0, 2)),
    tree(`graph(5, ${listed(KITE)})`, 5, KITE),
    within("SpanningTree(complete(4), size = 3)", 6, tree("", 3, completeEdges(3)), (i) =>
      completeEdges(4)[i]!.every((end) => end < 3),
    ),
  ],
  Arborescence: [
    arborescence("complete_directed(2)", 2, completeArcs(2)),
    arborescence("complete_directed(3)", 3, completeArcs(3), 1),
    arborescence("complete_directed(4)", 4, completeArcs(4)),
    arborescence("complete_directed(4)", 4, completeArcs(4), 3),
    arborescence("complete_directed(5)", 5, completeArcs(5), 2),
    arborescence(`digraph(5, ${listed(LOOPS)})`, 5, LOOPS, 2),
    within("Arborescence(complete_directed(4), root = 1, size = 3)", 12, arborescence("", 3, completeArcs(3), 1), (i) =>
      completeArcs(4)[i]!.every((end) => end < 3),
    ),
  ],
  ProjectiveArborescence: [
    projective(1, 0),
    projective(2, 0),
    projective(3, 1),
    projective(5, 0),
    projective(6, 3),
    projective(4, 3),
    within(
      "ProjectiveArborescence(4, root = 1, size = 3)",
      16,
      projective(3, 1),
      (i) => Math.floor(i / 4) < 3 && i % 4 < 3,
    ),
  ],
};
