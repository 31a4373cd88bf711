/** Whatever programs without types pass to the package's functions, they are told what is wrong with it. */
import { expect, test } from "vitest";
import { instantiate } from "../../runtime/instantiate.ts";
import type { Model } from "../../runtime/model.ts";
import { train } from "../../runtime/train.ts";
import { UserError } from "../../runtime/user-error.ts";
import { type CompileOptions, check, compile, explain, layer, readExperiment } from "../../sstc.ts";

const MODEL = `model M(n = 3) {
  data x: f32[n]
  param w: f32[n] ~ zeros
  latent z: OneHot(n) ~ Gumbel(x * w) relax ExpFamily at 0.5
  minimize sum(z * x)
}`;
const IMPORTING = `import { N } from "./other.sst"\n${MODEL}`;

/** A value that no type allows here. */
const any = (value: unknown) => value as never;

test("a source that is none was a crash", () => {
  for (const use of [compile, check, explain, readExperiment]) {
    expect(() => use(any(undefined))).toThrow("the source is of type undefined: pass the text of a model, or { name");
    expect(() => use(any(null))).toThrow("the source is null");
    expect(() => use(any({ text: MODEL }))).toThrow("the source is of type object");
  }
});

test.each<[unknown, string]>([
  [{ arguments: { n: undefined } }, "the argument n of M is of type undefined"],
  [{ arguments: { n: null } }, "the argument n of M is null"],
  [{ arguments: { n: [3] } }, "the argument n of M is of type object"],
  [{ model: 3 }, "a model is chosen by its name, a text, but this is 3"],
  [{ target: "foo" }, "there is no target foo"],
  [{ target: "toString" }, "there is no target toString"],
])("%o was a crash, or nothing was said", (options, said) => {
  for (const use of [compile, explain]) {
    const { diagnostics, ...result } = use(MODEL, options as CompileOptions);
    expect(diagnostics.map(({ message }) => message)).toEqual([said]);
    expect(Object.values(result)).toEqual([undefined]);
  }
});

test.each<[unknown, string]>([
  [() => "model N() {}", "could not be read"],
  [async () => ({ name: "other.sst", text: "" }), "could not be read"],
  [
    () => {
      throw new Error("no net");
    },
    "could not be read: no net",
  ],
  [3, "could not be read: this.resolveImport is not a function"],
  [() => undefined, "there is no file"],
])("an import that %o resolves was a crash", (resolveImport, said) => {
  const messages = compile(IMPORTING, { resolveImport: any(resolveImport) }).diagnostics.map((each) => each.message);
  expect(messages).toHaveLength(1);
  expect(messages[0]).toContain(said);
  expect(messages[0]).toContain('"./other.sst"');
});

test("a layer that is no text was a crash", async () => {
  await expect(layer(any(undefined))).rejects.toThrow('a layer is told by a text, such as "KSubset(6, 2)"');
});

test("what is no artifact, or one of another version, was a crash or accepted", async () => {
  const { artifact } = compile(MODEL);
  const attempt = (value: unknown) => instantiate(any(value), { device: "cpu" });
  for (const value of [undefined, null, {}, 3]) await expect(attempt(value)).rejects.toThrow("this is no artifact");
  const other = attempt({ ...artifact, format: "sstc-artifact-2" });
  await expect(other).rejects.toThrow("this artifact has the format sstc-artifact-2, and the runtime runs those of");
  await expect(other).rejects.toBeInstanceOf(UserError);
});

test.each<[string, (model: Model) => unknown, string]>([
  ["step()", (model) => model.step(any(undefined)), "batch: M was given no data"],
  ["sample(null)", (model) => model.sample(any(null)), "batch: M was given no data"],
  ["evaluate(3)", (model) => model.evaluate(any(3)), "batch: M was given no data"],
  ["load()", async (model) => model.load(any(undefined)), "the checkpoint is of type undefined, not the bytes"],
  ["load(buffer)", async (model) => model.load(any(new ArrayBuffer(8))), "the checkpoint is of type object, not the"],
  [
    "train without data",
    (model) => train(model, any({ batch: 1, steps: 1, validateEvery: 1, splits: {} })),
    "`train` of the training is no data set",
  ],
  [
    "train without splits",
    (model) => train(model, any({ train: { size: 1, columns: {} }, batch: 1, steps: 1, validateEvery: 1 })),
    "`valid` of the training is no data set",
  ],
])("%s was a crash", async (_, work, said) => {
  const model = await instantiate(compile(MODEL).artifact!, { device: "cpu" });
  await expect(work(model)).rejects.toThrow(said);
  await expect(work(model)).rejects.toBeInstanceOf(UserError);
  model.dispose();
});
