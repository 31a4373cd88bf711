/**
 * exp in WebAssembly, for one number and for two at once: the host's own costs a call out of the module for each
 * number, and a fifth of the speed. Within an ulp of exp, from 0 through subnormal numbers to infinity.
 */
import { Code, F64, type Plain, V128 } from "./instructions.ts";
import type { OwnFunction } from "./module.ts";

/** log 2 in two parts, of which products of the first with whole numbers below 2^20 are exact. */
const LOG2_HIGH = 0.6931471803691238;
const LOG2_LOW = 1.9082149292705877e-10;
/** Beyond these exp is 0 and infinity. */
const LOWEST = -746;
const HIGHEST = 710;
/** Adding this leaves a whole number below 2^52 in the low bits. */
const INTEGER_BITS = 2 ** 52;
const EXPONENT_BIAS = 1023;

/** exp of a number, or of each of two. */
export function exponential(vector: boolean): OwnFunction {
  const type = vector ? V128 : F64;
  const code = new Code();
  const write = new Writer(code, vector);
  const [x, k, r, square, odd] = [0, 1, 2, 3, 4];
  // x = k log 2 + r with |r| <= log(2) / 2, so that exp(x) = 2^k exp(r).
  code.get(x);
  write.constant(LOWEST).op("max").constant(HIGHEST).op("min");
  code.tee(x);
  write.constant(Math.LOG2E).op("mul", "nearest");
  code.set(k).get(x).get(k);
  write.constant(LOG2_HIGH).op("mul", "sub");
  code.get(k);
  write.constant(LOG2_LOW).op("mul", "sub");
  code.tee(r).get(r);
  write.op("mul");
  code.set(square);
  // exp(r) = 1 + (r + r² Σ_j r^j / (j + 2)!) to j = 11: even and odd powers apart, to be computed at the same time.
  write.series(square, 3);
  code.set(odd);
  write.series(square, 2);
  code.get(odd).get(r);
  write.op("mul", "add");
  code.get(square);
  write.op("mul");
  code.get(r);
  write.op("add").constant(1).op("add");
  // In two halves: 2^k alone may be out of range where the product is not.
  code.get(k);
  write.constant(0.5).op("mul", "floor");
  code.tee(r);
  write.power().op("mul");
  code.get(k).get(r);
  write.op("sub").power().op("mul");
  return { parameters: [type], results: [type], locals: [type, type, type, type], body: code };
}

type Operation = "add" | "sub" | "mul" | "min" | "max" | "floor" | "nearest";

/** Writes the same for one number and for two. */
class Writer {
  private readonly code: Code;
  private readonly vector: boolean;

  constructor(code: Code, vector: boolean) {
    this.code = code;
    this.vector = vector;
  }

  op(...names: readonly Operation[]): this {
    this.code.plain(...names.map((name): Plain => `${this.vector ? "f64x2" : "f64"}.${name}`));
    return this;
  }

  constant(value: number): this {
    if (this.vector) this.code.pair(value, value);
    else this.code.double(value);
    return this;
  }

  /** 1 / first! + s / (first + 2)! + … up to the fifth power of the s in a local. */
  series(local: number, first: number): void {
    this.constant(1 / factorial(first + 10));
    for (let j = first + 8; j >= first; j -= 2) {
      this.code.get(local);
      this.op("mul")
        .constant(1 / factorial(j))
        .op("add");
    }
  }

  /** 2 to the power of the whole number on the stack, of less than 1,000 either way. */
  power(): this {
    this.constant(EXPONENT_BIAS + INTEGER_BITS).op("add");
    if (this.vector) this.code.integer(52).plain("i64x2.shl");
    else this.code.plain("i64.reinterpret_f64").long(52).plain("i64.shl", "f64.reinterpret_i64");
    return this;
  }
}

function factorial(n: number): number {
  return n <= 1 ? 1 : n * factorial(n - 1);
}
