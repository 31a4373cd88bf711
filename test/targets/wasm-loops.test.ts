/**
 * Loops on the device wasm: what they compute, element by element, is within a few units in the last place of what the
 * operations mean, from NaN to infinity; and they read values where these lie, whatever the sizes.
 */
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { Builder } from "../../compiler/ir/tensor/builder.ts";
import { interpret } from "../../compiler/ir/tensor/interpret.ts";
import type { Node, TensorType } from "../../compiler/ir/tensor/tensor.ts";
import { bool, f32, i32 } from "../../compiler/ops/helpers.ts";
import type { PrimitiveOp } from "../../compiler/ops/op.ts";
import { ops } from "../../compiler/ops/registry.generated.ts";
import { findLoops } from "../../compiler/passes/find-loops.ts";
import { printProgram } from "../../compiler/targets/tfjs.ts";
import { printWasmLoops } from "../../compiler/targets/wasm-loops.ts";
import { createRunLoop } from "../../runtime/wasm-loops.ts";
import { difference, environmentFor, programOf, random, runPrinted, useBackend } from "../tensor/harness.ts";

beforeAll(() => useBackend("wasm"));

/** Runs what is one loop as that loop alone: nothing else is there to fall back on. */
function runLoop(result: Node, batch: number, operands: Readonly<Record<string, tf.Tensor>>): tf.Tensor {
  const program = programOf({ result });
  const loops = findLoops(program);
  expect([...loops.keys()]).toEqual([result]);
  const { loops: named } = printProgram([{ program, loops }], []);
  const [name, loop] = [...named][0]!;
  const given = loop.operands.map((node, i) => ["abcdefghij"[i]!, operands[String(node.attributes.name)]!]);
  const never = () => {
    throw new Error("the loop was not run as one");
  };
  const shape = result.type.batched ? [batch, ...result.type.shape] : result.type.shape;
  return createRunLoop(tf, printWasmLoops(named))(name, never, Object.fromEntries(given), shape, batch);
}

const SPECIAL = [0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
const EDGES = [1, 0.5, 2, 10, 88.7, 89, 103, 104, 1e-3, 1e-7, 1e-30, 1e-38, 1e-42, 2 ** -149, 1e30, 3.4e38];

/** Numbers of all sizes, more of those between −10 and 10. */
function numbers(seed: number): Float32Array {
  const next = random(seed);
  const spread = Array.from({ length: 400 }, () => (2 * next() - 1) * 10);
  const wide = Array.from({ length: 400 }, () => (next() < 0.5 ? -1 : 1) * 2 ** (280 * next() - 150));
  const near = Array.from({ length: 200 }, () => 1 + (next() - 0.5) / 50);
  return Float32Array.from([...SPECIAL, ...EDGES, ...EDGES.map((x) => -x), ...spread, ...wide, ...near]);
}

/** How many float32 numbers lie between two; 0 where both are NaN. */
function distance(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b) ? 0 : Number.POSITIVE_INFINITY;
  const [first, second] = [...new Int32Array(Float32Array.of(a, b).buffer)].map((bits) =>
    bits < 0 ? -(bits & 0x7fffffff) : bits,
  ) as [number, number];
  return Math.abs(first - second);
}

const MOST: Readonly<Record<string, number>> = {
  tanh: 4,
  softplus: 3,
  sigmoid: 3,
  exp: 2,
  expm1: 3,
  log: 2,
  log1p: 3,
  elu: 3,
};

