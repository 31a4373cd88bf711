/**
 * The meaning of the tensor IR: an interpreter in float64, slow and obvious. Ops are evaluated one example at a time,
 * but for those that reduce over the batch.
 */
import type { KernelRunner, PrimitiveOp, Values } from "../../ops/op.ts";
import { ops } from "../../ops/registry.generated.ts";
import { stringOf } from "./attributes.ts";
import { nodesInOrder } from "./order.ts";
import { formatType, type Node, sizeOf, type TensorProgram } from "./tensor.ts";

/** Row-major values; a batched leaf's have the batch as their slowest axis. */
export type LeafValues = Readonly<Record<string, ArrayLike<number>>>;

export interface Environment {
  readonly batch: number;
  readonly inputs?: LeafValues;
  readonly parameters?: LeafValues;
  readonly states?: LeafValues;
  readonly hypers?: Readonly<Record<string, number>>;
  readonly noise?: LeafValues;
  readonly runKernel?: KernelRunner;
}

/** The values of a program's outputs by name; batched ones with a leading batch axis. */
export function interpret(program: TensorProgram, environment: Environment): Map<string, Values> {
  const values = evaluate([...program.outputs.values()], environment);
  return new Map([...program.outputs].map(([name, node]) => [name, values.get(node)!]));
}

/** The values of all nodes that the given ones need. */
export function evaluate(outputs: readonly Node[], environment: Environment): Map<Node, Values> {
  const values = new Map<Node, Values>();
  for (const node of nodesInOrder(outputs)) values.set(node, evaluateNode(node, values, environment));
  return values;
}

const noKernels: KernelRunner = (kernel) => {
  throw new Error(`no runner was given for the kernel ${kernel}`);
};

function evaluateNode(node: Node, values: ReadonlyMap<Node, Values>, environment: Environment): Values {
  const leaf = leafValues(node, environment);
  if (leaf !== undefined) return leaf;
  const op = ops.get(node.op) as PrimitiveOp;
  const inputs = node.inputs.map((input) => values.get(input)!);
  const runKernel = environment.runKernel ?? noKernels;
  if (op.wholeBatch || !node.type.batched) return op.eval(inputs, node.attributes, node.type, runKernel);
  const size = sizeOf(node.type.shape);
  const data = new Float64Array(environment.batch * size);
  for (let example = 0; example < environment.batch; example++) {
    const own = node.inputs.map((input, i) => exampleOf(inputs[i]!, input, example));
    data.set(op.eval(own, node.attributes, node.type, runKernel).data, example * size);
  }
  return { shape: [environment.batch, ...node.type.shape], data };
}

function exampleOf(x: Values, node: Node, example: number): Values {
  if (!node.type.batched) return x;
  const size = sizeOf(node.type.shape);
  return { shape: node.type.shape, data: x.data.subarray(example * size, (example + 1) * size) };
}

/** The value of a leaf that comes from outside; undefined for other nodes. */
function leafValues(node: Node, environment: Environment): Values | undefined {
  switch (node.op) {
    case "batch_size":
      return { shape: [], data: Float64Array.of(environment.batch) };
    case "hyper":
      return named(node, environment, recordOf(environment.hypers ?? {}));
    case "input":
      return named(node, environment, environment.inputs ?? {});
    case "parameter":
      return named(node, environment, environment.parameters ?? {});
    case "state":
      return named(node, environment, environment.states ?? {});
    case "noise":
      return named(node, environment, environment.noise ?? {});
    default:
      return undefined;
  }
}

function recordOf(numbers: Readonly<Record<string, number>>): LeafValues {
  return Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, [value]]));
}

function named(node: Node, environment: Environment, given: LeafValues): Values {
  const name = stringOf(node.attributes, "name");
  const data = given[name];
  const shape = node.type.batched ? [environment.batch, ...node.type.shape] : node.type.shape;
  if (data === undefined) throw new Error(`the ${node.op} ${name} has no value`);
  if (data.length !== sizeOf(shape)) {
    throw new Error(`the ${node.op} ${name} has ${data.length} values, not those of ${formatType(node.type)}`);
  }
  return { shape, data: Float64Array.from(data) };
}
