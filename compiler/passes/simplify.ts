/**
 * Rewrites a program by the laws of compiler/laws until none applies. The program is rebuilt from its inputs upwards in
 * a builder of its own, so that what a law puts in place of a node is computed when the node was. Laws look at a node
 * and at what it reads, never at who reads it: a node to which no law applies stays so, and one sweep is enough.
 */
import { Builder } from "../ir/tensor/builder.ts";
import { rewrite, rewritten } from "../ir/tensor/rewrite.ts";
import type { Node, TensorProgram } from "../ir/tensor/tensor.ts";
import type { Law } from "../laws/law.ts";
import { laws } from "../laws/registry.generated.ts";

/** Before differentiation only laws apply that gradients keep, too. */
export type Phase = "differentiable" | "final";

export interface Simplified {
  readonly program: TensorProgram;
  /** Where the program's nodes come from: more can be made with it. */
  readonly build: Builder;
}

/** An equal program to which no law of the phase applies. Names move to the nodes that compute their values now. */
export function simplify(program: TensorProgram, phase: Phase): Simplified {
  const build = new Builder();
  const simplifier = new Simplifier(phase, build);
  const renewed = rewrite(
    program.outputs.values(),
    (node, inputs) => simplifier.normal(build.node(node.op, inputs, node.attributes)),
    build,
  );
  const { outputs, labels } = rewritten(program, renewed);
  for (const [node, label] of labels) build.label(node, label);
  return { program: { name: program.name, outputs, labels: build.labels }, build };
}

/** Laws make programs smaller: so many in a row on one node mean that two undo each other. */
const MOST_LAWS = 1000;

class Simplifier {
  private readonly laws = new Map<string, Law[]>();
  private readonly build: Builder;
  /** The nodes to which no law applies, each for those that became it. */
  private readonly normals = new Map<Node, Node>();
  private chain = 0;

  constructor(phase: Phase, build: Builder) {
    this.build = build;
    for (const law of laws.values()) {
      if (law.final === true && phase !== "final") continue;
      for (const root of law.roots) this.laws.set(root, [...(this.laws.get(root) ?? []), law]);
    }
  }

  /** What becomes of a node whose old inputs are normal; those that a law has just made become normal, too. */
  normal(node: Node): Node {
    const known = this.normals.get(node);
    if (known !== undefined) return known;
    const inputs = node.inputs.map((input) => this.normal(input));
    const changed = inputs.some((input, i) => input !== node.inputs[i]);
    const result = changed ? this.normal(this.build.node(node.op, inputs, node.attributes)) : this.lawful(node);
    this.normals.set(node, result);
    return result;
  }

  private lawful(node: Node): Node {
    for (const law of this.laws.get(node.op) ?? []) {
      const right = law.apply(node, this.build);
      if (right === undefined || right === node) continue;
      if (++this.chain > MOST_LAWS) throw new Error(`simplification does not end: ${law.name} applies again and again`);
      const result = this.normal(right);
      this.chain--;
      return result;
    }
    return node;
  }
}
