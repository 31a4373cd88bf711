/** `sstc compile`: the module it writes, run and type-checked, and what it prints of each stage. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TfjsArtifact } from "../../compiler/artifact.ts";
import { Builder } from "../../compiler/ir/tensor/builder.ts";
import { printTensorProgram } from "../../compiler/ir/tensor/print.ts";
import { readTensorProgram } from "../../compiler/ir/tensor/read.ts";
import type { GeneratedModel } from "../../runtime/generated-model.ts";
import type { HostTensor } from "../../runtime/host-tensor.ts";
import { type InstantiateOptions, instantiate } from "../../runtime/instantiate.ts";
import { UserError } from "../../runtime/user-error.ts";
import { compile } from "../../sstc.ts";
import { run } from "./harness.ts";

const NRI = "examples/nri/nri.sst";
const SMALL = ["--set", "V=4", "--set", "T=3", "--set", "hidden=8"];
const RUNTIME = resolve("runtime/runtime.ts");

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sstc-compile-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

interface Module {
  readonly artifact: TfjsArtifact;
  readonly create: (options?: InstantiateOptions) => Promise<GeneratedModel>;
}

async function compiled(out: string, ...args: readonly string[]): Promise<Module> {
  const target = join(folder, out);
  const paths = [join(target, "nri.js"), join(target, "nri.d.ts")];
  expect(await run("compile", NRI, "--out", target, "--runtime", RUNTIME, ...args)).toEqual({
    status: 0,
    stdout: `${paths.join("\n")}\n`,
    stderr: "",
  });
  return (await import(pathToFileURL(paths[0]!).href)) as Module;
}

/** Tells the type checker that the next line of a text is wrong. */
const WRONG = ["@ts", "expect", "error"].join("-");

/** Four vertices on a circle that turns, and a tree on them. */
function batch(size: number) {
  const x = Float32Array.from({ length: size * 3 * 4 * 2 }, (_, i) => Math.sin(i * 0.7));
  const truth = Float32Array.from({ length: size * 6 }, (_, i) => (i % 6 < 3 ? 1 : 0));
  return { x, truth };
}

test("the module trains, samples, saves and loads, with the numbers of the compiled artifact", async () => {
  const { artifact, create } = await compiled("trained", ...SMALL);
  const nri = await create({ device: "cpu", seed: 1 });
  const text = { name: NRI, text: readFileSync(NRI, "utf8") };
  const direct = compile(text, { arguments: { V: 4, T: 3, hidden: 8 } }).artifact!;
  const { program, ...rest } = artifact;
  const { program: directProgram, ...directRest } = direct;
  expect(rest).toEqual(directRest);
  expect(program.length).toBeGreaterThan(0.9 * directProgram.length);
  const other = await instantiate(direct, { device: "cpu", seed: 1 });
  const data = batch(5);
  for (const step of [1, 2]) {
    const made = await nri.step(data);
    expect(made).toEqual(await other.step(data));
    expect(made.step).toBe(step);
    expect(Number.isFinite(made.loss)).toBe(true);
  }
  const { z } = (await nri.sample({ x: data.x })) as { z: HostTensor };
  expect(z.shape).toEqual([5, 6]);
  for (let i = 0; i < 5; i++) expect((z.data as Float32Array).slice(6 * i, 6 * i + 6).reduce((a, b) => a + b)).toBe(3);
  const { z: soft } = (await nri.sample({ x: data.x }, { soft: true, seed: 3 })) as { z: HostTensor };
  expect([...soft.data].some((value) => value > 0.01 && value < 0.99)).toBe(true);
  const path = join(folder, "nri.safetensors");
  const bytes = await nri.save(path);
  expect(new Uint8Array(readFileSync(path))).toEqual(bytes);
  const restored = await create({ device: "cpu", seed: 2 });
  await restored.load(path);
  expect(restored.stepCount).toBe(2);
  expect(await restored.step(data)).toEqual(await nri.step(data));
  await restored.load(bytes);
  expect(restored.stepCount).toBe(2);
  await expect(restored.load(file("foreign.safetensors", "nothing"))).rejects.toThrow(UserError);
  await expect(restored.load(join(folder, "missing"))).rejects.toThrow(UserError);
  await expect(restored.save(join(folder, "missing", "a"))).rejects.toThrow(UserError);
  expect(restored.stepCount).toBe(2);
  for (const model of [nri, restored, other]) model.dispose();
});

