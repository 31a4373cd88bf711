/**
 * Every structure of the library, with every relaxation that it declares and every legal backward, against its members
 * listed by definition. What is looped over are the library's own declarations: a new structure without an example
 * fails.
 */
import { describe, expect, test } from "vitest";
import { DiagnosticError } from "../../compiler/failure.ts";
import { compileLayer } from "../../compiler/layer.ts";
import type { Library } from "../../compiler/names.ts";
import type { Declaration } from "../../grammar/ast.ts";
import { printExpression } from "../../grammar/format.ts";
import { parse } from "../../grammar/parse.ts";
import { library } from "../../stdlib/library.ts";
import {
  checkArgmax,
  checkBackward,
  checkBatch,
  checkLimit,
  checkLogPartition,
  checkMembers,
  checkPrintings,
  checkSoft,
  type Example,
  layerOf,
  type Subject,
} from "./conform.ts";
import { checkEntropy, checkKBest, checkLogProb, checkSamples } from "./conform-questions.ts";
import { generalOf, structureOf } from "./declared.ts";
import { EXAMPLES } from "./examples.ts";

const declarations = [...library.files].flatMap(([path, text]) =>
  parse(text).file.declarations.map((declaration) => ({ path, declaration })),
);
const named = (kind: Declaration["kind"]) =>
  declarations.flatMap(({ declaration }) => (declaration.kind === kind ? [declaration] : []));
/** The regularisers that `relax Separable` stands for. */
const SEPARABLE = named("relaxation").flatMap((each) =>
  each.kind === "relaxation" && each.body.some(({ name }) => name.name === "map")
    ? [each.parameters.length === 0 ? each.name.name : `${each.name.name}(1.5)`]
    : [],
);

/** Why the forward of a relaxation cannot be run backwards: no clause says, the kernel does. */
function whyNotReversed(structure: string, relaxation: string): string | undefined {
  const { decisions } = compileLayer({ structure, relaxation }, library);
  const reason = decisions.at(-1)!.rejected.find(({ option }) => option === "autodiff")?.reason;
  return reason?.includes("exact too") ? undefined : reason;
}

/** Which relaxations a structure has, and which backwards are legal for each. */
function declared(structure: string) {
  const applied = structureOf(structure);
  const { relaxations, logPartition, samplers, kBest } = applied;
  const general = generalOf(applied).map((clause) => ({ name: clause.relaxation.name, clause }));
  // Of clauses for options without a default the options would have to be made up.
  const usable = [...relaxations, ...general].filter(
    ({ clause }) => clause.refused === undefined && clause.parameters.every((each) => each.default !== undefined),
  );
  const backwards = usable.flatMap(({ name, clause }) => {
    const legal = [
      ...(clause.symmetric ? ["dual", "finite_difference(1e-4)"] : []),
      ...(clause.backward ? ["custom"] : []),
    ];
    return (name === "Separable" ? SEPARABLE : [name]).map((relaxation) => ({
      relaxation,
      legal: whyNotReversed(structure, relaxation) === undefined ? [...legal, "autodiff"] : legal,
    }));
  });
  const lists = kBest.length > 0;
  return { backwards, logPartition: logPartition !== undefined, sampler: samplers.length > 0, lists };
}

test("every structure of the library has an example, and every relaxation is one of a structure's", () => {
  const structures = named("structure").map(({ name }) => name.name);
  expect(structures.length).toBeGreaterThan(0);
  expect(Object.keys(EXAMPLES).sort()).toEqual([...structures].sort());
  const used = new Set(Object.values(EXAMPLES).flatMap(([example]) => declared(example!.structure).backwards));
  const relaxations = named("relaxation").map(({ name }) => name.name);
  expect(new Set([...used].map(({ relaxation }) => relaxation.replace("(1.5)", "")))).toEqual(new Set(relaxations));
});

/** All checks of an example by name. */
function checksOf(subject: Subject): readonly (readonly [name: string, check: () => void])[] {
  const { backwards, logPartition, sampler, lists } = declared(subject.structure);
  const of = backwards.flatMap(({ relaxation, legal }) => [
    [`${relaxation}: the soft sample`, () => checkSoft(subject, relaxation)] as const,
    [`${relaxation}: the limit of low temperature`, () => checkLimit(subject, relaxation)] as const,
    [`${relaxation}: batches`, () => checkBatch(subject, relaxation)] as const,
    [`${relaxation}: printed as WebAssembly`, () => checkPrintings(subject, relaxation)] as const,
    ...legal.map(
      (backward) =>
        [`${relaxation}: backward ${backward}`, () => checkBackward(subject, relaxation, backward)] as const,
    ),
  ]);
  return [
    ["the members", () => checkMembers(subject)],
    ["the argmax", () => checkArgmax(subject)],
    ...(logPartition
      ? [
          ["the log-partition", () => checkLogPartition(subject)] as const,
          ["the entropy", () => checkEntropy(subject)] as const,
          ["log-probabilities", () => checkLogProb(subject)] as const,
        ]
      : []),
    ...(sampler ? [["samples", () => checkSamples(subject)] as const] : []),
    ...(lists ? [["the best members", () => checkKBest(subject)] as const] : []),
    ...of,
  ];
}

