/** Whole models compute on a WebGPU device what the interpreter computes, gradients included. */
import { expect, test } from "vitest";
import { compile } from "../../compiler/compile.ts";
import { render } from "../../compiler/diagnostic.ts";
import { interpretKernel } from "../../compiler/ir/kernel/interpret.ts";
import { interpret } from "../../compiler/ir/tensor/interpret.ts";
import { library } from "../../stdlib/library.ts";
import { cases, environmentOf } from "../passes/programs.ts";
import { difference } from "../tensor/harness.ts";
import { NOT_RUN, testDevice } from "./device.ts";
import { runOnDevice } from "./harness.ts";

/** As in test/targets/models.test.ts, which has the reasons. */
const tolerance = 2e-3;
const batch = 3;

test.for(cases.map((each) => [each.name, each] as const))("%s", async ([, each], { skip }) => {
  const { programs, kernels, diagnostics } = compile(each.source, {
    library,
    target: "webgpu",
    arguments: each.arguments,
  });
  expect(diagnostics.map(render)).toEqual([]);
  for (const program of programs) {
    const environment = environmentOf([...program.outputs.values()], kernels, batch, 11);
    const got = await runOnDevice(program, environment, kernels);
    if (got === undefined) continue;
    for (const [name, wanted] of interpret(program, environment)) {
      expect(difference(wanted, got.get(name)!), `${program.name}: ${name}`).toBeLessThan(tolerance);
    }
  }
  skip(!(await testDevice()).computes, NOT_RUN);
});

test("whole numbers among the data, which read as float32 would be too small to be numbers", async ({ skip }) => {
  const source = {
    name: "sizes.sst",
    text: `model Sizes(n = 4) {
  data u: f32[n]
  data length: i32[]
  data known: bool[n]
  latent z: OneHot(n, size = length) ~ Fixed(where(known, u, 0)) relax ExpFamily at 1
  minimize sum(z * u) * length
}
`,
  };
  const { programs, kernels, diagnostics } = compile(source, { library, target: "webgpu" });
  expect(diagnostics.map(render)).toEqual([]);
  for (const program of programs) {
    const inputs = { u: [1, 2, 3, 4, 4, 3, 2, 1], length: [2, 4], known: [1, 1, 0, 1, 0, 1, 1, 1] };
    const named = new Map(kernels.map((kernel) => [kernel.name, kernel]));
    const runKernel = (name: string, given: readonly Float64Array[]) => interpretKernel(named.get(name)!, given);
    const environment = { batch: 2, inputs, runKernel };
    const got = await runOnDevice(program, environment, kernels);
    if (got === undefined) continue;
    for (const [name, wanted] of interpret(program, environment)) {
      expect(difference(wanted, got.get(name)!), `${program.name}: ${name}`).toBeLessThan(1e-5);
    }
  }
  skip(!(await testDevice()).computes, NOT_RUN);
});
