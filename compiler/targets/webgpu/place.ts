/** Where an element stands in a value: its example, and within that a row-major number or a number on each axis. */
import { sizeOf } from "../../ir/tensor/tensor.ts";
import type { Writer } from "./writer.ts";

/** What is known of a place; the rest follows. All are WGSL of type u32. */
interface Known {
  /** The number among the elements of all examples. */
  readonly whole?: string;
  readonly example?: string;
  readonly flat?: string;
  readonly coordinates?: readonly string[];
}

export class Place {
  readonly shape: readonly number[];
  private readonly known: Known;
  private readonly writer: Writer;

  /** Of a value that is the same for all examples, `whole` is `flat` and there need be no example. */
  constructor(shape: readonly number[], known: Known, writer: Writer) {
    this.shape = shape;
    this.known = known;
    this.writer = writer;
  }

  get size(): number {
    return sizeOf(this.shape);
  }

  /** What tells this place from others in values of one shape. */
  key(batched: boolean): string {
    const { whole, example = "", flat, coordinates } = this.known;
    const within = flat ?? coordinates?.join(",") ?? `of ${whole}`;
    return batched ? `${whole === undefined ? example : `in ${whole}`}:${within}` : within;
  }

  example(): string {
    const { example, whole } = this.known;
    if (example !== undefined) return example;
    if (whole === undefined) throw new Error("nothing tells the example of a place");
    return this.size === 1 ? whole : this.writer.share("example", `${whole} / ${this.size}u`);
  }

  flat(): string {
    const { flat, coordinates, whole } = this.known;
    if (flat !== undefined) return flat;
    if (this.size === 1) return "0u";
    if (coordinates !== undefined) return this.joined(coordinates);
    return this.writer.share("element", `${whole} % ${this.size}u`);
  }

  /** The number in memory, where the value of each example follows that of the one before if `batched`. */
  whole(batched: boolean): string {
    const { whole } = this.known;
    if (!batched) return this.flat();
    if (whole !== undefined) return whole;
    if (this.size === 1) return this.example();
    return this.writer.share("at", sum(product(this.example(), this.size), this.flat()));
  }

  coordinates(): readonly string[] {
    if (this.known.coordinates !== undefined) return this.known.coordinates;
    const at: string[] = [];
    let rest = this.flat();
    for (let axis = this.shape.length - 1; axis >= 0; axis--) {
      const extent = this.shape[axis]!;
      const outermost = sizeOf(this.shape.slice(0, axis)) === 1;
      at[axis] = extent === 1 ? "0u" : outermost ? rest : this.writer.share("at", `${rest} % ${extent}u`);
      if (!outermost && extent > 1) rest = this.writer.share("rest", `${rest} / ${extent}u`);
    }
    return at;
  }

  /** The place with this row-major number in a value of another shape, in the same example. */
  reshaped(shape: readonly number[]): Place {
    const { coordinates: _, ...known } = this.known;
    if (known.flat !== undefined || (known.whole !== undefined && sizeOf(shape) === this.size))
      return new Place(shape, known, this.writer);
    return new Place(shape, { ...known, flat: this.flat() }, this.writer);
  }

  /** In the same example, somewhere else. */
  moved(shape: readonly number[], to: { readonly flat: string } | { readonly coordinates: readonly string[] }): Place {
    const { example, whole } = this.known;
    const own = example ?? (whole === undefined ? undefined : this.example());
    return new Place(shape, own === undefined ? to : { example: own, ...to }, this.writer);
  }

  private joined(coordinates: readonly string[]): string {
    const terms = coordinates.map((each, axis) => product(each, sizeOf(this.shape.slice(axis + 1))));
    return this.writer.share("element", terms.reduce(sum, "0u"));
  }
}

/** A number times a constant; the text of a sum must stand in parentheses. */
export function product(text: string, by: number): string {
  if (text === "0u" || by === 0) return "0u";
  if (by === 1) return text;
  return /^[0-9]+u$/.test(text) ? `${Number.parseInt(text, 10) * by}u` : `${text} * ${by}u`;
}

export function sum(a: string, b: string): string {
  return a === "0u" ? b : b === "0u" ? a : `${a} + ${b}`;
}
