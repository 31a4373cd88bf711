/** What an experiment says twice on one level, of which only the last would count; a scale may say it anew. */
import type { Argument, ExperimentClause, Identifier, Span } from "../grammar/ast.ts";
import { printExpression } from "../grammar/format.ts";
import { Failure } from "./failure.ts";

/** `level`: the clauses of an experiment, or those of one of its scales. */
export function repeatedClauses(level: readonly ExperimentClause[]): Failure[] {
  const repeats = new Repeats();
  const varied = new Set(level.flatMap((clause) => (clause.kind === "vary" ? [clause.name.name] : [])));
  for (const name of level.flatMap(namesOf)) {
    if (varied.has(name.name)) repeats.contradiction(name);
  }
  for (const clause of level) {
    switch (clause.kind) {
      case "vary":
        repeats.name(`vary ${clause.name.name}`, clause.name.span);
        for (const value of clause.values) {
          repeats.name(`${printExpression(value)}`, value.span, clause);
        }
        break;
      case "hyper":
      case "scale":
        repeats.name(`${clause.kind} ${clause.name.name}`, clause.name.span);
        break;
      case "variant":
        repeats.name(`variant ${JSON.stringify(clause.label.value)}`, clause.label.span);
        break;
      case "report":
      case "search":
        repeats.name(clause.kind, clause.span);
        break;
      case "train":
        repeats.name("train", clause.span);
        for (const { word, span } of clause.repeated) repeats.report(word, span);
        break;
      case "experiment-data":
        if (clause.source !== undefined) repeats.name("data from", clause.span);
        repeats.arguments("data", clause.arguments);
        break;
      case "model-arguments":
        repeats.arguments("model", clause.arguments);
        break;
    }
  }
  return repeats.problems;
}

/** What a clause gives one value. */
function namesOf(clause: ExperimentClause): readonly Identifier[] {
  if (clause.kind === "hyper") return [clause.name];
  if (clause.kind !== "model-arguments") return [];
  return clause.arguments.flatMap(({ name }) => (name === undefined ? [] : [name]));
}

class Repeats {
  readonly problems: Failure[] = [];
  private readonly seen = new Map<unknown, Set<string>>();

  /** Notes a name; `within` is what it may stand in once, the whole level by default. */
  name(name: string, span: Span, within: unknown = this): void {
    if (this.isNew(name, within)) return;
    this.report(name, span);
  }

  report(name: string, span: Span): void {
    const message = `${name} is given twice`;
    this.problems.push(new Failure(span, "duplicate-name", message, { help: "remove one of them" }));
  }

  contradiction({ name, span }: Identifier): void {
    const message = `${name} is varied, and has one value here`;
    this.problems.push(new Failure(span, "duplicate-name", message, { help: "remove one of them" }));
  }

  arguments(within: string, list: readonly Argument[]): void {
    const names = list.flatMap(({ name }) => (name === undefined ? [] : [name]));
    for (const { name, span } of names) {
      if (this.isNew(name, within)) continue;
      this.problems.push(new Failure(span, "duplicate-argument", `${name} is given twice`));
    }
  }

  private isNew(name: string, within: unknown): boolean {
    const names = this.seen.get(within) ?? new Set<string>();
    this.seen.set(within, names);
    if (names.has(name)) return false;
    names.add(name);
    return true;
  }
}
