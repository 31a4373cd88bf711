/** What the golden files of structures ask, and which of sstc's answers their outputs are. */
import type { GoldenCase, Tolerance } from "../golden.ts";
import { arcsOf, cellsOf, overArcs, splitByRootChildren, splitNormalised } from "./golden-trees.ts";

export type Vector = readonly number[];
/** What a case gives. */
export interface Inputs {
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
export const inputsOf = (item: GoldenCase) => item.inputs as unknown as Inputs;
export const rowsOf = (value: Vector | readonly Vector[]) =>
  (Array.isArray(value[0]) ? value : [value]) as readonly (readonly number[])[];

/** What is asked of sstc. */
export interface Question {
  readonly structure: string;
  readonly relaxation?: string | undefined;
  readonly backward?: string;
}
export type Answer = "argmax" | "soft" | "vjp" | "log_partition";
/** The answer that an output of a file is. */
export interface Check {
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
export const FILES: Readonly<Record<string, (item: GoldenCase) => Question>> = {
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
export const LAYOUTS: Readonly<Record<string, (item: GoldenCase) => readonly GoldenCase[]>> = {
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
export const ANSWERS: Readonly<Record<string, (question: Question, item: GoldenCase) => Check>> = {
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
