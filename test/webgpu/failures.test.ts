/** What goes wrong on WebGPU is told in words that say what, where and what to do, and leaves the model as it was. */
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import type { WebGpuArtifact } from "../../compiler/artifact.ts";
import { compile } from "../../compiler/compile.ts";
import { render } from "../../compiler/diagnostic.ts";
import { instantiate } from "../../runtime/instantiate.ts";
import { UserError } from "../../runtime/user-error.ts";
import { openGpu, USAGE } from "../../runtime/webgpu/gpu.ts";
import { openWebGpuModel } from "../../runtime/webgpu/open.ts";
import { library } from "../../stdlib/library.ts";
import { NOT_RUN, testDevice } from "./device.ts";

/** Not a driver's: it takes whatever it is given. */
const nothing = openGpu({ dawn: ["backend=null"] });
afterAll(async () => (await nothing).destroy());

function compiled(text: string): WebGpuArtifact {
  const { artifact, diagnostics } = compile({ name: "m.sst", text }, { library, target: "webgpu" });
  expect(diagnostics.map(render)).toEqual([]);
  return artifact!;
}

async function failure(work: () => Promise<unknown>): Promise<UserError> {
  const problem = await work().then(
    () => undefined,
    (problem: unknown) => problem,
  );
  if (problem instanceof UserError) return problem;
  throw problem ?? new Error("nothing went wrong");
}

const CHOICE = `model M(n = 3) {
  data x: f32[n]
  param w: f32[n] ~ zeros
  latent z: OneHot(n) ~ Fixed(exp(x) + w) relax ExpFamily at 0.5
  minimize sum(z * x)
}
`;

const sumOf = (n: number) => `model M {
  data x: f32[${n}]
  param w: f32[${n}] ~ zeros
  minimize sum((x + w) * x)
}
`;

describe("the device", () => {
  test("is missing", async () => {
    const error = await failure(() => openGpu({ dawn: ["backend=metal"] }));
    expect(error.message).toBe("the device `webgpu` found no adapter");
    expect(error.help).toContain("VK_DRIVER_FILES");
  });

  test("is lost", async () => {
    const gpu = await openGpu({ dawn: ["backend=null"] });
    const model = await openWebGpuModel(compiled(CHOICE), { gpu: { device: gpu.device } });
    gpu.device.destroy();
    await gpu.device.lost;
    const error = await failure(() => model.step({ x: Float32Array.of(1, 2, 3) }));
    expect(error.message).toBe("the device `webgpu` was lost");
    expect(error.help).toContain("from its last checkpoint");
  });

  test("has a limit that is too small for a batch", async () => {
    const adapter = await (await nothing).device;
    const artifact = compiled(`model M(n = 1000) {
  data x: f32[n]
  param w: f32[n, n] ~ zeros
  let y = softmax(w * sum(x))
  minimize sum(y * cos(y) * sigmoid(y))
}
`);
    expect(adapter.limits.maxStorageBufferBindingSize).toBe(134217728);
    const model = await openWebGpuModel(artifact, { gpu: { device: adapter } });
    const error = await failure(() => model.step({ x: new Float32Array(40_000) }));
    expect(error.message).toBe("a batch of 40 does not fit the device `webgpu` in `train`");
    expect(error.why).toBe("one value takes 153 MiB, and the adapter's maxStorageBufferBindingSize is 128 MiB");
    expect(error.help).toBe("a batch of 33 fits; or use the device `wasm`");
  });

  test("has a limit that is too small for the inputs of a batch, or for the parameters", async () => {
    const { device } = await nothing;
    const model = await openWebGpuModel(compiled(sumOf(1_000_000)), { gpu: { device } });
    const inputs = await failure(() => model.step({ x: new Float32Array(40_000_000) }));
    expect(inputs.message).toBe("the inputs of a batch of 40 do not fit the device `webgpu`");
    expect(inputs.why).toBe("they take 153 MiB, and the adapter's maxStorageBufferBindingSize is 128 MiB");
    expect(inputs.help).toBe("a batch of 33 fits; or use the device `wasm`");
    const parameters = await failure(() => openWebGpuModel(compiled(sumOf(40_000_000)), { gpu: { device } }));
    expect(parameters.message).toBe("the parameters of the model do not fit the device `webgpu`");
    expect(parameters.help).toBe("reduce the sizes of the model, or use the device `wasm`");
  });

  test("is out of memory, and goes on once there is some", async () => {
    // Dawn's null backend has 512 MiB, and pretends that there is no more.
    const gpu = await openGpu({ dawn: ["backend=null"] });
    const model = await openWebGpuModel(compiled(sumOf(1_000_000)), { gpu: { device: gpu.device } });
    const other = [1, 2, 3, 4].map(() => gpu.device.createBuffer({ size: 120 * 2 ** 20, usage: USAGE.storage }));
    const batch = { x: new Float32Array(30_000_000) };
    const error = await failure(() => model.step(batch));
    expect(error.message).toBe("the device `webgpu` is out of memory");
    expect(error.help).toBe("reduce the batch or the sizes of the model, or close what else uses the GPU");
    expect(model.stepCount).toBe(0);
    for (const buffer of other) buffer.destroy();
    // Nothing is computed there, so that what is read back may be anything; but the commands were all right.
    const after = await model.step(batch).then(
      () => "a kernel",
      (problem: Error) => problem.message,
    );
    expect(after).toMatch(/^(a kernel|the loss|training diverged)/);
    model.dispose();
    gpu.destroy();
  });

  test("refuses a kernel, which is named with the line", async () => {
    const gpu = await nothing;
    const error = await failure(() => gpu.pipeline("train_theta", "fn main( {}\n", []));
    expect(error.message).toBe("the device `webgpu` refuses the kernel `train_theta`");
    expect(error.why).toMatch(/^line 1: expected/);
  });

  test("is not what the artifact was compiled for", async () => {
    const wasm = await failure(() => instantiate(compiled(CHOICE), { device: "wasm" }));
    expect(wasm.message).toBe("M was compiled for the target webgpu, which the device `wasm` does not run");
    const { artifact } = compile({ name: "m.sst", text: CHOICE }, { library });
    const gpu = await failure(() => instantiate(artifact!, { device: "webgpu" }));
    expect(gpu.help).toContain("compile it with the target webgpu");
  });
});

