/**
 * `check`: everything wrong with a file in one run, used or not. Names everywhere; models elaborated with their default
 * arguments and with those of the experiments; structures and kernels tried out at small sizes; experiments at every
 * scale.
 */
import type {
  ExperimentDeclaration,
  FunctionDeclaration,
  ModelDeclaration,
  ModuleDeclaration,
} from "../grammar/ast.ts";
import type { ExperimentSpec, StaticArgument } from "./artifact.ts";
import { tryKernel, trySample } from "./check-samples.ts";
import { elaborateEntries } from "./compile.ts";
import { type Diagnostic, hasErrors, inOrder, type Source } from "./diagnostic.ts";
import { Context } from "./elaborate/context.ts";
import { examineFunction, examineModule } from "./elaborate/examine.ts";
import { evaluateExpression } from "./elaborate/expressions.ts";
import type { ElaboratedModel } from "./elaborate/model.ts";
import { type BoundArgument, ERROR } from "./elaborate/values.ts";
import { experimentSpec } from "./experiment.ts";
import { checkMetricPaths, checkTemperatures } from "./experiment-model.ts";
import { Failure } from "./failure.ts";
import { findings, remaining } from "./findings.ts";
import { modelArguments } from "./model-request.ts";
import { type ImportResolver, type Library, Names } from "./names.ts";
import { resolve } from "./passes/resolve.ts";

export interface CheckOptions {
  readonly library: Library;
  readonly resolveImport?: ImportResolver | undefined;
}

/** Variants of one experiment that are tried out at most. */
const MOST_VARIANTS = 16;

/** All diagnostics of a file, in the order of its text. Never throws for what a file may hold. */
export function check(source: Source, options: CheckOptions): Diagnostic[] {
  const names = new Names(options.library, options.resolveImport ?? (() => undefined));
  const file = names.load(source);
  const resolved = [...names.diagnostics, ...resolve(names)];
  const passes: (readonly Diagnostic[])[] = [resolved];
  // At sizes of nobody's choice: where a model uses the same, what is wrong there is told.
  const tried: (readonly Diagnostic[])[] = [];
  const remains = remaining(names, resolved);
  const checker = new Checker(source, names, remains);
  const experiments = file.declarations.filter((declaration) => declaration.kind === "experiment");
  for (const declaration of file.declarations) {
    switch (declaration.kind) {
      case "model":
        passes.push(...checker.model(declaration, experiments));
        break;
      case "structure":
        if (declaration.incomplete !== true) tried.push(trySample(declaration, source, names).filter(remains));
        break;
      case "kernel":
        if (declaration.incomplete !== true) tried.push(tryKernel(declaration, source, names).filter(remains));
        break;
      default:
        break; // Functions and modules come last; of the others names are all that can be told before they are used.
    }
  }
  for (const experiment of experiments) passes.push(...checker.experiment(experiment));
  passes.push(...tried);
  for (const declaration of file.declarations) {
    if (declaration.kind === "function" || declaration.kind === "module") passes.push(checker.alone(declaration));
  }
  return inOrder(...passes);
}

type Arguments = { readonly [name: string]: number | boolean | string };

class Checker {
  private readonly source: Source;
  private readonly names: Names;
  private readonly remains: (diagnostic: Diagnostic) => boolean;
  /** Each model for its training. */
  private readonly models = new Map<string, ElaboratedModel>();
  /** Models that are wrong without any experiment. */
  private readonly wrong = new Set<string>();

  constructor(source: Source, names: Names, remains: (diagnostic: Diagnostic) => boolean) {
    this.source = source;
    this.names = names;
    this.remains = remains;
  }

  /** A model with its default arguments; what has none is left open, and a note says so. */
  model(model: ModelDeclaration, experiments: readonly ExperimentDeclaration[]): Diagnostic[][] {
    const { name, span } = model.name;
    const open = model.parameters.filter((parameter) => parameter.default === undefined);
    const given = open.map((parameter): BoundArgument => ({ name: parameter.name.name, value: ERROR, span }));
    const elaborated = elaborateEntries(this.names, this.source, model, given);
    const found = findings(elaborated, this.remains);
    this.models.set(name, elaborated.get("train")!);
    if (hasErrors(found.flat())) this.wrong.add(name);
    const tried = experiments.some((experiment) => experiment.model.name === name);
    if (open.length === 0 || tried) return found;
    const list = open.map((parameter) => parameter.name.name).join(", ");
    const help = `give ${open.length === 1 ? "it a default" : "them defaults"}, such as ${open[0]!.name.name} = 10`;
    const message = `${name} was checked without values for ${list}: what depends on them was left out`;
    const note = new Failure(span, "unchecked", message, { help }).diagnostic(this.source);
    return [[{ ...note, severity: "note" }], ...found];
  }

