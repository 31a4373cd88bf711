/** What certificates are made of: members by argmax, hulls, differences, against definitions. */
import { describe, expect, test } from "vitest";
import { derivative } from "../../certify/differences.ts";
import { equalities, outside } from "../../certify/hull.ts";
import { bestMember, ExactFamily as Listed, listMembers } from "../../certify/members.ts";
import { smaller } from "../../certify/shrink.ts";
import { structureText } from "../../certify/static-text.ts";
import { Draws } from "../../certify/vectors.ts";
import { compileLayer } from "../../compiler/layer.ts";
import { staticFunctions } from "../../compiler/static-functions.ts";
import { staticNumber } from "../../compiler/static-value.ts";
import { HostLayer } from "../../runtime/host-layer.ts";
import { library } from "../../stdlib/library.ts";
import { expectClose } from "../golden.ts";
import {
  completeEdges,
  ExactFamily,
  kSubsets,
  spanningTrees,
  subsets,
  type Vector,
} from "../structures/enumeration.ts";

function listed(structure: string, most = 400) {
  const compiled = compileLayer({ structure }, library);
  const layer = new HostLayer(compiled);
  return listMembers(compiled.size, (u) => layer.argmax(u), most);
}
const sorted = (members: readonly ArrayLike<number>[]) => members.map((x) => Array.from(x).join("")).sort();

describe("members are listed by the argmax alone", () => {
  test.each([
    ["OneHot(1)", kSubsets(1, 1)],
    ["OneHot(5)", kSubsets(5, 1)],
    ["Subset(6)", subsets(6)],
    ["KSubset(7, 3)", kSubsets(7, 3)],
    ["SpanningTree(complete(5))", spanningTrees(5, completeEdges(5))],
  ] as const)("%s", (structure, members) => {
    expect(sorted(listed(structure)!)).toEqual(sorted(members));
  });
  test("up to a number of them", () => {
    expect(listed("KSubset(7, 3)", 35)).toHaveLength(35);
    expect(listed("KSubset(7, 3)", 34)).toBeUndefined();
  });
  test("the best of them, and its lead", () => {
    const found = bestMember(listed("KSubset(4, 2)")!, [0.5, 3, 1, -1]);
    expect([...found.member]).toEqual([0, 1, 1, 0]);
    expect(found.gap).toBeCloseTo(0.5, 12);
  });
  test("sums over them are those of the tests' own enumeration", () => {
    const u = [0.3, -2, 1.5, 0.2, 0.9, -0.4];
    const own = new Listed(listed("SpanningTree(complete(4))")!, u, 0.7);
    const exact = new ExactFamily(spanningTrees(4, completeEdges(4)), u, 0.7);
    expectClose(
      [...own.marginals, own.logPartition],
      [...exact.marginals, exact.logPartition],
      { abs: 1e-12, rel: 0 },
      "",
    );
    expectClose(own.vjp([1, 2, -1, 0, 3, 1]), exact.vjp([1, 2, -1, 0, 3, 1]), { abs: 1e-12, rel: 0 }, "");
  });
});

