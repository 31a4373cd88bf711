/**
 * The tokens of the language. Most keywords are contextual, so the lexer knows words, numbers, texts and marks only;
 * the parser decides what a word means where it stands.
 */
import { createToken, type ILexingError, type IToken, Lexer } from "chevrotain";

const Space = createToken({
  name: "Space",
  pattern: /[ \t\r\n\f\u00a0\ufeff]+/,
  group: Lexer.SKIPPED,
  line_breaks: true,
});
/** `/// …` documents the declaration below it. */
const Doc = createToken({ name: "Doc", pattern: /\/\/\/[^\n\r]*/, group: "docs" });
const Comment = createToken({ name: "Comment", pattern: /\/\/[^\n\r]*/, group: "comments" });
export const NumberToken = createToken({ name: "Number", pattern: /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/ });
export const Text = createToken({
  name: "Text",
  // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON.parse reads texts, and refuses control characters
  pattern: /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/,
});
export const Word = createToken({ name: "Word", pattern: /[A-Za-z_][A-Za-z0-9_]*/ });
/** Longest first: the lexer takes the first pattern that matches. */
export const Mark = createToken({
  name: "Mark",
  pattern: /\.\.\.|\.\.|->|==|!=|<=|>=|\+=|-=|\*=|\/=|[-+*/%^@=<>(){}[\],.:~]/,
});

const lexer = new Lexer([Space, Doc, Comment, NumberToken, Text, Word, Mark], {
  positionTracking: "full",
  ensureOptimizations: false,
});

/** Words that are never names, because an expression could not be told apart from a statement otherwise. */
export const RESERVED: ReadonlySet<string> = new Set([
  "import",
  "module",
  "fn",
  "structure",
  "distribution",
  "relaxation",
  "experiment",
  "let",
  "if",
  "then",
  "else",
  "for",
  "in",
  "and",
  "or",
  "not",
  "true",
  "false",
  "scan",
]);

export interface Tokens {
  readonly tokens: readonly IToken[];
  readonly docs: readonly IToken[];
  readonly comments: readonly IToken[];
  readonly errors: readonly ILexingError[];
}

/** Splits a text into tokens; comments and documentation are kept aside. */
export function tokenize(text: string): Tokens {
  const { tokens, groups, errors } = lexer.tokenize(text);
  return { tokens, docs: groups.docs ?? [], comments: groups.comments ?? [], errors };
}
