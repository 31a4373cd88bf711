/** `sstc compile --emit model`: what a model came to, for people: everything it declares, with types and sizes. */
import type { Artifact, EntryPoint, Initializer, MetricTree, Signature } from "../compiler/artifact.ts";
import type { Source } from "../compiler/diagnostic.ts";
import { declarationOf, distributionsText } from "../compiler/explain.ts";
import type { LatentStatement, ModelStatement } from "../grammar/ast.ts";
import { printEstimator, printExpression } from "../grammar/format.ts";
import { writeBytes } from "../runtime/memory-estimate.ts";
import { columns, plural } from "./columns.ts";

export function listModel(source: Source, artifact: Artifact): string[] {
  const { body } = declarationOf(source, artifact);
  const sections: readonly [title: string, rows: readonly (readonly string[])[]][] = [
    ["data", artifact.data.map((each) => [each.name, each.written ?? each.dtype, shapeOf(each)])],
    ["hypers", artifact.hypers.map((each) => [each.name, ...hyperText(each)])],
    ["parameters", artifact.parameters.map((each) => [each.name, shapeOf(each), initializerText(each.initializer)])],
    ["states", artifact.states.map((each) => [each.name, shapeOf(each), `begins at ${each.value}`])],
    [
      "latents",
      artifact.latents.map((each) => [
        each.name,
        each.structure,
        shapeText(each.shape, true),
        ...written(body, each.name),
      ]),
    ],
    ["priors and observations", body.flatMap(factors)],
    [
      "objective",
      body.flatMap((each) => (each.kind === "objective" ? [[each.direction, printExpression(each.value)]] : [])),
    ],
    ["metrics", Object.entries(artifact.metrics).map(([name, tree]) => [name, metricText(tree)])],
    ["entry points", artifact.entries.flatMap(entryRows)],
  ];
  const given = Object.entries(artifact.arguments).map(([name, value]) => `${name} = ${value}`);
  const shown = sections.filter(([, rows]) => rows.length > 0);
  return [
    `model ${artifact.model}(${given.join(", ")})`,
    ...shown.flatMap(([title, rows]) => ["", title, ...columns(rows)]),
  ];
}

function shapeOf({ shape, batched }: Signature): string {
  return shapeText(shape, batched);
}

function shapeText(shape: readonly number[], batched: boolean): string {
  return `[${[...(batched ? ["batch"] : []), ...shape].join(", ")}]`;
}

function hyperText({ value, anneal, positive }: Artifact["hypers"][number]): string[] {
  const schedule = anneal === undefined ? [] : [`from ${anneal.from} to ${anneal.to} over ${anneal.steps} steps`];
  return [String(value), [...(positive ? ["a temperature"] : []), ...schedule].join(", ")];
}

function initializerText(initializer: Initializer): string {
  switch (initializer.kind) {
    case "constant":
      return `${initializer.value}`;
    case "uniform":
      return `uniform within ${Number(initializer.bound.toPrecision(4))}`;
    case "normal":
      return `normal, deviation ${Number(initializer.deviation.toPrecision(4))}`;
  }
}

/** How a latent's utilities and estimator are written. */
function written(body: readonly ModelStatement[], name: string): string[] {
  const isIt = (each: ModelStatement): each is LatentStatement => each.kind === "latent" && each.name.name === name;
  const statement = body.find(isIt)!;
  const { estimator } = statement;
  const how = estimator === undefined ? "hard in training" : printEstimator(estimator);
  return [`~ ${distributionsText(statement.utilities)}`, how];
}

function factors(statement: ModelStatement): string[][] {
  if (statement.kind === "prior")
    return [["prior", statement.name.name, `~ ${distributionsText(statement.distribution)}`]];
  if (statement.kind !== "observe") return [];
  return [["observe", printExpression(statement.value), `~ ${printExpression(statement.distribution)}`]];
}

function metricText(tree: MetricTree): string {
  switch (tree.kind) {
    case "mean":
      return "mean over examples";
    case "record":
      return Object.keys(tree.fields).join(", ");
    case "best": {
      const [first] = Object.values(tree.readings);
      const parts = first === undefined ? "" : `: ${metricText(first)}`;
      return `the reading with the best ${tree.by} of ${Object.keys(tree.readings).join(", ")}${parts}`;
    }
  }
}

function entryRows({ name, inputs, noise, outputs, memory }: EntryPoint): string[][] {
  const kinds = { gradient: 0, state: 0, metric: 0 };
  const plain: string[] = [];
  for (const output of outputs) {
    const kind = output.name.slice(0, Math.max(0, output.name.indexOf(":")));
    if (kind === "gradient" || kind === "state" || kind === "metric") kinds[kind]++;
    else plain.push(output.name);
  }
  const counted = (Object.entries(kinds) as [string, number][]).filter(([, count]) => count > 0);
  const returned = [...plain, ...counted.map(([kind, count]) => plural(count, kind))];
  const reads = [...inputs, ...noise.map((each) => `noise ${each.name}`)].join(", ") || "nothing";
  return [
    [name, "reads", reads],
    ["", "returns", returned.join(", ")],
    ["", "memory", `${writeBytes(memory.fixed)} + ${writeBytes(memory.perExample)} for each example`],
  ];
}
