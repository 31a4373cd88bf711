/** The table of an experiment: a row for each variant and baseline. */
import type { ExperimentSpec } from "../compiler/artifact.ts";
import type { Baseline } from "./data-module.ts";
import type { Cell, Table } from "./table.ts";
import type { VariantResult } from "./variant-files.ts";
import type { Variant } from "./variants.ts";

/** A baseline, and the first variant whose data it was computed on. */
export interface BaselineResult extends Baseline {
  readonly variant: Variant;
}

/** One row for each variant and baseline: the varied names, then the reported metrics. */
export function resultTable(
  spec: ExperimentSpec,
  results: readonly VariantResult[],
  baselines: readonly BaselineResult[],
): Table {
  const varied = spec.vary.map(({ name }) => name);
  // Of several models, none of those that are here may have a metric.
  const has = (path: string) => [...results, ...baselines].some(({ metrics }) => metrics[path] !== undefined);
  const reported = spec.report
    .map(({ split, metric }) => `${split}.${metric}`)
    .filter((path) => spec.named === undefined || has(path));
  const first = spec.named !== undefined ? ["variant", ...varied] : varied.length === 0 ? ["model"] : varied;
  const values = (metrics: { readonly [path: string]: number }): Cell[] => reported.map((path) => metrics[path]);
  // Data without a variation of their own were used by every variant; a baseline then has no value for the varied
  // names.
  const usedByData = new Set(
    [...spec.data.positional, ...Object.values(spec.data.named)].flatMap((a) =>
      typeof a === "object" ? [a.vary] : [],
    ),
  );
  const baselineRow = (name: string, variant: Variant): Cell[] => {
    const cells: Cell[] = first.map((column) => (usedByData.has(column) ? String(variant.values[column]) : undefined));
    const free = Math.max(
      0,
      first.findIndex((column) => !usedByData.has(column)),
    );
    cells[free] = cells[free] === undefined ? name : `${name}, ${cells[free]}`;
    return cells;
  };
  return {
    columns: [...first, ...reported],
    rows: [
      ...results.map(({ variant, metrics }) => [
        ...first.map((name) => {
          if (name === "variant" && spec.named !== undefined) return variant.label;
          return varied.length === 0 ? spec.model : String(variant.values[name]);
        }),
        ...values(metrics),
      ]),
      ...baselines.map(({ name, variant, metrics }) => [...baselineRow(name, variant), ...values(metrics)]),
    ],
  };
}
