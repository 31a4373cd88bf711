/**
 * The WASM backend keeps the packed right operand of a product under its memory, whatever its shape: a second product
 * that sees the same memory in another shape reads garbage or crashes unless the program copies it.
 */
import { describe, expect, test } from "vitest";
import { Builder } from "../../compiler/ir/tensor/builder.ts";
import { interpret } from "../../compiler/ir/tensor/interpret.ts";
import type { Node } from "../../compiler/ir/tensor/tensor.ts";
import { type Backend, difference, environmentFor, programOf, runPrinted, useBackend } from "../tensor/harness.ts";

const cases: { readonly [name: string]: (build: Builder) => { readonly [output: string]: Node } } = {
  "a cotangent that is contracted and summed over the batch"(build) {
    const a = build.input("a", { dtype: "f32", shape: [3, 2], batched: true });
    const g = build.input("g", { dtype: "f32", shape: [3, 4], batched: true });
    return { weights: build.contract(a, g), bias: build.batchSum(g) };
  },
  "a parameter and its reshape"(build) {
    const x = build.input("x", { dtype: "f32", shape: [5, 6], batched: true });
    const y = build.input("y", { dtype: "f32", shape: [5, 4], batched: true });
    const w = build.parameter("w", [4, 6]);
    return { own: build.matmul(y, w), view: build.matmul(x, build.reshape(w, [6, 4])) };
  },
  "a reshape of a parameter alone"(build) {
    const x = build.input("x", { dtype: "f32", shape: [5, 6], batched: true });
    return { view: build.matmul(x, build.reshape(build.parameter("w", [4, 6]), [6, 4])) };
  },
  "two views of a batched value, as happens with a batch of one"(build) {
    const x = build.input("x", { dtype: "f32", shape: [5, 6], batched: true });
    const y = build.input("y", { dtype: "f32", shape: [5, 4], batched: true });
    const b = build.unary("exp", build.input("b", { dtype: "f32", shape: [4, 6], batched: true }));
    return { own: build.matmul(y, b), view: build.matmul(x, build.reshape(b, [6, 4])) };
  },
};

for (const backend of ["wasm", "cpu"] satisfies Backend[]) {
  describe(backend, () => {
    test.each(Object.entries(cases))("%s", async (_, make) => {
      await useBackend(backend);
      const program = programOf(make(new Builder()));
      for (const batch of [1, 3]) {
        const environment = environmentFor(program.outputs.values(), batch, 5);
        const wanted = interpret(program, environment);
        const got = runPrinted(program, environment);
        for (const [name, value] of wanted) {
          expect(difference(value, got.get(name)!), `${name}, batch ${batch}`).toBeLessThan(5e-6);
        }
      }
    });
  });
}
