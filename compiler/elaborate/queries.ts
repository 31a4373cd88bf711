/**
 * Questions about the exponential family p(x) ∝ exp(uᵀx / t) of a structure, as tensors: kernels run on each vector of
 * utilities, with their gradients. What was selected is kept as the decisions of latent variables are.
 */
import type { Span } from "../../grammar/ast.ts";
import { type Decided, logPartitionOf, marginalsOf, type Question } from "../exponential-family.ts";
import { Failure } from "../failure.ts";
import {
  entropy,
  entropyGradient,
  logPartitionGradient,
  logProbability,
  logProbabilityGradient,
} from "../ir/kernel/exponential-family.ts";
import type { Kernel } from "../ir/kernel/kernel.ts";
import type { KernelBackward } from "../ir/tensor/kernel-node.ts";
import type { Node } from "../ir/tensor/tensor.ts";
import { selectKBest } from "../passes/select-k-best.ts";
import { selectSampler } from "../passes/select-sampler.ts";
import { selectSolver } from "../passes/select-solver.ts";
import type { Structure } from "../structure.ts";
import { SIZE } from "../structure-size.ts";
import type { Context } from "./context.ts";
import { declarationsOf } from "./declarations.ts";
import { type SizedStructure, sizeInput } from "./sizes.ts";
import { asTensor, numeric, tensor } from "./tensors.ts";
import { joined, sampleDimensions } from "./utilities.ts";
import { type BoundArgument, type Dimension, describe, describeShape, type TensorValue, type Value } from "./values.ts";

/** One question: its name, as in `entropy(Chain(n, 3), theta)`, and where the structure is written. */
export interface Asked {
  readonly query: string;
  readonly structure: Structure;
  readonly size: SizedStructure["size"];
  readonly span: Span;
}

/** Vectors of the structure's size, and the axes before them. */
export interface Vectors {
  readonly node: Node;
  readonly lead: readonly Dimension[];
}

/** log Σ_x exp(uᵀx), of utilities divided by the temperature. */
export function askLogPartition(context: Context, asked: Asked, u: Vectors): TensorValue {
  const question = questionOf(context, asked);
  const total = logPartitionOf(question);
  const marginals = marginalsOf(question);
  const backward: KernelBackward = { strategy: "custom", kernel: logPartitionGradient(marginals.kernel) };
  return number(context, asked, total.kernel, [u], backward, [total, carriedOut(marginals.decided[0], backward)]);
}

/** H(p) = log Z − uᵀμ */
export function askEntropy(context: Context, asked: Asked, u: Vectors): TensorValue {
  const question = questionOf(context, asked);
  const total = logPartitionOf(question);
  const marginals = marginalsOf(question);
  const kernel = entropy(total.kernel, marginals.kernel);
  const backward: KernelBackward = { strategy: "custom", kernel: entropyGradient(marginals.backward.kernel) };
  const [by, differentiated] = marginals.decided;
  return number(context, asked, kernel, [u], backward, [
    { ...total, kernel },
    { ...by, kernel },
    carriedOut(differentiated, backward),
  ]);
}

/** log p(x) = uᵀx − log Z */
export function askLogProbability(context: Context, asked: Asked, u: Vectors, x: Vectors): TensorValue {
  const question = questionOf(context, asked);
  const total = logPartitionOf(question);
  const marginals = marginalsOf(question);
  const kernel = logProbability(total.kernel);
  const gradient = logProbabilityGradient(marginals.kernel);
  const backward: KernelBackward = { strategy: "custom", kernel: gradient, inputs: [0, 1] };
  return number(context, asked, kernel, [u, x], backward, [
    { ...total, kernel },
    carriedOut(marginals.decided[0], backward),
  ]);
}

/** E[x] */
export function askMarginals(context: Context, asked: Asked, u: Vectors): TensorValue {
  const { kernel, backward, decided } = marginalsOf(questionOf(context, asked));
  const gradient: KernelBackward = { strategy: "custom", kernel: backward.kernel };
  return members(context, asked, u.lead, run(context, asked, kernel, u.lead, [u.node], gradient, decided));
}

