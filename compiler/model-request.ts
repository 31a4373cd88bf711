/** Which model of a file is meant, and with which arguments: what comes from outside of the text. */

import type { Declaration, ModelDeclaration, Span } from "../grammar/ast.ts";
import type { Code } from "./codes.ts";
import { declarationsFor } from "./declarations.ts";
import { type Diagnostic, didYouMean, type Source } from "./diagnostic.ts";
import type { BoundArgument } from "./elaborate/values.ts";
import { Failure } from "./failure.ts";
import { unknownName } from "./later.ts";
import type { Names } from "./names.ts";

/** What is wrong with a request whatever the text holds: programs without types may ask for anything. */
export function requestProblem(
  { target, model }: { readonly target?: unknown; readonly model?: unknown },
  source: Source,
): Diagnostic | undefined {
  const start: Span = { start: 0, end: 0 };
  if (target !== undefined && target !== "tfjs" && target !== "webgpu") {
    const message = `there is no target ${String(target)}`;
    return new Failure(start, "unknown-name", message, { help: "choose tfjs or webgpu" }).diagnostic(source);
  }
  if (model === undefined || typeof model === "string") return undefined;
  const message = `a model is chosen by its name, a text, but this is ${String(model)}`;
  return new Failure(start, "type-mismatch", message).diagnostic(source);
}

/** The model of that name, or the first of the file; a diagnostic when there is none. */
export function chooseModel(
  declarations: readonly Declaration[],
  source: Source,
  wanted: string | undefined,
): ModelDeclaration | Diagnostic {
  const models = declarations.filter((declaration) => declaration.kind === "model");
  const found = wanted === undefined ? models[0] : models.find((model) => model.name.name === wanted);
  if (found !== undefined) return found;
  const start: Span = { start: 0, end: 0 };
  const declare = "declare one with model NAME { … }";
  if (wanted === undefined) {
    return new Failure(start, "no-model", "this file declares no model", { help: declare }).diagnostic(source);
  }
  const names = models.map((model) => model.name.name);
  const near = didYouMean(wanted, names);
  const help =
    near !== undefined ? `did you mean ${near}?` : names.length === 0 ? declare : `it has ${names.join(", ")}`;
  const message = `there is no model ${wanted} in this file`;
  return new Failure(start, "unknown-model", message, { help }).diagnostic(source);
}

/**
 * Arguments as values, texts being names of structures, distributions or relaxations where the model does not take a
 * text; what they name wrongly is added to the diagnostics.
 */
export function modelArguments(
  names: Names,
  source: Source,
  model: ModelDeclaration,
  given: { readonly [name: string]: number | boolean | string },
  diagnostics: Diagnostic[],
): BoundArgument[] {
  const { span } = model.name;
  return Object.entries(given).flatMap(([name, value]): BoundArgument[] => {
    if (typeof value === "number") return [{ name, span, value: { kind: "number", value } }];
    if (typeof value === "boolean") return [{ name, span, value: { kind: "boolean", value } }];
    if (typeof value !== "string") {
      const message = `the argument ${name} of ${model.name.name} is ${value === null ? "null" : `of type ${typeof value}`}`;
      const help = "pass a number, a truth value, or a text; leave an argument out for its default";
      diagnostics.push(new Failure(span, "type-mismatch", message, { help }).diagnostic(source));
      return [{ name, span, value: { kind: "error" } }];
    }
    if (takesText(model, name)) return [{ name, span, value: { kind: "string", value } }];
    const found = declarationsFor(names, source).lookup(value);
    if (found !== undefined) return [{ name, span, value: found }];
    const problem = unknownName(value, span, { candidates: names.visible(source), what: kindOf(model, name) });
    diagnostics.push({ ...problem.diagnostic(source), message: `${name} = ${value}: ${problem.message}` });
    return [{ name, span, value: { kind: "error" } }];
  });
}

/** What an argument is the name of, by its type. */
function kindOf(model: ModelDeclaration, name: string): string {
  const type = model.parameters.find((each) => each.name.name === name)?.type;
  const named = type?.kind === "named-type" ? type.name : "Structure";
  return ["Distribution", "Relaxation"].includes(named) ? named.toLowerCase() : "structure";
}

/** Whether an argument is a text: by its type, or by its default. */
export function takesText(model: ModelDeclaration, name: string): boolean {
  const parameter = model.parameters.find((each) => each.name.name === name);
  if (parameter?.type === undefined) return parameter?.default?.kind === "string";
  return parameter.type.kind === "named-type" && parameter.type.name === "text";
}

/** New first values of hypers by name; what does not fit is added to the diagnostics. */
export function hyperValues(
  source: Source,
  model: ModelDeclaration,
  given: { readonly [name: string]: number },
  hypers: ReadonlyMap<string, { readonly positive: boolean }>,
  diagnostics: Diagnostic[],
): Map<string, number> {
  const values = new Map(Object.entries(given));
  const fail = (code: Code, message: string, help?: string) =>
    diagnostics.push(new Failure(model.name.span, code, message, { help }).diagnostic(source));
  for (const [name, value] of values) {
    const hyper = hypers.get(name);
    if (hyper === undefined) {
      const near = didYouMean(name, hypers.keys());
      const known = `its hypers are ${[...hypers.keys()].join(", ") || "none"}`;
      fail(
        "unknown-argument",
        `${model.name.name} has no hyper ${name}`,
        near === undefined ? known : `did you mean ${near}?`,
      );
    } else if (!Number.isFinite(value))
      fail("bad-number", `the hyper ${name} must be a finite number, but it is ${value}`);
    else if (hyper.positive && value <= 0) {
      fail("bad-temperature", `the temperature ${name} must be greater than 0, but it is ${value}`);
    }
  }
  return values;
}
