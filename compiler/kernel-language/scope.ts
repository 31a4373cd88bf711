/** What names mean inside a kernel: scalars, arrays, values known at compile time. */
import type { Parameter } from "../../grammar/ast.ts";
import { type Part, partsOf } from "../../grammar/walk.ts";
import type { KernelArray, KernelExpression, ScalarType } from "../ir/kernel/kernel.ts";
import { type Environment, environment } from "../static-evaluate.ts";
import type { StaticGraph, StaticValue } from "../static-value.ts";
import { staticNumber } from "../static-value.ts";
import { numberConstant, toReal } from "./arithmetic.ts";

export type Binding =
  | { readonly kind: "scalar"; readonly name: string; readonly type: ScalarType; readonly mutable: boolean }
  | { readonly kind: "array"; readonly array: KernelArray; readonly writable: boolean }
  | { readonly kind: "value"; readonly value: KernelExpression };

/** A block's names inside those of the blocks around it, and the compile-time arguments of the kernel. */
export class KernelScope {
  readonly bindings = new Map<string, Binding>();
  /** The kernel's compile-time arguments. */
  readonly values: ReadonlyMap<string, StaticValue>;
  /** The same, and what the kernel's file declares. */
  readonly statics: Environment;
  private readonly parent: KernelScope | undefined;

  private constructor(values: ReadonlyMap<string, StaticValue>, statics: Environment, parent?: KernelScope) {
    this.values = values;
    this.statics = statics;
    this.parent = parent;
  }

  /** The scope of a whole kernel, or of a function of a relaxation. */
  static outermost(values: ReadonlyMap<string, StaticValue>, declarations: Environment): KernelScope {
    const statics = environment(values, declarations);
    const dynamic = (name: string) => scope.dynamic(name) ?? statics.dynamic?.(name);
    const scope: KernelScope = new KernelScope(values, { ...statics, dynamic });
    return scope;
  }

  /** Arguments declared `float` are reals whatever their values: 2 is no integer where 2.5 would be none. */
  bindReals(parameters: readonly Parameter[]): void {
    for (const { name, type } of parameters) {
      const value = this.values.get(name.name);
      if (type?.kind !== "named-type" || type.name !== "float" || value?.kind !== "number") continue;
      this.bindings.set(name.name, { kind: "value", value: toReal(numberConstant(value.value)) });
    }
  }

  /** A scope for a block inside this one. */
  inner(): KernelScope {
    return new KernelScope(this.values, this.statics, this);
  }

  lookup(name: string): Binding | undefined {
    return this.bindings.get(name) ?? this.parent?.lookup(name);
  }

  /** What a name is that only a run of the kernel knows. */
  dynamic(name: string): string | undefined {
    const binding = this.lookup(name);
    if (binding === undefined || (binding.kind === "value" && binding.value.kind === "constant")) return undefined;
    return binding.kind === "array" ? "an array" : "a number that the kernel computes";
  }

  names(): string[] {
    return [...this.bindings.keys(), ...(this.parent?.names() ?? this.statics.names())];
  }

  /** The graph among the kernel's arguments, where there is no other. */
  onlyGraph(): StaticGraph | undefined {
    const graphs = [...this.values.values()].filter((value) => value.kind === "graph");
    return graphs.length === 1 ? graphs[0] : undefined;
  }

  /**
   * The compile-time values of this place: `let` names with constant values count too, and other names hide arguments.
   */
  constants(): Environment {
    return {
      lookup: (name) => {
        const binding = this.lookup(name);
        if (binding === undefined) return this.statics.lookup(name);
        if (binding.kind !== "value" || binding.value.kind !== "constant") return undefined;
        const { type, value } = binding.value;
        return type === "bool" ? { kind: "boolean", value: value !== 0 } : staticNumber(value);
      },
      dynamic: (name) => this.dynamic(name),
      precision: this.statics.precision,
      names: () => this.names(),
    };
  }
}

/** Whether an expression uses a number or an array that only a run of the kernel knows. */
export function dependsOnRun(e: Part, scope: KernelScope): boolean {
  if (e.kind === "name") return scope.dynamic(e.name) !== undefined;
  return partsOf(e).some((part) => dependsOnRun(part, scope));
}
