/**
 * WebAssembly code as bytes: the instructions that kernels need, with their operands, and a function's body that is
 * written from front to back. (Numbers are opcodes of the WebAssembly core specification, release 2.)
 */

/** Types of values. */
export const I32 = 0x7f;
export const F64 = 0x7c;
export const V128 = 0x7b;
export type ValueType = typeof I32 | typeof F64 | typeof V128;
/** The type of a block that leaves no value. */
const VOID = 0x40;

/** Instructions that consist of their opcode alone. */
const PLAIN = {
  unreachable: [0x00],
  select: [0x1b],
  "i32.eqz": [0x45],
  "i32.eq": [0x46],
  "i32.ne": [0x47],
  "i32.lt_s": [0x48],
  "i32.gt_s": [0x4a],
  "i32.le_s": [0x4c],
  "i32.ge_s": [0x4e],
  "i32.ge_u": [0x4f],
  "i32.add": [0x6a],
  "i32.sub": [0x6b],
  "i32.mul": [0x6c],
  "i32.and": [0x71],
  "i32.lt_u": [0x49],
  "i32.shr_u": [0x76],
  "i32.shl": [0x74],
  "i64.extend_i32_s": [0xac],
  "i64.shl": [0x86],
  "f64.eq": [0x61],
  "f64.ne": [0x62],
  "f64.lt": [0x63],
  "f64.gt": [0x64],
  "f64.le": [0x65],
  "f64.ge": [0x66],
  "f64.abs": [0x99],
  "f64.neg": [0x9a],
  "f64.floor": [0x9c],
  "f64.nearest": [0x9e],
  "f64.sqrt": [0x9f],
  "f64.add": [0xa0],
  "f64.sub": [0xa1],
  "f64.mul": [0xa2],
  "f64.div": [0xa3],
  "f64.min": [0xa4],
  "f64.max": [0xa5],
  "f64.convert_i32_s": [0xb7],
  "i64.reinterpret_f64": [0xbd],
  "f64.reinterpret_i64": [0xbf],
  "i32.trunc_sat_f64_s": [0xfc, 0x02],
  "i64x2.splat": [0xfd, 0x12],
  "f64x2.splat": [0xfd, 0x14],
  "f64x2.extract_lane 0": [0xfd, 0x21, 0],
  "f64x2.extract_lane 1": [0xfd, 0x21, 1],
  "f64x2.replace_lane 1": [0xfd, 0x22, 1],
  "f64x2.eq": [0xfd, 0x47],
  "f64x2.ne": [0xfd, 0x48],
  "f64x2.lt": [0xfd, 0x49],
  "f64x2.gt": [0xfd, 0x4a],
  "f64x2.le": [0xfd, 0x4b],
  "f64x2.ge": [0xfd, 0x4c],
  "f32x4.splat": [0xfd, 0x13],
  "f32x4.eq": [0xfd, 0x41],
  "f32x4.ne": [0xfd, 0x42],
  "f32x4.lt": [0xfd, 0x43],
  "f32x4.le": [0xfd, 0x45],
  "v128.not": [0xfd, 0x4d],
  "v128.and": [0xfd, 0x4e],
  "v128.or": [0xfd, 0x50],
  "v128.bitselect": [0xfd, 0x52],
  "f32x4.demote_f64x2_zero": [0xfd, 0x5e],
  "f32x4.floor": [0xfd, 0x68],
  "f64x2.floor": [0xfd, 0x75],
  "i16x8.extend_low_i8x16_u": [0xfd, 0x89, 0x01],
  "f64x2.nearest": [0xfd, 0x94, 0x01],
  "i32x4.extend_low_i16x8_u": [0xfd, 0xa9, 0x01],
  "i32x4.shl": [0xfd, 0xab, 0x01],
  "i32x4.shr_s": [0xfd, 0xac, 0x01],
  "i32x4.ne": [0xfd, 0x38],
  "i32x4.add": [0xfd, 0xae, 0x01],
  "i32x4.sub": [0xfd, 0xb1, 0x01],
  "i64x2.shl": [0xfd, 0xcb, 0x01],
  "f32x4.abs": [0xfd, 0xe0, 0x01],
  "f32x4.neg": [0xfd, 0xe1, 0x01],
  "f32x4.sqrt": [0xfd, 0xe3, 0x01],
  "f32x4.add": [0xfd, 0xe4, 0x01],
  "f32x4.sub": [0xfd, 0xe5, 0x01],
  "f32x4.mul": [0xfd, 0xe6, 0x01],
  "f32x4.div": [0xfd, 0xe7, 0x01],
  "f32x4.min": [0xfd, 0xe8, 0x01],
  "f32x4.max": [0xfd, 0xe9, 0x01],
  "f32x4.pmin": [0xfd, 0xea, 0x01],
  "f32x4.pmax": [0xfd, 0xeb, 0x01],
  "f64x2.abs": [0xfd, 0xec, 0x01],
  "f64x2.neg": [0xfd, 0xed, 0x01],
  "f64x2.sqrt": [0xfd, 0xef, 0x01],
  "f64x2.add": [0xfd, 0xf0, 0x01],
  "f64x2.sub": [0xfd, 0xf1, 0x01],
  "f64x2.mul": [0xfd, 0xf2, 0x01],
  "f64x2.div": [0xfd, 0xf3, 0x01],
  "f64x2.min": [0xfd, 0xf4, 0x01],
  "f64x2.max": [0xfd, 0xf5, 0x01],
  "f64x2.pmin": [0xfd, 0xf6, 0x01],
  "f64x2.pmax": [0xfd, 0xf7, 0x01],
  "f32x4.convert_i32x4_s": [0xfd, 0xfa, 0x01],
} as const;
export type Plain = keyof typeof PLAIN;

