/**
 * Compiles one structure, on its own, to host kernels: what `sstc eval`, `layer()` and the certificates run. The result
 * is plain data with JavaScript text; the caller decides where to evaluate it.
 */
import type { Expression } from "../grammar/ast.ts";
import { parseExpression } from "../grammar/parse.ts";
import type { CompiledLayer, Decision, PrintedKernel } from "./artifact.ts";
import { type Declarations, declarationsFor } from "./declarations.ts";
import type { Source } from "./diagnostic.ts";
import { DiagnosticError, Failure } from "./failure.ts";
import type { Kernel } from "./ir/kernel/kernel.ts";
import { logPartitionKernel } from "./kernel-language/structure-kernel.ts";
import { type ImportResolver, type Library, Names } from "./names.ts";
import { type BackwardRequest, selectBackward } from "./passes/select-backward.ts";
import { selectRelaxation } from "./passes/select-relaxation.ts";
import { selectSolver } from "./passes/select-solver.ts";
import { evaluateStatic } from "./static-evaluate.ts";
import { describeStatic } from "./static-value.ts";
import { applyStructure, type Structure } from "./structure.ts";
import { printJavaScriptKernel } from "./targets/javascript-kernel.ts";

export interface LayerRequest {
  /** Such as `SpanningTree(complete(4))`. */
  readonly structure: string;
  /** Such as `ExpFamily`; without it there is only the argmax. */
  readonly relaxation?: string | undefined;
  /** Such as `dual` or `finite_difference(1e-2)`; without it the compiler chooses. */
  readonly backward?: string | undefined;
  /** A file whose structures and kernels may be used besides the library's. */
  readonly source?: Source | undefined;
  readonly resolveImport?: ImportResolver | undefined;
}

/** The kernels of a layer, before they are printed. */
export interface LayerKernels {
  readonly structure: Structure;
  readonly argmax: Kernel;
  readonly soft: Kernel | undefined;
  readonly backward: { readonly strategy: string; readonly kernel: Kernel } | undefined;
  readonly logPartition: Kernel | undefined;
  readonly decisions: readonly Decision[];
}

/** Compiles a structure; throws a DiagnosticError that says what does not fit and where. */
export function compileLayer(request: LayerRequest, library: Library): CompiledLayer {
  const kernels = layerKernels(request, library);
  const { structure, argmax, soft, backward, logPartition, decisions } = kernels;
  return {
    structure: structure.label,
    size: structure.size,
    count: structure.count,
    argmax: print(argmax),
    soft: soft === undefined ? undefined : print(soft),
    backward: backward === undefined ? undefined : { strategy: backward.strategy, kernel: print(backward.kernel) },
    logPartition: logPartition === undefined ? undefined : print(logPartition),
    decisions,
  };
}

/** Selects and lowers what `request` asks for; throws a DiagnosticError. */
export function layerKernels(request: LayerRequest, library: Library): LayerKernels {
  const names = new Names(library, request.resolveImport ?? (() => undefined));
  const source = request.source ?? { name: "<none>", text: "" };
  names.load(source);
  if (names.diagnostics.length > 0) throw new DiagnosticError(names.diagnostics);
  const declarations = declarationsFor(names, source);
  const { structure, argmax } = inText("<structure>", request.structure, declarations, (e, place) => {
    const structure = applyStructure(e, declarations, place);
    return { structure, argmax: selectSolver(structure, place, "host", e.span) };
  });
  const base = { structure, argmax: argmax.value };
  if (request.relaxation === undefined) {
    const decisions = [{ latent: "", ...argmax.decision }];
    return { ...base, soft: undefined, backward: undefined, logPartition: undefined, decisions };
  }
  const { relaxed, logPartition } = inText("<relaxation>", request.relaxation, declarations, (e, place) => {
    const value = evaluateStatic(e, declarations);
    if (value.kind !== "relaxation") {
      const help = { help: "such as ExpFamily or Euclidean" };
      throw new Failure(e.span, "type-mismatch", `expected a relaxation, but got ${describeStatic(value)}`, help);
    }
    const relaxed = selectRelaxation(structure, value, place, e.span);
    const isExpFamily = value.declaration.name.name === "ExpFamily";
    return { relaxed, logPartition: isExpFamily ? logPartitionKernel(structure, place, e.span) : undefined };
  });
  const backward =
    request.backward === undefined
      ? inText("<relaxation>", request.relaxation, declarations, (e, place) =>
          selectBackward(structure, relaxed.value, place, e.span),
        )
      : inText("<backward>", request.backward, declarations, (e, place) =>
          selectBackward(structure, relaxed.value, place, e.span, backwardRequest(e)),
        );
  const decisions = [argmax, relaxed, backward].map(({ decision }) => ({ latent: "", ...decision }));
  return { ...base, soft: relaxed.value.forward, backward: backward.value, logPartition, decisions };
}

/** Works on the expression that a piece of text holds; what is wrong with it is told there. */
function inText<T>(
  name: string,
  text: string,
  declarations: Declarations,
  work: (e: Expression, place: Declarations) => T,
): T {
  const source = { name, text };
  try {
    return work(read(text), { ...declarations, source });
  } catch (problem) {
    if (!(problem instanceof Failure)) throw problem;
    throw new DiagnosticError([problem.diagnostic(source)]);
  }
}

function read(text: string): Expression {
  const { value, problems } = parseExpression(text);
  const [problem] = problems;
  if (value !== undefined && problem === undefined) return value;
  throw new Failure(problem?.span ?? { start: 0, end: 0 }, "syntax", problem?.message ?? "there is nothing to read", {
    help: problem?.help,
  });
}

/** `finite_difference(1e-2)` or a bare strategy. */
function backwardRequest(e: Expression): BackwardRequest {
  if (e.kind === "name") return { strategy: e.name, span: e.span };
  const epsilon = e.kind === "call" ? e.arguments[0]?.value : undefined;
  if (e.kind === "call" && e.callee.kind === "name" && epsilon?.kind === "number" && epsilon.value > 0) {
    return { strategy: e.callee.name, epsilon: epsilon.value, span: e.span };
  }
  const message = "write a strategy such as dual, or finite_difference(1e-2) with a positive step";
  throw new Failure(e.span, "bad-backward", message);
}

function print(kernel: Kernel): PrintedKernel {
  return { text: printJavaScriptKernel(kernel), inputs: kernel.inputs.map((array) => array.name) };
}
