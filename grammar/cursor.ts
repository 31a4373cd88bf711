/**
 * A cursor over the tokens with what every part of the parser needs: looking, taking, expecting, and recovering. A
 * syntax problem unwinds to the nearest statement list, which skips to the next statement and goes on: one run reports
 * them all.
 */
import type { IToken } from "chevrotain";
import type { Identifier, RepeatedPart, Span, SyntaxProblem } from "./ast.ts";
import { NumberToken, RESERVED, Text, type Tokens, tokenize, Word } from "./tokens.ts";

/** Unwinds the parser; the problem is already recorded. */
export class SyntaxUnwind extends Error {}
/** Unwinds out of what is nested too deep. */
class DepthUnwind extends SyntaxUnwind {}

/** Deeper nesting than this is refused rather than risking the host's stack, here or in what walks the tree later. */
const DEEPEST = 200;
/** The same for a tree's height, to which the operators of `a + b + c` count too. */
const HIGHEST = 500;

export class Cursor {
  readonly problems: SyntaxProblem[] = [];
  private readonly tokens: readonly IToken[];
  private readonly docs: Tokens["docs"];
  private readonly length: number;
  /** Lines with characters that are not in the language. */
  private readonly unreadable = new Set<number>();
  /** Names that statements and declarations would have given, had they been readable: missing, but not unknown. */
  readonly unread: string[] = [];
  private at = 0;
  private nesting = 0;
  /** The largest height reached, counted from the root of the declaration, since `chain` last reset it. */
  private peak = 0;

  constructor(text: string) {
    const { tokens, docs, errors } = tokenize(text);
    this.tokens = tokens;
    this.docs = docs;
    this.length = text.length;
    for (const error of errors) {
      if (error.line !== undefined) this.unreadable.add(error.line);
      const piece = text.slice(error.offset, error.offset + Math.max(1, error.length));
      const unterminated = piece.startsWith('"');
      this.problems.push({
        message: unterminated
          ? "this text does not end on its line, or holds a bad escape"
          : `unexpected character ${JSON.stringify(piece.slice(0, 20))}`,
        span: { start: error.offset, end: error.offset + Math.max(1, error.length) },
        ...(unterminated ? { help: 'texts are written "like this", with the escapes of JSON' } : {}),
      });
    }
  }

  get done(): boolean {
    return this.at >= this.tokens.length;
  }
  get position(): number {
    return this.at;
  }
  /** The text of the token `ahead` of here, or "" at the end. Texts are returned with their quotes. */
  peek(ahead = 0): string {
    return this.tokens[this.at + ahead]?.image ?? "";
  }
  is(...images: readonly string[]): boolean {
    return !this.done && images.includes(this.peek());
  }
  /** A word that may be a name here. */
  isName(ahead = 0): boolean {
    const token = this.tokens[this.at + ahead];
    return token !== undefined && token.tokenType === Word && !RESERVED.has(token.image);
  }
  isWord(): boolean {
    return this.tokens[this.at]?.tokenType === Word;
  }
  isNumber(): boolean {
    return this.tokens[this.at]?.tokenType === NumberToken;
  }
  isText(): boolean {
    return this.tokens[this.at]?.tokenType === Text;
  }
  /** Whether the current token stands on the line of the token before it. */
  sameLine(): boolean {
    const before = this.tokens[this.at - 1];
    const here = this.tokens[this.at];
    return before !== undefined && here !== undefined && before.endLine === here.startLine;
  }
  /** Whether the next token is one of these, on the line of the current one. */
  nextIs(images: readonly string[]): boolean {
    const [here, next] = [this.tokens[this.at], this.tokens[this.at + 1]];
    return next !== undefined && images.includes(next.image) && here?.endLine === next.startLine;
  }
  get start(): number {
    return this.tokens[this.at]?.startOffset ?? this.length;
  }
  /** From `start` to the end of the last token taken. */
  spanFrom(start: number): Span {
    const before = this.tokens[this.at - 1];
    const end = before === undefined ? start : before.startOffset + before.image.length;
    return { start, end: Math.max(start, end) };
  }
  take(): string {
    const image = this.peek();
    this.at++;
    return image;
  }
  accept(image: string): boolean {
    if (!this.is(image)) return false;
    this.at++;
    return true;
  }
  expect(image: string, after?: string): void {
    if (!this.accept(image)) this.fail(`'${image}'${after === undefined ? "" : ` ${after}`}`);
  }
  /**
   * Expects the brace at the end of a body; what the body holds stays, even if the brace is missing: that is said once.
   */
  close(after: string): void {
    if (!this.is("}") && this.problems.some((problem) => problem.span.start === this.start)) return;
    try {
      this.expect("}", after);
    } catch (problem) {
      if (!(problem instanceof SyntaxUnwind)) throw problem;
    }
  }
  /** A name; `any` also takes reserved words, where no confusion is possible (after a dot, before `=`). */
  name(what: string, any = false): Identifier {
    const start = this.start;
    if (!(any ? this.isWord() : this.isName())) {
      const reserved = this.isWord() ? `; '${this.peek()}' is a word of the language` : "";
      this.fail(`${what}${reserved}`);
    }
    const name = this.take();
    return { name, span: this.spanFrom(start) };
  }
  fail(expected: string): never {
    const token = this.tokens[this.at];
    const found =
      token === undefined
        ? "the end of the file"
        : `'${token.image.length > 30 ? `${token.image.slice(0, 30)}…` : token.image}'`;
    return this.failWith(`expected ${expected} but found ${found}`);
  }
  failWith(message: string, help?: string): never {
    const token = this.tokens[this.at];
    const start = token?.startOffset ?? this.length;
    const span = { start, end: start + (token?.image.length ?? 0) };
    // Beside a character that is not in the language, what else is missing may be no mistake.
    const lines = [token?.startLine, this.tokens[this.at - 1]?.endLine];
    if (!lines.some((line) => line !== undefined && this.unreadable.has(line))) {
      this.problems.push({ message, span, ...(help === undefined ? {} : { help }) });
    }
    throw new SyntaxUnwind(message);
  }
  private failDeep(message: string): never {
    try {
      this.failWith(message, "name a part of it with let");
    } catch {
      throw new DepthUnwind(message);
    }
  }
  /** Runs a nested rule, bounded in depth. */
  nested<T>(rule: () => T): T {
    if (this.nesting >= DEEPEST) this.failDeep(`this is nested more than ${DEEPEST} levels deep`);
    this.nesting++;
    this.peak = Math.max(this.peak, this.nesting);
    try {
      return rule();
    } finally {
      this.nesting--;
    }
  }
  /**
   * Runs a rule that makes a chain such as `a + b + c`, in which every link lowers all links before it by one level.
   * The rule calls `link` around what stands at each link.
   */
  chain<T>(rule: (link: <L>(part: () => L) => L) => T): T {
    const before = this.peak;
    this.peak = this.nesting;
    const link = <L>(part: () => L): L => {
      const left = this.peak;
      this.peak = this.nesting;
      const value = part();
      this.peak = Math.max(left, this.peak) + 1;
      if (this.peak > HIGHEST) this.failDeep(`this expression has more than ${HIGHEST} levels of operators`);
      return value;
    };
    try {
      return rule(link);
    } finally {
      this.peak = Math.max(before, this.peak);
    }
  }
  /** The `///` lines that end directly above the current token. */
  doc(): string | undefined {
    const here = this.tokens[this.at];
    const before = this.tokens[this.at - 1];
    const lines = this.docs.filter(
      (doc) => doc.startOffset < (here?.startOffset ?? this.length) && doc.startOffset > (before?.startOffset ?? -1),
    );
    return lines.length === 0 ? undefined : lines.map((line) => line.image.slice(3).trim()).join("\n");
  }

