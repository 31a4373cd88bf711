/**
 * Diagnostics tested as the reader sees them: a source says in comments which diagnostics must come. A comment
 * `//~ code «marked»: message => help` stands on the line that the diagnostic points at, `//~^` on the line below it,
 * and so on. «marked» is the text under the carets; message and help are parts of the real ones; all but the code and
 * the message may be left out.
 */
import { expect, test } from "vitest";
import { check } from "../../compiler/check.ts";
import { type Diagnostic, position, render, type Source } from "../../compiler/diagnostic.ts";
import { library } from "../../stdlib/library.ts";

interface Expected {
  readonly line: number;
  readonly code: string;
  readonly marked: string | undefined;
  readonly message: string;
  readonly help: string | undefined;
}

const COMMENT = /\/\/~(\^*) ([a-z-]+)(?: «(.*?)»)?: (.*?)(?: => (.*))?$/;

/** The diagnostics that a source asks for. */
export function expectations(text: string): Expected[] {
  return text.split("\n").flatMap((content, index) => {
    const found = COMMENT.exec(content);
    if (found === null) {
      if (content.includes("//~")) throw new Error(`unreadable expectation: ${content}`);
      return [];
    }
    const [, above, code, marked, message, help] = found;
    return [{ line: index + 1 - above!.length, code: code!, marked, message: message!, help }];
  });
}

/** One test for each source, all of whose diagnostics must be those that its comments ask for. */
export function cases(sources: { readonly [name: string]: string }, run = runCheck): void {
  for (const [name, text] of Object.entries(sources)) test(name, () => expectDiagnostics(text, run(text)));
}

export function runCheck(text: string): readonly Diagnostic[] {
  return check({ name: "case.sst", text }, { library });
}

export function expectDiagnostics(text: string, found: readonly Diagnostic[]): void {
  const all = found.map(render).join("\n\n");
  const left = [...found];
  for (const wanted of expectations(text)) {
    const index = left.findIndex((diagnostic) => fits(wanted, diagnostic));
    const what = `line ${wanted.line}: ${wanted.code}: ${wanted.message}`;
    expect(index, `${what}\n\ndid not come, but\n\n${all}`).toBeGreaterThanOrEqual(0);
    left.splice(index, 1);
  }
  expect(left.map(render).join("\n\n"), "unexpected diagnostics").toBe("");
  for (const diagnostic of found) expectRendering(diagnostic);
}

function fits(wanted: Expected, { source, span, code, message, why, help }: Diagnostic): boolean {
  const marked = source.text.slice(span.start, span.end);
  return (
    position(source.text, span.start).line === wanted.line &&
    code === wanted.code &&
    message.includes(wanted.message) &&
    (wanted.marked === undefined || marked === wanted.marked) &&
    (wanted.help === undefined || `${why ?? ""} ${help ?? ""}`.includes(wanted.help))
  );
}

/** The caret stands under the text, and what is said is at most three sentences. */
export function expectRendering(diagnostic: Diagnostic): void {
  const { source, span, message, why, help } = diagnostic;
  const { line, column } = position(source.text, span.start);
  const lines = render(diagnostic).split("\n");
  const [, place, , shown, carets] = lines;
  expect(place).toContain(`--> ${source.name}:${line}:${column}`);
  const gutter = `${line} | `.length;
  const start = carets!.indexOf("^");
  const end = carets!.lastIndexOf("^") + 1;
  const marked = source.text.slice(span.start, span.end).split("\n")[0]!;
  const under = shown!.slice(start, end);
  if (!shown!.includes("…")) {
    expect(start - gutter, render(diagnostic)).toBe(column - 1);
    expect(shown!.slice(gutter)).toBe((source.text.split("\n")[line - 1] ?? "").replace(/\r$/, ""));
    expect(under.trim(), render(diagnostic)).toBe(marked.trim());
  } else expect(marked.startsWith(under.replace("…", "")), render(diagnostic)).toBe(true);
  for (const sentence of [message, why, help]) {
    if (sentence === undefined) continue;
    expect(sentence, "a sentence has text").not.toBe("");
    expect(sentence, "no full stop at the end").not.toMatch(/[^.]\.$/);
    expect(sentence.split("\n"), "on one line").toHaveLength(1);
  }
}

/** The only diagnostic of a source that has no place in it, such as a request for a model that is not there. */
export function only(
  diagnostics: readonly Diagnostic[],
): Omit<Diagnostic, "source" | "span"> & { readonly source: Source } {
  expect(diagnostics.map(render)).toHaveLength(1);
  return diagnostics[0]!;
}
