/** The model API: training, its optimiser against float64, saving, memory, and every error a caller can cause. */
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { openDevice } from "../../runtime/devices.ts";
import { instantiate } from "../../runtime/instantiate.ts";
import type { Model } from "../../runtime/model.ts";
import { Adam, adamOptions } from "../../runtime/optimizers/adam.ts";
import { normal } from "../../runtime/random.ts";
import type { Batch } from "../../runtime/validate.ts";
import { failure } from "./failure.ts";
import { tinyArtifact, tinyData, WEIGHTS } from "./tiny.ts";

const data = tinyData(64);
const learn = { name: "adam", learningRate: 0.02 } as const;

describe.each(["wasm", "cpu"])("a model on %s", (device) => {
  it("learns, with a flat number of tensors over 1,000 steps", async () => {
    const model = await instantiate(tinyArtifact(), { device, seed: 1, optimizer: learn });
    await model.step(data);
    const before = tf.memory().numTensors;
    for (let i = 0; i < 999; i++) await model.step(data);
    await model.evaluate(data);
    await model.sample({ x: data.x });
    expect(tf.memory().numTensors).toBe(before);
    expect(model.undisposed).toBe(0);
    const { w } = await model.parameters();
    WEIGHTS.forEach((weight, i) => {
      expect(w![i]).toBeCloseTo(weight, 1);
    });
    model.dispose();
    expect(tf.memory().numTensors).toBe(before - 3);
  });

  it("goes on bit for bit after save and load", async () => {
    const whole = await instantiate(tinyArtifact(), { device, seed: 3, optimizer: learn });
    for (let i = 0; i < 5; i++) await whole.step(data);
    const bytes = await whole.save();
    const resumed = await instantiate(tinyArtifact(), { device, seed: 99 });
    resumed.load(bytes);
    expect(await resumed.save()).toEqual(bytes);
    for (let i = 0; i < 5; i++) expect(await resumed.step(data)).toEqual(await whole.step(data));
    expect(await resumed.save()).toEqual(await whole.save());
    expect(await resumed.states()).toEqual(await whole.states());
  });

  it("keeps the states that the program returns", async () => {
    const model = await instantiate(tinyArtifact(), { device });
    let running = 1;
    for (let i = 0; i < 3; i++) running = 0.9 * running + 0.1 * (await model.step(data)).loss;
    expect((await model.states()).running!.data[0]).toBeCloseTo(running, 5);
  });

  it("runs an entry raw, with anything injected", async () => {
    const model = await instantiate(tinyArtifact(), { device });
    const before = tf.memory().numTensors;
    const noise = { eps: { shape: [2], data: new Float32Array([100, 200]) } };
    const inputs = { x: new Float32Array([1, 0, 0, 0, 1, 0]) };
    const parameters = { w: new Float32Array([3, 4, 5]) };
    const { z } = await model.run("sample", { inputs, noise, parameters, hypers: { t: 2 } });
    expect(z).toEqual({ shape: [2], data: new Float32Array([8, 12]) });
    expect(tf.memory().numTensors).toBe(before);
  });

  it("draws anew at every sample, and the same for the same seed", async () => {
    const model = await instantiate(tinyArtifact(), { device });
    const draw = async (options?: { seed: number }) => String((await model.sample({ x: data.x }, options)).z!.data);
    expect(await draw()).not.toBe(await draw());
    expect(await draw({ seed: 4 })).toBe(await draw({ seed: 4 }));
  });

  it("draws other noise for training, evaluation and samples", async () => {
    const model = await instantiate(tinyArtifact(), { device });
    // Without input and bias, z is 0.01 times the noise, and the loss is its square.
    const zero = { x: new Float32Array(3), y: new Float32Array(1) };
    const { z } = await model.sample({ x: zero.x }, { draw: 0 });
    const { metrics } = await model.evaluate(zero, { draw: 0 });
    const { loss } = await model.step(zero);
    const drawn = [loss, metrics.loss as number, z!.data[0]! ** 2].map((square) => (1e4 * square).toFixed(4));
    expect(new Set(drawn).size).toBe(3);
  });

  it("leaves nothing behind, and changes nothing, when a step fails", async () => {
    const model = await instantiate(tinyArtifact(), { device });
    const before = tf.memory().numTensors;
    const saved = await model.save();
    model.setParameters({ b: new Float32Array([3e38]), w: new Float32Array([3e38, 3e38, 3e38]) });
    const error = await failure(() => model.step({ x: new Float32Array([1, 1, 1]), y: new Float32Array(1) }));
    expect(error.message).toBe("the latent `z` received an infinite value at example 0, position 0");
    expect(tf.memory().numTensors).toBe(before);
    model.load(saved);
    expect(model.stepCount).toBe(0);
  });
});

