/** `sstc run` and `sstc sample` given what cannot be carried out: each says what is wrong, and what to do. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "./harness.ts";

const MODEL = `
model Line(n = 3, k = 1) {
  hyper t = 0.5
  data x: f32[n]
  param w: f32[n] ~ zeros
  latent z: KSubset(n, k) ~ Gumbel(x + w) relax ExpFamily at t
  minimize sum(z * x)
}
experiment fit for Line {
  vary n in { 3 }
  data from "./data.js" points(n, train = 40, valid = 10, test = 10)
  train adam(1e-2) batch 8 steps 4 validate every 2 keep best valid.loss
  report test.loss
  scale tiny { train steps 2 }
}
`;
/** A data module; `column` is an expression for the one column over `size` and `n`. */
const dataModule = (column: string, name = "x") => `
export function points(n, { train, valid, test }) {
  const split = (size) => ({ columns: { ${name}: ${column} } });
  return { train: split(train), valid: split(valid), test: split(test) };
}
`;
const VALUES = "new Float32Array(size * n).fill(0.5)";
const GOOD = dataModule(`{ shape: [size, n], data: ${VALUES} }`);

const folder = mkdtempSync(join(tmpdir(), "sstc-run-errors-"));
let files = 0;
const place = (name: string) => join(folder, name);
function put(name: string, text: string): string {
  writeFileSync(place(name), text);
  return place(name);
}
const model = put("line.sst", MODEL);
put("data.js", GOOD);
afterAll(() => rmSync(folder, { recursive: true }));

/** What a command says, with the folder's path written D, and its exit status. */
async function complaint(...args: readonly string[]): Promise<{ status: number; text: string }> {
  const { status, stderr } = await run(...args);
  return { status, text: stderr.replaceAll(folder, "D") };
}

/** Runs the experiment with these flags, into a directory of its own. */
const attempt = (file: string, ...flags: readonly string[]) =>
  complaint("run", file, "--device", "cpu", "--out", place(`out${files++}`), ...flags);

/** Runs the experiment on another data module. */
function attemptWith(module: string, change: (text: string) => string = (text) => text) {
  const name = `data${files++}.js`;
  put(name, module);
  return attempt(put(`${name}.sst`, change(MODEL.replace("data.js", name))));
}

test("nothing is wrong with the model and the data themselves", async () => {
  const { status, text } = await attempt(model);
  expect(status, text).toBe(0);
});

describe("command lines", () => {
  const cases: { readonly [name: string]: readonly [flags: readonly string[], status: number, ...said: string[]] } = {
    "an unknown flag": [["--sclae", "tiny"], 2, "unknown option '--sclae'", "Did you mean --scale?"],
    "a flag without its value": [["--set"], 2, "argument missing"],
    "an unknown experiment": [
      ["--experiment", "fti"],
      1,
      "there is no experiment fti in this file",
      "did you mean fit?",
    ],
    "an unknown scale": [["--scale", "tny"], 1, "fit has no scale tny", "did you mean tiny?"],
    "an unknown key": [["--set", "stepps=3"], 1, "there is nothing called stepps to set", "did you mean steps?"],
    "an unknown part of a clause": [
      ["--set", "train.stepps=3"],
      1,
      "nothing called train.stepps",
      "did you mean steps?",
    ],
    "a key without a value": [["--set", "steps"], 1, "expected '=' and a value", "write NAME=VALUE"],
    "a value that is no name": [["--set", "steps=many"], 1, "there is no many here", "--set steps=many"],
    "a size that is no integer": [
      ["--set", "n=0.5"],
      1,
      "must be a positive integer, but this is 0.5",
      "data x: f32[n]",
    ],
    "a size that is not constant": [["--set", "n=w"], 1, "there is no w here"],
    "no steps": [["--set", "steps=0"], 1, "steps must be a positive integer, but it is 0"],
    "k beyond n": [["--set", "k=9"], 1, "k must lie between 1 and n", "KSubset(3, 9) requires"],
    "k of nothing": [["--set", "k=0"], 1, "k must lie between 1 and n", "KSubset(3, 0) requires"],
    "a temperature of 0": [["--set", "t=0"], 1, "the temperature `t` is 0", "it must be greater than 0"],
    "a temperature below 0": [["--set", "t=-1"], 1, "the temperature `t` is -1", "it must be greater than 0"],
    "an unknown device": [["--device", "gpu"], 2, "--device gpu: choose one of wasm, cpu"],
    "a seed that is none": [["--seed", "abc"], 2, "--seed abc: expected a whole number"],
    "nothing to resume": [["--resume"], 2, "to resume"],
  };
  test.each(Object.entries(cases))("%s", async (_, [flags, status, ...said]) => {
    const told = await attempt(model, ...flags);
    for (const each of said) expect(told.text).toContain(each);
    expect(told.status).toBe(status);
  });
  test("an unknown command", async () => {
    const { status, text } = await complaint("rum", model);
    expect([status, text]).toEqual([2, expect.stringContaining("Did you mean run?")]);
  });
  test("no such file", async () => {
    const { status, text } = await complaint("run", place("none.sst"));
    expect([status, text]).toEqual([2, "sstc: cannot read D/none.sst: there is no such file\n"]);
  });
  test("an argument of the model that has no value in the experiment", async () => {
    const { status, text } = await attempt(put("unvaried.sst", MODEL.replace("  vary n in { 3 }\n", "")));
    expect(text).toContain("n is an argument of the model Line, and has no value here");
    expect(text).toContain("vary it, as in vary n in { 1, 2 }, or write its value");
    expect(status).toBe(1);
  });
});

