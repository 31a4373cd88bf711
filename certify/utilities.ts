/**
 * The law of a latent's utilities at a small size: draws, densities and scores as the distribution's declaration says,
 * computed by the interpreter of the tensor IR in float64.
 */

import type { CompiledLayer } from "../compiler/artifact.ts";
import { Context } from "../compiler/elaborate/context.ts";
import { logDensities, sampleDistribution } from "../compiler/elaborate/distributions.ts";
import { evaluateExpression } from "../compiler/elaborate/expressions.ts";
import { sumAll, tensor } from "../compiler/elaborate/tensors.ts";
import type { DistributionValue, Value } from "../compiler/elaborate/values.ts";
import { type Environment, evaluate } from "../compiler/ir/tensor/interpret.ts";
import { type Node, sizeOf } from "../compiler/ir/tensor/tensor.ts";
import type { Names } from "../compiler/names.ts";
import { gradients } from "../compiler/passes/differentiate.ts";
import type { PartLaw } from "./subjects.ts";
import type { Draws } from "./vectors.ts";

/** How an embedding is made up. */
type Parts = Pick<CompiledLayer, "parts" | "size">;

const NOWHERE = { start: 0, end: 0 };
/** Noise beyond these is never drawn: uniforms have 23 bits. */
const EXTREMES = { uniform: [2 ** -24, 1 - 2 ** -24], normal: [-8, 8] } as const;

/** The law of all utilities of an embedding: independent laws of its parts, one after the other. */
export class UtilityLaw {
  /** Whether a coordinate has noise; the law of the others has no density. */
  readonly random: readonly boolean[];
  private readonly laws: readonly Law[];

  /** `utilities` are laws of parts by name, or one for all of the embedding. */
  constructor(names: Names, utilities: readonly PartLaw[], { parts, size }: Parts, draws: Draws) {
    const whole = utilities.length === 1;
    this.laws = utilities.map(({ part, distribution }) => {
      const shape = parts.find(({ name }) => name === part)?.shape ?? [];
      return new Law(names, distribution, whole ? size : shape.reduce((a, b) => a * b, 1), draws);
    });
    this.random = this.laws.flatMap((law) => Array.from({ length: law.size }, () => law.isRandom));
  }

  /** The value that an argument of the first law is certified at. */
  argument(name: string): number | Float64Array | undefined {
    return this.laws[0]?.arguments.get(name);
  }

  /** Whether every law with noise declares a density. */
  get hasDensity(): boolean {
    return this.laws.every((law) => !law.isRandom || law.hasDensity);
  }

  /** Rows of utilities. */
  sample(rows: number, draws: Draws): Float64Array {
    return this.joined(rows, (law) => law.sample(rows, draws));
  }

  /** Where each coordinate can lie: between the least and the largest that can be drawn. */
  support(): { readonly low: Float64Array; readonly high: Float64Array } {
    const ends = new Map(this.laws.map((law) => [law, law.support()]));
    return {
      low: this.joined(1, (law) => ends.get(law)!.low),
      high: this.joined(1, (law) => ends.get(law)!.high),
    };
  }

  /** log p(u) of each element of rows of utilities, and its derivative by u; 0 where there is no noise. */
  density(u: Float64Array): { readonly log: Float64Array; readonly slope: Float64Array } {
    const rows = u.length / this.random.length;
    let offset = 0;
    const found = new Map(
      this.laws.map((law) => {
        const own = columnsOf(u, rows, offset, law.size);
        offset += law.size;
        const none = new Float64Array(own.length);
        return [law, law.isRandom ? law.density(own) : { log: none, slope: none }] as const;
      }),
    );
    return {
      log: this.joined(rows, (law) => found.get(law)!.log),
      slope: this.joined(rows, (law) => found.get(law)!.slope),
    };
  }

  /** Rows of which each law gives its own columns. */
  private joined(rows: number, of: (law: Law) => Float64Array): Float64Array {
    const size = this.random.length;
    const result = new Float64Array(rows * size);
    let offset = 0;
    for (const law of this.laws) {
      const own = of(law);
      for (let r = 0; r < rows; r++) {
        result.set(own.subarray(r * law.size, (r + 1) * law.size), r * size + offset);
      }
      offset += law.size;
    }
    return result;
  }
}

function columnsOf(u: Float64Array, rows: number, from: number, width: number): Float64Array {
  const size = u.length / rows;
  return Float64Array.from(
    { length: rows * width },
    (_, at) => u[Math.floor(at / width) * size + from + (at % width)]!,
  );
}

