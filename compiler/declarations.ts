/**
 * What structures, kernels and compile-time expressions see of a file: its declarations, and those of the library, by
 * name.
 */
import type { KernelDeclaration, Span, StructureDeclaration } from "../grammar/ast.ts";
import { position, type Source } from "./diagnostic.ts";
import { Failure } from "./failure.ts";
import { type Found, isLibrary, type Names } from "./names.ts";
import { FLOAT64, type Precision } from "./precision.ts";
import type { Environment } from "./static-evaluate.ts";
import { staticFunctions } from "./static-functions.ts";
import type { StaticRelaxation } from "./static-value.ts";

export interface Declarations extends Environment {
  /** The file whose names these are. */
  readonly source: Source;
  readonly precision: Precision;
  structure(name: string): { declaration: StructureDeclaration; source: Source } | undefined;
  kernel(name: string): { declaration: KernelDeclaration; source: Source } | undefined;
  /** The same as another file sees it. */
  from(source: Source): Declarations;
}

/** `precision` is that of the target for which kernels are lowered. */
export function declarationsFor(names: Names, source: Source, precision: Precision = FLOAT64): Declarations {
  const find = (name: string) => names.find(name, source);
  return {
    source,
    precision,
    lookup: (name) => {
      const found = find(name);
      const declaration = found?.declaration;
      if (declaration?.kind === "structure") return { kind: "structure-name", declaration, source: found!.source };
      if (declaration?.kind === "distribution")
        return { kind: "distribution-class", declaration, source: found!.source };
      return found === undefined ? undefined : relaxationOf(found);
    },
    *names() {
      yield* names.visible(source);
      yield* staticFunctions.keys();
    },
    structure: (name) => {
      const found = find(name);
      const declaration = found?.declaration;
      return declaration?.kind === "structure" ? { declaration, source: found!.source } : undefined;
    },
    kernel: (name) => {
      const found = find(name);
      const declaration = found?.declaration;
      return declaration?.kind === "kernel" ? { declaration, source: found!.source } : undefined;
    },
    from: (other) => declarationsFor(names, other, precision),
  };
}

/** A relaxation by its name, without arguments yet; undefined for any other declaration. */
export function relaxationOf({ declaration, source }: Found): StaticRelaxation | undefined {
  if (declaration.kind !== "relaxation") return undefined;
  return { kind: "relaxation", declaration, source, arguments: new Map(), options: new Map() };
}

/**
 * Runs `work` on text of `source`, on behalf of the place `span` of the file `caller`. A failure keeps its place in a
 * file of the user's; one in the standard library is told where the user's text asked for it.
 */
export function located<T>(source: Source, caller: Source, span: Span, work: () => T): T {
  try {
    return work();
  } catch (problem) {
    if (!(problem instanceof Failure)) throw problem;
    throw retold(problem, source, caller, span);
  }
}

/** A failure in `source` as the one at `span` of `caller` is told of it. */
export function retold(problem: Failure, source: Source, caller: Source, span: Span): Failure {
  const { code, message, why, help } = problem;
  const others = problem.others.map((each) => retold(each, source, caller, span));
  const origin = problem.source ?? source;
  if (origin.name === caller.name) return new Failure(problem.span, code, message, { why, help, others });
  if (!isLibrary(origin)) return new Failure(problem.span, code, message, { why, help, source: origin, others });
  const { line, column } = position(origin.text, problem.span.start);
  const found = `found in ${origin.name}:${line}:${column}`;
  return new Failure(span, code, message, { why: why === undefined ? found : `${why} (${found})`, help, others });
}
