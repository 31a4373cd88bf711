/** What an experiment may say of its model: its arguments, its hypers, and the metrics it reports. */
import type {
  ExperimentClause,
  ExperimentDeclaration,
  Expression,
  Identifier,
  ModelDeclaration,
  Parameter,
} from "../grammar/ast.ts";
import { printExpression } from "../grammar/format.ts";
import type { MetricTree } from "./artifact.ts";
import { didYouMean } from "./diagnostic.ts";
import { Failure } from "./failure.ts";
import { type Environment, evaluateStatic } from "./static-evaluate.ts";
import { describeStatic, type StaticValue } from "./static-value.ts";

/** What a model's declaration tells without elaborating it. */
export interface ModelFacts {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly hypers: readonly string[];
  /** Names of metrics; records have parts besides. */
  readonly metrics: readonly string[];
}

export function modelFacts(model: ModelDeclaration): ModelFacts {
  const has = (...kinds: readonly string[]) => model.body.some((statement) => kinds.includes(statement.kind));
  const parts = [
    ...(has("objective") ? ["loss"] : []),
    ...(has("observe") ? ["log_likelihood"] : []),
    ...(has("prior") ? ["kl"] : []),
    ...(has("observe", "prior") ? ["elbo"] : []),
  ];
  const named = (kind: "hyper" | "metric") =>
    model.body.flatMap((statement) => (statement.kind === kind ? [statement.name.name] : []));
  return {
    name: model.name.name,
    parameters: model.parameters,
    hypers: named("hyper"),
    metrics: [...parts, ...named("metric")],
  };
}

const SPLITS: readonly string[] = ["valid", "test"];

/** `test.edges.precision` as a split and a metric's path; throws a Failure where one of them cannot be. */
export function checkColumn(e: Expression, model: ModelFacts | undefined): { split: string; metric: string } {
  const names: Identifier[] = [];
  let rest = e;
  for (; rest.kind === "member"; rest = rest.object) names.unshift(rest.property);
  const [metric] = names;
  if (rest.kind !== "name" || metric === undefined) {
    const message = `a column names a split and a metric, but this is ${printExpression(e)}`;
    throw new Failure(e.span, "type-mismatch", message, { help: "such as test.elbo" });
  }
  const fail = (at: Identifier, message: string, candidates: readonly string[], known: string) => {
    const near = didYouMean(at.name, candidates);
    throw new Failure(at.span, "unknown-name", message, { help: near === undefined ? known : `did you mean ${near}?` });
  };
  if (!SPLITS.includes(rest.name)) {
    const known = `metrics are computed on ${SPLITS.join(" and ")}`;
    fail(rest, `there is no split ${rest.name} to report`, SPLITS, known);
  }
  if (model !== undefined && !model.metrics.includes(metric.name)) {
    const known = `its metrics are ${model.metrics.join(", ") || "none"}`;
    fail(metric, `${model.name} has no metric ${metric.name}`, model.metrics, known);
  }
  return { split: rest.name, metric: names.map((name) => name.name).join(".") };
}

/** The column that the best model is kept by; throws a Failure where it cannot be one. */
export function checkChoice(e: Expression, model: ModelFacts | undefined): { split: string; metric: string } {
  const column = checkColumn(e, model);
  if (column.split === "valid") return column;
  throw new Failure(e.span, "bad-clause", `the best model is kept by a metric of valid, not of ${column.split}`, {
    why: "what chooses the model cannot judge it afterwards",
    help: `write keep best valid.${column.metric}`,
  });
}

/** Throws a Failure where a model has no such argument, or a value is of another kind. */
export function checkArguments(
  model: ModelFacts,
  name: Identifier,
  values: readonly Expression[],
  scope: Environment,
): void {
  const names = model.parameters.map((parameter) => parameter.name.name);
  const parameter = model.parameters.find((each) => each.name.name === name.name);
  if (parameter === undefined) {
    const near = didYouMean(name.name, names);
    const help = near === undefined ? `it has ${names.join(", ") || "none"}` : `did you mean ${near}?`;
    throw new Failure(name.span, "unknown-argument", `${model.name} has no argument ${name.name}`, { help });
  }
  for (const e of values) {
    // A name that is varied stands for its values.
    if (e.kind === "name" && scope.lookup(e.name) === undefined) continue;
    checkKind(parameter, evaluateStatic(e, scope), e);
  }
}

