/** First values of parameters that come with the data of an experiment: `initial` of what the data function returns. */
import { expect, it } from "vitest";
import type { ExperimentSpec } from "../../compiler/artifact.ts";
import { callDataModule, type ExperimentData } from "../../runtime/data-module.ts";
import { runExperiment } from "../../runtime/experiment.ts";
import type { Files } from "../../runtime/variant-files.ts";
import { failure } from "./failure.ts";
import { tinyArtifact, tinyData } from "./tiny.ts";

const spec: ExperimentSpec = {
  name: "fit",
  model: "Tiny",
  vary: [],
  modelArguments: {},
  data: { path: "./data.js", function: "make", positional: [], named: {} },
  hypers: {},
  train: { optimizer: { name: "adam", arguments: { lr: 0.02 } }, batch: 16, steps: 6, validateEvery: 3 },
  report: [{ split: "test", metric: "elbo" }],
};

function memoryFiles(): Files & { readonly all: Map<string, Uint8Array> } {
  const all = new Map<string, Uint8Array>();
  return {
    all,
    read: async (path) => all.get(path)!,
    write: async (path, bytes) => void all.set(path, Uint8Array.from(bytes)),
    exists: async (path) => all.has(path),
  };
}

/** Trains with these first values; what they are taken from goes through the data module, as a user's does. */
function trained(initial: unknown, files = memoryFiles(), more: { resume?: boolean; stopAt?: string } = {}) {
  const controller = new AbortController();
  const split = (stream: number) => ({ columns: tinyData(32, stream) });
  const make = () => ({ train: split(1), valid: split(2), test: split(3), initial });
  return runExperiment(spec, {
    compile: () => tinyArtifact(),
    loadData: (call): Promise<ExperimentData> => callDataModule({ make }, call),
    files,
    instantiate: { device: "cpu" },
    seed: 5,
    resume: more.resume === true,
    signal: controller.signal,
    stream: { write: (text) => void (more.stopAt !== undefined && text.includes(more.stopAt) && controller.abort()) },
  });
}
const tensor = (shape: readonly number[], ...data: readonly number[]) => ({ shape, data: Float32Array.from(data) });
const [{ name, shape }] = tinyArtifact().parameters as [ReturnType<typeof tinyArtifact>["parameters"][0]];
const size = shape.reduce((a, b) => a * b, 1);
const far = () => tensor(shape, ...new Array<number>(size).fill(40));

it("begin a training, in the place of the initialiser", async () => {
  const loss = async (initial: unknown) => (await trained(initial)).results[0]!.metrics["test.loss"]!;
  const plain = await loss(undefined);
  expect(await loss({})).toBe(plain);
  expect(await loss({ [name]: far() })).toBeGreaterThan(100 * plain);
});

it("are not given again to a training that goes on", async () => {
  const initial = { [name]: far() };
  const whole = await trained(initial);
  const files = memoryFiles();
  expect((await trained(initial, files, { stopAt: " 3/6 " })).finished).toBe(false);
  const resumed = await trained(initial, files, { resume: true });
  expect(resumed.results[0]!.metrics).toEqual(whole.results[0]!.metrics);
});

it.each([
  ["of an unknown parameter", { [`${name}x`]: far() }, `no parameter called \`${name}x\``],
  [
    "of another shape",
    { [name]: tensor([1, size, 1], ...far().data) },
    `the parameter \`${name}\` first values of shape`,
  ],
  ["of another length", { [name]: tensor([size + 1], ...far().data) }, `numbers as \`${name}\` of shape`],
  ["that are a list", { [name]: [1, 2, 3] }, `no tensor as \`${name}\``],
  ["that are no object", 3, "first values that are no object"],
  ["that are not finite", { [name]: tensor(shape, ...far().data.with(1, Number.NaN)) }, `\`${name}\` holds NaN`],
])("%s are refused before anything is kept", async (_, initial, said) => {
  const files = memoryFiles();
  expect((await failure(() => trained(initial, files))).message).toContain(said);
  expect([...files.all.keys()]).toEqual([]);
});
