/**
 * Mutations of what is not a model: experiments with settings laid over them, and layers. They are read, or refused
 * with diagnostics; nothing else is ever thrown.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readExperiment } from "../../compiler/experiment.ts";
import { DiagnosticError } from "../../compiler/failure.ts";
import { compileLayer } from "../../compiler/layer.ts";
import { library } from "../../stdlib/library.ts";
import { examineDiagnostic, examineTexts, hold, holdJson } from "./examine.ts";
import { MODELS } from "./models.ts";
import { mutate, randomFrom } from "./mutate.ts";

const NRI = readFileSync(join(import.meta.dirname, "..", "..", "examples", "nri", "nri.sst"), "utf8");
/** An experiment that has every clause. */
const EXPERIMENT = `
model M(hidden = 4, T = 3, Edges: Structure = SpanningTree) {
  graph K = complete(4)
  hyper t = 0.5
  data x: f32[T, edges(K)]
  param w: f32[hidden] ~ zeros
  latent z: Edges(K) ~ Gumbel(mean(x) + mean(w)) relax ExpFamily at t
  minimize sum(z)
  metric size = record(mean = mean(z), most = sum(z))
}
experiment layout for M {
  vary Edges in { IndependentEdges, SpanningTree }
  vary T in { 3, 5 }
  hyper lr = 5e-4
  data from "./data.js" layout(T, train = 100, valid = 50, test = 50, seed = 42)
  train adam(lr, weight_decay = 0.1) batch 16 steps 20 validate every 5 keep best valid.size.mean
  report test.loss, test.size.mean, test.size.most
  model hidden = 6
  scale small { train steps 10 batch 4  data train = 20 valid = 10 test = 10  model hidden = 3  vary T in { 3 } }
}
`;
const SOURCES = [EXPERIMENT, NRI];
const OTHERS = [...SOURCES, ...Object.values(MODELS)];

/** Settings that fit both. */
const LAID_OVER = "hidden=8;data.train=10;Edges=TopKEdges,SpanningTree;train.steps=5;lr=1e-3;t=0.2;batch=4";

test("the experiments that are mutated are valid", () => {
  for (const text of SOURCES) {
    const { spec, diagnostics } = readExperiment({ name: "e.sst", text }, { library, settings: LAID_OVER.split(";") });
    expect(diagnostics).toEqual([]);
    // The settings are in it, not only read.
    expect(spec!.train).toMatchObject({ steps: 5, batch: 4 });
  }
});

test("3,000 mutations of experiments and of their settings", () => {
  const random = randomFrom(4);
  const codes = new Set<string>();
  let read = 0;
  const next = () => {
    let text = SOURCES[random(SOURCES.length)]!;
    for (let edits = 1 + random(3); edits > 0; edits--) text = mutate(text, OTHERS, random);
    return text;
  };
  examineTexts(3_000, next, (text, i) => {
    const settings = (i % 4 === 0 ? mutate(LAID_OVER, [LAID_OVER], random) : i % 4 === 1 ? LAID_OVER : "").split(";");
    const request = { library, settings: settings.filter(Boolean), scale: i % 5 === 0 ? "small" : undefined };
    const { spec, diagnostics } = readExperiment({ name: "mutated.sst", text }, request);
    hold((spec === undefined) === diagnostics.length > 0, "a spec, or else a diagnostic");
    for (const diagnostic of diagnostics) {
      examineDiagnostic(diagnostic);
      codes.add(diagnostic.code);
    }
    if (spec === undefined) return;
    read++;
    holdJson(JSON.parse(JSON.stringify(spec)));
  });
  expect(read).toBeGreaterThan(300);
  expect(codes.size).toBeGreaterThan(10);
});

const OWN = { name: "own.sst", text: MODELS.kernels! };
const LAYERS = [
  "SpanningTree(complete(4)) relax ExpFamily(clip = 15) at 0.5 backward dual",
  "KSubset(6, 2) relax Euclidean at 1 straight_through",
  "TopKEdges(grid(2, 3)) relax CategoricalEntropy at 0.1 backward finite_difference(1e-2)",
  "IndependentEdges(complete_directed(3)) relax BinaryEntropy at 2 backward custom",
  "OneHot(2 ^ 3 - 1) relax ExpFamily at 1 / 3",
  "SpanningTree(graph(3, [[0, 1], [1, 2]])) relax ExpFamily at t",
  "Subset(if n > 2 then n else 3)",
  "SpanningTree(complete(4)) relax ExpFamily(clip = 15) at 0.5 straight_through backward dual",
  "Mine(3) relax ExpFamily at 1",
];
const SETTINGS = ["n = 4", "t = 0.5", "G = complete(n)", "k = binomial(4, 2)", "R = ExpFamily"];

test("3,000 mutations of layers", () => {
  const random = randomFrom(5);
  const codes = new Set<string>();
  let compiled = 0;
  const next = () => {
    let text = LAYERS[random(LAYERS.length)]!;
    for (let edits = random(3); edits > 0; edits--) text = mutate(text, LAYERS, random);
    return text;
  };
  const sometimes = (text: string) => (random(12) === 0 ? mutate(text, LAYERS, random) : text);
  examineTexts(3_000, next, (structure) => {
    const settings = SETTINGS.map(sometimes);
    const more = random(4) === 0 ? { relaxation: sometimes("ExpFamily"), temperature: sometimes("0.5") } : {};
    const backward = random(4) === 0 ? { backward: sometimes("finite_difference(1e-2)") } : {};
    try {
      const { argmax, soft } = compileLayer({ structure, settings, source: OWN, ...more, ...backward }, library);
      for (const { text } of [argmax, ...(soft === undefined ? [] : [soft])]) {
        hold(typeof new Function(`return (${text});`) === "function", "a program that can be read");
      }
      compiled++;
    } catch (problem) {
      if (!(problem instanceof DiagnosticError)) throw problem;
      hold(problem.diagnostics.length > 0, "a diagnostic");
      for (const diagnostic of problem.diagnostics) {
        examineDiagnostic(diagnostic);
        codes.add(diagnostic.code);
      }
    }
  });
  expect(compiled).toBeGreaterThan(300);
  expect(codes.size).toBeGreaterThan(10);
});
