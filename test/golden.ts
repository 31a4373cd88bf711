/**
 * Reads the numeric truth that was computed outside this project; absent for ordinary users, and then its tests are
 * skipped.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";

/** Where that truth and the reference data lie. */
export const shared = process.env.SSTC_SHARED ?? join(import.meta.dirname, "..", "..", "shared");

export interface Tolerance {
  readonly abs: number;
  readonly rel: number;
}
export interface GoldenCase {
  readonly name: string;
  readonly inputs: Readonly<Record<string, never>>;
  readonly outputs: Readonly<Record<string, never>>;
  readonly tolerance: Tolerance;
}

/** The cases of a golden file, or undefined where the folder is absent. */
export function golden(name: string): readonly GoldenCase[] | undefined {
  const path = join(shared, "golden", `${name}.json`);
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as { cases: GoldenCase[] }).cases : undefined;
}

/** |actual − expected| ≤ abs + rel · |expected|, element by element. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: Tolerance,
  what: string,
): void {
  expect(actual.length, `${what}: length`).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const allowed = tolerance.abs + tolerance.rel * Math.abs(expected[i]!);
    const error = Math.abs(actual[i]! - expected[i]!);
    if (!(error <= allowed))
      throw new Error(`${what}[${i}]: ${actual[i]} instead of ${expected[i]}, off by ${error} (allowed ${allowed})`);
  }
}
