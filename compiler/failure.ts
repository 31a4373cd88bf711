/** A problem found while computing with values: unwinds to the statement being checked, which turns it into a diagnostic. */
import type { Span } from "../grammar/ast.ts";

export class Failure extends Error {
  readonly span: Span;
  readonly code: string;
  readonly why: string | undefined;
  readonly help: string | undefined;

  constructor(span: Span, code: string, message: string, notes: { why?: string | undefined; help?: string | undefined } = {}) {
    super(message);
    this.span = span;
    this.code = code;
    this.why = notes.why;
    this.help = notes.help;
  }
}
