/**
 * Prints the loops of a program as one WebAssembly module that works in the memory of tfjs's backend: nested loops over
 * the axes in which what they read is laid out, four elements at once in the innermost.
 */
import { type Loop, numberOfNode } from "../ir/tensor/loop.ts";
import { type ElementType, type Node, sizeOf } from "../ir/tensor/tensor.ts";
import type { Level } from "../ir/tensor/view.ts";
import type { Lanes, PrimitiveOp } from "../ops/op.ts";
import { ops } from "../ops/registry.generated.ts";
import { Code, I32, V128, type ValueType } from "./wasm/instructions.ts";
import { LanesCode } from "./wasm/lanes.ts";
import { assembleModule, base64, type OwnFunction } from "./wasm/module.ts";

/** Elements of a vector. */
const LANES = 4;
/** In the memory of tfjs's backend. */
const BYTES: { readonly [type in ElementType]: number } = { f32: 4, i32: 4, bool: 1 };

/**
 * A module, in base64, that exports `NAME(batch, result, a, b, …)` of each loop: the number of examples, one at least,
 * and addresses of what it makes and reads. What it makes lies apart from what it reads.
 */
export function printWasmLoops(loops: ReadonlyMap<string, Loop>): string {
  const functions = [...loops].map(([exported, loop]) => ({ ...new LoopPrinter(loop).print(), exported }));
  return base64(assembleModule({ imports: [], functions, data: [] }));
}

/** What a round of the innermost loop is about: four elements, or one. */
type Width = 4 | 1;

/** A value in memory, and where the next of its elements is. */
interface Place {
  readonly node: Node;
  readonly pointer: number;
}

class LoopPrinter {
  private readonly loop: Loop;
  private readonly types: ValueType[] = [];
  private readonly before = new Code();
  private readonly code = new Code();
  private readonly lanes: LanesCode;
  private readonly parameters: readonly ValueType[];
  /** Of what is read, and of the result last: as the strides of levels. */
  private readonly places: readonly Place[];
  private readonly batch = 0;
  /** Whether rounds add to the result. */
  private readonly accumulates: boolean;

  constructor(loop: Loop) {
    this.loop = loop;
    this.accumulates = loop.root.op === "sum";
    this.parameters = new Array<ValueType>(2 + loop.operands.length).fill(I32);
    this.lanes = new LanesCode(this.before, () => this.local(V128));
    const reads = [...loop.reads].map(([node, { source, offset }]): Place => {
      const pointer = this.local(I32);
      this.before.get(2 + loop.operands.indexOf(source));
      if (offset > 0) this.before.integer(offset * BYTES[node.type.dtype]).plain("i32.add");
      this.before.set(pointer);
      return { node, pointer };
    });
    this.places = [...reads, { node: loop.root, pointer: 1 }];
  }

  print(): OwnFunction {
    if (this.accumulates) {
      this.code
        .get(1)
        .integer(0)
        .integer(BYTES.f32 * sizeOf(this.loop.root.type.shape));
      if (this.loop.root.type.batched) this.code.get(this.batch).plain("i32.mul");
      this.code.fillMemory();
    }
    this.level(0);
    return { parameters: this.parameters, results: [], locals: this.types, body: this.before.append(this.code) };
  }

  private local(type: ValueType): number {
    this.types.push(type);
    return this.parameters.length + this.types.length - 1;
  }

  private level(depth: number): void {
    const level = this.loop.levels[depth]!;
    const inner = this.loop.levels[depth + 1];
    if (inner === undefined) return this.innermost(level);
    const left = this.local(I32);
    this.rounds(level);
    this.code.set(left);
    this.repeat(left, () => {
      this.level(depth + 1);
      this.places.forEach((place, i) => {
        this.advance(place, level.strides[i]! - inner.rounds * inner.strides[i]!);
      });
    });
  }

  /** Leaves how often a level goes round. */
  private rounds({ rounds, batched }: Level): void {
    this.code.integer(rounds);
    if (batched) this.code.get(this.batch).plain("i32.mul");
  }

  /** As often as a local says, which is once at least. */
  private repeat(left: number, inside: () => void): void {
    const { code } = this;
    code.loop(() => {
      const again = code.depth;
      inside();
      code.get(left).integer(1).plain("i32.sub").set(left);
      code.get(left).branch(again, true);
    });
  }

