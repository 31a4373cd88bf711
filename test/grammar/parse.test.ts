/** The parser: the language by example, precedence, recovery, and ten thousand mutated sources. */
import { describe, expect, test } from "vitest";
import { printExpression } from "../../grammar/format.ts";
import { parse, parseExpression } from "../../grammar/parse.ts";
import { library } from "../../stdlib/library.ts";

const MODEL = `
import { GraphEncoder, GraphDecoder } from "std/nn"

/// Neural Relational Inference (Kipf et al. 2018) with a structured latent graph.
model NRI(V = 10, T = 10, D = 2, hidden = 256, Edges: Structure = SpanningTree) {
  graph K = complete(V)                          // undirected
  hyper t = 0.5
  data x: f32[T, V, D]
  data truth: f32[edges(K)]
  let encoder = GraphEncoder(K, inputs = T * D, hidden)
  let theta = encoder(x)
  latent z: Edges(K) ~ Gumbel(theta) relax ExpFamily at t straight_through backward finite_difference(1e-2)
  prior  z ~ Gumbel(0)
  observe x[1..] ~ Normal(theta, variance = 5e-5)
  maximize elbo
  metric edges = structure_recovery(z, truth)
}

structure CorrelatedKSubset(n, k) {
  embedding x: binary[n], pair: binary[n - 1]
  require 1 <= k and k < n
  automaton over i in 0..n {
    state (count: 0..k, previous: bool) from (0, false) to (k, _)
    (c, p) -> (c, false)
    (c, p) -> (c + 1, true)   emits x[i], pair[i - 1] if p
  }
}

experiment graph_layout for NRI {
  vary Edges in { IndependentEdges, TopKEdges, SpanningTree }
  data from "./data.js" graph_layout(T, train = 50000, valid = 10000, test = 10000, seed = 42)
  train  adam(lr) batch 128 steps 50000 validate every 500 keep best valid.elbo
  search random 20 { lr in log(1e-5, 1e-2)   t in uniform(0.1, 2) }
  report test.elbo, test.edges.precision, test.edges.recall  bootstrap 100000
  scale small { train steps 2000 batch 64  data train = 5000 valid = 500 test = 500
    model hidden = 64  search random 2 }
}
`;

test("the language by example parses without problems", () => {
  const { file, problems } = parse(MODEL);
  expect(problems).toEqual([]);
  expect(file.declarations.map((each) => `${each.kind} ${each.name.name}`)).toEqual([
    "model NRI",
    "structure CorrelatedKSubset",
    "experiment graph_layout",
  ]);
  const model = file.declarations[0]!;
  expect(model.doc).toContain("Kipf");
  if (model.kind !== "model") throw new Error("not a model");
  expect(model.body.map((each) => each.kind)).toEqual([
    "graph",
    "hyper",
    "data",
    "data",
    "let",
    "let",
    "latent",
    "prior",
    "observe",
    "objective",
    "metric",
  ]);
  const latent = model.body[6]!;
  if (latent.kind !== "latent" || latent.estimator?.kind !== "relax") throw new Error("not a relaxed latent");
  expect(latent.estimator.straightThrough).toBe(true);
  expect(latent.estimator.backward?.strategy.name).toBe("finite_difference");
  const experiment = file.declarations[2]!;
  if (experiment.kind !== "experiment") throw new Error("not an experiment");
  expect(experiment.clauses.map((each) => each.kind)).toEqual([
    "vary",
    "experiment-data",
    "train",
    "search",
    "report",
    "scale",
  ]);
});

test("epochs after every are those between validations", () => {
  const read = (train: string) =>
    parse(`experiment e for M {\n  train ${train}\n}`).problems.map((each) => each.message);
  expect(read("epochs 10 validate every 2 epochs batch 8")).toEqual([]);
  expect(read("validate every epoch epochs 10")).toEqual([]);
  expect(read("validate every 2 epochs 10")).toEqual(["the epochs after 'every' are those between validations"]);
});

