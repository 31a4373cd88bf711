/**
 * What tests of the tensor IR share: random values, running printed programs on a tfjs backend, and comparing results.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { setThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import type { Builder } from "../../compiler/ir/tensor/builder.ts";
import type { Environment } from "../../compiler/ir/tensor/interpret.ts";
import { nodesInOrder } from "../../compiler/ir/tensor/order.ts";
import { type Node, sizeOf, type TensorProgram, type TensorType } from "../../compiler/ir/tensor/tensor.ts";
import type { KernelRunner, OpSample, Values } from "../../compiler/ops/op.ts";
import { findLoops } from "../../compiler/passes/find-loops.ts";
import { printProgram } from "../../compiler/targets/tfjs.ts";
import { printWasmLoops } from "../../compiler/targets/wasm-loops.ts";
import { createRunLoop } from "../../runtime/wasm-loops.ts";

export type Backend = "cpu" | "wasm";

export async function useBackend(backend: Backend): Promise<void> {
  const main = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm");
  setWasmPaths(join(dirname(main), "..", "wasm-out/"));
  setThreadsCount(1);
  if (!(await tf.setBackend(backend))) throw new Error(`the backend ${backend} does not start`);
  await tf.ready();
}

/** Numbers from a seed: uniform on (0, 1). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function draw(type: TensorType, batch: number, next: () => number, range: readonly [number, number]): number[] {
  const count = sizeOf(type.shape) * (type.batched ? batch : 1);
  const [low, high] = range;
  return Array.from({ length: count }, () => {
    const value = low + (high - low) * next();
    if (type.dtype === "bool") return next() < 0.5 ? 0 : 1;
    // Through f32, so that interpreter and backends start from the same numbers.
    return type.dtype === "i32" ? Math.round(value) : Math.fround(value);
  });
}

/** Random values for all input leaves that a program reads. */
export function environmentFor(
  outputs: Iterable<Node>,
  batch: number,
  seed: number,
  range: readonly [number, number] = [-2, 2],
): Environment & { inputs: Record<string, number[]>; parameters: Record<string, number[]> } {
  const next = random(seed);
  const inputs: Record<string, number[]> = {};
  const parameters: Record<string, number[]> = {};
  for (const node of nodesInOrder(outputs)) {
    const name = String(node.attributes.name);
    if (node.op === "input") inputs[name] = draw(node.type, batch, next, range);
    if (node.op === "parameter") parameters[name] = draw(node.type, batch, next, range);
  }
  return { batch, inputs, parameters };
}

/** The node of a sample on input leaves a, b, c, …. */
export function sampleNode(build: Builder, op: string, sample: OpSample): Node {
  const inputs = sample.types.map((type, i) => build.input("abcdefgh"[i]!, type));
  return build.node(op, inputs, sample.attributes ?? {});
}

export function programOf(
  outputs: Readonly<Record<string, Node>>,
  labels: ReadonlyMap<Node, string> = new Map(),
  name = "main",
): TensorProgram {
  return { name, outputs: new Map(Object.entries(outputs)), labels };
}

type Entry = (
  batch: number,
  inputs: Record<string, tf.Tensor>,
  parameters: Record<string, tf.Tensor>,
  states: Record<string, tf.Tensor>,
  hypers: Readonly<Record<string, number>>,
  noise: Record<string, tf.Tensor>,
) => Record<string, tf.Tensor>;
export type RunTensors = (
  name: string,
  kernel: unknown,
  rows: number,
  inputs: tf.Tensor[],
  sizes: number[],
  shapes: number[][],
) => tf.Tensor[];

/** A program's entry as the runtime gets it. */
export function load(
  program: TensorProgram,
  run?: RunTensors,
  kernels: readonly { name: string; text: string }[] = [],
): Entry {
  const { text, loops } = printProgram([{ program, loops: findLoops(program) }], kernels);
  const create = new Function(`return ${text}`)() as (
    core: typeof tf,
    run: unknown,
    runLoop: unknown,
  ) => Record<string, Entry>;
  return create(tf, run, createRunLoop(tf, printWasmLoops(loops)))[program.name]!;
}

/** Kernels for tests: a table of functions of one example, as the interpreter and as the runtime run them. */
export function hostRunner(runner: KernelRunner, table: ReadonlyMap<unknown, string>): RunTensors {
  return (_, kernel, rows, inputs, sizes, shapes) => {
    const data = inputs.map((input) => Float64Array.from(input.dataSync()));
    const results = sizes.map((size) => new Float32Array(size * rows));
    for (let row = 0; row < rows; row++) {
      const own = data.map((x) => x.subarray((row * x.length) / rows, ((row + 1) * x.length) / rows));
      runner(table.get(kernel)!, own).forEach((values, i) => {
        results[i]!.set(values, row * sizes[i]!);
      });
    }
    return results.map((values, i) => tf.tensor(values, shapes[i]!));
  };
}

const dtypes = { f32: "float32", i32: "int32", bool: "bool" } as const;

function tensorsFor(
  program: TensorProgram,
  op: string,
  given: Readonly<Record<string, ArrayLike<number>>>,
  batch: number,
) {
  const tensors: Record<string, tf.Tensor> = {};
  for (const node of nodesInOrder(program.outputs.values())) {
    if (node.op !== op) continue;
    const name = String(node.attributes.name);
    const shape = node.type.batched ? [batch, ...node.type.shape] : [...node.type.shape];
    tensors[name] = tf.tensor(Array.from(given[name]!), shape, dtypes[node.type.dtype]);
  }
  return tensors;
}

/** Runs a printed program on the current backend; fails when it leaks a tensor. */
export function runPrinted(program: TensorProgram, environment: Environment, run?: RunTensors): Map<string, Values> {
  const entry = load(program, run);
  const { batch } = environment;
  const inputs = tensorsFor(program, "input", environment.inputs ?? {}, batch);
  const parameters = tensorsFor(program, "parameter", environment.parameters ?? {}, batch);
  const states = tensorsFor(program, "state", environment.states ?? {}, batch);
  const noise = tensorsFor(program, "noise", environment.noise ?? {}, batch);
  const step = () => entry(batch, inputs, parameters, states, environment.hypers ?? {}, noise);
  tf.dispose(step());
  const before = tf.memory().numTensors;
  const outputs = step();
  const made = tf.memory().numTensors - before;
  if (made !== program.outputs.size) throw new Error(`${made} new tensors for ${program.outputs.size} outputs`);
  const results = new Map(
    Object.entries(outputs).map(([name, tensor]) => [
      name,
      { shape: tensor.shape, data: Float64Array.from(tensor.dataSync()) },
    ]),
  );
  tf.dispose([outputs, inputs, parameters, states, noise]);
  return results;
}

/** The largest difference between two results, relative to the size of the wanted values (at least 1). */
export function difference(wanted: Values, got: Values): number {
  if (wanted.shape.join() !== got.shape.join()) throw new Error(`shape [${got.shape}] instead of [${wanted.shape}]`);
  let worst = 0;
  const size = wanted.data.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1);
  wanted.data.forEach((value, i) => {
    const error = Math.abs(value - got.data[i]!) / size;
    // NaN stays: it is the worst difference there is.
    worst = Math.max(worst, error);
  });
  return worst;
}
