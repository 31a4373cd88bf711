/**
 * Questions about the exponential family p(x) ∝ exp(uᵀx / t) over a structure's members: `log_partition(S, u)`,
 * `log_prob(S, u, x)`, `entropy`, `marginals`, `sample`; and the best members, `argmax` and `k_best`.
 */
import { Failure } from "../../failure.ts";
import type { Context } from "../context.ts";
import {
  type Asked,
  askArgmax,
  askEntropy,
  askKBest,
  askLogPartition,
  askLogProbability,
  askMarginals,
  askSample,
  spread,
  type Vectors,
  vectorsOf,
} from "../queries.ts";
import { temperatureValue } from "../temperature.ts";
import { type BoundArgument, describe, type TensorValue } from "../values.ts";
import { type Bound, type Builtin, builtin, sizesOf } from "./builtin.ts";

/** Of a structure's members under utilities that are divided by the temperature, where one is given. */
function question(query: string, answer: (context: Context, asked: Asked, u: Vectors) => TensorValue) {
  return builtin(query, ["structure", "utilities", "at?"], (context, bound) => {
    const asked = askedOf(query, bound.structure!);
    const u = scaled(context, asked, bound);
    return u && answer(context, asked, u);
  });
}

const logProbability = builtin("log_prob", ["structure", "utilities", "x", "at?"], (context, bound) => {
  const asked = askedOf("log_prob", bound.structure!);
  const [u, x] = [scaled(context, asked, bound), vectorsOf(context, asked, bound.x!)];
  if (u === undefined || x === undefined) return undefined;
  const over = u.lead.length > x.lead.length ? u.lead : x.lead;
  const fits = [u, x].every(({ lead }) => {
    return lead.every(({ size }, i) => over[over.length - lead.length + i]!.size === size);
  });
  if (fits) return askLogProbability(context, asked, spread(context, u, over), spread(context, x, over));
  const axes = [u, x].map(({ lead }) => `[${lead.map(({ size }) => size).join(", ")}]`);
  throw new Failure(bound.x!.span, "shape-mismatch", `there are ${axes[0]} utilities, but ${axes[1]} members`, {
    help: "give one member for each vector of utilities, or one of either for all",
  });
});

const argmax = builtin("argmax", ["structure", "utilities"], (context, bound) => {
  const asked = askedOf("argmax", bound.structure!);
  const u = vectorsOf(context, asked, bound.utilities!);
  return u && askArgmax(context, asked, u);
});

const kBest = builtin("k_best", ["structure", "utilities", "count"], (context, bound) => {
  const asked = askedOf("k_best", bound.structure!);
  const count = bound.count!;
  const [first, second] = sizesOf(count);
  if (first === undefined || second !== undefined || count.value.kind === "list") {
    throw new Failure(count.span, "type-mismatch", `k_best takes a number, but this is ${describe(count.value)}`);
  }
  const u = vectorsOf(context, asked, bound.utilities!);
  return u && askKBest(context, asked, u, first, count.span);
});

function askedOf(query: string, { value, span }: BoundArgument): Asked {
  if (value.kind === "structure") return { query, structure: value.structure, size: value.size, span };
  const help = "such as KSubset(6, 2)";
  throw new Failure(span, "type-mismatch", `${query} takes a structure, but this is ${describe(value)}`, { help });
}

/** The utilities over the temperature; undefined when a problem was reported. */
function scaled(context: Context, asked: Asked, { utilities, at }: Bound): Vectors | undefined {
  const u = vectorsOf(context, asked, utilities!);
  if (u === undefined || at === undefined) return u;
  const t = temperatureValue(context, at.value, at.span);
  return t && { ...u, node: context.builder.divide(u.node, t.node) };
}

export const queryFunctions: readonly [string, Builtin][] = [
  question("log_partition", askLogPartition),
  question("entropy", askEntropy),
  question("marginals", askMarginals),
  question("sample", askSample),
  logProbability,
  argmax,
  kBest,
];