test("what the module's declarations say is what the type checker knows", async () => {
  await compiled("types", ...SMALL);
  const out = join(folder, "types");
  writeFileSync(
    join(out, "use.ts"),
    `import { create, type Data, type Hyper } from "./nri.js";
const nri = await create({ device: "wasm", seed: 1 });
const data: Data = { x: new Float32Array(24), truth: new Float32Array(6) };
const { loss, metrics } = await nri.step(data);
export const precision: number = loss + metrics.edges.precision;
// ${WRONG}: the training step reads the truth for its metrics.
await nri.step({ x: data.x });
const { z } = await nri.sample({ x: data.x }, { soft: true });
export const shape: readonly number[] = z.shape;
// ${WRONG}: there is no such data.
await nri.sample({ x: data.x, y: data.x });
// ${WRONG}: x holds floats.
await nri.sample({ x: new Int32Array(24) });
// ${WRONG}: there is no such metric.
metrics.edges.prescision;
nri.setHyper("t", 0.3);
// ${WRONG}: there is no such hyper.
nri.setHyper("u", 0.3);
export const hyper: Hyper = "t";
export const weights: Float32Array = (await nri.parameters())["encoder.vertex.first.W"];
export const bytes: Uint8Array = await nri.save("nri.safetensors");
`,
  );
  const options = { extends: resolve("tsconfig.json"), include: ["use.ts"], exclude: [] };
  const types = { compilerOptions: { rootDir: "/", types: ["node"], typeRoots: [resolve("node_modules/@types")] } };
  writeFileSync(join(out, "tsconfig.json"), JSON.stringify({ ...options, ...types }));
  writeFileSync(join(out, "package.json"), '{ "type": "module" }');
  const tsc = () => execFileSync("node_modules/.bin/tsc", ["-p", out], { encoding: "utf8", stdio: "pipe" });
  expect(tsc()).toBe("");
});

test("a model without latents or hypers has declarations and methods that say so", async () => {
  const path = file("plain.sst", "model Plain(n = 2) {\n  data x: i32[n]\n  data b: bool[n]\n  minimize sum(x)\n}\n");
  await run("compile", path, "--out", folder, "--runtime", RUNTIME);
  const declarations = readFileSync(join(folder, "plain.d.ts"), "utf8");
  expect(declarations).toContain('readonly "x": Int32Array | HostTensor;');
  expect(declarations).toContain('readonly "b": Uint8Array | HostTensor;');
  expect(declarations).toContain("export type Hyper = never;");
  expect(declarations).toContain("sample: never;");
  const { create } = (await import(pathToFileURL(join(folder, "plain.js")).href)) as Module;
  const model = await create({ device: "cpu" });
  await expect(model.sample({})).rejects.toThrow("the model Plain has no latent variables");
  model.dispose();
  await run("compile", file("empty.sst", "model Empty() {}"), "--out", folder, "--runtime", RUNTIME);
  const empty = await ((await import(pathToFileURL(join(folder, "empty.js")).href)) as Module).create({
    device: "cpu",
  });
  await expect(empty.step({})).rejects.toThrow("the model Empty has no objective");
  await expect(empty.evaluate({})).rejects.toThrow("the model Empty has no metrics");
  empty.dispose();
});

