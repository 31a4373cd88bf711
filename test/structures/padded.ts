/** Structures that have a size, at their largest and at smaller ones: sizes.test.ts compares the two. */
import type { Edges } from "./enumeration.ts";

/** A structure for the largest size, the same for a smaller one, and where the coordinates of the smaller one are. */
export interface Padded {
  readonly largest: string;
  readonly smaller: (size: number) => string;
  readonly sizes: readonly number[];
  readonly places: (size: number) => readonly number[];
}

export const first = (size: number) => Array.from({ length: size }, (_, i) => i);

const pairs = (n: number): Edges => first(n).flatMap((a) => first(n).flatMap((b) => (a < b ? [[a, b] as const] : [])));
const among = (edges: Edges, size: number) => edges.filter(([a, b]) => a < size && b < size);
const edgesAmong = (edges: Edges) => (size: number) => edges.flatMap(([a, b], i) => (a < size && b < size ? [i] : []));
const graph = (edges: Edges, n: number) =>
  `graph(${n}, [${among(edges, n)
    .map((edge) => `[${edge}]`)
    .join(", ")}])`;
/** A square with a diagonal and a tail, given out of order. */
const KITE: Edges = [
  [1, 2],
  [0, 1],
  [2, 3],
  [0, 3],
  [1, 3],
  [4, 3],
];

/** The arcs of a complete digraph on `vertices` among the first of them. */
const arcsAmong = (vertices: number) => (size: number) => {
  const arcs = first(vertices).flatMap((a) => first(vertices).flatMap((b) => (a === b ? [] : [[a, b] as const])));
  return arcs.flatMap(([a, b], i) => (a < size && b < size ? [i] : []));
};

/** The first rows and columns of a square matrix. */
export const corner = (n: number) => (size: number) => first(size).flatMap((i) => first(size).map((j) => n * i + j));

/** One entry or more for each structure of the library that has a size. */
export const PADDED: Readonly<Record<string, readonly Padded[]>> = {
  IndependentEdges: [
    {
      largest: "IndependentEdges(complete_directed(4))",
      smaller: (n) => `IndependentEdges(complete_directed(${n}))`,
      sizes: [2, 3, 4],
      places: arcsAmong(4),
    },
    {
      largest: `IndependentEdges(${graph(KITE, 5)})`,
      smaller: (n) => `IndependentEdges(${graph(KITE, n)})`,
      sizes: [3, 4, 5],
      places: edgesAmong(KITE),
    },
  ],
  KSubset: [
    { largest: "KSubset(6, 2)", smaller: (n) => `KSubset(${n}, 2)`, sizes: [2, 3, 6], places: first },
    { largest: "KSubset(5, 1)", smaller: (n) => `KSubset(${n}, 1)`, sizes: [1, 4], places: first },
  ],
  CorrelatedKSubset: [
    {
      largest: "CorrelatedKSubset(5, 2)",
      smaller: (n) => `CorrelatedKSubset(${n}, 2)`,
      sizes: [2, 3, 5],
      places: (size) => [...first(size), ...first(size - 1).map((i) => 5 + i)],
    },
  ],
  Chain: [
    {
      largest: "Chain(4, 2)",
      smaller: (n) => `Chain(${n}, 2)`,
      sizes: [1, 2, 3, 4],
      places: (size) => [...first(2 * size), ...first(4 * (size - 1)).map((i) => 8 + i)],
    },
  ],
  OneHot: [{ largest: "OneHot(6)", smaller: (n) => `OneHot(${n})`, sizes: [1, 2, 5, 6], places: first }],
  Arborescence: [0, 2].map((root) => ({
    largest: `Arborescence(complete_directed(5), ${root})`,
    smaller: (n: number) => `Arborescence(complete_directed(${n}), ${root})`,
    sizes: [Math.max(2, root + 1), 4, 5],
    places: arcsAmong(5),
  })),
  ProjectiveArborescence: [0, 2].map((root) => ({
    largest: `ProjectiveArborescence(5, ${root})`,
    smaller: (n: number) => `ProjectiveArborescence(${n}, ${root})`,
    sizes: [root + 1, 4, 5],
    places: (size: number) => first(size).flatMap((head) => first(size).map((modifier) => 5 * head + modifier)),
  })),
  Matching: [{ largest: "Matching(4)", smaller: (n) => `Matching(${n})`, sizes: [1, 2, 3, 4], places: corner(4) }],
  SpanningTree: [
    {
      largest: "SpanningTree(complete(5))",
      smaller: (n) => `SpanningTree(complete(${n}))`,
      sizes: [2, 3, 5],
      places: edgesAmong(pairs(5)),
    },
    {
      largest: `SpanningTree(${graph(KITE, 5)})`,
      smaller: (n) => `SpanningTree(${graph(KITE, n)})`,
      sizes: [2, 3, 4, 5],
      places: edgesAmong(KITE),
    },
  ],
  Subset: [{ largest: "Subset(5)", smaller: (n) => `Subset(${n})`, sizes: [1, 3, 5], places: first }],
};
