/**
 * Input that has no answer is refused with what is wrong, where, and what to do; input with many gets one of them. For
 * every structure of the library.
 */
import { describe, expect, test } from "vitest";
import { DiagnosticError } from "../../compiler/failure.ts";
import { compileLayer } from "../../compiler/layer.ts";
import { library } from "../../stdlib/library.ts";
import { withModel } from "../runtime/compiled.ts";
import { failure } from "../runtime/failure.ts";
import { layerOf } from "./conform.ts";
import { relaxationsOf } from "./declared.ts";
import { EXAMPLES } from "./examples.ts";

describe.each(Object.values(EXAMPLES).map((list) => list.at(-1)!))("$structure", (example) => {
  const subject = { ...example, library };
  const size = example.members[0]!.length;
  const fine = Array.from({ length: size }, (_, i) => i % 3);
  const [relaxation] = relaxationsOf(example.structure);
  const runs = (t: number) => {
    const soft = layerOf(subject, relaxation, t);
    return [
      (rows: number[][]) => layerOf(subject).argmax(rows),
      (rows: number[][]) => soft.soft(rows),
      (rows: number[][]) => soft.vjp(rows, rows),
    ];
  };

  test("utilities that are no finite numbers are told by example and position", async () => {
    for (const [wrong, words] of [
      [Number.NaN, "NaN"],
      [Number.POSITIVE_INFINITY, "an infinite value"],
      [Number.NEGATIVE_INFINITY, "a negative infinite value"],
    ] as const) {
      const bad = fine.map((value, i) => (i === size - 1 ? wrong : value));
      for (const run of runs(1)) {
        const { message } = await failure(() => run([fine, bad]));
        expect(message).toContain(`hold ${words} at example 1, position ${size - 1}`);
      }
    }
  });

  test("utilities of another length are told with both lengths", async () => {
    for (const run of runs(1)) {
      const { message } = await failure(() => run([[...fine, 0]]));
      expect(message).toContain(`has ${size + 1} numbers, but an example of`);
      expect(message).toMatch(new RegExp(`has ${size}$`));
    }
  });

  test("among equals a member is found", () => {
    const members = new Set(example.members.map(String));
    for (const value of [0, -0, 1, -1, 1e-300, 3e38, -7.5]) {
      const x = layerOf(subject).argmax(fine.map(() => value));
      expect(members.has(String(x)), `argmax of ${value} everywhere is ${x}`).toBe(true);
    }
  });

  test("a temperature that is too small is told with the largest utility", async () => {
    const [, ...soft] = runs(1e-320);
    for (const run of soft) {
      const { message, why } = await failure(() => run([[...fine.slice(1), 2.5]]));
      expect(message).toMatch(
        /^the utilities of .* divided by the temperature 1e-320 hold an infinite value at example 0/,
      );
      expect(why).toContain("the largest utility is 2.5");
    }
  });
});

test.each([
  ["OneHot(0)", "a choice needs at least one thing to choose"],
  ["Subset(0)", "a subset needs at least one thing to choose from"],
  ["KSubset(3, 4)", "k must lie between 1 and n"],
  ["KSubset(3, 0)", "k must lie between 1 and n"],
  ["CorrelatedKSubset(3, 4)", "k must lie between 1 and n"],
  ["Chain(0, 2)", "a chain needs a position and a tag"],
  ["Alignment(0, 2)", "there must be something to align on both sides"],
  ["Matching(0)", "a matching needs at least one row"],
  ["SpanningTree(complete(1))", "has nothing to choose from: its embedding is empty"],
  ["SpanningTree(graph(3, [[0, 1]]))", "a spanning tree needs a connected graph"],
  ["Arborescence(complete_directed(3), root = 3)", "the root of an arborescence must be a vertex of the graph"],
  ["Arborescence(digraph(3, [[0, 1], [2, 1]]))", "there is no arborescence: not every vertex can be reached"],
  ["Arborescence(digraph(3, [[0, 1], [1, 2]]), root = 2)", "there is no arborescence"],
  ["Arborescence(complete_directed(3), root = 2, size = 2)", "size is at most the number of vertices, and more than"],
  ["ProjectiveArborescence(3, root = 3)", "root"],
  ["OneHot(3, size = 0)", "size of OneHot must lie between 1 and 3, but it is 0"],
])("%s is refused when it is compiled", (structure, message) => {
  const compile = () => compileLayer({ structure }, library);
  expect(compile).toThrow(DiagnosticError);
  expect(compile).toThrow(message);
});

test("a temperature that makes masks of utilities was not named", async () => {
  const subject = { ...EXAMPLES.SpanningTree![0]!, structure: "SpanningTree(complete(4))", library };
  const tree = layerOf(subject, "ExpFamily", 1e-40);
  const { message, why, help } = await failure(() => tree.soft([1, 2, 3, 4, 5, 6]));
  expect(message).toContain("not connected by edges that are not masked");
  expect(why).toBe("divided by the temperature t = 1e-40, utilities that lie 1.0e-20 apart are taken for masked ones");
  expect(help).toContain("raise the temperature");
});

test("sizes of examples that leave the root out, or too little, are told of the example", async () => {
  const of = (structure: string) => layerOf({ ...EXAMPLES.OneHot![0]!, structure, library });
  const arcs = new Array<number>(6).fill(0);
  const rooted = of("Arborescence(complete_directed(3), root = 2, size = length)");
  expect((await failure(() => rooted.argmax([arcs, arcs], { size: [3, 2] }))).message).toMatch(
    /^the size of Arborescence\(.*\) is 2 in example 1: size is at most the number of vertices, and more than the root$/,
  );
  const path = of("SpanningTree(graph(3, [[0, 2], [1, 2]]), size = length)");
  expect((await failure(() => path.argmax([0, 0], { size: 2 }))).message).toMatch(
    /in example 0: the vertices .* connected/,
  );
});

const MODEL = `
model Cold(n = 3) {
  hyper t = 0.5
  data x: f32[n]
  latent z: OneHot(n) ~ Fixed(x) relax ExpFamily at t
  latent y: OneHot(n) ~ Fixed(x) relax ExpFamily at 1e-38
  minimize sum(z) + sum(y)
}`;

test("a model names the latent, the temperature and the largest utility where they do not go together", () =>
  withModel(MODEL, async (model) => {
    const x = Float32Array.of(0.5, 0.001, 0, 0.002, 0, 0);
    const cold = await failure(() => model.sample({ x: x.map((value) => value * 100) }, { soft: true }));
    expect(cold.message).toBe("the latent `y` received an infinite value at example 0, position 0");
    expect(cold.why).toContain("divided by the temperature t = 1e-38, utilities beyond 3.4 leave the range of float32");
    expect(cold.why).toContain("the largest that does not is 0.20");
    model.setHyper("t", 1e-40);
    const colder = await failure(() => model.sample({ x }, { soft: true }));
    expect(colder.message).toContain("the latent `z` received an infinite value at example 0");
    expect(colder.why).toContain("the temperature t = 1e-40");
    model.setHyper("t", 0.5);
    // Of a network that has produced too much the temperature is not to blame.
    const large = await failure(() => model.sample({ x: Float32Array.of(3e38, 0, 0) }, { soft: true }));
    expect([large.message, large.why]).toEqual([
      "the latent `z` received an infinite value at example 0, position 0",
      expect.stringContaining("the network before it has produced a value outside the range of float32"),
    ]);
  }));
