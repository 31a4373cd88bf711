/** What `npm run bench` measures with; how long anything takes is no matter of tests. */
import { expect, test } from "vitest";
import { median, timeInTurns } from "./bench/measure.ts";
import { nameOf, prepare } from "./bench/prepare.ts";
import { backwardRows, workloads } from "./bench/structures.ts";

test("works take turns, warm-up included, as often as each other", async () => {
  const order: string[] = [];
  const works = [
    () => void order.push("a"),
    async () => {
      await Promise.resolve();
      order.push("b");
    },
  ];
  const timings = await timeInTurns(works, 0, 5);
  expect(order.join("")).toBe("ab".repeat(2 + 5));
  expect(timings.map((timing) => timing.repetitions)).toEqual([5, 5]);
  for (const { least, median: middle } of timings) expect(least).toBeLessThanOrEqual(middle);
});

test("every workload runs: SoftSub got no temperature, and members were added to those of the round before", () => {
  for (const workload of workloads) {
    const { forward, backward, x, vjp } = prepare({ ...workload, batch: 2 }, "javascript");
    for (const _ of [1, 2]) {
      forward();
      backward();
    }
    expect(Math.max(...x), nameOf(workload)).toBeGreaterThan(0);
    expect(vjp.length > 0 && vjp.every((value) => Number.isFinite(value)), nameOf(workload)).toBe(true);
  }
});

test("medians", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
});

test("what is timed computes: a backward is judged by its own forward", async () => {
  const { forward, backward, x, vjp } = prepare(
    { structure: "KSubset(6, 2)", relaxation: "ExpFamily", batch: 3 },
    "wasm",
  );
  forward();
  backward();
  const sums = (values: Float32Array) =>
    [0, 1, 2].map((row) => values.subarray(6 * row, 6 * row + 6).reduce((sum, value) => sum + value, 0));
  for (const sum of sums(x)) expect(sum).toBeCloseTo(2, 5);
  // J 1 = 0 where Σ x is fixed, and J is symmetric.
  for (const sum of sums(vjp)) expect(sum).toBeCloseTo(0, 5);
  expect(Math.max(...vjp.map(Math.abs))).toBeGreaterThan(0.01);
  const small = { relaxation: "ExpFamily", batch: 3 };
  const rows = await backwardRows(0, [
    { structure: "KSubset(6, 2)", ...small },
    { structure: "SpanningTree(complete(4))", ...small },
  ]);
  const judged = rows.filter((row) => row.ratio !== undefined);
  expect(judged.length).toBe(2);
  for (const [i, row] of rows.entries()) {
    if (row.ratio !== undefined) expect(row.ratio.value).toBe(row.timing.least / rows[i - 1]!.timing.least);
  }
});
