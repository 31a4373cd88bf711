/**
 * Diagnostics: what is wrong with a source, where, why, and what to do about it. Every problem a user can cause has a
 * code here; the renderer puts a caret under the text it points at.
 */
import type { Span } from "../grammar/ast.ts";
import type { Code } from "./codes.ts";

export type Severity = "error" | "warning" | "note";

/** A source text with the name it is shown under (a path, `std/nn`, or `<stdin>`). */
export interface Source {
  readonly name: string;
  readonly text: string;
}

export interface Diagnostic {
  readonly code: Code;
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
 * Diagnostics in the order of the text, each once. Where several passes find fault with one piece of text, what the
 * first of them said stays.
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
  const { before, marked, after } = excerpt(source.text, span);
  const gutter = String(line).length;
  const pad = " ".repeat(gutter);
  const lines = [
    `${diagnostic.severity}[${diagnostic.code}]: ${printable(diagnostic.message)}`,
    `${pad}--> ${printable(source.name)}:${line}:${column}`,
    `${pad} |`,
    `${line} | ${before}${marked}${after}`,
    `${pad} | ${before.replace(/[^\t]/gu, " ")}${"^".repeat(Math.max(1, [...marked].length))}`,
  ];
  if (diagnostic.why !== undefined) lines.push(`${pad} = why: ${printable(diagnostic.why)}`);
  if (diagnostic.help !== undefined) lines.push(`${pad} = help: ${printable(diagnostic.help)}`);
  return lines.join("\n");
}

/** A text without what would move the cursor of a terminal or turn the order of letters: a source may hold anything. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, (character) =>
    character === "\t" ? character : `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}

/** Longer pieces of a line than this are cut off before and after what is marked. */
const LONGEST_EXCERPT = 100;

/** The line that a span begins on, in three pieces, of which the middle one is what the span marks. */
function excerpt(text: string, span: Span): { before: string; marked: string; after: string } {
  const start = span.start === 0 ? 0 : text.lastIndexOf("\n", span.start - 1) + 1;
  const newline = text.indexOf("\n", span.start);
  const end = newline < 0 ? text.length : newline;
  const markedEnd = Math.max(span.start, Math.min(span.end, end));
  const [before, marked] = [text.slice(start, span.start), text.slice(span.start, markedEnd)];
  const after = text.slice(markedEnd, end).replace(/\r$/, "");
  const cutAfter = (piece: string) => (piece.length > LONGEST_EXCERPT ? `${piece.slice(0, LONGEST_EXCERPT)}…` : piece);
  return {
    before: printable(before.length > LONGEST_EXCERPT ? `…${before.slice(-LONGEST_EXCERPT)}` : before),
    marked: printable(cutAfter(marked)),
    after: printable(cutAfter(after)),
  };
}

/** Names longer than this are nobody's slip of the pen. */
const LONGEST_GUESS = 64;

/** The candidate nearest to a misspelt name, when one is near enough to suggest. */
export function didYouMean(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  // Of two letters, another one would be another name; only the case may differ.
  let bestDistance = (name.length <= 2 ? 0 : Math.max(1, Math.floor(name.length / 3))) + 1;
  if (name.length > LONGEST_GUESS) return undefined;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) >= bestDistance || candidate === name) continue;
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Insertions, deletions, substitutions and swaps of neighbours from one text to another (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = swapped ? beforeLast[j - 2]! + 1 : Number.POSITIVE_INFINITY;
      current.push(Math.min(substitution, swap, last[j]! + 1, current[j - 1]! + 1));
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length]!;
}
