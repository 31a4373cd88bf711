/** What is asked of a file from outside: models, arguments, hypers, experiments, scales that do not fit. */
import { expect, test } from "vitest";
import { type CompileOptions, compile } from "../../compiler/compile.ts";
import { readExperiment } from "../../compiler/experiment.ts";
import { library } from "../../stdlib/library.ts";
import { only } from "./harness.ts";

const TEXT = `
model First(n = 3, Choice: Structure = OneHot) {
  hyper t = 0.5
  hyper scale = 1
  data x: f32[n]
  latent z: Choice(n) ~ Gumbel(x) relax ExpFamily at t
  minimize sum(z) * scale
}
model Second(m) {
  data x: f32[m]
  minimize sum(x)
}
experiment main for First {
  data from "./data.js" load
  train adam(1e-3) batch 8 steps 10
  report test.loss
  scale small { train steps 1 }
}`;
const source = { name: "request.sst", text: TEXT };

function problem(options: Omit<CompileOptions, "library">, text = TEXT) {
  const { artifact, diagnostics } = compile({ name: "request.sst", text }, { library, ...options });
  expect(artifact).toBeUndefined();
  return only(diagnostics);
}

test("the first model is compiled, or the one that is named", () => {
  expect(compile(source, { library }).artifact?.model).toBe("First");
  expect(compile(source, { library, model: "Second", arguments: { m: 2 } }).artifact?.model).toBe("Second");
});

test("a model that is not there", () => {
  const found = { code: "unknown-model", message: "there is no model Frist in this file", help: "did you mean First?" };
  expect(problem({ model: "Frist" })).toMatchObject(found);
  expect(problem({ model: "Other" })).toMatchObject({ code: "unknown-model", help: "it has First, Second" });
  const none = { code: "no-model", message: "this file declares no model", help: "declare one with model NAME { … }" };
  expect(problem({}, "fn f(x) = x")).toMatchObject(none);
  expect(problem({}, "")).toMatchObject(none);
});

test("a file that cannot be read is not blamed for having no model", () => {
  expect(problem({}, "model M( {")).toMatchObject({ code: "syntax" });
});

test("a structure that is not there is told alone, whatever is made of its latent", () => {
  const text = `
model M(Edges: Structure = OneHot) {
  param theta: f32[4] ~ zeros
  data x: f32[4]
  latent z: Edges(4) ~ Gumbel(theta) relax ExpFamily at 1
  prior z ~ Gumbel(0)
  observe x ~ Normal(z)
  minimize kl - log_likelihood
  metric m = elbo
}`;
  expect(problem({ arguments: { Edges: "Foo" } }, text)).toMatchObject({
    code: "unknown-name",
    message: "Edges = Foo: there is no structure Foo",
  });
});

test("texts for an argument that is a text, by its type or by its default", () => {
  const text = `
model M(first: text, second = "none") {
  data x: f32[3]
  minimize sum(x)
}`;
  const given = { first: "</svg>", second: "OneHot" };
  const { artifact, diagnostics } = compile({ name: "request.sst", text }, { library, arguments: given });
  expect(diagnostics).toEqual([]);
  expect(artifact?.arguments).toEqual(given);
});

test("arguments of the model", () => {
  const given = (values: CompileOptions["arguments"] & object, model = "First") =>
    problem({ model, arguments: values });
  expect(given({ m: 3 })).toMatchObject({ code: "unknown-argument", message: "First has no argument m" });
  expect(given({ m: 0 }, "Second")).toMatchObject({
    code: "bad-size",
    message: "a size must be a positive integer, but this is 0",
  });
  expect(given({ m: Number.NaN }, "Second")).toMatchObject({ code: "bad-size" });
  expect(given({ m: 1e12 }, "Second")).toMatchObject({ code: "too-large" });
  expect(given({ m: true }, "Second")).toMatchObject({ code: "dynamic-size" });
  expect(given({ m: "OneHot" }, "Second")).toMatchObject({ code: "dynamic-size" });
  expect(given({ Choice: 3 })).toMatchObject({
    code: "type-mismatch",
    message: "Choice of First must be a Structure, but this is the number 3",
  });
  expect(given({ Choice: "OneHott" })).toMatchObject({
    code: "unknown-name",
    message: "Choice = OneHott: there is no structure OneHott",
    help: "did you mean OneHot?",
  });
  expect(given({ Choice: "KSubset" })).toMatchObject({
    code: "missing-argument",
    why: "Choice stands for KSubset here",
  });
  expect(given({ constructor: 3 })).toMatchObject({ code: "unknown-argument" });
  expect(given({ __proto__x: 3 })).toMatchObject({ code: "unknown-argument" });
  expect(given({}, "Second")).toMatchObject({
    code: "missing-argument",
    message: "Second needs m",
    help: "write Second(m)",
  });
});

test("hypers", () => {
  const given = (hypers: { readonly [name: string]: number }) => problem({ hypers });
  expect(given({ u: 1 })).toMatchObject({
    code: "unknown-argument",
    message: "First has no hyper u",
    help: "its hypers are t, scale",
  });
  expect(given({ scal: 1 })).toMatchObject({ help: "did you mean scale?" });
  expect(given({ t: 0 })).toMatchObject({
    code: "bad-temperature",
    message: "the temperature t must be greater than 0, but it is 0",
  });
  expect(given({ scale: Number.POSITIVE_INFINITY })).toMatchObject({ code: "bad-number" });
  const { artifact } = compile(source, { library, hypers: { t: 2, scale: -1 } });
  expect(artifact?.hypers.map(({ name, value }) => [name, value])).toEqual([
    ["t", 2],
    ["scale", -1],
  ]);
});

test("experiments and scales", () => {
  const read = (experiment?: string, scale?: string, text = TEXT) =>
    readExperiment({ name: "request.sst", text }, { library, experiment, scale });
  expect(read().spec?.name).toBe("main");
  expect(read("main", "small").spec?.train.steps).toBe(1);
  const wrong = (experiment?: string, scale?: string, text = TEXT) => {
    const { spec, diagnostics } = read(experiment, scale, text);
    expect(spec).toBeUndefined();
    return only(diagnostics);
  };
  expect(wrong("mian")).toMatchObject({ code: "unknown-experiment", help: "did you mean main?" });
  expect(wrong("other")).toMatchObject({ code: "unknown-experiment", help: "it has main" });
  expect(wrong(undefined, undefined, "model M() { minimize 0 }")).toMatchObject({
    code: "unknown-experiment",
    message: "this file declares no experiment",
  });
  expect(wrong("main", "smal")).toMatchObject({
    code: "unknown-scale",
    message: "main has no scale smal",
    help: "did you mean small?",
  });
  expect(wrong("main", "huge")).toMatchObject({ code: "unknown-scale", help: "it has small" });
  expect(wrong("main", "constructor")).toMatchObject({ code: "unknown-scale" });
});
