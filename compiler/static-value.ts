/**
 * Compile-time values: the numbers, graphs, structures and relaxations that the static part of a program computes with.
 * They decide every shape before any tensor exists.
 */
import type { DistributionDeclaration, RelaxationDeclaration, Span, StructureDeclaration } from "../grammar/ast.ts";
import type { Source } from "./diagnostic.ts";
import type { Kernel } from "./ir/kernel/kernel.ts";

/** A number known at compile time. `label` is how the user wrote it (`edges(K)`), for diagnostics. */
export interface StaticNumber {
  readonly kind: "number";
  readonly value: number;
  readonly label?: string;
}
export interface StaticBoolean {
  readonly kind: "boolean";
  readonly value: boolean;
}
export interface StaticString {
  readonly kind: "string";
  readonly value: string;
}
/**
 * A graph with vertices 0 … vertices − 1. Undirected edges are stored once. The arcs of an undirected graph are
 * its edges as written followed by its edges turned around; the arcs of a directed graph are its edges.
 */
export interface StaticGraph {
  readonly kind: "graph";
  readonly vertices: number;
  readonly directed: boolean;
  readonly edges: readonly (readonly [number, number])[];
  /** How it was made, such as `complete(10)`. */
  readonly label: string;
}
export interface StaticList {
  readonly kind: "list";
  readonly items: readonly StaticValue[];
}
/**
 * A relaxation with its arguments, such as `CategoricalEntropy` or `ExpFamily(clip = 15)`. `arguments` are values of
 * its own parameters; `options` are for the structure that it will relax, whose `relax` clause says which there are.
 */
export interface StaticRelaxation {
  readonly kind: "relaxation";
  readonly declaration: RelaxationDeclaration;
  /** The file that declares it. */
  readonly source: Source;
  readonly arguments: ReadonlyMap<string, StaticValue>;
  readonly options: ReadonlyMap<string, StaticValue>;
  /**
   * The algorithm by which it is computed, as a custom backward sees it: `R.derivative(u, direction)` differentiates
   * it. A kernel that is checked on its own belongs to none that is known.
   */
  readonly forward?: Kernel | "unknown";
}
/** The name of a structure, not yet applied: what an argument `Edges: Structure` holds. */
export interface StaticStructureName {
  readonly kind: "structure-name";
  readonly declaration: StructureDeclaration;
  /** The file that declares it. */
  readonly source: Source;
}

/** The name of a distribution, not yet applied: what an argument `Utilities: Distribution` holds. */
export interface StaticDistributionName {
  readonly kind: "distribution-class";
  readonly declaration: DistributionDeclaration;
  /** The file that declares it. */
  readonly source: Source;
}

/** A whole number of each example, such as the size of a sentence: kernels read it when they run. */
export interface StaticPerExample {
  readonly kind: "per-example";
  /** It lies between 1 and this. */
  readonly most: number;
  /** As it is written where the structure is used: `length`. */
  readonly label: string;
}
/** A structure applied to its arguments, as a kernel's parameter `S: Structure` holds it. */
export interface StaticStructure {
  readonly kind: "applied-structure";
  /** As written, with arguments: `KSubset(6, 2)`. */
  readonly label: string;
  readonly declaration: StructureDeclaration;
  readonly arguments: ReadonlyMap<string, StaticValue>;
  /** Elements of its members. */
  readonly dimensions: number;
  /** What its solver has to run on. */
  readonly target: string;
  /** The cheapest solver that the target can run, as a kernel from u to x; throws a Failure where there is none. */
  argmax(): Kernel;
}

export type StaticValue =
  | StaticNumber
  | StaticPerExample
  | StaticBoolean
  | StaticString
  | StaticGraph
  | StaticList
  | StaticRelaxation
  | StaticStructureName
  | StaticDistributionName
  | StaticStructure;

/** A function of the language that is computed when the program is compiled; throws a Failure where it has no value. */
export interface StaticFunction {
  readonly parameters: readonly string[];
  readonly call: (values: readonly StaticValue[], span: Span) => StaticValue;
}

export function staticNumber(value: number, label?: string): StaticNumber {
  return { kind: "number", value, ...(label === undefined ? {} : { label }) };
}

/** A value in a few words, for messages. */
export function describeStatic(value: StaticValue): string {
  switch (value.kind) {
    case "number":
    case "boolean":
      return String(value.value);
    case "string":
      return JSON.stringify(value.value);
    case "graph":
      return `the graph ${value.label}`;
    case "list":
      return "a list";
    case "relaxation":
    case "structure-name":
    case "distribution-class":
      return value.declaration.name.name;
    case "per-example":
      return `${value.label}, a number of each example`;
    case "applied-structure":
      return value.label;
  }
}
