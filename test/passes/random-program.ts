/** Random small tensor programs whose values stay finite: for properties of passes. */
import { Builder } from "../../compiler/ir/tensor/builder.ts";
import { nodesInOrder } from "../../compiler/ir/tensor/order.ts";
import { MOST_AXES, type Node, sizeOf, type TensorProgram } from "../../compiler/ir/tensor/tensor.ts";
import { random } from "../tensor/harness.ts";

type Maker = (build: Builder, pick: () => Node, integer: (below: number) => number) => Node;

const unaries = ["negate", "tanh", "abs", "relu", "elu", "sin", "stop_gradient"];
const binaries = ["add", "subtract", "multiply", "minimum", "maximum"];

/** Any indices along an axis of size n, now and then all of them in order. */
function someIndices(n: number, count: number, integer: (below: number) => number): number[] {
  if (integer(4) === 0) return [...Array(n).keys()];
  return Array.from({ length: count }, () => integer(n));
}

/** Makers may fail on a type: then nothing is made. */
const makers: readonly Maker[] = [
  (build, pick, integer) => build.unary(unaries[integer(unaries.length)]!, pick()),
  (build, pick, integer) => build.binary(binaries[integer(binaries.length)]!, pick(), pick()),
  (build, pick) => build.add(pick(), pick()),
  (build, pick) => build.multiply(build.negate(pick()), pick()),
  (build, pick) => build.log(build.exp(build.unary("tanh", pick()))),
  (build, pick) => build.exp(build.exp(build.unary("tanh", pick()))),
  (build, pick) => build.log(build.log(build.add(build.unary("abs", pick()), 2))),
  (build, pick, integer) => build.binary(binaries[integer(binaries.length)]!, pick(), [0, 1, -1, 2, 0.5][integer(5)]!),
  (build, pick, integer) => build.divide(pick(), [1, 2, -4][integer(3)]!),
  (build, pick, integer) => build.power(build.add(build.unary("abs", pick()), 0.5), [0, 1, 2, 3, 0.5, -1][integer(6)]!),
  (build, pick) => {
    const x = pick();
    return build.select(build.less(x, pick()), pick(), x);
  },
  (build, pick, integer) => build.select(build.not(build.less(pick(), 0)), pick(), integer(2)),
  (build, pick, integer) => {
    const x = build.less(pick(), 0.5);
    const y = integer(2) === 0 ? x : build.lessEqual(pick(), 0);
    return build.select(build.binary(integer(2) === 0 ? "and" : "or", x, y), pick(), pick());
  },
  // A bias that is used again and again.
  (build, pick, integer) => {
    const x = build.add(build.batchSum(pick()), build.batchSum(pick()));
    const axes = x.type.shape.map((_, axis) => axis).filter(() => integer(2) === 0);
    return build.sum(x, axes, integer(2) === 0);
  },
  // Blocks side by side, or nearly so.
  (build, pick, integer) => {
    const [x, y] = [pick(), pick()];
    const axis = integer(x.type.shape.length);
    const [first, second] = [x.type.shape[axis]!, y.type.shape[axis]!];
    const around = (at: number, other: number) => x.type.shape.map((_, i) => (i === axis ? at : other));
    const shift = integer(3) === 0 ? 1 : 0;
    const left = build.pad(x, around(0, 0), around(second + shift, 0));
    return build.add(
      left,
      build.pad(y, around(first + shift - 2 * shift * integer(2), 0), around(2 * shift * integer(2), 0)),
    );
  },
  (build, pick, integer) => {
    const x = pick();
    const axis = integer(x.type.shape.length);
    return build.gather(x, someIndices(x.type.shape[axis]!, 1 + integer(7), integer), axis);
  },
  (build, pick, integer) => {
    const x = pick();
    const axis = integer(x.type.shape.length);
    const size = 1 + integer(5);
    const indices = Array.from({ length: x.type.shape[axis]! }, (_, i) =>
      integer(3) === 0 ? integer(size) : i % size,
    );
    return build.scatterAdd(x, indices, axis, size);
  },
  (build, pick, integer) => {
    const x = pick();
    const begin = x.type.shape.map((size) => (integer(2) === 0 ? 0 : integer(size)));
    return build.slice(
      x,
      begin,
      x.type.shape.map((size, i) => 1 + integer(size - begin[i]!)),
    );
  },
  (build, pick, integer) => build.concat([pick(), pick(), pick()].slice(integer(3)), integer(2)),
  (build, pick, integer) => {
    const x = pick();
    return build.pad(
      x,
      x.type.shape.map(() => integer(2)),
      x.type.shape.map(() => integer(2)),
    );
  },
  (build, pick, integer) => {
    const { shape } = pick().type;
    const x = pick();
    return integer(2) === 0 ? build.broadcast(x, shape) : build.broadcast(x, [1 + integer(3), ...x.type.shape]);
  },
  (build, pick) => {
    const x = pick();
    return build.reshape(x, [sizeOf(x.type.shape)]);
  },
  (build, pick, integer) => {
    const x = pick();
    return build.reshape(
      x,
      x.type.shape.flatMap((size) => (integer(2) === 0 ? [size] : [1, size])),
    );
  },
  (build, pick, integer) => {
    const x = pick();
    const axes = x.type.shape.map((_, axis) => axis);
    return build.transpose(x, integer(2) === 0 ? axes.reverse() : axes);
  },
  (build, pick, integer) => {
    const x = pick();
    const axes = x.type.shape.map((_, axis) => axis).filter(() => integer(2) === 0);
    return integer(4) === 0 ? build.maximumReduce(x, axes) : build.sum(x, axes, integer(2) === 0);
  },
  (build, pick) => build.matmul(pick(), pick()),
  (build, pick, integer) => {
    const x = pick();
    const shape = [x.type.shape.at(-1)!, 1 + integer(4)];
    return build.matmul(x, build.parameter(`w${shape.join("x")}`, shape));
  },
  (build, pick, integer) => {
    const x = pick();
    return build.batchSum(x, integer(x.type.shape.length + 1));
  },
  (build, pick) => build.batchBroadcast(pick()),
];