it("gives the same numbers on wasm and cpu", async () => {
  const results = [];
  for (const device of ["wasm", "cpu"]) {
    const model = await instantiate(tinyArtifact(), { device, seed: 5, optimizer: learn });
    for (let i = 0; i < 20; i++) await model.step(data);
    results.push((await model.evaluate(data)).metrics.elbo as number);
  }
  expect(results[0]).toBeCloseTo(results[1]!, 5);
});

describe("Adam", () => {
  it.each([
    ["adam", { lr: 0.01, weight_decay: 0.1 }],
    ["adamw", { lr: 0.01, weight_decay: 0.1 }],
    ["adamw", { lr: 0.01, weight_decay: 0.1, decay: 0.2, over: 120 }],
    ["adam", { lr: 0.01, weight_decay: 0.1, warmup: 40 }],
    ["adamw", { lr: 0.01, weight_decay: 0.1, decay: 0.2, over: 120, warmup: 40 }],
  ] as const)("%s with %j follows a float64 reference", (name, given) => {
    const size = 50;
    const options = adamOptions(name, given);
    const adam = new Adam(options, size);
    const values = normal(1, 1, 0, size);
    const reference = { p: Float64Array.from(values), m: new Float64Array(size), v: new Float64Array(size) };
    for (let t = 1; t <= 200; t++) {
      const gradient = normal(1, 2, t, size);
      adam.begin();
      adam.update(values.subarray(0, 20), gradient.subarray(0, 20), 0);
      adam.update(values.subarray(20), gradient.subarray(20), 20);
      const { p, m, v } = reference;
      for (let i = 0; i < size; i++) {
        const g = gradient[i]! + (name === "adam" ? 0.1 * p[i]! : 0);
        m[i] = 0.9 * m[i]! + 0.1 * g;
        v[i] = 0.999 * v[i]! + 0.001 * g * g;
        // From 0.01 down to 0.002, where it falls at all.
        const falling = "over" in given ? Math.max(0.002, 0.01 - (0.008 * (t - 1)) / 120) : 0.01;
        const rate = "warmup" in given && t < 40 ? (falling * t) / 40 : falling;
        if (name === "adamw") p[i]! -= rate * 0.1 * p[i]!;
        p[i]! -= (rate * (m[i]! / (1 - 0.9 ** t))) / (Math.sqrt(v[i]! / (1 - 0.999 ** t)) + 1e-8);
      }
    }
    values.forEach((value, i) => {
      expect(Math.abs(value - reference.p[i]!)).toBeLessThan(2e-5);
    });
  });

  it.each([
    [{ rate: 1 }, "`adam` has no argument called `rate`"],
    [{ lr: -1 }, "the learning rate of `adam` is -1"],
    [{ beta2: 1 }, "the decay beta2 of `adam` is 1"],
    [{ decay: 2 }, "the decay of the learning rate of `adam` is 2"],
    [{ over: 0 }, "the number of updates that the learning rate falls over of `adam` is 0"],
    [{ warmup: 0.5 }, "the number of updates that the learning rate rises over of `adam` is 0.5"],
  ])("refuses %j", async (given, message) => {
    expect((await failure(() => new Adam(adamOptions("adam", given), 1))).message).toBe(message);
  });
});

