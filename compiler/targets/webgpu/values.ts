/**
 * Writes the value of a node in one place: loaded where it is in memory, computed from its operands where it is not.
 * What is computed twice in one place is written once.
 */
import { numbersOf, stringOf } from "../../ir/tensor/attributes.ts";
import { type ElementType, type Node, sizeOf } from "../../ir/tensor/tensor.ts";
import type { PrimitiveOp, WgslContext, WgslForm, WgslProduct } from "../../ops/op.ts";
import { ops } from "../../ops/registry.generated.ts";
import { type Place, product, sum } from "./place.ts";
import type { Located, Shader } from "./shader.ts";

export interface Surroundings {
  /** Of what is in memory. */
  locate(node: Node): Located | undefined;
  /** What a node is called. */
  nameOf(node: Node): string;
}

export class Values {
  private readonly shader: Shader;
  private readonly around: Surroundings;
  /** A node whose value in the place of the result is known already, and the node that is being computed anyhow. */
  private readonly given: { readonly anchor?: Node; readonly text?: string; readonly root?: Node };

  constructor(shader: Shader, around: Surroundings, given: { anchor?: Node; text?: string; root?: Node } = {}) {
    this.shader = shader;
    this.around = around;
    this.given = given;
  }

  /** An expression without operators: a name or a literal. */
  value(node: Node, place: Place): string {
    if (node === this.given.anchor) return this.given.text!;
    const located = node === this.given.root ? undefined : this.around.locate(node);
    if (located !== undefined) return this.shader.load(located, place);
    const { writer } = this.shader;
    const key = `${node.id}@${place.key(node.type.batched)}`;
    return writer.known(key) ?? writer.remember(key, this.computed(node, place));
  }

  private computed(node: Node, place: Place): string {
    const form = (ops.get(node.op) as PrimitiveOp).wgsl;
    switch (form.form) {
      case "leaf":
        return this.leaf(node, place);
      case "elementwise": {
        const operands = node.inputs.map((input) => this.value(input, this.same(input, node, place)));
        return this.shader.writer.share(this.around.nameOf(node), form.text(operands, node));
      }
      case "picked":
        return form.element(this.context(node, place));
      case "reduction":
        return this.reduction(node, form, place);
      case "product":
        return this.dot(node, form.product(node), place);
      case "kernel":
        throw new Error(`the output ${node.attributes.output} of a kernel is not in memory`);
      case "restated":
        throw new Error(`${node.op} has no WGSL of its own`);
    }
  }

  private leaf(node: Node, place: Place): string {
    if (node.op === "hyper") return this.shader.hyper(stringOf(node.attributes, "name"));
    if (node.op === "batch_size") return this.shader.writer.share("batch_size", "f32(call.batch)");
    if (node.op !== "constant") throw new Error(`the ${node.op} ${node.attributes.name} is not in memory`);
    const data = numbersOf(node.attributes, "data");
    const { dtype } = node.type;
    if (data.length === 1 || data.every((value) => value === data[0])) return literalText(data[0]!, dtype);
    return this.shader.constantElement(data, dtype, place);
  }

  /** Where the operand of an elementwise op is read: in the same place, or, of rank 0, wherever it is. */
  private same(input: Node, node: Node, place: Place): Place {
    if (input.type.shape.length === node.type.shape.length) return place;
    if (sizeOf(node.type.shape) === 1) return place.reshaped(input.type.shape);
    return place.moved([], { flat: "0u" });
  }

  private context(node: Node, place: Place): WgslContext {
    const { shader } = this;
    const { writer } = shader;
    return {
      node,
      coordinates: () => place.coordinates(),
      flat: () => place.flat(),
      read: (input, coordinates) => {
        const operand = node.inputs[input]!;
        return this.value(operand, place.moved(operand.type.shape, { coordinates }));
      },
      readFlat: (input) => {
        const operand = node.inputs[input]!;
        return this.value(operand, place.reshaped(operand.type.shape));
      },
      choose: (cases) => this.chosen(node, cases),
      whole: (value) => writer.share("row", `u32(${value})`),
      entry: (list, at) => shader.entry(list, at),
      sum: (from, to, term) => {
        const total = writer.fresh("total");
        const counter = writer.fresh("term");
        writer.line(`var ${total} = 0.0;`);
        writer.block(`for (var ${counter} = ${from}; ${counter} < ${to}; ${counter}++)`, () => {
          writer.line(`${total} += ${term(counter)};`);
        });
        return total;
      },
    };
  }

