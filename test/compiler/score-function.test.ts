/** Score functions in compiled models by the published formulas, on the interpreter and on devices. */
import { describe, expect, test } from "vitest";
import { openDevice } from "../../runtime/devices.ts";
import { runInterpreter, runOn } from "../examples/nri.ts";
import { expectClose } from "../golden.ts";
import { expectFormula, goldenCases, KINDS, oracle, randomCase } from "./score-truth.ts";

describe.skipIf(goldenCases.length === 0)("the oracle is the published formula", () => {
  test.each(goldenCases)("$name", ({ given, outputs, tolerance }) => {
    const found = oracle(given);
    expectClose([found.average, found.objective], [outputs.ema_new, outputs.objective], tolerance, "values");
    expectClose(found.loss.flat(), outputs.g_nll.flat(), tolerance, "by the loss");
    expectClose(found.theta.flat(), outputs.g_theta.flat(2), tolerance, "by theta");
    expectClose(found.baseline, outputs.g_baseline, tolerance, "by the baseline");
  });
});

const EXACT = { abs: 1e-9, rel: 1e-9 };
const SINGLE = { abs: 2e-3, rel: 2e-3 };

describe("compiled models compute the formulas", () => {
  test.skipIf(goldenCases.length === 0).each(goldenCases)("$name of the golden truth", async ({ given, tolerance }) => {
    await expectFormula(runInterpreter, given, tolerance);
  });
  const several = KINDS.flatMap((kind) => [1, 3].map((samples) => ({ kind, samples })));
  const sensible = several.filter(({ kind, samples }) => samples > 1 || !/multi|leave/.test(kind));
  test.each(sensible)("$kind with $samples samples", async ({ kind, samples }) => {
    await expectFormula(runInterpreter, randomCase(kind, samples), EXACT);
  });
  test.each(["wasm", "cpu"])("on %s", async (device) => {
    const run = runOn(await openDevice(device));
    for (const kind of KINDS) await expectFormula(run, randomCase(kind, 3), SINGLE);
  });
});

/** Gradients by θ of a choice among the given numbers of items, of which `taken` take part. */
async function choiceGradients(structure: string, items: number, estimator: string): Promise<readonly number[]> {
  const text = `
model M() {
  data length: i32
  data worth: f32[5]
  param theta: f32[${items}] ~ zeros
  latent z: ${structure} ~ Gumbel(theta) score ${estimator}
  minimize sum(z * worth[0..${items}]) + 0 * length
}`;
  const theta = [0.3, -0.2, 0.5, 1, 2].slice(0, items);
  const uniforms = [0.3, 0.8, 0.6, 0.99, 0.999].slice(0, items);
  const noise = { z: uniforms, "z.2": [0.7, 0.4, 0.2, 0.99, 0.9].slice(0, items) };
  const inputs = { length: [3], worth: [1, 5, -2, 40, 80] };
  const given = { batch: 1, inputs, parameters: { theta }, states: {}, noise };
  return (await runInterpreter({ text, arguments: {} }, "train", given))["gradient:theta"]!;
}

test.each(["reinforce", "reinforce(baseline = leave_one_out(2))"])(
  "what takes no part has no probability: padded is unpadded, %s",
  async (estimator) => {
    const padded = await choiceGradients("OneHot(5, size = length)", 5, estimator);
    const alone = await choiceGradients("OneHot(3)", 3, estimator);
    expectClose(padded, [...alone, 0, 0], EXACT, "gradients");
    expect(alone.some((value) => Math.abs(value) > 0.1)).toBe(true);
  },
);
