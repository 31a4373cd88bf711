/**
 * Compiles one structure, on its own, to host kernels: what `sstc eval`, `layer()` and the certificates run. The result is
 * plain data with JavaScript text; the caller decides where to evaluate it.
 */
import type { Expression } from "../grammar/ast.ts";
import { parseExpression } from "../grammar/parse.ts";
import type { Decision } from "./artifact.ts";
import type { Source } from "./diagnostic.ts";
import { Failure } from "./failure.ts";
import type { Kernel } from "./ir/kernel/kernel.ts";
import type { Library } from "./names.ts";
import { Names } from "./names.ts";
import { lowerLogPartition, selectBackward, selectRelaxation, selectSolver } from "./passes/select.ts";
import { evaluateStatic } from "./static-evaluate.ts";
import { staticFunctions } from "./static-functions.ts";
import { applyStructure, type Declarations, type Structure } from "./structure.ts";
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
}
/** A kernel as text, with the names of the arrays that it reads, in order. */
export interface PrintedKernel {
  readonly text: string;
  readonly inputs: readonly string[];
}
export interface CompiledLayer {
  readonly structure: string;
  readonly size: number;
  readonly count: number | undefined;
  readonly argmax: PrintedKernel;
  readonly soft: PrintedKernel | undefined;
  readonly backward: { readonly strategy: "custom" | "dual"; readonly kernel: PrintedKernel } | { readonly strategy: "finite_difference"; readonly epsilon: number } | undefined;
  readonly logPartition: PrintedKernel | undefined;
  readonly decisions: readonly Decision[];
}

/** Declarations as structures and kernels see them, from one file outwards. */
export function declarationsFor(names: Names, from: Source): Declarations {
  const find = (name: string) => names.find(name, from);
  return {
    lookup: (name) => {
      const found = find(name);
      if (found?.declaration.kind === "structure") return { kind: "structure-name", declaration: found.declaration };
      return found?.declaration.kind === "relaxation" ? { kind: "relaxation", declaration: found.declaration, arguments: new Map() } : undefined;
    },
    *names() {
      yield* names.visible(from);
      yield* staticFunctions.keys();
    },
    structure: (name) => {
      const found = find(name);
      return found?.declaration.kind === "structure" ? { declaration: found.declaration, source: found.source } : undefined;
    },
    kernel: (name) => {
      const found = find(name);
      return found?.declaration.kind === "kernel" ? { declaration: found.declaration, source: found.source } : undefined;
    },
  };
}

/** Compiles a structure; throws a Failure that says what does not fit. */
export function compileLayer(request: LayerRequest, library: Library): CompiledLayer {
  const names = new Names(library, () => undefined);
  const source = request.source ?? { name: "<structure>", text: "" };
  names.load(source);
  const first = names.diagnostics[0];
  if (first !== undefined) throw new Failure(first.span, first.code, first.message, { help: first.help });
  const declarations = declarationsFor(names, source);
  const structure = applyStructure(read(request.structure), declarations, declarations);
  const solver = selectSolver(structure, declarations, "host");
  const log = lowerLogPartition(structure, declarations);
  const base = { structure: structure.label, size: structure.size, count: structure.count, argmax: print(solver.value) };
  const decisions: Decision[] = [{ latent: "", ...solver.decision }];
  if (request.relaxation === undefined) return { ...base, soft: undefined, backward: undefined, logPartition: undefined, decisions };
  const { soft, backward, isExpFamily } = relax(request, structure, declarations, decisions);
  return { ...base, soft, backward, logPartition: isExpFamily && log !== undefined ? print(log) : undefined, decisions };
}

function relax(request: LayerRequest, structure: Structure, declarations: Declarations, decisions: Decision[]) {
  const expression = read(request.relaxation!);
  const value = evaluateStatic(expression, declarations);
  if (value.kind !== "relaxation") throw new Failure(expression.span, "type-mismatch", `${request.relaxation} is not a relaxation`);
  const relaxed = selectRelaxation(structure, value, declarations, expression.span);
  const asked = request.backward === undefined ? undefined : backwardRequest(read(request.backward));
  const chosen = selectBackward(structure, relaxed.value, declarations, asked);
  decisions.push({ latent: "", ...relaxed.decision }, { latent: "", ...chosen.decision });
  const backward = chosen.value.strategy === "finite_difference" ? chosen.value : { strategy: chosen.value.strategy, kernel: print(chosen.value.kernel) };
  return { soft: print(relaxed.value.forward), backward, isExpFamily: value.declaration.name.name === "ExpFamily" };
}

function read(text: string): Expression {
  const { value, problems } = parseExpression(text);
  const problem = problems[0];
  if (value === undefined) throw new Failure(problem?.span ?? { start: 0, end: 0 }, "syntax", `${problem?.message ?? "nothing to read"} in ${JSON.stringify(text)}`);
  return value;
}

/** `finite_difference(1e-2)` or a bare strategy. */
export function backwardRequest(e: Expression): { strategy: string; epsilon?: number; span: Expression["span"] } {
  if (e.kind === "name") return { strategy: e.name, span: e.span };
  const epsilon = e.kind === "call" ? e.arguments[0]?.value : undefined;
  if (e.kind !== "call" || e.callee.kind !== "name" || epsilon?.kind !== "number" || !(epsilon.value > 0)) throw new Failure(e.span, "bad-backward", "write a strategy such as dual, or finite_difference(1e-2) with a positive step");
  return { strategy: e.callee.name, epsilon: epsilon.value, span: e.span };
}

function print(kernel: Kernel): PrintedKernel {
  return { text: printJavaScriptKernel(kernel), inputs: kernel.inputs.map((array) => array.name) };
}
