/**
 * Names and texts of a source never become code. Names that mean something to JavaScript, to its objects or to the generated
 * program itself are names like all others: the program has no more holes, and gives the same numbers.
 */
import { expect, test } from "vitest";
import type { Artifact } from "../../compiler/artifact.ts";
import { check } from "../../compiler/check.ts";
import { compile } from "../../compiler/compile.ts";
import { render } from "../../compiler/diagnostic.ts";
import { openDevice } from "../../runtime/devices.ts";
import { instantiate } from "../../runtime/instantiate.ts";
import { library } from "../../stdlib/library.ts";
import { findHoles } from "./program-text.ts";

const NAMES = [
  // Objects and their prototypes.
  ...["constructor", "__proto__", "prototype", "toString", "valueOf", "hasOwnProperty", "__defineGetter__"],
  // Words of JavaScript that are none of the language.
  ...["var", "function", "class", "return", "new", "delete", "void", "typeof", "this", "null", "undefined", "await"],
  ...["async", "yield", "static", "enum", "export", "default", "switch", "case", "try", "catch", "throw", "while"],
  ...["do", "with", "debugger", "instanceof", "super", "package", "const", "eval", "arguments", "NaN", "Infinity"],
  // Globals.
  ...["globalThis", "process", "require_", "Math", "Object", "Array", "Int32Array", "Float64Array", "console"],
  // Names of the generated program and of its records.
  ...["tf", "batch", "inputs", "parameters", "states", "hypers", "noise", "outputs", "kernels", "runKernel", "rows"],
  ...["constants", "makeRows", "example", "indices", "blocks", "tensor", "loss", "train", "evaluate", "sample", "t_2"],
  ...["metric", "gradient", "state", "uniform_0", "z_temperature", "u_at", "x_at", "_", "__", "_x", "a1_", "x_1"],
  "very_".repeat(2000),
];

/** A model for each thing that can be named; the name stands in for ▲. */
const ROLES: { readonly [role: string]: string } = {
  data: "data ▲: f32[3]\n  minimize sum(▲ * ▲)",
  parameter: "data x: f32[3]\n  param ▲: f32[3] ~ constant(0.5)\n  minimize sum(x * ▲)",
  state: "data x: f32[3]\n  state ▲: f32[3] = 1\n  update ▲ = 0.5 * ▲ + batch_mean(x)\n  minimize sum(x * ▲)",
  hyper: "data x: f32[3]\n  hyper ▲ = 2\n  minimize sum(x) * ▲",
  let: "data x: f32[3]\n  let ▲ = x + 1\n  let other = ▲ * 2\n  minimize sum(▲ * other)",
  graph: "data x: f32[3]\n  graph ▲ = path(3)\n  minimize sum(from(▲, x))",
  latent:
    "data x: f32[3]\n  latent ▲: OneHot(3) ~ Gumbel(x) relax ExpFamily at anneal(1 -> 0.5 over 10)\n  prior ▲ ~ Gumbel(0)\n  minimize sum(▲ * x) + kl",
  metric: "data x: f32[3]\n  minimize sum(x)\n  metric ▲ = mean(x)",
  "part of a metric": "data x: f32[3]\n  minimize sum(x)\n  metric m = record(▲ = mean(x), b = sum(x))",
  block: "data x: f32[3]\n  minimize { let ▲ = x * 2  sum(▲ * ▲) }",
  loop: "data x: f32[3]\n  minimize sum([x[▲] * ▲ for ▲ in 0..3])",
  scan: "data x: f32[3]\n  minimize sum(scan ▲ = x for i in 0..2 { ▲ * 2 + i })",
};

