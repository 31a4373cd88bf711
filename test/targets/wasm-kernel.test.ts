/** Kernels printed as WebAssembly against the interpreter, which is what they mean. */
import { describe, expect, test } from "vitest";
import { interpretKernel } from "../../compiler/ir/kernel/interpret.ts";
import type { KernelExpression as Expression, Kernel, KernelStatement } from "../../compiler/ir/kernel/kernel.ts";
import { verifyKernel } from "../../compiler/ir/kernel/verify.ts";
import { printWasmKernel } from "../../compiler/targets/wasm-kernel.ts";
import { loadWasmKernel } from "../../runtime/wasm-kernel.ts";
import { expectClose } from "../golden.ts";
import { random } from "../tensor/harness.ts";
import { randomKernel } from "./random-kernel.ts";

/** One example through the printed kernel. */
function run(kernel: Kernel, inputs: readonly (readonly number[])[]): number[][] {
  const solve = loadWasmKernel(printWasmKernel(kernel)!);
  const outputs = kernel.outputs.map(({ shape }) => new Float64Array(shape.reduce((a, b) => a * b, 1)));
  const fail = (_example: number, ...words: readonly (string | number)[]): never => {
    throw new Error(words.join(" "));
  };
  const refuse = (_example: number, requirement: string): never => {
    throw new Error(requirement);
  };
  solve(
    1,
    inputs.map((values) => Float64Array.from(values)),
    outputs,
    fail,
    refuse,
  );
  return outputs.map((values) => [...values]);
}

const i: Expression = { kind: "variable", name: "i", type: "i32" };
const at = (array: string): Expression => ({ kind: "load", array, index: i, type: "f32" });
const whole = (value: number): Expression => ({ kind: "constant", value, type: "i32" });

/** x_i = value for each i. */
function each(length: number, value: Expression, parallel: boolean): Kernel {
  const body: KernelStatement[] = [{ kind: "store", array: "x", index: i, value }];
  return {
    name: "each",
    inputs: [{ name: "u", element: "f32", shape: [length] }],
    outputs: [{ name: "x", element: "f32", shape: [length] }],
    scratch: [],
    tables: [],
    body: [{ kind: "for", variable: "i", from: whole(0), to: whole(length), reversed: false, parallel, body }],
  };
}

describe.each([true, false])("exp, two at once: %s", (parallel) => {
  const exp: Expression = { kind: "unary", operator: "exp", operand: at("u"), type: "f32" };

  test("is within an ulp or so over the range of numbers", () => {
    const next = random(5);
    const u = Array.from({ length: 20_001 }, (_, k) => (k % 2 === 0 ? 2 * next() - 1 : 1417 * next() - 708));
    const [x] = run(each(u.length, exp, parallel), [u]);
    const error = Math.max(...u.map((value, k) => Math.abs(x![k]! / Math.exp(value) - 1)));
    expect(error).toBeLessThan(4.5e-16);
  });

  test("ends where numbers end", () => {
    const u = [0, -0, -745.2, -746, -1e300, 709.78, 710, 1e300, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    const [x] = run(each(u.length + 1, exp, parallel), [[...u, Number.NaN]]);
    expect(x!.slice(0, 2)).toEqual([1, 1]);
    expect(x!.slice(3, 5)).toEqual([0, 0]);
    expect(x![2]! / Number.MIN_VALUE).toBeLessThanOrEqual(1);
    expect(x![5]! / Math.exp(709.78)).toBeCloseTo(1, 12);
    expect(x!.slice(6)).toEqual([
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      0,
      Number.POSITIVE_INFINITY,
      Number.NaN,
    ]);
    // Below the smallest normal number, spacing is what there is to err by.
    const [low] = run(each(2, exp, parallel), [[-720, -740]]);
    expectClose(low!, [Math.exp(-720), Math.exp(-740)], { abs: 5e-324, rel: 1e-12 }, "subnormal");
  });
});

test("400 random kernels", () => {
  for (let seed = 0; seed < 400; seed++) {
    const kernel = randomKernel(seed);
    expect(verifyKernel(kernel), `seed ${seed}`).toEqual([]);
    const next = random(seed + 1);
    const inputs = kernel.inputs.map(({ shape }) => Array.from({ length: shape[0]! }, () => 4 * next() - 2));
    const expected = interpretKernel(kernel, inputs);
    run(kernel, inputs).forEach((values, k) => {
      expectClose(values, [...expected[k]!], { abs: 1e-9, rel: 1e-9 }, `seed ${seed}, output ${k}`);
    });
  }
});

test("rounds run on vectors, whatever their number", () => {
  const kernel = each(1, { kind: "binary", operator: "multiply", left: at("u"), right: at("u"), type: "f32" }, true);
  const vectors = (parallel: boolean) =>
    atob(printWasmKernel({ ...kernel, body: each(1, at("u"), parallel).body })!.module);
  // f64x2 loads and stores stand in the one and not in the other.
  expect(vectors(true).length).toBeGreaterThan(vectors(false).length + 20);
  for (let length = 0; length < 9; length++) {
    const u = Array.from({ length }, (_, k) => k - 2.5);
    const value: Expression = { kind: "binary", operator: "multiply", left: at("u"), right: at("u"), type: "f32" };
    expect(run(each(length, value, true), [u])[0]).toEqual(u.map((each) => each * each));
  }
});

test("what a kernel may not do ends the run with the words of the JavaScript printing", () => {
  const guarded: Expression = {
    kind: "within",
    operand: { kind: "unary", operator: "to-i32", operand: at("u"), type: "i32" },
    length: 3,
    array: "u",
    type: "i32",
  };
  const kernel = each(3, { kind: "load", array: "u", index: guarded, type: "f32" }, false);
  expect(run(kernel, [[2, 0, 1]])[0]).toEqual([1, 2, 0]);
  expect(() => run(kernel, [[2, 3, 1]])).toThrow("the kernel each used index 3 of u, which has 3");
  expect(() => run(kernel, [[2, -1, 1]])).toThrow("the kernel each used index -1 of u, which has 3");
  const negative: Expression = {
    kind: "binary",
    operator: "less",
    left: at("u"),
    right: { kind: "constant", value: 0, type: "f32" },
    type: "bool",
  };
  const checking: Kernel = {
    ...kernel,
    body: [
      {
        kind: "for",
        variable: "i",
        from: whole(0),
        to: whole(3),
        reversed: false,
        parallel: false,
        body: [
          { kind: "check", condition: negative, message: "wants less" },
          { kind: "store", array: "x", index: i, value: at("u") },
        ],
      },
    ],
  };
  expect(run(checking, [[-1, -2, -3]])[0]).toEqual([-1, -2, -3]);
  expect(() => run(checking, [[-1, 2, -3]])).toThrow("the kernel each wants less");
});

test("a kernel that needs more memory than a module may have is not printed", () => {
  expect(printWasmKernel(each(2 ** 28, at("u"), false))).toBeUndefined();
});
