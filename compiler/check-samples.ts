/**
 * Tries out structures and kernels that nothing may use yet, at small sizes: types, shapes and missing pieces of their
 * kernels come to light without a model.
 */
import type { Expression, KernelDeclaration, Parameter, Span, StructureDeclaration } from "../grammar/ast.ts";
import { declarationsFor, relaxationOf } from "./declarations.ts";
import type { Diagnostic, Source } from "./diagnostic.ts";
import { Failure } from "./failure.ts";
import { isOwn } from "./general-clauses.ts";
import { lowerKernel } from "./kernel-language/lower.ts";
import { logPartitionKernel } from "./kernel-language/structure-kernel.ts";
import type { Names } from "./names.ts";
import { selectBackward } from "./passes/select-backward.ts";
import { selectKBest } from "./passes/select-k-best.ts";
import { selectRelaxation } from "./passes/select-relaxation.ts";
import { selectSampler } from "./passes/select-sampler.ts";
import { selectSolver } from "./passes/select-solver.ts";
import { environment } from "./static-evaluate.ts";
import { staticFunctions } from "./static-functions.ts";
import { type StaticValue, staticNumber } from "./static-value.ts";
import { applyStructure, type Structure } from "./structure.ts";

/** Values to try for the sizes and graphs of a structure or kernel. */
interface Sizes {
  /** One after the other: n = 4, k = 2. */
  readonly numbers: readonly number[];
  readonly vertices: number;
}
const SMALL: Sizes = { numbers: [4, 2, 1], vertices: 4 };
/** An index that leaves its array at these, too, is no matter of size. */
const LARGER: Sizes = { numbers: [23, 11, 5], vertices: 7 };
/** The graphs to try, of which the first that meets the requirements is taken. */
const GRAPHS: readonly string[] = ["complete", "complete_directed"];
/** Which regulariser stands for all separable ones. */
const SEPARABLE = "Euclidean";
/** What may be wrong because of the sizes tried, not of the text. */
const BY_SIZE: ReadonlySet<string> = new Set(["requirement", "bad-size", "bad-index", "bad-number"]);

/** What is wrong with a structure whatever its arguments; empty where no sample meets its requirements. */
export function trySample(declaration: StructureDeclaration, source: Source, names: Names): Diagnostic[] {
  return atBothSizes((sizes) => {
    for (const graph of GRAPHS) {
      const values = sampleValues(declaration.parameters, graph, sizes, names, source);
      if (values === undefined) return undefined;
      const sample = new Sample(source, names, declaration.name.span);
      const structure = sample.structure(declaration, values);
      if (structure === undefined && sample.refused) continue;
      if (structure !== undefined) sample.selections(structure);
      return sample;
    }
    return undefined;
  });
}

/** What is wrong at the small sizes, and the indices that leave their arrays at both. */
function atBothSizes(attempt: (sizes: Sizes) => Sample | undefined): Diagnostic[] {
  const small = attempt(SMALL);
  if (small === undefined) return [];
  const doubtful = small.outside;
  const larger = doubtful.length === 0 ? [] : (attempt(LARGER)?.outside ?? []);
  const place = ({ source, span }: Diagnostic) => `${source.name}:${span.start}`;
  const places = new Set(larger.map(place));
  return [...small.diagnostics, ...doubtful.filter((each) => places.has(place(each)))];
}

/** What is wrong with a kernel on its own, whatever its arguments. */
export function tryKernel(declaration: KernelDeclaration, source: Source, names: Names): Diagnostic[] {
  const parameters = declaration.parameters.filter((parameter) => parameter.type?.kind !== "tensor-type");
  return atBothSizes((sizes) => {
    const values = sampleValues(parameters, "complete", sizes, names, source);
    if (values === undefined) return undefined;
    const sample = new Sample(source, names, declaration.name.span);
    const declarations = declarationsFor(names, source);
    sample.attempt(() => lowerKernel(declaration, values, declarations, declaration.name.name, true));
    return sample;
  });
}

