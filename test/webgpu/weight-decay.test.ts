/**
 * Weight decay on WebGPU against the update on the host (runtime/optimizers/adam.ts, which has a float64 reference of
 * its own): added to the gradient by Adam, apart from it by AdamW (Loshchilov and Hutter 2019).
 */
import { expect, test } from "vitest";
import { compile } from "../../compiler/compile.ts";
import { Adam, adamOptions } from "../../runtime/optimizers/adam.ts";
import { openWebGpuModel } from "../../runtime/webgpu/open.ts";
import { library } from "../../stdlib/library.ts";
import { NOT_RUN, testDevice } from "./device.ts";

/** The gradient of w is that of a mean: −x, whatever w is. */
const TEXT = "model Slope(n = 3) { data x: f32[n]  param w: f32[n] ~ zeros  minimize -sum(w * x) }";

test.for(["adam", "adamw"] as const)("%s decays as on the host", async (name, { skip }) => {
  const { gpu, computes } = await testDevice();
  skip(!computes, NOT_RUN);
  const { artifact } = compile({ name: "slope.sst", text: TEXT }, { library, target: "webgpu" });
  const optimizer = adamOptions(name, { lr: 0.05, weight_decay: 0.5 });
  const model = await openWebGpuModel(artifact!, { optimizer, gpu: { device: gpu.device } });
  const x = Float32Array.of(1, -0.2, 0);
  const values = Float32Array.of(2, -1, 3);
  model.setParameters({ w: values });
  const adam = new Adam(optimizer, values.length);
  for (let step = 0; step < 20; step++) {
    await model.step({ x });
    adam.begin();
    adam.update(
      values,
      x.map((each) => -each),
      0,
    );
  }
  const { w } = await model.parameters();
  for (const [i, value] of values.entries()) expect(w![i]).toBeCloseTo(value, 4);
  // Where the gradient is zero, only the decay of AdamW is as large as the weight says: 3 (1 − 0.05 · 0.5)^20.
  if (name === "adamw") expect(w![2]).toBeCloseTo(3 * 0.975 ** 20, 4);
  model.dispose();
});
