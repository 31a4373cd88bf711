/**
 * Four elements at once in WebAssembly: what a loop computes, the functions that take many instructions included.
 * Constants are put into locals before the loop. Every function is within two units in the last place, from subnormal
 * numbers to infinity.
 */
import type { Lanes, LanesInstruction, LanesWriter } from "../../ops/op.ts";
import type { Code, Plain } from "./instructions.ts";

/** log 2 in two parts, of which products of the first with whole numbers below 2^9 are exact. */
const LOG2_HIGH = 0.693359375;
const LOG2_LOW = Math.LN2 - LOG2_HIGH;
/** Beyond these exp is 0 and infinity, and 2^k in two halves is not. */
const LOWEST = -104;
const HIGHEST = 89;
/** Adding it rounds a number below 2^22 either way to a whole one, which the bits of the sum end with. */
const ROUND = 1.5 * 2 ** 23;
const ROUND_BITS = 0x4b400000;
/** The places of a number's exponent, and what is added to it. */
const EXPONENT_PLACE = 23;
const EXPONENT_OF_ONE = 127 << EXPONENT_PLACE;
/** The bits of √½. */
const ROOT_BITS = 0x3f3504f3;
const SMALLEST_NORMAL = 2 ** -126;

export class LanesCode implements LanesWriter {
  /** Before the loop: constants. */
  readonly before: Code;
  private readonly fresh: () => number;
  private readonly constants = new Map<string, Lanes>();
  private code: Code;

  /** `fresh` declares a local for four elements. */
  constructor(before: Code, fresh: () => number) {
    this.before = before;
    this.code = before;
    this.fresh = fresh;
  }

  /** Where what follows is written to. */
  into(code: Code): void {
    this.code = code;
  }

  number(value: number): Lanes {
    return this.constant("f32", value);
  }

  private constant(kind: "i32" | "f32", value: number): Lanes {
    const key = `${kind} ${Object.is(value, -0) ? "-0" : value}`;
    const known = this.constants.get(key);
    if (known !== undefined) return known;
    const local = this.fresh();
    this.before.four(kind, value).set(local);
    this.constants.set(key, local);
    return local;
  }

  instruction(name: LanesInstruction, ...operands: readonly Lanes[]): Lanes {
    return this.apply(name, ...operands);
  }

  private apply(name: Plain, ...operands: readonly Lanes[]): Lanes {
    for (const each of operands) this.code.get(each);
    this.code.plain(name);
    return this.kept();
  }

  /** The vector on the stack. */
  kept(): Lanes {
    const local = this.fresh();
    this.code.set(local);
    return local;
  }

  private shift(name: "i32x4.shl" | "i32x4.shr_s", x: Lanes, bits: number): Lanes {
    this.code.get(x).integer(bits).plain(name);
    return this.kept();
  }

  private add(a: Lanes, b: Lanes): Lanes {
    return this.apply("f32x4.add", a, b);
  }

  private subtract(a: Lanes, b: Lanes): Lanes {
    return this.apply("f32x4.sub", a, b);
  }

  private multiply(a: Lanes, b: Lanes): Lanes {
    return this.apply("f32x4.mul", a, b);
  }

  /** c₀ + x (c₁ + x (c₂ + …)) */
  private polynomial(x: Lanes, coefficients: readonly number[]): Lanes {
    return coefficients
      .slice(0, -1)
      .reduceRight(
        (sum, each) => this.add(this.multiply(sum, x), this.number(each)),
        this.number(coefficients.at(-1)!),
      );
  }

  /** No smaller and no larger; what is no number stays as it is. */
  private within(x: Lanes, least: number, most: number): Lanes {
    return this.apply("f32x4.pmin", this.apply("f32x4.pmax", x, this.number(least)), this.number(most));
  }

  /** x = k log 2 + r, |r| ≤ log(2) / 2: r, k as a number, and k as one of 32 bits. */
  private reduced(x: Lanes): { readonly r: Lanes; readonly k: Lanes; readonly bits: Lanes } {
    const shifted = this.add(this.multiply(x, this.number(Math.LOG2E)), this.number(ROUND));
    const k = this.subtract(shifted, this.number(ROUND));
    const first = this.subtract(x, this.multiply(k, this.number(LOG2_HIGH)));
    const r = this.subtract(first, this.multiply(k, this.number(LOG2_LOW)));
    return { r, k, bits: this.apply("i32x4.sub", shifted, this.constant("i32", ROUND_BITS)) };
  }

  /** 2 to the power of whole numbers from −126 to 127. */
  private powerOfTwo(bits: Lanes): Lanes {
    return this.apply(
      "i32x4.add",
      this.shift("i32x4.shl", bits, EXPONENT_PLACE),
      this.constant("i32", EXPONENT_OF_ONE),
    );
  }