  private chosen(node: Node, cases: readonly { readonly condition?: string; value(): string }[]): string {
    const { writer } = this.shader;
    const name = writer.fresh(this.around.nameOf(node));
    writer.line(`var ${name}: ${node.type.dtype};`);
    cases.forEach(({ condition, value }, i) => {
      const head = condition === undefined ? "" : `if (${condition})`;
      if (i === 0) writer.open(head);
      else writer.close(`else${head === "" ? "" : ` ${head}`}`);
      writer.line(`${name} = ${value()};`);
    });
    writer.close();
    return name;
  }

  /** A reduction that is a loop of its reader. */
  private reduction(node: Node, form: Extract<WgslForm, { form: "reduction" }>, place: Place): string {
    const { writer } = this.shader;
    const [operand] = node.inputs as readonly [Node];
    const { shape } = operand.type;
    const axes = form.axes(node);
    const total = writer.fresh(this.around.nameOf(node));
    const kept = shape.filter((_, axis) => !axes.includes(axis));
    const at = place.reshaped(kept).coordinates();
    writer.line(`var ${total} = ${startOf(form.operator)};`);
    const counters = axes.map((axis) => ({ axis, name: writer.fresh("term") }));
    for (const { axis, name } of counters) writer.open(`for (var ${name} = 0u; ${name} < ${shape[axis]}u; ${name}++)`);
    let next = 0;
    const coordinates = shape.map((_, axis) => counters.find((each) => each.axis === axis)?.name ?? at[next++]!);
    const value = this.value(operand, place.moved(shape, { coordinates }));
    writer.line(`${total} = ${combined(form.operator, total, value)};`);
    for (const _ of counters) writer.close();
    return total;
  }

  /** One element of a product of few terms. */
  private dot(node: Node, extents: WgslProduct, place: Place): string {
    const { writer } = this.shader;
    const total = writer.fresh(this.around.nameOf(node));
    const term = writer.fresh("term");
    const { rows, columns, terms } = extents;
    const flat = place.flat();
    const column = writer.share("column", columns === 1 ? "0u" : `${flat} % ${columns}u`);
    const row = writer.share("row", columns === 1 ? flat : `${flat} / ${columns}u`);
    const problem = extents.problems === 1 ? "0u" : writer.share("problem", `${row} / ${rows}u`);
    const [a, b] = node.inputs as readonly [Node, Node];
    writer.line(`var ${total} = 0.0;`);
    writer.block(`for (var ${term} = 0u; ${term} < ${terms}u; ${term}++)`, () => {
      const left = this.value(
        a,
        place.moved(a.type.shape, { flat: writer.share("at", sum(product(row, terms), term)) }),
      );
      const line = writer.share("line", sum(product(problem, terms), term));
      const inner = sum(product(line, columns), column);
      const right = this.value(b, place.moved(b.type.shape, { flat: writer.share("at", inner) }));
      writer.line(`${total} += ${left} * ${right};`);
    });
    return total;
  }
}

export function startOf(operator: "sum" | "max"): string {
  return operator === "sum" ? "0.0" : "-3.4028234e38";
}

export function combined(operator: "sum" | "max", a: string, b: string): string {
  return operator === "sum" ? `${a} + ${b}` : `max(${a}, ${b})`;
}

const LARGEST = 3.4028234663852886e38;

/** A number in WGSL; beyond float32 the nearest that is finite. */
export function literalText(value: number, dtype: ElementType): string {
  if (dtype === "bool") return value === 0 ? "false" : "true";
  if (dtype === "i32") return value < 0 ? `(${Math.trunc(value)})` : `${Math.trunc(value)}i`;
  const finite = Math.fround(Math.max(-LARGEST, Math.min(LARGEST, value)));
  const text = shortest(Math.abs(finite));
  return finite < 0 ? `(-${text})` : text;
}

/** The shortest decimal that is this float32. */
function shortest(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const text = String(Number(value.toPrecision(digits)));
    if (Math.fround(Number(text)) === value && Number(text) <= LARGEST) return /[.e]/.test(text) ? text : `${text}.0`;
  }
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}
