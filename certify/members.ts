/**
 * All members of a structure, from its argmax alone: whether a member begins with given elements is told by utilities
 * of ±1 on these and 0 on the others, since only such members are worth as much as there are ones among them.
 */
import type { Vector } from "./vectors.ts";

/** A member as zeros and ones. */
export type Member = Uint8Array;

/**
 * The members in the order in which a search meets them; undefined when there are more than `most`. What an argmax
 * returns is believed: one that is no solver gives a list that is no set of members.
 */
export function listMembers(size: number, argmax: (u: Float64Array) => Vector, most: number): Member[] | undefined {
  const found: Member[] = [];
  const u = new Float64Array(size);
  /** Whether all members that share the first `depth` elements of `witness` could be listed. */
  const search = (witness: Vector, depth: number): boolean => {
    if (depth === size) {
      found.push(Uint8Array.from(witness));
      return found.length <= most;
    }
    if (!search(witness, depth + 1)) return false;
    for (let i = 0; i < size; i++) u[i] = i > depth ? 0 : i === depth ? 1 - 2 * witness[i]! : 2 * witness[i]! - 1;
    const other = argmax(Float64Array.from(u));
    for (let i = 0; i <= depth; i++) if (other[i] !== (u[i]! > 0 ? 1 : 0)) return true;
    return search(other, depth + 1);
  };
  return search(argmax(new Float64Array(size)), 0) ? found : undefined;
}

/** The most valuable member, and by how much it is worth more than the second; infinitely more where there is none. */
export function bestMember(members: readonly Member[], u: Vector): { readonly member: Member; readonly gap: number } {
  let member = members[0]!;
  let [first, second] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const each of members) {
    const value = worth(each, u);
    if (value > first) [first, second, member] = [value, first, each];
    else if (value > second) second = value;
  }
  return { member, gap: first - second };
}

/** uᵀx */
export function worth(member: Member, u: Vector): number {
  let sum = 0;
  for (let i = 0; i < member.length; i++) if (member[i] === 1) sum += u[i]!;
  return sum;
}

/** p(x) ∝ exp(uᵀx / t) by enumeration: the marginals, and the covariance applied to vectors. */
export class ExactFamily {
  readonly marginals: Float64Array;
  readonly logPartition: number;
  private readonly members: readonly Member[];
  private readonly probabilities: Float64Array;
  private readonly t: number;

  constructor(members: readonly Member[], u: Vector, t: number) {
    const scores = Float64Array.from(members, (x) => worth(x, u) / t);
    const top = scores.reduce((a, b) => Math.max(a, b));
    const weights = scores.map((score) => Math.exp(score - top));
    const total = weights.reduce((a, b) => a + b);
    this.members = members;
    this.t = t;
    this.logPartition = top + Math.log(total);
    this.probabilities = weights.map((weight) => weight / total);
    this.marginals = new Float64Array(u.length);
    members.forEach((x, m) => {
      for (let i = 0; i < x.length; i++) this.marginals[i]! += this.probabilities[m]! * x[i]!;
    });
  }

  /** Cov(x) c / t, the derivative of the marginals along c and, since it is symmetric, its transpose. */
  vjp(cotangent: Vector): Float64Array {
    const result = new Float64Array(cotangent.length);
    this.members.forEach((x, m) => {
      // Deviations first: with products of means, small covariances would drown.
      let along = 0;
      for (let i = 0; i < x.length; i++) along += cotangent[i]! * (x[i]! - this.marginals[i]!);
      const weight = (this.probabilities[m]! * along) / this.t;
      for (let i = 0; i < x.length; i++) result[i]! += weight * (x[i]! - this.marginals[i]!);
    });
    return result;
  }
}
