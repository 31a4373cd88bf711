/** Variants of an experiment that have names, and what scales and variants lay over its clauses. */
import type { Argument, ExperimentClause, ExperimentDeclaration, Expression } from "../grammar/ast.ts";
import type { ExperimentSpec } from "./artifact.ts";
import { didYouMean } from "./diagnostic.ts";
import { checkColumn, type ModelFacts } from "./experiment-model.ts";
import { Failure } from "./failure.ts";

/** A problem by what it says of which place. */
export function placed(problem: Failure): [string, Failure] {
  const { span, message, source } = problem;
  return [`${source?.name} ${span.start} ${span.end} ${message}`, problem];
}

export interface NamedVariant {
  readonly label: string;
  readonly model: string | undefined;
  readonly clauses: readonly ExperimentClause[];
}

/** Variants by name, with what the scale adds to them. */
export function namedVariants({ clauses }: ExperimentDeclaration, scale: string | undefined): NamedVariant[] {
  const ofScale = clauses.flatMap((clause) =>
    clause.kind === "scale" && clause.name.name === scale ? clause.clauses : [],
  );
  const variants = new Map<string, NamedVariant>();
  for (const clause of [...clauses, ...ofScale]) {
    if (clause.kind !== "variant") continue;
    const label = clause.label.value;
    const before = variants.get(label);
    const model = clause.model?.name ?? before?.model;
    variants.set(label, { label, model, clauses: [...(before?.clauses ?? []), ...clause.clauses] });
  }
  return [...variants.values()];
}

/** What any of the variants reports, each column once. */
export function allColumns(specs: readonly ExperimentSpec[]): ExperimentSpec["report"] {
  const columns = specs.flatMap(({ report }) => report);
  return [...new Map(columns.map((each) => [`${each.split}.${each.metric}`, each])).values()];
}

export function unknownVariant(
  label: string,
  { name }: ExperimentDeclaration,
  variants: readonly NamedVariant[],
): Failure {
  const labels = variants.map((each) => each.label);
  const near = didYouMean(label, labels);
  const known = labels.length === 0 ? "it names no variants" : `it has ${labels.join("; ")}`;
  const help = near === undefined ? known : `did you mean ${near}?`;
  return new Failure(name.span, "unknown-name", `the experiment ${name.name} has no variant ${label}`, { help });
}

/** The clauses of a scale, in which one value for what the experiment varies is all that it is varied over. */
export function narrowed(overlay: readonly ExperimentClause[], base: readonly ExperimentClause[]): ExperimentClause[] {
  const varied = new Set(base.flatMap((clause) => (clause.kind === "vary" ? [clause.name.name] : [])));
  return overlay.flatMap((clause): ExperimentClause[] => {
    if (clause.kind === "hyper" && varied.has(clause.name.name)) {
      return [{ kind: "vary", name: clause.name, values: [clause.value], span: clause.span }];
    }
    if (clause.kind !== "model-arguments") return [clause];
    const isVaried = ({ name }: Argument) => name !== undefined && varied.has(name.name);
    const single = clause.arguments
      .filter(isVaried)
      .map(({ name, value, span }): ExperimentClause => ({ kind: "vary", name: name!, values: [value], span }));
    return [...single, { ...clause, arguments: clause.arguments.filter((each) => !isVaried(each)) }];
  });
}

/** Whether a model has what a column names. */
export function hasColumn(e: Expression, model: ModelFacts): boolean {
  try {
    checkColumn(e, model);
    return true;
  } catch (problem) {
    if (problem instanceof Failure) return false;
    throw problem;
  }
}
