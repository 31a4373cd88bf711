/**
 * Compiles one structure, on its own, to host kernels: what `sstc eval`, `layer()` and the certificates run. The result
 * is plain data with JavaScript text; the caller decides where to evaluate it.
 */
import type { BackwardClause, Expression, Span } from "../grammar/ast.ts";
import type { CompiledLayer, Decision, PrintedKernel, Target } from "./artifact.ts";
import { type Declarations, declarationsFor } from "./declarations.ts";
import { DiagnosticError, Failure } from "./failure.ts";
import type { Kernel } from "./ir/kernel/kernel.ts";
import { compileFamily, type LayerFamily } from "./layer-family.ts";
import { type LayerPieces, type LayerRequest, type Piece, readLayerRequest, withPiece } from "./layer-request.ts";
import { type Library, Names } from "./names.ts";
import { type Backward, type BackwardRequest, selectBackward } from "./passes/select-backward.ts";
import { selectKBest } from "./passes/select-k-best.ts";
import { selectRelaxation } from "./passes/select-relaxation.ts";
import { selectSolver } from "./passes/select-solver.ts";
import { precisionOf } from "./precision.ts";
import { printKernel } from "./printed-kernel.ts";
import { sizeOf } from "./relaxation-input.ts";
import type { Relaxed, Selected } from "./selected.ts";
import { type Environment, environment, evaluateStatic } from "./static-evaluate.ts";
import { describeStatic, type StaticGraph, type StaticValue } from "./static-value.ts";
import { applyStructure, type Structure } from "./structure.ts";
import { perExample, writtenSize } from "./structure-size.ts";
import { requireTemperature } from "./temperature.ts";

/** The kernels of a layer, before they are printed. */
export interface LayerKernels {
  readonly takes: Relaxed["takes"];
  readonly soft: Kernel;
  readonly backward: Backward;
  readonly isFamily: boolean;
  readonly decisions: readonly Omit<Decision, "latent">[];
}

/** What is known of a layer, whatever it runs on. */
export type LayerFacts = Omit<CompiledLayer, "argmax" | "soft" | "backward" | "family" | "decisions">;

/** A layer's facts, and the kernels that a target runs, before they are printed. */
export interface LayerParts {
  readonly facts: LayerFacts;
  readonly structure: Structure;
  readonly argmax: Selected<Kernel>;
  readonly relaxed: LayerKernels | undefined;
  readonly pieces: LayerPieces;
  readonly scope: Environment;
  readonly declarations: Declarations;
}

/** `target` is `host`, or that of programs. Throws a DiagnosticError that says what does not fit and where. */
export function layerParts(request: LayerRequest, library: Library, target: "host" | Target): LayerParts {
  const pieces = readLayerRequest(request);
  const { structure, scope, declarations } = structureOf(request, pieces, library, target);
  const solver = withPiece(pieces.structure, (e, source) =>
    selectSolver(structure, { ...declarations, source }, target, e.span),
  );
  const temperature = temperatureOf(pieces, scope);
  const relaxed = relaxedKernels(structure, pieces, scope, declarations, target);
  const { takes } = relaxed ?? {};
  const facts: LayerFacts = {
    structure: structure.label,
    size: structure.size,
    inputSize: takes === undefined ? structure.size : sizeOf(takes.shape),
    inputShape: takes?.shape,
    parts: structure.parts,
    ...(structure.graph === undefined ? {} : { graph: edgesOf(structure.graph) }),
    count: structure.count,
    sizes: structure.sizes && { most: structure.sizes.most, label: structure.sizes.label },
    temperature,
    straightThrough: pieces.straightThrough,
  };
  return { facts, structure, argmax: takes?.solver ?? solver, relaxed, pieces, scope, declarations };
}

/** Compiles a structure for the host; throws a DiagnosticError that says what does not fit and where. */
export function compileLayer(request: LayerRequest, library: Library): CompiledLayer {
  const { facts, structure, argmax, relaxed, pieces, scope, declarations } = layerParts(request, library, "host");
  const { soft, backward } = relaxed ?? {};
  const family = familyOf(structure, pieces, relaxed, scope, declarations);
  return {
    ...facts,
    argmax: printKernel(argmax.value),
    soft: soft && printKernel(soft),
    backward: backward && { strategy: backward.strategy, kernel: printKernel(backward.kernel) },
    family: family?.compiled,
    decisions: [argmax.decision, ...(relaxed?.decisions ?? []), ...(family?.decisions ?? [])].map((decision) => ({
      latent: "",
      ...decision,
    })),
  };
}

/** The kernel that lists `count` best members of the structure of a request; throws a DiagnosticError. */
export function compileKBest(request: LayerRequest, count: number, library: Library): PrintedKernel {
  const pieces = readLayerRequest(request);
  const { structure, declarations } = structureOf(request, pieces, library, "host");
  const { value } = withPiece(pieces.structure, (e, source) =>
    selectKBest(structure, count, { ...declarations, source }, "host", e.span),
  );
  return printKernel(value);
}

/** The structure of a request, and what its texts see. */
function structureOf(request: LayerRequest, pieces: LayerPieces, library: Library, target: "host" | Target) {
  const names = new Names(library, request.resolveImport ?? (() => undefined));
  const source = request.source ?? { name: "<none>", text: "" };
  names.load(source);
  if (names.diagnostics.length > 0) throw new DiagnosticError(names.diagnostics);
  const declarations = declarationsFor(names, source, precisionOf(target));
  const scope = settingsScope(pieces, declarations);
  const structure = withPiece(pieces.structure, (e, source) =>
    applyStructure(e, withSize(e, scope), { ...declarations, source }),
  );
  return { structure, scope, declarations };
}

