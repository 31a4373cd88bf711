/** What went wrong in the runtime once, and must not again. Each test is called by the fault. */
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { instantiate } from "../../runtime/instantiate.ts";
import type { AdamOptions } from "../../runtime/optimizers/adam.ts";
import type { Batch } from "../../runtime/validate.ts";
import { layer } from "../../sstc.ts";
import { artifactOf, withModel } from "./compiled.ts";
import { failure } from "./failure.ts";

describe("utilities that are the same for all examples", () => {
  const model = (utilities: string) => `model M() {
  data x: f32[5]
  param theta: f32[5] ~ zeros
  latent z: OneHot(5) ~ ${utilities} relax ExpFamily at 0.5
  minimize sum(z * x)
}`;
  const batch = { x: new Float32Array(5 * 40).fill(1) };
  const rowsOf = (data: ArrayLike<number>) =>
    new Set(Array.from({ length: 40 }, (_, i) => String(Array.from(data).slice(5 * i, 5 * i + 5))));

  for (const soft of [false, true]) {
    test(`there was one ${soft ? "soft" : "hard"} sample for the whole batch`, () =>
      withModel(model("Gumbel(theta)"), async (each) => {
        const { z } = await each.sample(batch, { soft });
        expect(z!.shape).toEqual([40, 5]);
        expect(rowsOf(z!.data).size).toBeGreaterThan(soft ? 39 : 3);
      }));

    test(`without noise the ${soft ? "soft" : "hard"} samples had no axis for the batch`, () =>
      withModel(model("Fixed(theta)"), async (each) => {
        const { z } = await each.sample(batch, { soft });
        expect(z!.shape).toEqual([40, 5]);
        expect(rowsOf(z!.data).size).toBe(1);
      }));
  }

  test("the types of a module promise the axis of the batch that samples have", () => {
    const { entries } = artifactOf(model("Fixed(theta)"));
    const outputs = entries.filter(({ name }) => name.startsWith("sample")).flatMap((entry) => entry.outputs);
    expect(outputs.map(({ batched }) => batched)).toEqual([true, true]);
  });

  test("uniform noise in them was shared by the examples", () =>
    withModel(model("Fixed(theta + 0.1 * uniform_like(theta))"), async (each) => {
      const { entries } = each.artifact;
      const noise = entries.find(({ name }) => name === "train")!.noise;
      expect(noise.map(({ batched }) => batched)).toEqual([true]);
    }));

  test("training draws for each example, as sampling does", () =>
    withModel(model("Gumbel(theta)"), (each) => {
      const noise = each.artifact.entries.flatMap((entry) => entry.noise);
      expect(noise.length).toBeGreaterThan(2);
      expect(noise.every(({ batched }) => batched)).toBe(true);
    }));

  test("data that only the objective reads were not counted as examples, nor checked", () =>
    withModel(model("Gumbel(theta)"), async (each) => {
      await expect(each.sample({ x: new Float32Array(7) })).rejects.toThrow("not a multiple of 5");
      expect((await each.sample({})).z!.shape).toEqual([1, 5]);
    }));
});