describe("each element is what the operation means", () => {
  const computed = [...ops.values()].filter((op): op is PrimitiveOp => "lanes" in op && op.name !== "stop_gradient");
  const taking = (count: number) =>
    computed.filter((op) => op.samples[0]!.types.length === count && op.samples[0]!.types[0]!.dtype === "f32");

  test.each(
    taking(1)
      .filter(({ name }) => name !== "cast")
      .map((op) => [op.name, op] as const),
  )("%s", (_, op) => {
    const values = numbers(7);
    const build = new Builder();
    const x = build.input("x", f32([values.length], false));
    // Times 1, since a single operation is no loop.
    const result = build.node(op.name, [build.multiply(x, 1)]);
    const got = runLoop(result, 1, { x: tf.tensor(values) }).dataSync();
    const type = f32([values.length], false);
    const wanted = op.eval([{ shape: [values.length], data: Float64Array.from(values) }], {}, type, () => []).data;
    values.forEach((value, i) => {
      expect(distance(got[i]!, Math.fround(wanted[i]!)), `${op.name}(${value}) is ${got[i]}`).toBeLessThanOrEqual(
        MOST[op.name] ?? 0,
      );
    });
  });

  test.each(taking(2).map((op) => [op.name, op] as const))("%s", (_, op) => {
    const [a, b] = [numbers(3), numbers(4).reverse()];
    const pairs = SPECIAL.flatMap((x) => [...SPECIAL, 1, -1].map((y) => [x, y] as const));
    const left = Float32Array.from([...a, ...pairs.map(([x]) => x), 1, 1]);
    const right = Float32Array.from([...b, ...pairs.map(([, y]) => y), 1, 2]);
    const type = f32([left.length], false);
    const build = new Builder();
    const both = [build.multiply(build.input("x", type), 1), build.input("y", type)];
    const node = build.node(op.name, both);
    const result = node.type.dtype === "bool" ? build.cast(node, "f32") : node;
    const got = runLoop(result, 1, { x: tf.tensor(left), y: tf.tensor(right) }).dataSync();
    const given = [left, right].map((data) => ({ shape: [left.length], data: Float64Array.from(data) }));
    const wanted = op.eval(given, {}, type, () => []).data;
    left.forEach((x, i) => {
      const what = `${op.name}(${x}, ${right[i]}) is ${got[i]}`;
      // 0 × ∞ where the slope is 0, and slopes rounded to 1.
      const most = op.name === "elu_gradient" ? 1 : 0;
      const zeros = got[i] === 0 && wanted[i] === 0;
      if (!zeros) expect(distance(got[i]!, Math.fround(wanted[i]!)), what).toBeLessThanOrEqual(most);
    });
  });

  test("a choice, truth values and whole numbers", () => {
    const build = new Builder();
    const [p, q, n, x] = [bool([5]), bool([5]), i32([5]), f32([5])].map((type, i) => build.input("pqnx"[i]!, type)) as [
      Node,
      Node,
      Node,
      Node,
    ];
    const both = build.node("and", [p, build.node("not", [q])]);
    const either = build.node("or", [both, build.cast(x, "bool")]);
    const chosen = build.select(either, x, build.cast(n, "f32"));
    const result = build.add(chosen, build.cast(both, "f32"));
    const operands = {
      p: tf.tensor([1, 1, 0, 0, 1], [1, 5], "bool"),
      q: tf.tensor([0, 1, 0, 1, 1], [1, 5], "bool"),
      n: tf.tensor([3, -7, 16777217, 5, 2147483647], [1, 5], "int32"),
      x: tf.tensor([0, 0, 2.5, 0, -1], [1, 5]),
    };
    expect([...runLoop(result, 1, operands).dataSync()]).toEqual([1, -7, 2.5, 5, -1]);
    for (const batch of [1, 2, 3]) expectMeant(result, batch);
  });
});

/** On random numbers, a result of one loop is what the interpreter makes of it. */
function expectMeant(result: Node, batch: number): void {
  const program = programOf({ result });
  expect([...findLoops(program).keys()]).toEqual([result]);
  const environment = environmentFor([result], batch, 5 + batch);
  const got = runPrinted(program, environment).get("result")!;
  expect(difference(interpret(program, environment).get("result")!, got), `batch ${batch}`).toBeLessThan(5e-6);
}