/** A member drawn from p(x), with noise of its own for each example. No gradient passes. */
export function askSample(context: Context, asked: Asked, u: Vectors): TensorValue {
  const { structure, span } = asked;
  const { value, decision } = selectSampler(structure, declarationsOf(context), context.target, span);
  const shape = value.inputs.find((array) => array.name === "noise")!.shape;
  const stream = context.nextStream("uniform");
  // A name that no latent variable can have.
  const name = `${asked.query}.${stream}`;
  const noise = context.builder.noise(name, stream, "uniform", [...u.lead.map(({ size }) => size), ...shape]);
  context.noise.push({ stream, base: "uniform", node: noise });
  const inputs = value.inputs.map((array) => (array.name === "noise" ? noise : u.node));
  return members(context, asked, u.lead, flat(context, asked, { decision, kernel: value }, u.lead, inputs));
}

/** The most valuable member. No gradient passes. */
export function askArgmax(context: Context, asked: Asked, u: Vectors): TensorValue {
  const { value, decision } = selectSolver(asked.structure, declarationsOf(context), context.target, asked.span);
  return members(context, asked, u.lead, flat(context, asked, { decision, kernel: value }, u.lead, [u.node]));
}

/** The `count` most valuable members along a new axis, by falling value. No gradient passes. */
export function askKBest(context: Context, asked: Asked, u: Vectors, count: Dimension, place: Span): TensorValue {
  const { structure } = asked;
  const { value, decision } = selectKBest(structure, count.size, declarationsOf(context), context.target, place);
  const rows = flat(context, asked, { decision, kernel: value }, u.lead, [u.node]);
  return members(context, asked, [...u.lead, count], rows);
}

/** Utilities or members of a structure: a tensor, or one for each part in a record. Undefined when it was reported. */
export function vectorsOf(
  context: Context,
  { structure, query }: Asked,
  { value, span }: BoundArgument,
): Vectors | undefined {
  if (value.kind === "record") return partsOf(context, structure, value.fields, span);
  const given = asTensor(context, value, span);
  if (given === undefined) return undefined;
  const { node, dimensions } = numeric(context, given);
  const own = sampleDimensions(structure, []);
  const sizes = own.map(({ size }) => size);
  const lead = dimensions.slice(0, Math.max(0, dimensions.length - own.length));
  const shape = dimensions.slice(lead.length).map(({ size }) => size);
  const { builder } = context;
  const vector = [...lead.map(({ size }) => size), structure.size];
  if (shape.join() === sizes.join()) return { node: builder.reshape(node, vector), lead };
  if (dimensions.length === 0) return { node: builder.node("broadcast", [node], { shape: vector }), lead };
  const wanted = `f32${describeShape([{ size: 0, label: "..." }, ...own]).replace("... = 0", "...")}`;
  throw new Failure(
    span,
    "shape-mismatch",
    `${query} of ${structure.label} needs ${wanted}, but this is ${describe(given)}`,
    {
      help: structure.parts.length === 1 ? undefined : recordHelp(structure),
    },
  );
}

function recordHelp({ parts }: Structure): string {
  return `or one value for each part: record(${parts.map(({ name }) => `${name} = …`).join(", ")})`;
}

