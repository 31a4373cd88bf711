/**
 * Latent variables: utilities are drawn, the solver gives the hard sample, the relaxation the soft one, and the entry
 * point decides which of them the name means. Selection is asked here, once for each latent, and its decisions are
 * kept.
 */
import type { LatentStatement } from "../../grammar/ast.ts";
import type { Kernel } from "../ir/kernel/kernel.ts";
import { numbersOf } from "../ir/tensor/attributes.ts";
import type { Builder } from "../ir/tensor/builder.ts";
import type { KernelBackward } from "../ir/tensor/kernel-node.ts";
import { nodesInOrder } from "../ir/tensor/order.ts";
import type { Node } from "../ir/tensor/tensor.ts";
import { type Backward, selectBackward } from "../passes/select-backward.ts";
import { selectDifference } from "../passes/select-difference.ts";
import { selectRelaxation } from "../passes/select-relaxation.ts";
import { selectSolver } from "../passes/select-solver.ts";
import { TEMPERATURE } from "../relaxation-input.ts";
import type { Relaxed, Selected } from "../selected.ts";
import type { Structure } from "../structure.ts";
import { SIZE } from "../structure-size.ts";
import { attempt, type Context, type DeclaredLatent } from "./context.ts";
import { declarationsOf } from "./declarations.ts";
import { type ElaboratedEstimator, type ImleEstimator, type RelaxedEstimator, readEstimator } from "./estimators.ts";
import type { Scope } from "./scope.ts";
import { scoredLatent } from "./score-function.ts";
import { sizedStructure, sizeInput } from "./sizes.ts";
import { tensor } from "./tensors.ts";
import { checkTensorSize, evaluateDimension } from "./types.ts";
import { drawUtilities, givenUtilities, sampleDimensions } from "./utilities.ts";
import { type Dimension, ERROR, type LatentValue, type TensorValue } from "./values.ts";

export function declareLatent(context: Context, scope: Scope, statement: LatentStatement): void {
  const { name, span: place } = statement.name;
  // Each part is looked into, whatever is wrong with the others.
  const sized = attempt(context, () => sizedStructure(context, scope, statement.structure));
  const copies = statement.copies.map((copy) => attempt(context, () => evaluateDimension(context, scope, copy)));
  const given = attempt(context, () => givenUtilities(context, scope, statement));
  const estimator = attempt(context, () => readEstimator(context, scope, statement));
  if (sized === undefined || given === undefined || estimator === undefined || copies.includes(undefined)) {
    return scope.define(name, ERROR);
  }
  const { structure } = sized;
  const dimensions = sampleDimensions(structure, copies as Dimension[]);
  if (!checkTensorSize(context, dimensions, place)) return scope.define(name, ERROR);
  const declarations = declarationsOf(context);
  const soft = estimator !== "none" && estimator.kind === "relax" ? estimator : undefined;
  const relaxed =
    soft &&
    attempt(context, () => selectRelaxation(structure, soft.relaxation, declarations, context.target, soft.span));
  const takes = relaxed?.value.takes;
  const utilities = drawUtilities(context, given, structure, copies as Dimension[], name, takes?.shape);
  if (utilities === undefined) return scope.define(name, ERROR);
  const { drawn } = utilities;
  context.builder.label(drawn.node, `${name}_utilities`);
  const run: Run = {
    structure,
    size: sizeInput(context, sized, copies as Dimension[], name),
    latent: name,
    copies: copies as Dimension[],
    dimensions,
  };
  const hard = attempt(context, () => hardSample(context, run, drawn, statement, estimator, takes));
  if (hard === undefined || (relaxed === undefined && soft !== undefined)) return scope.define(name, ERROR);
  const relaxedSample =
    soft === undefined || relaxed === undefined ? undefined : softSample(context, run, drawn, soft, relaxed);
  const latent: DeclaredLatent = {
    name,
    span: place,
    structure,
    label: structure.label,
    copies: copies as Dimension[],
    utilities: utilities.utilities,
    dimensions,
    relaxed: soft && { relaxation: soft.relaxation, temperature: soft.temperature.node },
    size: sized.size?.value,
    stuck: estimator === "none" ? parametersOf(drawn) : [],
    isEstimated: estimator !== "none",
    score: undefined,
  };
  const isScored = estimator !== "none" && estimator.kind === "score";
  const score = isScored ? attempt(context, () => scoredLatent(context, latent, estimator, drawn.node)) : undefined;
  context.latents.set(name, { ...latent, score });
  scope.define(name, samplesOf(context, statement, structure, relaxedSample, hard));
}

/** The latent variable as the value of its name. */
function samplesOf(
  context: Context,
  { name, estimator }: LatentStatement,
  { parts }: Structure,
  soft: TensorValue | undefined,
  { hard, estimating }: HardSample,
): LatentValue {
  const straightThrough = estimator?.kind === "relax" && estimator.straightThrough;
  const sample = (value: TensorValue): TensorValue => ({ ...value, parts });
  const now = sample(estimating ?? current(context, soft, hard, straightThrough));
  return { kind: "latent", name: name.name, soft: soft && sample(soft), hard: sample(hard), current: now };
}

/** Parameters that training could change utilities by, if a gradient reached them. */
function parametersOf(utilities: TensorValue): Node[] {
  return nodesInOrder([utilities.node]).filter((node) => node.op === "parameter");
}

/** What kernels of a latent variable are run for. */
interface Run {
  readonly structure: Structure;
  /** Sizes of examples, as the kernels' input. */
  readonly size: Node | undefined;
  /** Its name. */
  readonly latent: string;
  /** What its utilities were divided by: a hyper's name or a number. */
  readonly temperature?: string | number | undefined;
  readonly copies: readonly Dimension[];
  /** Of its samples. */
  readonly dimensions: readonly Dimension[];
}

