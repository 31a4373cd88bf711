/**
 * `explain`: what was compiled and why so, as data: for each latent variable what was chosen, and the sizes of the
 * model.
 */
import type { Distributions, Expression, LatentStatement, ModelDeclaration, PriorStatement } from "../grammar/ast.ts";
import { printEstimator, printExpression } from "../grammar/format.ts";
import { parse } from "../grammar/parse.ts";
import type { Artifact, Decision, EntryPoint } from "./artifact.ts";
import type { Extent } from "./artifact-webgpu.ts";
import type { Compilation } from "./compile.ts";
import type { Source } from "./diagnostic.ts";

export interface Explanation {
  readonly model: string;
  readonly target: string;
  readonly arguments: Artifact["arguments"];
  readonly latents: readonly LatentExplanation[];
  /** Questions about structures, such as `log_prob`, each with what was chosen to answer it. */
  readonly queries: readonly QueryExplanation[];
  /** How many tensors there are, and how many numbers in them. */
  readonly parameters: { readonly tensors: number; readonly numbers: number };
  readonly states: { readonly tensors: number; readonly numbers: number };
  readonly entries: readonly EntryExplanation[];
}

export interface LatentExplanation {
  readonly name: string;
  readonly structure: string;
  /** Of one example: copies first, then the embedding. */
  readonly shape: readonly number[];
  /** The number of the structure's members, where it declares it. */
  readonly count?: number;
  readonly graph?: { readonly vertices: number; readonly edges: number; readonly directed: boolean };
  /** As written, such as `Gumbel(theta)`. */
  readonly utilities: string;
  readonly prior?: string;
  /** As written, where it is no relaxation: `score reinforce(baseline = ema)`. */
  readonly estimator?: string;
  readonly relaxation?: string;
  readonly temperature?: Temperature;
  readonly straightThrough?: boolean;
  readonly decisions: readonly Decision[];
}

export interface QueryExplanation {
  /** As it is asked, such as `log_prob(KSubset(6, 2))`. */
  readonly name: string;
  readonly decisions: readonly Decision[];
}

export interface Temperature {
  readonly written: string;
  /** Where training begins. */
  readonly value?: number;
  readonly anneal?: { readonly from: number; readonly to: number; readonly steps: number };
}

export interface EntryExplanation {
  readonly name: EntryPoint["name"];
  /** Upper bound in bytes: fixed + perExample · batch. */
  readonly memory: EntryPoint["memory"];
  /** `written`: before differentiation and simplification; `generated`: of the program, the backward included. */
  readonly operations: { readonly written: number; readonly generated: number };
  /** Of the target webgpu: kernels that a call runs, and bytes that they read and write, each value counted once. */
  readonly dispatches?: number;
  readonly bytesMoved?: Extent;
}

/** Explains a compilation of `source` that gave an artifact. */
export function explain(source: Source, artifact: Artifact, operations: Compilation["operations"]): Explanation {
  const declaration = declarationOf(source, artifact);
  return {
    model: artifact.model,
    target: artifact.target,
    arguments: artifact.arguments,
    latents: artifact.latents.map((latent) => explainLatent(latent, artifact, declaration)),
    queries: queriesOf(artifact),
    parameters: countNumbers(artifact.parameters),
    states: countNumbers(artifact.states),
    entries: artifact.entries.map(({ name, memory }) => {
      const { written, generated } = operations.find((each) => each.entry === name)!;
      return { name, memory, operations: { written, generated }, ...dispatchesOf(artifact, name) };
    }),
  };
}

function dispatchesOf(artifact: Artifact, entry: string): Pick<EntryExplanation, "dispatches" | "bytesMoved"> {
  if (artifact.target !== "webgpu") return {};
  const plan = artifact.plans.find((each) => each.entry === entry)!;
  const steps = [...plan.steps, ...(plan.update?.steps ?? [])];
  const words = (of: "fixed" | "perExample") =>
    steps.reduce((total, { reads, writes }) => total + reads[of] + writes[of], 0);
  return { dispatches: steps.length, bytesMoved: { fixed: 4 * words("fixed"), perExample: 4 * words("perExample") } };
}

