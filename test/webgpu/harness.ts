/** Runs tensor programs on the tests' WebGPU device, as the interpreter runs them. */
import type { WebGpuArtifact } from "../../compiler/artifact.ts";
import type { Kernel } from "../../compiler/ir/kernel/kernel.ts";
import type { Environment } from "../../compiler/ir/tensor/interpret.ts";
import { nodesInOrder } from "../../compiler/ir/tensor/order.ts";
import { type Node, sizeOf, type TensorProgram } from "../../compiler/ir/tensor/tensor.ts";
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

/** The outputs that the device computes; undefined where it computes nothing, and only checks what it is given. */
export async function runOnDevice(
  program: TensorProgram,
  environment: Environment,
  kernels: readonly Kernel[] = [],
): Promise<Map<string, Values> | undefined> {
  const { gpu, computes } = await testDevice();
  const code = printed(program, kernels);
  const [plan] = code.plans;
  const { batch } = environment;
  const total = (nodes: readonly Node[]) => nodes.reduce((sum, node) => sum + sizeOf(node.type.shape), 0);
  const [parameters, states] = [leavesOf(program, "parameter"), leavesOf(program, "state")];
  const executor = new Executor(gpu, code as WebGpuArtifact, {
    parameters: total(parameters),
    states: total(states),
    gradients: total(parameters),
    new_states: total(states),
    moments: 2 * total(parameters),
    verdict: 3 + parameters.length + states.length,
  });
  for (const node of parameters) {
    const name = String(node.attributes.name);
    executor.write("parameters", Float32Array.from(environment.parameters![name]!), code.layout.parameters[name]);
  }
  for (const node of states) {
    const name = String(node.attributes.name);
    executor.write("states", Float32Array.from(environment.states![name]!), code.layout.states[name]);
  }
  let inputWords = 1;
  const inputs = leavesOf(program, "input").map((node) => {
    const name = String(node.attributes.name);
    const data = environment.inputs![name]!;
    inputWords += data.length;
    const words = node.type.dtype === "f32" ? Float32Array.from(data) : Int32Array.from(data);
    return { offset: at(plan!.inputs[name]!.offset, batch), words };
  });
  const outputs = [...program.outputs];
  const read = await executor.run(
    plan!,
    {
      batch,
      seed: 1,
      streams: 0,
      draw: 0,
      reals: [...plan!.hypers.map((name) => environment.hypers![name]!), 0, 0, 0, 0, 1, 0, 1],
    },
    {
      inputs,
      inputWords,
      draws: Object.entries(environment.noise ?? {})
        .filter(([name]) => plan!.noise[name] !== undefined)
        .map(([name, data]) => ({
          at: plan!.noise[name]!,
          words: Float32Array.from(data),
        })),
      skipped: (step) => step.noise !== undefined && environment.noise?.[step.noise] !== undefined,
      wanted: outputs.map(([name, node]) => ({
        at: plan!.outputs[name]!,
        words: sizeOf(node.type.shape) * (node.type.batched ? batch : 1),
      })),
    },
  );
  executor.destroy();
  if (!computes) return undefined;
  return new Map(
    outputs.map(([name, { type }], i) => {
      const { buffer, byteOffset, length } = read[i]!;
      const values =
        type.dtype === "f32"
          ? new Float32Array(buffer, byteOffset, length)
          : new Int32Array(buffer, byteOffset, length);
      return [name, { shape: [...(type.batched ? [batch] : []), ...type.shape], data: Float64Array.from(values) }];
    }),
  );
}