describe("what a kernel makes of utilities", () => {
  const OWN = `structure Mine(n) {
  embedding x: binary[n]
  argmax first cost n
  relax ExpFamily by shares symmetric
}
kernel first(n: int, u: f32[n]) -> x: f32[n] {
  x[0] = 1
}
kernel shares(n: int, u: f32[n]) -> x: f32[n] {
  for i in 0..n { x[i] = u[i] / (u[i] + u[(i + 1) % n]) }
}
`;

  test("NaN made by a kernel of one's own was silent in a layer", async () => {
    const own = await layer("Mine(3) relax ExpFamily at 0.5", { source: OWN, device: "cpu" });
    const rows = [
      [1, 1, 1],
      [1, 2, -2],
    ];
    const said = "the soft sample of Mine(3) holds an infinite value at example 1, position 1";
    expect((await failure(() => own.soft(rows))).message).toBe(said);
    expect(own.argmax(rows)).toEqual([
      [1, 0, 0],
      [1, 0, 0],
    ]);
  });

  test("NaN made by a kernel of one's own named no latent in training", () =>
    withModel(
      `${OWN}model M() {
  data x: f32[3]
  param w: f32[3] ~ zeros
  latent z: Mine(3) ~ Fixed(x + w) relax ExpFamily at 1
  minimize sum(z)
}`,
      async (model) => {
        const { message } = await failure(() => model.step({ x: Float32Array.of(1, 1, 1, 0, 0, 1) }));
        expect(message).toBe("a solver of the latent `z` made NaN at example 1, position 0");
      },
    ));

  test.each([
    ["OneHot(3) relax ExpFamily at 1e-320", [0, 1, 2], "1e-320 hold an infinite value at example 0, position 1"],
    ["KSubset(3, 2) relax Euclidean at 0.01", [0, 0, -1e308], "0.01 hold a negative infinite value at example 0"],
    ["SpanningTree(complete(3)) relax ExpFamily at 0.01", [1e308, 0, 0], "0.01 hold an infinite value at example 0"],
  ])("%s had samples of null", async (text, u, said) => {
    const made = await layer(text, { device: "cpu" });
    const uses = [() => made.soft(u), () => made.vjp(u, u)];
    for (const use of uses) expect((await failure(use)).message).toContain(said);
    if (text.includes("ExpFamily")) expect((await failure(() => made.logPartition(u))).message).toContain(said);
  });

  test("a utility of zero is a number at any temperature", async () => {
    const made = await layer("OneHot(2) relax ExpFamily at 1e-320", { device: "cpu" });
    expect(made.soft([0, 0])).toEqual([0.5, 0.5]);
  });

  test("a log-partition beyond float32 was infinite in float32", async () => {
    const made = await layer("OneHot(2) relax ExpFamily at 0.01", { device: "cpu" });
    expect(made.logPartition([2e38, 0])).toBeCloseTo(2e40, -30);
    const tensor = tf.tensor1d([2e38, 0]);
    for (const u of [Float32Array.of(2e38, 0), tensor]) {
      expect((await failure(() => made.logPartition(u))).message).toMatch(
        /^what OneHot\(2\) .* is \S+e\+40, beyond the/,
      );
    }
    tensor.dispose();
  });
});

describe("data of a declared type", () => {
  const TYPES = `model M() {
  data b: binary[2, 2]
  data flag: bool[3]
  data k: i32[]
  minimize sum(b) + sum(where(flag, 1, 0)) + k
}`;
  const good = () => ({ b: Float32Array.of(0, 1, 1, 0), flag: Uint8Array.of(0, 1, 1), k: Int32Array.of(7) });
  const two = { b: Float32Array.of(0, 1, 1, 0, 0, 0, 0.5, 1), flag: new Uint8Array(6), k: new Int32Array(2) };
  const declared = (what: string) => `the model declares \`${what}\`, whose values are 0 and 1`;

  test.each<[string, Batch, string, string | undefined]>([
    ["a half", two, "batch: `b` holds 0.5 at example 1, position [1, 0]", declared("b: binary[2, 2]")],
    [
      "a truth value of 2",
      { ...good(), flag: Uint8Array.of(0, 1, 2) },
      "batch: `flag` holds 2 at example 0, position [2]",
      declared("flag: bool[3]"),
    ],
    [
      "a truth value of -1",
      { ...good(), flag: Int32Array.of(-1, 1, 0) },
      "batch: `flag` holds -1 at example 0, position [0]",
      declared("flag: bool[3]"),
    ],
    [
      "NaN",
      { ...good(), b: Float32Array.of(0, Number.NaN, 0, 0) },
      "batch: `b` holds NaN at example 0, position [0, 1]",
      "data must be finite numbers",
    ],
  ])("%s was taken for 0 or 1", (_, batch, message, why) =>
    withModel(TYPES, async (model) => {
      expect((await model.step(good())).loss).toBe(11);
      const told = await failure(() => model.step(batch));
      expect(told.message).toBe(message);
      if (why !== undefined) expect(told.why).toBe(why);
    }),
  );

  test.each<[unknown, string, RegExp]>([
    [[0, 1, 1, 0], "a list, not a tensor", /^pass a Float32Array/],
    [{ data: good().b }, "an object without `shape`, not a tensor", /^pass a Float32Array/],
    [{ shape: 4, data: good().b }, "an object whose `shape` is no list, not a tensor", /^pass/],
    [{ shape: [1, 2, 2], data: [0, 1, 1, 0] }, "an object whose `data` is an Array, not a tensor", /^pass/],
    [Int32Array.of(0, 1, 1, 0), "an Int32Array, not a Float32Array", /^convert it/],
    [3, "of type number, not a tensor", /^pass/],
  ])("%o was an object of some type", (b, said, help) =>
    withModel(TYPES, async (model) => {
      const told = await failure(() => model.step({ ...good(), b: b as Float32Array }));
      expect(told.message).toBe(`batch: \`b\` is ${said}`);
      expect(told.help).toMatch(help);
    }),
  );
});

