/**
 * What must hold of every structure, relaxation and backward, at sizes at which all members can be listed. A check
 * throws when something does not.
 */
import { expect } from "vitest";
import { compileLayer } from "../../compiler/layer.ts";
import type { Library } from "../../compiler/names.ts";
import { HostLayer } from "../../runtime/host-layer.ts";
import { StructureLayer } from "../../runtime/layer.ts";
import { expectClose } from "../golden.ts";
import { random } from "../tensor/harness.ts";
import { bespoke } from "./bespoke.ts";
import { bestValue, dot, ExactFamily, total, type Vector } from "./enumeration.ts";

/** A structure at one size, with what its definition says. */
export interface Example {
  /** As written: `KSubset(5, 2)`. */
  readonly structure: string;
  readonly members: readonly Vector[];
  /** Whether a point lies in the convex hull of the members. */
  readonly inHull: (x: Vector) => boolean;
}

export interface Subject extends Example {
  readonly library: Library;
  /** A text with structures besides the library's. */
  readonly source?: { readonly name: string; readonly text: string };
}

export function layerOf(subject: Subject, relaxation?: string, t = 1, backward?: string): StructureLayer {
  const { structure, source, library } = subject;
  const temperature = relaxation === undefined ? undefined : String(t);
  return new StructureLayer(compileLayer({ structure, relaxation, temperature, backward, source }, library));
}

/** Utilities of several kinds: small and large, shifted, tied. */
export function utilities(size: number): readonly (readonly [kind: string, u: Vector])[] {
  const next = random(size);
  const draw = (range: number, shift = 0) => Array.from({ length: size }, () => shift + range * (next() - 0.5));
  return [
    ["within 1", draw(1)],
    ["within 6", draw(6)],
    ["within 100", draw(100)],
    // More than the range of exponents of floating-point numbers, which is about 1,490.
    ["within 1150", draw(1150)],
    ["within 5000", draw(5000)],
    ["around 1000", draw(4, 1000)],
  ];
}

const ties = (size: number): readonly Vector[] => [
  Array.from({ length: size }, () => 0),
  Array.from({ length: size }, () => -3),
  Array.from({ length: size }, (_, i) => i % 2),
  Array.from({ length: size }, (_, i) => -(i % 3)),
];

export function checkMembers(subject: Subject): void {
  const layer = layerOf(subject);
  expect(subject.members.every((x) => x.length === layer.size)).toBe(true);
  if (layer.count !== undefined) expect(layer.count, "count").toBe(subject.members.length);
}

/** The hard sample is a member and no other is worth more, ties or not. */
export function checkArgmax(subject: Subject): void {
  const layer = layerOf(subject);
  const members = new Set(subject.members.map(String));
  for (const u of [...utilities(layer.size).map(([, u]) => u), ...ties(layer.size)]) {
    const x = layer.argmax(u);
    expect(members.has(String(x)), `argmax of ${u} is ${x}, no member`).toBe(true);
    expectClose([dot(u, x)], [bestValue(subject.members, u).value], { abs: 1e-9, rel: 1e-12 }, `value at ${u}`);
  }
}

export function checkLogPartition(subject: Subject): void {
  for (const t of [0.5, 2]) {
    const layer = layerOf(subject, "ExpFamily", t);
    for (const [kind, u] of [...utilities(layer.size), ...ties(layer.size).map((u) => ["tied", u] as const)]) {
      const exact = new ExactFamily(subject.members, u, t);
      expectClose([layer.logPartition(u)], [exact.logPartition], { abs: 1e-9, rel: 1e-12 }, `log partition ${kind}`);
    }
  }
}

/** Gradients of the regularisers f, and how uncertain they are when x is rounded. */
const GRADIENTS: Readonly<Record<string, { at: (x: number) => number; uncertainty: (x: number) => number }>> = {
  Euclidean: { at: (x) => x, uncertainty: () => 0 },
  CategoricalEntropy: { at: (x) => Math.log(Math.max(x, 1e-300)), uncertainty: () => 0 },
  "Tsallis(1.5)": {
    at: (x) => (Math.sqrt(x) - 0.75) / 0.5,
    uncertainty: (x) => 2 * (Math.sqrt(x + 1e-16) - Math.sqrt(x)),
  },
  BinaryEntropy: {
    at: (x) => Math.log(Math.max(x, 1e-300)) - Math.log(Math.max(1 - x, 1e-300)),
    uncertainty: (x) => 1e-15 / (1 - x),
  },
};

