/**
 * Settings from outside of the text, such as `--set V=5`, as arguments and hypers of a model. What is wrong with one is
 * told in its own text.
 */
import type { Expression, Identifier, ModelDeclaration } from "../grammar/ast.ts";
import type { Cursor } from "../grammar/cursor.ts";
import { expression } from "../grammar/expressions.ts";
import { parsePart } from "../grammar/parse.ts";
import { declarationsFor } from "./declarations.ts";
import { type Diagnostic, didYouMean, type Source } from "./diagnostic.ts";
import { modelFacts } from "./experiment-model.ts";
import { Failure } from "./failure.ts";
import { chooseModel, takesText } from "./model-request.ts";
import { type ImportResolver, type Library, Names } from "./names.ts";
import { evaluateStatic } from "./static-evaluate.ts";
import { describeStatic } from "./static-value.ts";

export interface ModelSettings {
  readonly arguments: { readonly [name: string]: number | boolean | string };
  readonly hypers: { readonly [name: string]: number };
  readonly diagnostics: readonly Diagnostic[];
}

export interface SettingsRequest {
  readonly library: Library;
  readonly model?: string | undefined;
  readonly resolveImport?: ImportResolver | undefined;
}

/** What the settings mean for the model that `compile` would choose. Without such a model they mean nothing yet. */
export function modelSettings(source: Source, texts: readonly string[], request: SettingsRequest): ModelSettings {
  const names = new Names(request.library, request.resolveImport ?? (() => undefined));
  const model = chooseModel(names.load(source).declarations, source, request.model);
  const given = new Map<string, number | boolean | string>();
  const hypers = new Map<string, number>();
  const diagnostics: Diagnostic[] = [];
  if ("code" in model) return { arguments: {}, hypers: {}, diagnostics };
  for (const text of texts) {
    const place = { name: `--set ${text}`, text };
    try {
      const { name, value } = read(text);
      const isHyper = checkName(name, model);
      const result = evaluate(value, names, source);
      if (!isHyper) {
        checkQuotes(value, name, takesText(model, name.name));
        given.set(name.name, result);
      } else if (typeof result === "number") hypers.set(name.name, result);
      else throw new Failure(value.span, "type-mismatch", `the hyper ${name.name} is a number, but this is ${result}`);
    } catch (problem) {
      if (!(problem instanceof Failure)) throw problem;
      diagnostics.push(problem.diagnostic(place));
    }
  }
  return { arguments: Object.fromEntries(given), hypers: Object.fromEntries(hypers), diagnostics };
}

interface Setting {
  readonly name: Identifier;
  readonly value: Expression;
}

function read(text: string): Setting {
  const { value, problems } = parsePart(text, (c: Cursor): Setting => {
    const name = c.name("a name");
    c.expect("=", "and a value");
    return { name, value: expression(c) };
  });
  const [problem] = problems;
  if (value !== undefined) return value;
  throw new Failure(problem?.span ?? { start: 0, end: 0 }, "syntax", problem?.message ?? "there is nothing to read", {
    help: problem?.help ?? "write NAME=VALUE, such as V=5",
  });
}

/** Whether the name is that of a hyper; throws a Failure when the model has no such name. */
function checkName({ name, span }: Identifier, model: ModelDeclaration): boolean {
  const { parameters, hypers } = modelFacts(model);
  if (hypers.includes(name)) return true;
  const known = [...parameters.map((parameter) => parameter.name.name), ...hypers];
  if (known.includes(name)) return false;
  const near = didYouMean(name, known);
  const help = near === undefined ? `it has ${known.join(", ") || "none"}` : `did you mean ${near}?`;
  const message = `${model.name.name} has no argument and no hyper called ${name}`;
  throw new Failure(span, "unknown-argument", message, { help });
}

/** A text stands in quotes, the name of a structure does not. Throws a Failure for the one in place of the other. */
function checkQuotes(value: Expression, { name }: Identifier, isText: boolean): void {
  if (isText && value.kind === "name") {
    const help = `write ${name}=${JSON.stringify(value.name)}; a shell keeps the quotes of '${name}="…"'`;
    throw new Failure(value.span, "type-mismatch", `${name} is a text, but this is a name`, { help });
  }
  if (isText || value.kind !== "string") return;
  throw new Failure(value.span, "type-mismatch", `${name} takes no text`, {
    help: "names of structures have no quotes",
  });
}

/** A number, a truth value or a text; a bare name stays one, since it may be that of a structure. */
function evaluate(e: Expression, names: Names, source: Source): number | boolean | string {
  if (e.kind === "name") return e.name;
  const value = evaluateStatic(e, declarationsFor(names, source));
  if (value.kind === "number" || value.kind === "boolean" || value.kind === "string") return value.value;
  const help = "a setting is a number, true, false, or a structure's name";
  throw new Failure(e.span, "type-mismatch", `this is ${describeStatic(value)}`, { help });
}