test("a tf.Tensor as data was an object of some type", () =>
  withModel("model M() {\n  data x: f32[2]\n  minimize sum(x)\n}", async (model) => {
    const x = tf.tensor([0, 1], [1, 2]) as unknown as Float32Array;
    const { message, help } = await failure(() => model.step({ x }));
    expect(message).toBe("batch: `x` is a tf.Tensor, not a tensor");
    expect(help).toBe("a tf.Tensor is on a device: pass { shape: x.shape, data: x.dataSync() }");
  }));

test("an optimizer that does not exist was Adam", async () => {
  const artifact = artifactOf("model M() {\n  data x: f32[]\n  minimize x\n}");
  const optimizer = { name: "sgd", learningRate: 0.1 } as unknown as AdamOptions;
  const { message, help } = await failure(() => instantiate(artifact, { device: "cpu", optimizer }));
  expect([message, help]).toEqual(["there is no optimizer called `sgd`", "choose one of `adam` and `adamw`"]);
});

test("a state that was not finite spoilt all later steps", () =>
  withModel(
    `model M() {
  data x: f32[]
  param w: f32[] ~ constant(1)
  state most: f32[] = 0
  update most = batch_mean(exp(x * 100))
  minimize w * w
}`,
    async (model) => {
      const { message } = await failure(() => model.step({ x: Float32Array.of(1, 1) }));
      expect(message).toBe("training step 0: the new state `most` is not finite");
      expect([(await model.states()).most!.data[0], (await model.parameters()).w![0], model.stepCount]).toEqual([
        0, 1, 0,
      ]);
      expect(model.undisposed).toBe(0);
    },
  ));

test("a temperature that is 0 in float32 was taken", () =>
  withModel(
    "model M() {\n  data x: f32[3]\n  hyper t = 1\n  latent z: OneHot(3) ~ Gumbel(x) relax ExpFamily at t\n  minimize sum(z)\n}",
    async (model) => {
      expect((await failure(() => model.setHyper("t", 1e-50))).message).toBe("the temperature `t` is 1e-50");
      model.setHyper("t", 1e-30);
    },
  ));

test("an objective that overflows was blamed on the network before the latent", async () => {
  const model = (utilities: string) => `model M() {
  data x: f32[2]
  param w: f32[3] ~ zeros
  latent z: OneHot(3) ~ ${utilities} relax ExpFamily at 1
  minimize exp(100 * sum(z * w) * mean(x)) * 1e30
}`;
  const gradient = (at: string) => `the gradient of the latent \`z\` holds an infinite value at ${at}`;
  const batch = { x: Float32Array.of(0, 0, 1, 1) };
  await withModel(model("Fixed(w + sum(x))"), async (each) => {
    each.setParameters({ w: Float32Array.of(1, 2, 3) });
    const told = await failure(() => each.step(batch));
    expect(told.message).toBe(gradient("example 1, position 0"));
    expect(told.why).toContain("computed from the samples");
  });
  await withModel(model("Fixed(w)"), async (each) => {
    each.setParameters({ w: Float32Array.of(1, 2, 3) });
    const told = await failure(() => each.step({ x: batch.x.subarray(2) }));
    expect(told.message).toBe(gradient("position 0"));
  });
});

test.each([
  [-1, 4, "-1"],
  [0, 5, "5"],
])("indices beyond a table or classes are told before a device reads there: %i and %i", async (word, label, wrong) => {
  const text = `model Words() {
  data word: i32[2]
  data label: i32
  param table: f32[3, 5] ~ normal(1)
  minimize cross_entropy(sum(embedding(table, word), axis = 0), label)
}`;
  await withModel(text, async (model) => {
    const batch = { word: Int32Array.of(0, 2, 1, word), label: Int32Array.of(0, label) };
    const problem = await failure(() => model.step(batch));
    expect(problem.message).toContain(`holds ${wrong} at example 1`);
    expect(problem.why).toMatch(word < 0 ? /as indices of 3 rows or classes/ : /as indices of 5 rows or classes/);
    await model.step({ word: Int32Array.of(0, 2, 1, 2), label: Int32Array.of(0, 4) });
  });
});
