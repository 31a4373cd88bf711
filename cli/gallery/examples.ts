/** Sizes at which structures of the library look well, and how to draw what their embeddings do not tell. */
import type { CompiledLayer } from "../../compiler/artifact.ts";
import { type View, viewOf } from "./panels.ts";

interface GalleryExample {
  readonly structure: string;
  readonly view?: (layer: CompiledLayer) => View;
}

const WORDS = ["∗", "we", "saw", "a", "red", "fox"];

const withRoot = (layer: CompiledLayer): View => {
  const view = viewOf(layer);
  return view.kind === "graph" ? { ...view, root: 0 } : view;
};

/** By the name of the structure; one that is not here is drawn at a small size by the shape of its embedding. */
export const EXAMPLES: { readonly [structure: string]: GalleryExample } = {
  OneHot: { structure: "OneHot(8)" },
  Subset: { structure: "Subset(10)" },
  KSubset: { structure: "KSubset(12, 4)" },
  CorrelatedKSubset: { structure: "CorrelatedKSubset(12, 5)" },
  IndependentEdges: { structure: "IndependentEdges(complete(7))" },
  TopKEdges: { structure: "TopKEdges(complete(7))" },
  SpanningTree: { structure: "SpanningTree(complete(7))" },
  Arborescence: { structure: "Arborescence(complete_directed(6), root = 0)", view: withRoot },
  ProjectiveArborescence: {
    structure: `ProjectiveArborescence(${WORDS.length}, root = 0)`,
    view: () => ({ kind: "arcs", words: WORDS }),
  },
  Matching: { structure: "Matching(7)" },
  Chain: { structure: "Chain(7, 4)" },
  Alignment: { structure: "Alignment(7, 9)" },
};