/** The same for what is declared outside of the model. */
const DECLARATIONS: { readonly [role: string]: string } = {
  function: "fn ▲(v, w = 2) = v * w\nmodel M() {\n  data x: f32[3]\n  minimize sum(▲(x, w = 3))\n}",
  "function's argument": "fn f(▲) = ▲ * 2\nmodel M() {\n  data x: f32[3]\n  minimize sum(f(▲ = x))\n}",
  module:
    "module ▲(n) {\n  param w: f32[n] ~ constant(2)\n  forward(v: f32[n]) = v * w\n}\nmodel M() {\n  data x: f32[3]\n  let m = ▲(3)\n  minimize sum(m(x) + ▲(x))\n}",
  "module's argument, parameter and method":
    "module A(▲) {\n  param w: f32[▲] ~ constant(2)\n  forward(v) = v * w\n}\nmodule B(n) {\n  param ▲: f32[n] ~ constant(2)\n  forward(v) = v * ▲\n}\nmodule C(n) {\n  forward(v) = ▲(v)\n  ▲(v) = v + n\n}\nmodel M() {\n  data x: f32[3]\n  let a = A(▲ = 3)\n  let b = B(3)\n  let c = C(2)\n  minimize sum(a(x) + b(x) + c.▲(x))\n}",
  model: "model ▲(n = 3) {\n  data x: f32[n]\n  minimize sum(x)\n}",
  "model's argument":
    'model M(▲ = 3, Edges: Structure = OneHot, text: text = "▲") {\n  data x: f32[▲]\n  minimize sum(x)\n}',
  structure:
    "structure ▲(n) {\n  embedding x: binary[n]\n  argmax largest\n  relax ExpFamily by softmax_kernel symmetric\n}\nmodel M() {\n  data x: f32[3]\n  latent z: ▲(3) ~ Gumbel(x) relax ExpFamily at 1\n  minimize sum(z * x)\n}",
  "structure's argument, part and solver":
    "structure S(▲) {\n  embedding x: binary[▲]\n  argmax k(n = ▲)\n  relax ExpFamily by softmax_kernel(n = ▲) symmetric\n}\nkernel k(n, u: f32[n]) -> x: f32[n] {\n  for i in 0..n { x[i] = 0 }\n  x[argmax(u)] = 1\n}\nmodel M() {\n  data x: f32[3]\n  latent z: S(3) ~ Gumbel(x) relax ExpFamily at 1\n  minimize sum(z * x)\n}",
  kernel:
    "structure S(n) {\n  embedding x: binary[n]\n  argmax largest\n  relax ExpFamily by ▲ symmetric\n}\nkernel ▲(n, u: f32[n]) -> x: f32[n] {\n  let y = softmax_kernel(n, u)\n  for i in 0..n { x[i] = y[i] }\n}\nmodel M() {\n  data x: f32[3]\n  latent z: S(3) ~ Gumbel(x) relax ExpFamily at 1\n  minimize sum(z * x)\n}",
  "kernel's output":
    "structure S(n) {\n  embedding x: binary[n]\n  argmax largest\n  relax ExpFamily by k symmetric\n}\nkernel k(n, u: f32[n]) -> ▲: f32[n] {\n  let top = max(u)\n  let total = sum(exp(u[i] - top) for i in 0..n)\n  for i in 0..n { ▲[i] = exp(u[i] - top) / total }\n}\nmodel M() {\n  data x: f32[3]\n  param w: f32[3] ~ constant(1)\n  latent z: S(3) ~ Gumbel(x * w) relax ExpFamily at 1\n  minimize sum(z * x)\n}",
  "kernel's variables":
    "structure S(n) {\n  embedding x: binary[n]\n  argmax largest\n  relax ExpFamily by k symmetric\n}\nkernel k(n, u: f32[n]) -> x: f32[n] {\n  shared ▲: f32[n] = 0\n  for i in 0..n { ▲[i] = exp(u[i]) }\n  for i in 0..1 {\n    var ▲ = 0.0\n    for j in 0..n { ▲ += exp(u[j]) }\n    for j in 0..n { x[j] = 1 / ▲ }\n  }\n  for ▲ in 0..n { x[▲] = x[▲] * exp(u[▲]) }\n  let ▲2 = max(u[▲3] for ▲3 in 0..n)\n  if ▲2 > 1e9 { x[0] = ▲2 }\n}\nmodel M() {\n  data x: f32[3]\n  param w: f32[3] ~ constant(1)\n  latent z: S(3) ~ Gumbel(x * w) relax ExpFamily at 1\n  minimize sum(z * x)\n}",
  distribution:
    "distribution ▲(location = 0) {\n  noise v: uniform\n  sample = location + v\n  log_density(u) = -abs(u - location)\n  kl(prior: ▲) = location - prior.location\n}\nmodel M() {\n  data x: f32[3]\n  latent z: OneHot(3) ~ ▲(x) relax ExpFamily at 1\n  prior z ~ ▲(0)\n  observe x ~ ▲(z)\n  maximize elbo\n}",
  "distribution's argument and noise":
    "distribution D(▲ = 0) {\n  noise e: uniform\n  noise f: normal\n  sample = ▲ + e + f\n  log_density(u) = -abs(u - ▲)\n  kl(prior: D) = ▲ - prior.▲\n}\ndistribution E(a = 0) {\n  noise ▲: uniform\n  sample = a + ▲\n}\nmodel M() {\n  data x: f32[3]\n  latent z: OneHot(3) ~ D(▲ = x) relax ExpFamily at 1\n  latent y: OneHot(3) ~ E(x) relax ExpFamily at 1\n  prior z ~ D(0)\n  observe x ~ D(z + y)\n  maximize elbo\n}",
};

