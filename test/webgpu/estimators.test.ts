/** Estimators of hard samples on WebGPU: score functions by the published formulas, imle as on the interpreter. */
import { expect, test } from "vitest";
import { compile } from "../../compiler/compile.ts";
import { openWebGpuModel } from "../../runtime/webgpu/open.ts";
import { library } from "../../stdlib/library.ts";
import { expectFormula, KINDS, randomCase } from "../compiler/score-truth.ts";
import { type Given, runInterpreter, runOpened, type Variant } from "../examples/nri.ts";
import { expectClose } from "../golden.ts";
import { random } from "../tensor/harness.ts";
import { NOT_RUN, testDevice } from "./device.ts";

async function open({ text, ...options }: Variant) {
  const { artifact } = compile({ name: "estimators.sst", text }, { library, target: "webgpu", ...options });
  const { gpu } = await testDevice();
  return openWebGpuModel(artifact!, { gpu: { device: gpu.device } });
}

test.for(KINDS)("%s", async (kind, { skip }) => {
  skip(!(await testDevice()).computes, NOT_RUN);
  await expectFormula(runOpened(open), randomCase(kind, 3), { abs: 2e-3, rel: 2e-3 });
});

test("imle, with sum-of-gamma noise", async ({ skip }) => {
  skip(!(await testDevice()).computes, NOT_RUN);
  const text = `
model M() {
  data worth: f32[6]
  param theta: f32[6] ~ zeros
  latent a: KSubset(6, 2) ~ SumOfGamma(theta, k = 2) imle(lambda = 2)
  latent b: SpanningTree(complete(4)) ~ Gumbel(theta) imle(lambda = 2)
  minimize sum((a - worth) ^ 2) + sum((b - worth) ^ 2)
}`;
  const next = random(3);
  const draws = (count: number) => Array.from({ length: count }, () => 0.02 + 0.96 * next());
  const batch = 8;
  const given: Given = {
    batch,
    inputs: { worth: draws(batch * 6) },
    parameters: { theta: draws(6) },
    states: {},
    noise: { a: draws(batch * 60), b: draws(batch * 6) },
  };
  const wanted = await runInterpreter({ text, arguments: {} }, "train", given);
  const found = await runOpened(open)({ text, arguments: {} }, "train", given);
  expect(wanted["gradient:theta"]!.some((value) => value !== 0)).toBe(true);
  for (const name of ["loss", "gradient:theta"]) {
    expectClose(found[name]!, wanted[name]!, { abs: 1e-5, rel: 1e-5 }, name);
  }
});
