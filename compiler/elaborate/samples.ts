/**
 * Several samples of an example in one step: what depends on latent variables is computed once for each of them, from
 * noise of its own, and all else once. This is done to the graph, so it does not matter how a model is written.
 */
import { Failure } from "../failure.ts";
import { nodesInOrder } from "../ir/tensor/order.ts";
import type { Node } from "../ir/tensor/tensor.ts";
import type { Context } from "./context.ts";

export class Samples {
  /** How many there are. */
  readonly count: number;
  private readonly context: Context;
  /** For all samples but the first, what stands in the place of the first one's nodes. */
  private readonly copies: readonly Map<Node, Node>[];

  constructor(context: Context, count: number) {
    this.context = context;
    this.count = count;
    const latents = context.latentNoise();
    this.copies = Array.from({ length: count - 1 }, (_, i) => {
      return new Map(latents.map((noise) => [noise.node, context.anotherNoise(noise, i + 2)] as const));
    });
  }

  /** A value of each sample. */
  all(node: Node): readonly Node[] {
    return [node, ...this.copies.map((copies) => this.copied(node, copies))];
  }

  /** Its mean over the samples. */
  mean(node: Node): Node {
    const build = this.context.builder;
    const all = this.all(node);
    if (all.every((each) => each === node)) return node;
    return build.divide(
      all.reduce((sum, each) => build.add(sum, each)),
      this.count,
    );
  }

  private copied(node: Node, copies: Map<Node, Node>): Node {
    for (const each of nodesInOrder([node], (known) => !copies.has(known))) {
      const inputs = each.inputs.map((input) => copies.get(input)!);
      const isSame = inputs.every((input, i) => input === each.inputs[i]);
      copies.set(each, isSame ? each : this.context.builder.node(each.op, inputs, each.attributes));
    }
    return copies.get(node)!;
  }
}

/** How many samples a step takes of each example: as many as a latent variable asks for, and the same for all. */
export function sampleCount(context: Context): number {
  const asking = [...context.latents.values()].filter(({ score }) => (score?.estimator.samples ?? 1) > 1);
  const [first] = asking;
  if (first === undefined) return 1;
  const count = first.score!.estimator.samples;
  for (const { name, score } of asking) {
    const { samples, span } = score!.estimator;
    if (samples === count) continue;
    const message = `${name} is sampled ${samples} times in a step, and ${first.name} ${count} times`;
    context.fail(new Failure(span, "duplicate-argument", message, { why: SHARED, help: `take ${count} of both` }));
  }
  return count;
}

const SHARED = "a step samples all latent variables as often, each time all of them";