/** Values by part, laid one after the other. */
function partsOf(
  context: Context,
  structure: Structure,
  fields: ReadonlyMap<string, Value>,
  span: Span,
): Vectors | undefined {
  const names = structure.parts.map((part) => part.name);
  if (fields.size !== names.length || names.some((name) => !fields.has(name))) {
    const given = [...fields.keys()].join(", ");
    throw new Failure(span, "shape-mismatch", `the parts of ${structure.label} are ${names.join(", ")}, not ${given}`, {
      help: `write ${recordHelp(structure).replace("or one value for each part: ", "")}`,
    });
  }
  let lead: readonly Dimension[] | undefined;
  const values: TensorValue[] = [];
  for (const { name, shape } of structure.parts) {
    const given = asTensor(context, fields.get(name)!, span);
    if (given === undefined) return undefined;
    const value = numeric(context, given);
    const before = value.dimensions.slice(0, Math.max(0, value.dimensions.length - shape.length));
    const sizes = value.dimensions.map(({ size }) => size);
    const wanted = [...(lead ?? before).map(({ size }) => size), ...shape];
    if (sizes.join() !== wanted.join()) {
      const message = `${name} of ${structure.label} must be f32[${wanted.join(", ")}], but it is ${describe(given)}`;
      throw new Failure(span, "shape-mismatch", message);
    }
    lead ??= before;
    values.push(value);
  }
  const dimensions = sampleDimensions(structure, lead!);
  const { node } = joined(context, values, dimensions, lead!);
  return { node: context.builder.reshape(node, [...lead!.map(({ size }) => size), structure.size]), lead: lead! };
}

/** Repeats vectors over axes that they lack. */
export function spread(context: Context, { node, lead }: Vectors, over: readonly Dimension[]): Vectors {
  if (lead.length === over.length) return { node, lead };
  const shape = [...over.map(({ size }) => size), ...node.type.shape.slice(lead.length)];
  return { node: context.builder.node("broadcast", [node], { shape }), lead: over };
}

function questionOf(context: Context, { query, structure, span }: Asked): Question {
  return { query, structure, declarations: declarationsOf(context), target: context.target, span };
}

/** A decision that shows in the gradient. */
function carriedOut({ decision }: Decided, backward: KernelBackward & { readonly strategy: "custom" }): Decided {
  return { decision, kernel: backward.kernel };
}

/** A run of a kernel, recorded under the question. */
function run(
  context: Context,
  asked: Asked,
  kernel: Kernel,
  lead: readonly Dimension[],
  given: readonly Node[],
  backward: KernelBackward,
  list: readonly Decided[],
): Node {
  const latent = `${asked.query}(${asked.structure.label})`;
  const size = sizeInput(context, asked, lead, latent);
  const inputs = kernel.inputs.map((array, i) => (array.name === SIZE ? size! : given[i]!));
  for (const each of list) {
    context.decisions.push({ decision: { latent, ...each.decision }, kernel: each.kernel.name });
  }
  context.kernels.set(kernel.name, kernel);
  if (backward.strategy === "custom") context.kernels.set(backward.kernel.name, backward.kernel);
  return context.builder.kernel(kernel, inputs, kernel.outputs[0]!.name, backward, latent);
}

/** A question whose answer is one number for each vector. */
function number(
  context: Context,
  asked: Asked,
  kernel: Kernel,
  vectors: readonly Vectors[],
  backward: KernelBackward,
  list: readonly Decided[],
): TensorValue {
  const { lead } = vectors[0]!;
  const nodes = vectors.map(({ node }) => node);
  const value = run(context, asked, kernel, lead, nodes, backward, list);
  return tensor(
    context.builder.reshape(
      value,
      lead.map(({ size }) => size),
    ),
    lead,
  );
}

/** A question whose answer does not move with the utilities. */
function flat(context: Context, asked: Asked, by: Decided, lead: readonly Dimension[], inputs: readonly Node[]): Node {
  const none: KernelBackward = { strategy: "none", reason: `${asked.query} is piecewise constant in the utilities` };
  const node = run(context, asked, by.kernel, lead, inputs, none, [by]);
  return context.training ? context.builder.stopGradient(node) : node;
}

/** Vectors in the shape of samples, of which parts are members. */
function members(context: Context, { structure }: Asked, lead: readonly Dimension[], node: Node): TensorValue {
  const dimensions = sampleDimensions(structure, lead);
  const shaped = context.builder.reshape(
    node,
    dimensions.map(({ size }) => size),
  );
  return { ...tensor(shaped, dimensions), parts: structure.parts };
}
