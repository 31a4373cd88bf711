/**
 * Reverse-mode differentiation at compile time: the backward is ordinary tensor IR in the same graph, built from the
 * gradients that the op records declare.
 */

import type { Builder } from "../ir/tensor/builder.ts";
import { nodesInOrder } from "../ir/tensor/order.ts";
import { formatType, type Node, sameShape } from "../ir/tensor/tensor.ts";
import type { PrimitiveOp } from "../ops/op.ts";
import { ops } from "../ops/registry.generated.ts";

/** Nodes of f32 values, through which cotangents may pass. */
function carries(node: Node): boolean {
  return node.type.dtype === "f32";
}

/**
 * The gradients of an unbatched scalar with respect to the given nodes, in their order. Nodes that the loss does not
 * depend on get zeros.
 */
export function gradients(loss: Node, wrt: readonly Node[], build: Builder): Node[] {
  if (loss.type.batched || loss.type.shape.length > 0 || !carries(loss)) {
    throw new TypeError(`only an unbatched scalar can be differentiated, not ${formatType(loss.type)}`);
  }
  const order = nodesInOrder([loss]);
  const needed = dependents(order, wrt);
  const cotangents = new Map<Node, Node>([[loss, build.constant(1)]]);
  for (const node of order.reverse()) {
    const cotangent = cotangents.get(node);
    if (cotangent === undefined || !needed.has(node) || node.inputs.length === 0) continue;
    contributions(node, cotangent, build).forEach((contribution, i) => {
      const input = node.inputs[i]!;
      if (contribution === undefined || !needed.has(input)) return;
      const fitted = adapt(contribution, input, node, build);
      const before = cotangents.get(input);
      cotangents.set(input, before === undefined ? fitted : build.add(before, fitted));
    });
  }
  return wrt.map((node) => cotangents.get(node) ?? build.zerosLike(node));
}

/** The nodes that a gradient of the loss reaches, whatever its value. */
export function reached(loss: Node): Set<Node> {
  const found = new Set<Node>([loss]);
  // Nodes are added while the set is walked.
  for (const node of found) {
    if (typeof (ops.get(node.op) as PrimitiveOp).gradient !== "function") continue;
    for (const input of node.inputs) if (carries(input)) found.add(input);
  }
  return found;
}

/** The nodes of an order that depend on any of the given ones. */
function dependents(order: readonly Node[], wrt: readonly Node[]): Set<Node> {
  const needed = new Set(wrt);
  for (const node of order) {
    if (carries(node) && node.inputs.some((input) => needed.has(input))) needed.add(node);
  }
  return needed;
}

function contributions(node: Node, cotangent: Node, build: Builder): readonly (Node | undefined)[] {
  const { gradient } = ops.get(node.op) as PrimitiveOp;
  return typeof gradient === "function" ? gradient(node, cotangent, build) : [];
}

/**
 * A cotangent in the type of its node: where a node is the same for all examples, their cotangents add up. Those of a
 * batched value have its batch axis: ops make them of batched cotangents, or repeat them over the batch.
 */
function adapt(cotangent: Node, input: Node, user: Node, build: Builder): Node {
  const fitted = cotangent.type.batched && !input.type.batched ? build.batchSum(cotangent) : cotangent;
  if (fitted.type.batched !== input.type.batched || !sameShape(fitted.type.shape, input.type.shape)) {
    throw new TypeError(`the gradient of ${user.op} has ${formatType(fitted.type)} for ${formatType(input.type)}`);
  }
  return fitted;
}
