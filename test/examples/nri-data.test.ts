/**
 * The data of the NRI example against layouts computed elsewhere: trees, steps, and what a tree of the last positions
 * recovers.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { completeEdges, graph_layout, layoutStep, maximumTree } from "../../examples/nri/data.js";
import { expectClose, golden, shared } from "../golden.ts";

type Edges = readonly (readonly [number, number])[];
type Positions = readonly number[][];

/** `steps` frames after the start, each vertices × 2. */
function layout(edges: Edges, start: Positions, steps: number): number[][] {
  const n = start.length;
  const adjacency = new Uint8Array(n * n);
  for (const [i, j] of edges) adjacency[i * n + j] = adjacency[j * n + i] = 1;
  const positions = Float64Array.from(start.flat());
  return Array.from({ length: steps }, () => {
    layoutStep(positions, adjacency);
    return Array.from(positions);
  });
}

const cases = golden("nri_layout");
describe.skipIf(cases === undefined)("layout steps (need the shared folder)", () => {
  const items = (cases ?? []).map((item) => [item.name, item] as const);
  test("there are cases", () => expect(items.length).toBeGreaterThan(0));
  test.each(items)("%s", (_, { inputs, outputs, tolerance }) => {
    const { n, T, edges, pos0 } = inputs as unknown as { n: number; T: number; edges: Edges; pos0: Positions };
    const { locs, ...unknown } = outputs as unknown as { locs: Positions[] };
    expect(Object.keys(unknown)).toEqual([]);
    expect(pos0).toHaveLength(n);
    expectClose(layout(edges, pos0, T).flat(), locs.flat(2), tolerance, "positions");
  });
});

interface Fixture {
  readonly gumbels: readonly number[];
  readonly edges: Edges;
  readonly init: Positions;
  readonly traj: readonly Positions[];
}

const path = join(shared, "data", "graph_layout", "fixtures.json");
describe.skipIf(!existsSync(path))("published data sets (need the shared folder)", () => {
  test("trees and their layouts", () => {
    const { n, T, samples } = JSON.parse(readFileSync(path, "utf8")) as { n: number; T: number; samples: Fixture[] };
    expect(samples.length).toBeGreaterThan(0);
    const all = completeEdges(n);
    for (const { gumbels, edges, init, traj } of samples) {
      const tree = maximumTree(gumbels, n);
      const key = ([i, j]: readonly [number, number]) => `${i}-${j}`;
      expect(all.filter((_, e) => tree[e] === 1).map(key)).toEqual(edges.map(key).sort());
      // Steps are unstable where two vertices nearly meet: rounding grows over 20 steps.
      expectClose(layout(edges, init, T).flat(), traj.flat(2), { abs: 1e-9, rel: 1e-9 }, "positions");
    }
  });
});

describe("generated data", () => {
  // Published facts. The share of a tree's nine edges has a standard deviation of 0.16 between examples (0.13 at T =
  // 20), so that of 2,000 examples has a standard error of 0.0036; four of them are allowed, and half a unit of the
  // published last digit.
  test.each([
    [10, 0.816],
    [20, 0.881],
  ])("at T = %i, the tree of the last positions recovers %f of the edges", async (T, published) => {
    const { baselines, test: split } = await graph_layout(T, { train: 1, valid: 1, test: 2000, seed: 7 });
    const [baseline] = baselines;
    const { "test.edges.precision": precision, "test.edges.recall": recall } = baseline!.metrics;
    expect(Math.abs(precision - published)).toBeLessThan(4 * 0.0036 + 0.0005);
    expect(recall).toBe(precision);
    expect(split.columns.x.shape).toEqual([2000, T, 10, 2]);
    for (const value of split.columns.x.data) if (!(Math.abs(value) <= 1)) throw new Error(`a coordinate is ${value}`);
  });

  const sizes = { train: 5, valid: 3, test: 4 };
  test("a seed gives the same data, and the size of one split changes no other", async () => {
    const one = await graph_layout(4, { ...sizes, seed: 1 });
    expect(await graph_layout(4, { ...sizes, seed: 1 })).toEqual(one);
    const other = await graph_layout(4, { train: 9, valid: 3, test: 4, seed: 1 });
    expect([other.valid, other.test]).toEqual([one.valid, one.test]);
    const values = ({ train, valid, test }: typeof one) =>
      [train, valid, test].map(({ columns }) => columns.x.data.slice(0, 24));
    const different = [...values(one), ...values(await graph_layout(4, { ...sizes, seed: 2 }))];
    expect(new Set(different.map(String)).size).toBe(different.length);
  });

  test("truths are spanning trees: V − 1 edges that join all vertices", async () => {
    const vertices = 6;
    const { train } = await graph_layout(2, { train: 50, valid: 1, test: 1, vertices });
    const pairs = completeEdges(vertices);
    for (let example = 0; example < 50; example++) {
      const truth = train.columns.truth.data.subarray(example * pairs.length, (example + 1) * pairs.length);
      expect(truth.reduce((total, value) => total + value)).toBe(vertices - 1);
      const reached = new Set([0]);
      for (let round = 0; round < vertices; round++)
        pairs.forEach(([i, j], e) => {
          if (truth[e] === 1 && (reached.has(i) || reached.has(j))) reached.add(i).add(j);
        });
      expect(reached.size).toBe(vertices);
    }
  });

  test.each([
    [1, sizes, "graph_layout: T must be an integer of at least 2, but it is 1"],
    [4, { ...sizes, valid: 0 }, "graph_layout: valid must be an integer of at least 1, but it is 0"],
    [4, { ...sizes, test: 2.5 }, "graph_layout: test must be an integer of at least 1, but it is 2.5"],
    [4, { ...sizes, vertices: 1 }, "graph_layout: vertices must be an integer of at least 2, but it is 1"],
  ])("T = %s with %o is refused", async (T, options, message) => {
    await expect(graph_layout(T, options)).rejects.toThrow(message);
  });
});
