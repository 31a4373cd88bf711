/**
 * Names of a source never become code. Names that mean something to JavaScript, to its objects or to the generated
 * program itself are names like all others: the program has no more holes, and gives the same numbers.
 */
import { expect, test } from "vitest";
import type { TfjsArtifact } from "../../compiler/artifact.ts";
import { check } from "../../compiler/check.ts";
import { compile } from "../../compiler/compile.ts";
import { render } from "../../compiler/diagnostic.ts";
import { openDevice } from "../../runtime/devices.ts";
import { instantiate } from "../../runtime/instantiate.ts";
import { library } from "../../stdlib/library.ts";
import { DECLARATIONS, ROLES } from "./hostile-roles.ts";
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
  ...["loops", "runLoop"],
  ...["constants", "makeRows", "example", "indices", "blocks", "tensor", "loss", "train", "evaluate", "sample", "t_2"],
  ...["metric", "gradient", "state", "uniform_0", "z_temperature", "u_at", "x_at", "_", "__", "_x", "a1_", "x_1"],
  "very_".repeat(2000),
];

/** What a name cannot be because the language has it for something else in that role. */
const TAKEN: { readonly [role: string]: readonly string[] } = { metric: ["loss"] };

const cpu = await openDevice("cpu");
const functions = new Set([...Object.keys(cpu.tf), ...Object.getOwnPropertyNames(Math)]);

function sourceOf(role: string, name: string): string {
  const text = DECLARATIONS[role] ?? `model M() {\n  ${ROLES[role]}\n}`;
  return text.replaceAll("▲", name);
}

function compiled(role: string, name: string): TfjsArtifact {
  const source = { name: "hostile.sst", text: sourceOf(role, name) };
  const { artifact, diagnostics } = compile(source, { library });
  expect(diagnostics.map(render)).toEqual([]);
  expect(check(source, { library }).map(render)).toEqual([]);
  return artifact!;
}

/** Two training steps, an evaluation and both samples, as numbers in the order in which the program returns them. */
async function numbersOf(artifact: TfjsArtifact): Promise<unknown> {
  const model = await instantiate(artifact, { device: cpu, seed: 1 });
  try {
    const batch = Object.fromEntries(artifact.data.map(({ name }) => [name, Float32Array.of(0.5, -1, 2, 1, 0, -0.5)]));
    const steps = [await model.step(batch), await model.step(batch)];
    const { leaves } = await model.evaluate(batch);
    const parameters = Object.values(await model.parameters()).map((values) => [...values]);
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
      const stored = JSON.parse(JSON.stringify(artifact)) as TfjsArtifact;
      expectSame(stored, artifact);
      expect(await numbersOf(stored), name).toEqual(usual);
    }
  });
}