describe("data", () => {
  test("no module", async () => {
    const { status, text } = await attempt(put("no-module.sst", MODEL.replace("data.js", "nowhere.js")));
    expect(text).toContain("there is no data module D/nowhere.js\n  why: the experiment's data come from");
    expect(status).toBe(1);
  });
  test("no function", async () => {
    const { status, text } = await attemptWith(GOOD, (source) => source.replace("points", "pionts"));
    expect(text).toContain("exports no function called `pionts`\n  help: it exports `points`");
    expect(status).toBe(1);
  });
  test("a module with a mistake in it", async () => {
    const { status, text } = await attemptWith("export const points = ;");
    expect(text).toMatch(/the data module \.\/data\d+\.js could not be loaded\n {2}why: \w*Error: /);
    expect(status).toBe(1);
  });
  test("a function that throws was called a bug in the compiler", async () => {
    const { status, text } = await attemptWith("export function points() {\n  throw new TypeError('no net');\n}");
    expect(text).toMatch(/`points` of the data module \.\/data\d+\.js failed\n {2}why: TypeError: no net, thrown at /);
    expect(status).toBe(1);
  });
  test("a function that throws what is no error", async () => {
    const { status, text } = await attemptWith("export async function points() {\n  throw 'no net';\n}");
    expect(text).toMatch(/`points` of the data module \.\/data\d+\.js failed\n {2}why: it threw no net/);
    expect(status).toBe(1);
  });
  test("a split that is missing", async () => {
    const { status, text } = await attemptWith(GOOD.replace("valid: split(valid), ", ""));
    expect(text).toContain("returned no split `valid`\n  help: it must return { train, valid, test }");
    expect(status).toBe(1);
  });

  const columns: { readonly [name: string]: readonly [column: string, said: string] } = {
    "of a wrong shape": [
      "{ shape: [size, n + 1], data: new Float32Array(size * (n + 1)) }",
      "train data: `x` has shape [40, 4], not [examples, 3]\n  why: the model declares `x: f32[n]`, here f32[3]",
    ],
    "of a wrong length": [
      "{ shape: [size, n], data: new Float32Array(size * n - 1) }",
      "train data: `x` has 119 values, but its shape [40, 3] says 120",
    ],
    "with a shape that is undefined": [
      `{ shape: [size, n.lenght], data: ${VALUES} }`,
      "train data: the shape of `x` holds undefined\n  why: sizes are whole numbers",
    ],
    "with NaN": [
      `{ shape: [size, n], data: ${VALUES}.fill(NaN, 7, 8) }`,
      "train data: `x` holds NaN at example 2, position [1]\n  why: data must be finite numbers",
    ],
    "with infinity": [
      `{ shape: [size, n], data: ${VALUES}.fill(-Infinity, 0, 1) }`,
      "train data: `x` holds a negative infinite value at example 0, position [0]",
    ],
    "of the wrong type": [
      "{ shape: [size, n], data: new Float64Array(size * n) }",
      "train data: `x` is a Float64Array, not a Float32Array\n  why: the model declares",
    ],
    "as a list of lists": ["Array(size).fill([1, 2, 3])", "train data: `x` is a list, not a tensor"],
    "without examples": ["{ shape: [0, n], data: new Float32Array(0) }", "train data: `x` holds no examples"],
  };
  test.each(Object.entries(columns))("a column %s", async (_, [column, said]) => {
    const { status, text } = await attemptWith(dataModule(column));
    expect(text).toContain(said);
    expect(status).toBe(1);
  });
  const baselines: { readonly [written: string]: string } = {
    '[{ name: "b" }]': "returned the baseline `b` without metrics",
    "[null]": "returned a baseline without a name, at index 0",
    '["x"]': "returned a baseline without a name, at index 0",
    '[{ name: "b", metrics: null }]': "returned the baseline `b` without metrics",
    '[{ name: "b", metrics: { "test.loss": "low" } }]': "returned the baseline `b` whose `test.loss` is no number",
    '"foo"': "returned baselines that are no list",
    '[{ name: "b", metrics: { "test.los": 1 } }]': "has no metric called `test.los`\n  help: did you mean `test.loss`?",
  };
  test.each(Object.entries(baselines))("baselines %s were a crash after all of the training", async (written, said) => {
    const { status, text } = await attemptWith(GOOD.replace("valid: split(valid),", `$& baselines: ${written},`));
    expect(text).toContain(said);
    expect(text).not.toMatch(/loss -?\d/);
    expect(status).toBe(1);
  });
  test("a column that is missing, with the names of those that are there", async () => {
    const { status, text } = await attemptWith(dataModule(`{ shape: [size, n], data: ${VALUES} }`, "xs"));
    expect(text).toContain("train data: `x` is missing\n  why: Line declares the data `x: f32[n]`, here f32[3]");
    expect(text).toContain("help: it was given `xs`");
    expect(status).toBe(1);
  });
});

