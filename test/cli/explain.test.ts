/**
 * `sstc explain`: what was chosen, at what cost, what was rejected and why, against the declarations and enumeration.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Explanation } from "../../compiler/explain.ts";
import { compile } from "../../sstc.ts";
import { run } from "./harness.ts";

const NRI = "examples/nri/nri.sst";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sstc-explain-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function explained(path: string, ...args: readonly string[]): Promise<Explanation> {
  const { status, stdout, stderr } = await run("explain", path, "--json", ...args);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return JSON.parse(stdout) as Explanation;
}

async function text(path: string, ...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await run("explain", path, ...args);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout;
}

function decisionsOf(explanation: Explanation, latent = 0) {
  return explanation.latents[latent]!.decisions;
}

test("for NRI's latent: solver, relaxation and backward, at what cost, and what was rejected and why", async () => {
  const explanation = await explained(NRI);
  expect(explanation.arguments).toMatchObject({ V: 10, T: 10, D: 2, hidden: 256, Edges: "SpanningTree" });
  const [z, ...others] = explanation.latents;
  expect(others).toEqual([]);
  expect(z).toMatchObject({
    name: "z",
    structure: "SpanningTree(complete(10))",
    shape: [45],
    count: 10 ** 8,
    graph: { vertices: 10, edges: 45, directed: false },
    utilities: "Gumbel(theta)",
    prior: "Gumbel(0)",
    relaxation: "ExpFamily",
    temperature: { written: "t", value: 0.5 },
    straightThrough: false,
  });
  const [solver, relaxation, backward] = z!.decisions;
  expect(z!.decisions.map(({ pass }) => pass)).toEqual(["solver", "relaxation", "backward"]);
  // Prim's 2 · 10² against Kruskal's 4 · 45 log 45 and Borůvka's 2 · 45 log 10.
  expect(solver).toMatchObject({
    chosen: "prim",
    cost: 200,
    costFormula: "2 * vertices ^ 2 with vertices = 10",
    entries: ["evaluate", "sample"],
    rejected: [
      { option: "boruvka", reason: "costs 207 steps (2 * edges * log(vertices) with edges = 45, vertices = 10)" },
      { option: "kruskal", reason: "costs 685 steps (4 * edges * log(edges) with edges = 45)" },
    ],
  });
  expect([2 * 45 * Math.log(10), 4 * 45 * Math.log(45)].map(Math.round)).toEqual([207, 685]);
  expect(relaxation).toMatchObject({ chosen: "matrix_tree", cost: 2000, entries: ["train", "sample_soft"] });
  expect(backward).toMatchObject({ chosen: "dual", cost: 2 * relaxation!.cost!, entries: ["train"] });
  expect(backward!.costFormula).toBe("2 * (2 * vertices ^ 3) with vertices = 10");
  expect(backward!.rejected.map(({ option }) => option)).toEqual(["custom", "autodiff", "finite_difference"]);
  for (const { reason } of backward!.rejected) expect(reason.length).toBeGreaterThan(20);
});

test("the text says the same, each decision once", async () => {
  const lines = (await text(NRI)).split("\n").map((line) => line.trim().replace(/ +/g, " "));
  expect(lines[0]).toMatch(/^NRI\(V = 10, T = 10, D = 2, hidden = 256, .*Edges = SpanningTree\) for tfjs$/);
  for (const line of [
    "structure SpanningTree(complete(10)), 45 edges among 10 vertices, 100,000,000 members",
    "estimator relax ExpFamily at t = 0.5",
    "solver: prim",
    "cost 200 steps for each example (2 * vertices ^ 2 with vertices = 10)",
    "runs in evaluate, sample",
    "kruskal costs 685 steps (4 * edges * log(edges) with edges = 45)",
    "relaxation: matrix_tree",
    "backward: dual",
    "custom the structure declares no closed-form backward for this relaxation",
  ]) {
    expect(
      lines.filter((each) => each === line),
      line,
    ).toHaveLength(1);
  }
});

test("sizes are those of the artifact, and larger where the model is", async () => {
  const small = await explained(NRI, "--set", "hidden=8");
  const large = await explained(NRI, "--set", "hidden=16");
  const source = { name: NRI, text: readFileSync(NRI, "utf8") };
  const { artifact } = compile(source, { arguments: { hidden: 8 } });
  const sizes = artifact!.parameters.map(({ shape }) => shape.reduce((a, b) => a * b, 1));
  expect(small.parameters).toEqual({ tensors: sizes.length, numbers: sizes.reduce((a, b) => a + b) });
  expect(large.parameters.numbers).toBeGreaterThan(2 * small.parameters.numbers);
  expect(small.entries.map(({ name }) => name)).toEqual(["train", "evaluate", "sample", "sample_soft"]);
  for (const [i, { memory, operations }] of small.entries.entries()) {
    expect(memory).toEqual(artifact!.entries[i]!.memory);
    expect(memory.perExample).toBeLessThan(large.entries[i]!.memory.perExample);
    expect(operations).toEqual(large.entries[i]!.operations);
    expect(operations.written).toBeGreaterThan(100);
  }
  const shown = await text(NRI, "--set", "hidden=8");
  expect(shown).toContain(`${small.parameters.numbers.toLocaleString("en-US")} numbers in ${sizes.length} tensors`);
});

test("the cheaper solver changes with the graph", async () => {
  const path = file(
    "sparse.sst",
    "model M(n = 40) {\n  graph K = path(n)\n  data x: f32[edges(K)]\n" +
      "  latent z: SpanningTree(K) ~ Fixed(x) relax ExpFamily at 1\n  minimize sum(z * x)\n}\n",
  );
  const [solver] = decisionsOf(await explained(path));
  expect(solver).toMatchObject({ chosen: "boruvka", rejected: [{ option: "prim" }, { option: "kruskal" }] });
  expect(solver!.rejected[0]!.reason).toContain("costs 3200 steps (2 * vertices ^ 2 with vertices = 40)");
});

const LATENT = (structure: string, estimator: string) => `model M(n = 6) {
  data x: f32[n]
  param w: f32[n] ~ constant(1)
  latent z: ${structure} ~ Gumbel(x * w) ${estimator}
  minimize sum(z * x)
}
`;

test("what the model asks for is said to be asked for", async () => {
  const path = file("asked.sst", LATENT("KSubset(n, 2)", "relax ExpFamily at 1 backward finite_difference(1e-2)"));
  const backward = decisionsOf(await explained(path))[2];
  expect(backward).toMatchObject({ chosen: "finite_difference", reason: "asked for in the model" });
  expect(backward!.rejected.map(({ option }) => option)).toEqual(["custom", "dual", "autodiff"]);
});

test("a closed form costs as much as the forward; KSubset's other relaxations are told", async () => {
  const path = file("closed.sst", LATENT("OneHot(n)", "relax ExpFamily at anneal(1 -> 0.5 over 10) straight_through"));
  const explanation = await explained(path);
  expect(explanation.latents[0]).toMatchObject({
    count: 6,
    straightThrough: true,
    temperature: { written: "anneal(1 -> 0.5 over 10)", value: 1, anneal: { from: 1, to: 0.5, steps: 10 } },
  });
  const [solver, relaxation, backward] = decisionsOf(explanation);
  expect(backward!.chosen).toBe("custom");
  expect(backward!.cost).toBe(relaxation!.cost);
  // Straight through: the hard sample is drawn in training, too.
  expect(solver!.entries).toEqual(["train", "evaluate", "sample"]);
  expect(await text(path)).toContain("relax ExpFamily at anneal(1 -> 0.5 over 10), straight through");
});

test("copies of a latent are counted", async () => {
  const path = file(
    "copies.sst",
    "model M(n = 4) {\n  data x: f32[5, n]\n  latent z[5]: OneHot(n) ~ Gumbel(x) relax ExpFamily at 1\n  minimize sum(z * x)\n}\n",
  );
  expect(decisionsOf(await explained(path))).toHaveLength(3);
  const shown = await text(path);
  expect(shown).toContain("for each of 5 copies in each example");
  expect(shown).toContain("[batch, 5, 4]");
});

test("latents without a relaxation, and models without latents", async () => {
  const hard = file(
    "hard.sst",
    "model M() {\n  data x: f32[3]\n  latent z: OneHot(3) ~ Gumbel(x)\n  minimize sum(z * x)\n}\n",
  );
  expect(decisionsOf(await explained(hard)).map(({ pass }) => pass)).toEqual(["solver"]);
  expect(await text(hard)).toContain("none: hard samples in training too");
  const plain = file("plain.sst", "model M() {\n  data x: f32[3]\n  minimize sum(x)\n}\n");
  expect(await text(plain)).toContain("no latent variables: there is nothing to choose");
});

test("several latents, several models", async () => {
  const both = file(
    "both.sst",
    `${LATENT("OneHot(n)", "relax ExpFamily at 1")}model N() {
  data x: f32[4]
  latent a: OneHot(4) ~ Gumbel(x) relax ExpFamily at 1
  latent b: Subset(4) ~ Logistic(x) relax BinaryEntropy at 2
  minimize sum((a + b) * x)
}
`,
  );
  expect((await explained(both)).model).toBe("M");
  const second = await explained(both, "--model", "N");
  expect(second.latents.map(({ name, decisions }) => [name, decisions.length])).toEqual([
    ["a", 3],
    ["b", 3],
  ]);
  for (const { name, decisions } of second.latents) for (const each of decisions) expect(each.latent).toBe(name);
});

test("errors are told on standard error", async () => {
  const { status, stdout, stderr } = await run("explain", file("bad.sst", "model M() {\n  minimize lost\n}\n"));
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(stderr).toContain("error[unknown-name]: there is no lost here");
  expect((await run("explain", NRI, "--model", "NRJ")).stderr).toContain("did you mean NRI?");
});
