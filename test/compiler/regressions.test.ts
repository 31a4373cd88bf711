/** What went wrong in the compiler once, and must not again. Each test is called by the fault. */
import { expect, test } from "vitest";
import { compile } from "../../compiler/compile.ts";
import { render } from "../../compiler/diagnostic.ts";
import { instantiate } from "../../runtime/instantiate.ts";
import { library } from "../../stdlib/library.ts";

function artifactOf(text: string) {
  const { artifact, diagnostics } = compile({ name: "regression.sst", text }, { library });
  expect(diagnostics.filter(({ severity }) => severity === "error").map(render)).toEqual([]);
  return artifact!;
}

async function lossOf(text: string, batch: { readonly [name: string]: Float32Array }): Promise<number> {
  const model = await instantiate(artifactOf(text), { device: "cpu", seed: 1 });
  const { loss } = await model.step(batch);
  model.dispose();
  return loss;
}

const x = Float32Array.of(1, 2, 3, 4);

test("a negative end of a range kept everything", async () => {
  expect(await lossOf("model M() {\n  data x: f32[4]\n  minimize sum(x[..-1])\n}", { x })).toBe(6);
  expect(await lossOf("model M() {\n  data x: f32[4]\n  minimize sum(x[-2..])\n}", { x })).toBe(7);
  expect(await lossOf("model M() {\n  data x: f32[4]\n  let last = -1\n  minimize x[last]\n}", { x })).toBe(4);
});

test("the gradient of a hard sample was a crash, not zero", async () => {
  const text = `model M() {
  data x: f32[4]
  param w: f32[4] ~ constant(1)
  latent z: OneHot(4) ~ Fixed(x * w)
  minimize sum(z * x) + sum(w)
}`;
  const model = await instantiate(artifactOf(text), { device: "cpu", seed: 1 });
  const outputs = await model.run("train", { inputs: { x } });
  expect([...outputs["gradient:w"]!.data]).toEqual([1, 1, 1, 1]);
  model.dispose();
});

test("a graph with more than 65,535 edges made a program that JavaScript could not read", () => {
  const { program } = artifactOf(
    "model M() {\n  latent z: SpanningTree(path(70000)) ~ Gumbel(0)\n  minimize sum(hard(z))\n}",
  );
  expect(() => new Function(`return (${program})`)).not.toThrow();
});

test("draws of truth values were a crash", async () => {
  const text = `distribution Coin(p = 0.5) {
  noise v: uniform
  sample = v < p
}
model M() {
  data x: f32[4]
  latent z: Subset(4) ~ Coin(x)
  minimize sum(z)
}`;
  expect(await lossOf(text, { x })).toBe(4);
});

test("an objective of integers was a crash", async () => {
  const text = "model M() {\n  data k: i32[3]\n  maximize k[0]\n  metric m = k[1] > 0\n}";
  const model = await instantiate(artifactOf(text), { device: "cpu", seed: 1 });
  expect((await model.step({ k: Int32Array.of(1, 2, 3) })).loss).toBe(-1);
  model.dispose();
});