/** The exponential family, where no other relaxation is asked for. What was asked for and is not there is refused. */
function familyOf(
  structure: Structure,
  pieces: LayerPieces,
  relaxed: LayerKernels | undefined,
  scope: Environment,
  declarations: Declarations,
): LayerFamily | undefined {
  const { relaxation, backward, queries } = pieces;
  const asked = queries.filter((query) => query !== "k_best");
  if (relaxation === undefined && asked.length === 0) return undefined;
  if (relaxation !== undefined && relaxed?.isFamily !== true) {
    const [query] = asked;
    if (query === undefined) return undefined;
    return withPiece(relaxation, ({ span }) => {
      const message = `${query} is a question about the exponential family, but this is another relaxation`;
      throw new Failure(span, "type-mismatch", message, { help: "leave the relaxation out, or write ExpFamily" });
    });
  }
  const request = backward && withPiece(backward, (clause) => backwardRequest(clause, scope));
  return withPiece<{ readonly span: Span }, LayerFamily>(relaxation ?? pieces.structure, ({ span }, source) =>
    compileFamily(structure, { ...declarations, source }, span, asked, request),
  );
}

/** A graph as plain data. */
function edgesOf({ vertices, directed, edges }: StaticGraph): NonNullable<CompiledLayer["graph"]> {
  return { vertices, directed, edges };
}

/** `size = length`: a name that means nothing here is a number that each example brings. */
function withSize(e: Expression, scope: Environment): Environment {
  const size = writtenSize(e, scope);
  if (size?.kind !== "name" || scope.lookup(size.name) !== undefined) return scope;
  return environment(new Map([[size.name, perExample(size)]]), scope);
}

/** What the texts of a request see: the settings, over the declarations. */
function settingsScope(pieces: LayerPieces, declarations: Declarations): Environment {
  const values = new Map<string, StaticValue>();
  const scope = environment(values, declarations);
  for (const piece of pieces.settings) {
    withPiece(piece, ({ name, value }) => values.set(name, evaluateStatic(value, scope)));
  }
  return scope;
}

function relaxedKernels(
  structure: Structure,
  { relaxation, temperature, backward: asked, queries }: LayerPieces,
  scope: Environment,
  declarations: Declarations,
  target: "host" | Target,
): LayerKernels | undefined {
  if (relaxation === undefined) return refuseWithout(asked ?? (queries.length === 0 ? temperature : undefined));
  const { relaxed, isFamily } = withPiece(relaxation, (e, source) => {
    const place = { ...declarations, source };
    const value = evaluateStatic(e, scope);
    if (value.kind !== "relaxation") {
      const help = { help: "such as ExpFamily or Euclidean" };
      throw new Failure(e.span, "type-mismatch", `expected a relaxation, but got ${describeStatic(value)}`, help);
    }
    const relaxed = selectRelaxation(structure, value, place, target, e.span);
    return { relaxed, isFamily: value.declaration.name.name === "ExpFamily" };
  });
  const select = (piece: Piece<unknown>, request?: BackwardRequest) =>
    withPiece(piece, (_, source) => {
      const span = request?.span ?? relaxation.value.span;
      return selectBackward(structure, relaxed.value, { ...declarations, source }, span, request);
    });
  const backward =
    asked === undefined
      ? select(relaxation)
      : select(
          asked,
          withPiece(asked, (clause) => backwardRequest(clause, scope)),
        );
  return {
    takes: relaxed.value.takes,
    soft: relaxed.value.forward,
    backward: backward.value,
    isFamily,
    decisions: [relaxed.decision, backward.decision],
  };
}

/** Refuses what would be of no use without a relaxation. */
function refuseWithout(given: LayerPieces["backward"] | LayerPieces["temperature"]): undefined {
  if (given === undefined) return undefined;
  return withPiece<{ readonly span: Span }, undefined>(given, ({ span }) => {
    const help = { help: "name the relaxation too, such as ExpFamily" };
    throw new Failure(span, "missing-argument", "this is for a relaxation, and there is none", help);
  });
}

function temperatureOf({ temperature }: LayerPieces, scope: Environment): number | undefined {
  if (temperature === undefined) return undefined;
  return withPiece(temperature, (clause) => {
    if (clause.kind === "anneal") {
      const help = { help: "give a number; a layer has no steps to count" };
      throw new Failure(clause.span, "bad-temperature", "a schedule is for training steps of models", help);
    }
    const value = evaluateStatic(clause.value, scope);
    if (value.kind !== "number") {
      throw new Failure(
        clause.span,
        "type-mismatch",
        `a temperature is a number, but this is ${describeStatic(value)}`,
      );
    }
    requireTemperature(value.value, clause.span);
    return value.value;
  });
}

/** `finite_difference(1e-2)` or a bare strategy. */
function backwardRequest({ strategy, arguments: list, span }: BackwardClause, scope: Environment): BackwardRequest {
  const [first, second] = list;
  if (second !== undefined || first?.name !== undefined) {
    throw new Failure((second ?? first)!.span, "too-many-arguments", "a backward takes one number at most", {
      help: "write finite_difference(1e-2)",
    });
  }
  if (first === undefined) return { strategy: strategy.name, span };
  const step = evaluateStatic(first.value, scope);
  if (step.kind === "number" && step.value > 0 && Number.isFinite(step.value)) {
    return { strategy: strategy.name, span, epsilon: step.value };
  }
  const message = `the step of a backward must be a number greater than 0, but it is ${describeStatic(step)}`;
  throw new Failure(first.span, "bad-backward", message);
}
