/**
 * Builds one kernel out of calls of others and statements in between: the calls are inlined under names of their own.
 */
import { removeDead } from "./dead.ts";
import type { Kernel, KernelArray, KernelStatement, KernelTable } from "./kernel.ts";
import { renameBlock } from "./rename.ts";

export class Composition {
  private readonly inputs: readonly KernelArray[];
  private readonly outputs: readonly KernelArray[];
  private readonly scratch: KernelArray[] = [];
  private readonly tables = new Map<string, KernelTable>();
  private readonly body: KernelStatement[] = [];
  private readonly taken: Set<string>;

  constructor(inputs: readonly KernelArray[], outputs: readonly KernelArray[]) {
    this.inputs = inputs;
    this.outputs = outputs;
    this.taken = new Set([...inputs, ...outputs].map((array) => array.name));
  }

  /** A name that nothing has yet: `name` itself where it is free. */
  fresh(name: string): string {
    let candidate = name;
    for (let i = 2; this.taken.has(candidate); i++) candidate = `${name}_${i}`;
    this.taken.add(candidate);
    return candidate;
  }

  /** A scratch array that starts at zero. */
  array(like: KernelArray, name: string): KernelArray {
    const array = { ...like, name: this.fresh(name) };
    this.scratch.push(array);
    this.body.push({ kind: "fill", array: array.name, value: { kind: "constant", value: 0, type: array.element } });
    return array;
  }

  push(...statements: readonly KernelStatement[]): void {
    this.body.push(...statements);
  }

  /** Runs `kernel` on arrays of this composition, given by the names that they have inside the kernel. */
  call(kernel: Kernel, arrays: ReadonlyMap<string, string>): void {
    const names = new Map(arrays);
    for (const array of [...kernel.inputs, ...kernel.outputs]) {
      if (!names.has(array.name)) throw new Error(`${kernel.name}: nothing is given for ${array.name}`);
    }
    for (const table of kernel.tables) names.set(table.name, this.table(table));
    for (const array of kernel.scratch) {
      const name = this.fresh(array.name);
      names.set(array.name, name);
      this.scratch.push({ ...array, name });
    }
    const scalars = new Map<string, string>();
    const scalar = (name: string) => {
      const known = scalars.get(name) ?? this.fresh(name);
      scalars.set(name, known);
      return known;
    };
    this.body.push(...renameBlock(kernel.body, { scalar, array: (name) => names.get(name)! }));
  }

  finish(name: string, doc?: string): Kernel {
    const { inputs, outputs, scratch, body } = this;
    const kernel = { name, inputs, outputs, scratch, tables: [...this.tables.values()], body };
    return removeDead(doc === undefined ? kernel : { ...kernel, doc });
  }

  /** Equal tables of several calls are kept once. */
  private table(table: KernelTable): string {
    const key = `${table.element}:${table.values.join(",")}`;
    const known = this.tables.get(key);
    if (known !== undefined) return known.name;
    const own = { ...table, name: this.fresh(table.name) };
    this.tables.set(key, own);
    return own.name;
  }
}
