/**
 * The exponential family p(x) ∝ exp(uᵀx / t) of a structure in float64 on the host: log-partition, entropy,
 * log-probabilities, marginals, with their gradients, and exact samples, for rows of utilities.
 */
import type { CompiledFamily, Missing } from "../compiler/artifact.ts";
import { divided, type HostKernels } from "./host-kernels.ts";
import { PURPOSES, uniform } from "./random.ts";
import { UserError } from "./user-error.ts";

type Rows = Float64Array;

export class HostFamily {
  private readonly family: CompiledFamily;
  private readonly kernels: HostKernels;

  constructor(family: CompiledFamily, kernels: HostKernels) {
    this.family = family;
    this.kernels = kernels;
  }

  /** Whether the structure can tell a part of it. */
  has(part: keyof CompiledFamily): boolean {
    return !("missing" in this.family[part]);
  }

  /** log Σ_x exp(uᵀx / t), one number for each row. */
  logPartition(u: Rows, t: number): Rows {
    const { kernels } = this;
    const kernel = present(this.family.logPartition);
    const scaled = new Map([["u", kernels.scaled(u, t)]]);
    return kernels.finite("log-partition", kernels.run(kernel, scaled), 1);
  }

  /** Marginals / t, each row times its cotangent. */
  logPartitionVjp(u: Rows, cotangent: Rows, t: number): Rows {
    const { size } = this.kernels;
    const weighted = this.marginals(u, t).map((value, i) => (value * cotangent[Math.floor(i / size)]!) / t);
    return this.kernels.finite("gradient", weighted);
  }

  /** E[x] */
  marginals(u: Rows, t: number): Rows {
    const { kernels } = this;
    const { kernel } = present(this.family.marginals);
    return kernels.finite("marginals", kernels.run(kernel, new Map([["u", kernels.scaled(u, t)]])));
  }

  /** Cov(x) cotangent / t; `x` are the marginals where they are known already. */
  marginalsVjp(u: Rows, cotangent: Rows, t: number, x?: Rows): Rows {
    const { kernels } = this;
    const { kernel, backward } = present(this.family.marginals);
    const arrays = new Map([
      ["u", kernels.scaled(u, t)],
      ["cotangent", cotangent],
    ]);
    kernels.addResults(arrays, kernel, backward, x && new Map([["x", x]]));
    return kernels.finite("gradient", divided(kernels.run(backward, arrays), t));
  }

  /** −Σ_x p(x) log p(x) = log Z − uᵀE[x] / t, which rounding could make negative. */
  entropy(u: Rows, t: number): Rows {
    const total = this.logPartition(u, t);
    const worth = this.products(divided(u, t), this.marginals(u, t));
    return total.map((value, row) => Math.max(0, value - worth[row]!));
  }

  /** −Cov(x) u / t², each row times its cotangent. */
  entropyVjp(u: Rows, cotangent: Rows, t: number): Rows {
    const { size } = this.kernels;
    return this.marginalsVjp(
      u,
      u.map((value, i) => (-value / t) * cotangent[Math.floor(i / size)]!),
      t,
    );
  }

  /** log p(x) = uᵀx / t − log Z */
  logProb(u: Rows, x: Rows, t: number): Rows {
    const total = this.logPartition(u, t);
    const worth = this.products(divided(u, t), x);
    return this.kernels.finite(
      "log-probability",
      worth.map((value, row) => value - total[row]!),
      1,
    );
  }

  /** (x − E[x]) / t for the utilities and u / t for the members, each row times its cotangent. */
  logProbVjp(u: Rows, x: Rows, cotangent: Rows, t: number): { readonly u: Rows; readonly x: Rows } {
    const { size } = this.kernels;
    const marginals = this.marginals(u, t);
    const weight = (i: number) => cotangent[Math.floor(i / size)]! / t;
    return {
      u: marginals.map((value, i) => weight(i) * (x[i]! - value)),
      x: u.map((value, i) => weight(i) * value),
    };
  }

  /**
   * Members drawn from p(x): for each row of `u` as many as `draws`. A draw depends on the seed, its number and the
   * row's, not on how many there are.
   */
  sample(u: Rows, t: number, seed: number, draws: number): Rows {
    const { kernels } = this;
    const { size } = kernels;
    const { kernel, noise } = present(this.family.sampler);
    const scaled = kernels.scaled(u, t);
    const rows = u.length / size;
    const members = new Float64Array(u.length * draws);
    for (let draw = 0; draw < draws; draw++) {
      const fresh = Float64Array.from(uniform(seed, PURPOSES.sample, draw, rows * noise));
      const drawn = kernels.run(
        kernel,
        new Map([
          ["u", scaled],
          ["noise", fresh],
        ]),
      );
      for (let row = 0; row < rows; row++) {
        members.set(drawn.subarray(row * size, (row + 1) * size), (row * draws + draw) * size);
      }
    }
    return kernels.finite("sample", members);
  }

  /** Σ_i a_i b_i of each row. */
  private products(a: Rows, b: Rows): Rows {
    const { size } = this.kernels;
    const sums = new Float64Array(a.length / size);
    for (let i = 0; i < a.length; i++) sums[Math.floor(i / size)]! += a[i]! * b[i]!;
    return sums;
  }
}

/** A part of the family; throws a UserError that says why it is not there. */
function present<T extends object>(part: T | Missing): T {
  if (!("missing" in part)) return part;
  const { missing, ...details } = part;
  throw new UserError(missing, details);
}
