/** Certificates of the hard and the soft sample: members, polytope, marginals, the limit of low temperature. */

import type { HostLayer } from "../runtime/host-layer.ts";
import { type Certificate, list, RANGES, Tally } from "./certificate.ts";
import { type Equality, equalities, outside } from "./hull.ts";
import { bestMember, ExactFamily, worth } from "./members.ts";
import { gain } from "./optimality.ts";
import type { Specimen } from "./specimen.ts";
import { type Draws, distance, dot, type Vector } from "./vectors.ts";

/** Utilities that are drawn for each range. */
const CASES = 6;

/** The solver: what it gives is a member, and none is worth more; there are as many as are declared. */
export function solverCertificates(specimen: Specimen, draws: Draws): Certificate[] {
  const { members, solver, size, count } = specimen;
  const best = new Tally("solver", "the hard sample is the best member", 1e-9);
  const known = new Set(members.map(String));
  RANGES.forEach((range, r) => {
    for (let i = 0; i < CASES; i++) {
      const drawn = draws.within(range, size);
      // Whole numbers now and then: with ties, too, it is a member that is returned.
      const u = i % 3 === 2 ? drawn.map((value) => Math.round((4 * value) / range)) : drawn;
      const x = solver.argmax(u);
      const isMember = known.has(String(Uint8Array.from(x))) && x.every((value) => value === 0 || value === 1);
      const { member } = bestMember(members, u);
      const missed = isMember ? (worth(member, u) - dot(x, u)) / range : Number.POSITIVE_INFINITY;
      best.see(r, missed, () => ({ utilities: list(u), hard: list(x), best: list(member) }));
    }
  });
  const declared = new Tally("solver", "there are as many members as declared", 0);
  if (count === undefined) return [best.certificate()];
  declared.see("overall", Math.abs(count - members.length), () => ({ declared: count, found: members.length }));
  return [declared.certificate(), best.certificate()];
}

/** What is known of a relaxation's soft samples. */
export interface SoftSubject {
  readonly layer: HostLayer;
  readonly t: number;
  /** Whether it is the exponential family as it is defined, with nothing done to the utilities first. */
  readonly isFamily: boolean;
  /** Whether its Jacobian is declared symmetric: it is an optimum over the polytope then. */
  readonly isConvex: boolean;
  /** Whether it has no options, which may keep it from the limit. */
  readonly isPlain: boolean;
  /** The map of a separable relaxation that is used as it is defined. */
  readonly map: ((s: Float64Array) => Float64Array) | undefined;
}

export function softCertificates(specimen: Specimen, subject: SoftSubject, draws: Draws): Certificate[] {
  const { members } = specimen;
  const { layer, t, isFamily, isConvex, map } = subject;
  const flat = equalities(members);
  const of = "soft sample";
  const equal = new Tally(of, equalitiesText(flat.length), 1e-8, isConvex);
  const inside = new Tally(of, "lies in the polytope: distance to it", 1e-7, isConvex);
  const marginals = new Tally(of, "is the marginals, by enumeration", 1e-8);
  const partition = new Tally(of, "has its log-partition, by enumeration", 1e-9);
  const optimal = new Tally(of, "is the optimum: what is gained by leaving it", 1e-6);
  let hasPartition = false;
  RANGES.forEach((range, r) => {
    for (let i = 0; i < CASES; i++) {
      const u = draws.within(range, layer.inputSize).map((value) => t * value);
      const x = layer.soft(u, t);
      const example = { utilities: list(u), temperature: t, soft: list(x) };
      equal.see(r, Math.max(0, ...flat.map((equality) => residual(equality, x))), () => example);
      const { by, along } = outside(members, x);
      inside.see(r, by, () => ({ ...example, "further out than all members along": list(along) }));
      if (map !== undefined) optimal.see(r, gain(map, members, u, t, x) / range, () => example);
      if (!isFamily) continue;
      const exact = new ExactFamily(members, u, t);
      marginals.see(r, distance(x, exact.marginals), () => ({ ...example, exact: list(exact.marginals) }));
      const value = layer.family?.has("logPartition") === true ? layer.family.logPartition(u, t)[0] : undefined;
      if (value === undefined) continue;
      hasPartition = true;
      const error = Math.abs(value - exact.logPartition) / (1 + Math.abs(exact.logPartition));
      partition.see(r, error, () => ({ ...example, "log-partition": value, exact: exact.logPartition }));
    }
  });
  const all = [
    ...(flat.length > 0 ? [equal] : []),
    inside,
    ...(map === undefined ? [] : [optimal]),
    ...(isFamily ? [marginals] : []),
    ...(hasPartition ? [partition] : []),
  ];
  return [...all.map((tally) => tally.certificate()), limitCertificate(specimen, subject, draws)];
}

function equalitiesText(count: number): string {
  return count === 1 ? "fulfils the equality of the polytope" : `fulfils the ${count} equalities of the polytope`;
}

function residual({ coefficients, value }: Equality, x: Vector): number {
  return Math.abs(dot(coefficients, x) - value);
}

/** X_t tends to X as t tends to 0, where X is the only best member: at a t far below the lead of the best. */
function limitCertificate(specimen: Specimen, { layer, isConvex, isPlain }: SoftSubject, draws: Draws): Certificate {
  const { size } = specimen;
  // With an input of its own, a relaxation may tend to what is no member, as L2X does where rows choose the same.
  const promised = isPlain && layer.inputSize === size;
  const tally = new Tally("soft sample", "tends to the hard sample as t tends to 0", 1e-6, promised);
  for (let i = 0; i < CASES; i++) {
    const { u, lead } = clearUtilities(specimen, layer.inputSize, isConvex, draws);
    if (lead === 0) continue;
    // Entropies leave exp(−lead / t) to each other member; quadratic ones leave nothing below lead / size.
    const t = Math.min(lead, 1) / Math.max(40, 4 * size);
    const [soft, hard] = [layer.soft(u, t), layer.argmax(u)];
    const example = { utilities: list(u), temperature: t, soft: list(soft), hard: list(hard) };
    tally.see("overall", distance(soft, hard), () => example);
  }
  return tally.certificate();
}

/**
 * Of several draws the one that is clearest: where the best member leads most, so that t need not be very low. What is
 * no optimum over the polytope may compare the utilities one by one: they must lie apart, too.
 */
function clearUtilities({ members, size }: Specimen, inputSize: number, isConvex: boolean, draws: Draws) {
  const drawn = Array.from({ length: 16 }, () => {
    if (isConvex) return draws.within(1, inputSize);
    const order = ranks(draws.uniforms(inputSize));
    return draws.within(0.6, inputSize).map((shake, i) => (order[i]! + shake) / inputSize - 0.5);
  });
  const leads = drawn.map((u) => {
    const gap = inputSize === size ? bestMember(members, u).gap : 1;
    return { u, lead: isConvex ? gap : Math.min(gap, spacing(u)) };
  });
  return leads.reduce((best, each) => (each.lead > best.lead ? each : best));
}

/** For each number how many are smaller. */
function ranks(values: Float64Array): readonly number[] {
  return Array.from(values, (value) => values.filter((other) => other < value).length);
}

/** The least distance between two numbers. */
function spacing(values: Float64Array): number {
  const sorted = values.slice().sort();
  return sorted.subarray(1).reduce((least, value, i) => Math.min(least, value - sorted[i]!), 1);
}