test("files that sstc did not write are never written over", async () => {
  const path = file("data.sst", "model M() {\n  data x: f32[2]\n  minimize sum(x)\n}\n");
  const own = file("data.js", "export const mine = 1;\n");
  const { status, stderr } = await run("compile", path, "--out", folder);
  expect(status).toBe(2);
  expect(stderr).toContain("data.js was not written by sstc compile");
  expect(readFileSync(own, "utf8")).toBe("export const mine = 1;\n");
  expect(existsSync(join(folder, "data.d.ts"))).toBe(false);
  const twice = join(folder, "twice");
  expect((await run("compile", path, "--out", twice)).status).toBe(0);
  const first = readFileSync(join(twice, "data.js"), "utf8");
  expect((await run("compile", path, "--out", twice)).status).toBe(0);
  expect(readFileSync(join(twice, "data.js"), "utf8")).toBe(first);
  expect(first).toContain('from "sstc/runtime"');
});

const TINY = `model M(n = 2) {
  data x: f32[n]
  hyper t = 0.5
  param w: f32[n] ~ constant(1)
  latent z: OneHot(n) ~ Gumbel(x * w) relax ExpFamily at t
  minimize sum(z * x)
}
`;

test("--emit tokens and ast show what was read, with its places", async () => {
  const path = file("tiny.sst", TINY);
  const tokens = (await run("compile", path, "--emit", "tokens")).stdout.split("\n");
  expect(tokens[0]!.split(/ +/)).toEqual(["1:1", "Word", "model"]);
  expect(tokens[4]!.split(/ +/)).toEqual(["1:11", "Mark", "="]);
  expect(tokens.find((line) => line.startsWith("3:13"))!.split(/ +/)).toEqual(["3:13", "Number", "0.5"]);
  const tree = JSON.parse((await run("compile", path, "--emit", "ast")).stdout);
  expect(tree.declarations[0].name.name).toBe("M");
  expect(TINY.slice(tree.declarations[0].body[1].span.start, tree.declarations[0].body[1].span.end)).toBe(
    "hyper t = 0.5",
  );
});

test("--emit tokens and ast show what could be read, and then what could not", async () => {
  const path = file("broken.sst", "model M( {\n}\nfn f(x) = x ? 2\n");
  for (const stage of ["tokens", "ast"]) {
    const { status, stdout, stderr } = await run("compile", path, "--emit", stage);
    expect(status).toBe(1);
    expect(stdout.length).toBeGreaterThan(20);
    expect(stderr).toContain("error[syntax]: expected a parameter's name but found '{'");
    expect(stderr).toContain(`${path}:3:13`);
  }
});

test("--emit model lists what a model declares", async () => {
  const { stdout } = await run("compile", NRI, "--emit", "model", ...SMALL);
  const lines = stdout.split("\n").map((line) => line.trim().replace(/ +/g, " "));
  expect(lines[0]).toMatch(/^model NRI\(V = 4, T = 3, D = 2, hidden = 8, .*Edges = SpanningTree\)$/);
  for (const line of [
    "x f32[T, V, D] [batch, 3, 4, 2]",
    "t 0.5 a temperature",
    "encoder.vertex.first.b [8] 0.1",
    "z SpanningTree(complete(4)) [batch, 6] ~ Gumbel(theta) relax ExpFamily",
    "prior z ~ Gumbel(0)",
    "observe x[1..] ~ Normal(mean, variance = 5e-5)",
    "maximize elbo",
    "edges the reading with the best precision of complement, graph: accuracy, precision, recall",
    "train reads x, truth, noise z",
    "returns loss, 40 gradients, 8 states, 11 metrics",
  ]) {
    expect(lines).toContain(line);
  }
});

