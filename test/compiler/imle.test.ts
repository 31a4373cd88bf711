/** Implicit maximum-likelihood estimation: the gradient is a difference of two members, at the same noise. */
import { describe, expect, test } from "vitest";
import { openDevice } from "../../runtime/devices.ts";
import { type Run, runInterpreter, runOn } from "../examples/nri.ts";
import { expectClose } from "../golden.ts";
import { random } from "../tensor/harness.ts";

const [batch, n] = [40, 5];
/** λ = 2 by a number, and by a hyper. */
const model = (estimator: string, structure: string) => `
model M() {
  hyper step = 2
  data theta: f32[${n}]
  data worth: f32[${n}]
  data pick: f32[${batch}]
  param shift: f32[${batch}, ${n}] ~ zeros
  latent z: ${structure} ~ Gumbel(theta + pick @ shift) ${estimator}
  minimize 0.5 * sum((z - worth) ^ 2)
}`;

const STRUCTURES: { readonly [text: string]: (u: readonly number[]) => number[] } = {
  [`OneHot(${n})`]: (u) => u.map((value) => (value === Math.max(...u) ? 1 : 0)),
  [`Subset(${n})`]: (u) => u.map((value) => (value > 0 ? 1 : 0)),
  [`KSubset(${n}, 2)`]: (u) => {
    const second = [...u].sort((a, b) => b - a)[1]!;
    return u.map((value) => (value >= second ? 1 : 0));
  },
};

function given() {
  const next = random(3);
  const draws = (count: number, scale: number) => Array.from({ length: count }, () => scale * (2 * next() - 1));
  return {
    batch,
    inputs: {
      theta: draws(batch * n, 1),
      worth: draws(batch * n, 1),
      pick: Array.from({ length: batch * batch }, (_, i) => (i % (batch + 1) === 0 ? 1 : 0)),
    },
    parameters: { shift: Array.from({ length: batch * n }, () => 0) },
    states: {},
    noise: { z: Array.from({ length: batch * n }, () => 0.02 + 0.96 * next()) },
  };
}

async function expectDifference(run: Run, structure: string, estimator: string, lambda: number): Promise<void> {
  const values = given();
  const found = await run({ text: model(estimator, structure), arguments: {} }, "train", values);
  const argmax = STRUCTURES[structure]!;
  const { theta, worth } = values.inputs;
  const differences = Array.from({ length: batch }, (_, b) => {
    const row = (list: readonly number[]) => list.slice(b * n, (b + 1) * n);
    const noise = row(values.noise.z).map((v) => -Math.log(-Math.log(v)));
    const u = row(theta).map((value, i) => value + noise[i]!);
    const z = argmax(u);
    // The gradient of an example's loss by its sample is z − worth; that of the mean over the batch is averaged.
    const moved = argmax(u.map((value, i) => value - lambda * (z[i]! - row(worth)[i]!)));
    return z.map((value, i) => (value - moved[i]!) / batch);
  });
  expect(differences.flat().some((value) => value !== 0)).toBe(true);
  expectClose(found["gradient:shift"]!, differences.flat(), { abs: 1e-7, rel: 1e-6 }, "a difference of members");
}

describe.each(Object.keys(STRUCTURES))("%s", (structure) => {
  test("the interpreter computes the difference of two members", async () => {
    await expectDifference(runInterpreter, structure, "imle(lambda = 2)", 2);
    await expectDifference(runInterpreter, structure, "imle(0.7)", 0.7);
  });
  test.each(["wasm", "cpu"])("so does %s", async (device) => {
    const run = runOn(await openDevice(device));
    await expectDifference(run, structure, "imle(lambda = 2)", 2);
  });
});

test("λ may be a hyper, and is 10 where nothing is said", async () => {
  const run: Run = (variant, entry, values) => runInterpreter({ ...variant, hypers: { step: 3 } }, entry, values);
  await expectDifference(run, `Subset(${n})`, "imle(lambda = step)", 3);
  await expectDifference(runInterpreter, `Subset(${n})`, "imle", 10);
});
