/** Texts of layers, changed at random: each compiles or is refused with diagnostics that can be shown; none crashes. */
import { expect, test } from "vitest";
import { render } from "../../compiler/diagnostic.ts";
import { DiagnosticError } from "../../compiler/failure.ts";
import { compileLayer } from "../../compiler/layer.ts";
import { library } from "../../stdlib/library.ts";
import { mutate, randomFrom } from "./mutate.ts";

const TEXTS = [
  "SpanningTree(complete(4)) relax ExpFamily(clip = 15) at 0.5 straight_through backward dual",
  "KSubset(6, 2) relax Euclidean at 1 backward finite_difference(1e-2)",
  "SpanningTree(graph(4, [[0, 1], [1, 2], [2, 3], [3, 0]]))",
  "IndependentEdges(complete_directed(3)) relax BinaryEntropy at 2 backward custom",
  "TopKEdges(complete(n)) relax CategoricalEntropy at t / 2",
];
const COUNT = 2000;

test(`${COUNT} mutated texts`, () => {
  const random = randomFrom(11);
  let refused = 0;
  for (let i = 0; i < COUNT; i++) {
    const text = mutate(TEXTS[random(TEXTS.length)]!, TEXTS, random);
    try {
      const layer = compileLayer({ structure: text, settings: ["n = 4", "t = 1"] }, library);
      expect(Number.isInteger(layer.size), text).toBe(true);
    } catch (problem) {
      if (!(problem instanceof DiagnosticError))
        throw new Error(`a crash at ${JSON.stringify(text)}`, { cause: problem });
      for (const diagnostic of problem.diagnostics) expect(render(diagnostic), text).toContain("^");
      refused++;
    }
  }
  // Most mutations spoil a text, and some do not.
  expect(refused).toBeGreaterThan(COUNT / 4);
  expect(refused).toBeLessThan(COUNT);
});