/** What a name cannot be because the language has it for something else in that role. */
const TAKEN: { readonly [role: string]: readonly string[] } = { metric: ["loss"] };

const cpu = await openDevice("cpu");
const functions = new Set([...Object.keys(cpu.tf), ...Object.getOwnPropertyNames(Math)]);

function sourceOf(role: string, name: string): string {
  const text = DECLARATIONS[role] ?? `model M() {\n  ${ROLES[role]}\n}`;
  return text.replaceAll("▲", name);
}

function compiled(role: string, name: string): Artifact {
  const source = { name: "hostile.sst", text: sourceOf(role, name) };
  const { artifact, diagnostics } = compile(source, { library });
  expect(diagnostics.map(render)).toEqual([]);
  expect(check(source, { library }).map(render)).toEqual([]);
  return artifact!;
}

/** Two training steps, an evaluation and both samples, as numbers in the order in which the program returns them. */
async function numbersOf(artifact: Artifact): Promise<unknown> {
  const model = await instantiate(artifact, { device: cpu, seed: 1 });
  try {
    const batch = Object.fromEntries(artifact.data.map(({ name }) => [name, Float32Array.of(0.5, -1, 2, 1, 0, -0.5)]));
    const steps = [await model.step(batch), await model.step(batch)];
    const { leaves } = await model.evaluate(batch);
    const parameters = Object.values(model.parameters()).map((values) => [...values]);
    const samples = artifact.entries.some((entry) => entry.name === "sample");
    const sampled = samples ? await model.sample(batch) : {};
    expect(model.undisposed).toBe(0);
    return {
      losses: steps.map(({ loss }) => loss),
      metrics: steps.map(({ metrics }) => flat(metrics)),
      leaves: Object.values(leaves).map(({ data }) => [...data]),
      parameters,
      samples: Object.values(sampled).map(({ data }) => [...data]),
    };
  } finally {
    model.dispose();
  }
}

function flat(value: unknown): unknown[] {
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(flat) : [value];
}

/** Equality of plain data by own properties: matchers stumble over keys such as `constructor` and `__proto__`. */
function expectSame(a: unknown, b: unknown): void {
  if (typeof a !== "object" || a === null || typeof b !== "object" || b === null) return expect(a).toBe(b);
  expect(Object.getPrototypeOf(a) === Object.getPrototypeOf(b)).toBe(true);
  expect(Object.keys(a)).toEqual(Object.keys(b));
  const [left, right] = [Object.values(a), Object.values(b)];
  for (const [i, value] of left.entries()) expectSame(value, right[i]);
}

for (const role of [...Object.keys(ROLES), ...Object.keys(DECLARATIONS)]) {
  test(`any name for a ${role}`, async () => {
    const usual = await numbersOf(compiled(role, "usual"));
    for (const name of NAMES) {
      if (TAKEN[role]?.includes(name) === true) continue;
      const artifact = compiled(role, name);
      expect(findHoles(artifact.program, functions), name).toEqual([]);
      // What goes through a file comes back the same.
      const stored = JSON.parse(JSON.stringify(artifact)) as Artifact;
      expectSame(stored, artifact);
      expect(await numbersOf(stored), name).toEqual(usual);
    }
  });
}
