/**
 * Reads an experiment declaration into plain data that the runtime carries out: the base clauses with those of the chosen
 * scale laid over them.
 */
import type { Argument, ExperimentClause, ExperimentDeclaration, Expression } from "../grammar/ast.ts";
import { printExpression } from "../grammar/format.ts";
import type { ExperimentSpec, StaticArgument } from "./artifact.ts";
import { declarationsFor } from "./declarations.ts";
import { type Diagnostic, didYouMean, type Source } from "./diagnostic.ts";
import { Failure } from "./failure.ts";
import { type Library, Names } from "./names.ts";
import { type Environment, environment, evaluateStatic } from "./static-evaluate.ts";
import type { StaticValue } from "./static-value.ts";
import { describeStatic, staticNumber } from "./static-value.ts";

export interface ExperimentRequest {
  readonly library: Library;
  readonly experiment?: string | undefined;
  readonly scale?: string | undefined;
}

/** The spec, or what is wrong with it. */
export function readExperiment(
  source: Source,
  request: ExperimentRequest,
): { spec?: ExperimentSpec; diagnostics: readonly Diagnostic[] } {
  const names = new Names(request.library, () => undefined);
  const file = names.load(source);
  if (names.diagnostics.length > 0) return { diagnostics: names.diagnostics };
  const experiments = file.declarations.filter((declaration) => declaration.kind === "experiment");
  try {
    const found =
      request.experiment === undefined
        ? experiments[0]
        : experiments.find((each) => each.name.name === request.experiment);
    if (found === undefined) {
      const offered = experiments.map((each) => each.name.name).join(", ");
      throw new Failure(
        { start: 0, end: 0 },
        "unknown-experiment",
        request.experiment === undefined
          ? "this file declares no experiment"
          : `there is no experiment ${request.experiment} in this file`,
        { help: offered === "" ? "declare one with experiment NAME for MODEL { … }" : `it has ${offered}` },
      );
    }
    return { spec: new Reader(found, declarationsFor(names, source)).read(request.scale), diagnostics: [] };
  } catch (problem) {
    if (!(problem instanceof Failure)) throw problem;
    const { span, code, message, why, help } = problem;
    return {
      diagnostics: [
        {
          code,
          severity: "error",
          source,
          span,
          message,
          ...(why === undefined ? {} : { why }),
          ...(help === undefined ? {} : { help }),
        },
      ],
    };
  }
}

type Clause<K extends ExperimentClause["kind"]> = Extract<ExperimentClause, { kind: K }>;

class Reader {
  private readonly experiment: ExperimentDeclaration;
  private readonly scope: Environment;
  private clauses: readonly ExperimentClause[] = [];

  constructor(experiment: ExperimentDeclaration, scope: Environment) {
    this.experiment = experiment;
    this.scope = scope;
  }

  read(scaleName: string | undefined): ExperimentSpec {
    const base = this.experiment.clauses.filter((clause) => clause.kind !== "scale");
    this.clauses = [...base, ...this.scale(scaleName)];
    this.refuse("search", "search");
    const report = this.all("report").at(-1);
    if (report?.bootstrap !== undefined)
      throw new Failure(
        report.bootstrap.span,
        "not-yet",
        "bootstrap is read, but this version of sstc does not carry it out yet",
        { help: "leave it out of report" },
      );
    const data = this.all("experiment-data").find((clause) => clause.source !== undefined);
    if (data?.source === undefined)
      throw new Failure(
        this.experiment.name.span,
        "missing-clause",
        `the experiment ${this.experiment.name.name} has no data`,
        { help: 'add data from "./data.js" function(…)' },
      );
    if (report === undefined)
      throw new Failure(
        this.experiment.name.span,
        "missing-clause",
        `the experiment ${this.experiment.name.name} reports nothing`,
        { help: "add report test.elbo" },
      );
    const hypers = new Map(this.all("hyper").map((clause) => [clause.name.name, this.number(clause.value)]));
    const train = this.train(hypers);
    return {
      name: this.experiment.name.name,
      model: this.experiment.model.name,
      vary: this.vary(),
      modelArguments: Object.fromEntries(this.all("model-arguments").flatMap((clause) => this.named(clause.arguments))),
      data: {
        path: data.source.path.value,
        function: data.source.function.name,
        positional: data.arguments
          .filter((argument) => argument.name === undefined)
          .map((argument) => this.argument(argument.value)),
        named: Object.fromEntries(this.all("experiment-data").flatMap((clause) => this.named(clause.arguments))),
      },
      hypers: Object.fromEntries([...hypers].filter(([name]) => !train.used.has(name))),
      train: train.spec,
      report: report.columns.map((column) => this.column(column)),
      ...(scaleName === undefined ? {} : { scale: scaleName }),
    };
  }

  private all<K extends ExperimentClause["kind"]>(kind: K): Clause<K>[] {
    return this.clauses.filter((clause): clause is Clause<K> => clause.kind === kind);
  }

