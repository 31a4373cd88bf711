/**
 * Reads an experiment declaration into plain data that the runtime carries out: the base clauses with those of the
 * chosen scale laid over them. Everything wrong with them is told, not the first mistake alone.
 */
import type {
  Argument,
  ExperimentClause,
  ExperimentDeclaration,
  Expression,
  Identifier,
  Span,
  TrainingLength,
} from "../grammar/ast.ts";
import { printExpression } from "../grammar/format.ts";
import type { ExperimentSpec, StaticArgument } from "./artifact.ts";
import { declarationsFor } from "./declarations.ts";
import { type Diagnostic, didYouMean, inOrder, type Source } from "./diagnostic.ts";
import { positiveInteger, readLength } from "./experiment-length.ts";
import { checkArguments, checkChoice, checkColumn, type ModelFacts, modelFacts } from "./experiment-model.ts";
import { readOptimizer, usedByOptimizers } from "./experiment-optimizer.ts";
import { repeatedClauses } from "./experiment-repeats.ts";
import { Settings } from "./experiment-settings.ts";
import { allColumns, hasColumn, namedVariants, narrowed, placed, unknownVariant } from "./experiment-variants.ts";
import { Failure } from "./failure.ts";
import { notYet } from "./later.ts";
import { type ImportResolver, type Library, Names } from "./names.ts";
import { assignArguments, type Environment, evaluateStatic } from "./static-evaluate.ts";
import { describeStatic } from "./static-value.ts";

export interface ExperimentRequest {
  readonly library: Library;
  readonly experiment?: string | undefined;
  readonly scale?: string | undefined;
  /**
   * Settings laid over the experiment and its scale, such as `hidden=64`, `data.train=1000`,
   * `Edges=TopKEdges,SpanningTree`.
   */
  readonly settings?: readonly string[] | undefined;
  /** Of an experiment that names its variants, those that are asked for; all of them unless given. */
  readonly variants?: readonly string[] | undefined;
  readonly resolveImport?: ImportResolver | undefined;
}

/** The spec, or what is wrong with it. */
export function readExperiment(
  source: Source,
  request: ExperimentRequest,
): { spec?: ExperimentSpec; diagnostics: readonly Diagnostic[] } {
  const names = new Names(request.library, request.resolveImport ?? (() => undefined));
  const file = names.load(source);
  if (names.diagnostics.length > 0) return { diagnostics: names.diagnostics };
  const experiments = file.declarations.filter((declaration) => declaration.kind === "experiment");
  const wanted = request.experiment;
  const found = wanted === undefined ? experiments[0] : experiments.find((each) => each.name.name === wanted);
  if (found === undefined) return { diagnostics: [unknownExperiment(wanted, experiments).diagnostic(source)] };
  return experimentSpec(found, source, names, request.scale, request.settings, request.variants);
}

/** The spec of one experiment at one scale, or at none, with settings laid over both. */
export function experimentSpec(
  experiment: ExperimentDeclaration,
  source: Source,
  names: Names,
  scale: string | undefined,
  settings: readonly string[] = [],
  chosen: readonly string[] = [],
): { spec?: ExperimentSpec; diagnostics: readonly Diagnostic[] } {
  const factsOf = (name: string) => {
    const model = names.find(name, source)?.declaration;
    return model?.kind === "model" ? modelFacts(model) : undefined;
  };
  const variants = namedVariants(experiment, scale);
  const wrong = chosen.find((label) => !variants.some((each) => each.label === label));
  if (wrong !== undefined) return { diagnostics: [unknownVariant(wrong, experiment, variants).diagnostic(source)] };
  const models = variants.flatMap(({ model }) => factsOf(model ?? experiment.model.name) ?? []);
  const readAs = (model: string, clauses: readonly ExperimentClause[]) => {
    const reader = new Reader(experiment, declarationsFor(names, source), factsOf(model), model, models);
    return { spec: reader.read(scale, settings, clauses), problems: reader.problems };
  };
  const every = variants.map(({ label, model = experiment.model.name, clauses }) => ({
    label,
    ...readAs(model, clauses),
  }));
  const rows = every.filter(({ label }) => chosen.length === 0 || chosen.includes(label));
  const whole = rows.length === 0 ? readAs(experiment.model.name, []) : rows[0]!;
  // What stands outside of the variants is wrong in each of them.
  const all = new Map((rows.length === 0 ? [whole] : rows).flatMap(({ problems }) => problems).map(placed));
  const diagnostics = inOrder([...all.values()].map((problem) => problem.diagnostic(source)));
  if (whole.spec === undefined || diagnostics.length > 0) return { diagnostics };
  if (rows.length === 0) return { spec: whole.spec, diagnostics };
  const named = rows.flatMap(({ label, spec }) => (spec === undefined ? [] : [{ label, spec }]));
  // Columns of the variants that are left out, too: baselines may have values there.
  const report = allColumns(every.flatMap(({ spec }) => spec ?? []));
  return { spec: { ...whole.spec, model: experiment.model.name, report, named }, diagnostics };
}