/** Independent utilities from one distribution. */
class Law {
  /** The values that its arguments are certified at, by name, as many as coordinates where they are tensors. */
  readonly arguments: ReadonlyMap<string, number | Float64Array>;
  private readonly names: Names;
  readonly size: number;
  private readonly distribution: DistributionValue;

  /** Tensors of the model are unknown here: their places are taken by random numbers about the default. */
  constructor(names: Names, distribution: DistributionValue, size: number, draws: Draws) {
    this.names = names;
    this.size = size;
    this.distribution = distribution;
    const values = new Map<string, number | Float64Array>();
    for (const [name, value] of distribution.arguments) {
      if (value.kind === "number") values.set(name, value.value);
      else
        values.set(
          name,
          draws.normals(size).map((z) => (this.isLocation(name) ? z : Math.exp(0.5 * z))),
        );
    }
    this.arguments = values;
  }

  /** Whether there is anything random in it. */
  get isRandom(): boolean {
    return this.distribution.declaration.body.some((clause) => clause.kind === "noise");
  }

  get hasDensity(): boolean {
    return this.distribution.declaration.body.some((clause) => clause.kind === "log-density");
  }

  sample(rows: number, draws: Draws): Float64Array {
    return this.drawn(rows, (base, count) => (base === "uniform" ? draws.uniforms(count) : draws.normals(count)));
  }

  support(): { readonly low: Float64Array; readonly high: Float64Array } {
    const at = (end: 0 | 1) => this.drawn(1, (base, count) => new Float64Array(count).fill(EXTREMES[base][end]));
    const [a, b] = [at(0), at(1)];
    return { low: a.map((value, i) => Math.min(value, b[i]!)), high: a.map((value, i) => Math.max(value, b[i]!)) };
  }

  density(u: Float64Array): { readonly log: Float64Array; readonly slope: Float64Array } {
    const context = this.context();
    const node = context.builder.parameter("u", [u.length]);
    const value = tensor(node, [{ size: u.length }]);
    const { distribution, parameters } = this.over(context, u.length);
    const log = logDensities(context, distribution, value, NOWHERE)!;
    const [slope] = gradients(sumAll(context, log).node, [node], context.builder);
    const found = evaluate([log.node, slope!], { batch: 1, parameters: { ...parameters, u } });
    return { log: whole(found.get(log.node)!.data, u.length), slope: whole(found.get(slope!)!.data, u.length) };
  }

  private drawn(rows: number, noise: (base: "uniform" | "normal", count: number) => Float64Array): Float64Array {
    const context = this.context();
    const count = rows * this.size;
    const { distribution, parameters } = this.over(context, count);
    const { node } = sampleDistribution(context, distribution, [{ size: count }], "u", NOWHERE)!;
    const leaves = context.noise.map(({ node: leaf, base }) => {
      if (base === "kept") throw new Error("a distribution draws uniform or normal noise");
      return [String(leaf.attributes.name), noise(base, sizeOf(leaf.type.shape))] as const;
    });
    const environment: Environment = { batch: 1, parameters, noise: Object.fromEntries(leaves) };
    return whole(computed(node, environment), count);
  }

  private context(): Context {
    return new Context(this.names, this.distribution.source, "evaluate", evaluateExpression);
  }

  /** The distribution with its arguments repeated over rows. */
  private over(context: Context, count: number) {
    const parameters: Record<string, Float64Array> = {};
    const values = new Map<string, Value>();
    for (const [name, value] of this.arguments) {
      if (typeof value === "number") values.set(name, { kind: "number", value });
      else {
        parameters[name] = Float64Array.from({ length: count }, (_, i) => value[i % this.size]!);
        values.set(name, tensor(context.builder.parameter(name, [count]), [{ size: count }]));
      }
    }
    return { distribution: { ...this.distribution, arguments: values }, parameters };
  }

  /** A parameter that is 0 by default moves utilities, others (scales, rates) are greater than 0. */
  private isLocation(name: string): boolean {
    const { parameters } = this.distribution.declaration;
    const value = parameters.find((parameter) => parameter.name.name === name)?.default;
    return value === undefined || (value.kind === "number" && value.value === 0);
  }
}

function computed(node: Node, environment: Environment): Float64Array {
  return Float64Array.from(evaluate([node], environment).get(node)!.data);
}

/** One value for all stands for each. */
function whole(values: ArrayLike<number>, count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => values[values.length === 1 ? 0 : i]!);
}
