/** What a mutated text must not break, whichever part of the compiler read it. */
import { check } from "../../compiler/check.ts";
import { CODES } from "../../compiler/codes.ts";
import { type CompileOptions, compile } from "../../compiler/compile.ts";
import { type Diagnostic, render } from "../../compiler/diagnostic.ts";
import { library } from "../../stdlib/library.ts";

/** `expect` for a million conditions: it costs nothing where they hold. */
export function hold(condition: boolean, what: string): void {
  if (!condition) throw new Error(`expected ${what}`);
}

/** Holds a diagnostic against what every diagnostic promises. */
export function examineDiagnostic(diagnostic: Diagnostic): void {
  const { code, source, span, message } = diagnostic;
  hold(Object.hasOwn(CODES, code), `a known code, not ${code}`);
  hold(message !== "", "a message");
  const inside = span.start >= 0 && span.end >= span.start && span.end <= source.text.length;
  hold(inside, `a place in the text, not ${JSON.stringify(span)}`);
  hold(render(diagnostic).includes("^"), "a mark under the line");
}

/** A value is JSON, so that nothing of it is lost on the way to a file: no infinities, no undefined, no functions. */
export function holdJson(value: unknown): void {
  if (typeof value === "number") hold(Number.isFinite(value), "a finite number");
  else if (Array.isArray(value)) value.forEach(holdJson);
  else if (typeof value === "object" && value !== null) Object.values(value).forEach(holdJson);
  else hold(typeof value === "string" || typeof value === "boolean", `JSON, not ${typeof value}`);
}

/** Runs `work` on numbered texts; what it throws comes with the text. */
export function examineTexts(count: number, next: (index: number) => string, work: (text: string, i: number) => void) {
  for (let i = 0; i < count; i++) {
    const text = next(i);
    try {
      work(text, i);
    } catch (problem) {
      throw new Error(`text number ${i}:\n\n${text}\n\n${(problem as Error).stack}`, { cause: problem });
    }
  }
}

type Options = Omit<CompileOptions, "library" | "target">;

/** What came of the texts so far. */
export interface Tally {
  artifacts: number;
  readonly codes: Map<string, number>;
}

/** Compiles a text and holds the outcome against what the compiler promises. */
export function examine(text: string, tally: Tally, options: Options = {}): void {
  const { artifact, diagnostics } = compile({ name: "mutated.sst", text }, { library, ...options });
  const failed = diagnostics.some(({ severity }) => severity === "error");
  hold((artifact === undefined) === failed, "an artifact, or else an error");
  for (const diagnostic of diagnostics) {
    examineDiagnostic(diagnostic);
    tally.codes.set(diagnostic.code, (tally.codes.get(diagnostic.code) ?? 0) + 1);
  }
  if (artifact === undefined) return;
  tally.artifacts++;
  const { program, ...data } = artifact;
  // One expression, which V8 parses.
  hold(typeof new Function(`return (${program});`) === "function", "a program that can be read");
  holdJson(data);
}

/** Examines sources and shows the one that fails. */
export function examineAll(count: number, next: (index: number) => string, options: Options = {}): Tally {
  const tally: Tally = { artifacts: 0, codes: new Map() };
  examineTexts(count, next, (text, i) => {
    examine(text, tally, options);
    if (i % 10 === 0) check({ name: "mutated.sst", text }, { library }).forEach(examineDiagnostic);
  });
  return tally;
}
