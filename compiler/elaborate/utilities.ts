/**
 * The utilities of a latent variable: one distribution for the whole embedding or one for each of its parts, the draws
 * laid one after the other as the embedding's parts are, and their divergence from a prior.
 */
import type { Distributions, Identifier, LatentStatement, PriorStatement, Span } from "../../grammar/ast.ts";
import { didYouMean } from "../diagnostic.ts";
import { Failure } from "../failure.ts";
import type { Node } from "../ir/tensor/tensor.ts";
import type { Structure } from "../structure.ts";
import type { Context, DeclaredLatent } from "./context.ts";
import { asDistribution, divergence, sampleDistribution } from "./distributions.ts";
import type { Scope } from "./scope.ts";
import { takingPart } from "./sizes.ts";
import { asTensor, tensor } from "./tensors.ts";
import type { Dimension, DistributionValue, TensorValue } from "./values.ts";

/** A distribution as it is given: for one part of the embedding, or for all of it. */
interface Given {
  readonly part: Identifier | undefined;
  readonly distribution: DistributionValue;
  readonly span: Span;
}
/** The distributions of a latent variable, as its statement says. */
export interface GivenUtilities {
  readonly given: readonly Given[];
  /** Where all of it is written. */
  readonly span: Span;
}

/** The distributions that are written; undefined when a problem was reported. */
function evaluateDistributions(context: Context, scope: Scope, written: Distributions): readonly Given[] | undefined {
  const list = "kind" in written ? [{ part: undefined, value: written }] : written;
  const seen = new Set<string>();
  const given = list.map(({ part, value }): Given | undefined => {
    if (part !== undefined && seen.has(part.name)) {
      const help = "give each part of the embedding one";
      throw new Failure(part.span, "duplicate-name", `${part.name} has a distribution already`, { help });
    }
    if (part !== undefined) seen.add(part.name);
    const distribution = asDistribution(context.evaluate(scope, value), value.span);
    return distribution && { part, distribution, span: value.span };
  });
  return given.includes(undefined) ? undefined : (given as Given[]);
}

/** The distributions of a latent's utilities, whatever its structure; undefined when a problem was reported. */
export function givenUtilities(
  context: Context,
  scope: Scope,
  { utilities, utilitiesSpan }: LatentStatement,
): GivenUtilities | undefined {
  const given = evaluateDistributions(context, scope, utilities);
  return given && { given, span: utilitiesSpan };
}

/** The shape of a sample: that of the embedding's only part, or a vector of all of them. */
export function sampleDimensions(structure: Structure, copies: readonly Dimension[]): readonly Dimension[] {
  const [only] = structure.parts;
  if (structure.graph !== undefined)
    return [...copies, { size: structure.size, label: `edges(${structure.graph.label})` }];
  const own = structure.parts.length === 1 ? only!.shape : [structure.size];
  return [...copies, ...own.map((size) => ({ size }))];
}

/**
 * Draws the utilities: a tensor with the latent's `dimensions`, and what each part was drawn from. Undefined when a
 * problem was reported.
 */
export function drawUtilities(
  context: Context,
  { given, span }: GivenUtilities,
  structure: Structure,
  copies: readonly Dimension[],
  name: string,
  taken?: readonly number[],
): { readonly drawn: TensorValue; readonly utilities: DeclaredLatent["utilities"] } | undefined {
  const dimensions =
    taken === undefined ? sampleDimensions(structure, copies) : [...copies, ...taken.map((size) => ({ size }))];
  const [first] = given;
  if (taken !== undefined && first?.part !== undefined) {
    const why = `${structure.label} is relaxed from an input of its own, which has no parts`;
    throw new Failure(span, "bad-clause", "these utilities cannot be given by part", { why, help: "give one for all" });
  }
  if (first?.part === undefined) {
    const isTaken = taken !== undefined;
    const own = first!.distribution;
    const distribution = isTaken ? repeated(context, own, dimensions, copies, span) : own;
    const drawn = sampleDistribution(context, distribution, dimensions, name, span);
    const part = structure.parts.length === 1 ? structure.parts[0]!.name : undefined;
    return drawn && { drawn, utilities: [{ part, distribution, dimensions, isTaken, drawn }] };
  }
  const utilities: DeclaredLatent["utilities"][number][] = [];
  const draws: TensorValue[] = [];
  checkParts(given, structure, span);
  for (const { name: part, shape } of structure.parts) {
    const own = given.find((each) => each.part?.name === part)!;
    const dimensions = [...copies, ...shape.map((size) => ({ size }))];
    const drawn = sampleDistribution(context, own.distribution, dimensions, `${name}.${part}`, own.span);
    if (drawn === undefined) return undefined;
    draws.push(drawn);
    utilities.push({ part, distribution: own.distribution, dimensions, isTaken: false, drawn });
  }
  return { drawn: joined(context, draws, dimensions, copies), utilities };
}

