/**
 * Score functions: ∇E[L(X)] = E[∇L(X) + (L(X) − b) ∇ log p(U)], where the utilities U are the action and the sample X
 * is their argmax (paper, C.1). A model that has such a latent is trained by a surrogate of its objective, whose value
 * is the objective's and whose gradient is that estimate.
 */
import { Failure } from "../failure.ts";
import { nodesInOrder } from "../ir/tensor/order.ts";
import type { Node } from "../ir/tensor/tensor.ts";
import type { Context, DeclaredLatent, DeclaredState, ScoredLatent } from "./context.ts";
import { logDensities } from "./distributions.ts";
import type { Samples } from "./samples.ts";
import { sumAll, tensor } from "./tensors.ts";
import { present } from "./utilities.ts";
import type { ScoreEstimator } from "./values.ts";

/** What the score function of a latent needs; undefined when a problem was reported. */
export function scoredLatent(
  context: Context,
  latent: DeclaredLatent,
  estimator: ScoreEstimator,
  action: Node,
): ScoredLatent | undefined {
  const build = context.builder;
  const terms: Node[] = [];
  for (const own of latent.utilities) {
    const { body, name } = own.distribution.declaration;
    // What has no noise is given, not drawn.
    if (!body.some((clause) => clause.kind === "noise")) continue;
    if (!body.some((clause) => clause.kind === "log-density")) {
      const message = `${name.name} declares no log_density, so there is no score function`;
      throw new Failure(estimator.span, "no-density", message, {
        help: "declare log_density(u) = … in it, or use relax",
      });
    }
    if (own.isTaken && latent.size !== undefined) {
      const message = `the utilities of ${latent.name} have no score function where examples have sizes`;
      const why = "they are the input of its relaxation, which does not say which of them take part";
      throw new Failure(estimator.span, "no-density", message, { why });
    }
    const drawn = tensor(build.stopGradient(own.drawn.node), own.drawn.dimensions);
    const density = logDensities(context, own.distribution, drawn, estimator.span);
    if (density === undefined) return undefined;
    const takingPart = present(context, latent, own);
    const zero = build.zerosLike(density.node);
    const counted = takingPart === undefined ? density : tensor(build.select(takingPart, density.node, zero));
    terms.push(sumAll(context, counted).node);
  }
  if (terms.length === 0) {
    throw new Failure(estimator.span, "no-density", `the utilities of ${latent.name} have no noise`, {
      why: "a score function is the gradient of a sample's log-probability",
      help: "draw them from a distribution such as Gumbel(theta)",
    });
  }
  const logProbability = terms.reduce((sum, term) => build.add(sum, term));
  return { estimator, action, logProbability, average: averageOf(context, latent.name, estimator) };
}

/** The state that an exponential moving average is kept in; it starts at 0, as published. */
function averageOf(context: Context, latent: string, { baseline }: ScoreEstimator): DeclaredState | undefined {
  if (baseline.kind !== "ema" && baseline.kind !== "network") return undefined;
  // A name that no state of the model can have: the latent's own is taken.
  const name = `${latent}.ema`;
  const state: DeclaredState = { name, node: context.builder.state(name, []), value: 0, next: undefined };
  context.states.set(name, state);
  return state;
}

/** A latent with a score function, and what the objective has to do with it. */
interface Scored {
  readonly score: ScoredLatent;
  /** The terms of an example's loss that depend on the latent's sample, of each draw. */
  readonly costs: readonly Node[];
  readonly logProbabilities: readonly Node[];
}

/**
 * What training differentiates, and reports: the mean over the batch and over the samples of an example's loss, whose
 * gradient is estimated by the score functions of the model. Terms of the loss that do not depend on a sample, such as
 * the divergence, are no part of what it is rewarded for: that leaves the mean as it is, and lessens the variance.
 */
export function surrogateLoss(context: Context, loss: Node, samples: Samples): Node {
  const build = context.builder;
  const scored: Scored[] = [];
  const scaled: Node[] = [];
  for (const latent of context.latents.values()) {
    const { score } = latent;
    if (score === undefined) continue;
    const depends = dependents(loss, [score.action]);
    const cost = dependentTerms(context, loss, depends);
    if (cost === undefined) continue;
    warnOfMixedExamples(context, latent, cost, depends);
    scored.push({ score, costs: samples.all(cost), logProbabilities: samples.all(score.logProbability) });
    if (score.estimator.baseline.kind === "multi_sample") scaled.push(score.action);
  }
  const mean = meanOf(context, samples.mean(loss));
  if (scored.length === 0) return mean;
  const terms = [samples.mean(loss), ...scored.map((each) => estimate(context, each, samples))];
  // As published, what depends on the sample is divided by S − 1, the gradient of what computes the loss from it, too.
  const more = dependentTerms(context, loss, dependents(loss, scaled));
  if (more !== undefined) terms.push(build.divide(samples.mean(more), samples.count - 1));
  const surrogate = meanOf(
    context,
    terms.reduce((sum, term) => build.add(sum, term)),
  );
  return build.add(build.stopGradient(mean), build.subtract(surrogate, build.stopGradient(surrogate)));
}