  private advance({ node, pointer }: Place, elements: number): void {
    if (elements === 0) return;
    this.code
      .get(pointer)
      .integer(elements * BYTES[node.type.dtype])
      .plain("i32.add")
      .set(pointer);
  }

  private innermost(level: Level): void {
    const { code } = this;
    const left = this.local(I32);
    const fixed = this.fixed(level);
    const { rounds, batched } = level;
    this.rounds(level);
    code.set(left);
    const single = () => this.repeat(left, () => this.round(level, fixed, 1));
    if (rounds % LANES === 0) this.vectors(level, fixed, left, false);
    else if (rounds > LANES) this.vectors(level, fixed, left, true);
    else if (!batched) single();
    else {
      code.get(left).integer(LANES).plain("i32.lt_u");
      code.choose(undefined, single, () => this.vectors(level, fixed, left, true));
    }
  }

  /** Four elements after four; where some are over, the last four once more, or, where rounds add up, one by one. */
  private vectors(level: Level, fixed: ReadonlyMap<Node, Lanes>, left: number, over: boolean): void {
    const { code } = this;
    const rest = this.local(I32);
    if (over)
      code
        .get(left)
        .integer(LANES - 1)
        .plain("i32.and")
        .set(rest);
    code.get(left).integer(Math.log2(LANES)).plain("i32.shr_u").set(left);
    this.repeat(left, () => this.round(level, fixed, LANES));
    if (!over) return;
    code.get(rest);
    code.choose(undefined, () => {
      if (this.accumulates) return this.repeat(rest, () => this.round(level, fixed, 1));
      this.places.forEach(({ node, pointer }, i) => {
        if (level.strides[i] === 0) return;
        code.get(pointer).get(rest).integer(LANES).plain("i32.sub");
        code.integer(BYTES[node.type.dtype]).plain("i32.mul", "i32.add").set(pointer);
      });
      this.round(level, fixed, LANES);
    });
  }

  /** What is the same in all rounds of the innermost loop. */
  private fixed(level: Level): ReadonlyMap<Node, Lanes> {
    const values = new Map<Node, Lanes>();
    this.lanes.into(this.code);
    this.places.slice(0, -1).forEach((place, i) => {
      if (level.strides[i] === 0) values.set(place.node, this.load(place, 1));
    });
    return values;
  }

  private round(level: Level, fixed: ReadonlyMap<Node, Lanes>, width: Width): void {
    const { code, lanes, loop } = this;
    const values = new Map(fixed);
    this.places.slice(0, -1).forEach((place, i) => {
      if (level.strides[i] !== 0) values.set(place.node, this.load(place, width));
    });
    const laneOf = (node: Node): Lanes => {
      const number = numberOfNode(node);
      return number === undefined ? values.get(node)! : lanes.number(number);
    };
    for (const node of loop.members) {
      const operands = node.inputs.map(laneOf);
      const form = (ops.get(node.op) as PrimitiveOp).lanes;
      // Reshapes and sums hand on what they read.
      values.set(node, form === undefined ? operands[0]! : form(lanes, operands, node));
    }
    const result = this.places.at(-1)!;
    code.get(result.pointer);
    if (this.accumulates) code.get(this.load(result, width)).get(values.get(loop.root)!).plain("f32x4.add");
    else code.get(values.get(loop.root)!);
    if (width === 1) code.storeFirst(0);
    else code.memory("v128.store", 0);
    this.places.forEach((place, i) => {
      if (level.strides[i] !== 0) this.advance(place, width);
    });
  }

  /** Four neighbours, or one element in all four places. */
  private load({ node, pointer }: Place, width: Width): Lanes {
    const { code } = this;
    code.get(pointer);
    if (node.type.dtype !== "bool") code.memory(width === 1 ? "v128.load32_splat" : "v128.load", 0);
    else {
      code.memory(width === 1 ? "v128.load8_splat" : "v128.load32_zero", 0);
      code.plain("i16x8.extend_low_i8x16_u", "i32x4.extend_low_i16x8_u").four("i32", 0).plain("i32x4.ne");
    }
    return this.lanes.kept();
  }
}
