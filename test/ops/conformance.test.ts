/**
 * Every op record keeps its promises: the printed code computes on each backend what the interpreter computes, and the
 * gradient is the one that central differences find.
 */
import { describe, expect, test } from "vitest";
import { Builder } from "../../compiler/ir/tensor/builder.ts";
import { evaluate, interpret } from "../../compiler/ir/tensor/interpret.ts";
import type { Node } from "../../compiler/ir/tensor/tensor.ts";
import { ops } from "../../compiler/ops/registry.generated.ts";
import { gradients } from "../../compiler/passes/differentiate.ts";
import {
  type Backend,
  difference,
  environmentFor,
  programOf,
  random,
  runPrinted,
  sampleNode,
  useBackend,
} from "../tensor/harness.ts";

/**
 * The backends compute in f32 (relative error 6e-8 an operation); exp and its kin lose a few units in the last place,
 * and WASM's tanh is a rational approximation.
 */
const tolerance = 5e-6;
const batch = 3;

const sampled = [...ops.values()].filter((op) => op.samples.length > 0);

for (const backend of ["cpu", "wasm"] satisfies Backend[]) {
  describe(`printed for ${backend}`, () => {
    test.each(sampled.map((op) => [op.name, op] as const))("%s", async (name, op) => {
      await useBackend(backend);
      op.samples.forEach((sample, i) => {
        const program = programOf({ result: sampleNode(new Builder(), name, sample) });
        const environment = environmentFor(program.outputs.values(), batch, 11 + i, sample.range);
        const wanted = interpret(program, environment).get("result")!;
        const got = runPrinted(program, environment).get("result")!;
        expect(difference(wanted, got), `sample ${i}`).toBeLessThan(tolerance);
      });
    });
  });
}

/** A scalar that weighs every element of a node differently. */
function weighted(node: Node, build: Builder): Node {
  const next = random(5);
  const weights = build.constant(
    Array.from({ length: node.type.shape.reduce((a, b) => a * b, 1) }, () => next() - 0.3),
    node.type.shape,
  );
  const sum = build.sum(build.multiply(node, weights));
  return node.type.batched ? build.batchSum(sum) : sum;
}

describe("gradients against central differences", () => {
  const differentiable = sampled.filter((op) => !("gradient" in op) || typeof op.gradient === "function");
  test.each(differentiable.map((op) => [op.name, op] as const))("%s", (name, op) => {
    op.samples.forEach((sample, i) => {
      const build = new Builder();
      const node = sampleNode(build, name, sample);
      const leaves = sample.types
        .map((type, k) => build.input("abcdefgh"[k]!, type))
        .filter((leaf) => leaf.type.dtype === "f32");
      if (node.type.dtype !== "f32") return;
      const loss = weighted(node, build);
      const found = gradients(loss, leaves, build);
      const environment = environmentFor([loss, ...leaves], batch, 23 + i, sample.range);
      const values = evaluate(found, environment);
      leaves.forEach((leaf, k) => {
        const data = environment.inputs[String(leaf.attributes.name)]!;
        const gradient = values.get(found[k]!)!;
        // A gradient that is the same for all examples may stand for a batched leaf only where there is none.
        const spread = leaf.type.batched && !found[k]!.type.batched;
        data.forEach((value, at) => {
          const step = 1e-5;
          const lossAt = (moved: number) => {
            data[at] = moved;
            const result = evaluate([loss], environment).get(loss)!.data[0]!;
            data[at] = value;
            return result;
          };
          const slope = (lossAt(value + step) - lossAt(value - step)) / (2 * step);
          const got = gradient.data[spread ? at % gradient.data.length : at]!;
          expect(Math.abs(got - slope), `sample ${i}, input ${k}, element ${at}`).toBeLessThan(
            1e-7 * Math.max(1, Math.abs(slope)),
          );
        });
      });
    });
  });
});

test("an op without a gradient says why", () => {
  for (const op of ops.values()) {
    if ("gradient" in op && typeof op.gradient !== "function")
      expect(op.gradient.none.length, op.name).toBeGreaterThan(10);
  }
});

test("every op has a sentence of documentation", () => {
  for (const op of ops.values()) expect(op.doc, op.name).toMatch(/^\S.*\.$/);
});
