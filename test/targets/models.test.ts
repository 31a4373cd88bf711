/** Whole models on the devices that come with the package compute what the interpreter computes, gradients included. */
import { expect, test } from "vitest";
import { compile } from "../../compiler/compile.ts";
import { interpret } from "../../compiler/ir/tensor/interpret.ts";
import { instantiate } from "../../runtime/instantiate.ts";
import { library } from "../../stdlib/library.ts";
import { cases, environmentOf } from "../passes/programs.ts";
import { difference } from "../tensor/harness.ts";

/**
 * Relative to the largest value of each output. The devices compute in float32 (6e-8 an operation). Gradients pass
 * through some hundred operations, and those of biases before batch normalisation nearly cancel: 1e-3 of them is 1e-6
 * of the terms.
 */
const tolerance = 2e-3;
const batch = 3;

const small = cases.filter((each) => each.name !== "NRI of the paper's size but for the hidden units");

for (const device of ["wasm", "cpu"]) {
  test.each(small.map((each) => [each.name, each] as const))(`%s on ${device}`, async (_, each) => {
    const { artifact, programs, kernels } = compile(each.source, { library, arguments: each.arguments });
    const model = await instantiate(artifact!, { device });
    const floats = (values: Readonly<Record<string, ArrayLike<number>>> = {}) =>
      Object.fromEntries(Object.entries(values).map(([name, data]) => [name, Float32Array.from(data)]));
    for (const program of programs.filter(({ name }) => name === "train" || name === "evaluate")) {
      const environment = environmentOf([...program.outputs.values()], kernels, batch, 11);
      const signatures = artifact!.entries.find(({ name }) => name === program.name)!.noise;
      const noise = Object.entries(floats(environment.noise)).map(([name, data]) => {
        const { shape } = signatures.find((signature) => signature.name === name)!;
        return [name, { shape: [batch, ...shape], data }] as const;
      });
      const got = await model.run(program.name as "train", {
        inputs: Object.fromEntries(
          Object.entries(environment.inputs ?? {}).map(([name, data]) => {
            const whole = artifact!.data.find((each) => each.name === name)?.dtype === "i32";
            return [name, whole ? Int32Array.from(data) : Float32Array.from(data)];
          }),
        ),
        noise: Object.fromEntries(noise),
        parameters: floats(environment.parameters),
        states: floats(environment.states),
        hypers: { ...environment.hypers },
      });
      for (const [name, wanted] of interpret(program, environment)) {
        const values = { shape: got[name]!.shape, data: Float64Array.from(got[name]!.data) };
        expect(difference(wanted, values), `${program.name}: ${name}`).toBeLessThan(tolerance);
      }
    }
    model.dispose();
  });
}