/** A distribution whose arguments of the last axes alone are the same for all others: k rows about one theta. */
function repeated(
  context: Context,
  distribution: DistributionValue,
  dimensions: readonly Dimension[],
  copies: readonly Dimension[],
  span: Span,
): DistributionValue {
  const lead = copies.map((copy) => copy.size);
  const own = dimensions.slice(copies.length).map((dimension) => dimension.size);
  const values = [...distribution.arguments].map(([name, argument]) => {
    const value = argument.kind === "number" ? undefined : asTensor(context, argument, span);
    const shape = value?.node.type.shape ?? [];
    const tail = own.slice(own.length + lead.length - shape.length);
    const fits = shape.length > lead.length && tail.length < own.length && shape.join() === [...lead, ...tail].join();
    if (value === undefined || !fits) return [name, argument] as const;
    const build = context.builder;
    const ones = own.slice(tail.length).map(() => 1);
    const rows = build.broadcast(build.reshape(value.node, [...lead, ...ones, ...tail]), [...lead, ...own]);
    return [name, tensor(rows, dimensions)] as const;
  });
  return { ...distribution, arguments: new Map(values) };
}

/** Each part has a distribution, and what has one is a part. */
function checkParts(given: readonly Given[], structure: Structure, span: Span): void {
  const parts = structure.parts.map((part) => part.name);
  for (const { part } of given) if (!parts.includes(part!.name)) throw noPart(structure, part!);
  const missing = parts.filter((part) => !given.some((each) => each.part?.name === part));
  if (missing.length === 0) return;
  throw new Failure(span, "missing-argument", `${missing.join(", ")} of ${structure.label} has no distribution`, {
    why: `utilities by part name each part of the embedding: ${parts.join(", ")}`,
    help: `add ${missing.map((part) => `${part}: Fixed(0)`).join(", ")}`,
  });
}

function noPart(structure: Structure, { name, span }: Identifier): Failure {
  const parts = structure.parts.map((part) => part.name);
  const near = didYouMean(name, parts);
  const help = near === undefined ? `its parts are ${parts.join(", ")}` : `did you mean ${near}?`;
  return new Failure(span, "unknown-name", `the embedding of ${structure.label} has no part ${name}`, { help });
}

/** Values of the parts of an embedding, one part after the other. */
export function joined(
  context: Context,
  parts: readonly TensorValue[],
  dimensions: readonly Dimension[],
  copies: readonly Dimension[],
): TensorValue {
  const build = context.builder;
  const lead = copies.map((copy) => copy.size);
  const [only] = parts;
  if (parts.length === 1) return tensor(only!.node, dimensions);
  const flat = parts.map(({ node }) => {
    const size = node.type.shape.slice(lead.length).reduce((a, b) => a * b, 1);
    return build.reshape(node, [...lead, size]);
  });
  return tensor(build.concat(flat, lead.length), dimensions);
}

/** One part of a sample, in its own shape; undefined where the embedding has no such part. */
export function partOfSample(context: Context, sample: TensorValue, name: string): TensorValue | undefined {
  const { parts = [], node, dimensions } = sample;
  const found = parts.findIndex((part) => part.name === name);
  if (found < 0) return undefined;
  if (parts.length === 1) return tensor(node, dimensions);
  const sizes = parts.map(({ shape }) => shape.reduce((a, b) => a * b, 1));
  const copies = dimensions.slice(0, -1);
  const lead = copies.map((copy) => copy.size);
  const begin = sizes.slice(0, found).reduce((a, b) => a + b, 0);
  const block = context.builder.slice(node, [...lead.map(() => 0), begin], [...lead, sizes[found]!]);
  const own = parts[found]!.shape.map((size) => ({ size }));
  const reshaped = context.builder.reshape(block, [...lead, ...parts[found]!.shape]);
  return tensor(reshaped, [...copies, ...own]);
}