/** What was decided for no latent variable was asked of a structure. */
function queriesOf({ decisions, latents }: Artifact): QueryExplanation[] {
  const asked = decisions.filter(({ latent }) => !latents.some(({ name }) => name === latent));
  return [...new Set(asked.map(({ latent }) => latent))].map((name) => ({
    name,
    decisions: asked.filter(({ latent }) => latent === name),
  }));
}

/** The text of the model that an artifact was compiled from. */
export function declarationOf(source: Source, artifact: Artifact): ModelDeclaration {
  const { declarations } = parse(source.text).file;
  const found = declarations.find((each) => each.kind === "model" && each.name.name === artifact.model);
  if (found?.kind !== "model") throw new Error(`${source.name} does not declare ${artifact.model}`);
  return found;
}

function countNumbers(signatures: readonly { readonly shape: readonly number[] }[]) {
  const numbers = signatures.reduce((total, { shape }) => total + shape.reduce((a, b) => a * b, 1), 0);
  return { tensors: signatures.length, numbers };
}

function explainLatent(
  { name, structure, shape, count, graph }: Artifact["latents"][number],
  artifact: Artifact,
  { body }: ModelDeclaration,
): LatentExplanation {
  const statement = body.find((each): each is LatentStatement => each.kind === "latent" && each.name.name === name)!;
  const prior = body.find((each): each is PriorStatement => each.kind === "prior" && each.name.name === name);
  return {
    name,
    structure,
    shape,
    ...(count === undefined ? {} : { count }),
    ...(graph === undefined ? {} : { graph: { ...graph, edges: graph.edges.length } }),
    utilities: distributionsText(statement.utilities),
    ...(prior === undefined ? {} : { prior: distributionsText(prior.distribution) }),
    ...relaxationOf(statement, artifact),
    decisions: artifact.decisions.filter((decision) => decision.latent === name),
  };
}

/** `Gumbel(theta)`, or each part's own. */
export function distributionsText(written: Distributions): string {
  if ("kind" in written) return printExpression(written);
  return written.map(({ part, value }) => `${part.name}: ${printExpression(value)}`).join(", ");
}

function relaxationOf(
  { name, estimator }: LatentStatement,
  artifact: Artifact,
): Pick<LatentExplanation, "estimator" | "relaxation" | "temperature" | "straightThrough"> {
  if (estimator === undefined) return {};
  if (estimator.kind !== "relax") return { estimator: printEstimator(estimator) };
  const { relaxation, temperature, straightThrough } = estimator;
  const rest = { relaxation: printExpression(relaxation), straightThrough };
  if (temperature.kind === "value") {
    return { ...rest, temperature: constantTemperature(temperature.value, artifact) };
  }
  const hyper = artifact.hypers.find((each) => each.name === `${name.name}.temperature`);
  const [from, to, steps] = [temperature.from, temperature.to, temperature.steps].map((each) => printExpression(each));
  const written = `anneal(${from} -> ${to} over ${steps})`;
  return {
    ...rest,
    temperature: {
      written,
      ...(hyper === undefined ? {} : { value: hyper.value }),
      ...(hyper?.anneal === undefined ? {} : { anneal: hyper.anneal }),
    },
  };
}

function constantTemperature(e: Expression, artifact: Artifact): Temperature {
  const written = printExpression(e);
  if (e.kind === "number") return { written, value: e.value };
  const hyper = artifact.hypers.find(({ name }) => e.kind === "name" && e.name === name);
  const argument =
    e.kind === "name" && Object.hasOwn(artifact.arguments, e.name) ? artifact.arguments[e.name] : undefined;
  const value = hyper?.value ?? argument;
  return typeof value === "number" ? { written, value } : { written };
}
