/**
 * Structures against the golden files, in three ways: `layer()` in float64, `layer()` on tensors, and `sstc eval`.
 * Every output that a file holds is compared, follows from what is compared, or is listed here with the reason why not.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openDevice } from "../../runtime/devices.ts";
import { type Layer, layer } from "../../sstc.ts";
import { run } from "../cli/harness.ts";
import { expectClose, type GoldenCase, golden, type Tolerance } from "../golden.ts";
import { arcsOf, cellsOf, overArcs, splitByRootChildren, splitNormalised } from "./golden-trees.ts";

type Vector = readonly number[];
interface Inputs {
  /** One example, or a list of them. */
  readonly u: Vector | readonly Vector[];
  readonly cotangent?: Vector | readonly Vector[];
  readonly n?: number;
  readonly k?: number;
  readonly t?: number;
  readonly op?: string;
  readonly eps?: number;
  readonly root?: number;
  readonly edges?: readonly (readonly [number, number])[];
}
const inputsOf = (item: GoldenCase) => item.inputs as unknown as Inputs;
const rowsOf = (value: Vector | readonly Vector[]) =>
  (Array.isArray(value[0]) ? value : [value]) as readonly (readonly number[])[];

/** What is asked of sstc. */
interface Question {
  readonly structure: string;
  readonly relaxation?: string | undefined;
  readonly backward?: string;
}
type Answer = "argmax" | "soft" | "vjp" | "log_partition";
/** The answer that an output of a file is. */
interface Check {
  readonly question: Question;
  readonly answer: Answer;
  readonly tolerance?: Tolerance;
}

const RELAXATIONS: Readonly<Record<string, string | undefined>> = {
  softmax: "ExpFamily",
  sparsemax: "Euclidean",
  binary: "ExpFamily",
  categorical: "CategoricalEntropy",
  gumbel2: "ExpFamily",
  hard: undefined,
};
const subset = (relaxation?: string) => (item: GoldenCase) => {
  const { u, k } = inputsOf(item);
  return { structure: `KSubset(${u.length}, ${k})`, relaxation };
};
const correlated = (relaxation?: string) => (item: GoldenCase) => {
  const { n, k } = inputsOf(item);
  return { structure: `CorrelatedKSubset(${n}, ${k})`, relaxation };
};
const tree = (relaxation?: string) => (item: GoldenCase) => {
  const { n, edges } = inputsOf(item);
  const list = edges!.map(([a, b]) => `[${a}, ${b}]`).join(", ");
  return { structure: `SpanningTree(graph(${n}, [${list}]))`, relaxation };
};
const arborescence = (relaxation?: string) => (item: GoldenCase) => {
  const { graph } = arcsOf(item);
  return { structure: `Arborescence(${graph}, root = ${inputsOf(item).root})`, relaxation };
};
const projective = (relaxation?: string) => (item: GoldenCase) => {
  const { n, root } = inputsOf(item);
  return { structure: `ProjectiveArborescence(${n}, root = ${root})`, relaxation };
};

const matching = (relaxation?: string) => (item: GoldenCase) => {
  const { length } = inputsOf(item).u;
  return { structure: `Matching(${Math.sqrt(length)})`, relaxation };
};
/** A case whose utilities are one matrix, as the vector that they are to sstc. */
function rowByRow(item: GoldenCase): GoldenCase {
  const { u, cotangent } = inputsOf(item);
  const inputs = { ...inputsOf(item), u: u.flat(), ...(cotangent && { cotangent: cotangent.flat() }) };
  return { ...item, inputs: inputs as never };
}

/** k rows of perturbed logits, and the logits without noise in each of them for the rule at test time. */
function asRows(item: GoldenCase): readonly GoldenCase[] {
  const { theta, noise, cotangent, k, t } = item.inputs as unknown as {
    readonly theta: Vector;
    readonly noise: readonly Vector[];
    readonly cotangent: Vector;
    readonly k: number;
    readonly t: number;
  };
  const { hard, ...outputs } = item.outputs as Readonly<Record<string, unknown>>;
  const inputs = (u: Vector) => ({ ...item.inputs, u, k, t, cotangent }) as never;
  const drawn = inputs(noise.flatMap((row) => row.map((value, i) => value + theta[i]!)));
  const still = inputs(noise.flatMap(() => theta));
  return [
    { ...item, inputs: drawn, outputs: outputs as never },
    { ...item, inputs: still, outputs: { hard } as never },
  ];
}
/** Scores, and the matrices of their orderings row by row. */
function asScores(item: GoldenCase): GoldenCase {
  const { P, vjp, hard } = item.outputs as unknown as Readonly<Record<string, readonly Vector[]>>;
  const { s, cotangent, t } = item.inputs as unknown as { s: Vector; cotangent: readonly Vector[]; t: number };
  const outputs = { x: P!.flat(), vjp, hard: hard!.flat() };
  return { ...item, inputs: { u: s, cotangent: cotangent.flat(), t } as never, outputs: outputs as never };
}

