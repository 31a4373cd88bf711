/** Every structure of the library at small sizes, the smallest included, with its members listed by definition. */
import type { Example } from "./conform.ts";
import { inBirkhoffPolytope, inBox, inHypersimplex, kSubsets, permutations, subsets } from "./enumeration.ts";
import { PATH_EXAMPLES } from "./path-examples.ts";
import { TREE_EXAMPLES } from "./tree-examples.ts";

const kSubset = (structure: string, n: number, k: number): Example => ({
  structure,
  members: kSubsets(n, k),
  inHull: inHypersimplex(k),
});

/** Small sizes, the smallest included. */
export const EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
  OneHot: [1, 2, 5].map((n) => kSubset(`OneHot(${n})`, n, 1)),
  Subset: [1, 4].map((n) => ({ structure: `Subset(${n})`, members: subsets(n), inHull: inBox })),
  IndependentEdges: [
    { structure: "IndependentEdges(complete(3))", members: subsets(3), inHull: inBox },
    { structure: "IndependentEdges(complete_directed(2))", members: subsets(2), inHull: inBox },
  ],
  KSubset: [
    [1, 1],
    [4, 1],
    [6, 3],
    [5, 4],
    [3, 3],
  ].map(([n, k]) => kSubset(`KSubset(${n}, ${k})`, n!, k!)),
  ...PATH_EXAMPLES,
  TopKEdges: [kSubset("TopKEdges(complete(4))", 6, 3)],
  Matching: [1, 2, 3, 4].map((n) => ({
    structure: `Matching(${n})`,
    members: permutations(n),
    inHull: inBirkhoffPolytope(n),
  })),
  ...TREE_EXAMPLES,
};