describe("errors", () => {
  const nanAt = (index: number) => data.x.data.map((v, i) => (i === index ? Number.NaN : v)) as Float32Array;
  const cases: [string, Batch, string][] = [
    ["an unknown name", { x: data.x, z: data.y }, "batch: Tiny has no data called `z`"],
    ["a missing name", { x: data.x }, "batch: `y` is missing"],
    [
      "a wrong shape",
      { x: { shape: [32, 6], data: data.x.data }, y: data.y },
      "batch: `x` has shape [32, 6], not [examples, 3]",
    ],
    ["a wrong length", { x: new Float32Array(4), y: data.y }, "batch: `x` has 4 values, which is not a multiple of 3"],
    [
      "too few values",
      { x: { shape: [64, 3], data: new Float32Array(3) }, y: data.y },
      "batch: `x` has 3 values, but its shape [64, 3] says 192",
    ],
    ["a wrong type", { x: new Int32Array(192), y: data.y }, "batch: `x` is an Int32Array, not a Float32Array"],
    [
      "something else",
      { x: "abc" as unknown as Float32Array, y: data.y },
      "batch: `x` is of type string, not a tensor",
    ],
    ["NaN", { x: nanAt(7), y: data.y }, "batch: `x` holds NaN at example 2, position [1]"],
    [
      "infinity",
      { x: data.x, y: data.y.data.map(() => Number.POSITIVE_INFINITY) as Float32Array },
      "batch: `y` holds an infinite value at example 0, position []",
    ],
    ["no examples", { x: new Float32Array(0), y: new Float32Array(0) }, "batch: `x` holds no examples"],
    ["different batches", { x: data.x, y: new Float32Array(63) }, "batch: `x` holds 64 examples and `y` holds 63"],
  ];
  it.each(cases)("data with %s", async (_, batch, message) => {
    const model = await instantiate(tinyArtifact());
    expect((await failure(() => model.step(batch))).message).toBe(message);
  });

  it("asks whether another name was meant", async () => {
    const model = await instantiate(
      tinyArtifact({ data: [{ name: "truth", dtype: "f32", shape: [3], batched: true }] }),
    );
    expect((await failure(() => model.step({ trut: data.x }))).report()).toContain("help: did you mean `truth`?");
  });

  const withModel: [string, (model: Model) => unknown, string][] = [
    ["temperature zero", (model) => model.setHyper("t", 0), "the temperature `t` is 0"],
    ["temperature NaN", (model) => model.setHyper("t", Number.NaN), "the hyperparameter `t` is NaN"],
    ["an unknown hyper", (model) => model.setHyper("tau", 1), "Tiny has no hyperparameter called `tau`"],
    [
      "an unknown parameter",
      (model) => model.setParameters({ weight: new Float32Array(3) }),
      "Tiny has no parameter called `weight`",
    ],
    [
      "a parameter's length",
      (model) => model.setParameters({ w: new Float32Array(4) }),
      "parameters: `w` has 4 values, but its shape [3, 1] says 3",
    ],
    ["a sample's seed", (model) => model.sample({ x: data.x }, { seed: -1 }), "the seed is -1"],
  ];
  it.each(withModel)("%s", async (_, action, message) => {
    const model = await instantiate(tinyArtifact());
    expect((await failure(() => action(model))).message).toBe(message);
  });

  it("a disposed model, an impossible seed, a temperature in the artifact", async () => {
    const model = await instantiate(tinyArtifact());
    model.dispose();
    expect((await failure(() => model.step(data))).message).toBe("this Tiny was disposed of");
    expect((await failure(() => instantiate(tinyArtifact(), { seed: 0.5 }))).message).toBe("the seed is 0.5");
    const cold = tinyArtifact({ hypers: [{ name: "t", value: -1, positive: true }] });
    expect((await failure(() => instantiate(cold))).message).toBe("the temperature `t` is -1");
  });

  it("a diverging loss names the step, a diverging gradient the parameter", async () => {
    const huge = tinyArtifact({
      program: tinyArtifact().program.replace("[tf.mean(squared),", "[tf.scalar(NaN),"),
    });
    const lost = await instantiate(huge);
    expect((await failure(() => lost.step(data))).message).toBe("training step 0: the loss is not finite");
    const steep = tinyArtifact({
      program: tinyArtifact().program.replace("tf.reshape(tf.sum(dz), [1])", "tf.tensor1d([Infinity])"),
    });
    const model = await instantiate(steep);
    const before = await model.save();
    expect((await failure(() => model.step(data))).message).toBe(
      "training step 0: the gradient of the parameter `b` is not finite",
    );
    expect(await model.save()).toEqual(before);
  });

  it("a trap of WebAssembly, which estimates let through, was called a bug in the compiler", async () => {
    const trap = "(() => { throw new WebAssembly.RuntimeError('memory access out of bounds'); })()";
    const { program } = tinyArtifact();
    const model = await instantiate(tinyArtifact({ program: program.replace("[tf.mean(squared),", `[${trap},`) }));
    const error = await failure(() => model.step(data));
    expect(error.message).toBe("the device `wasm` failed in `train` on a batch of 64");
    expect(error.why).toBe("memory access out of bounds: most often there was no more memory to be had");
    expect(error.help).toContain("reduce the batch or the sizes of the model");
  });

  it("a batch or a model too large for the memory, before allocating", async () => {
    const model = await instantiate(tinyArtifact(), { device: "cpu", memoryLimit: 5000 });
    const batch = await failure(() => model.step(data));
    expect(batch.message).toBe(
      "Tiny needs about 7.2 KiB of memory for `train` on a batch of 64, and the device `cpu` has 4.9 KiB",
    );
    expect(batch.help).toBe(
      "reduce the batch to 40 or fewer, or reduce the sizes of the model, such as `D = 3` and `hidden = 8`",
    );
    const whole = await failure(() => instantiate(tinyArtifact(), { device: "cpu", memoryLimit: 500 }));
    expect(whole.help).toContain("not even one example fits");
    const [first, ...rest] = tinyArtifact().entries;
    const vast = tinyArtifact({ entries: [{ ...first!, memory: { fixed: 2 ** 33, perExample: 0 } }, ...rest] });
    expect((await failure(() => instantiate(vast))).message).toBe(
      "Tiny needs about 8.0 GiB of memory for `train` on a batch of 1, and the device `wasm` has 3.5 GiB",
    );
  });

  it("a device that does not exist, or whose package is missing", async () => {
    const unknown = await failure(() => openDevice("gpu"));
    expect(unknown.message).toBe("there is no device called `gpu`");
    expect(unknown.help).toBe("choose one of `wasm`, `cpu`, `tensorflow` and `cuda`");
    const absent = await failure(() => openDevice("cuda"));
    expect(absent.message).toBe(
      "the device `cuda` needs the package @tensorflow/tfjs-node-gpu, which could not be loaded",
    );
  });
});

describe("hyperparameters", () => {
  it("follow their schedule until they are set", async () => {
    const anneal = { from: 1, to: 0, steps: 4 };
    const artifact = tinyArtifact({ hypers: [{ name: "t", value: 1, anneal, positive: false }] });
    const model = await instantiate(artifact, { optimizer: { name: "adam", learningRate: 1e-12 } });
    const inputs = { x: new Float32Array(3), y: new Float32Array(1) };
    model.setParameters({ b: new Float32Array([1]), w: new Float32Array(3) });
    const seen: number[] = [];
    const noise = { eps: { shape: [1], data: new Float32Array(1) } };
    for (let i = 0; i < 6; i++) {
      seen.push((await model.run("sample", { inputs, noise })).z!.data[0]!);
      await model.step(inputs);
    }
    expect(seen).toEqual([1, 0.75, 0.5, 0.25, 0, 0]);
    model.setHyper("t", 3);
    expect((await model.run("sample", { inputs, noise })).z!.data[0]).toBe(3);
  });
});
