/**
 * Ten thousand sources that nobody would write: mutations of valid models, and the programs of random-programs.test.ts.
 * The whole compiler answers each with an artifact or with diagnostics, never with an exception, and never without end.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { check } from "../../compiler/check.ts";
import { type CompileOptions, compile } from "../../compiler/compile.ts";
import { render } from "../../compiler/diagnostic.ts";
import { library } from "../../stdlib/library.ts";
import { examine, examineAll, type Tally } from "./examine.ts";
import { MODELS } from "./models.ts";
import { mutate, randomFrom } from "./mutate.ts";

const NRI = readFileSync(join(import.meta.dirname, "..", "..", "examples", "nri", "nri.sst"), "utf8");
const SMALL: Omit<CompileOptions, "library"> = { arguments: { V: 3, T: 3, hidden: 4 } };

describe("the sources that are mutated are valid", () => {
  for (const [name, text] of Object.entries(MODELS)) {
    test(name, () => {
      expect(check({ name, text }, { library }).map(render)).toEqual([]);
      const { artifact, diagnostics } = compile({ name, text }, { library });
      expect(diagnostics.map(render)).toEqual([]);
      expect(artifact!.entries.length).toBeGreaterThan(0);
    });
  }
});

// In parts, each with a time limit of its own: a slow machine takes a minute for one.
test.each([1, 2, 3, 4])("4,000 mutations of small models, part %i of 4", (part) => {
  const random = randomFrom(part);
  const sources = Object.values(MODELS);
  const others = [...sources, NRI, ...library.files.values()];
  const tally = examineAll(1_000, () => {
    let text = sources[random(sources.length)]!;
    for (let edits = 1 + random(2); edits > 0; edits--) text = mutate(text, others, random);
    return text;
  });
  // The mutations reach deep: some programs survive, and much besides syntax is found wrong.
  expect(tally.artifacts).toBeGreaterThan(60);
  expect(tally.codes.size).toBeGreaterThan(25);
});

test("200 mutations of the NRI model", () => {
  const random = randomFrom(3);
  const others = [...Object.values(MODELS), ...library.files.values()];
  const tally = examineAll(200, () => mutate(NRI, others, random), SMALL);
  expect(tally.artifacts).toBeGreaterThan(10);
});

describe("sizes beyond all measure are refused before anything is allocated", () => {
  const huge = ["100000", "1e9", "1e12", "1e308", "1e400", "9007199254740993", "4294967296"];
  const places: { readonly [name: string]: (n: string) => string } = {
    tensors: (n) => `data x: f32[${n}]\n  minimize sum(x)`,
    "products of sizes": (n) => `data x: f32[3]\n  minimize sum(broadcast(sum(x), shape = [${n}, ${n}, ${n}]))`,
    graphs: (n) => `graph K = complete(${n})\n  minimize edges(K)`,
    grids: (n) => `graph K = grid(${n}, ${n})\n  minimize edges(K)`,
    "explicit graphs": (n) => `graph K = graph(${n}, [[0, 1]])\n  minimize if connected(K) then 1 else 2`,
    structures: (n) => `latent z: KSubset(${n}, ${n} / 2) ~ Gumbel(0) relax ExpFamily at 1\n  minimize sum(z)`,
    copies: (n) => `latent z[${n}, ${n}]: OneHot(2) ~ Gumbel(0) relax ExpFamily at 1\n  minimize sum(z)`,
    scans: (n) => `data x: f32[3]\n  minimize sum(scan s = x for i in 0..${n} { s + i })`,
    "loops in loops": (n) => `minimize sum([[[1 for a in 0..9999] for b in 0..9999] for c in 0..${n}])`,
    counts: (n) => `minimize binomial(${n}, ${n} / 2) + binomial(${n}, 3)`,
    parameters: (n) => `param W: f32[${n}, ${n}] ~ zeros\n  minimize sum(W)`,
    indices: (n) => `data x: f32[3]\n  minimize sum(x[${n}]) + sum(x[0..${n}])`,
  };
  for (const [name, body] of Object.entries(places)) {
    test(name, () => {
      const tally: Tally = { artifacts: 0, codes: new Map() };
      for (const n of huge) examine(`model M() {\n  ${body(n)}\n}\n`, tally);
      expect([...tally.codes.keys()].every((code) => code !== "syntax")).toBe(true);
    });
  }
  test("functions that call one another twice, thirty deep", () => {
    const functions = Array.from({ length: 30 }, (_, i) => `fn f${i}(x) = f${i + 1}(x) + f${i + 1}(x * 2)`);
    const text = `${functions.join("\n")}\nfn f30(x) = x\nmodel M() {\n  data x: f32[3]\n  minimize sum(f0(x))\n}\n`;
    const tally: Tally = { artifacts: 0, codes: new Map() };
    examine(text, tally);
    expect([...tally.codes]).toEqual([["too-large", 1]]);
  });
  test("kernels that call one another twice, fifteen deep", () => {
    const kernels = Array.from(
      { length: 15 },
      (_, i) => `kernel k${i}(n, u: f32[n]) -> x: f32[n] {
  let a = k${i + 1}(n, u)
  let b = k${i + 1}(n, a)
  for i in 0..n { x[i] = a[i] + b[i] }
}`,
    );
    const text = `${kernels.join("\n")}
kernel k15(n, u: f32[n]) -> x: f32[n] { for i in 0..n { x[i] = u[i] } }
structure S(n) { embedding x: binary[n]  argmax k0 }
model M() {
  latent z: S(3) ~ Gumbel(0)
  minimize sum(z)
}
`;
    const tally: Tally = { artifacts: 0, codes: new Map() };
    examine(text, tally);
    expect([...tally.codes.keys()]).toEqual(["too-large"]);
  });
  test("powers, minima and maxima within one another stay short", () => {
    const nested = (open: string, close: string, depth: number) => `${open.repeat(depth)}u[0]${close.repeat(depth)}`;
    for (const value of [
      nested("(", " + 1) ^ 8", 60),
      nested("max(", ", 1)", 90),
      nested("min(", " * 2, u[1])", 60),
      nested("(", " * (1 + u[1]))", 90),
      nested("if u[1] > 0 then ", " else 2", 90),
    ]) {
      const text = `kernel k(n, u: f32[n]) -> x: f32[n] {
  x[0] = ${value}
}
structure S(n) { embedding x: binary[n]  argmax k  relax ExpFamily by k symmetric }
model M() {
  param theta: f32[3] ~ zeros
  latent z: S(3) ~ Gumbel(theta) relax ExpFamily at 1
  minimize sum(z)
}
`;
      const { artifact, diagnostics } = compile({ name: "nested.sst", text }, { library });
      expect(diagnostics.map(render)).toEqual([]);
      expect(artifact!.program.length).toBeLessThan(1_000_000);
    }
  });
});
