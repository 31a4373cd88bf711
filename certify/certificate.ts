/** What a certificate says: how far something is from what it must be, at worst, and where that was seen. */

/** How far apart the utilities are, in units of the temperature. */
export const RANGES = [1, 10, 100] as const;

/** The case in which something was worst. */
export interface Example {
  /** Utilities, and whatever else was given or found, by name. */
  readonly [name: string]: number | readonly number[] | string;
}

export interface Certificate {
  /** `solver`, `soft sample`, `backward dual`. */
  readonly of: string;
  readonly says: string;
  /**
   * The largest error for utilities within each of the ranges, undefined where there was nothing to compare; or a
   * single one.
   */
  readonly worst: number | readonly (number | undefined)[];
  readonly allowed: number;
  /** Whether it is promised; what is not is told all the same, and never fails. */
  readonly promised: boolean;
  readonly passed: boolean;
  readonly example?: Example;
  /** What went wrong, where it is more than a number. */
  readonly problem?: string;
}

/** Collects errors for one certificate. */
export class Tally {
  private readonly of: string;
  private readonly says: string;
  private readonly allowed: number;
  private readonly promised: boolean;
  private readonly ranges: (number | undefined)[] = RANGES.map(() => undefined);
  private overall: number | undefined;
  private most = 0;
  private example: Example | undefined;

  constructor(of: string, says: string, allowed: number, promised = true) {
    this.of = of;
    this.says = says;
    this.allowed = allowed;
    this.promised = promised;
  }

  /** An error at utilities within range number `range`; the example is kept if none was worse. */
  see(range: number | "overall", error: number, example: () => Example): void {
    const size = Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
    if (range === "overall") this.overall = Math.max(this.overall ?? 0, size);
    else this.ranges[range] = Math.max(this.ranges[range] ?? 0, size);
    if (size <= this.most) return;
    this.most = size;
    this.example = example();
  }

  certificate(): Certificate {
    const { of, says, allowed, promised } = this;
    const worst = this.overall ?? this.ranges;
    if (typeof worst !== "number" && worst.every((each) => each === undefined)) {
      // A promise that nobody could look at does not hold.
      return { of, says, worst, allowed, promised, passed: !promised, problem: "nothing could be compared" };
    }
    const passed = !promised || this.most <= allowed;
    return { of, says, worst, allowed, promised, passed, ...(passed ? {} : { example: this.example! }) };
  }
}

/** A certificate that something does not even run. */
export function fault(of: string, says: string, problem: string): Certificate {
  return { of, says, worst: RANGES.map(() => undefined), allowed: 0, promised: true, passed: false, problem };
}

export const list = (values: ArrayLike<number>): readonly number[] => Array.from(values);
