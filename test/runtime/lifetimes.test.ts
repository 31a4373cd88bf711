/** What went wrong once between steps: loading, disposing, keeping the best. Each test is called by the fault. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createDataset } from "../../runtime/dataset.ts";
import { openDevice } from "../../runtime/devices.ts";
import type { HostTensor } from "../../runtime/host-tensor.ts";
import { instantiate } from "../../runtime/instantiate.ts";
import { SMALLER_IS_BETTER, smallerIsBetter } from "../../runtime/metrics.ts";
import { readSafetensors, writeSafetensors } from "../../runtime/safetensors.ts";
import { type KeepBest, train } from "../../runtime/train.ts";
import { artifactOf, withModel } from "./compiled.ts";
import { failure } from "./failure.ts";

test.each(["cpu", "wasm"])(
  "on %s a model that was disposed of left its constants and tables behind",
  async (device) => {
    const artifact = artifactOf(`model M(n = 3) {
  let K = complete(n)
  data x: f32[edges(K)]
  param w: f32[edges(K)] ~ zeros
  latent z: SpanningTree(K) ~ Gumbel(x * 3 + w) relax ExpFamily at 0.5
  minimize sum(gather_sum(K, to_arcs(K, reshape(x * z, [edges(K), 1]))) * 7)
}`);
    expect(artifact.program).toContain("makeRows([");
    expect(artifact.program).toContain("const constant$");
    const { tf } = await openDevice(device);
    const before = tf.memory().numTensors;
    for (const examples of [1, 2]) {
      const model = await instantiate(artifact, { device });
      for (const count of [examples, examples + 1]) await model.step({ x: new Float32Array(3 * count).fill(1) });
      expect(model.undisposed).toBe(0);
      model.dispose();
      expect(tf.memory().numTensors).toBe(before);
      model.dispose();
    }
  },
);

test("on cpu a state that was set to a parameter followed the parameter's later changes", async () => {
  const artifact = artifactOf(`model M() {
  data x: f32[]
  param w: f32[2] ~ constant(1)
  state s: f32[2] = 0
  update s = w
  minimize sum(w * w) + x
}`);
  const states = await Promise.all(
    ["cpu", "wasm"].map(async (device) => {
      const model = await instantiate(artifact, { device });
      await model.step({ x: Float32Array.of(0) });
      const { s } = await model.states();
      model.dispose();
      return s!.data;
    }),
  );
  expect(states[0]).toEqual(states[1]);
  expect(states[0]).toEqual(Float32Array.of(1, 1));
});

describe("a checkpoint that is refused", () => {
  const TEXT = `model M() {
  data x: f32[]
  hyper t = 1
  param w: f32[2] ~ constant(1)
  state s: f32[] = 0
  latent z: OneHot(2) ~ Fixed(w * x) relax ExpFamily at t
  update s = batch_mean(x)
  minimize sum(z * z)
}`;
  type Metadata = { readonly [key: string]: string };
  /** Spoils tensors in place, and returns the metadata to write. */
  type Fault = [string, (metadata: Metadata, tensors: ReadonlyMap<string, HostTensor>) => Metadata, string];
  const optimizer = (change: object) => (metadata: Metadata) => {
    const written = JSON.parse(metadata.optimizer!) as { options: object };
    return { ...metadata, optimizer: JSON.stringify({ ...written, options: { ...written.options, ...change } }) };
  };
  const notFinite = (key: string, said: string): Fault => [
    key,
    (metadata, tensors) => {
      tensors.get(key)!.data.fill(Number.NaN);
      return metadata;
    },
    `F holds the ${said} with NaN at position 0`,
  ];
  const faults: Fault[] = [
    ["seed", (metadata) => ({ ...metadata, seed: "4294967296" }), "the seed is 4294967296"],
    ["unknown hyper", (metadata) => ({ ...metadata, hypers: '{"u":1}' }), "M has no hyperparameter called `u`"],
    ["temperature", (metadata) => ({ ...metadata, hypers: '{"t":0}' }), "the temperature `t` is 0"],
    ["learning rate", optimizer({ learningRate: -1 }), "the learning rate of `adam` is -1"],
    ["optimizer", optimizer({ name: "sgd" }), "there is no optimizer called `sgd`"],
    [
      "count of updates",
      (metadata) => ({ ...metadata, optimizer: metadata.optimizer!.replace(/"updates":\d+/, '"updates":0.5') }),
      "F has bad metadata: the updates of `optimizer` are not a count",
    ],
    notFinite("w", "parameter `w`"),
    notFinite("state:s", "state `s`"),
    notFinite("adam.square:w", "optimiser state of `w`"),
  ];

  test.each(faults)("had been loaded in part: %s", async (_, spoil, said) => {
    const written = await withModel(TEXT, async (model) => {
      model.setHyper("t", 0.5);
      await model.step({ x: Float32Array.of(2) });
      return await model.save();
    });
    const { metadata, tensors } = readSafetensors(written, "F");
    const bytes = writeSafetensors({ metadata: spoil(metadata, tensors), tensors });
    await withModel(TEXT, async (model) => {
      model.setParameters({ w: Float32Array.of(3, 4) });
      model.setHyper("t", 2);
      const before = await model.save();
      expect((await failure(() => model.load(bytes, "F"))).message).toBe(said);
      expect(await model.save()).toEqual(before);
      model.load(written, "F");
      expect(await model.save()).toEqual(written);
    });
  });
});