describe("what kernels find", () => {
  const open = async (text: string) => {
    const { gpu } = await testDevice();
    return openWebGpuModel(compiled(text), { gpu: { device: gpu.device }, seed: 1 });
  };

  test("utilities that are not finite, by the latent and the example", async ({ skip }) => {
    const model = await open(CHOICE);
    skip(!(await testDevice()).computes, NOT_RUN);
    const before = await model.save();
    const error = await failure(() => model.step({ x: Float32Array.of(1, 2, 3, 1, 200, 3) }));
    expect(error.message).toBe("the latent `z` received an infinite value at example 1, position 1");
    expect(await model.save()).toEqual(before);
    // Nothing is left of it.
    expect((await model.step({ x: Float32Array.of(1, 2, 3) })).step).toBe(1);
  });

  test("a requirement of the structure, in the same words as on the host", async ({ skip }) => {
    const text = CHOICE.replace("exp(x) + w", "masked(x + w, x > 0)").replaceAll("0.5", "1");
    const model = await open(text);
    skip(!(await testDevice()).computes, NOT_RUN);
    const batch = { x: Float32Array.of(1, 2, 3, -1, -1, -1) };
    const host = await instantiate(compile({ name: "m.sst", text }, { library }).artifact!, { device: "cpu", seed: 1 });
    const [onHost, onDevice] = [await failure(() => host.step(batch)), await failure(() => model.step(batch))];
    expect([onDevice.message, onDevice.why, onDevice.help]).toEqual([onHost.message, onHost.why, onHost.help]);
    expect(onDevice.message).toBe("z in example 1: all that could be chosen is masked");
  });
});

describe("training diverges", () => {
  const STEEP = `model M() {
  data x: f32[]
  param w: f32[] ~ zeros
  minimize exp(w * x) * x
}
`;
  test("a loss or a gradient that is not finite is told, and nothing has changed", async ({ skip }) => {
    const { gpu, computes } = await testDevice();
    const model = await openWebGpuModel(compiled(STEEP), { gpu: { device: gpu.device } });
    skip(!computes, NOT_RUN);
    model.setParameters({ w: Float32Array.of(1) });
    const before = await model.save();
    const lost = await failure(() => model.step({ x: Float32Array.of(200) }));
    expect(lost.message).toBe("training step 0: the loss is not finite");
    const steep = await failure(() => model.step({ x: Float32Array.of(60) }));
    expect(steep.message).toBe(
      "training step 0: the gradient of the parameter `w` is too large to be squared in float32",
    );
    expect(await model.save()).toEqual(before);
    expect((await model.step({ x: Float32Array.of(1) })).step).toBe(1);
  });

  test("steps that were on their way do not count either", async ({ skip }) => {
    const { gpu, computes } = await testDevice();
    const model = await openWebGpuModel(compiled(STEEP), { gpu: { device: gpu.device } });
    skip(!computes, NOT_RUN);
    model.setParameters({ w: Float32Array.of(1) });
    const steps = [1, 200, 1, 1].map((x) => model.step({ x: Float32Array.of(x) }));
    const outcomes = await Promise.allSettled(steps);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected", "rejected"]);
    expect(model.stepCount).toBe(1);
    expect((await model.step({ x: Float32Array.of(1) })).step).toBe(2);
  });
});

test("the model of a file trains and resumes from a checkpoint, bit for bit", async ({ skip }) => {
  const { gpu, computes } = await testDevice();
  const source = { name: "q.sst", text: readFileSync("examples/quickstart/model.sst", "utf8") };
  const { artifact } = compile(source, { library, target: "webgpu" });
  const open = () => openWebGpuModel(artifact!, { gpu: { device: gpu.device }, seed: 3 });
  const whole = await open();
  skip(!computes, NOT_RUN);
  const batch = Object.fromEntries(
    artifact!.data.map(({ name, shape }) => [
      name,
      Float32Array.from({ length: 4 * shape.reduce((a, b) => a * b, 1) }, (_, i) => ((i * 7) % 3 === 0 ? 1 : 0)),
    ]),
  );
  for (let step = 0; step < 3; step++) await whole.step(batch);
  const middle = await whole.save();
  await whole.step(batch);
  const resumed = await open();
  resumed.load(middle);
  await resumed.step(batch);
  expect(await resumed.save()).toEqual(await whole.save());
});