/** The soft sample is the one that its definition says, and lies in the hull if it is an optimum over it. */
export function checkSoft(subject: Subject, relaxation: string): void {
  const definition = bespoke(relaxation, subject.structure, subject.members);
  for (const t of [0.5, 2]) {
    const layer = layerOf(subject, relaxation, t);
    const { inputSize } = layer;
    for (const [kind, u] of [...utilities(inputSize), ...ties(inputSize).map((u) => ["tied", u] as const)]) {
      const x = layer.soft(u);
      if (definition !== undefined) {
        // Where 1 − a is all rounding, so is its logarithm.
        const rough = relaxation === "SoftSub" && !["within 1", "within 6", "around 1000"].includes(kind);
        const tolerance = rough ? 0.2 : 1e-9;
        expectClose(x, definition(u, t), { abs: tolerance, rel: 1e-9 }, `soft sample ${kind}`);
        continue;
      }
      expect(subject.inHull(x), `${kind}: ${x} lies outside of the hull`).toBe(true);
      if (relaxation === "ExpFamily") {
        const { marginals } = new ExactFamily(subject.members, u, t);
        expectClose(x, marginals, { abs: 1e-9, rel: 1e-9 }, `marginals ${kind}`);
      } else expectOptimal(subject, relaxation, u, x, t);
    }
  }
}

/** x maximises uᵀx − t f(x), which is concave, if its gradient at x leads towards no member. */
function expectOptimal(subject: Subject, relaxation: string, u: Vector, x: Vector, t: number): void {
  const f = GRADIENTS[relaxation];
  if (f === undefined) throw new Error(`${relaxation} has no gradient here: add it`);
  const slope = x.map((value, i) => u[i]! - t * f.at(value));
  for (const member of subject.members) {
    const moves = member.flatMap((value, i) => (value === x[i] ? [] : [{ i, by: value - x[i]! }]));
    const gain = total(moves.map(({ i, by }) => slope[i]! * by));
    const rounding = total(moves.map(({ i, by }) => Math.abs(by) * t * f.uncertainty(x[i]!)));
    const allowed = 1e-9 * (1 + Math.max(...u.map(Math.abs))) + rounding;
    expect(gain, `at ${u}: ${x} could move towards ${member}`).toBeLessThan(allowed);
  }
}

/** Utilities at which derivatives of a bespoke relaxation can be taken: rounding is not amplified there. */
const MODERATE: ReadonlySet<string> = new Set(["within 1", "within 6"]);

/** The backward against the covariance of the members, or differences of the forward; J is symmetric of an optimum. */
export function checkBackward(subject: Subject, relaxation: string, backward: string): void {
  const isBespoke = bespoke(relaxation, subject.structure, subject.members) !== undefined;
  const tolerance = backward.startsWith("finite") ? { abs: 1e-4, rel: 1e-3 } : { abs: 1e-6, rel: 1e-6 };
  for (const t of [0.5, 2]) {
    const layer = layerOf(subject, relaxation, t, backward);
    const { size, inputSize } = layer;
    const next = random(size + 1);
    const cotangents = [Array.from({ length: size }, () => 2 * next() - 1), Array.from({ length: size }, () => 1)];
    for (const [kind, u] of utilities(inputSize)) {
      if (isBespoke && !MODERATE.has(kind)) continue;
      for (const cotangent of cotangents) {
        const exact =
          relaxation === "ExpFamily"
            ? new ExactFamily(subject.members, u, t).vjp(cotangent)
            : differences((moved) => dot(cotangent, layer.soft(moved)), u);
        expectClose(layer.vjp(u, cotangent), exact, tolerance, `vjp ${kind}`);
      }
      if (isBespoke) continue;
      const unit = (i: number) => Array.from({ length: size }, (_, j) => (i === j ? 1 : 0));
      const jacobian = u.map((_, i) => layer.vjp(u, unit(i)));
      const transposed = u.map((_, i) => jacobian.map((row) => row[i]!));
      expectClose(jacobian.flat(), transposed.flat(), { ...tolerance, abs: tolerance.abs / 10 }, `symmetry ${kind}`);
    }
  }
}