describe("utilities that are not finite name the latent and the example", () => {
  // All examples are 0 but the first of the training data, which is 1 in its last position.
  const one = dataModule("{ shape: [size, n], data: new Float32Array(size * n).fill(size > 10 ? 1 : 0, 2, 3) }");
  test.each([
    ["exp(x * 1000)", "an infinite value"],
    ["log(0.5 - x)", "NaN"],
  ])("%s", async (utilities, value) => {
    const { status, text } = await attemptWith(one, (source) => source.replace("x + w)", `${utilities} + w)`));
    expect(text).toMatch(new RegExp(`the latent \`z\` received ${value} at example \\d, position 2`));
    expect(status).toBe(1);
  });
});

test("a model too large for the device is refused before anything is allocated", async () => {
  const many = [..."abcdefgh"];
  const text = MODEL.replace(
    "  param w",
    `${many.map((v) => `  param ${v}: f32[30000, 4000] ~ zeros`).join("\n")}\n  param w`,
  );
  const large = text.replace("sum(z * x)", `sum(z * x) + ${many.map((v) => `sum(${v})`).join(" + ")}`);
  const told = await attempt(put("large.sst", large), "--device", "wasm");
  expect(told.text).toMatch(
    /Line needs about [\d.]+ GiB of memory for `train` on a batch of 1, and the device `wasm` has/,
  );
  expect(told.text).toContain("why: an estimate made before allocating");
  expect(told.status).toBe(1);
});