test("solvers, samplers and k-best solvers are one clause under three names", () => {
  const clauses = ["argmax first(k = 2) on host cost n ^ 2", "sample wilson cost 2 * n", "k_best heaps(m = best)"];
  const { file, problems } = parse(`structure S(n) { embedding x: binary[n]  ${clauses.join("  ")} }`);
  expect(problems).toEqual([]);
  const [structure] = file.declarations;
  if (structure?.kind !== "structure" || structure.body.kind !== "clauses") throw new Error("not a structure");
  const read = structure.body.clauses.flatMap((clause) =>
    clause.kind === "argmax" || clause.kind === "sampler" || clause.kind === "k-best"
      ? [
          [
            clause.kind,
            printExpression(clause.solver),
            clause.target?.name,
            clause.cost && printExpression(clause.cost),
          ],
        ]
      : [],
  );
  expect(read).toEqual([
    ["argmax", "first(k = 2)", "host", "n ^ 2"],
    ["sampler", "wilson", undefined, "2 * n"],
    ["k-best", "heaps(m = best)", undefined, undefined],
  ]);
  expect(parse("structure S(n) { sample }").problems[0]?.message).toContain("expected an expression");
});

test("every file of the standard library parses without problems", () => {
  for (const [path, text] of library.files)
    expect({ path, problems: parse(text).problems }).toEqual({ path, problems: [] });
});

describe("precedence", () => {
  const cases: [string, string][] = [
    ["a+b*c", "a + b * c"],
    ["(a+b)*c", "(a + b) * c"],
    ["-x^2", "-x ^ 2"],
    ["2^-x", "2 ^ -x"],
    ["a^b^c", "a ^ b ^ c"],
    ["not a and b or c", "not a and b or c"],
    ["a-(b-c)", "a - (b - c)"],
    ["f(x)[1..,...].y", "f(x)[1.., ...].y"],
    ["if a<b then 1 else 2", "if a < b then 1 else 2"],
    ["sum(w[i] for i in 0..n if i!=j)", "sum(w[i] for i in 0..n if i != j)"],
    ["from(K, train = data.state)", "from(K, train = data.state)"],
  ];
  for (const [source, canonical] of cases) {
    test(source, () => {
      const { value, problems } = parseExpression(source);
      expect(problems).toEqual([]);
      expect(printExpression(value!)).toBe(canonical);
      expect(printExpression(parseExpression(canonical).value!)).toBe(canonical);
    });
  }
});

test("all syntax errors of a file are reported in one run, and what follows them is read", () => {
  const { file, problems } = parse("model A {\n  hyper = 1\n  let b = \n  let c = 2\n}\nfn f(x) = )\nfn g(x) = x\n");
  expect(problems.map((each) => each.message)).toEqual([
    "expected a name after 'hyper' but found '='",
    "expected an expression but found 'let'",
    "expected an expression but found ')'",
  ]);
  expect(file.declarations.map((each) => each.name.name)).toEqual(["A", "g"]);
});

test("a call or index on a new line is a statement of its own", () => {
  const { problems } = parse("kernel k(n, u: f32[n]) -> x: f32[n] {\n  let a = u[0]\n  x[0] = a\n}");
  expect(problems).toEqual([]);
});

test("deep nesting is a problem, not a crash", () => {
  const { problems } = parseExpression(`${"(".repeat(5000)}1${")".repeat(5000)}`);
  expect(problems[0]?.message).toContain("nested more than");
});

test("ten thousand mutated sources never crash the parser", () => {
  let seed = 12345;
  const random = (n: number) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * n);
  };
  const sources = [MODEL, ...library.files.values()];
  const pieces = MODEL.split(/(\s+|\b)/).filter((piece) => piece !== "");
  for (let i = 0; i < 10_000; i++) {
    let text = sources[random(sources.length)]!;
    for (let edits = 1 + random(3); edits > 0; edits--) {
      const at = random(text.length + 1);
      const length = random(12);
      const inserted = [pieces[random(pieces.length)]!, String.fromCharCode(random(300)), '"', "{", ""][random(5)]!;
      text = random(20) === 0 ? text.slice(0, at) : text.slice(0, at) + inserted + text.slice(at + length);
    }
    const { problems } = parse(text);
    for (const problem of problems) expect(problem.span.end).toBeLessThanOrEqual(text.length);
  }
});
