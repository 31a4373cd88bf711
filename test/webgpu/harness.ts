/** Runs tensor programs on the tests' WebGPU device, as the interpreter runs them. */
import type { Kernel } from "../../compiler/ir/kernel/kernel.ts";
import type { Environment } from "../../compiler/ir/tensor/interpret.ts";
import { nodesInOrder } from "../../compiler/ir/tensor/order.ts";
import { type Node, sizeOf, type TensorProgram, type TensorType } from "../../compiler/ir/tensor/tensor.ts";
import type { Values } from "../../compiler/ops/op.ts";
import { printWebGpu } from "../../compiler/targets/webgpu.ts";
import { at, Executor } from "../../runtime/webgpu/executor.ts";
import { testDevice } from "./device.ts";

/** Leaves of one kind, by their order in the program. */
function leavesOf(program: TensorProgram, op: string): Node[] {
  return nodesInOrder(program.outputs.values()).filter((node) => node.op === op);
}

/** The WebGPU code of a program alone. */
export function printed(program: TensorProgram, kernels: readonly Kernel[] = []) {
  const signature = (node: Node) => ({ ...node.type, name: String(node.attributes.name) });
  return printWebGpu([program], kernels, {
    parameters: leavesOf(program, "parameter").map((node) => ({
      ...signature(node),
      initializer: { kind: "constant", value: 0 },
    })),
    states: leavesOf(program, "state").map((node) => ({ ...signature(node), value: 0 })),
    hypers: leavesOf(program, "hyper").map((node) => ({
      name: String(node.attributes.name),
      value: 0,
      positive: false,
    })),
  });
}

function totalOf(nodes: readonly Node[]): number {
  return nodes.reduce((sum, node) => sum + sizeOf(node.type.shape), 0);
}

/** The code of a program on the device, with the values of its parameters and states. */
async function executorFor(program: TensorProgram, environment: Environment, kernels: readonly Kernel[]) {
  const { gpu, computes } = await testDevice();
  const code = printed(program, kernels);
  const leaves = { parameters: leavesOf(program, "parameter"), states: leavesOf(program, "state") };
  const [parameters, states] = [totalOf(leaves.parameters), totalOf(leaves.states)];
  const executor = new Executor(gpu, code, {
    parameters,
    states,
    gradients: parameters,
    new_states: states,
    moments: 2 * parameters,
    verdict: 3 + leaves.parameters.length + leaves.states.length,
  });
  for (const kind of ["parameters", "states"] as const) {
    for (const node of leaves[kind]) {
      const name = String(node.attributes.name);
      executor.write(kind, Float32Array.from(environment[kind]![name]!), code.layout[kind][name]);
    }
  }
  return { executor, computes, plan: code.plans[0]! };
}

/** The outputs that the device computes; undefined where it computes nothing, and only checks what it is given. */
export async function runOnDevice(
  program: TensorProgram,
  environment: Environment,
  kernels: readonly Kernel[] = [],
): Promise<Map<string, Values> | undefined> {
  const { executor, computes, plan } = await executorFor(program, environment, kernels);
  const { batch, noise = {} } = environment;
  const inputs = leavesOf(program, "input").map((node) => {
    const name = String(node.attributes.name);
    const data = environment.inputs![name]!;
    const words = node.type.dtype === "f32" ? Float32Array.from(data) : Int32Array.from(data);
    return { offset: at(plan.inputs[name]!.offset, batch), words };
  });
  const drawn = Object.entries(noise).filter(([name]) => plan.noise[name] !== undefined);
  const outputs = [...program.outputs];
  // What an update would take besides: its results are not looked at.
  const optimizer = [0, 0, 0, 0, 1, 0, 1];
  const reals = [...plan.hypers.map((name) => environment.hypers![name]!), ...optimizer];
  const read = await executor.run(
    plan,
    { batch, seed: 1, streams: 0, draw: 0, reals },
    {
      inputs,
      inputWords: Math.max(1, ...inputs.map(({ offset, words }) => offset + words.length)),
      draws: drawn.map(([name, data]) => ({ at: plan.noise[name]!, words: Float32Array.from(data) })),
      skipped: (step) => step.noise !== undefined && noise[step.noise] !== undefined,
      wanted: outputs.map(([name, { type }]) => ({
        at: plan.outputs[name]!,
        words: sizeOf(type.shape) * (type.batched ? batch : 1),
      })),
    },
  );
  executor.destroy();
  if (!computes) return undefined;
  return new Map(outputs.map(([name, { type }], i) => [name, valuesOf(read[i]!, type, batch)]));
}

function valuesOf(words: Uint32Array, type: TensorType, batch: number): Values {
  const view = type.dtype === "f32" ? Float32Array : Int32Array;
  const data = Float64Array.from(new view(words.slice().buffer));
  return { shape: [...(type.batched ? [batch] : []), ...type.shape], data };
}
