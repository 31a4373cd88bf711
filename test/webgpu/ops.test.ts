/** Every op record's WGSL computes on a WebGPU device what the interpreter computes. */
import { describe, expect, test } from "vitest";
import { Builder } from "../../compiler/ir/tensor/builder.ts";
import { interpret } from "../../compiler/ir/tensor/interpret.ts";
import { ops } from "../../compiler/ops/registry.generated.ts";
import { difference, environmentFor, programOf, sampleNode } from "../tensor/harness.ts";
import { runOnDevice } from "../webgpu/harness.ts";
import { NOT_RUN, testDevice } from "./device.ts";

/** float32; what WGSL promises of exp, log and powers is a few units in the last place times their argument. */
const tolerance = 5e-6;

const sampled = [...ops.values()].filter((op) => op.samples.length > 0);

describe.each([1, 3, 70])("of a batch of %i", (batch) => {
  test.for(sampled.map((op) => [op.name, op] as const))("%s", async ([name, op], { skip }) => {
    for (const [i, sample] of op.samples.entries()) {
      const program = programOf({ result: sampleNode(new Builder(), name, sample) });
      const environment = environmentFor(program.outputs.values(), batch, 11 + i, sample.range);
      const wanted = interpret(program, environment).get("result")!;
      const got = (await runOnDevice(program, environment))?.get("result");
      if (got !== undefined) expect(difference(wanted, got), `sample ${i}`).toBeLessThan(tolerance);
    }
    skip(!(await testDevice()).computes, NOT_RUN);
  });
});