describe("--resume", () => {
  let done = "";
  const resume = (...flags: readonly string[]) => complaint("run", model, "--device", "cpu", "--out", done, ...flags);
  beforeAll(async () => {
    done = place("done");
    expect((await resume()).status).toBe(0);
  });
  const last = () => join(done, "n=3", "last.safetensors");
  /** Leaves the checkpoint alone to resume from, changed. */
  async function broken(change: (bytes: Buffer) => Uint8Array): Promise<{ status: number; text: string }> {
    const whole = readFileSync(last());
    rmSync(join(done, "n=3", "result.json"), { force: true });
    writeFileSync(last(), change(whole));
    const told = await resume("--resume");
    writeFileSync(last(), whole);
    return told;
  }
  test("without it nothing is written over", async () => {
    const { status, text } = await resume();
    expect(text).toContain("D/done already holds something: add --resume to continue that run");
    expect(status).toBe(2);
  });
  test("other settings", async () => {
    const { status, text } = await resume("--resume", "--set", "k=2");
    expect(text).toContain("n=3/settings.json belongs to a run with other settings");
    expect(text).toContain("why: arguments.k was not given and now is 2");
    expect(status).toBe(1);
  });
  test("another device was accepted, though it adds up in another order", async () => {
    const { status, text } = await resume("--resume", "--device", "wasm");
    expect(text).toContain("n=3/settings.json belongs to a run with other settings");
    expect(text).toContain('why: device was "cpu" and now is "wasm"');
    expect(status).toBe(1);
  });
  test("a result that is no JSON was called a bug in the compiler", async () => {
    const path = join(done, "n=3", "result.json");
    const whole = readFileSync(path);
    writeFileSync(path, whole.subarray(0, 40));
    const { status, text } = await resume("--resume");
    writeFileSync(path, whole);
    expect(text).toContain("n=3/result.json is not as a run has left it: it is no JSON");
    expect(status).toBe(1);
  });
  test("the best model's file gone was called a bug in the compiler", async () => {
    const [best, result] = ["best.safetensors", "result.json"].map((name) => join(done, "n=3", name));
    const [bytes, text] = [readFileSync(best!), readFileSync(result!)];
    rmSync(best!);
    const withResult = await resume("--resume");
    expect(withResult.text).toContain("n=3/result.json is not as a run has left it: the model that it tells of");
    rmSync(result!);
    const without = await resume("--resume");
    writeFileSync(best!, bytes);
    writeFileSync(result!, text);
    expect(without.text).toContain("n=3/best.safetensors is not as a run has left it: it is missing; it was the model");
    expect(without.text).toContain("help: remove the folder n=3 to train this variant again");
    expect([withResult.status, without.status]).toEqual([1, 1]);
  });
  test("a checkpoint that is cut off", async () => {
    const { status, text } = await broken((bytes) => bytes.subarray(0, bytes.length - 8));
    expect(text).toContain("last.safetensors");
    expect(text).toMatch(/cut off|truncated|bytes/);
    expect(status).toBe(1);
  });
  test("a checkpoint of nothing", async () => {
    const { status, text } = await broken(() => new Uint8Array(0));
    expect(text).toContain("last.safetensors");
    expect(status).toBe(1);
  });
  test("a file that is no checkpoint", async () => {
    const { status, text } = await broken(() => Buffer.from(GOOD));
    expect(text).toContain("last.safetensors is not a safetensors file");
    expect(status).toBe(1);
  });
});

describe("sample", () => {
  const cases: { readonly [name: string]: readonly [flags: () => readonly string[], status: number, said: string] } = {
    "an unknown flag": [() => ["--drw", "1"], 2, "Did you mean --draw?"],
    "no draws": [() => ["--draw", "0"], 2, "--draw 0: expected a whole number of at least 1"],
    "an unknown device": [() => ["--device", "gpu"], 2, "--device gpu: choose one of wasm, cpu"],
    "no checkpoint": [() => ["--checkpoint", place("none.safetensors")], 2, "there is no such file"],
    "a file that is no checkpoint": [() => ["--checkpoint", place("data.js")], 1, "is not a safetensors file"],
    "examples of a wrong shape": [() => ["--input", put("short.json", '{"x": [[1, 2]]}')], 1, "x[0] is a list of 2"],
    "examples with null": [() => ["--input", put("null.json", '{"x": [[1, 2, null]]}')], 1, "x[0][2] is null"],
    "examples of other names": [() => ["--input", put("y.json", '{"y": [[1, 2, 3]]}')], 1, "it has `x`"],
    "examples that are no JSON": [() => ["--input", put("cut.json", '{"x": [[1')], 1, "cut.json is not JSON"],
  };
  test.each(Object.entries(cases))("%s", async (_, [flags, status, said]) => {
    const told = await complaint("sample", model, ...flags());
    expect(told.text).toContain(said);
    expect(told.status).toBe(status);
  });
});
