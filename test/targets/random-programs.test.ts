/**
 * Printed programs compute what the interpreter computes, on random graphs: every value is disposed of when nothing
 * reads it any more and not before, and every output is a tensor of its own.
 */
import { describe, expect, test } from "vitest";
import { interpret } from "../../compiler/ir/tensor/interpret.ts";
import { nodesInOrder } from "../../compiler/ir/tensor/order.ts";
import type { TensorProgram } from "../../compiler/ir/tensor/tensor.ts";
import { simplify } from "../../compiler/passes/simplify.ts";
import { randomProgram } from "../passes/random-program.ts";
import { type Backend, difference, environmentFor, runPrinted, useBackend } from "../tensor/harness.ts";

const COUNT = 150;

/** In float32, relative to the largest value: some thirty operations, each of which loses 6e-8. */
const tolerance = 1e-4;

/** The program with some outputs returned twice, and values on the way and arguments returned, too. */
function withMoreOutputs(program: TensorProgram): TensorProgram {
  const outputs = new Map(program.outputs);
  const nodes = nodesInOrder(program.outputs.values());
  for (const [name, node] of program.outputs) outputs.set(`${name} again`, node);
  for (const node of nodes) {
    const argument = ["input", "parameter", "constant"].includes(node.op);
    if (argument || node.id % 3 === 0) outputs.set(`${node.op} ${node.id}`, node);
  }
  return { ...program, outputs };
}

function expectSame(program: TensorProgram, seed: number, batch: number): void {
  const environment = environmentFor(program.outputs.values(), batch, seed, [-1.5, 1.5]);
  const got = runPrinted(program, environment);
  for (const [name, wanted] of interpret(program, environment)) {
    expect(difference(wanted, got.get(name)!), `program ${seed}: ${name}`).toBeLessThan(tolerance);
  }
}

describe.each(["cpu", "wasm"] satisfies Backend[])("%s", (backend) => {
  test("computes what random programs mean, with outputs returned twice and arguments returned", async () => {
    await useBackend(backend);
    for (let seed = 0; seed < COUNT; seed++) {
      const written = withMoreOutputs(randomProgram(seed, 5 + (seed % 20)));
      const final = simplify(written, "final").program;
      expectSame(final, seed, 1 + (seed % 3));
    }
  });
});
