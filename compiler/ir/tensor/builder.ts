/**
 * Builds tensor IR: every node is made here, typed by its op's record, and interned, so that the same operation on the
 * same inputs is the same object. Derived ops are expanded on the spot; the graph holds primitives only.
 */
import type { Op } from "../../ops/op.ts";
import { ops } from "../../ops/registry.generated.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { keyOf } from "./attributes.ts";
import { type KernelBackward, kernelAttributes } from "./kernel-node.ts";
import type { Attributes, ElementType, Node, TensorType } from "./tensor.ts";
import { sizeOf } from "./tensor.ts";

/** A number stands for a rank-0 f32 constant. */
export type Operand = Node | number;

/** One object, so that its key is made once. */
const NO_ATTRIBUTES: Attributes = Object.freeze({});

export class Builder {
  /** Names from the source, for readable output. */
  readonly labels = new Map<Node, string>();
  private readonly interned = new Map<string, Node>();
  private readonly numbers = new Map<string, number>();
  private readonly numbered = new WeakMap<Attributes, number>();
  private nextId = 0;

  /** The node of an operation; throws a `TypeError` when the inputs do not fit. */
  node(op: string, inputs: readonly Node[], attributes: Attributes = NO_ATTRIBUTES): Node {
    const record = operation(op);
    const key = `${op}(${inputs.map((input) => input.id).join(",")})${this.numberOf(attributes)}`;
    const existing = this.interned.get(key);
    if (existing !== undefined) return existing;
    const type = record.type(
      inputs.map((input) => input.type),
      attributes,
    );
    const made =
      "expand" in record
        ? record.expand(inputs, attributes, this)
        : Object.freeze({ id: this.nextId++, op, inputs: [...inputs], attributes, type });
    this.interned.set(key, made);
    return made;
  }

  /** The same for equal attributes. Their own keys may be as long as the table of a gather. */
  private numberOf(attributes: Attributes): number {
    const known = this.numbered.get(attributes);
    if (known !== undefined) return known;
    const key = keyOf(attributes);
    const number = this.numbers.get(key) ?? this.numbers.size;
    this.numbers.set(key, number);
    this.numbered.set(attributes, number);
    return number;
  }

  /** Names a node for readers of the output; the first name stays. */
  label(node: Node, name: string): Node {
    if (!this.labels.has(node)) this.labels.set(node, name);
    return node;
  }

  // Leaves.

  input(name: string, type: TensorType): Node {
    return this.node("input", [], { name, dtype: type.dtype, shape: type.shape, batched: type.batched });
  }
  parameter(name: string, shape: readonly number[]): Node {
    return this.node("parameter", [], { name, shape });
  }
  state(name: string, shape: readonly number[]): Node {
    return this.node("state", [], { name, shape });
  }
  hyper(name: string): Node {
    return this.node("hyper", [], { name });
  }
  noise(name: string, stream: number, base: "uniform" | "normal", shape: readonly number[], batched = true): Node {
    return this.node("noise", [], { name, stream, base, shape, batched });
  }
  /** What dropout multiplies with: 0 at the rate, a multiple of 1/65536, else 1 / (1 − rate). */
  kept(name: string, stream: number, rate: number, shape: readonly number[]): Node {
    return this.node("noise", [], { name, stream, base: "kept", rate, shape, batched: true });
  }
  batchSize(): Node {
    return this.node("batch_size", []);
  }
  /** A constant; one value fills the whole shape. */
  constant(value: number | readonly number[], shape?: readonly number[], dtype: ElementType = "f32"): Node {
    const values = typeof value === "number" ? [value] : value;
    const wanted = shape ?? (typeof value === "number" ? [] : [value.length]);
    const same = values.length > 1 && values.every((item) => item === values[0]);
    const data = same && sizeOf(wanted) === values.length ? values.slice(0, 1) : values;
    return this.node("constant", [], { data, shape: wanted, dtype });
  }
  /** Zeros of a node's dtype and shape, the same for all examples. */
  zerosLike(node: Node): Node {
    return this.constant(0, node.type.shape, node.type.dtype);
  }
  operand(value: Operand): Node {
    return typeof value === "number" ? this.constant(value) : value;
  }

  // Elementwise operations: equal shapes, or one operand of rank 0.

