/** Functions that see the whole batch, and noise for each example: what normalisation and dropout are made of. */
import { Failure } from "../../failure.ts";
import { numeric, tensor } from "../tensors.ts";
import { describe } from "../values.ts";
import { type Builtin, builtin, tensorOf } from "./builtin.ts";

const batchMean = builtin("batch_mean", ["x"], (context, { x }) => {
  const value = tensorOf(context, x);
  if (value === undefined) return undefined;
  if (value.node.type.batched) return tensor(context.builder.batchMean(numeric(context, value).node), value.dimensions);
  throw new Failure(
    x!.span,
    "not-batched",
    `batch_mean needs one value for each example, but this is ${describe(value)}`,
    {
      why: "it depends on no data, so it is the same for all examples",
      help: "leave batch_mean out",
    },
  );
});

const batchSize = builtin("batch_size", [], (context) => tensor(context.builder.batchSize()));

/** The mean over the batch and over all dimensions but the last: one value for each feature. */
const meanOfItems = builtin("mean_of_items", ["x"], (context, { x }) => {
  const value = tensorOf(context, x);
  if (value === undefined) return undefined;
  const { node } = numeric(context, value);
  const axes = value.dimensions.slice(0, -1).map((_, i) => i);
  const mean = axes.length === 0 ? node : context.builder.mean(node, axes);
  return tensor(mean.type.batched ? context.builder.batchMean(mean) : mean, value.dimensions.slice(-1));
});

/** How many items `mean_of_items` is over. */
const items = builtin("items", ["x"], (context, { x }) => {
  const value = tensorOf(context, x);
  if (value === undefined) return undefined;
  const each = value.dimensions.slice(0, -1).reduce((product, dimension) => product * dimension.size, 1);
  const count = context.builder.constant(each);
  return tensor(value.node.type.batched ? context.builder.multiply(context.builder.batchSize(), count) : count);
});

const uniformLike = builtin("uniform_like", ["x"], (context, { x }) => {
  const value = tensorOf(context, x);
  if (value === undefined) return undefined;
  const stream = context.nextStream("uniform");
  // A name that no latent variable can have. Examples differ in their noise even where x is the same for all of them.
  const node = context.builder.noise(`uniform.${stream}`, stream, "uniform", value.node.type.shape);
  context.noise.push({ stream, base: "uniform", node });
  return tensor(node, value.dimensions);
});

/** So fine are the rates of `kept_like`: draws are of 16 bits. */
const RATES = 65536;

/** What dropout multiplies with. */
const keptLike = builtin("kept_like", ["x", "rate"], (context, { x, rate }) => {
  const value = tensorOf(context, x);
  if (value === undefined) return undefined;
  const { value: given, span } = rate!;
  const exact = given.kind === "number" ? Math.round(given.value * RATES) / RATES : Number.NaN;
  if (!(exact >= 0 && exact < 1)) {
    const message = `the rate is a number from 0 to less than 1, known at compile time, but this is ${describe(given)}`;
    throw new Failure(span, "bad-number", message);
  }
  const stream = context.nextStream("uniform");
  const node = context.builder.kept(`kept.${stream}`, stream, exact, value.node.type.shape);
  context.noise.push({ stream, base: "kept", node });
  return tensor(node, value.dimensions);
});

export const batchFunctions: readonly [string, Builtin][] = [
  batchMean,
  batchSize,
  meanOfItems,
  items,
  uniformLike,
  keptLike,
];