test("a temperature's schedule and a hyper of the user's were one, and so were dropout's and a latent variable's noise", () => {
  const artifact = artifactOf(`model M() {
  data x: f32[4]
  hyper z_temperature = 7
  latent z: OneHot(4) ~ Gumbel(x * z_temperature) relax ExpFamily at anneal(1 -> 0.5 over 10)
  latent uniform_0: OneHot(4) ~ Gumbel(drop(x, 0.5)) relax ExpFamily at 1
  minimize sum(z) + sum(uniform_0)
}`);
  expect(artifact.hypers.map(({ name, value, positive }) => [name, value, positive])).toEqual([
    ["z_temperature", 7, false],
    ["z.temperature", 1, true],
  ]);
  const names = artifact.entries[0]!.noise.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

test("two noises of one distribution were the same draws", () => {
  const artifact = artifactOf(`distribution Two(a = 0) {
  noise e: uniform
  noise f: uniform
  sample = a + e - f
}
model M() {
  latent z: OneHot(4) ~ Two(0) relax ExpFamily at 1
  minimize sum(z)
}`);
  expect(artifact.entries[0]!.noise.map(({ name, stream }) => [name, stream])).toEqual([
    ["z", 0],
    ["z.f", 1],
  ]);
});

test("kernels over matrices did not fit the vector of an embedding", async () => {
  const text = `structure Rows(n) {
  embedding x: binary[n, n]
  argmax each
  relax ExpFamily by each_softmax symmetric
}
kernel each(n, u: f32[n, n]) -> x: f32[n, n] {
  for i in 0..n {
    let best = argmax(u[i, j] for j in 0..n)
    for j in 0..n { x[i, j] = if j == best then 1.0 else 0.0 }
  }
}
kernel each_softmax(n, u: f32[n, n]) -> x: f32[n, n] {
  for i in 0..n {
    let total = sum(exp(u[i, j]) for j in 0..n)
    for j in 0..n { x[i, j] = exp(u[i, j]) / total }
  }
}
model M() {
  data x: f32[4]
  param w: f32[4] ~ constant(1)
  latent z: Rows(2) ~ Fixed(reshape(x * w, [2, 2])) relax ExpFamily at 1
  minimize sum(z * [[0, 1], [0, 0]])
}`;
  expect(await lossOf(text, { x })).toBeCloseTo(1 / (1 + Math.exp(-1)), 6);
});

test("an infinite argument of a model was lost on the way through JSON", () => {
  const artifact = artifactOf("model M(clip = inf, low = -inf) {\n  minimize 0\n}");
  expect(JSON.parse(JSON.stringify(artifact)).arguments).toEqual({ clip: "inf", low: "-inf" });
});

test("sums of sums of sums took a law twice the time for each level, and long ones its stack", () => {
  const doubled = Array.from({ length: 60 }, (_, i) => `  let a${i + 1} = a${i} + a${i}`);
  artifactOf(`model M() {\n  data a0: f32[4]\n${doubled.join("\n")}\n  minimize sum(a60)\n}`);
  artifactOf("model M() {\n  data x: f32[4]\n  minimize sum(scan s = x for i in 0..9000 { s + x * i })\n}");
});

test("a relaxation for another target was taken, and of several the first, not the cheapest", () => {
  const model = (clauses: string) => `structure S(n) {
  embedding x: binary[n]
  argmax largest
  ${clauses}
}
model M() {
  param w: f32[4] ~ zeros
  latent z: S(4) ~ Fixed(w) relax ExpFamily at 1
  minimize sum(z)
}`;
  const all = `relax ExpFamily by box(R = Euclidean) symmetric on webgpu cost 1
  relax ExpFamily by logistic symmetric cost 9 * n
  relax ExpFamily by softmax_kernel symmetric cost n`;
  const decision = artifactOf(model(all)).decisions.find(({ pass }) => pass === "relaxation");
  expect(decision).toMatchObject({
    chosen: "softmax_kernel",
    cost: 4,
    rejected: [
      { option: "ExpFamily", reason: "declared for webgpu only" },
      { option: "ExpFamily", reason: "costs 36 steps (9 * n with n = 4)" },
    ],
  });
  const alone = model("relax ExpFamily by softmax_kernel symmetric on webgpu");
  const { artifact, diagnostics } = compile({ name: "regression.sst", text: alone }, { library });
  expect(artifact).toBeUndefined();
  expect(diagnostics.map(({ message, why }) => [message, why])).toEqual([
    ["S(4) has no ExpFamily relaxation", "it is declared for webgpu only"],
  ]);
});

test("latents with one kernel and one input shared a tensor, which was disposed of twice", async () => {
  const latent = (name: string) => `  latent ${name}: OneHot(4) ~ Fixed(x * w) relax ExpFamily at 1\n`;
  const artifact = artifactOf(`model M() {
  data x: f32[4]
  param w: f32[4] ~ constant(1)
${latent("a")}${latent("b")}  minimize sum(a * x) + 2 * sum(b * x)
}`);
  const model = await instantiate(artifact, { device: "cpu", seed: 1 });
  expect(Number.isFinite((await model.step({ x })).loss)).toBe(true);
  const { a, b } = await model.sample({ x });
  expect([...a!.data]).toEqual([...b!.data]);
  model.dispose();
});

test("a bias in a long scan made simplification look endless, or took its stack", () => {
  artifactOf(`model M() {
  data x: f32[2, 4]
  param b: f32[4] ~ zeros
  minimize sum(scan s = x for i in 0..2000 { tanh(s + broadcast(b, like = x)) })
}`);
});

test("five dimensions of an example are computed on wasm, and six were garbage", async () => {
  const text = (shape: string, axis: number) => `model M() {
  data x: f32[${shape}]
  param w: f32[${shape}] ~ constant(2)
  let y = softmax(transpose(exp(x * w / 10)))
  minimize sum(maximum(y, axis = ${axis}) ^ 2) + sum(y[0] * x[0]) + sum(batch_mean(concat(y, y)))
}`;
  const data = Float32Array.from({ length: 2 * 72 }, (_, i) => Math.sin(i));
  const results = await Promise.all(
    ["cpu", "wasm"].map(async (device) => {
      const model = await instantiate(artifactOf(text("3, 2, 2, 2, 3", 3)), { device, seed: 1 });
      const outputs = await model.run("train", { inputs: { x: data } });
      model.dispose();
      return [...outputs.loss!.data, ...outputs["gradient:w"]!.data];
    }),
  );
  results[1]!.forEach((value, i) => {
    expect(value).toBeCloseTo(results[0]![i]!, 4);
  });
  const { diagnostics } = compile({ name: "regression.sst", text: text("3, 2, 1, 2, 2, 3", 3) }, { library });
  expect(diagnostics.map(({ code }) => code)).toContain("too-large");
});

test("a module applied twice lost the first update of its state", async () => {
  const artifact = artifactOf(`module Count() {
  state seen: f32[] = 1
  forward(x: f32[]): f32[] = {
    update seen = 2 * seen + x
    x + 0 * seen
  }
}
model M() {
  data x: f32[]
  param w: f32[] ~ zeros
  let count = Count()
  let total = sum(scan s = count(1) for i in 2..4 { s + count(i) })
  minimize total + w * x
}`);
  const model = await instantiate(artifact, { device: "cpu", seed: 1 });
  const outputs = await model.run("train", { inputs: { x: Float32Array.of(5) } });
  // 2 (2 (2 · 1 + 1) + 2) + 3
  expect([...outputs["state:count.seen"]!.data]).toEqual([19]);
  model.dispose();
});

test("dropout, which there is in training only, moved the latents' streams of noise", () => {
  const { entries } = artifactOf(`model M() {
  data x: f32[4]
  latent a: OneHot(4) ~ Gumbel(drop(x, 0.5)) relax ExpFamily at 1
  latent b: OneHot(4) ~ Gumbel(drop(x, 0.5)) relax ExpFamily at 1
  minimize sum(a) + sum(b)
}`);
  const streams = entries.map(({ name, noise }) => [name, noise.map((each) => [each.name, each.stream])]);
  const latents = [
    ["a", 0],
    ["b", 1],
  ];
  expect(streams).toEqual([
    [
      "train",
      [
        ["kept.65536", 65536],
        ["a", 0],
        ["kept.65537", 65537],
        ["b", 1],
      ],
    ],
    ["evaluate", latents],
    ["sample", latents],
    ["sample_soft", latents],
  ]);
});

test("a kernel with an infinity took the place of one with the other infinity", async () => {
  const artifact = artifactOf(`structure Bounded(n, bound: float) {
  embedding x: binary[n]
  argmax below
}
kernel below(n, bound: float, u: f32[n]) -> x: f32[n] {
  for i in 0..n { x[i] = if u[i] < bound then 1.0 else 0.0 }
}
model M() {
  param p: f32[2] ~ zeros
  data x: f32[2]
  latent a: Bounded(2, inf) ~ Fixed(x)
  latent b: Bounded(2, -inf) ~ Fixed(x)
  minimize sum(p)
  metric all = sum(hard(a))
  metric none = sum(hard(b))
}`);
  const model = await instantiate(artifact, { device: "cpu" });
  expect((await model.evaluate({ x: Float32Array.of(1, 2) })).metrics).toMatchObject({ all: 2, none: 0 });
  model.dispose();
});

test("a mistake in a relaxation of the user's was told as one in the standard library", () => {
  const text = `relaxation Gentle {
  map(s) = min(max(half(s), 0), 1)
  slope(x) = if x > 0 and x < 1 then 0.5 else 0.0
}
model M(n = 4) {
  param w: f32[n] ~ zeros
  latent z: KSubset(n, 2) ~ Gumbel(w) relax Gentle at 1
  minimize sum(z)
}`;
  const { diagnostics } = compile({ name: "gentle.sst", text }, { library });
  const [first] = diagnostics;
  expect(first!.source.name).toBe("gentle.sst");
  expect(text.slice(first!.span.start)).toMatch(/^half/);
  expect(compile({ name: "gentle.sst", text: text.replace("half(s)", "0.5 * s") }, { library }).diagnostics).toEqual(
    [],
  );
});

test("a cost declared for a target did not replace the one for all, whose solver was listed beside itself", () => {
  const source = {
    name: "regression.sst",
    text: `structure S(n) {
  embedding x: binary[n]
  argmax largest         cost 10
  argmax largest         on webgpu cost 1
  argmax also_largest    cost 5
}
kernel also_largest(n, u: f32[n]) -> x: f32[n] { x[argmax(u)] = 1 }
model M() {
  param w: f32[4] ~ zeros
  latent z: S(4) ~ Fixed(w) relax Euclidean at 1
  minimize sum(z)
}`,
  };
  const solver = (target: "tfjs" | "webgpu") => {
    const { decisions } = compile(source, { library, target }).artifact!;
    const { chosen, cost, rejected } = decisions.find(({ pass }) => pass === "solver")!;
    return { chosen, cost, rejected };
  };
  expect(solver("tfjs")).toEqual({
    chosen: "also_largest",
    cost: 5,
    rejected: [{ option: "largest", reason: "costs 10 steps (10)" }],
  });
  expect(solver("webgpu")).toEqual({
    chosen: "largest",
    cost: 1,
    rejected: [{ option: "also_largest", reason: "costs 5 steps (5)" }],
  });
});
