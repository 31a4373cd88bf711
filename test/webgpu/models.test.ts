/** Whole models compute on a WebGPU device what the interpreter computes, gradients included. */
import { expect, test } from "vitest";
import { compile } from "../../compiler/compile.ts";
import { render } from "../../compiler/diagnostic.ts";
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