interface HardSample {
  readonly hard: TensorValue;
  /** The same in training, with a gradient, where the estimator is one of hard samples. */
  readonly estimating: TensorValue | undefined;
}

function hardSample(
  context: Context,
  run: Run,
  utilities: TensorValue,
  statement: LatentStatement,
  estimator: ElaboratedEstimator | "none",
  takes: Relaxed["takes"],
): HardSample {
  const { structure, latent } = run;
  const declarations = declarationsOf(context);
  const solver = takes?.solver ?? selectSolver(structure, declarations, context.target, statement.structure.span);
  context.decisions.push({ decision: { latent, ...solver.decision }, kernel: solver.value.name });
  const build = context.builder;
  const isImle = estimator !== "none" && estimator.kind === "imle";
  const size = build.batchSize();
  const backward = isImle ? differenceBackward(context, run, estimator) : NO_BACKWARD;
  // The difference is taken for an example's own loss, of which training minimises the mean: see below.
  const read = isImle ? tensor(scaledGradient(build, utilities.node, build.divide(1, size))) : utilities;
  const { node, dimensions } = runKernel(context, run, solver.value, read, backward);
  build.label(node, `${latent}_hard`);
  if (!context.training) return { hard: tensor(node, dimensions), estimating: undefined };
  // The argmax is flat almost everywhere: no gradient passes.
  const hard = tensor(build.stopGradient(node), dimensions);
  if (!isImle) return { hard, estimating: undefined };
  // The backward is handed λ times the gradient of the example's loss by its sample, whatever the batch.
  return { hard, estimating: tensor(scaledGradient(build, node, build.multiply(estimator.lambda, size)), dimensions) };
}

/** The same value, with a gradient that is multiplied by a scalar. */
function scaledGradient(build: Builder, node: Node, factor: Node): Node {
  const flat = build.stopGradient(node);
  return build.add(flat, build.multiply(factor, build.subtract(node, flat)));
}

const NO_BACKWARD: KernelBackward = { strategy: "none", reason: "the argmax is piecewise constant" };

function differenceBackward(context: Context, { structure, latent }: Run, { span }: ImleEstimator): KernelBackward {
  const { value, decision } = selectDifference(structure, declarationsOf(context), context.target, span);
  context.decisions.push({ decision: { latent, ...decision }, kernel: value.name });
  context.kernels.set(value.name, value);
  return { strategy: "custom", kernel: value };
}

/** What the bare name means: X_t in training (X with the gradient of X_t when straight-through), X in evaluation. */
function current(
  context: Context,
  soft: TensorValue | undefined,
  hard: TensorValue,
  straightThrough: boolean,
): TensorValue {
  if (context.entry === "evaluate" || context.entry === "sample" || soft === undefined) return hard;
  if (!straightThrough || context.entry === "sample_soft") return soft;
  const build = context.builder;
  return tensor(build.add(soft.node, build.stopGradient(build.subtract(hard.node, soft.node))), soft.dimensions);
}

/** The soft sample. */
function softSample(
  context: Context,
  run: Run,
  utilities: TensorValue,
  { span, temperature, request }: RelaxedEstimator,
  relaxed: Selected<Relaxed>,
): TensorValue {
  const { structure, latent } = run;
  const declarations = declarationsOf(context);
  const chosen = selectBackward(structure, relaxed.value, declarations, span, request);
  context.decisions.push(
    { decision: { latent, ...relaxed.decision }, kernel: relaxed.value.forward.name },
    { decision: { latent, ...chosen.decision }, kernel: chosen.value.kernel.name },
  );
  const scaled = tensor(context.builder.divide(utilities.node, temperature.node), utilities.dimensions);
  const { op, attributes } = temperature.node;
  const known =
    op === "hyper" ? String(attributes.name) : op === "constant" ? numbersOf(attributes, "data")[0] : undefined;
  const divided = { ...run, temperature: known };
  const backward = kernelBackward(context, chosen.value);
  const soft = runKernel(context, divided, relaxed.value.forward, scaled, backward, temperature);
  context.builder.label(soft.node, `${latent}_soft`);
  return soft;
}

function kernelBackward(context: Context, backward: Backward): KernelBackward {
  context.kernels.set(backward.kernel.name, backward.kernel);
  return { strategy: "custom", kernel: backward.kernel };
}

/** A kernel takes what is drawn for a sample, and gives an embedding, as vectors, whatever their shapes. */
function runKernel(
  context: Context,
  { size, latent, copies, dimensions, temperature: known }: Run,
  kernel: Kernel,
  { node }: TensorValue,
  backward: KernelBackward,
  temperature?: TensorValue,
): TensorValue {
  context.kernels.set(kernel.name, kernel);
  const build = context.builder;
  const lead = copies.map((copy) => copy.size);
  const shaped = (value: Node, shape: readonly number[]) =>
    value.type.shape.join() === shape.join() ? value : build.reshape(value, shape);
  const inputs = kernel.inputs.map((input) => {
    if (input.name === SIZE) return size!;
    if (input.name === TEMPERATURE) return build.broadcast(build.reshape(temperature!.node, [1]), [...lead, 1]);
    return shaped(node, [...lead, ...input.shape]);
  });
  const sample = build.kernel(kernel, inputs, kernel.outputs[0]!.name, backward, latent, known);
  const own = dimensions.map((dimension) => dimension.size);
  return tensor(shaped(sample, own), dimensions);
}
