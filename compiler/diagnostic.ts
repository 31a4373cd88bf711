/**
 * Diagnostics: what is wrong with a source, where, why, and what to do about it. Every problem a user can cause has a
 * code here; the renderer puts a caret under the text it points at.
 */
import type { Span } from "../grammar/ast.ts";

export type Severity = "error" | "warning" | "note";

/** A source text with the name it is shown under (a path, `std/nn`, or `<stdin>`). */
export interface Source {
  readonly name: string;
  readonly text: string;
}

export interface Diagnostic {
  /** Stable kebab-case code, such as `unknown-name`. */
  readonly code: string;
  readonly severity: Severity;
  readonly source: Source;
  readonly span: Span;
  /** What is wrong: one sentence without a final full stop. */
  readonly message: string;
  /** Why it is wrong. */
  readonly why?: string;
  /** What to do about it. */
  readonly help?: string;
}

/**
 * Diagnostics in the order of the text, each once. Where several passes find fault with one piece of text, what the first of
 * them said stays.
 */
export function inOrder(...passes: readonly (readonly Diagnostic[])[]): Diagnostic[] {
  const places = new Set<string>();
  const kept: Diagnostic[] = [];
  for (const diagnostics of passes) {
    const own = new Set<string>();
    const messages = new Set<string>();
    for (const each of diagnostics) {
      const place = `${each.source.name}:${each.span.start}:${each.span.end}`;
      const message = `${place}:${each.code}:${each.message}`;
      if (places.has(place) || messages.has(message)) continue;
      own.add(place);
      messages.add(message);
      kept.push(each);
    }
    for (const place of own) places.add(place);
  }
  const files = [...new Set(kept.map((each) => each.source.name))];
  const rank = (each: Diagnostic) => files.indexOf(each.source.name);
  return kept.sort((a, b) => rank(a) - rank(b) || a.span.start - b.span.start);
}

/** Whether a program with these diagnostics is wrong. */
export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === "error");
}

/** 1-based line and column of an offset. */
export function position(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const line = before.split("\n").length;
  return { line, column: offset - (before.lastIndexOf("\n") + 1) + 1 };
}

/** Renders a diagnostic as text: a headline, the source line with carets, why and help. */
export function render(diagnostic: Diagnostic): string {
  const { source, span } = diagnostic;
  const { line, column } = position(source.text, span.start);
  const text = source.text.split("\n")[line - 1] ?? "";
  const width = Math.max(1, Math.min(span.end - span.start, text.length - column + 1));
  const gutter = String(line).length;
  const pad = " ".repeat(gutter);
  const lines = [
    `${diagnostic.severity}[${diagnostic.code}]: ${diagnostic.message}`,
    `${pad}--> ${source.name}:${line}:${column}`,
    `${pad} |`,
    `${line} | ${text}`,
    `${pad} | ${text.slice(0, column - 1).replace(/[^\t]/g, " ")}${"^".repeat(width)}`,
  ];
  if (diagnostic.why !== undefined) lines.push(`${pad} = why: ${diagnostic.why}`);
  if (diagnostic.help !== undefined) lines.push(`${pad} = help: ${diagnostic.help}`);
  return lines.join("\n");
}

/** The candidate nearest to a misspelt name, when one is near enough to suggest. */
export function didYouMean(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitution, previous[j]! + 1, current[j - 1]! + 1));
    }
    previous = current;
  }
  return previous[b.length]!;
}