  /** (exp(r) − 1) / r for |r| ≤ log(2) / 2: Σ r^j / (j + 1)!, of which what is left out is below 6e-9. */
  private growthRate(r: Lanes): Lanes {
    return this.polynomial(
      r,
      [1, 2, 6, 24, 120, 720, 5040].map((factorial) => 1 / factorial),
    );
  }

  exp(x: Lanes): Lanes {
    const { r, bits } = this.reduced(this.within(x, LOWEST, HIGHEST));
    const value = this.add(this.multiply(r, this.growthRate(r)), this.number(1));
    // In two halves: 2^k alone may be out of range where the product is not.
    const half = this.shift("i32x4.shr_s", bits, 1);
    const rest = this.apply("i32x4.sub", bits, half);
    return this.multiply(this.multiply(value, this.powerOfTwo(half)), this.powerOfTwo(rest));
  }

  /** 2^k (exp(r) − 1) + (2^k − 1), in halves of 2^k; from −17 down it is −1. */
  expm1(x: Lanes): Lanes {
    const { r, bits } = this.reduced(this.within(x, -30, HIGHEST));
    const growth = this.multiply(r, this.growthRate(r));
    const half = this.shift("i32x4.shr_s", bits, 1);
    const second = this.powerOfTwo(this.apply("i32x4.sub", bits, half));
    // 2^half (second growth + (second − 2^−half)), where that difference is exact or what it loses does not count.
    const inverse = this.powerOfTwo(this.apply("i32x4.sub", this.constant("i32", 0), half));
    const sum = this.add(this.multiply(second, growth), this.subtract(second, inverse));
    return this.multiply(this.powerOfTwo(half), sum);
  }

  log(x: Lanes): Lanes {
    return this.atEnds(x, this.logOfPositive(x));
  }

  /** Of positive finite numbers. */
  private logOfPositive(x: Lanes): Lanes {
    const small = this.apply("f32x4.lt", x, this.number(SMALLEST_NORMAL));
    const scaled = this.apply("v128.bitselect", this.multiply(x, this.number(2 ** 23)), x, small);
    // scaled = 2^k m, √½ ≤ m < √2.
    const above = this.apply("i32x4.sub", scaled, this.constant("i32", ROOT_BITS));
    const bits = this.shift("i32x4.shr_s", above, EXPONENT_PLACE);
    const m = this.apply("i32x4.sub", scaled, this.shift("i32x4.shl", bits, EXPONENT_PLACE));
    const shift = this.apply("v128.and", small, this.number(23));
    const k = this.subtract(this.apply("f32x4.convert_i32x4_s", bits), shift);
    // log m = 2 artanh(s) = 2 (s + s³/3 + s⁵/5 + …), s = (m − 1) / (m + 1): what is left out is below 3e-9 of it.
    const f = this.subtract(m, this.number(1));
    const s = this.apply("f32x4.div", f, this.add(f, this.number(2)));
    const square = this.multiply(s, s);
    const series = this.polynomial(
      square,
      [3, 5, 7, 9].map((odd) => 2 / odd),
    );
    // 2 s = f − s f, so that the first term is exact.
    const tail = this.subtract(this.multiply(this.multiply(s, square), series), this.multiply(s, f));
    const low = this.add(this.multiply(k, this.number(LOG2_LOW)), tail);
    return this.add(this.multiply(k, this.number(LOG2_HIGH)), this.add(f, low));
  }

  /** A logarithm of `x`, whose value for positive finite numbers is given. */
  private atEnds(x: Lanes, value: Lanes): Lanes {
    const infinity = this.number(Number.POSITIVE_INFINITY);
    const zero = this.number(0);
    // NaN below 0; where x is infinite or NaN, itself.
    const beyond = this.apply("v128.bitselect", this.number(Number.NaN), x, this.apply("f32x4.lt", x, zero));
    const atZero = this.apply("f32x4.eq", x, zero);
    const ends = this.apply("v128.bitselect", this.number(Number.NEGATIVE_INFINITY), beyond, atZero);
    const inside = this.apply("v128.and", this.apply("f32x4.lt", zero, x), this.apply("f32x4.lt", x, infinity));
    return this.apply("v128.bitselect", value, ends, inside);
  }

  /** log u + (x − (u − 1)) / u for u = 1 + x, of which the second term is what rounding u has lost. */
  log1p(x: Lanes): Lanes {
    const one = this.number(1);
    const u = this.add(one, x);
    const lost = this.apply("f32x4.div", this.subtract(x, this.subtract(u, one)), u);
    return this.atEnds(u, this.add(this.logOfPositive(u), lost));
  }
}