function unknownExperiment(wanted: string | undefined, experiments: readonly ExperimentDeclaration[]): Failure {
  const names = experiments.map((each) => each.name.name);
  const start = { start: 0, end: 0 };
  const declare = "declare one with experiment NAME for MODEL { … }";
  if (wanted === undefined) {
    return new Failure(start, "unknown-experiment", "this file declares no experiment", { help: declare });
  }
  const near = didYouMean(wanted, names);
  const known = names.length === 0 ? declare : `it has ${names.join(", ")}`;
  const help = near === undefined ? known : `did you mean ${near}?`;
  return new Failure(start, "unknown-experiment", `there is no experiment ${wanted} in this file`, { help });
}

type Clause<K extends ExperimentClause["kind"]> = Extract<ExperimentClause, { kind: K }>;

/** Values of hypers; undefined where the value was wrong. */
type Hypers = ReadonlyMap<string, number | undefined>;

class Reader {
  readonly problems: Failure[] = [];
  private readonly experiment: ExperimentDeclaration;
  private readonly scope: Environment;
  private readonly model: ModelFacts | undefined;
  private readonly modelName: string;
  /** Models of all variants: a column that one of them has is one. */
  private readonly models: readonly ModelFacts[];
  private clauses: readonly ExperimentClause[] = [];

  constructor(
    experiment: ExperimentDeclaration,
    scope: Environment,
    model: ModelFacts | undefined,
    modelName: string,
    models: readonly ModelFacts[],
  ) {
    this.experiment = experiment;
    this.scope = scope;
    this.model = model;
    this.modelName = modelName;
    this.models = models;
  }

  /** The spec; undefined when something was wrong. */
  read(
    scale: string | undefined,
    settings: readonly string[],
    variant: readonly ExperimentClause[],
  ): ExperimentSpec | undefined {
    const base = this.experiment.clauses.filter((clause) => clause.kind !== "scale" && clause.kind !== "variant");
    const scaled = this.attempt(() => this.scale(scale)) ?? [];
    this.problems.push(...repeatedClauses(this.experiment.clauses), ...repeatedClauses(scaled));
    const overlay = [...scaled.filter((clause) => clause.kind !== "variant"), ...this.ofVariant(variant)];
    const outside = new Settings(settings, [...base, ...overlay], this.model);
    this.clauses = [...base, ...narrowed(overlay, base), ...outside.clauses];
    for (const search of this.all("search")) {
      this.problems.push(notYet(search.span, "search", "give each hyper one value: hyper lr = 1e-3"));
    }
    const hypers = this.hypers();
    const train = this.train(hypers);
    const varied = this.vary();
    const fixed = this.named(this.all("model-arguments").flatMap((clause) => clause.arguments));
    const data = this.data();
    const report = this.report();
    const used = usedByOptimizers([...this.experiment.clauses, ...this.clauses]);
    this.checkModel(used);
    this.problems.splice(0, Infinity, ...outside.problems, ...this.problems.map((problem) => outside.inPlace(problem)));
    if (train === undefined || data === undefined || report === undefined) return undefined;
    const ofModel = (name: string) => this.model?.parameters.some((each) => each.name.name === name) === true;
    return {
      name: this.experiment.name.name,
      model: this.modelName,
      vary: varied,
      modelArguments: { ...fixed, ...this.varied((name) => ofModel(name) || !(this.isHyper(name) || used.has(name))) },
      data,
      hypers: { ...this.ownHypers(hypers), ...this.varied((name) => this.isHyper(name)) },
      train,
      report,
      ...(scale === undefined ? {} : { scale }),
    };
  }

  /** What a variant may say of itself. */
  private ofVariant(clauses: readonly ExperimentClause[]): readonly ExperimentClause[] {
    for (const { kind, span } of clauses) {
      if (["hyper", "model-arguments", "train", "experiment-data"].includes(kind)) continue;
      const help = "a variant holds model, hyper, data and train; all else is said for the whole experiment";
      const word = kind === "scale" || kind === "variant" ? `another ${kind}` : kind;
      this.problems.push(new Failure(span, "bad-clause", `a variant holds no ${word}`, { help }));
    }
    return clauses;
  }