test("--emit tensor prints programs that read back, --emit kernel every kernel, --emit js the module", async () => {
  const path = file("stages.sst", TINY);
  const { stdout } = await run("compile", path, "--emit", "tensor");
  const programs = stdout.trim().split(/\n\n/);
  expect(programs.map((text) => text.split("\n", 1)[0])).toEqual(
    ["train", "evaluate", "sample", "sample_soft"].map((name) => `program "${name}"`),
  );
  for (const text of programs) expect(printTensorProgram(readTensorProgram(text, new Builder()))).toBe(`${text}\n`);
  const kernels = (await run("compile", path, "--emit", "kernel")).stdout;
  const js = (await run("compile", path, "--emit", "js")).stdout;
  const names = [...kernels.matchAll(/^kernel (\w+)\(/gm)].map((match) => match[1]);
  expect(names.length).toBeGreaterThanOrEqual(3);
  for (const name of names) expect(js).toContain(`kernels["${name}"]`);
  expect((await run("compile", path, "--out", join(folder, "js"))).status).toBe(0);
  expect(readFileSync(join(folder, "js", "stages.js"), "utf8")).toBe(js);
});

test("--target webgpu writes a module, its types, and the one file that it imports; --emit wgsl prints the kernels", async () => {
  const out = join(folder, "webgpu");
  const { status, stdout, stderr } = await run("compile", NRI, "--target", "webgpu", ...SMALL, "--out", out);
  expect([status, stderr]).toEqual([0, ""]);
  const paths = stdout.trim().split("\n");
  expect(paths.map((path) => basename(path))).toEqual(["nri.js", "nri.d.ts", "sstc-webgpu.js"]);
  const [module, types, host] = paths.map((path) => readFileSync(path, "utf8")) as [string, string, string];
  expect(module).toContain('import { createModule } from "./sstc-webgpu.js";');
  expect(types).toContain('import type { Artifact, CreateOptions, GeneratedModel, HostTensor } from "sstc/webgpu";');
  // It needs nothing but itself.
  expect(host).not.toMatch(/^\s*import\s.*from/m);
  const { stdout: wgsl } = await run("compile", NRI, "--emit", "wgsl", ...SMALL);
  expect(wgsl).toContain("@compute @workgroup_size(");
  expect(wgsl).toContain(": matrix_tree, a workgroup for each problem");
  for (const kernel of wgsl.split("\n\n").slice(0, 3)) expect(module).toContain(kernel.trim());
});

test("settings are expressions; what is wrong with one is told in its own text", async () => {
  const path = file("settings.sst", TINY);
  const listing = async (...sets: readonly string[]) =>
    run("compile", path, "--emit", "model", ...sets.flatMap((set) => ["--set", set]));
  const listed = (await listing("n=2 * 3 + 1", "t=1e-1")).stdout;
  expect(listed).toContain("M(n = 7)");
  expect(listed).toContain("t  0.1  a temperature");
  const wrong: readonly (readonly [setting: string, told: string])[] = [
    ["m=2", "M has no argument and no hyper called m"],
    ["t=OneHot", "the hyper t is a number, but this is OneHot"],
    ["t=0", "the temperature t must be greater than 0"],
    ["n=", "expected"],
    ["n", "write NAME=VALUE, such as V=5"],
    ["n=[1, 2]", "a setting is a number, true, false, or a structure's name"],
    ["n=nothing", "there is no structure nothing"],
    ["n=-1", "must be a positive integer"],
  ];
  for (const [setting, told] of wrong) {
    const { status, stdout, stderr } = await listing(setting);
    expect({ status, stdout }, setting).toEqual({ status: 1, stdout: "" });
    expect(stderr).toContain(told);
  }
  expect((await listing("m=2", "o=3")).stderr.match(/error\[/g)).toHaveLength(2);
  const nri = await run("compile", NRI, "--emit", "model", "--set", "hiden=8", "--set", "Edges=TopKEdge");
  expect(nri.stderr).toContain("did you mean hidden?");
  expect(nri.stderr).toContain("did you mean TopKEdges?");
});

test("wrong command lines", async () => {
  const path = file("again.sst", TINY);
  const wrong: readonly (readonly [told: string, ...args: string[]])[] = [
    ["--target cuda: choose one of tfjs, webgpu", path, "--target", "cuda"],
    ["--emit cst: choose one of tokens, ast,", path, "--emit", "cst"],
    ["cannot read missing.sst: there is no such file", "missing.sst"],
    ["cannot write", path, "--out", path],
    ["unknown option '--outt'", path, "--outt", "x"],
  ];
  for (const [told, ...args] of wrong) {
    const { status, stderr } = await run("compile", ...args);
    expect(status, told).toBe(2);
    expect(stderr).toContain(told);
  }
  expect((await run("compile", path, "--model", "N")).stderr).toContain("there is no model N in this file");
});
