/**
 * Sums of reductions of one kind become one reduction over more terms: Σ_k a_kᵀ g_k is aᵀ g, and Σ_k Σ x_k is Σ x, of
 * the rows of all a_k, g_k and x_k one after the other. The gradient of a weight that a recurrence uses at each step is
 * such a sum; on a device with kernels of its own it is then one reduction, not one for each step.
 */
import { Builder } from "../ir/tensor/builder.ts";
import { nodesInOrder } from "../ir/tensor/order.ts";
import { rewrite, rewritten } from "../ir/tensor/rewrite.ts";
import { type Node, sizeOf, type TensorProgram } from "../ir/tensor/tensor.ts";

/** Leaves the meaning as it is, but for the order in which numbers are added up. */
export function stackSums(program: TensorProgram): TensorProgram {
  const users = new Map<Node, number>();
  const order = nodesInOrder(program.outputs.values());
  for (const node of [...order.flatMap((each) => each.inputs), ...program.outputs.values()]) {
    users.set(node, (users.get(node) ?? 0) + 1);
  }
  const single = (node: Node) => users.get(node) === 1;
  // The terms of each sum, under its outermost addition; what is within a sum is no sum of its own.
  const within = new Set<Node>();
  const sums = new Map<Node, readonly Node[]>();
  for (const node of [...order].reverse()) {
    if (node.op !== "add" || within.has(node)) continue;
    const terms: Node[] = [];
    const visit = (each: Node): void => {
      if (each.op === "add" && (each === node || single(each))) {
        within.add(each);
        each.inputs.forEach(visit);
      } else terms.push(each);
    };
    visit(node);
    if (kindsOf(terms.filter(single)).some((kind) => kind.length > 1)) sums.set(node, terms);
  }
  if (sums.size === 0) return program;
  const build = new Builder();
  const fresh = new Map<Node, Node>();
  const renewed = rewrite(
    program.outputs.values(),
    (node, inputs) => {
      const terms = sums.get(node);
      const made =
        terms === undefined
          ? build.node(node.op, inputs, node.attributes)
          : stacked(terms, single, (each) => fresh.get(each)!, build);
      fresh.set(node, made);
      return made;
    },
    build,
  );
  return rewritten(program, renewed);
}

/** Terms that one reduction can compute together. */
function kindsOf(terms: readonly Node[]): (readonly Node[])[] {
  const kinds = new Map<string, Node[]>();
  for (const term of terms) {
    const key = kindOf(term);
    if (key === undefined) continue;
    kinds.set(key, [...(kinds.get(key) ?? []), term]);
  }
  return [...kinds.values()];
}

function kindOf({ op, type }: Node): string | undefined {
  return op === "contract" || op === "batch_sum" ? `${op} ${type.shape.join()}` : undefined;
}

function stacked(
  terms: readonly Node[],
  single: (node: Node) => boolean,
  renewed: (node: Node) => Node,
  build: Builder,
): Node {
  const kinds = kindsOf(terms.filter(single)).filter((kind) => kind.length > 1);
  const taken = new Set(kinds.flat());
  const rest = terms.filter((term) => !taken.has(term)).map(renewed);
  const made = kinds.map((kind) => reduction(kind, renewed, build));
  return [...made, ...rest].reduce((sum, term) => build.add(sum, term));
}

function reduction(kind: readonly Node[], renewed: (node: Node) => Node, build: Builder): Node {
  const [first] = kind as readonly [Node];
  /** Operand number i of all terms, as rows of `width`, one after the other. */
  const rows = (i: number, width: number) => {
    const parts = kind.map((term) => {
      const operand = renewed(term.inputs[i]!);
      return build.reshape(operand, [sizeOf(operand.type.shape) / width, width]);
    });
    return build.concat(parts, 0);
  };
  if (first.op === "contract") {
    const [k, n] = first.type.shape as readonly [number, number];
    return build.contract(rows(0, k), rows(1, n));
  }
  return build.reshape(build.batchSum(rows(0, sizeOf(first.type.shape)), 1), first.type.shape);
}
