/**
 * The best arborescence for negative exponential utilities has the distribution of a process of choices (paper,
 * Appendix B, Algorithm 2): draws of a model through the whole of sstc against draws of it. Seeds are fixed.
 */
import { describe, expect, test } from "vitest";
import { withModel } from "../runtime/compiled.ts";
import { random } from "../tensor/harness.ts";
import { arborescences, completeArcs, type Edges } from "./enumeration.ts";
import { drawArborescence } from "./exponential-race.ts";
import { twoSamples } from "./statistics.ts";

/** Two loops that the root leads into at several places. */
const LOOPS: Edges = [
  [2, 1],
  [1, 0],
  [0, 1],
  [1, 3],
  [3, 0],
  [2, 3],
  [0, 3],
];
const CASES: readonly (readonly [graph: string, n: number, root: number, arcs: Edges])[] = [
  ["complete_directed(3)", 3, 0, completeArcs(3)],
  ["complete_directed(4)", 4, 1, completeArcs(4)],
  [`digraph(4, [${LOOPS.map((arc) => `[${arc}]`).join(", ")}])`, 4, 2, LOOPS],
];
const DRAWS = 20_000;

function counts(members: ReadonlyMap<string, number>, draws: Iterable<readonly number[]>): number[] {
  const found = new Array<number>(members.size).fill(0);
  for (const x of draws) found[members.get(String(x))!]! += 1;
  return found;
}

async function bestTrees(graph: string, root: number, rates: readonly number[]): Promise<number[][]> {
  const text = `
model Race() {
  data rate: f32[${rates.length}]
  latent tree: Arborescence(${graph}, root = ${root}) ~ NegExponential(rate)
  metric arcs = sum(tree)
}`;
  return withModel(text, async (model) => {
    const rate = Float32Array.from({ length: DRAWS * rates.length }, (_, i) => rates[i % rates.length]!);
    const { tree } = await model.sample({ rate });
    return Array.from({ length: DRAWS }, (_, i) => [...tree!.data.subarray(i * rates.length, (i + 1) * rates.length)]);
  });
}

function* race(n: number, root: number, arcs: Edges, rates: readonly number[], uniform: () => number) {
  for (let i = 0; i < DRAWS; i++) yield drawArborescence(n, root, arcs, rates, uniform);
}

describe.each(CASES)("%s", (graph, n, root, arcs) => {
  const uniform = random(17);
  const rates = arcs.map(() => Math.exp(3 * (uniform() - 0.5)));
  const members = new Map(arborescences(n, root, arcs).map((x, i) => [String(x), i]));

  test("the two have one distribution", async () => {
    const best = counts(members, await bestTrees(graph, root, rates));
    const { statistic, bound } = twoSamples(best, counts(members, race(n, root, arcs, rates, uniform)));
    expect(statistic).toBeLessThan(bound);
  });

  test("another is told from it", async () => {
    const best = counts(members, await bestTrees(graph, root, rates));
    const others = rates.map((rate, i) => (i % 2 === 0 ? 1.3 * rate : rate));
    const { statistic, bound } = twoSamples(best, counts(members, race(n, root, arcs, others, uniform)));
    expect(statistic).toBeGreaterThan(bound);
  });
});