  /**
   * Statements up to the closing brace. After a problem it skips to a line that begins with one of `starters`, keeping
   * track of braces, so that the rest of the block is still read.
   */
  statements<T>(starters: ReadonlySet<string>, statement: () => T): T[] {
    const list: T[] = [];
    while (!this.done && !this.is("}") && !this.atDeclaration()) {
      const before = this.at;
      try {
        list.push(statement());
      } catch (problem) {
        if (!(problem instanceof SyntaxUnwind) || (problem instanceof DepthUnwind && this.nesting > 0)) throw problem;
        this.recordUnread(before);
        if (this.at === before) this.at++;
        if (this.skipTo(starters, before)) break;
      }
    }
    return list;
  }

  /** Whether a declaration begins at the head of this line; `model hidden = 64` is a setting. */
  private atDeclaration(): boolean {
    const token = this.tokens[this.at];
    return token?.startColumn === 1 && DECLARATIONS.has(token.image) && this.isName(1) && this.peek(2) !== "=";
  }

  /**
   * Notes the name that the unreadable statement or declaration at a position would have given, or those of an import.
   */
  recordUnread(position: number): void {
    const last = this.tokens[position]?.image === "import" ? this.at - 1 : position + 1;
    for (const token of this.tokens.slice(position + 1, last + 1)) {
      if (token.tokenType === Word) this.unread.push(token.image);
    }
  }

  /**
   * Skips to a starter at the head of a line, or to the brace that closes this block; true when a declaration starts
   * instead. Braces that the unreadable statement, begun at `from`, left open are closed first.
   */
  private skipTo(starters: ReadonlySet<string>, from: number): boolean {
    let depth = 0;
    for (const { image } of this.tokens.slice(from, this.at)) {
      if (image === "{") depth++;
      else if (image === "}") depth = Math.max(0, depth - 1);
    }
    while (!this.done) {
      const token = this.tokens[this.at]!;
      if (token.image === "{") depth++;
      else if (token.image === "}") {
        if (depth === 0) return false;
        depth--;
      } else if (!this.sameLine()) {
        if (this.atDeclaration()) return true;
        if (depth === 0 && starters.has(token.image)) return false;
      }
      this.at++;
    }
    return false;
  }

  /** After a problem between declarations: to the next word that starts one. */
  skipToDeclaration(): void {
    while (!this.done && !(DECLARATIONS.has(this.peek()) && !this.sameLine())) this.at++;
  }
}

/** The parts of a clause that come in any order, each at most once: notes those that come again. */
export class OncePerClause {
  readonly repeated: RepeatedPart[] = [];
  private readonly seen = new Set<string>();

  /** `told`: what is given twice, where that is not the word. */
  note(word: string, span: Span, told = word): void {
    if (this.seen.has(word)) this.repeated.push({ word: told, span });
    this.seen.add(word);
  }
}

export const DECLARATIONS: ReadonlySet<string> = new Set([
  "import",
  "model",
  "module",
  "fn",
  "structure",
  "distribution",
  "relaxation",
  "kernel",
  "experiment",
]);