/** Instructions that read or write memory at an address plus a constant. */
const MEMORY = {
  "i32.load": [[0x28], 2],
  "f64.load": [[0x2b], 3],
  "i32.store": [[0x36], 2],
  "f64.store": [[0x39], 3],
  "v128.load": [[0xfd, 0x00], 3],
  "v128.load8_splat": [[0xfd, 0x07], 0],
  "v128.load32_splat": [[0xfd, 0x09], 2],
  "v128.load32_zero": [[0xfd, 0x5c], 0],
  "v128.store": [[0xfd, 0x0b], 3],
} as const;
export type Memory = keyof typeof MEMORY;

export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

function signed(value: number): number[] {
  const last = value >= -0x40 && value < 0x40;
  return last ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(value >> 7)];
}

function doubleBytes(value: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value, true);
  return new Uint8Array(view.buffer);
}

/** A piece of a function's body. Blocks are counted, so that code outside of them can be branched to. */
export class Code {
  readonly bytes: number[] = [];
  /** Blocks around this piece. */
  depth: number;

  constructor(depth = 0) {
    this.depth = depth;
  }

  plain(...instructions: readonly Plain[]): this {
    for (const each of instructions) this.bytes.push(...PLAIN[each]);
    return this;
  }

  /** At the address on the stack plus `offset`. */
  memory(instruction: Memory, offset: number): this {
    const [opcode, alignment] = MEMORY[instruction];
    // Vectors of two stand at multiples of eight bytes only.
    this.bytes.push(...opcode, alignment, ...unsigned(offset));
    return this;
  }

  /** The low eight bytes of the vector on the stack. */
  storeLowHalf(offset: number): this {
    this.bytes.push(0xfd, 0x5b, 3, ...unsigned(offset), 0);
    return this;
  }

  /** The first four bytes of the vector on the stack. */
  storeFirst(offset: number): this {
    this.bytes.push(0xfd, 0x5a, 2, ...unsigned(offset), 0);
    return this;
  }

  /** Four whole numbers of 32 bits, or the bits of four f32 numbers, that are all the same. */
  four(kind: "i32" | "f32", value: number): this {
    const view = new DataView(new ArrayBuffer(4));
    if (kind === "i32") view.setInt32(0, value, true);
    else view.setFloat32(0, value, true);
    const bytes = [...new Uint8Array(view.buffer)];
    this.bytes.push(0xfd, 0x0c, ...bytes, ...bytes, ...bytes, ...bytes);
    return this;
  }

  /** Zeros: address, value and number of bytes are on the stack. */
  fillMemory(): this {
    this.bytes.push(0xfc, 0x0b, 0);
    return this;
  }

  get(local: number): this {
    this.bytes.push(0x20, ...unsigned(local));
    return this;
  }

  set(local: number): this {
    this.bytes.push(0x21, ...unsigned(local));
    return this;
  }

  tee(local: number): this {
    this.bytes.push(0x22, ...unsigned(local));
    return this;
  }

  integer(value: number): this {
    this.bytes.push(0x41, ...signed(value));
    return this;
  }

  long(value: number): this {
    this.bytes.push(0x42, ...signed(value));
    return this;
  }

  double(value: number): this {
    this.bytes.push(0x44, ...doubleBytes(value));
    return this;
  }

  /** Two numbers side by side. */
  pair(first: number, second: number): this {
    this.bytes.push(0xfd, 0x0c, ...doubleBytes(first), ...doubleBytes(second));
    return this;
  }

  call(index: number): this {
    this.bytes.push(0x10, ...unsigned(index));
    return this;
  }

  /** A block whose end `branch(code.depth)` of its inside leaves for. */
  block(inside: () => void): this {
    return this.nested(0x02, VOID, inside);
  }

  /** A block whose beginning is branched to. */
  loop(inside: () => void): this {
    return this.nested(0x03, VOID, inside);
  }

  /** What to do where the number on the stack is not 0, and otherwise. */
  choose(type: ValueType | undefined, yes: () => void, no?: () => void): this {
    this.bytes.push(0x04, type ?? VOID);
    this.depth++;
    yes();
    if (no !== undefined) {
      this.bytes.push(0x05);
      no();
    }
    this.depth--;
    this.bytes.push(0x0b);
    return this;
  }

  /** To the block that is the `level`-th from outside, always or if the number on the stack is not 0. */
  branch(level: number, conditional = false): this {
    this.bytes.push(conditional ? 0x0d : 0x0c, ...unsigned(this.depth - level));
    return this;
  }

  append(code: Code): this {
    // One by one: a long piece has more bytes than a call may have arguments.
    for (const byte of code.bytes) this.bytes.push(byte);
    return this;
  }

  private nested(opcode: number, type: number, inside: () => void): this {
    this.bytes.push(opcode, type);
    this.depth++;
    inside();
    this.depth--;
    this.bytes.push(0x0b);
    return this;
  }
}
