/** The package's own functions: what an embedder calls. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import type { TfjsArtifact } from "../../compiler/artifact.ts";
import { instantiate } from "../../runtime/instantiate.ts";
import {
  type CompileOptions,
  check,
  compile,
  explain,
  printModule,
  readExperiment,
  render,
  type Source,
} from "../../sstc.ts";

const MODEL = `model M(n = 3, title: text = "a", scaled = true, Choice: Structure = OneHot) {
  data x: f32[n]
  hyper t = 0.5
  hyper rate = 2
  param w: f32[n] ~ constant(1)
  latent z: Choice(n) ~ Gumbel(x * w) relax ExpFamily at t
  minimize sum(z * x) * rate * (if scaled then 2 else 1)
}
model N() {
  data x: f32[2]
  minimize sum(x)
}
experiment e for M {
  data from "./data.js" load()
  train adam(1e-3) batch 8 steps 10
  report test.loss
  scale small { train steps 5 }
}
`;

function artifactOf(
  source: string | Source,
  options: CompileOptions & { readonly target?: "tfjs" } = {},
): TfjsArtifact {
  const { artifact, diagnostics } = compile(source, options);
  expect(diagnostics.map(render)).toEqual([]);
  return artifact!;
}

test("a text compiles to an artifact that is plain data and runs", async () => {
  const artifact = artifactOf(MODEL);
  expect(JSON.parse(JSON.stringify(artifact))).toEqual(artifact);
  const model = await instantiate(artifact, { device: "cpu", seed: 1 });
  const { loss } = await model.step({ x: Float32Array.of(1, 1, 1) });
  // The relaxed sample sums to one.
  expect(loss).toBeCloseTo(4, 5);
  model.dispose();
});

test("target, model, arguments and hypers", () => {
  expect(artifactOf(MODEL, { target: "tfjs", model: "N" }).model).toBe("N");
  const given = { n: 5, title: "any text", scaled: false, Choice: "Subset" };
  const artifact = artifactOf(MODEL, { arguments: given, hypers: { t: 0.1 } });
  expect(artifact.arguments).toEqual(given);
  expect(artifact.latents[0]!.structure).toBe("Subset(5)");
  expect(artifact.hypers.map(({ name, value }) => [name, value])).toEqual([
    ["t", 0.1],
    ["rate", 2],
  ]);
});

test("a text for an argument of type text was taken for a structure's name", () => {
  expect(artifactOf(MODEL, { arguments: { title: "OneHat" } }).arguments.title).toBe("OneHat");
  const { diagnostics } = compile(MODEL, { arguments: { Choice: "OneHat" } });
  expect(diagnostics.map(({ message, help }) => [message, help])).toEqual([
    ["Choice = OneHat: there is no structure OneHat", "did you mean OneHot?"],
  ]);
});

test("what is wrong with a request is told, with what may have been meant", () => {
  const wrong: readonly (readonly [Parameters<typeof compile>[1], message: string, help?: string])[] = [
    [{ model: "P" }, "there is no model P in this file", "it has M, N"],
    [{ arguments: { choice: "OneHot" } }, "M has no argument choice", "did you mean Choice?"],
    [{ hypers: { rat: 1 } }, "M has no hyper rat", "did you mean rate?"],
    [{ hypers: { t: -1 } }, "the temperature t must be greater than 0, but it is -1"],
  ];
  for (const [options, message, help] of wrong) {
    const { artifact, diagnostics } = compile(MODEL, options);
    expect(artifact).toBeUndefined();
    expect(diagnostics.map((each) => each.message)).toEqual([message]);
    if (help !== undefined) expect(diagnostics[0]!.help).toBe(help);
  }
});

test("never throws for what a text may hold", () => {
  for (const text of ["", "\u0000", "model", "model M(", "🌲", '"', "import { x } from", "}".repeat(1000)]) {
    const { artifact, diagnostics } = compile(text);
    expect(artifact, text).toBeUndefined();
    expect(diagnostics.length, text).toBeGreaterThan(0);
    expect(explain(text).explanation).toBeUndefined();
    expect(readExperiment(text).spec).toBeUndefined();
    expect(() => check(text)).not.toThrow();
  }
});

test("imports are the embedder's to resolve", () => {
  const text = 'import { twice } from "./parts.sst"\nmodel M() {\n  data x: f32[1]\n  minimize sum(twice(x))\n}\n';
  expect(compile(text).diagnostics[0]!.message).toBe('there is no file "./parts.sst"');
  const asked: string[][] = [];
  const resolveImport = (path: string, from: string) => {
    asked.push([path, from]);
    return { name: "parts", text: "fn twice(x) = 2 * x\n" };
  };
  artifactOf({ name: "main.sst", text }, { resolveImport });
  expect(asked[0]).toEqual(["./parts.sst", "main.sst"]);
  expect(check({ name: "main.sst", text }, { resolveImport })).toEqual([]);
});

test("the name of a source is in its diagnostics", () => {
  const text = "model M() {\n  minimize lost\n}\n";
  expect(render(compile({ name: "mine.sst", text }).diagnostics[0]!)).toContain("--> mine.sst:2:12");
  expect(render(compile(text).diagnostics[0]!)).toContain("--> <source>:2:12");
});

test("explanations, experiments and modules are at hand", () => {
  const { explanation, diagnostics } = explain(MODEL, { arguments: { n: 4 } });
  expect(diagnostics).toEqual([]);
  expect(explanation!.latents[0]).toMatchObject({ structure: "OneHot(4)", count: 4, utilities: "Gumbel(x * w)" });
  expect(readExperiment(MODEL, { scale: "small" }).spec!.train.steps).toBe(5);
  expect(readExperiment(MODEL, { settings: ["steps=7"] }).spec!.train.steps).toBe(7);
  expect(readExperiment(MODEL, { settings: ["epochs=7"] }).spec!.train.steps).toEqual({ epochs: 7 });
  expect(readExperiment(MODEL, { scale: "smal" }).diagnostics[0]!.help).toContain("small");
  expect(printModule(artifactOf(MODEL)).javascript).toContain('from "sstc/runtime"');
});

test("nothing of Node is reached from the package's entry, so that it runs in browsers", () => {
  const seen = new Set<string>();
  const outside = new Set<string>();
  const follow = (path: string) => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const [, from] of readFileSync(path, "utf8").matchAll(
      /^(?:import|export)\b(?! type\b)[^;]*? from "([^"]+)";/gm,
    )) {
      if (from!.startsWith(".")) follow(join(dirname(path), from!));
      else outside.add(from!);
    }
  };
  follow("sstc.ts");
  expect(seen.size).toBeGreaterThan(100);
  for (const path of seen) expect(existsSync(path)).toBe(true);
  expect([...outside]).toEqual(["chevrotain"]);
});
