/** Training NRI leaves no tensors behind, on either device and for every structure. */
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { instantiate } from "../../runtime/instantiate.ts";
import { random } from "../tensor/harness.ts";
import { compiled, NRI } from "./nri.ts";

const [V, T, hidden, batch] = [3, 3, 4, 2];

function data(): { x: Float32Array; truth: Float32Array } {
  const next = random(3);
  const x = Float32Array.from({ length: batch * T * V * 2 }, () => 2 * next() - 1);
  return { x, truth: Float32Array.from([1, 1, 0, 0, 1, 1]) };
}

// The other structures differ by their kernels only.
test.each([
  ["wasm", "SpanningTree", 1000],
  ["cpu", "SpanningTree", 1000],
  ["wasm", "TopKEdges", 50],
  ["wasm", "IndependentEdges", 50],
])("the number of tensors is flat on %s with %s over %i training steps", async (device, Edges, steps) => {
  const { artifact } = compiled({ text: NRI, arguments: { V, T, hidden, Edges } });
  const model = await instantiate(artifact, { device, seed: 1 });
  const batchData = data();
  await model.step(batchData);
  const before = tf.memory();
  for (let step = 1; step < steps; step++) {
    await model.step(batchData);
    if (step % 25 === 0) expect(tf.memory().numTensors, `after ${step} steps`).toBe(before.numTensors);
  }
  expect(model.stepCount).toBe(steps);
  for (let round = 0; round < 10; round++) {
    await model.evaluate(batchData);
    await model.sample({ x: batchData.x });
    await model.sample({ x: batchData.x }, { soft: true });
    if (round === 0) before.numTensors = tf.memory().numTensors;
  }
  const after = tf.memory();
  expect(after.numTensors).toBe(before.numTensors);
  expect(model.undisposed).toBe(0);
  model.dispose();
});
