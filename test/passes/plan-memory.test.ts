/** The memory plan bounds from above what tfjs holds at once, and not from far above. */
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { Builder } from "../../compiler/ir/tensor/builder.ts";
import type { Environment } from "../../compiler/ir/tensor/interpret.ts";
import { nodesInOrder } from "../../compiler/ir/tensor/order.ts";
import { sizeOf, type TensorProgram } from "../../compiler/ir/tensor/tensor.ts";
import { findLoops } from "../../compiler/passes/find-loops.ts";
import { planMemory } from "../../compiler/passes/plan-memory.ts";
import { simplify } from "../../compiler/passes/simplify.ts";
import { printJavaScriptKernel } from "../../compiler/targets/javascript-kernel.ts";
import { createRunKernel } from "../../runtime/run-kernel.ts";
import { environmentFor, load, programOf, type RunTensors, useBackend } from "../tensor/harness.ts";
import { cases, compiled, environmentOf } from "./programs.ts";
import { randomProgram } from "./random-program.ts";

const kernel = {
  name: "solve",
  inputs: [{ name: "u", shape: [4] }],
  outputs: [
    { name: "small", shape: [4] },
    { name: "large", shape: [400] },
    { name: "unread", shape: [1500] },
  ],
};

/** A run of a kernel one output of which is read late, and one never. */
function lateOutput(): TensorProgram {
  const build = new Builder();
  const u = build.input("u", { dtype: "f32", shape: [4], batched: true });
  const read = (output: string) =>
    build.node("kernel", [u], { kernel, output, vjp: { strategy: "none", reason: "of a test" } });
  let small = build.sum(read("small"));
  for (const op of ["exp", "tanh"]) small = build.sum(build.unary(op, build.broadcast(small, [500])));
  return programOf({ result: build.add(small, build.sum(read("large"))) });
}

interface Held {
  readonly values?: ArrayLike<unknown>;
  readonly shape?: readonly number[];
  readonly dtype: string;
}

/** What the backend's storage holds, including values inside its kernels that tfjs's own count leaves out. */
function watchMemory(): { now: number; peak: number; stop(): void } {
  const backend = tf.backend() as object as Record<"data" | "dataIdMap", tf.DataStorage<Held> | undefined>;
  const storage = (backend.data ?? backend.dataIdMap)!;
  const watch = { now: 0, peak: 0, stop };
  const bytes = ({ values, shape, dtype }: Held) =>
    (shape === undefined ? (values?.length ?? 0) : sizeOf(shape)) * (dtype === "bool" ? 1 : 4);
  const { set, delete: remove } = storage;
  storage.set = (id, value) => {
    watch.now += bytes(value) - (storage.has(id) ? bytes(storage.get(id)) : 0);
    watch.peak = Math.max(watch.peak, watch.now);
    set.call(storage, id, value);
  };
  storage.delete = (id) => {
    watch.now -= storage.has(id) ? bytes(storage.get(id)) : 0;
    return remove.call(storage, id);
  };
  function stop(): void {
    storage.set = set;
    storage.delete = remove;
  }
  return watch;
}

const dtypes = { f32: "float32", i32: "int32", bool: "bool" } as const;

/** The peak of a second call, arguments, constants and tables included. */
function peakOf(program: TensorProgram, environment: Environment, kernels: { name: string; text: string }[]): number {
  const watch = watchMemory();
  try {
    const entry = load(program, createRunKernel(tf) as RunTensors, kernels);
    const tables: Record<string, Record<string, tf.Tensor>> = { input: {}, parameter: {}, state: {}, noise: {} };
    const given: Record<string, Readonly<Record<string, ArrayLike<number>>> | undefined> = {
      input: environment.inputs,
      parameter: environment.parameters,
      state: environment.states,
      noise: environment.noise,
    };
    for (const { op, attributes, type } of nodesInOrder(program.outputs.values())) {
      const table = tables[op];
      if (table === undefined) continue;
      const name = String(attributes.name);
      const shape = type.batched ? [environment.batch, ...type.shape] : [...type.shape];
      table[name] = tf.tensor(Array.from(given[op]![name]!), shape, dtypes[type.dtype]);
    }
    const { input, parameter, state, noise } = tables;
    const call = () => entry(environment.batch, input!, parameter!, state!, environment.hypers ?? {}, noise!);
    tf.dispose(call());
    watch.peak = watch.now;
    tf.dispose(call());
    const { peak } = watch;
    tf.dispose(tables);
    return peak;
  } finally {
    watch.stop();
  }
}

/** How many times the peak the plan may be: packed copies, and what only the other device holds. */
const MOST = 2;
/** Packed panels of a product have a least size. */
const PANELS = 65536;

function measure(program: TensorProgram, environment: Environment, kernels: { name: string; text: string }[]) {
  const { fixed, perExample } = planMemory(program, findLoops(program));
  return { planned: fixed + perExample * environment.batch, peak: peakOf(program, environment, kernels) };
}

describe.each(["cpu", "wasm"] as const)("on %s", (backend) => {
  test.each(
    cases
      .slice(0, 3)
      .concat(cases[4]!)
      .map((each) => [each.name, each] as const),
  )("%s", async (_, each) => {
    await useBackend(backend);
    const { programs, kernels } = compiled(each);
    const texts = kernels.map((kernel) => ({ name: kernel.name, text: printJavaScriptKernel(kernel) }));
    for (const program of programs) {
      for (const batch of [1, 16]) {
        const environment = environmentOf([...program.outputs.values()], kernels, batch, 5);
        const { planned, peak } = measure(program, environment, texts);
        expect(planned, `${program.name}, batch ${batch}`).toBeGreaterThanOrEqual(peak);
        expect(planned, `${program.name}, batch ${batch}`).toBeLessThan(MOST * peak + PANELS);
      }
    }
  });

  test("outputs of a kernel that are read late, or never", async () => {
    await useBackend(backend);
    const program = lateOutput();
    const environment = environmentFor(program.outputs.values(), 20, 1);
    const { planned, peak } = measure(program, environment, [{ name: kernel.name, text: "() => {}" }]);
    expect(planned).toBeGreaterThanOrEqual(peak);
    expect(planned).toBeLessThan(MOST * peak);
  });

  test("random programs", async () => {
    await useBackend(backend);
    for (let seed = 0; seed < 150; seed++) {
      const { program } = simplify(randomProgram(seed, 4 + (seed % 20)), "final");
      const environment = environmentFor(program.outputs.values(), 20, seed, [-1.5, 1.5]);
      const { planned, peak } = measure(program, environment, []);
      expect(planned, `program ${seed}`).toBeGreaterThanOrEqual(peak);
    }
  });
});
