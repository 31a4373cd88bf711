/**
 * Rewrites a program by the laws of compiler/laws until none applies. The program is rebuilt from its inputs upwards in
 * a builder of its own, so that what a law puts in place of a node is computed when the node was. Laws look at a node
 * and at what it reads, never at who reads it: a node to which no law applies stays so, and one sweep is enough.
 */
import { Builder } from "../ir/tensor/builder.ts";
import { nodesInOrder } from "../ir/tensor/order.ts";
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

class Simplifier {
  private readonly laws = new Map<string, Law[]>();
  private readonly build: Builder;
  /** The nodes to which no law applies, each for those that became it. */
  private readonly normals = new Map<Node, Node>();
  /** The nodes to which laws are being applied, each with the law. */
  private readonly under = new Map<Node, Law>();

  constructor(phase: Phase, build: Builder) {
    this.build = build;
    for (const law of laws.values()) {
      if (law.final === true && phase !== "final") continue;
      for (const root of law.roots) this.laws.set(root, [...(this.laws.get(root) ?? []), law]);
    }
  }

  /** What becomes of a node; what it reads becomes normal first, in order, since graphs are deeper than the stack. */
  normal(node: Node): Node {
    for (const each of nodesInOrder([node], (input) => !this.normals.has(input))) {
      if (!this.normals.has(each)) this.normals.set(each, this.settle(each));
    }
    return this.normals.get(node)!;
  }

  /** What becomes of a node whose inputs have become normal. */
  private settle(node: Node): Node {
    const inputs = node.inputs.map((input) => this.normals.get(input)!);
    const changed = inputs.some((input, i) => input !== node.inputs[i]);
    return changed ? this.normal(this.build.node(node.op, inputs, node.attributes)) : this.lawful(node);
  }

  private lawful(node: Node): Node {
    for (const law of this.laws.get(node.op) ?? []) {
      const right = law.apply(node, this.build);
      if (right === undefined || right === node) continue;
      const other = this.under.get(node);
      if (other !== undefined) {
        throw new Error(`simplification does not end: ${other.name} makes of ${node.op} ${node.id} what needs it`);
      }
      this.under.set(node, law);
      const result = this.normal(right);
      this.under.delete(node);
      return result;
    }
    return node;
  }
}