/** What a latent's score function adds to an example's loss: its gradient, and the loss of a trained baseline. */
function estimate(context: Context, scored: Scored, samples: Samples): Node {
  const build = context.builder;
  const { score, costs, logProbabilities } = scored;
  const { baseline } = score.estimator;
  const { count } = samples;
  const total = costs.reduce((sum, cost) => build.add(sum, cost));
  const average = () => meanOf(context, build.divide(total, count));
  const weighed = (baselines: (s: number) => Node | number) =>
    costs.map((cost, s) => {
      const advantage = build.stopGradient(build.subtract(cost, baselines(s)));
      return build.multiply(advantage, logProbabilities[s]!);
    });
  const meanOver = (terms: readonly Node[], divisor = count) =>
    build.divide(
      terms.reduce((sum, term) => build.add(sum, term)),
      divisor,
    );
  switch (baseline.kind) {
    case "none":
      return meanOver(weighed(() => 0));
    case "batch": {
      const mean = average();
      return meanOver(weighed(() => mean));
    }
    case "multi_sample": {
      const mean = build.divide(total, count);
      return meanOver(
        weighed(() => mean),
        count - 1,
      );
    }
    case "leave_one_out":
      return meanOver(weighed((s) => build.divide(build.subtract(total, costs[s]!), count - 1)));
    case "ema": {
      const moving = movingAverage(context, score.average!, baseline.decay, average());
      return meanOver(weighed(() => moving));
    }
    case "network": {
      const moving = movingAverage(context, score.average!, baseline.decay, average());
      const errors = costs.map((cost) => {
        const target = build.stopGradient(build.subtract(cost, moving));
        const error = build.subtract(target, baseline.value);
        return build.multiply(build.multiply(error, error), baseline.weight);
      });
      const both = build.add(moving, baseline.value);
      return build.add(meanOver(weighed(() => both)), meanOver(errors));
    }
  }
}

/** Moves an average towards the loss of this step, before it is used (as published). */
function movingAverage(context: Context, state: DeclaredState, decay: Node, value: Node): Node {
  const build = context.builder;
  const moved = build.multiply(build.subtract(1, decay), value);
  const next = build.stopGradient(build.add(build.multiply(decay, state.node), moved));
  state.next = next;
  return next;
}

function meanOf({ builder }: Context, node: Node): Node {
  return node.type.batched ? builder.batchMean(node) : node;
}

/** The nodes that a value is made of which depend on any of the given ones. */
function dependents(value: Node, on: readonly Node[]): Set<Node> {
  const found = new Set(on);
  for (const node of nodesInOrder([value])) if (node.inputs.some((input) => found.has(input))) found.add(node);
  return found;
}

/** How many sums within sums are looked into. */
const DEEPEST = 1000;

/** The terms of a sum that depend on something, with their factors; undefined where none does. */
function dependentTerms(context: Context, node: Node, depends: ReadonlySet<Node>, depth = 0): Node | undefined {
  if (!depends.has(node)) return undefined;
  const build = context.builder;
  const [a, b] = node.inputs as [Node, Node];
  if (depth >= DEEPEST) return node;
  const within = (input: Node) => dependentTerms(context, input, depends, depth + 1);
  switch (node.op) {
    case "add": {
      const [first, second] = [within(a), within(b)];
      return first !== undefined && second !== undefined ? build.add(first, second) : (first ?? second);
    }
    case "subtract": {
      const [first, second] = [within(a), within(b)];
      if (second === undefined) return first;
      return first === undefined ? build.negate(second) : build.subtract(first, second);
    }
    case "negate":
      return build.negate(within(a)!);
    case "multiply":
      if (!depends.has(a)) return build.multiply(a, within(b)!);
      return depends.has(b) ? node : build.multiply(within(a)!, b);
    case "divide":
      return depends.has(b) ? node : build.divide(within(a)!, b);
    default:
      return node;
  }
}

/** Through the batch, samples have a part in the losses of other examples, for which they are not rewarded. */
function warnOfMixedExamples(
  context: Context,
  { name, span }: DeclaredLatent,
  cost: Node,
  depends: ReadonlySet<Node>,
): void {
  const mixed = nodesInOrder([cost]).some(({ op, inputs }) => {
    return (op === "batch_mean" || op === "batch_sum") && inputs.some((input) => depends.has(input));
  });
  if (!mixed) return;
  const problem = {
    message: `the loss of an example depends on the samples of ${name} of all others`,
    why: "a score function takes the loss of an example to be that of its own sample",
    help: `do not take a mean over the batch, as batch_norm does, of what depends on ${name}`,
  };
  context.report(span, "mixed-examples", problem, "warning");
}