/** What is read by operations that a loop computes: named, with the leaves that it reads. */
const LAYOUTS: Readonly<Record<string, (build: Builder) => Node>> = {
  "one number": (build) => build.exp(build.negate(build.input("x", f32([])))),
  "one number for all": (build) => build.exp(build.negate(build.input("x", f32([], false)))),
  "fewer than four": (build) => build.exp(build.negate(build.input("x", f32([3])))),
  "five numbers": (build) => build.exp(build.negate(build.input("x", f32([5], false)))),
  "a multiple of four": (build) => build.exp(build.negate(build.input("x", f32([2, 6])))),
  "a number for all elements": (build) =>
    build.multiply(
      build.add(build.input("x", f32([3, 5])), build.input("s", f32([]))),
      build.input("h", f32([], false)),
    ),
  "the same for all examples": (build) =>
    build.multiply(
      build.add(build.input("x", f32([3, 5])), build.batchBroadcast(build.input("w", f32([3, 5], false)))),
      3,
    ),
  "repeated rows": (build) =>
    build.add(build.input("x", f32([3, 5])), build.broadcast(build.input("w", f32([5], false)), [3, 5])),
  "repeated columns": (build) =>
    build.multiply(build.input("x", f32([3, 5])), build.broadcast(build.input("w", f32([3, 1])), [3, 5])),
  "repeated in the middle": (build) =>
    build.add(build.input("x", f32([2, 3, 4])), build.broadcast(build.input("w", f32([2, 1, 4])), [2, 3, 4])),
  "repeated, in another shape": (build) => {
    const w = build.broadcast(build.input("w", f32([2, 1, 4])), [2, 3, 4]);
    return build.multiply(build.reshape(w, [6, 4]), build.input("x", f32([6, 4])));
  },
  "cut rows": (build) => build.unary("sigmoid", build.slice(build.input("x", f32([5, 3])), [1, 0], [2, 3])),
  "cut columns": (build) => build.unary("sigmoid", build.slice(build.input("x", f32([5, 7])), [0, 2], [5, 3])),
  "cut columns of one row, in another shape": (build) => {
    const gates = build.reshape(build.input("x", f32([1, 12])), [12]);
    return build.add(build.unary("tanh", build.slice(gates, [4], [4])), build.slice(gates, [8], [4]));
  },
  "cut and repeated": (build) => {
    const cut = build.slice(build.input("w", f32([4, 3], false)), [1, 1], [1, 2]);
    return build.add(build.input("x", f32([3, 2])), build.batchBroadcast(build.broadcast(cut, [3, 2])));
  },
  "repeated, then cut": (build) => {
    const repeated = build.broadcast(build.input("w", f32([3, 1])), [3, 6]);
    return build.add(build.slice(repeated, [1, 2], [2, 3]), build.input("x", f32([2, 3])));
  },
  "truth values for each row": (build) => {
    const mask = build.broadcast(build.input("m", bool([3, 1])), [3, 5]);
    return build.select(mask, build.input("x", f32([3, 5])), build.constant(0));
  },
  "a sum in the middle": (build) =>
    build.sum(build.multiply(build.input("x", f32([2, 3, 5])), build.input("y", f32([2, 3, 5]))), [1]),
  "a sum in front, with the axis kept": (build) =>
    build.node("sum", [build.exp(build.input("x", f32([7, 4])))], { axes: [0], keep: true }),
  "a sum of what is for all examples": (build) =>
    build.sum(build.multiply(build.input("x", f32([3, 4, 2], false)), build.input("y", f32([3, 4, 2], false))), [0, 1]),
  "a sum in another shape": (build) => {
    const weights = build.broadcast(build.input("w", f32([6, 1])), [6, 4]);
    return build.sum(build.reshape(build.multiply(build.input("x", f32([6, 4])), weights), [2, 3, 4]), [1]);
  },
};

describe("loops read values where they lie", () => {
  test.each(Object.entries(LAYOUTS))("%s", (_, make) => {
    const result = make(new Builder());
    for (const batch of [1, 2, 3, 4, 5, 8]) expectMeant(result, batch);
    const [loop] = findLoops(programOf({ result })).values();
    expect(loop!.operands.map(({ op }) => op)).toEqual(loop!.operands.map(() => "input"));
  });

  test("what does not lie in rows is made first", () => {
    const build = new Builder();
    const x = build.input("x", f32([4, 6]));
    const turned = build.node("transpose", [x], { permutation: [1, 0] });
    expectMeant(build.exp(build.negate(turned)), 3);
    // Every third element of a row.
    const column = build.reshape(build.slice(x, [0, 1], [4, 1]), [4]);
    expectMeant(build.exp(build.negate(column)), 3);
    // Rounds of 4 and of 6 do not fit into one another.
    const [rows, others] = [build.input("r", f32([6, 1])), build.input("o", f32([4, 1]))];
    const first = build.reshape(build.broadcast(rows, [6, 4]), [24]);
    const second = build.reshape(build.broadcast(others, [4, 6]), [24]);
    expectMeant(build.exp(build.add(first, second)), 2);
  });

  test("more is read than addresses stay in registers, and more is computed than a loop has", () => {
    const build = new Builder();
    const leaves = Array.from({ length: 30 }, (_, i) => build.input(`x${i}`, f32([6])));
    const sum = leaves.reduce((total, leaf) => build.add(build.multiply(total, 0.5), leaf));
    const program = programOf({ sum });
    const loops = [...findLoops(program).values()];
    expect(loops.length).toBeGreaterThan(1);
    for (const { reads, members } of loops) {
      expect(reads.size).toBeLessThanOrEqual(10);
      expect(members.length).toBeLessThanOrEqual(40);
    }
    const environment = environmentFor([sum], 2, 3);
    const got = runPrinted(program, environment).get("sum")!;
    expect(difference(interpret(program, environment).get("sum")!, got)).toBeLessThan(5e-6);
  });
});

test("on other devices a loop is carried out operation by operation", async () => {
  const build = new Builder();
  const x = build.input("x", f32([3]));
  const result = build.exp(build.negate(x));
  await useBackend("cpu");
  try {
    expectMeant(result, 2);
  } finally {
    await useBackend("wasm");
  }
});

test("an empty batch makes an empty result", () => {
  const build = new Builder();
  const result = build.exp(build.negate(build.input("x", f32([3]) satisfies TensorType)));
  const made = runLoop(result, 0, { x: tf.tensor([], [0, 3], "float32") });
  expect(made.shape).toEqual([0, 3]);
});
