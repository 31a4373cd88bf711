/**
 * Reverse mode against forward mode: Jᵀc of a reversed kernel is c · (J e_i) of dual numbers, column by column, and
 * differences. On random kernels, and on every kernel of the library (test/structures/conformance.test.ts).
 */
import { describe, expect, test } from "vitest";
import { declarationsFor } from "../../compiler/declarations.ts";
import { dual } from "../../compiler/ir/kernel/dual.ts";
import { interpretKernel } from "../../compiler/ir/kernel/interpret.ts";
import type { Kernel } from "../../compiler/ir/kernel/kernel.ts";
import { reverse } from "../../compiler/ir/kernel/reverse.ts";
import { verifyKernel } from "../../compiler/ir/kernel/verify.ts";
import { lowerKernel } from "../../compiler/kernel-language/lower.ts";
import { Names } from "../../compiler/names.ts";
import { staticNumber } from "../../compiler/static-value.ts";
import { printJavaScriptKernel } from "../../compiler/targets/javascript-kernel.ts";
import type { KernelDeclaration } from "../../grammar/ast.ts";
import { parse } from "../../grammar/parse.ts";
import { library } from "../../stdlib/library.ts";
import { expectClose } from "../golden.ts";
import { random } from "../tensor/harness.ts";
import { randomKernel, SIZE } from "./random-kernel.ts";

type Vector = readonly number[];

function reversed(kernel: Kernel): Kernel {
  const { kernel: backward, refused } = reverse(kernel, "u");
  expect(refused).toBeUndefined();
  return backward!;
}

/** (∂x/∂u)ᵀ c by dual numbers. */
function byColumns(kernel: Kernel, u: Vector, cotangent: Vector): number[] {
  const forward = dual(kernel, "u");
  return u.map((_, i) => {
    const unit = u.map((_, j) => (i === j ? 1 : 0));
    const [column] = interpretKernel(forward, [u, unit]);
    return column!.reduce((sum, value, j) => sum + value * cotangent[j]!, 0);
  });
}

function byDifferences(kernel: Kernel, u: Vector, cotangent: Vector, step = 1e-6): number[] {
  const value = (at: Vector) => interpretKernel(kernel, [at])[0]!.reduce((sum, x, j) => sum + x * cotangent[j]!, 0);
  return u.map((_, i) => {
    const moved = (by: number) => value(u.map((x, j) => (i === j ? x + by : x)));
    return (moved(step) - moved(-step)) / (2 * step);
  });
}

function printed(kernel: Kernel, inputs: readonly Vector[]): number[] {
  const run = new Function(`return ${printJavaScriptKernel(kernel)};`)();
  const output = new Float64Array(SIZE);
  const fail = (_example: number, ...words: string[]) => {
    throw new Error(words.join(" "));
  };
  // Twice: what is left in memory by one example is nothing to the next.
  for (let round = 0; round < 2; round++)
    run(
      1,
      inputs.map((input) => Float64Array.from(input)),
      [output],
      fail,
    );
  return [...output];
}

/** Random numbers, the same for the same seed. */
function draws(seed: number): Vector {
  const next = random(seed);
  return Array.from({ length: SIZE }, () => 3 * next() - 1.5);
}

describe("random kernels", () => {
  const seeds = Array.from({ length: 60 }, (_, seed) => seed);

  test("Jᵀc is what dual numbers say, and what is printed computes the same", () => {
    for (const seed of seeds) {
      const kernel = randomKernel(seed);
      expect(verifyKernel(kernel), `kernel ${seed}`).toEqual([]);
      const backward = reversed(kernel);
      expect(verifyKernel(backward), `kernel ${seed}`).toEqual([]);
      for (const round of [1, 2]) {
        const [u, cotangent] = [draws(seed + 1000 * round), draws(seed + 3000 * round)];
        const [vjp] = interpretKernel(backward, [u, cotangent]);
        expectClose([...vjp!], byColumns(kernel, u, cotangent), { abs: 1e-9, rel: 1e-9 }, `kernel ${seed}`);
        expect(printed(backward, [u, cotangent]), `kernel ${seed}, printed`).toEqual([...vjp!]);
      }
    }
  });

  test("Jᵀc is what differences say, where nothing is taken for a constant", () => {
    let compared = 0;
    for (const seed of seeds) {
      const kernel = randomKernel(seed);
      if (JSON.stringify(kernel).includes('"detach"')) continue;
      const [u, cotangent] = [draws(seed), draws(seed + 5000)];
      const [vjp] = interpretKernel(reversed(kernel), [u, cotangent]);
      expectClose([...vjp!], byDifferences(kernel, u, cotangent), { abs: 1e-5, rel: 1e-5 }, `kernel ${seed}`);
      compared++;
    }
    expect(compared).toBeGreaterThan(10);
  });
});

