/**
 * A problem found while computing with values: unwinds to the statement being checked, which turns it into a
 * diagnostic.
 */
import type { Span } from "../grammar/ast.ts";
import type { Code } from "./codes.ts";
import { type Diagnostic, render, type Source } from "./diagnostic.ts";

export interface FailureNotes {
  readonly why?: string | undefined;
  readonly help?: string | undefined;
  /** The file that the span is in, where it is not the one being compiled. */
  readonly source?: Source | undefined;
  readonly others?: readonly Failure[];
}

export class Failure extends Error {
  readonly span: Span;
  readonly code: Code;
  readonly why: string | undefined;
  readonly help: string | undefined;
  readonly source: Source | undefined;
  /** What else is wrong in the same text, found in one go with this. */
  readonly others: readonly Failure[];

  constructor(span: Span, code: Code, message: string, notes: FailureNotes = {}) {
    super(message);
    this.span = span;
    this.code = code;
    this.why = notes.why;
    this.help = notes.help;
    this.source = notes.source;
    this.others = notes.others ?? [];
  }

  /** Throws all of these as one; nothing where there are none. */
  static throwTogether([first, ...others]: readonly Failure[]): void {
    if (first === undefined) return;
    const { span, code, message, why, help, source } = first;
    throw new Failure(span, code, message, { why, help, source, others: [...first.others, ...others] });
  }

  /** The failure, which stands in `source` unless it has a file of its own. */
  in(source: Source): Failure {
    const { span, code, message, why, help } = this;
    const others = this.others.map((each) => each.in(source));
    return new Failure(span, code, message, { why, help, source: this.source ?? source, others });
  }

  /** This and what else was found, as errors in `source` or their own files. */
  diagnostics(source: Source): Diagnostic[] {
    return [this, ...this.others].map((each) => each.diagnostic(source));
  }

  /** The failure as an error in `source`, or in its own file. */
  diagnostic(source: Source): Diagnostic {
    return {
      code: this.code,
      severity: "error",
      source: this.source ?? source,
      span: this.span,
      message: this.message,
      ...(this.why === undefined ? {} : { why: this.why }),
      ...(this.help === undefined ? {} : { help: this.help }),
    };
  }
}

/** Thrown by what has no diagnostics to return: a compilation that failed, with all that is wrong. */
export class DiagnosticError extends Error {
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map(render).join("\n\n"));
    this.name = "DiagnosticError";
    this.diagnostics = diagnostics;
  }
}