function checkKind(parameter: Parameter, value: StaticValue, e: Expression): void {
  const type = parameter.type?.kind === "named-type" ? parameter.type.name : undefined;
  const { name } = parameter.name;
  const fail = (wanted: string, help?: string) => {
    const message = `${name} must be ${wanted}, but this is ${describeStatic(value)}`;
    throw new Failure(e.span, "type-mismatch", message, { help });
  };
  if (type === "Structure" && value.kind !== "structure-name") fail("a structure's name", "such as SpanningTree");
  if (type === "Distribution" && value.kind !== "distribution-class") fail("a distribution's name", "such as Gumbel");
  if (type === "Relaxation" && value.kind !== "relaxation") fail("a relaxation's name", "such as ExpFamily");
  if ((type === "int" || type === "float") && value.kind !== "number") fail("a number");
  if (type === "bool" && value.kind !== "boolean") fail("true or false");
  const isText = type === "text" || (parameter.type === undefined && parameter.default?.kind === "string");
  if (isText && value.kind !== "string") fail("a text", `in quotes, such as ${name} = "a"`);
  const isName = ["structure-name", "distribution-class", "relaxation"].includes(value.kind);
  if (type === undefined && !isText && isName) fail("a number");
}

/** Columns of an experiment, at every scale, of which a model has no such number. */
export function checkMetricPaths(experiment: ExperimentDeclaration, trees: ReadonlyMap<string, MetricTree>): Failure[] {
  const known = [...trees].flatMap(([name, tree]) => numbersOf(tree, name));
  return columnsOf(experiment.clauses).flatMap((e) => {
    const [, ...rest] = printExpression(e).split(".");
    const path = rest.join(".");
    const [first] = rest;
    // A metric that is not there at all has been told.
    if (first === undefined || !trees.has(first) || known.includes(path)) return [];
    const parts = known.filter((each) => each.startsWith(`${first}.`));
    const near = didYouMean(path, parts);
    const list = parts.length === 0 ? `${first} is one number` : `its parts are ${parts.join(", ")}`;
    const help = near === undefined ? list : `did you mean ${near}?`;
    return [new Failure(e.span, "unknown-name", `${path} is not a number that is reported`, { help })];
  });
}

/** Hypers of an experiment, at every scale, that are temperatures of the model but not greater than 0. */
export function checkTemperatures(
  experiment: ExperimentDeclaration,
  hypers: ReadonlyMap<string, { readonly positive: boolean }>,
): Failure[] {
  return everyClause(experiment.clauses).flatMap((clause) => {
    if (clause.kind !== "hyper" && clause.kind !== "vary") return [];
    const { name } = clause.name;
    if (hypers.get(name)?.positive !== true) return [];
    return (clause.kind === "hyper" ? [clause.value] : clause.values).flatMap((e) => {
      const value = plainNumber(e);
      if (value === undefined || value > 0) return [];
      const message = `the temperature ${name} must be greater than 0, but it is ${value}`;
      return [new Failure(e.span, "bad-temperature", message)];
    });
  });
}

/** Clauses with those within scales and variants. */
function everyClause(clauses: readonly ExperimentClause[]): ExperimentClause[] {
  return clauses.flatMap((clause) => [
    clause,
    ...(clause.kind === "scale" || clause.kind === "variant" ? everyClause(clause.clauses) : []),
  ]);
}

/** A number as it is written; undefined for what is computed. */
function plainNumber(e: Expression): number | undefined {
  if (e.kind === "unary" && e.operator === "-" && e.operand.kind === "number") return -e.operand.value;
  return e.kind === "number" ? e.value : undefined;
}

function columnsOf(clauses: readonly ExperimentClause[]): Expression[] {
  return clauses.flatMap((clause): readonly Expression[] => {
    if (clause.kind === "report") return clause.columns;
    if (clause.kind === "scale" || clause.kind === "variant") return columnsOf(clause.clauses);
    return clause.kind === "train" && clause.keepBest !== undefined ? [clause.keepBest] : [];
  });
}

/** Paths of the numbers in a metric; the readings of a choice have the same parts. */
function numbersOf(tree: MetricTree, path: string): string[] {
  switch (tree.kind) {
    case "mean":
      return [path];
    case "record":
      return Object.entries(tree.fields).flatMap(([name, field]) => numbersOf(field, `${path}.${name}`));
    case "best": {
      const [first] = Object.values(tree.readings);
      return first === undefined ? [] : numbersOf(first, path);
    }
  }
}