/** A kernel of the language over u: f32[SIZE], with k = SIZE as a compile-time value. */
function lowered(body: string): Kernel {
  const { file, problems } = parse(`kernel k(n, u: f32[n]) -> x: f32[n] {\n${body}\n}`);
  expect(problems).toEqual([]);
  const declarations = declarationsFor(new Names(library, () => undefined), { name: "<none>", text: "" });
  const kernel = file.declarations[0] as KernelDeclaration;
  return lowerKernel(kernel, new Map([["n", staticNumber(SIZE)]]), declarations, "k");
}

/** Numbers that a reversal keeps. */
function kept(kernel: Kernel): number {
  const tapes = reversed(kernel).scratch.filter(({ name }) => /_kept(_\d+)?$/.test(name));
  return tapes.reduce((total, { shape }) => total + shape[0]!, 0);
}

describe("what is kept", () => {
  test("nothing of straight loops over arrays that are written once", () => {
    expect(kept(lowered("for i in 0..n { x[i] = u[i] * u[i] }"))).toBe(0);
    const table = `shared w: f32[n, n] = 0
      for i in 0..n { for j in 0..n { w[i, j] = u[i] * u[j] } }
      for i in 0..n { x[i] = sum(w[i, j] * w[j, i] for j in 0..n) }`;
    expect(kept(lowered(table))).toBe(0);
    const program = `shared w: f32[n + 1, n] = 1
      for i in 0..n { for j in 0..n { w[i + 1, j] = w[i, j] * u[j] } }
      for j in 0..n { x[j] = w[n, j] }`;
    expect(kept(lowered(program))).toBe(0);
  });
  test("nothing of an exponential that is stored, one number for each that is not", () => {
    expect(kept(lowered("for i in 0..n { x[i] = exp(u[i]) }"))).toBe(0);
    expect(kept(lowered("for i in 0..n { x[i] = exp(u[i]) * u[i] }"))).toBe(SIZE);
  });
  test("nothing of sums", () => {
    expect(kept(lowered("var s = 0.0\nfor i in 0..n { s += u[i] * u[i] }\nfor i in 0..n { x[i] = s * u[i] }"))).toBe(0);
  });
  test("each value of a product that is overwritten, since its factors are needed", () => {
    expect(kept(lowered("var s = 1.0\nfor i in 0..n { s *= u[i] }\nx[0] = s"))).toBe(SIZE);
  });
  test("what an inner loop fills anew, for each round of the outer one", () => {
    const again = `for i in 0..n {
      shared w: f32[n] = 0
      for j in 0..n { w[j] = u[i] * u[j] }
      x[i] = sum(w[j] * w[j] for j in 0..n)
    }`;
    expect(kept(lowered(again))).toBe(SIZE * SIZE);
  });
});

describe("what cannot be run backwards, and why", () => {
  const refused = (body: string) => reverse(lowered(body), "u").refused;
  test("a while around what is differentiated, not one around integers", () => {
    const loop = "var s = u[0]\nvar r = 0.0\nwhile r < 3 { s = s * s\n r += 1 }\nx[0] = s";
    expect(refused(loop)).toMatch(/^a while loop computes what is differentiated/);
    expect(refused("var r = 0\nwhile r < 3 { r += 1 }\nx[0] = u[r] * u[r]")).toBeUndefined();
    expect(refused("var s = u[0]\nwhile s > 3 { s = s / 2 }\nx[0] = constant(s) * u[1]")).toBeUndefined();
  });
  test("a loop with a break", () => {
    const loop = "for i in 0..n { x[i] = u[i]\n if u[i] > 3 { break } }";
    expect(refused(loop)).toBe("the loop over i that computes what is differentiated has a break");
  });
  test("a tape that is too long", () => {
    const loops = `var s = u[0]\nfor i in 0..3000 { for j in 0..3000 { s = s * u[1] + exp(s) } }\nx[0] = s`;
    expect(refused(loops)).toMatch(/^running the kernel backwards would keep \d+ numbers, and 16777216 is the most$/);
  });
});