  /** A function or module by itself: what nothing uses, or nothing that could be read. */
  alone(declaration: FunctionDeclaration | ModuleDeclaration): Diagnostic[] {
    const context = new Context(this.names, this.source, "train", evaluateExpression);
    if (declaration.kind === "function") examineFunction(context, declaration);
    else if (declaration.incomplete !== true) examineModule(context, declaration);
    // What is too much to expand is told where it is used.
    const told = context.diagnostics.filter((each) => !context.exhausted || each.code !== "too-large");
    return told.filter(this.remains);
  }

  /** An experiment at every scale, and its model with the arguments that it asks for. */
  experiment(experiment: ExperimentDeclaration): Diagnostic[][] {
    const scales = experiment.clauses.flatMap((clause) => (clause.kind === "scale" ? [clause.name.name] : []));
    const base = experimentSpec(experiment, this.source, this.names, undefined);
    // What every scale brings need not be in the base.
    const alone = base.diagnostics.filter((each) => each.code !== "missing-clause" || scales.length === 0);
    const read = scales.map((scale) => experimentSpec(experiment, this.source, this.names, scale));
    const specs = [base, ...read].flatMap(trained);
    const models = [...new Set([experiment.model.name, ...specs.map((spec) => spec.model)])];
    const variants = models.flatMap((name) => [
      this.inModel(experiment, name),
      ...this.variants(
        experiment,
        name,
        specs.filter((spec) => spec.model === name),
      ),
    ]);
    return [alone, ...read.map(({ diagnostics }) => [...diagnostics]), ...variants];
  }

  /** What an experiment asks of its model that only the elaborated model can tell. */
  private inModel(experiment: ExperimentDeclaration, name: string): Diagnostic[] {
    const model = this.models.get(name);
    if (model === undefined || this.wrong.has(name)) return [];
    const problems = [
      ...checkMetricPaths(experiment, model.metricTrees),
      ...checkTemperatures(experiment, model.context.hypers),
    ];
    return problems.map((problem) => problem.diagnostic(this.source));
  }

  private variants(experiment: ExperimentDeclaration, name: string, specs: readonly ExperimentSpec[]): Diagnostic[][] {
    const model = this.names.find(name, this.source)?.declaration;
    if (model?.kind !== "model" || this.wrong.has(model.name.name)) return [];
    const all = new Map(specs.flatMap(argumentsOf).map((each) => [JSON.stringify(each), each]));
    return [...all.values()].slice(0, MOST_VARIANTS).flatMap((given) => {
      const diagnostics: Diagnostic[] = [];
      const values = modelArguments(this.names, this.source, model, given, diagnostics);
      const elaborated = elaborateEntries(this.names, this.source, model, values, ["train"]);
      const setting = Object.entries(given)
        .map(([name, value]) => `${name} = ${value}`)
        .join(", ");
      const because = `in the experiment ${experiment.name.name} with ${setting}`;
      const found = findings(elaborated, this.remains)
        .flat()
        .filter((each) => each.severity === "error");
      return [
        [...diagnostics, ...found].map((each) => ({
          ...each,
          why: each.why === undefined ? because : `${each.why} (${because})`,
        })),
      ];
    });
  }
}

/** What an experiment trains: one model, or each of its named variants. */
function trained({ spec }: { readonly spec?: ExperimentSpec }): readonly ExperimentSpec[] {
  return spec === undefined ? [] : (spec.named?.map((each) => each.spec) ?? [spec]);
}

/** The arguments that an experiment gives a model, without scale and at each, every combination once. */
export function experimentArguments(
  experiment: ExperimentDeclaration,
  model: string,
  source: Source,
  names: Names,
): Arguments[] {
  const scales = experiment.clauses.flatMap((clause) => (clause.kind === "scale" ? [clause.name.name] : []));
  const specs = [undefined, ...scales].flatMap((scale) => trained(experimentSpec(experiment, source, names, scale)));
  const ofModel = specs.filter((spec) => spec.model === model);
  const all = new Map(ofModel.flatMap(argumentsOf).map((each) => [JSON.stringify(each), each]));
  return [...all.values()].slice(0, MOST_VARIANTS);
}

/** The arguments of each variant of an experiment. */
function argumentsOf(spec: ExperimentSpec): Arguments[] {
  let variants: Arguments[] = [{}];
  for (const { name, values } of spec.vary) {
    variants = variants.flatMap((each) => values.map((value) => ({ ...each, [name]: plain(value, each) })));
    if (variants.length > MOST_VARIANTS) variants = variants.slice(0, MOST_VARIANTS);
  }
  return variants.map((each) => {
    const own = Object.entries(spec.modelArguments).map(([name, value]) => [name, plain(value, each)] as const);
    return Object.fromEntries(own);
  });
}

function plain(value: StaticArgument, varied: Arguments): number | boolean | string {
  return typeof value === "object" ? (varied[value.vary] ?? 0) : value;
}