/** What the files ask, by name. */
const FILES: Readonly<Record<string, (item: GoldenCase) => Question>> = {
  onehot: (item) => {
    const { u, op } = inputsOf(item);
    return { structure: `OneHot(${u.length})`, relaxation: RELAXATIONS[op!] };
  },
  indep_subset: (item) => {
    const { u, op } = inputsOf(item);
    const structure = op === "gumbel2" ? "OneHot(2)" : `Subset(${u.length})`;
    return { structure, relaxation: RELAXATIONS[op!] };
  },
  ksubset_hard: subset(),
  ksubset_euclid: subset("Euclidean"),
  ksubset_categorical: subset("CategoricalEntropy"),
  ksubset_binary: subset("BinaryEntropy"),
  ksubset_expfam: subset("ExpFamily"),
  ksubset_expfam_fd: subset("ExpFamily"),
  corr_ksubset_hard: correlated(),
  corr_ksubset_expfam: correlated("ExpFamily"),
  spanning_tree_hard: tree(),
  spanning_tree_marginals: tree("ExpFamily"),
  arborescence_hard: arborescence(),
  arborescence_marginals: arborescence("ExpFamily"),
  arborescence_n50: arborescence("ExpFamily"),
  arborescence_torchstruct_eps: arborescence("ExpFamily"),
  projective_hard: projective(),
  projective_marginals: projective("ExpFamily"),
  matching_hard: matching(),
  matching_sinkhorn: matching("CategoricalEntropy"),
  matching_permanent: matching("ExpFamily"),
  l2x: (item) => ({
    structure: `KSubset(${inputsOf(item).cotangent!.length}, ${inputsOf(item).k})`,
    relaxation: "L2X",
  }),
  softsub: subset("SoftSub"),
  neuralsort: (item) => ({ structure: `Matching(${inputsOf(item).u.length})`, relaxation: "NeuralSort" }),
  perturb_and_parse: projective("PerturbParse"),
};

const alongCells = (item: GoldenCase) => overArcs(item, cellsOf(inputsOf(item).n!));
const alongArcs = (item: GoldenCase) => overArcs(item, arcsOf(item).arcs);
/** Files whose cases are not laid out as sstc's answers are: the cases that are compared. */
const LAYOUTS: Readonly<Record<string, (item: GoldenCase) => readonly GoldenCase[]>> = {
  arborescence_hard: (item) => [alongArcs(item)],
  arborescence_marginals: (item) => [alongArcs(item)],
  arborescence_n50: (item) => splitNormalised(item).map(alongArcs),
  arborescence_torchstruct_eps: (item) => splitByRootChildren(item).map(alongArcs),
  projective_hard: (item) => [alongCells(item)],
  projective_marginals: (item) => [alongCells(item)],
  matching_hard: (item) => [rowByRow(item)],
  matching_sinkhorn: (item) => [rowByRow(item)],
  matching_permanent: (item) => [rowByRow(item)],
  l2x: asRows,
  neuralsort: (item) => [asScores(item)],
  perturb_and_parse: (item) => [alongCells(item)],
};

/** A finite difference of `step` · cotangent in u / t: our step is the length of the whole move. */
function difference(question: Question, item: GoldenCase, step: number): Check {
  const { cotangent } = inputsOf(item);
  const length = Math.hypot(...(cotangent as number[]));
  return { question: { ...question, backward: `finite_difference(${step * length})` }, answer: "vjp" };
}
const swept = (question: Question): Question => ({ ...question, relaxation: "CategoricalEntropy(sweeps = 20)" });
const clipped = (question: Question): Question => ({ ...question, relaxation: "ExpFamily(clip = 15)" });

