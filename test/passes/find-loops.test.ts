/** Which operations are carried out in one loop: those whose values nobody else needs, as long as memory allows. */
import { describe, expect, test } from "vitest";
import { Builder } from "../../compiler/ir/tensor/builder.ts";
import type { Node } from "../../compiler/ir/tensor/tensor.ts";
import { f32 } from "../../compiler/ops/helpers.ts";
import { findLoops } from "../../compiler/passes/find-loops.ts";
import { planMemory } from "../../compiler/passes/plan-memory.ts";
import { programOf } from "../tensor/harness.ts";

/** The operations of each loop, in order. */
function loopsOf(outputs: Readonly<Record<string, Node>>): string[][] {
  return [...findLoops(programOf(outputs)).values()].map(({ members }) => members.map(({ op }) => op)).reverse();
}

describe("joins", () => {
  test("what is read once", () => {
    const build = new Builder();
    const x = build.input("x", f32([4]));
    expect(loopsOf({ y: build.exp(build.add(build.negate(x), 1)) })).toEqual([["negate", "add", "exp"]]);
  });

  test("what several operations of the loop read", () => {
    const build = new Builder();
    const negative = build.negate(build.input("x", f32([4])));
    expect(loopsOf({ y: build.add(build.exp(negative), negative) })).toEqual([["negate", "exp", "add"]]);
  });

  test("truth values, for each loop that reads them", () => {
    const build = new Builder();
    const [x, y] = [build.input("x", f32([4])), build.input("y", f32([4]))];
    const mask = build.less(x, y);
    const [a, b] = [build.select(mask, x, build.constant(0)), build.select(mask, build.constant(0), y)];
    expect(loopsOf({ a, b })).toEqual([
      ["less", "select"],
      ["less", "select"],
    ]);
  });

  test("what is handed on in another shape", () => {
    const build = new Builder();
    const product = build.reshape(build.multiply(build.input("x", f32([2, 3])), 2), [6]);
    expect(loopsOf({ y: build.exp(product) })).toEqual([["multiply", "reshape", "exp"]]);
  });
});

describe("does not join", () => {
  const build = new Builder();
  const x = build.input("x", f32([4]));
  const [negative, w] = [build.negate(x), build.parameter("w", [4, 4])];

  test("what is returned", () => {
    expect(loopsOf({ negative, y: build.exp(negative) })).toEqual([]);
  });

  test("what another operation reads", () => {
    const product = build.node("matmul", [build.reshape(negative, [1, 4]), w]);
    expect(loopsOf({ product, y: build.exp(negative) })).toEqual([]);
  });

  test("what is there once for all examples", () => {
    const row = build.negate(build.parameter("p", [4]));
    expect(loopsOf({ y: build.add(x, build.batchBroadcast(row)) })).toEqual([]);
    expect(loopsOf({ y: build.exp(build.add(x, row)) })).toEqual([["add", "exp"]]);
  });

  test("whole numbers", () => {
    const n = build.input("n", { dtype: "i32", shape: [4], batched: true });
    expect(loopsOf({ y: build.add(build.add(n, n), n) })).toEqual([]);
  });

  test("a sum of so many terms that float32 would lose some of it", () => {
    const many = build.exp(build.negate(build.input("many", f32([600, 4]))));
    expect(loopsOf({ y: build.sum(many, [0]) })).toEqual([["negate", "exp"]]);
    const fewer = build.exp(build.negate(build.input("fewer", f32([60, 4]))));
    expect(loopsOf({ y: build.sum(fewer, [0]) })).toEqual([["negate", "exp", "sum"]]);
  });

  test("a sum over neighbours", () => {
    expect(loopsOf({ y: build.sum(build.exp(negative), [0]) })).toEqual([["negate", "exp"]]);
  });
});

test("what would stay in memory until a distant reader is made at once", () => {
  const build = new Builder();
  const wide = f32([64, 64], false);
  const [a, b] = [build.exp(build.input("a", wide)), build.exp(build.input("b", wide))];
  const early = build.multiply(build.matmul(a, a), build.matmul(b, b));
  let far = build.input("c", wide);
  for (let i = 0; i < 40; i++) far = build.matmul(far, far);
  const program = programOf({ y: build.add(early, far) });
  const loops = findLoops(program);
  expect(loops.size).toBe(0);
  expect(planMemory(program, loops).fixed).toBeLessThanOrEqual(planMemory(program).fixed);
});