describe.each(Object.values(EXAMPLES).flat())("$structure", (example) => {
  for (const [name, check] of checksOf({ ...example, library })) test(name, check);
  test("backwards that it does not declare are refused", () => {
    for (const { relaxation, legal } of declared(example.structure).backwards) {
      const reason = whyNotReversed(example.structure, relaxation);
      if (reason !== undefined) expect(reason).toMatch(/^a while loop computes|has a break$|^nothing says how often/);
      for (const backward of ["dual", "custom", "autodiff"].filter((each) => !legal.includes(each))) {
        const compile = () => compileLayer({ structure: example.structure, relaxation, backward }, library);
        expect(compile, `${relaxation} backward ${backward}`).toThrow(DiagnosticError);
      }
    }
  });
});

describe("the solvers that are too dear at these sizes are right too", () => {
  const solvers = named("structure").flatMap(({ name, ...declaration }) =>
    declaration.kind === "structure" && declaration.body.kind === "clauses"
      ? [{ structure: name.name, solvers: declaration.body.clauses.filter((clause) => clause.kind === "argmax") }]
      : [],
  );
  for (const { structure, solvers: clauses } of solvers.filter((each) => each.solvers.length > 1)) {
    for (const { solver, span, target } of clauses) {
      const { path } = declarations.find(({ declaration }) => declaration.name.name === structure)!;
      const text = library.files.get(path)!;
      const others = clauses
        .filter((clause) => clause.span !== span)
        .map((clause) => text.slice(clause.span.start, clause.span.end));
      const own = text.slice(span.start, span.end);
      // What is declared for one target is right on any.
      const anywhere = target === undefined ? own : own.replace(`on ${target.name}`, "");
      const alone = others.reduce((left, clause) => left.replace(clause, ""), text).replace(own, anywhere);
      const only: Library = { ...library, files: new Map([...library.files, [path, alone]]) };
      test.each(EXAMPLES[structure]!)(`${printExpression(solver)} on $structure`, (example) => {
        const layer = layerOf({ ...example, library: only });
        expect(layer.decisions[0]!.chosen).toBe(printExpression(solver));
        checkArgmax({ ...example, library: only });
      });
    }
  }
});