/** Outputs that are answers of sstc. */
const ANSWERS: Readonly<Record<string, (question: Question, item: GoldenCase) => Check>> = {
  x: (question) => ({ question, answer: question.relaxation === undefined ? "argmax" : "soft" }),
  topk_of_u: (question) => ({ question, answer: "argmax", tolerance: { abs: 0, rel: 0 } }),
  hard: (question) => ({ question, answer: "argmax", tolerance: { abs: 0, rel: 0 } }),
  heads: (question) => ({ question: { ...question, relaxation: undefined }, answer: "argmax" }),
  vjp: (question) => ({ question, answer: "vjp" }),
  // The tolerances of the files are those of marginals.
  logZ: (question) => ({ question, answer: "log_partition", tolerance: { abs: 1e-8, rel: 1e-9 } }),
  x_clip15: (question) => ({ question: clipped(question), answer: "soft" }),
  vjp_clip15: (question) => ({ question: clipped(question), answer: "vjp" }),
  x20: (question) => ({ question: swept(question), answer: "soft" }),
  vjp20: (question) => ({ question: swept(question), answer: "vjp" }),
  vjp_exact: (question) => ({ question: { ...question, backward: "dual" }, answer: "vjp" }),
  // The published code moves u / t by eps · cotangent, eq. 56 moves u.
  vjp_code_eps: (question, item) => difference(question, item, inputsOf(item).eps!),
  vjp_paper_eps: (question, item) => difference(question, item, inputsOf(item).eps! / inputsOf(item).t!),
};

/** Outputs that follow from x, which is compared with sstc's answer. */
const PROPERTIES: Readonly<Record<string, (x: Vector, item: GoldenCase, expected: never) => void>> = {
  value: (x, item, value: number) =>
    expectClose(
      [x.reduce((sum, xi, i) => sum + xi * rowsOf(inputsOf(item).u).flat()[i]!, 0)],
      [value],
      { abs: 1e-9, rel: 1e-12 },
      "value",
    ),
  perm: (x, _, columns: Vector) =>
    expect(columns.map((column, i) => x[i * columns.length + column])).toEqual(columns.map(() => 1)),
  // Where the solution touches a bound without leaning on it, either reading is right.
  support: (x, _, support: Vector) =>
    expect(x.every((xi, i) => (xi > 1e-9 ? support[i] === 1 : support[i] === 0 || xi > 0))).toBe(true),
  saturated: (x, _, saturated: Vector) =>
    expect(x.every((xi, i) => (xi < 1 - 1e-9 ? saturated[i] === 0 : true))).toBe(true),
  fractional: (x, _, fractional: Vector) =>
    expect(x.every((xi, i) => (xi > 1e-9 && xi < 1 - 1e-9 ? fractional[i] === 1 : true))).toBe(true),
};

const TORCH_STRUCT = "a fault of another library, which adds 1e-5 to its matrix and so no longer sums over trees";
/** Outputs that nothing is compared with. */
const REASONS: Readonly<Record<string, string>> = {
  near_saturation: "whether 1 − a is next to nothing in some round: why a case has the tolerance that it has",
  gap: "how much more the best member is worth than the second: of the inputs, and nothing that sstc says",
  multi_eps1e_5: TORCH_STRUCT,
  multi_vjp_wrt_w_eps1e_5: TORCH_STRUCT,
  single_root_eps1e_5: TORCH_STRUCT,
};

type Answers = Readonly<Partial<Record<Answer, number | Vector | readonly Vector[]>>>;
const flat = (value: number | Vector | readonly Vector[] | undefined) => [value].flat(2) as number[];

/** What reaches rows that were drawn about one vector, added up where the file speaks of that vector. */
function overRows(value: Answers[Answer], { length }: Vector): number[] {
  const values = flat(value);
  return values.length === length || values.length % length !== 0
    ? values
    : Array.from({ length }, (_, i) => values.filter((_, at) => at % length === i).reduce((a, b) => a + b));
}