/** `prior z ~ Gumbel(0)`: adds KL(U) to the objective's parts. */
export function declarePrior(context: Context, scope: Scope, statement: PriorStatement): void {
  const { name, span } = statement.name;
  const latent = context.latents.get(name);
  const priors = evaluateDistributions(context, scope, statement.distribution);
  if (latent === undefined) {
    if (scope.lookup(name)?.kind === "error") return;
    const known = [...context.latents.keys()].join(", ") || "none";
    const message = `${name} is not a latent variable declared before`;
    throw new Failure(span, "unknown-name", message, { help: `latent variables here: ${known}` });
  }
  if (priors === undefined) return;
  if (context.priors.has(name)) {
    const help = "a latent variable has one prior";
    throw new Failure(span, "duplicate-name", `${name} has a prior already`, { help });
  }
  for (const prior of priors) {
    for (const own of partsWithPrior(latent, prior)) {
      const kl = partDivergence(context, latent, own, prior);
      if (kl === undefined) return;
      context.objectives.divergence.push(kl.node);
    }
  }
  context.priors.add(name);
}

type OwnUtilities = DeclaredLatent["utilities"][number];

/** What a prior is for: the part that it names, or all. */
function partsWithPrior(latent: DeclaredLatent, { part, span }: Given): readonly OwnUtilities[] {
  if (part === undefined) return latent.utilities;
  const own = latent.utilities.filter((each) => each.part === part.name);
  if (own.length > 0) return own;
  const { structure, name } = latent;
  if (!structure.parts.some((each) => each.name === part.name)) throw noPart(structure, part);
  throw new Failure(span, "type-mismatch", `the utilities of ${name} have one distribution for all parts`, {
    why: "a divergence is between distributions of the same coordinates",
    help: `give ${name} a distribution for each part, or a prior for all of it`,
  });
}

/** Which coordinates a divergence or a log-density is summed over, where examples have sizes. */
export function present(context: Context, latent: DeclaredLatent, { part }: OwnUtilities): Node | undefined {
  const { structure, copies } = latent;
  if (part !== undefined)
    return takingPart(
      context,
      latent,
      structure.parts.findIndex((each) => each.name === part),
    );
  if (latent.size === undefined) return undefined;
  const masks = structure.parts.map((_, i) => tensor(takingPart(context, latent, i)!));
  return joined(context, masks, latent.dimensions, copies).node;
}

function partDivergence(
  context: Context,
  latent: DeclaredLatent,
  own: OwnUtilities,
  { distribution, part: named, span }: Given,
): TensorValue | undefined {
  const closed = (each: OwnUtilities) => each.distribution.declaration.body.some((clause) => clause.kind === "kl");
  if (latent.utilities.length > 1 && !closed(own)) {
    const others = latent.utilities.filter(closed).map((each) => `${each.part}: …`);
    const family = own.distribution.declaration.name.name;
    const help =
      others.length === 0 ? "leave the prior out" : `leave it out: prior ${latent.name} ~ ${others.join(", ")}`;
    throw new Failure(span, "no-divergence", `${own.part} of ${latent.name} is ${family}, which has no divergence`, {
      why: named === undefined ? "a prior without parts is for all of them" : undefined,
      help,
    });
  }
  if (own.isTaken && latent.size !== undefined) {
    throw new Failure(
      span,
      "no-divergence",
      `the utilities of ${latent.name} have no divergence where examples have sizes`,
      {
        why: "they are the input of its relaxation, which does not say which of them take part",
        help: "leave the prior out",
      },
    );
  }
  const prior = own.isTaken ? repeated(context, distribution, own.dimensions, latent.copies, span) : distribution;
  return divergence(context, own.distribution, prior, own.dimensions, span, present(context, latent, own));
}