/** Faults in the library's texts, each with the check that must find it. */
const PLANTED: readonly (readonly [path: string, from: string, to: string, example: Example, check: RegExp])[] = [
  ["structures/one-hot.sst", "count size\n", "count size + 1\n", EXAMPLES.OneHot![2]!, /the members/],
  [
    "structures/one-hot.sst",
    "let best = argmax(u[i] for i in 0..size)",
    "let best = 0",
    EXAMPLES.OneHot![2]!,
    /the argmax/,
  ],
  ["structures/one-hot.sst", "value[0] = top + log", "value[0] = log", EXAMPLES.OneHot![2]!, /log-partition/],
  [
    "structures/one-hot.sst",
    "(cotangent[i] - mean)",
    "cotangent[i]",
    EXAMPLES.OneHot![2]!,
    /ExpFamily: backward custom/,
  ],
  ["structures/one-hot.sst", "below > share", "below > 0.9 * share", EXAMPLES.OneHot![2]!, /^samples$/],
  ["structures/one-hot.sst", "x[row, order[row]]", "x[row, order[0]]", EXAMPLES.OneHot![2]!, /^the best members$/],
  ["structures/matching.sst", "left = noise[i] *", "left = 0.9 * noise[i] *", EXAMPLES.Matching![2]!, /^samples$/],
  ["structures/subset.sst", "- log1p(-noise[i])", "+ log1p(-noise[i])", EXAMPLES.Subset![1]!, /^samples$/],
  ["structures/subset.sst", "if turn == 1 then before", "if turn == 0 then before", EXAMPLES.Subset![1]!, /^the best/],
  ["structures/subset.sst", "if u[i] > 0 then", "if u[i] > 0.2 then", EXAMPLES.Subset![1]!, /the argmax/],
  ["structures/k-subset.sst", "for j in 0..k {", "for j in 1..k {", EXAMPLES.KSubset![2]!, /the argmax/],
  ["structures/k-subset.sst", "(c) -> (c)\n", "(c) -> (c)  when c > 0\n", EXAMPLES.KSubset![2]!, /ExpFamily: the soft/],
  ["relaxations/separable.sst", "u[b] < u[a]", "u[b] > u[a]", EXAMPLES.KSubset![2]!, /the argmax/],
  ["relaxations/separable.sst", "below = a }", "below = -1 }", EXAMPLES.KSubset![3]!, /Euclidean: the soft/],
  [
    "structures/correlated-k-subset.sst",
    "pair[i - 1] if p",
    "pair[i - 1] if i > 0",
    EXAMPLES.CorrelatedKSubset![2]!,
    /argmax/,
  ],
  ["structures/chain.sst", "if i > 0", "if i > 1", EXAMPLES.Chain![3]!, /the log-partition/],
  [
    "structures/alignment.sst",
    "(r, true)       when not p and d > 0",
    "(r, true)  when p",
    EXAMPLES.Alignment![3]!,
    /the members/,
  ],
  ["structures/spanning-tree.sst", "u[e] > u[best[a]]", "u[e] < u[best[a]]", EXAMPLES.SpanningTree![2]!, /the argmax/],
  [
    "structures/spanning-tree.sst",
    "if least < sqrt(f32.smallest)",
    "if least < 0",
    EXAMPLES.SpanningTree![4]!,
    /ExpFamily: the soft/,
  ],
  [
    "structures/spanning-tree.sst",
    "base * exp(level[k, i] - top) + mean",
    "base + mean",
    EXAMPLES.SpanningTree![2]!,
    /ExpFamily: the soft/,
  ],
  ["structures/spanning-tree.sst", "0.5 * energy", "0.49 * energy", EXAMPLES.SpanningTree![2]!, /ExpFamily: the soft/],
  [
    "structures/spanning-tree.sst",
    "total += log(d) + top",
    "total += log(d)",
    EXAMPLES.SpanningTree![2]!,
    /log-partition/,
  ],
  ["structures/edmonds.sst", "worth[next, i] -= own", "worth[next, i] -= 0", EXAMPLES.Arborescence![2]!, /the argmax/],
  ["structures/edmonds.sst", "entering[inner] = e", "entering[into(e)] = e", EXAMPLES.Arborescence![5]!, /the argmax/],
  [
    "structures/arborescence.sst",
    "if least < sqrt(f32.smallest)",
    "if least < 0",
    EXAMPLES.Arborescence![5]!,
    /ExpFamily: the soft/,
  ],
  [
    "structures/arborescence.sst",
    "sum(top[v] for v in 0..size if v != root) + ",
    "",
    EXAMPLES.Arborescence![2]!,
    /log-partition/,
  ],
  [
    "structures/projective-arborescence.sst",
    "right = max(right, chart[4, s, t])",
    "right = max(right, chart[6, s, t])",
    EXAMPLES.ProjectiveArborescence![3]!,
    /the argmax/,
  ],
  [
    "structures/projective-arborescence.sst",
    "left += around[5, t, k] * chart[1, before, k]",
    "left += around[5, t, k]",
    EXAMPLES.ProjectiveArborescence![4]!,
    /ExpFamily: the soft/,
  ],
  [
    "structures/projective-arborescence.sst",
    "top_back + log(backs *",
    "top_back + log(0.9 * backs *",
    EXAMPLES.ProjectiveArborescence![4]!,
    /ExpFamily: the limit/,
  ],
  [
    "structures/matching.sst",
    "let cheapest = argmin(cost",
    "let cheapest = argmin(-cost",
    EXAMPLES.Matching![3]!,
    /the argmax/,
  ],
  [
    "structures/matching.sst",
    "let value = before[set] * scale",
    "let value = before[set]",
    EXAMPLES.Matching![2]!,
    /ExpFamily: the soft/,
  ],
  ["structures/matching.sst", "- answer[0, i] for", "+ answer[0, i] for", EXAMPLES.Matching![3]!, /log-partition/],
  [
    "relaxations/sinkhorn.sst",
    "column[i] += level[1, i]",
    "column[i] += 0.99 * level[1, i]",
    EXAMPLES.Matching![3]!,
    /CategoricalEntropy: backward dual/,
  ],
  [
    "relaxations/sinkhorn.sst",
    "+ sum(joined[k, l] * level[l] for",
    "- sum(joined[k, l] * level[l] for",
    EXAMPLES.Matching![3]!,
    /CategoricalEntropy: backward custom/,
  ],
  [
    "relaxations/regularisers.sst",
    "min(max(s, 0), 1)",
    "min(max(s, 0), 0.9)",
    EXAMPLES.KSubset![2]!,
    /Euclidean: the soft/,
  ],
  ["structures/lawler.sst", "force = 1 + 2 *", "force = 1e-3 *", EXAMPLES.SpanningTree![2]!, /the best members/],
  ["structures/lawler.sst", "and i <= at", "and i == at", EXAMPLES.SpanningTree![2]!, /the best members/],
  [
    "structures/lawler.sst",
    "value > worth[slot]",
    "value < worth[slot]",
    EXAMPLES.SpanningTree![2]!,
    /the best members/,
  ],
  ["relaxations/active-set.sst", "(best[i] + point[i])", "1e15", EXAMPLES.SpanningTree![2]!, /Euclidean: the soft/],
  ["relaxations/active-set.sst", "pivot -= l * l", "pivot -= l", EXAMPLES.SpanningTree![2]!, /Euclidean: the soft/],
  ["relaxations/active-set.sst", "c * left + s * right", "c * left", EXAMPLES.SpanningTree![2]!, /Euclidean: the soft/],
  [
    "relaxations/active-set.sst",
    "let missing = 1 -",
    "let missing = 0.9 -",
    EXAMPLES.SpanningTree![2]!,
    /Euclidean: the/,
  ],
  [
    "relaxations/active-set.sst",
    "hull_step(most, held, 0, worth",
    "hull_step(most, held, 0.1, worth",
    EXAMPLES.SpanningTree![2]!,
    /Euclidean: backward custom/,
  ],
  [
    "relaxations/active-set.sst",
    "(1 + both - sum",
    "(2 + both - sum",
    EXAMPLES.SpanningTree![2]!,
    /Euclidean: the soft/,
  ],
  [
    "relaxations/regularisers.sst",
    "x * (1 - x)",
    "x * (1 - 0.99 * x)",
    EXAMPLES.KSubset![2]!,
    /BinaryEntropy: backward custom/,
  ],
  [
    "relaxations/regularisers.sst",
    "exp(min(s, 0))",
    "exp(min(0.9 * s, 0))",
    EXAMPLES.Subset![1]!,
    /CategoricalEntropy: the soft/,
  ],
  ["relaxations/l2x.sst", "max(before, own)", "min(before, own)", EXAMPLES.KSubset![2]!, /L2X: the soft/],
  [
    "relaxations/l2x.sst",
    "-mean * weight[j, i]",
    "-0.9 * mean * weight[j, i]",
    EXAMPLES.KSubset![2]!,
    /L2X: backward custom/,
  ],
  [
    "relaxations/soft-sub.sst",
    "(f32(m - 1) - p) / f32(m)",
    "(f32(m - 1) - p) / f32(m + 1)",
    EXAMPLES.KSubset![2]!,
    /SoftSub: the soft/,
  ],
  ["relaxations/soft-sub.sst", "left * left", "left", EXAMPLES.KSubset![2]!, /SoftSub: the soft/],
  ["relaxations/soft-sub.sst", "p * vjp[i] / left", "vjp[i] / left", EXAMPLES.KSubset![2]!, /SoftSub: backward custom/],
  [
    "structures/arborescence.sst",
    "own[into(e)] - moved",
    "own[into(e)] - 0.9 * moved",
    EXAMPLES.Arborescence!.at(-1)!,
    /ExpFamily: backward custom/,
  ],
  ["relaxations/neural-sort.sst", "size - 1 - 2 * i", "size - 2 * i", EXAMPLES.Matching![2]!, /NeuralSort: the soft/],
  ["relaxations/neural-sort.sst", "l < j", "l <= j", EXAMPLES.Matching![2]!, /NeuralSort: the limit/],
  [
    "relaxations/perturb-parse.sst",
    "of_left[k + 1, t] += below",
    "of_left[k + 1, t] += 0.9 * below",
    EXAMPLES.ProjectiveArborescence![4]!,
    /PerturbParse: the soft/,
  ],
  ["relaxations/tsallis.sst", "x ^ (2 - alpha)", "x ^ alpha", EXAMPLES.KSubset![2]!, /Tsallis\(1.5\): backward custom/],
  ["relaxations/tsallis.sst", "alpha * (2 - alpha) +", "alpha +", EXAMPLES.Subset![1]!, /Tsallis\(1.5\): the soft/],
];

test.each(PLANTED)("a fault planted in %s is found: %s → %s", (path, from, to, example, expected) => {
  const text = library.files.get(path)!;
  expect(text, "the text has changed: plant the fault anew").toContain(from);
  const faulty: Library = { ...library, files: new Map([...library.files, [path, text.replace(from, to)]]) };
  const checks = checksOf({ ...example, library: faulty });
  const failed = checks.filter(([, check]) => fails(check)).map(([name]) => name);
  expect(failed.join("; ")).toMatch(expected);
  // A text that is not even compiled would fail them all.
  expect(failed.length).toBeLessThan(checks.length);
});

function fails(check: () => void): boolean {
  try {
    check();
    return false;
  } catch {
    return true;
  }
}
