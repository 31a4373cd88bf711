/**
 * Euclidean relaxations by an active set beside what all relaxations are tested for: tied utilities, whose solution
 * lies in the hull of fewer members than its face has; sizes at which members cannot be listed; closed forms; models.
 */
import { describe, expect, test } from "vitest";
import { compile } from "../../compiler/compile.ts";
import { library } from "../../stdlib/library.ts";
import { interpreted } from "../distributions/models.ts";
import { expectClose } from "../golden.ts";
import { random } from "../tensor/harness.ts";
import { layerOf } from "./conform.ts";
import { dot, type Vector } from "./enumeration.ts";

const subject = (structure: string, text?: string) => ({
  structure,
  library,
  members: [],
  inHull: () => true,
  ...(text === undefined ? {} : { source: { name: "own.sst", text } }),
});
/** k-subsets and one-hot vectors that say nothing of relaxations. */
const PLAIN = `
structure Plain(n, k) { embedding x: binary[n]  argmax top_k }
structure Any(n) { embedding x: binary[n]  argmax positive }`;

describe.each([
  ["Plain(7, 3)", "KSubset(7, 3)", 7],
  ["Plain(9, 1)", "OneHot(9)", 9],
  ["Any(6)", "Subset(6)", 6],
])("%s by an active set is %s in closed form", (plain, closed, size) => {
  const next = random(size);
  const [a, b] = [layerOf(subject(plain, PLAIN), "Euclidean", 1), layerOf(subject(closed), "Euclidean", 1)];
  const cotangent = Array.from({ length: size }, () => 2 * next() - 1);
  test.each([1, 3, 100, 5000])("utilities within %f", (range) => {
    for (let round = 0; round < 20; round++) {
      const u = Array.from({ length: size }, () => range * (next() - 0.5));
      expectClose(a.soft(u), b.soft(u), { abs: 1e-9, rel: 0 }, `soft at ${u}`);
      expectClose(a.vjp(u, cotangent), b.vjp(u, cotangent), { abs: 1e-9, rel: 0 }, `vjp at ${u}`);
    }
  });
  test("all utilities tied: the solution may move in all directions of its face", () => {
    const u = new Array<number>(size).fill(0.5);
    expectClose(a.soft(u), b.soft(u), { abs: 1e-12, rel: 0 }, "soft");
    expectClose(a.vjp(u, cotangent), b.vjp(u, cotangent), { abs: 1e-9, rel: 0 }, "vjp");
  });
});

describe.each(["SpanningTree(complete(12))", "Matching(12)", "Arborescence(complete_directed(9), root = 2)"])(
  "%s, whose members are too many to be listed",
  (structure) => {
    const [layer, hard] = [layerOf(subject(structure), "Euclidean", 1), layerOf(subject(structure))];
    test.each([0, 1, 30, 5000])("no member lies along the slope, utilities within %f", (range) => {
      const next = random(range + 1);
      const u = Array.from({ length: layer.size }, () => range * (next() - 0.5));
      const x = layer.soft(u);
      const slope = u.map((value, i) => value - x[i]!);
      const gain = dot(slope, difference(hard.argmax(slope), x));
      expect(gain).toBeLessThan(1e-11 * (1 + range));
    });
    test("the Jacobian is a projection", () => {
      const next = random(7);
      const draw = () => Array.from({ length: layer.size }, () => 2 * next() - 1);
      const [u, c, d] = [draw(), draw(), draw()];
      const once = layer.vjp(u, c);
      expect(Math.abs(dot(once, once))).toBeGreaterThan(0.1);
      expectClose(layer.vjp(u, once), once, { abs: 1e-9, rel: 0 }, "twice");
      expectClose([dot(once, d)], [dot(c, layer.vjp(u, d))], { abs: 1e-9, rel: 0 }, "symmetry");
    });
  },
);

function difference(a: Vector, b: Vector): Vector {
  return a.map((value, i) => value - b[i]!);
}

test("members that the solution could do without count where it may move towards them", () => {
  // The projection comes as near as rounding with fewer members than the face of the solution has dimensions.
  const layer = layerOf(subject("SpanningTree(complete(25))"), "Euclidean", 5);
  const next = random(25);
  const draw = (width: number) => Array.from({ length: layer.size }, () => width * (next() - 0.5));
  const [u, along] = [draw(5), draw(2)];
  const at = (step: number) => layer.soft(u.map((value, i) => value + step * along[i]!));
  const difference = at(1e-6).map((value, i) => (value - at(-1e-6)[i]!) / 2e-6);
  expectClose(layer.vjp(u, along), difference, { abs: 1e-6, rel: 0 }, "custom");
  const dual = layerOf(subject("SpanningTree(complete(25))"), "Euclidean", 5, "dual");
  expectClose(dual.vjp(u, along), layer.vjp(u, along), { abs: 1e-9, rel: 0 }, "dual");
});

test("a model's backward reads what its forward has found, and the choice says where it comes from", () => {
  const text = `
model M(n = 5) {
  param theta: f32[edges(complete(n))] ~ zeros
  data weight: f32[edges(complete(n))]
  latent z: SpanningTree(complete(n)) ~ Fixed(theta) relax Euclidean at 0.5
  minimize sum(weight * z)
}`;
  const next = random(5);
  const draw = () => Array.from({ length: 10 }, () => next() - 0.5);
  const [theta, weight] = [draw(), draw()];
  const environment = { batch: 1, parameters: { theta }, inputs: { weight }, noise: {} };
  const layer = layerOf(subject("SpanningTree(complete(5))"), "Euclidean", 0.5);
  const outputs = interpreted(text, "train", environment);
  expectClose(outputs.loss!, [dot(weight, layer.soft(theta))], { abs: 1e-6, rel: 0 }, "loss");
  expectClose(outputs["gradient:theta"]!, layer.vjp(theta, weight), { abs: 1e-6, rel: 0 }, "gradient");
  const { artifact } = compile({ name: "m.sst", text }, { library });
  const runs = [...artifact!.program.matchAll(/runKernel\("z", kernels\["active_set_(vjp)?/g)].map(([, vjp]) => vjp);
  // In training once forwards and once backwards, and once for soft samples.
  expect(runs).toEqual([undefined, "vjp", undefined]);
  expect(layer.decisions.map(({ chosen, reason }) => `${chosen}: ${reason}`)).toContain(
    "active_set: declared by Euclidean for any structure that does not say otherwise",
  );
});
