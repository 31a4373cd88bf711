/**
 * What a printed program creates once and keeps: constants, and the row numbers of gathers, which depend on the batch
 * size and are made anew only when that changes.
 */
import { type Loop, programOf } from "../ir/tensor/loop.ts";
import { printTensorProgram } from "../ir/tensor/print.ts";
import type { TensorProgram } from "../ir/tensor/tensor.ts";
import type { HelperName } from "../ops/op.ts";
import { helpers } from "./tfjs-helpers.ts";

export class Hoisted {
  private readonly constants = new Map<string, string>();
  private readonly tables = new Map<string, string>();
  private readonly helpers = new Set<HelperName>();
  /** By what they compute: loops of one program, types included, are one. */
  private readonly computations = new Map<
    string,
    { readonly loop: Loop; readonly name: string; readonly text: string }
  >();

  /** The name of a constant tensor. */
  constant(values: readonly number[], shape: readonly number[], dtype: "float32" | "int32" | "bool"): string {
    const data = `[${values.map(numberText).join(", ")}]`;
    const size = shape.reduce((a, b) => a * b, 1);
    const text =
      values.length === 1 && size !== 1
        ? `tf.fill(${JSON.stringify(shape)}, ${numberText(values[0]!)}, "${dtype}")`
        : `tf.tensor(${data}, ${JSON.stringify(shape)}, "${dtype}")`;
    return this.intern(this.constants, `tf.keep(${text})`, "constant");
  }

  /** The name of a function from a number of blocks to the row numbers of `indices` in blocks of `stride` rows. */
  rows(indices: readonly number[], stride: number): string {
    return this.intern(this.tables, `makeRows(${JSON.stringify(indices)}, ${stride})`, "rows");
  }

  /** The name of a function. */
  helper(name: HelperName): string {
    this.helpers.add(name);
    return name;
  }

  /** The name of a loop; `print` gives the text of the function that computes it operation by operation. */
  loop(loop: Loop, print: (program: TensorProgram) => string): string {
    const program = programOf(loop);
    const key = printTensorProgram(program);
    const known = this.computations.get(key);
    if (known !== undefined) return known.name;
    const name = `loop$${this.computations.size}`;
    this.computations.set(key, { loop, name, text: print(program) });
    return name;
  }

  loops(): ReadonlyMap<string, Loop> {
    return new Map([...this.computations.values()].map(({ name, loop }) => [name, loop]));
  }

  private intern(table: Map<string, string>, text: string, name: string): string {
    const known = table.get(text);
    if (known !== undefined) return known;
    // A dollar sign keeps these apart from the names of nodes, which have none.
    const made = `${name}$${table.size}`;
    table.set(text, made);
    return made;
  }

  /** Declarations that go before the entries. */
  lines(): string[] {
    const declarations = [...this.constants, ...this.tables].map(([text, name]) => `const ${name} = ${text};`);
    const functions = [...this.helpers].sort().map((name) => helpers[name]);
    const loops = [...this.computations.values()].map(
      ({ name, text }) => `  ${JSON.stringify(name)}: ${indented(text)},`,
    );
    return [
      ...functions,
      ...(this.tables.size > 0 ? [makeRows] : []),
      ...declarations,
      ...(loops.length > 0 ? ["const loops = {", ...loops, "};"] : []),
    ];
  }

  /** A function that frees all of it. */
  disposal(): string {
    const names = [...this.constants.values(), ...this.tables.values()];
    if (names.length === 0) return "() => {}";
    return ["() => {", ...names.map((name) => `  ${name}.dispose();`), "}"].join("\n");
  }
}

const makeRows = `const makeRows = (indices, stride) => {
  let made = -1;
  let tensor;
  const rows = (blocks) => {
    if (made !== blocks) {
      if (tensor !== undefined) tensor.dispose();
      const numbers = new Int32Array(blocks * indices.length);
      for (let block = 0, at = 0; block < blocks; block++) {
        for (const index of indices) numbers[at++] = block * stride + index;
      }
      tensor = tf.keep(tf.tensor2d(numbers, [numbers.length, 1], "int32"));
      made = blocks;
    }
    return tensor;
  };
  rows.dispose = () => {
    if (tensor !== undefined) tensor.dispose();
  };
  return rows;
};`;

function indented(text: string): string {
  return text.replaceAll("\n", "\n  ");
}

function numberText(value: number): string {
  return Object.is(value, -0) ? "0" : String(value);
}
