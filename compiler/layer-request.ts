/**
 * What a layer is asked for in text: a structure with its estimator in one text, as `layer()` takes it, or its pieces
 * one by one, as the command line does. Every piece keeps its text, and what is wrong with it is told there.
 */
import type { BackwardClause, Estimator, Expression, Temperature } from "../grammar/ast.ts";
import type { Cursor } from "../grammar/cursor.ts";
import { expression } from "../grammar/expressions.ts";
import { parsePart } from "../grammar/parse.ts";
import { backwardStrategy, layerExpression, temperature } from "../grammar/statements.ts";
import type { Source } from "./diagnostic.ts";
import { DiagnosticError, Failure } from "./failure.ts";
import type { ImportResolver } from "./names.ts";

/** What can be asked of a layer besides its relaxation, as the command line calls it. */
export const QUERIES = ["log_partition", "entropy", "log_prob", "marginals", "sample", "k_best"] as const;
export type Query = (typeof QUERIES)[number];

export interface LayerRequest {
  /**
   * Such as `SpanningTree(complete(4))`, or `SpanningTree(complete(4)) relax ExpFamily at 0.5 backward dual`. What the
   * text leaves out may be given below.
   */
  readonly structure: string;
  /** Such as `ExpFamily`; without any there is only the argmax. */
  readonly relaxation?: string | undefined;
  /** Such as `0.5`. */
  readonly temperature?: string | undefined;
  /** Such as `dual` or `finite_difference(1e-2)`; without any the compiler chooses. */
  readonly backward?: string | undefined;
  /** What must be there: it is an error where the structure has it not. A temperature may then be all that is given. */
  readonly queries?: readonly Query[] | undefined;
  /** Names that the texts above may use, such as `n = 6`, `G = complete(n)`; each sees those before it. */
  readonly settings?: readonly string[] | undefined;
  /** A file whose structures and kernels may be used besides the library's. */
  readonly source?: Source | undefined;
  readonly resolveImport?: ImportResolver | undefined;
}

/** A piece of a request, and the text that it stands in. */
export interface Piece<T> {
  readonly value: T;
  readonly source: Source;
}

export interface LayerPieces {
  readonly structure: Piece<Expression>;
  readonly relaxation: Piece<Expression> | undefined;
  readonly temperature: Piece<Temperature> | undefined;
  readonly backward: Piece<BackwardClause> | undefined;
  readonly straightThrough: boolean;
  readonly queries: readonly Query[];
  readonly settings: readonly Piece<{ readonly name: string; readonly value: Expression }>[];
}

/** Reads all texts of a request; throws a DiagnosticError. */
export function readLayerRequest(request: LayerRequest): LayerPieces {
  const { value, source } = read("<structure>", request.structure, layerExpression);
  const estimator = value.estimator === undefined ? undefined : relaxed({ value: value.estimator, source });
  const own = <T>(piece: T | undefined): Piece<T> | undefined =>
    piece === undefined ? undefined : { value: piece, source };
  return {
    structure: { value: value.structure, source },
    relaxation: onlyOne(own(estimator?.relaxation), optional("<relaxation>", request.relaxation, expression)),
    temperature: onlyOne(own(estimator?.temperature), optional("<temperature>", request.temperature, temperature)),
    backward: onlyOne(own(estimator?.backward), optional("<backward>", request.backward, backwardStrategy)),
    straightThrough: estimator?.straightThrough ?? false,
    queries: request.queries ?? [],
    settings: (request.settings ?? []).map((text) => read("<set>", text, setting)),
  };
}

/** Does something with a piece; a failure is told in the piece's text. */
export function withPiece<T, R>(piece: Piece<T>, work: (value: T, source: Source) => R): R {
  try {
    return work(piece.value, piece.source);
  } catch (problem) {
    if (!(problem instanceof Failure)) throw problem;
    throw new DiagnosticError(problem.diagnostics(piece.source));
  }
}

function relaxed(piece: Piece<Estimator>): Extract<Estimator, { kind: "relax" }> {
  return withPiece(piece, (estimator) => {
    if (estimator.kind === "relax") return estimator;
    const isScore = estimator.kind === "score";
    const message = `a structure on its own has no ${isScore ? "score function" : "estimator imle"}`;
    const why = isScore
      ? "it weighs a sample's log-probability by the sample's loss, and here is none"
      : "its gradient is for utilities with noise, and here is none";
    throw new Failure(estimator.span, "bad-clause", message, { why, help: "write it in a model, or use relax … at …" });
  });
}

function onlyOne<T extends { readonly span: { readonly start: number; readonly end: number } }>(
  inText: Piece<T> | undefined,
  apart: Piece<T> | undefined,
): Piece<T> | undefined {
  if (inText === undefined || apart === undefined) return inText ?? apart;
  return withPiece(apart, ({ span }) => {
    const { start, end } = inText.value.span;
    const message = `the text of the structure says ${inText.source.text.slice(start, end)} already`;
    throw new Failure(span, "duplicate-argument", message, { help: "say it in one of the two places" });
  });
}

function optional<T>(name: string, text: string | undefined, rule: (c: Cursor) => T): Piece<T> | undefined {
  return text === undefined ? undefined : read(name, text, rule);
}

function read<T>(name: string, text: string, rule: (c: Cursor) => T): Piece<T> {
  const source = { name, text };
  const { value, problems } = parsePart(text, rule);
  const [problem] = problems;
  if (value !== undefined && problem === undefined) return { value, source };
  const { span, message, help } = problem ?? { span: { start: 0, end: 0 }, message: "there is nothing to read" };
  throw new DiagnosticError([new Failure(span, "syntax", message, { help }).diagnostic(source)]);
}

/** `n = 6` */
function setting(c: Cursor): { readonly name: string; readonly value: Expression } {
  const { name } = c.name("a name");
  c.expect("=", "and a value, as in n = 6");
  return { name, value: expression(c) };
}
