/**
 * Settings from outside of the text, such as `--set hidden=64`, as clauses that are laid over an experiment's own, the
 * way a scale is. What is wrong with one is told in its own text.
 */
import type { Argument, ExperimentClause, Expression, Identifier, Span } from "../grammar/ast.ts";
import type { Cursor } from "../grammar/cursor.ts";
import { commaList, expression } from "../grammar/expressions.ts";
import { parsePart } from "../grammar/parse.ts";
import { type Part, partsOf } from "../grammar/walk.ts";
import { didYouMean, type Source } from "./diagnostic.ts";
import type { ModelFacts } from "./experiment-model.ts";
import { Failure } from "./failure.ts";

/** `key = value`, or `key = value, value` for what is varied. */
interface Setting {
  readonly path: readonly Identifier[];
  readonly values: readonly Expression[];
  readonly span: Span;
}

const TRAIN = ["batch", "steps", "epochs", "validate"] as const;

export class Settings {
  readonly clauses: ExperimentClause[] = [];
  readonly problems: Failure[] = [];
  /** The text that a piece of a setting stands in. */
  private readonly sources = new WeakMap<Span, Source>();

  /** `base`: the experiment's own clauses, those of the scale among them. */
  constructor(texts: readonly string[], base: readonly ExperimentClause[], model: ModelFacts | undefined) {
    for (const text of texts) {
      const source = { name: `--set ${text}`, text };
      const { value, problems } = parsePart(text, setting);
      const [problem] = problems;
      if (value === undefined) {
        const { span, message } = problem ?? { span: { start: 0, end: 0 }, message: "there is nothing to read" };
        const help = problem?.help ?? "write NAME=VALUE, such as hidden=64 or data.train=1000";
        this.problems.push(new Failure(span, "syntax", message, { help, source }));
        continue;
      }
      this.remember(value, source);
      const clauses = clausesOf(value, base, model);
      if (clauses instanceof Failure) this.problems.push(this.inPlace(clauses));
      else this.clauses.push(...clauses);
    }
  }

  /** The failure with the setting's text as its source, where it is about a setting. */
  inPlace(failure: Failure): Failure {
    const source = this.sources.get(failure.span);
    if (source === undefined) return failure;
    const { span, code, message, why, help } = failure;
    return new Failure(span, code, message, { why, help, source });
  }

  private remember({ path, values, span }: Setting, source: Source): void {
    const note = (part: Part) => {
      this.sources.set(part.span, source);
      partsOf(part).forEach(note);
    };
    this.sources.set(span, source);
    for (const name of path) this.sources.set(name.span, source);
    values.forEach(note);
  }
}

function setting(c: Cursor): Setting {
  const start = c.start;
  const path = [c.name("a name", true)];
  while (c.accept(".")) path.push(c.name("a name", true));
  c.expect("=", "and a value");
  // Shells expand braces, so a list may do without them.
  const braces = c.accept("{");
  const values = commaList(c, () => expression(c));
  if (braces) c.expect("}");
  return { path, values, span: c.spanFrom(start) };
}

/**
 * What a setting says, as clauses. `data.train`, `model.hidden` and `train.steps` name the clause; a name alone finds
 * it.
 */
function clausesOf(
  { path, values, span }: Setting,
  base: readonly ExperimentClause[],
  model: ModelFacts | undefined,
): ExperimentClause[] | Failure {
  const name = path.at(-1)!;
  const room = path.length === 1 ? undefined : path[0]!.name;
  const [value] = values;
  const own = namesOf(base, model);
  const is = (kind: keyof typeof own) => (room === undefined || room === kind) && own[kind].has(name.name);
  if (value === undefined) return new Failure(span, "syntax", `there is no value for ${name.name}`);
  if (path.length <= 2) {
    if (is("vary")) return [{ kind: "vary", name, values, span }];
    if (values.length > 1) {
      const help = `it varies ${[...own.vary].join(", ") || "nothing"}`;
      return new Failure(name.span, "type-mismatch", `${name.name} is not varied: give it one value`, { help });
    }
    const list: Argument[] = [{ name, value, span }];
    if (is("train")) return [trainClause(name.name as (typeof TRAIN)[number], value, span)];
    if (is("hyper")) return [{ kind: "hyper", name, value, span }];
    if (is("model")) return [{ kind: "model-arguments", arguments: list, span }];
    // The data's function may take more than the experiment gives it, but hardly a name that looks like a slip.
    const isNew = room === "data" && didYouMean(name.name, [...own.data]) === undefined;
    if (is("data") || isNew) return [{ kind: "experiment-data", arguments: list, span }];
  }
  const written = path.map((each) => each.name).join(".");
  const known = [...new Set(Object.values(own).flatMap((names) => [...names]))];
  const near = didYouMean(name.name, known);
  const help = near === undefined ? `it knows ${known.join(", ")}` : `did you mean ${near}?`;
  return new Failure(name.span, "unknown-argument", `there is nothing called ${written} to set`, { help });
}

function trainClause(name: (typeof TRAIN)[number], value: Expression, span: Span): ExperimentClause {
  switch (name) {
    case "batch":
      return { kind: "train", batch: value, repeated: [], span };
    case "steps":
    case "epochs":
      return { kind: "train", length: { unit: name, count: value, span }, repeated: [], span };
    case "validate":
      return { kind: "train", validateEvery: { unit: "steps", count: value, span }, repeated: [], span };
  }
}

/** What can be set, by the clause it belongs to. */
function namesOf(base: readonly ExperimentClause[], model: ModelFacts | undefined) {
  const names = (pick: (clause: ExperimentClause) => readonly (Identifier | undefined)[]) =>
    new Set(base.flatMap(pick).flatMap((each) => (each === undefined ? [] : [each.name])));
  return {
    vary: names((clause) => (clause.kind === "vary" ? [clause.name] : [])),
    train: new Set<string>(TRAIN),
    hyper: new Set([...names((clause) => (clause.kind === "hyper" ? [clause.name] : [])), ...(model?.hypers ?? [])]),
    model: new Set((model?.parameters ?? []).map((parameter) => parameter.name.name)),
    data: names((clause) => (clause.kind === "experiment-data" ? clause.arguments.map((each) => each.name) : [])),
  };
}
