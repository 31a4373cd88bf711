/**
 * Metrics of a data set: means of the program's metric outputs over examples, then read through the artifact's metric
 * tree.
 */
import type { MetricTree } from "../compiler/artifact.ts";
import type { HostTensor } from "./host-tensor.ts";
import { UserError } from "./user-error.ts";
import { unknownName } from "./validate.ts";

/** `{ elbo: -3.1, edges: { precision: 0.9, recall: 0.9 } }`. */
export interface Metrics {
  readonly [name: string]: number | Metrics;
}

/** Weighted means of leaves over batches. Batched outputs weigh every example alike, others their batch's size. */
export class MetricMeans {
  private readonly totals = new Map<string, number>();
  private examples = 0;

  /**
   * `leaves`: outputs of one batch; those whose leading axis is the batch (`batched`) are averaged over examples first.
   */
  add(leaves: { readonly [name: string]: HostTensor }, batch: number): void {
    for (const [name, tensor] of Object.entries(leaves)) {
      let total = 0;
      for (const value of tensor.data) total += value;
      const mean = tensor.data.length === 0 ? Number.NaN : total / tensor.data.length;
      this.totals.set(name, (this.totals.get(name) ?? 0) + mean * batch);
    }
    this.examples += batch;
  }

  /** The mean of each leaf. */
  means(): ReadonlyMap<string, number> {
    return new Map([...this.totals].map(([name, total]) => [name, total / this.examples]));
  }
}

/** The names of the program's outputs that a tree reads. */
export function metricOutputs(tree: MetricTree): string[] {
  switch (tree.kind) {
    case "mean":
      return [tree.output];
    case "record":
      return Object.values(tree.fields).flatMap(metricOutputs);
    case "best":
      return Object.values(tree.readings).flatMap(metricOutputs);
  }
}

/**
 * The value of a tree. `best` picks, for the whole set at once, the reading whose part `by` is largest, the earlier one
 * on a tie.
 */
export function resolveMetric(tree: MetricTree, means: ReadonlyMap<string, number>): number | Metrics {
  switch (tree.kind) {
    case "mean": {
      const mean = means.get(tree.output);
      if (mean === undefined) throw new Error(`the program returned no metric output ${tree.output}`);
      return mean;
    }
    case "record":
      return Object.fromEntries(
        Object.entries(tree.fields).map(([name, field]) => [name, resolveMetric(field, means)]),
      );
    case "best": {
      let best: number | Metrics | undefined;
      let bestScore = Number.NEGATIVE_INFINITY;
      for (const reading of Object.values(tree.readings)) {
        const value = resolveMetric(reading, means);
        const score = partOf(value, tree.by);
        if (best === undefined || score > bestScore) [best, bestScore] = [value, score];
      }
      return best!;
    }
  }
}

function partOf(value: number | Metrics, path: string): number {
  if (typeof value === "number") return value;
  const part = path
    .split(".")
    .reduce<number | Metrics | undefined>(
      (inner, name) => (typeof inner === "object" ? inner[name] : undefined),
      value,
    );
  if (typeof part !== "number") throw new Error(`a metric reading has no part ${path}`);
  return part;
}

/** All trees of an artifact; a leaf that the entry point did not return leaves its metric out. */
export function resolveMetrics(
  trees: { readonly [name: string]: MetricTree },
  means: ReadonlyMap<string, number>,
): Metrics {
  const present = Object.entries(trees).filter(([, tree]) => metricOutputs(tree).every((output) => means.has(output)));
  const metrics: { [name: string]: number | Metrics } = Object.fromEntries(
    present.map(([name, tree]) => [name, resolveMetric(tree, means)]),
  );
  const loss = means.get("loss");
  if (loss !== undefined && metrics.loss === undefined) metrics.loss = loss;
  return metrics;
}

/** `{ "edges.precision": 0.9, elbo: -3.1 }`. */
export function flattenMetrics(metrics: Metrics, prefix = ""): { [path: string]: number } {
  return Object.fromEntries(
    Object.entries(metrics).flatMap(([name, value]) =>
      typeof value === "number"
        ? [[`${prefix}${name}`, value]]
        : Object.entries(flattenMetrics(value, `${prefix}${name}.`)),
    ),
  );
}

/** The paths that an artifact's metrics will have, known before anything runs. */
export function metricPaths(trees: { readonly [name: string]: MetricTree }): string[] {
  const below = (tree: MetricTree, path: string): string[] => {
    if (tree.kind === "mean") return [path];
    if (tree.kind === "record")
      return Object.entries(tree.fields).flatMap(([name, field]) => below(field, `${path}.${name}`));
    const first = Object.values(tree.readings)[0];
    return first === undefined ? [] : below(first, path);
  };
  return [...new Set(["loss", ...Object.entries(trees).flatMap(([name, tree]) => below(tree, name))])];
}

/** The number at a path such as `edges.precision`. Throws a UserError when there is none. */
export function metricAt(metrics: Metrics, path: string, model: string): number {
  const flat = flattenMetrics(metrics);
  const value = Object.hasOwn(flat, path) ? flat[path] : undefined;
  if (value === undefined) throw unknownName("metric", path, Object.keys(flat), model);
  return value;
}

/**
 * Last words of the names of metrics that are the better the smaller they are. Users read this list in
 * docs/language.md.
 */
export const SMALLER_IS_BETTER: readonly string[] = [
  ...["loss", "error", "errors", "mse", "rmse", "mae", "mape", "nll", "bce", "ce", "cross_entropy", "perplexity"],
  ...["kl", "divergence", "distance", "wer", "cer", "regret", "cost", "risk", "deviance", "brier"],
];

/**
 * Whether a smaller value of this metric is the better one, by its name: `loss`, `edges.rmse`, `testKL` and
 * `error.mean` are, `elbo` is not.
 */
export function smallerIsBetter(path: string): boolean {
  const words = path.replace(/([a-z])([A-Z])/g, "$1_$2").toLowerCase();
  return new RegExp(`(^|[._])(${SMALLER_IS_BETTER.join("|")})([._](mean|sum|total|min|max))?$`).test(words);
}

/** Throws a UserError unless the value of a metric can be compared. */
export function checkComparable(path: string, value: number): number {
  if (Number.isNaN(value))
    throw new UserError(`the metric \`${path}\` is not a number, so no best model can be kept by it`);
  return value;
}