describe("hulls", () => {
  const bytes = (members: readonly Vector[]) => members.map((x) => Uint8Array.from(x));
  test("the distance of a point is that of the nearest point", () => {
    const cube = bytes(subsets(3));
    expect(outside(cube, [0.2, 0.9, 0.5]).by).toBeLessThan(1e-10);
    expect(outside(cube, [1.5, 0.5, 0.5]).by).toBeCloseTo(0.5, 10);
    expect(outside(cube, [2, -1, 0.5]).by).toBeCloseTo(Math.SQRT2, 10);
    // The simplex: nearest to the origin is its centre.
    expect(outside(bytes(kSubsets(4, 1)), [0, 0, 0, 0]).by).toBeCloseTo(0.5, 10);
  });
  test("points within are within, points beyond a facet are as far out as they were moved", () => {
    const trees = bytes(spanningTrees(5, completeEdges(5)));
    const draws = new Draws(1, 0);
    for (let round = 0; round < 20; round++) {
      const weights = draws.uniforms(trees.length).map((v) => v ** 20);
      const total = weights.reduce((a, b) => a + b);
      const mean = Float64Array.from({ length: 10 }, (_, i) =>
        trees.reduce((sum, tree, m) => sum + (weights[m]! / total) * tree[i]!, 0),
      );
      expect(outside(trees, mean).by).toBeLessThan(1e-9);
    }
    // Edges 01, 02, 12 form a cycle: their weights are 2 at most together, and here they are 2.3.
    const beyond = Float64Array.from([1, 1, 0.5, 0.5, 0.3, 0.4, 0.3, 0, 0, 0]);
    beyond[4] = 0.3;
    const { by, along } = outside(trees, beyond);
    expect(by).toBeGreaterThan(0.1);
    const reach = Math.max(...trees.map((tree) => tree.reduce((sum, x, i) => sum + x * along[i]!, 0)));
    expect(beyond.reduce((sum, x, i) => sum + x * along[i]!, 0)).toBeGreaterThan(reach);
  });
  test("equalities are those that all members fulfil, and no others", () => {
    expect(equalities(bytes(subsets(4)))).toHaveLength(0);
    const [sum, ...others] = equalities(bytes(kSubsets(5, 2)));
    expect(others).toHaveLength(0);
    expectClose(
      sum!.coefficients.map((c) => c / sum!.coefficients[0]!),
      [1, 1, 1, 1, 1],
      { abs: 1e-12, rel: 0 },
      "",
    );
    expect(equalities(bytes([[1, 0, 1]]))).toHaveLength(3);
  });
});

describe("extrapolated differences", () => {
  test("of smooth functions are right to nearly all digits, and say so", () => {
    for (const [f, exact] of [
      [Math.sin, 1],
      [(x: number) => Math.exp(2 * x) / 3, 2 / 3],
      [(x: number) => 1 / (1 + Math.exp(-x)), 0.25],
    ] as const) {
      const { value, error } = derivative(f, 1);
      expect(Math.abs(value - exact)).toBeLessThan(1e-11);
      expect(error).toBeLessThan(1e-9);
    }
  });
  test("find smaller steps beside a kink, and give up on it", () => {
    const beside = derivative((x) => Math.max(x, -0.003), 1);
    expect(beside.value).toBeCloseTo(1, 9);
    expect(derivative((x) => Math.max(x, -3e-6), 1).error).toBeGreaterThan(1e-6);
  });
});

describe("sizes are made smaller together", () => {
  const complete = (n: number) => staticFunctions.get("complete")!.call([staticNumber(n)], { start: 0, end: 0 });
  const texts = (given: Parameters<typeof smaller>[0]) => [...smaller(given)].map((each) => structureText("S", each));
  test("numbers keep their proportions, then get smaller one by one", () => {
    const found = texts(
      new Map([
        ["n", staticNumber(350)],
        ["k", staticNumber(10)],
      ]),
    );
    expect(found.slice(0, 3)).toEqual(["S(350, 10)", "S(8, 2)", "S(8, 1)"]);
    expect(found).toContain("S(7, 2)");
  });
  test("what is small already stays as it is at first", () => {
    expect(texts(new Map([["n", staticNumber(4)]])).slice(0, 3)).toEqual(["S(4)", "S(3)", "S(2)"]);
  });
  test("graphs are contracted: what was a ring stays one", () => {
    expect(texts(new Map([["G", complete(10)]])).slice(0, 2)).toEqual(["S(complete(10))", "S(complete(8))"]);
    const ring = staticFunctions.get("cycle")!.call([staticNumber(30)], { start: 0, end: 0 });
    const found = texts(new Map([["G", ring]])).find((text) => text.startsWith("S(graph(4"));
    expect(found).toBe("S(graph(4, [[0, 1], [1, 2], [2, 3], [3, 0]]))");
  });
});