const folder = mkdtempSync(join(tmpdir(), "sstc-golden-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What `sstc eval` prints. */
async function throughCommand({ structure, relaxation, backward }: Question, inputs: Inputs): Promise<Answers> {
  const input = join(folder, "input.json");
  const { u, cotangent, t } = inputs;
  writeFileSync(input, JSON.stringify({ u: rowsOf(u), ...(cotangent && { cotangent: rowsOf(cotangent) }) }));
  const relaxed = relaxation === undefined ? [] : ["--relax", relaxation, "--at", String(t)];
  const chosen = backward === undefined ? [] : ["--backward", backward];
  const { status, stdout, stderr } = await run("eval", structure, ...relaxed, ...chosen, "--input", input);
  expect([status, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout) as Answers;
}

function textOf({ structure, relaxation, backward }: Question, t: number | undefined): string {
  if (relaxation === undefined) return structure;
  return `${structure} relax ${relaxation} at ${t}${backward === undefined ? "" : ` backward ${backward}`}`;
}

/** Compiled once for the forms of one question. */
let latest: { readonly text: string; readonly layer: Layer } | undefined;
async function layerOf(text: string): Promise<Layer> {
  if (latest?.text !== text) latest = { text, layer: await layer(text, { tf }) };
  return latest.layer;
}

/** What `layer()` says of one form of utilities, read back by `numbers`. */
async function throughLayer<U extends Float64Array | tf.Tensor>(
  question: Question,
  inputs: Inputs,
  form: (rows: readonly Vector[]) => U,
  numbers: (value: never) => number[],
): Promise<Answers> {
  const solver = await layerOf(textOf(question, inputs.t));
  const u = form(rowsOf(inputs.u));
  const given = inputs.cotangent && form(rowsOf(inputs.cotangent));
  const read = (value: unknown) => numbers(value as never);
  const answers: Answers = { argmax: read(solver.argmax(u)) };
  if (question.relaxation === undefined) return answers;
  return {
    ...answers,
    soft: read(solver.soft(u)),
    vjp: read(solver.vjp(u, given!)),
    ...(question.relaxation.startsWith("ExpFamily") && { log_partition: read(solver.logPartition(u)) }),
  };
}
const inDouble = (question: Question, inputs: Inputs) =>
  throughLayer(
    question,
    inputs,
    (rows) => Float64Array.from(rows.flat()),
    (value: Float64Array) => [...value],
  );
const onTensors = (question: Question, inputs: Inputs) =>
  throughLayer(
    question,
    inputs,
    (rows) => tf.tensor2d(rows.map((row) => [...row])),
    (value: tf.Tensor) => [...value.dataSync()],
  );
const single = (rows: readonly Vector[]) => rows.map((row) => row.map(Math.fround));

async function compare(item: GoldenCase, asked: Question): Promise<void> {
  const inputs = inputsOf(item);
  const outputs = Object.entries(item.outputs as Readonly<Record<string, never>>);
  const checks = outputs.flatMap(([key, expected]) => {
    const check = ANSWERS[key]?.(asked, item);
    return check === undefined ? [] : [{ key, expected, ...check }];
  });
  const questions = new Map(checks.map(({ question }) => [JSON.stringify(question), question]));
  for (const [written, question] of questions) {
    const printed = await throughCommand(question, inputs);
    const double = await inDouble(question, inputs);
    for (const { key, expected, answer, tolerance } of checks.filter((c) => JSON.stringify(c.question) === written)) {
      const wanted = flat(expected);
      expectClose(overRows(double[answer], wanted), wanted, tolerance ?? item.tolerance, `layer(): ${key}`);
      expectClose(overRows(printed[answer], wanted), wanted, tolerance ?? item.tolerance, `eval: ${key}`);
    }
    // Tensors hold float32; the solver computes in float64 between reading and writing them, and nothing else differs.
    const { u, cotangent } = inputs;
    const rounded = { ...inputs, u: single(rowsOf(u)), ...(cotangent && { cotangent: single(rowsOf(cotangent)) }) };
    const exact = await inDouble(question, rounded);
    const tensors = await onTensors(question, inputs);
    for (const [answer, value] of Object.entries(exact)) {
      expect(flat(tensors[answer as Answer]), `tensors: ${answer}`).toEqual(flat(value).map(Math.fround));
    }
  }
  for (const [key, expected] of outputs) PROPERTIES[key]?.(flat(item.outputs.x ?? item.outputs.heads), item, expected);
}

beforeAll(async () => {
  await openDevice("wasm");
});

for (const [name, question] of Object.entries(FILES)) {
  const cases = golden(name)?.flatMap(LAYOUTS[name] ?? ((item) => [item]));
  const title = `golden ${name}${cases === undefined ? " (the shared folder is absent)" : ""}`;
  describe.skipIf(cases === undefined)(title, () => {
    test("has cases, and says nothing that is passed over", () => {
      expect(cases?.length).toBeGreaterThan(0);
      const keys = new Set(cases?.flatMap((item) => Object.keys(item.outputs)));
      const known = [ANSWERS, PROPERTIES, REASONS].flatMap(Object.keys);
      expect([...keys].filter((key) => !known.includes(key))).toEqual([]);
    });
    for (const item of cases ?? []) {
      test(item.name, async () => {
        await compare(item, question(item));
      });
    }
  });
}