describe("the best model", () => {
  test("was the worst by metrics such as rmse", () => {
    const smaller = ["loss", "edges.rmse", "mae", "bce", "cross_entropy", "crossEntropy", "kl_divergence", "testWER"];
    const larger = ["elbo", "accuracy", "gloss", "mean", "precise", "loss_share", "edges.recall", "force"];
    for (const path of [...smaller, "error.mean", "edit_distance"]) expect(smallerIsBetter(path), path).toBe(true);
    for (const path of larger) expect(smallerIsBetter(path), path).toBe(false);
    const docs = readFileSync(new URL("../../docs/language.md", import.meta.url), "utf8");
    const told = docs.match(/ends in one of these words:([^.]*)\./)![1]!.match(/\w+/g);
    expect(told).toEqual(SMALLER_IS_BETTER);
  });

  const artifact = artifactOf(`model M() {
  data x: f32[]
  param w: f32[] ~ constant(1)
  metric high = log(w * 0)
  metric low = w
  minimize (w - 3) * (w - 3) + 0 * x
}`);
  const data = createDataset(artifact, { columns: { x: { shape: [4], data: new Float32Array(4) } } }, "data");
  const run = async (metric: string | undefined, steps: number, bytes?: Uint8Array) => {
    const keepBest: { keepBest?: KeepBest } = metric === undefined ? {} : { keepBest: { split: "valid", metric } };
    const model = await instantiate(artifact, { device: "cpu" });
    const before = await model.save();
    let last: Uint8Array = before;
    try {
      const common = { batch: 4, validateEvery: 1, train: data, splits: { valid: data } };
      const result = await train(model, {
        ...common,
        ...keepBest,
        steps,
        ...(bytes === undefined ? {} : { resume: { bytes, file: "F" } }),
        onCheckpoint: (name, written) => {
          if (name === "last") last = written.slice();
        },
      });
      return { ...result, last };
    } catch (problem) {
      expect(await model.save()).toEqual(before);
      throw problem;
    } finally {
      model.dispose();
    }
  };

  test("of a run that went on by another metric was compared with values of the old one", async () => {
    const { last } = await run("loss", 1);
    for (const [metric, keeps] of [
      ["low", "keeps the one of the best `valid.low`"],
      [undefined, "keeps none"],
    ] as const) {
      expect((await failure(() => run(metric, 2, last))).message).toBe(
        `F was written by a run that kept the model of the best \`valid.loss\`, this one ${keeps}`,
      );
    }
    expect((await run("loss", 2, last)).best?.step).toBe(2);
    const without = await run(undefined, 1);
    expect((await run("low", 2, without.last)).best?.step).toBe(2);
  });

  test("had the value null in checkpoints when its metric was infinite, which is 0 in comparisons", async () => {
    const first = await run("high", 1);
    expect(first.best?.value).toBe(Number.NEGATIVE_INFINITY);
    expect((await run("high", 2, first.last)).best).toEqual(first.best);
  });
});

test("a gradient whose square is beyond float32 made parameters NaN one step later", () =>
  withModel(
    "model M() {\n  data x: f32[]\n  param w: f32[] ~ zeros\n  minimize w * batch_mean(x)\n}",
    async (model) => {
      const before = await model.save();
      const { message } = await failure(() => model.step({ x: Float32Array.of(1e20) }));
      expect(message).toBe("training step 0: the gradient of the parameter `w` is too large to be squared in float32");
      expect(await model.save()).toEqual(before);
      for (let i = 0; i < 3; i++) await model.step({ x: Float32Array.of(1e19) });
      expect((await model.parameters()).w![0]).toBeCloseTo(-0.003, 5);
    },
  ));