  private scale(name: string | undefined): readonly ExperimentClause[] {
    if (name === undefined) return [];
    const scales = this.experiment.clauses.filter((clause) => clause.kind === "scale");
    const found = scales.find((scale) => scale.name.name === name);
    if (found !== undefined) return found.clauses;
    const near = didYouMean(
      name,
      scales.map((scale) => scale.name.name),
    );
    throw new Failure(this.experiment.name.span, "unknown-scale", `${this.experiment.name.name} has no scale ${name}`, {
      help:
        near === undefined
          ? `it has ${scales.map((scale) => scale.name.name).join(", ") || "none"}`
          : `did you mean ${near}?`,
    });
  }

  private refuse(kind: "search", what: string): void {
    const clause = this.all(kind)[0];
    if (clause !== undefined)
      throw new Failure(clause.span, "not-yet", `${what} is read, but this version of sstc does not carry it out yet`, {
        help: "give each hyper one value: hyper lr = 1e-3",
      });
  }

  /** A later `vary` of the same name replaces the earlier one. */
  private vary(): ExperimentSpec["vary"] {
    const values = new Map(
      this.all("vary").map((clause) => [clause.name.name, clause.values.map((value) => this.argument(value))]),
    );
    return [...values].map(([name, list]) => ({ name, values: list }));
  }

  private named(list: readonly Argument[]): [string, StaticArgument][] {
    return list.flatMap((argument) =>
      argument.name === undefined ? [] : [[argument.name.name, this.argument(argument.value)]],
    );
  }

  /** A number, a truth value, a structure's name, or the name of something varied. */
  private argument(e: Expression): StaticArgument {
    if (e.kind === "name" && this.clauses.some((clause) => clause.kind === "vary" && clause.name.name === e.name))
      return { vary: e.name };
    const value = evaluateStatic(e, this.scope);
    if (value.kind === "number" || value.kind === "boolean" || value.kind === "string") return value.value;
    if (value.kind === "structure-name") return value.declaration.name.name;
    throw new Failure(
      e.span,
      "type-mismatch",
      `${printExpression(e)} cannot be an argument here: it is ${describeStatic(value)}`,
    );
  }

  private number(e: Expression, scope: Environment = this.scope): number {
    const value = evaluateStatic(e, scope);
    if (value.kind !== "number")
      throw new Failure(e.span, "type-mismatch", `expected a number but got ${describeStatic(value)}`);
    return value.value;
  }

  private train(hypers: ReadonlyMap<string, number>): { spec: ExperimentSpec["train"]; used: Set<string> } {
    const merged = Object.assign({}, ...this.all("train")) as Clause<"train">;
    const span = this.all("train")[0]?.span ?? this.experiment.name.span;
    const whole = (e: Expression | undefined, what: string, least = 1) => {
      if (e === undefined) throw new Failure(span, "missing-clause", `train needs ${what}`);
      const value = this.number(e);
      if (!Number.isInteger(value) || value < least)
        throw new Failure(e.span, "bad-size", `${what} must be an integer of at least ${least}, but it is ${value}`);
      return value;
    };
    const { optimizer, keepBest } = merged;
    if (optimizer === undefined)
      throw new Failure(span, "missing-clause", "train needs an optimiser such as adam(1e-3)");
    const name = printExpression(optimizer.callee);
    if (name !== "adam" && name !== "adamw")
      throw new Failure(optimizer.span, "unknown-name", `there is no optimiser ${name}`, {
        help: "choose adam or adamw",
      });
    const used = new Set<string>();
    const scope = environment(
      new Map([...hypers].map(([key, value]) => [key, staticNumber(value) as StaticValue])),
      this.scope,
    );
    const values = Object.fromEntries(
      optimizer.arguments.map((argument, i) => {
        if (argument.value.kind === "name") used.add(argument.value.name);
        return [
          argument.name?.name ?? (i === 0 ? "learning_rate" : "weight_decay"),
          this.number(argument.value, scope),
        ];
      }),
    );
    const steps = whole(merged.steps, "steps");
    const validateEvery = merged.validateEvery === undefined ? steps : whole(merged.validateEvery, "validate every");
    const keep = keepBest === undefined ? {} : { keepBest: this.column(keepBest) };
    return {
      used,
      spec: {
        optimizer: { name, arguments: values },
        batch: whole(merged.batch, "batch"),
        steps,
        validateEvery,
        ...keep,
      },
    };
  }

  /** `test.edges.precision`: a split and a metric's path. */
  private column(e: Expression): { split: string; metric: string } {
    const [split, ...path] = printExpression(e).split(".");
    if (path.length === 0)
      throw new Failure(e.span, "type-mismatch", "a column names a split and a metric, such as test.elbo");
    return { split: split!, metric: path.join(".") };
  }
}