/**
 * A program of so many operations or less, over inputs and parameters of ranks 0 to 2; its outputs are what nothing
 * reads.
 */
export function randomProgram(seed: number, size: number): TensorProgram {
  const next = random(seed);
  const integer = (below: number) => Math.floor(next() * below);
  const build = new Builder();
  const nodes = [
    build.input("a", { dtype: "f32", shape: [2, 3], batched: true }),
    build.input("b", { dtype: "f32", shape: [3], batched: true }),
    build.input("c", { dtype: "f32", shape: [], batched: true }),
    build.parameter("p", [2, 3]),
    build.parameter("q", [3, 3]),
    build.parameter("r", [3]),
    build.constant([1, 0, 2], [3]),
    build.constant(0, [2, 3]),
  ];
  // Recent nodes are likelier, so that graphs are deep.
  const pick = () =>
    nodes[integer(2) === 0 ? integer(nodes.length) : nodes.length - 1 - integer(Math.min(4, nodes.length))]!;
  const leaves = nodes.length;
  for (let attempts = 0; attempts < 6 * size && nodes.length < leaves + size; attempts++) {
    const node = attempt(() => makers[integer(makers.length)]!(build, pick, integer));
    const small = node !== undefined && sizeOf(node.type.shape) <= 300 && node.type.shape.length <= MOST_AXES;
    if (small && node.type.dtype === "f32") nodes.push(node);
  }
  const made = new Set(nodes.slice(leaves));
  for (const node of nodesInOrder(made)) for (const input of node.inputs) made.delete(input);
  const outputs = new Map([...made].map((node, i) => [`result${i}`, build.unary("tanh", node)]));
  return { name: "random", outputs, labels: new Map() };
}

function attempt(make: () => Node): Node | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