function differences(f: (u: Vector) => number, at: Vector, step = 1e-6): Vector {
  return at.map((_, i) => {
    const moved = (by: number) => f(at.map((value, j) => (i === j ? value + by : value)));
    return (moved(step) - moved(-step)) / (2 * step);
  });
}

/** X_t tends to X as t tends to 0: utilities half a unit or more apart, divided by a small t. */
export function checkLimit(subject: Subject, relaxation: string): void {
  const size = subject.members[0]!.length;
  const layer = layerOf(subject, relaxation, 0.5 / 40);
  if (layer.inputSize !== size) return checkOwnLimit(subject, layer);
  // −2.5, −1.5, … 2.5 in several orders: sums of them, and they themselves, differ from one another and from 0.
  const middle = (size - 1) / 2 - (size % 2 === 1 ? 0.5 : 0);
  const orders = Array.from({ length: size }, (_, shift) =>
    Array.from({ length: size }, (_, i) => ((7 * i + shift) % size) - middle),
  );
  const clear = orders.filter((u) => bestValue(subject.members, u).gap >= 0.5);
  expect(clear.length).toBeGreaterThan(0);
  for (const u of clear) expectClose(layer.soft(u), layer.argmax(u), { abs: 1e-9, rel: 0 }, `limit at ${u}`);
}

/** The same of a relaxation that takes an input of its own: rows of which each has another best. */
function checkOwnLimit(subject: Subject, layer: StructureLayer): void {
  const members = new Set(subject.members.map(String));
  const width = layer.inputSize % layer.size === 0 ? layer.size : layer.inputSize;
  for (let shift = 0; shift < width; shift++) {
    const u = Array.from({ length: layer.inputSize }, (_, i) => -((i - Math.floor(i / width) + shift) % width));
    const x = layer.argmax(u);
    expect(members.has(String(x)), `argmax of ${u} is ${x}, no member`).toBe(true);
    expectClose(layer.soft(u), x, { abs: 1e-9, rel: 0 }, `limit at ${u}`);
  }
}

/** A batch is its examples, one by one. */
export function checkBatch(subject: Subject, relaxation: string): void {
  const layer = layerOf(subject, relaxation, 0.7);
  const rows = utilities(layer.inputSize).map(([, u]) => u);
  const cotangents = rows.map((row) =>
    Array.from({ length: layer.size }, (_, i) => row.at(-1 - (i % row.length))! / 100),
  );
  expect(layer.argmax(rows)).toEqual(rows.map((u) => layer.argmax(u)));
  expect(layer.soft(rows)).toEqual(rows.map((u) => layer.soft(u)));
  expect(layer.vjp(rows, cotangents)).toEqual(rows.map((u, i) => layer.vjp(u, cotangents[i]!)));
}

/** Kernels printed as WebAssembly compute what those printed as JavaScript do. */
export function checkPrintings(subject: Subject, relaxation: string): void {
  const { structure, source, library } = subject;
  const compiled = compileLayer({ structure, relaxation, temperature: "0.7", source }, library);
  const [javascript, wasm] = (["javascript", "wasm"] as const).map((each) => new HostLayer(compiled, each));
  const rows = [...utilities(compiled.inputSize).map(([, u]) => u), ...ties(compiled.inputSize)];
  for (const row of rows) {
    const u = Float64Array.from(row);
    const cotangent = Float64Array.from({ length: compiled.size }, (_, i) => Math.cos(3 * i));
    const answers = (layer: HostLayer) => [
      layer.argmax(u),
      layer.soft(u, 0.7),
      layer.vjp(u, cotangent, 0.7),
      layer.family?.has("logPartition") === true ? layer.family.logPartition(u, 0.7) : [],
      layer.family?.has("sampler") === true ? layer.family.sample(u, 0.7, 1, 2) : [],
    ];
    const [expected, actual] = [answers(javascript!), answers(wasm!)];
    expect(actual[0]).toEqual(expected[0]);
    actual.forEach((values, i) => {
      expectClose([...values], [...expected[i]!], { abs: 1e-11, rel: 1e-11 }, `answer ${i} at ${row}`);
    });
  }
}
