/** Whole-model truth on WebGPU: the NRI example against the published model, every parameter's gradient included. */
import { describe, test } from "vitest";
import { compile } from "../../compiler/compile.ts";
import { openWebGpuModel } from "../../runtime/webgpu/open.ts";
import { library } from "../../stdlib/library.ts";
import { runOpened, type Variant } from "../examples/nri.ts";
import { check, compareFloats } from "../examples/nri-truth.ts";
import { golden } from "../golden.ts";
import { NOT_RUN, testDevice } from "./device.ts";

async function open({ text, ...options }: Variant) {
  const { artifact } = compile({ name: "nri.sst", text }, { library, target: "webgpu", ...options });
  const { gpu } = await testDevice();
  return openWebGpuModel(artifact!, { gpu: { device: gpu.device } });
}

const cases = golden("nri_model");
describe.skipIf(cases === undefined)("whole-model truth of NRI on WebGPU (needs the shared folder)", () => {
  test.for((cases ?? []).map((item) => [item.name, item] as const))("%s", async ([, item], { skip }) => {
    skip(!(await testDevice()).computes, NOT_RUN);
    await check(item, runOpened(open), compareFloats);
  });
});
