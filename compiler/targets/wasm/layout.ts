/** Where a kernel's arrays lie in its memory. Numbers are f64 there, integers and truth values i32. */
import type { Kernel, KernelArray, ScalarType } from "../../ir/kernel/kernel.ts";

export interface Place {
  readonly offset: number;
  readonly length: number;
  readonly element: ScalarType;
}
export interface Layout {
  readonly places: ReadonlyMap<string, Place>;
  /** Up to here, bytes are used. */
  readonly end: number;
}

/** Arrays begin at multiples of this: vectors then never lie across two cache lines. */
const ALIGNMENT = 16;

export function bytesOf(element: ScalarType): number {
  return element === "f32" ? 8 : 4;
}

export function layOut({ inputs, outputs, scratch, tables }: Kernel): Layout {
  const places = new Map<string, Place>();
  let end = 0;
  const add = (name: string, element: ScalarType, length: number) => {
    places.set(name, { offset: end, length, element });
    end += Math.ceil((length * bytesOf(element)) / ALIGNMENT) * ALIGNMENT;
  };
  for (const array of [...inputs, ...outputs, ...scratch]) add(array.name, array.element, lengthOf(array));
  for (const table of tables) add(table.name, table.element, table.values.length);
  return { places, end };
}

function lengthOf(array: KernelArray): number {
  return array.shape.reduce((a, b) => a * b, 1);
}

/** The bytes of a table in memory. */
export function tableBytes(element: "f32" | "i32", values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * bytesOf(element)));
  values.forEach((value, i) => {
    if (element === "f32") view.setFloat64(8 * i, value, true);
    else view.setInt32(4 * i, value, true);
  });
  return new Uint8Array(view.buffer);
}
