/**
 * What a kernel being lowered has grown so far: statements, scratch arrays, tables, names that are not taken, and where
 * in the text the parts stand that may turn out to be wrong.
 */
import type { Span } from "../../grammar/ast.ts";
import type { Failure } from "../failure.ts";
import type { KernelArray, KernelExpression, KernelStatement, KernelTable } from "../ir/kernel/kernel.ts";

/** Where a part of the kernel comes from; `told` turns a failure there into one for the caller of an inlined kernel. */
export interface Place {
  readonly span: Span;
  readonly told: (failure: Failure) => Failure;
}

export class Emitter {
  /** Of guarded indices and of loops. */
  readonly places = new Map<KernelExpression | KernelStatement, Place>();
  readonly scratch: KernelArray[] = [];
  readonly tables = new Map<string, KernelTable>();
  body: KernelStatement[] = [];
  /** The size of the example, where each has one. */
  size: KernelExpression | undefined;
  /** Whether it is an input of the kernel. */
  readsSize = false;
  /** Calls of other kernels so far. */
  inlined = 0;
  private readonly reserved = new Set<string>();
  private names = 0;

  /** Keeps a name from being given to anything else. */
  reserve(name: string): void {
    this.reserved.add(name);
  }

  /** A name that nothing else in the kernel has. */
  fresh(name: string): string {
    for (;;) {
      const candidate = `${name}_${++this.names}`;
      if (!this.reserved.has(candidate)) return candidate;
    }
  }

  /** What the kernel is made of besides its inputs and outputs. */
  parts(): { scratch: KernelArray[]; tables: KernelTable[]; body: KernelStatement[] } {
    return { scratch: this.scratch, tables: [...this.tables.values()], body: this.body };
  }

  push(...statements: readonly KernelStatement[]): void {
    this.body.push(...statements);
  }

  /** The statements that `work` emits, kept apart from the others. */
  collect(work: () => void): KernelStatement[] {
    const outer = this.body;
    this.body = [];
    work();
    const inner = this.body;
    this.body = outer;
    return inner;
  }

  /** Gives a value a name: costly ones, so that they are computed once and their derivative can use them. */
  named(name: string, value: KernelExpression): KernelExpression {
    const unique = this.fresh(name);
    this.push({ kind: "declare", name: unique, type: value.type, mutable: false, value });
    return { kind: "variable", name: unique, type: value.type };
  }

  /** A constant array, kept once however often it is asked for. */
  table(name: string, values: readonly number[], element: KernelTable["element"] = "i32"): KernelTable {
    const key = `${element}:${values.join(",")}`;
    const known = this.tables.get(key);
    if (known !== undefined) return known;
    const table: KernelTable = { name: this.fresh(name), element, values };
    this.tables.set(key, table);
    return table;
  }
}
