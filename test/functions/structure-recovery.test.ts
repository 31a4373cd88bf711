/** The metric structure_recovery: its readings and the choice between them, against the golden file and by hand. */
import { describe, expect, test } from "vitest";
import { instantiate } from "../../runtime/instantiate.ts";
import { MetricMeans, type Metrics, resolveMetrics } from "../../runtime/metrics.ts";
import { compiled, interpreted } from "../distributions/models.ts";
import { expectClose, golden } from "../golden.ts";

const model = (size: number) => `
model Recovery(n = ${size}) {
  data sample: f32[n]
  data truth: f32[n]
  minimize sum(sample)
  metric edges = structure_recovery(sample, truth)
}`;

const PARTS = { acc: "accuracy", precision: "precision", recall: "recall" } as const;
type Rows = readonly (readonly number[])[];

/** Means of every reading over a set, and what is reported for it; the set comes in batches of two examples. */
function recovered(samples: Rows, target: Rows) {
  const text = model(samples[0]!.length);
  const means = new MetricMeans();
  for (let first = 0; first < samples.length; first += 2) {
    const batch = Math.min(2, samples.length - first);
    const inputs = { sample: samples.slice(first, first + 2).flat(), truth: target.slice(first, first + 2).flat() };
    const leaves = Object.entries(interpreted(text, "evaluate", { batch, inputs })).map(
      ([name, data]) => [name, { shape: [batch], data: data as unknown as Float32Array }] as const,
    );
    means.add(Object.fromEntries(leaves), batch);
  }
  const all = means.means();
  const reading = (name: string) =>
    Object.fromEntries(Object.values(PARTS).map((part) => [part, all.get(`metric:edges.${name}.${part}`)!]));
  const reported = resolveMetrics(compiled(text).artifact.metrics, all).edges as Metrics;
  return { complement: reading("complement"), graph: reading("graph"), reported };
}

const cases = golden("nri_metrics");
describe.skipIf(cases === undefined)("structure recovery of the golden file (needs the shared folder)", () => {
  const items = (cases ?? []).map((item) => [item.name, item] as const);
  test("there are cases", () => expect(items.length).toBeGreaterThan(0));
  test.each(items)("%s", (_, { inputs, outputs, tolerance }) => {
    const { samples, target } = inputs as unknown as { samples: Rows; target: Rows };
    const { selected, ...readings } = outputs as unknown as { selected: "complement" | "graph" } & {
      [reading: string]: { [part: string]: number };
    };
    expect(Object.keys(readings).sort()).toEqual(["complement", "graph"]);
    const found = recovered(samples, target);
    for (const reading of ["complement", "graph"] as const) {
      const published = readings[reading]!;
      expect(Object.keys(published).sort()).toEqual(Object.keys(PARTS).sort());
      for (const [part, name] of Object.entries(PARTS))
        expectClose([found[reading][name]!], [published[part]!], tolerance, `${reading} ${name}`);
    }
    expect(found.reported).toEqual(found[selected]);
  });
});

// The published code divides 0 by 0 there, and its mean over the set is not a number.
test("a sample without edges has precision 0, and is one of the set", () => {
  const samples = [
    [0, 0, 0, 0],
    [1, 1, 0, 0],
  ];
  const target = [
    [1, 1, 1, 0],
    [1, 1, 0, 0],
  ];
  const { graph, complement, reported } = recovered(samples, target);
  expect(graph).toEqual({ accuracy: (0.25 + 1) / 2, precision: 0.5, recall: 0.5 });
  expect(complement).toEqual({ accuracy: 0.75 / 2, precision: 0.75 / 2, recall: 0.5 });
  expect(reported).toEqual(graph);
});

test("the reading is chosen once for the whole set, not for each batch or example", () => {
  const samples = [
    [1, 0, 0, 0],
    [1, 0, 0, 0],
    [0, 1, 1, 1],
  ];
  const target = [
    [1, 0, 0, 0],
    [1, 0, 0, 0],
    [1, 0, 0, 0],
  ];
  // The third example alone would be read as its complement.
  expect(recovered(samples, target).reported).toEqual({ accuracy: 2 / 3, precision: 2 / 3, recall: 2 / 3 });
  expect(recovered(samples.slice(2), target.slice(2)).reported).toEqual({ accuracy: 1, precision: 1, recall: 1 });
});

test.each(["wasm", "cpu"])("%s reports the same in float32", async (device) => {
  const samples = [
    [0, 0, 0],
    [1, 1, 0],
    [0, 1, 1],
  ];
  const target = [
    [1, 0, 0],
    [1, 0, 1],
    [0, 1, 1],
  ];
  const running = await instantiate(compiled(model(3)).artifact, { device });
  const floats = { sample: Float32Array.from(samples.flat()), truth: Float32Array.from(target.flat()) };
  const { metrics } = await running.evaluate(floats);
  running.dispose();
  const { reported } = recovered(samples, target);
  for (const [part, value] of Object.entries(metrics.edges as Metrics))
    expect(value).toBeCloseTo(reported[part] as number, 6);
});