  unary(op: string, x: Operand): Node {
    return this.node(op, [this.operand(x)]);
  }
  binary(op: string, a: Operand, b: Operand): Node {
    return this.node(op, [this.operand(a), this.operand(b)]);
  }
  add(a: Operand, b: Operand): Node {
    return this.binary("add", a, b);
  }
  subtract(a: Operand, b: Operand): Node {
    return this.binary("subtract", a, b);
  }
  multiply(a: Operand, b: Operand): Node {
    return this.binary("multiply", a, b);
  }
  divide(a: Operand, b: Operand): Node {
    return this.binary("divide", a, b);
  }
  power(a: Operand, b: Operand): Node {
    return this.binary("power", a, b);
  }
  minimum(a: Operand, b: Operand): Node {
    return this.binary("minimum", a, b);
  }
  maximum(a: Operand, b: Operand): Node {
    return this.binary("maximum", a, b);
  }
  equal(a: Operand, b: Operand): Node {
    return this.binary("equal", a, b);
  }
  less(a: Operand, b: Operand): Node {
    return this.binary("less", a, b);
  }
  lessEqual(a: Operand, b: Operand): Node {
    return this.binary("less_equal", a, b);
  }
  and(a: Node, b: Node): Node {
    return this.binary("and", a, b);
  }
  or(a: Node, b: Node): Node {
    return this.binary("or", a, b);
  }
  not(a: Node): Node {
    return this.unary("not", a);
  }
  negate(x: Operand): Node {
    return this.unary("negate", x);
  }
  exp(x: Operand): Node {
    return this.unary("exp", x);
  }
  log(x: Operand): Node {
    return this.unary("log", x);
  }
  sqrt(x: Operand): Node {
    return this.unary("sqrt", x);
  }
  /** Elements of `a` where the condition holds, of `b` elsewhere. */
  select(condition: Node, a: Operand, b: Operand): Node {
    return this.node("select", [condition, this.operand(a), this.operand(b)]);
  }
  cast(x: Node, dtype: ElementType): Node {
    return x.type.dtype === dtype ? x : this.node("cast", [x], { dtype });
  }
  stopGradient(x: Node): Node {
    return this.node("stop_gradient", [x]);
  }

  // Shapes.

  reshape(x: Node, shape: readonly number[]): Node {
    return this.node("reshape", [x], { shape });
  }
  transpose(x: Node, permutation?: readonly number[]): Node {
    return this.node("transpose", [x], { permutation: permutation ?? x.type.shape.map((_, i) => i).reverse() });
  }
  /** Swaps the last two axes. */
  transposeLast(x: Node): Node {
    const rank = x.type.shape.length;
    return this.transpose(x, [...Array(rank - 2).keys(), rank - 1, rank - 2]);
  }
  broadcast(x: Node, shape: readonly number[]): Node {
    return this.node("broadcast", [x], { shape });
  }
  batchBroadcast(x: Node): Node {
    return this.node("batch_broadcast", [x]);
  }
  slice(x: Node, begin: readonly number[], size: readonly number[]): Node {
    return this.node("slice", [x], { begin, size });
  }
  concat(parts: readonly Node[], axis: number): Node {
    return this.node("concat", parts, { axis });
  }
  pad(x: Node, before: readonly number[], after: readonly number[]): Node {
    return this.node("pad", [x], { before, after });
  }
  gather(x: Node, indices: readonly number[], axis: number): Node {
    return this.node("gather", [x], { indices, axis });
  }
  scatterAdd(x: Node, indices: readonly number[], axis: number, size: number): Node {
    return this.node("scatter_add", [x], { indices, axis, size });
  }

  // Reductions and products.

  /** Sum over axes of one example (all by default); `keep` leaves them with size 1. */
  sum(x: Node, axes: readonly number[] = x.type.shape.map((_, i) => i), keep = false): Node {
    return this.node("sum", [x], keep ? { axes, keep } : { axes });
  }
  mean(x: Node, axes: readonly number[] = x.type.shape.map((_, i) => i), keep = false): Node {
    return this.node("mean", [x], keep ? { axes, keep } : { axes });
  }
  maximumReduce(x: Node, axes: readonly number[] = x.type.shape.map((_, i) => i), keep = false): Node {
    return this.node("maximum_reduce", [x], keep ? { axes, keep } : { axes });
  }
  /** Sum over the batch, and over the first `leading` axes of each example. */
  batchSum(x: Node, leading = 0): Node {
    return this.node("batch_sum", [x], { leading });
  }
  batchMean(x: Node): Node {
    return this.node("batch_mean", [x]);
  }
  matmul(a: Node, b: Node): Node {
    return this.node("matmul", [a, b]);
  }
  contract(a: Node, g: Node): Node {
    return this.node("contract", [a, g]);
  }

  /** Runs a host kernel over the rows of its inputs `[...lead, ...kernel shape]` and takes one of its outputs. */
  kernel(
    kernel: Kernel,
    inputs: readonly Node[],
    output: string,
    backward: KernelBackward = { strategy: "none", reason: "it is not declared differentiable" },
    latent?: string,
    temperature?: string | number,
  ): Node {
    return this.node("kernel", inputs, kernelAttributes(kernel, output, backward, latent, temperature));
  }
}

function operation(name: string): Op {
  const record = ops.get(name);
  if (record === undefined) throw new TypeError(`there is no operation ${name}`);
  return record;
}
