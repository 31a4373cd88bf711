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
/** A number of this size plus one below 2^51 either way is rounded to a whole one, which its low bits then hold. */
const ROUND = 1.5 * 2 ** 52;
const EXPONENT_BIAS = 1023;
/** Σ_j r^j / j! from j = 2 to here is within an ulp of exp(r) − 1 − r. */
const DEGREE = 13;

/**
 * Constants, side by side with themselves, as a table in memory: an instruction reads one from there as part of its
 * arithmetic, whereas one that the code holds takes three instructions to get into a register.
 */
const CONSTANTS = [
  LOWEST,
  HIGHEST,
  Math.LOG2E,
  ROUND,
  LOG2_HIGH,
  LOG2_LOW,
  0.5,
  1,
  ROUND + EXPONENT_BIAS,
  ...Array.from({ length: DEGREE - 1 }, (_, i) => 1 / factorial(i + 2)),
];
export const EXPONENTIAL_TABLE: readonly number[] = CONSTANTS.flatMap((value) => [value, value]);

/** exp of a number, or of each of two; the table lies at `table`, a multiple of 16. */
export function exponential(vector: boolean, table: number): OwnFunction {
  const type = vector ? V128 : F64;
  const code = new Code();
  const write = new Writer(code, vector, table);
  const [x, k, r, square, odd] = [0, 1, 2, 3, 4];
  // x = k log 2 + r with |r| <= log(2) / 2, so that exp(x) = 2^k exp(r).
  code.get(x);
  write.within(LOWEST, HIGHEST);
  code.tee(x);
  write.constant(Math.LOG2E).op("mul").constant(ROUND).op("add").constant(ROUND).op("sub");
  code.set(k).get(x).get(k);
  write.constant(LOG2_HIGH).op("mul", "sub");
  code.get(k);
  write.constant(LOG2_LOW).op("mul", "sub");
  code.tee(r).get(r);
  write.op("mul");
  code.set(square);
  // exp(r) = 1 + (r + r² Σ_j r^j / (j + 2)!): even and odd powers apart, to be computed at the same time.
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
  write
    .constant(0.5)
    .op("mul")
    .constant(ROUND + EXPONENT_BIAS)
    .op("add");
  code.tee(odd);
  write.power().op("mul");
  code.get(k).get(odd);
  write
    .constant(ROUND + EXPONENT_BIAS)
    .op("sub", "sub")
    .constant(ROUND + EXPONENT_BIAS)
    .op("add")
    .power()
    .op("mul");
  return { parameters: [type], results: [type], locals: [type, type, type, type], body: code };
}

type Operation = "add" | "sub" | "mul";

/** Writes the same for one number and for two. */
class Writer {
  private readonly code: Code;
  private readonly vector: boolean;
  private readonly table: number;

  constructor(code: Code, vector: boolean, table: number) {
    this.code = code;
    this.vector = vector;
    this.table = table;
  }

  op(...names: readonly Operation[]): this {
    this.code.plain(...names.map((name): Plain => `${this.vector ? "f64x2" : "f64"}.${name}`));
    return this;
  }

  constant(value: number): this {
    const at = this.table + 16 * CONSTANTS.indexOf(value);
    this.code.integer(0).memory(this.vector ? "v128.load" : "f64.load", at);
    return this;
  }

  /** No smaller and no larger; what is no number stays as it is. */
  within(least: number, most: number): void {
    this.constant(least);
    this.code.plain(this.vector ? "f64x2.pmax" : "f64.max");
    this.constant(most);
    this.code.plain(this.vector ? "f64x2.pmin" : "f64.min");
  }

  /** 1 / first! + s / (first + 2)! + … of the s in a local, up to the last power of its parity. */
  series(local: number, first: number): void {
    const last = first + 2 * Math.floor((DEGREE - first) / 2);
    this.constant(1 / factorial(last));
    for (let j = last - 2; j >= first; j -= 2) {
      this.code.get(local);
      this.op("mul")
        .constant(1 / factorial(j))
        .op("add");
    }
  }

  /** 2 to the power of a whole number of less than 1,000 either way: that plus ROUND and the bias is on the stack. */
  power(): this {
    if (this.vector) this.code.integer(52).plain("i64x2.shl");
    else this.code.plain("i64.reinterpret_f64").long(52).plain("i64.shl", "f64.reinterpret_i64");
    return this;
  }
}

function factorial(n: number): number {
  return n <= 1 ? 1 : n * factorial(n - 1);
}
