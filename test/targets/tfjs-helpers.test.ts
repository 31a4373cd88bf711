/**
 * The functions that printed programs bring along: the ways that only large tensors take compute what small ones do.
 */
import { describe, expect, test } from "vitest";
import { Builder } from "../../compiler/ir/tensor/builder.ts";
import { interpret } from "../../compiler/ir/tensor/interpret.ts";
import type { Node } from "../../compiler/ir/tensor/tensor.ts";
import { type Backend, difference, environmentFor, programOf, runPrinted, useBackend } from "../tensor/harness.ts";

const batched = (build: Builder, name: string, shape: readonly number[]) =>
  build.input(name, { dtype: "f32", shape, batched: true });

const cases: { readonly [name: string]: (build: Builder) => Node } = {
  "a contraction with many columns on the left": (build) =>
    build.contract(batched(build, "a", [300, 50]), batched(build, "g", [300, 3])),
  "a contraction with many columns on the right": (build) =>
    build.contract(batched(build, "a", [300, 3]), batched(build, "g", [300, 50])),
  "a contraction of an odd number of rows": (build) =>
    build.contract(batched(build, "a", [347, 50]), batched(build, "g", [347, 3])),
  "column sums by means": (build) => build.sum(batched(build, "a", [2, 70, 40]), [1]),
  "sums of columns too many for means": (build) => build.sum(batched(build, "a", [3, 5000]), [0]),
  "sums over the batch and rows": (build) => build.batchSum(batched(build, "a", [70, 40]), 1),
  "rows of a block": (build) => build.slice(batched(build, "a", [3, 50, 20]), [0, 7, 0], [3, 30, 20]),
};

for (const backend of ["wasm", "cpu"] satisfies Backend[]) {
  describe(backend, () => {
    test.each(Object.entries(cases))("%s", async (_, make) => {
      await useBackend(backend);
      const program = programOf({ result: make(new Builder()) });
      const environment = environmentFor(program.outputs.values(), 3, 7);
      const wanted = interpret(program, environment).get("result")!;
      expect(difference(wanted, runPrinted(program, environment).get("result")!)).toBeLessThan(5e-6);
    });
  });
}
