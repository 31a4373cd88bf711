/**
 * Whole-model truth: the NRI example against the published model, run elsewhere in float64 with the same parameters and
 * noise. Everything is compared: logits, edges, roll-outs, likelihood, divergence, loss, every gradient, running
 * statistics.
 */
import { describe, expect, test } from "vitest";
import { openDevice } from "../../runtime/devices.ts";
import { expectClose, golden } from "../golden.ts";
import { byTime, compiled, flat, inputsOf, outputsOf, runInterpreter, runOn, valuesByName } from "./nri.ts";
import { CHECKS, check, compareFloats, decoderGiven, decoderVariant, probed, variantOf } from "./nri-truth.ts";

const cases = golden("nri_model");
describe.skipIf(cases === undefined)("whole-model truth of NRI (needs the shared folder)", () => {
  const items = (cases ?? []).map((item) => [item.name, item] as const);

  test("the file has cases, all settings of which are the variant's, and no output is unknown", () => {
    expect(items.length).toBeGreaterThan(0);
    for (const [, item] of items) {
      const { sst, k, n, pred_steps, T } = inputsOf(item);
      expect(["tree", "topk", "indep"]).toContain(sst);
      expect(pred_steps).toBeLessThan(T);
      if (sst === "topk") expect(k).toBe(n - 1);
      expect(Object.keys(item.outputs).sort()).toEqual(Object.keys(CHECKS).sort());
      const { artifact } = compiled(variantOf(inputsOf(item)));
      const names = Object.keys(valuesByName(inputsOf(item).params));
      expect(artifact.parameters.map(({ name }) => name).sort()).toEqual(names.sort());
    }
  });

  test.each(items)("%s: the interpreter in float64", async (_, item) => {
    await check(item, runInterpreter, (actual, expected, what) => expectClose(actual, expected, item.tolerance, what));
  });

  describe.each(["wasm", "cpu"])("on %s", (name) => {
    test.each(items)("%s in float32", async (_, item) => {
      await check(item, runOn(await openDevice(name)), compareFloats);
    });
  });

  // The published cases never start again. At every second step: what follows a true position is as if all were shown,
  // and what follows the first prediction is the second step of the roll-out.
  test.each(items)("%s: a roll-out starts again from the truth", async (_, item) => {
    const [inputs, outputs] = [inputsOf(item), outputsOf(item)];
    const found = await runInterpreter(decoderVariant(inputs, 2), "train", decoderGiven(inputs, outputs));
    const frame = 2 * inputs.n;
    const batch = inputs.data.length;
    const at = (values: readonly number[], t: number) =>
      inputs.data.flatMap((_, b) =>
        values.slice((b * (inputs.T - 1) + t) * frame, (b * (inputs.T - 1) + t + 1) * frame),
      );
    const output = probed(found, "output", batch);
    const forced = flat(byTime(outputs.output_teacher_forced));
    for (let t = 0; t < inputs.T - 1; t += 2)
      expectClose(at(output, t), at(forced, t), item.tolerance, `after the truth at ${t}`);
    expect(inputs.pred_steps).toBeGreaterThan(1);
    expectClose(at(output, 1), at(flat(byTime(outputs.output)), 1), item.tolerance, "after the first prediction");
    expect(at(output, 3)).not.toEqual(at(forced, 3));
  });
});
