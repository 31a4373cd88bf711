/**
 * What an expression can mean while a model is elaborated: a compile-time value, a tensor, or something that can be
 * called or sampled. Tensors carry how the user wrote their dimensions, so that messages speak the user's language.
 */
import type {
  DistributionDeclaration,
  Expression,
  FunctionDeclaration,
  Method,
  ModuleDeclaration,
  Span,
} from "../../grammar/ast.ts";
import type { Source } from "../diagnostic.ts";
import type { Node } from "../ir/tensor/tensor.ts";
import { describeStatic, type StaticValue } from "../static-value.ts";
import type { Structure } from "../structure.ts";

/** Names to values, innermost first; see scope.ts. */
export interface Bindings {
  readonly parent: Bindings | undefined;
  lookup(name: string): Value | undefined;
  own(): ReadonlyMap<string, Value>;
  names(): Iterable<string>;
}

/** One dimension of a shape: its size, and the text it came from when that says more than the number. */
export interface Dimension {
  readonly size: number;
  readonly label?: string;
}

export interface TensorValue {
  readonly kind: "tensor";
  readonly node: Node;
  readonly dimensions: readonly Dimension[];
  /** Of a sample, the parts of the embedding, which are its members: `z.pair`. */
  readonly parts?: Structure["parts"];
}
/** A user or stdlib function together with the source it was written in. */
export interface FunctionValue {
  readonly kind: "function";
  readonly declaration: FunctionDeclaration;
  readonly source: Source;
}
/** A function of the language itself, from builtins/. */
export interface BuiltinValue {
  readonly kind: "builtin";
  readonly name: string;
}
export interface ModuleClassValue {
  readonly kind: "module-class";
  readonly declaration: ModuleDeclaration;
  readonly source: Source;
}
/** A module with its parameters created: `members` holds its arguments, params, states, lets. */
export interface ModuleValue {
  readonly kind: "module";
  readonly declaration: ModuleDeclaration;
  readonly source: Source;
  readonly path: string;
  readonly scope: Bindings;
}
export interface MethodValue {
  readonly kind: "method";
  readonly module: ModuleValue;
  readonly method: Method;
}
export interface DistributionValue {
  readonly kind: "distribution";
  readonly declaration: DistributionDeclaration;
  readonly source: Source;
  readonly arguments: ReadonlyMap<string, Value>;
}
/** A structure applied to its arguments. */
export interface StructureValue {
  readonly kind: "structure";
  readonly structure: Structure;
  readonly label: string;
  /** The sizes of its examples, where they have some, and where they are written. */
  readonly size: { readonly value: TensorValue; readonly written: Expression } | undefined;
}
/** A latent variable: which of its samples a bare name means depends on the entry point. */
export interface LatentValue {
  readonly kind: "latent";
  readonly name: string;
  readonly soft: TensorValue | undefined;
  readonly hard: TensorValue;
  readonly current: TensorValue;
}
/**
 * What is subtracted from the loss of a sample before it weighs the gradient of the sample's log-probability. `decay`
 * is that of an exponential moving average, a scalar.
 */
export type Baseline =
  | { readonly kind: "none" | "batch" | "multi_sample" | "leave_one_out" }
  | { readonly kind: "ema"; readonly decay: Node }
  /** A value for each example that is trained to predict the loss; `weight` is that of its squared error. */
  | { readonly kind: "network"; readonly value: Node; readonly decay: Node; readonly weight: Node };

export interface ScoreEstimator {
  readonly kind: "score";
  readonly span: Span;
  readonly baseline: Baseline;
  /** How often each example is sampled in a step. */
  readonly samples: number;
}

/** A metric made of parts: `precision` and `recall`, or two readings of which the better is reported. */
export interface RecordValue {
  readonly kind: "record";
  readonly fields: ReadonlyMap<string, Value>;
}
export interface BestValue {
  readonly kind: "best";
  readonly by: string;
  readonly readings: ReadonlyMap<string, Value>;
}
/** Several tensors in a row, such as the items of `[a, b]`. */
export interface SequenceValue {
  readonly kind: "sequence";
  readonly items: readonly Value[];
}
/** The value of an expression that was already reported: everything accepts it, nothing more is said about it. */
export interface ErrorValue {
  readonly kind: "error";
}

export type Value =
  | StaticValue
  | TensorValue
  | FunctionValue
  | BuiltinValue
  | ModuleClassValue
  | ModuleValue
  | MethodValue
  | DistributionValue
  | StructureValue
  | LatentValue
  | RecordValue
  | BestValue
  | SequenceValue
  | ErrorValue;

export const ERROR: ErrorValue = { kind: "error" };

/** Whether a value is known at compile time. */
export function isStatic(value: Value): value is StaticValue {
  return ["number", "boolean", "string", "graph", "list", "relaxation", "structure-name"].includes(value.kind);
}

/** A named or positional argument of a call, evaluated. */
export interface BoundArgument {
  readonly name?: string;
  /** Where the name is written. */
  readonly nameSpan?: Span;
  readonly value: Value;
  readonly span: Span;
}

/** `f32[edges(K), 2]`, with sizes added where the text alone does not say them. */
export function describeShape(dimensions: readonly Dimension[]): string {
  return `[${dimensions.map(describeDimension).join(", ")}]`;
}

/** A number goes by the name it is given, unless it was computed from other names. */
export function named(value: Value, name: string): Value {
  if (value.kind !== "number") return value;
  const { label } = value;
  return label === undefined || !/[A-Za-z_]/.test(label.replace(/^[\d.]+e/i, "")) ? { ...value, label: name } : value;
}

export function describeDimension(dimension: Dimension): string {
  const { label, size } = dimension;
  return label === undefined || Number(label) === size ? String(size) : `${label} = ${size}`;
}

/** What a value is, in a few words, for messages such as "expected a number but got …". */
export function describe(value: Value): string {
  switch (value.kind) {
    case "number":
      return `the number ${value.value}`;
    case "boolean":
      return `the truth value ${value.value}`;
    case "string":
      return `the text ${JSON.stringify(value.value)}`;
    case "graph":
      return `the graph ${value.label}`;
    case "list":
    case "sequence":
      return "a list";
    case "relaxation":
      return `the relaxation ${value.declaration.name.name}`;
    case "structure-name":
      return `the structure ${value.declaration.name.name} without arguments`;
    case "per-example":
      return describeStatic(value);
    case "tensor":
      return value.dimensions.length === 0
        ? `${value.node.type.dtype === "bool" ? "a" : "an"} ${value.node.type.dtype} scalar`
        : `${value.node.type.dtype}${describeShape(value.dimensions)}`;
    case "function":
    case "builtin":
    case "method":
      return "a function";
    case "module-class":
      return `the module ${value.declaration.name.name} without arguments`;
    case "module":
      return `an instance of the module ${value.declaration.name.name}`;
    case "distribution-class":
      return `the distribution ${value.declaration.name.name} without arguments`;
    case "distribution":
      return `a ${value.declaration.name.name} distribution`;
    case "structure":
    case "applied-structure":
      return `the structure ${value.label}`;
    case "latent":
      return `the latent variable ${value.name}`;
    case "record":
    case "best":
      return "a group of metrics";
    case "error":
      return "something already reported";
  }
}
