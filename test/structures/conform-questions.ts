/** What must hold of the exponential family of every structure at sizes at which its members can be listed. */
import { expect } from "vitest";
import { compileKBest, compileLayer } from "../../compiler/layer.ts";
import { HostLayer } from "../../runtime/host-layer.ts";
import { StructureLayer } from "../../runtime/layer.ts";
import { expectClose } from "../golden.ts";
import { type Subject, utilities } from "./conform.ts";
import { dot, ExactFamily, type Vector } from "./enumeration.ts";
import { chiSquare } from "./statistics.ts";

/** The layer of a structure's exponential family, and its kernels without the forms that programs use. */
function family({ structure, source, library }: Subject, t: number) {
  const request = { structure, relaxation: "ExpFamily", temperature: String(t), source };
  const compiled = compileLayer(request, library);
  return { layer: new StructureLayer(compiled), host: new HostLayer(compiled).family! };
}

function differences(f: (u: Vector) => number, at: Vector, step = 1e-5): number[] {
  return at.map((_, i) => {
    const moved = (by: number) => f(at.map((value, j) => (i === j ? value + by : value)));
    return (moved(step) - moved(-step)) / (2 * step);
  });
}

/** The entropy is that of the members' probabilities, and so is its gradient, at any range of utilities. */
export function checkEntropy(subject: Subject): void {
  for (const t of [0.5, 2]) {
    const { layer, host } = family(subject, t);
    for (const [kind, u] of utilities(layer.size)) {
      const exact = new ExactFamily(subject.members, u, t);
      const entropy = layer.entropy(u);
      expectClose([entropy], [exact.entropy], { abs: 1e-8, rel: 1e-8 }, `entropy ${kind}`);
      expect(entropy).toBeGreaterThanOrEqual(0);
      const gradient = [...host.entropyVjp(Float64Array.from(u), Float64Array.of(-3), t)];
      const scale = Math.max(1, ...u.map(Math.abs));
      const expected = exact.entropyGradient(u).map((value) => -3 * value);
      expectClose(gradient, expected, { abs: 1e-7 * scale, rel: 1e-6 }, `gradient of the entropy ${kind}`);
      if (kind !== "within 6") continue;
      const slopes = differences((moved) => -3 * layer.entropy(moved), u);
      expectClose(gradient, slopes, { abs: 1e-6, rel: 1e-6 }, "gradient of the entropy by differences");
    }
  }
}

/** Log-probabilities of the members are those of the definition; probabilities add up to 1. */
export function checkLogProb(subject: Subject): void {
  for (const t of [0.5, 2]) {
    const { layer, host } = family(subject, t);
    for (const [kind, u] of utilities(layer.size)) {
      const exact = new ExactFamily(subject.members, u, t);
      const all = subject.members.map((x) => layer.logProb(u, x));
      const scores = subject.members.map((x) => dot(u, x) / t - exact.logPartition);
      expectClose(all, scores, { abs: 1e-8, rel: 1e-10 }, `log-probabilities ${kind}`);
      const sum = all.reduce((total, value) => total + Math.exp(value), 0);
      expectClose([sum], [1], { abs: 1e-8, rel: 0 }, `sum of the probabilities ${kind}`);
      const x = subject.members.at(-1)!;
      const rows = [u, x].map((row) => Float64Array.from(row)) as [Float64Array, Float64Array];
      const gradient = host.logProbVjp(...rows, Float64Array.of(2), t);
      const byUtilities = x.map((value, i) => (2 * (value - exact.marginals[i]!)) / t);
      expectClose([...gradient.u], byUtilities, { abs: 1e-8, rel: 1e-8 }, `gradient for the utilities ${kind}`);
      expectClose(
        [...gradient.x],
        u.map((value) => (2 * value) / t),
        { abs: 1e-12, rel: 1e-12 },
        "for the member",
      );
    }
  }
}

/** Frequencies of the members in draws with a fixed seed, which a right sampler fails with probability 1e-5. */
export function checkSamples(subject: Subject): void {
  const draws = 4000;
  const index = new Map(subject.members.map((x, i) => [String(x), i]));
  for (const [kind, u] of utilities(subject.members[0]!.length)) {
    const { layer } = family(subject, 2);
    const counts = subject.members.map(() => 0);
    const many = kind === "within 1" || kind === "within 6";
    for (const x of layer.sample(u, { draws: many ? draws : 20, seed: 7 })) {
      const found = index.get(String(x));
      if (found === undefined) throw new Error(`a sample for ${u} is ${x}, no member`);
      counts[found]!++;
    }
    const { statistic, bound } = chiSquare(counts, new ExactFamily(subject.members, u, 2).probabilities);
    expect(statistic, `frequencies ${kind}: ${counts}`).toBeLessThan(bound);
  }
  const { layer } = family(subject, 2);
  const rows = utilities(layer.size).map(([, u]) => u);
  const drawn = layer.sample(rows, { draws: 2, seed: 3 });
  expect(layer.sample(rows, { seed: 3 })).toEqual(drawn.map(([first]) => first));
}

/** The best members by falling value, all different, and no more than there are; ties or not. */
export function checkKBest(subject: Subject): void {
  const { structure, source, library, members } = subject;
  const request = { structure, source };
  const compile = (count: number) => compileKBest(request, count, library);
  const layer = new StructureLayer(compileLayer(request, library), { compileKBest: compile });
  const known = new Set(members.map(String));
  const tied = [0, 1].map((value) => Array.from({ length: layer.size }, (_, i) => value * (i % 2)));
  for (const u of [...utilities(layer.size).map(([, u]) => u), ...tied]) {
    const sorted = members.map((x) => dot(u, x)).sort((a, b) => b - a);
    for (const count of [1, 3, members.length + 2]) {
      const best = layer.kBest(u, count);
      expect(best.found).toBe(Math.min(count, members.length));
      expect(
        best.members.every((x) => known.has(String(x))),
        `${best.members} at ${u}`,
      ).toBe(true);
      expect(new Set(best.members.map(String)).size, `${best.members} at ${u}`).toBe(best.found);
      const scale = 1 + Math.max(...u.map(Math.abs));
      expectClose(best.values, sorted.slice(0, count), { abs: 1e-11 * scale, rel: 1e-11 }, `${count} best at ${u}`);
    }
  }
}
