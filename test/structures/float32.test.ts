/**
 * Every structure, relaxation and backward in float32, as a device computes it, against the host's float64: the kernels
 * are lowered for float32 and interpreted in it. Utilities are of ordinary range, wide, tied and masked.
 */
import { describe, expect, test } from "vitest";
import { random } from "../tensor/harness.ts";
import { libraryRelaxations, libraryStructures, relaxationsOf } from "./declared.ts";
import { dot, type Vector } from "./enumeration.ts";
import { EXAMPLES } from "./examples.ts";
import { bothLayers } from "./single.ts";

/** Sizes at which rounding adds up, besides the small ones of the conformance. */
const LARGER: Readonly<Record<string, readonly string[]>> = {
  OneHot: ["OneHot(50)", "OneHot(7, size = 4)"],
  Subset: ["Subset(20)"],
  KSubset: ["KSubset(30, 10)", "KSubset(12, 3, size = 8)"],
  CorrelatedKSubset: ["CorrelatedKSubset(16, 6)"],
  Chain: ["Chain(8, 4)"],
  Alignment: ["Alignment(5, 6)"],
  SpanningTree: ["SpanningTree(complete(10))"],
  Arborescence: ["Arborescence(complete_directed(9))"],
  Matching: ["Matching(7)", "Matching(9, size = 6)"],
  ProjectiveArborescence: ["ProjectiveArborescence(8, root = 3)"],
};
const STRUCTURES = Object.entries(EXAMPLES).flatMap(([name, examples]) => [
  ...examples.map(({ structure }) => structure),
  ...(LARGER[name] ?? []),
]);
/** Relaxations with options besides those without. */
const WITH_OPTIONS = ["ExpFamily(clip = 15)", "CategoricalEntropy(sweeps = 10)"];
/** Those that take inputs of their own, or that a structure declares by name. */
const RELAXATIONS = [
  ...libraryRelaxations().map(({ name, parameters }) => (parameters.length === 0 ? name.name : `${name.name}(1.5)`)),
  ...WITH_OPTIONS,
];

/** Kinds of utilities, with what results may be off, relative to the largest or to 1. */
const KINDS: Readonly<Record<string, { readonly of: (next: () => number) => number; readonly allowed: number }>> = {
  ordinary: { of: (next) => 6 * (next() - 0.5), allowed: 1e-5 },
  "range 60": { of: (next) => 60 * (next() - 0.5), allowed: 1e-4 },
  "range 250": { of: (next) => 250 * (next() - 0.5), allowed: 1e-3 },
  // Sums of many of these are rounded to what they are in float32.
  "around 100": { of: (next) => 100 + 4 * (next() - 0.5), allowed: 1e-3 },
  tied: { of: (next) => 0.7 * Math.floor(3 * next()), allowed: 1e-5 },
  equal: { of: () => -3, allowed: 1e-5 },
  masked: { of: (next) => (next() < 0.15 ? -1e30 : 6 * (next() - 0.5)), allowed: 1e-5 },
};
/** Where more is allowed, and why. */
const ROUGH: readonly (readonly [what: RegExp, allowed: number])[] = [
  // The logarithm of 1 − a is all rounding where a is nearly 1.
  [/^SoftSub.* range/, 1],
  // A derivative has the root of x for a factor, and so of what x is off next to 0.
  [/^Tsallis/, 1e-4],
  // That of Newton's iteration is one step behind the solution.
  [/^(Categorical|Binary)Entropy dual/, 1e-3],
  // Where a solution touches a face without leaning on it, or rows tie, there are several derivatives.
  [/^(Euclidean|L2X) (custom|dual|autodiff) tied/, 2],
  // The factor of the Gram matrix is of as many members as the face has dimensions.
  [/^Euclidean (dual|custom)/, 1e-4],
];

function allowedFor(relaxation: string, what: string, kind: string): number {
  const rough = ROUGH.filter(([which]) => which.test(`${relaxation} ${what} ${kind}`)).map(([, allowed]) => allowed);
  return Math.max(KINDS[kind]!.allowed, ...rough);
}

function offBy(actual: Vector, exact: Vector): number {
  const largest = Math.max(1, ...exact.map(Math.abs));
  return Math.max(...actual.map((value, i) => Math.abs(value - exact[i]!) / largest));
}

/** What the host says, or undefined where it refuses, such as where every member has something that is masked. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

const TRIALS = 2;
function eachUtilities(kind: string, size: number, check: (u: Vector, next: () => number) => void): void {
  const next = random(11);
  for (let trial = 0; trial < TRIALS; trial++) {
    const u = Array.from({ length: size }, () => Math.fround(KINDS[kind]!.of(next)));
    check(u, next);
  }
}

test("all relaxations of the library are tried", () => {
  const declared = libraryStructures().flatMap(({ name }) => relaxationsOf(EXAMPLES[name.name]![0]!.structure));
  expect(declared.filter((each) => !RELAXATIONS.includes(each))).toEqual([]);
});

describe.each(STRUCTURES)("%s in float32", (structure) => {
  const plain = bothLayers(structure)!;
  test.each(Object.keys(KINDS))("the argmax and the log-partition, %s", (kind) => {
    eachUtilities(kind, plain.device.size, (u) => {
      const best = attempt(() => plain.host.argmax(u));
      if (best === undefined) return;
      const found = plain.device.argmax(u);
      expect(found.every((value) => value === 0 || value === 1)).toBe(true);
      // Another member may be found where both are worth the same but for rounding.
      const worth = dot(u, best);
      expect(Math.abs(dot(u, found) - worth)).toBeLessThanOrEqual(1e-6 * (1 + Math.abs(worth)));
      const exact = attempt(() => plain.host.logPartition(u));
      if (exact !== undefined) expect(offBy([plain.device.logPartition(u)!], [exact])).toBeLessThan(1e-5);
    });
  });
  for (const relaxation of RELAXATIONS) {
    const both = bothLayers(structure, relaxation);
    if (both === undefined) continue;
    const { device, host } = both;
    test.each(Object.keys(KINDS))(`${relaxation}, %s`, (kind) => {
      eachUtilities(kind, device.inputSize, (u, next) => {
        const exact = attempt(() => host.soft(u));
        if (exact === undefined) return;
        expect(offBy(device.soft(u), exact), `soft sample at ${u}`).toBeLessThan(allowedFor(relaxation, "soft", kind));
        const cotangent = Array.from({ length: device.size }, () => Math.fround(2 * next() - 1));
        expect(device.backwards).toEqual(host.backwards);
        for (const strategy of device.backwards) {
          const off = offBy(device.vjp(strategy, u, cotangent), host.vjp(strategy, u, cotangent));
          expect(off, `backward ${strategy} at ${u}`).toBeLessThan(allowedFor(relaxation, strategy, kind));
        }
      });
    });
  }
});