/** Arguments to try; undefined where a parameter is of a kind that has no sample. */
function sampleValues(
  parameters: readonly Parameter[],
  graph: string,
  { numbers, vertices }: Sizes,
  names: Names,
  source: Source,
): Map<string, StaticValue> | undefined {
  const values = new Map<string, StaticValue>();
  let count = 0;
  for (const parameter of parameters) {
    const type = parameter.type?.kind === "named-type" ? parameter.type.name : undefined;
    const value = type === undefined || type === "int" ? staticNumber(numbers[count++] ?? 1) : typed(type);
    if (value === undefined) return undefined;
    values.set(parameter.name.name, value);
  }
  return values;

  function typed(type: string): StaticValue | undefined {
    switch (type) {
      case "Graph":
        return staticFunctions.get(graph)?.call([staticNumber(vertices)], { start: 0, end: 0 });
      case "Relaxation": {
        const found = names.find(SEPARABLE, source);
        const relaxation = found && relaxationOf(found);
        return relaxation?.kind === "relaxation" ? { ...relaxation, forward: "unknown" } : undefined;
      }
      case "float":
        return staticNumber(0.5);
      case "bool":
        return { kind: "boolean", value: true };
      case "text":
        return { kind: "string", value: "" };
      default:
        return undefined;
    }
  }
}

class Sample {
  readonly diagnostics: Diagnostic[] = [];
  /** Indices that leave their arrays at these sizes. */
  readonly outside: Diagnostic[] = [];
  /** Whether a requirement was not met. */
  refused = false;
  private readonly source: Source;
  private readonly names: Names;
  private readonly span: Span;

  constructor(source: Source, names: Names, span: Span) {
    this.source = source;
    this.names = names;
    this.span = span;
  }

  /** Runs a part of the trial; what is wrong whatever the sizes is kept. */
  attempt<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (problem) {
      if (!(problem instanceof Failure)) throw problem;
      this.keep(problem);
      return undefined;
    }
  }

  keep(problem: Failure): void {
    for (const each of [problem, ...problem.others]) {
      this.refused ||= each.code === "requirement";
      if (each.code === "bad-index") this.outside.push(each.diagnostic(this.source));
      if (!this.bySize(each)) this.diagnostics.push(each.diagnostic(this.source));
    }
  }

  /** Whether other sizes may do; a number in the text is what it is. */
  private bySize({ code, span, source }: Failure): boolean {
    if (!BY_SIZE.has(code)) return false;
    const literal = /^[\d.][\w.+-]*$/.test((source ?? this.source).text.slice(span.start, span.end));
    return !(code === "bad-number" && literal);
  }

  structure(declaration: StructureDeclaration, values: ReadonlyMap<string, StaticValue>): Structure | undefined {
    const { span } = this;
    const declarations = declarationsFor(this.names, this.source);
    const name = (text: string): Expression => ({ kind: "name", name: text, span });
    const list = [...values.keys()].map((key) => ({ value: name(key), span }));
    const call: Expression = { kind: "call", callee: name(declaration.name.name), arguments: list, span };
    return this.attempt(() => applyStructure(call, environment(values, declarations), declarations));
  }

  /** Every solver and relaxation that the structure declares. */
  selections(structure: Structure): void {
    const declarations = declarationsFor(this.names, this.source);
    const { source } = structure;
    const { span } = this;
    if (structure.argmax.length > 0) this.attempt(() => selectSolver(structure, declarations, "host", span));
    this.attempt(() => logPartitionKernel(structure, declarations, span));
    if (structure.samplers.length > 0) this.attempt(() => selectSampler(structure, declarations, "host", span));
    if (structure.kBest.some(isOwn)) this.attempt(() => selectKBest(structure, 2, declarations, "host", span));
    for (const candidate of structure.relaxations) {
      const { name, clause } = candidate;
      // Options that only a model can give are not known here.
      if (clause.refused !== undefined || clause.parameters.some((each) => each.default === undefined)) continue;
      const found = this.names.find(name === "Separable" ? SEPARABLE : name, this.source);
      const value = found === undefined ? undefined : relaxationOf(found);
      if (value === undefined) continue;
      const place = source.name === this.source.name ? clause.relaxation.span : span;
      this.attempt(() => {
        const alone = { ...structure, relaxations: [candidate] };
        const relaxed = selectRelaxation(alone, value, declarations, clause.target?.name ?? "host", place);
        selectBackward(structure, relaxed.value, declarations, place);
      });
    }
  }
}