  /** Runs a part of the work; what is wrong with it is kept, and the rest goes on. */
  private attempt<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (problem) {
      if (!(problem instanceof Failure)) throw problem;
      this.problems.push(problem);
      return undefined;
    }
  }

  private all<K extends ExperimentClause["kind"]>(kind: K): Clause<K>[] {
    return this.clauses.filter((clause): clause is Clause<K> => clause.kind === kind);
  }

  private missing(what: string, help: string, span: Span = this.experiment.name.span): undefined {
    if (this.experiment.incomplete === true) return undefined;
    const message = `the experiment ${this.experiment.name.name} ${what}`;
    this.problems.push(new Failure(span, "missing-clause", message, { help }));
    return undefined;
  }

  private scale(name: string | undefined): readonly ExperimentClause[] {
    if (name === undefined) return [];
    const scales = this.experiment.clauses.filter((clause) => clause.kind === "scale");
    const found = scales.find((scale) => scale.name.name === name);
    if (found === undefined) {
      const names = scales.map((scale) => scale.name.name);
      const near = didYouMean(name, names);
      const help = near === undefined ? `it has ${names.join(", ") || "none"}` : `did you mean ${near}?`;
      const { span, name: own } = this.experiment.name;
      throw new Failure(span, "unknown-scale", `${own} has no scale ${name}`, { help });
    }
    const inner = found.clauses.find((clause) => clause.kind === "scale");
    if (inner === undefined) return found.clauses;
    throw new Failure(inner.span, "bad-clause", "a scale holds no other scale", { help: "write them side by side" });
  }

  private hypers(): Hypers {
    return new Map(
      this.all("hyper").map((clause) => [clause.name.name, this.attempt(() => this.number(clause.value))]),
    );
  }

  /** A later `vary` of the same name replaces the earlier one. */
  private vary(): ExperimentSpec["vary"] {
    const values = new Map(
      this.all("vary").map((clause) => [
        clause.name.name,
        clause.values.flatMap((value) => this.attempt(() => this.argument(value)) ?? []),
      ]),
    );
    return [...values].map(([name, list]) => ({ name, values: list }));
  }

  private isHyper(name: string): boolean {
    return this.model?.hypers.includes(name) === true;
  }

  /** Values of the model's hypers. */
  private ownHypers(hypers: Hypers): { [name: string]: number } {
    const known = [...hypers].flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
    return Object.fromEntries(known.filter(([name]) => this.isHyper(name)));
  }

  /** The names among those varied that fit, each standing for its values. */
  private varied(fits: (name: string) => boolean): { [name: string]: { vary: string } } {
    const names = this.all("vary").map(({ name }) => name.name);
    return Object.fromEntries(names.filter(fits).map((name) => [name, { vary: name }]));
  }

  private named(list: readonly Argument[]): { [name: string]: StaticArgument } {
    const values = list.flatMap(({ name, value }): [string, StaticArgument][] => {
      const found = name === undefined ? undefined : this.attempt(() => this.argument(value));
      return name === undefined || found === undefined ? [] : [[name.name, found]];
    });
    return Object.fromEntries(values);
  }

  private data(): ExperimentSpec["data"] | undefined {
    const clauses = this.all("experiment-data");
    const sources = clauses.flatMap((clause) => (clause.source === undefined ? [] : [{ ...clause.source, clause }]));
    const last = sources.at(-1);
    const { name } = this.experiment.name;
    if (last === undefined) return this.missing("has no data", 'add data from "./data.js" function(…)');
    this.attempt(() => {
      const given = last.clause.arguments.filter((argument) => argument.name !== undefined);
      const names = [...new Set(given.map((argument) => argument.name?.name ?? ""))];
      assignArguments(names, given.map(written), `the data of ${name}`);
    });
    const positional = last.clause.arguments.filter((argument) => argument.name === undefined);
    return {
      path: last.path.value,
      function: last.function.name,
      positional: positional.flatMap(({ value }) => this.attempt(() => this.argument(value)) ?? []),
      named: this.named(clauses.flatMap((clause) => clause.arguments)),
    };
  }

  /** A number, a truth value, a text, a structure's name, or the name of something varied. */
  private argument(e: Expression): StaticArgument {
    const varied = (name: string) => this.all("vary").some((clause) => clause.name.name === name);
    if (e.kind === "name") {
      if (varied(e.name)) return { vary: e.name };
      this.refuseModelArgument(e.name, e.span);
    }
    const value = evaluateStatic(e, this.scope);
    if (value.kind === "number" && !Number.isFinite(value.value)) throw notFinite(e.span, value.value);
    if (value.kind === "number" || value.kind === "boolean" || value.kind === "string") return value.value;
    if (value.kind === "structure-name" || value.kind === "distribution-class") return value.declaration.name.name;
    if (value.kind === "relaxation" && e.kind === "name") return e.name;
    const message = `${printExpression(e)} cannot be an argument here: it is ${describeStatic(value)}`;
    throw new Failure(e.span, "type-mismatch", message);
  }

  private refuseModelArgument(name: string, span: Span): void {
    const { model } = this;
    const ofModel = model?.parameters.some((parameter) => parameter.name.name === name) === true;
    if (model === undefined || !ofModel || this.scope.lookup(name) !== undefined) return;
    const message = `${name} is an argument of the model ${model.name}, and has no value here`;
    const help = `vary it, as in vary ${name} in { 1, 2 }, or write its value`;
    throw new Failure(span, "unknown-name", message, { help });
  }

  private number(e: Expression): number {
    const value = evaluateStatic(e, this.scope);
    if (value.kind !== "number") {
      throw new Failure(e.span, "type-mismatch", `expected a number but got ${describeStatic(value)}`);
    }
    if (Number.isFinite(value.value)) return value.value;
    throw notFinite(e.span, value.value);
  }

  private train(hypers: Hypers): ExperimentSpec["train"] | undefined {
    const merged = Object.assign({}, ...this.all("train")) as Partial<Clause<"train">>;
    if (merged.span === undefined) return this.missing("does not train", "add train adam(1e-3) batch 32 steps 1000");
    const { span } = merged;
    const numberOf = (e: Expression) => this.number(e);
    const length = (given: TrainingLength, what: string) => this.attempt(() => readLength(given, what, numberOf));
    const optimizer = this.optimizer(merged.optimizer, hypers, span);
    const without = (what: string, help: string) => this.missing(`trains without ${what}`, help, span);
    const { batch: size, length: given } = merged;
    const whole = (e: Expression) => this.attempt(() => positiveInteger(e, "batch", numberOf));
    const batch = size === undefined ? without("batch", "add batch 32") : whole(size);
    const steps = given === undefined ? without("steps", "add steps 1000 or epochs 10") : length(given, given.unit);
    const every = merged.validateEvery === undefined ? steps : length(merged.validateEvery, "validate every");
    const { keepBest } = merged;
    const best = keepBest === undefined ? undefined : this.attempt(() => checkChoice(keepBest, this.model));
    if (optimizer === undefined || batch === undefined || steps === undefined || every === undefined) return undefined;
    const keep = best === undefined ? {} : { keepBest: best };
    return { optimizer, batch, steps, validateEvery: every, ...keep };
  }

  private optimizer(e: Clause<"train">["optimizer"], hypers: Hypers, span: Span) {
    if (e === undefined) return this.missing("trains without an optimiser", "add one, such as adam(1e-3)", span);
    const varied = new Map(this.all("vary").map(({ name, values }) => [name.name, values]));
    // What is searched has a value in each trial.
    const searched = this.all("search").flatMap(({ space }) =>
      space.map(({ name }) => [name.name, undefined] as const),
    );
    const names = { hypers: new Map([...hypers, ...searched]), varied, scope: this.scope };
    return this.attempt(() => readOptimizer(e, names, this.problems));
  }

  private report(): ExperimentSpec["report"] | undefined {
    const clause = this.all("report").at(-1);
    if (clause === undefined) return this.missing("reports nothing", "add report test.elbo");
    if (clause.bootstrap !== undefined) {
      this.problems.push(notYet(clause.bootstrap.span, "bootstrap", "leave it out of report"));
    }
    return clause.columns.flatMap((column) => {
      const elsewhere = this.models.some((model) => model !== this.model && hasColumn(column, model));
      if (elsewhere && this.model !== undefined && !hasColumn(column, this.model)) return [];
      return this.attempt(() => checkColumn(column, this.model)) ?? [];
    });
  }

  /** What is varied and set must be there in the model. */
  private checkModel(used: ReadonlySet<string>): void {
    const { model } = this;
    if (model === undefined) return;
    const check = (name: Identifier, values: readonly Expression[]) =>
      this.attempt(() => checkArguments(model, name, values, this.scope));
    for (const { name, values } of this.all("vary")) {
      // The optimiser has looked at its own.
      if (this.isHyper(name.name)) for (const value of values) this.attempt(() => this.number(value));
      else if (!used.has(name.name)) check(name, values);
    }
    for (const { name, value } of this.all("model-arguments").flatMap((clause) => clause.arguments)) {
      if (name !== undefined) check(name, [value]);
    }
    for (const { name } of this.all("hyper")) {
      if (used.has(name.name) || model.hypers.includes(name.name)) continue;
      const near = didYouMean(name.name, model.hypers);
      const known = `its hypers are ${model.hypers.join(", ") || "none"}`;
      const message = `${model.name} has no hyper ${name.name}, and the optimiser does not use it`;
      const help = near === undefined ? known : `did you mean ${near}?`;
      this.problems.push(new Failure(name.span, "unknown-name", message, { help }));
    }
  }
}

function written({ name, value }: Argument) {
  return { name: name?.name, nameSpan: name?.span, span: value.span };
}

function notFinite(span: Span, value: number): Failure {
  return new Failure(span, "bad-number", `expected a finite number but got ${value}`);
}
