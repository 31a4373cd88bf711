/** A layer on tensors of tfjs's backend `webgpu`, which runs in Node on Dawn as in a browser on the browser's. */
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, expect, test } from "vitest";
import { globals } from "webgpu";
import { layer } from "../../sstc.ts";
import { NOT_RUN, testDevice } from "./device.ts";

const TREE = "SpanningTree(complete(4)) relax ExpFamily at 0.5";
const [U, C] = [
  [1.2, 0.3, -0.5, 0.9, 0.1, 2],
  [1, 0, -2, 0, 0.5, 0],
] as const;

afterAll(() => tf.removeBackend("webgpu"));

test("samples and gradients stay on the device, and are those of the host", async ({ skip }) => {
  const { gpu, computes } = await testDevice();
  skip(!computes, NOT_RUN);
  // What a browser has, and Node has not.
  const adapter = { features: new Set<string>(), limits: gpu.device.limits, info: gpu.device.adapterInfo };
  const requestAdapter = async () => ({ ...adapter, requestDevice: async () => gpu.device });
  Object.assign(globalThis, globals);
  Object.defineProperty(globalThis, "navigator", { value: { gpu: { requestAdapter } }, configurable: true });
  await import("@tensorflow/tfjs-backend-webgpu");
  expect(await tf.setBackend("webgpu")).toBe(true);
  const device = await layer(TREE, { device: "webgpu", tf });
  const host = await layer(TREE, { device: "cpu" });
  // tfjs has one current backend: that of the layer on the host takes no tensors here.
  await tf.setBackend("webgpu");
  // Or small tensors would be computed on the host.
  tf.env().set("WEBGPU_CPU_FORWARD", false);
  const u = tf.add(tf.tensor2d([[...U], [...C]]), 0);
  expect(() => u.dataToGPU().tensorRef.dispose(), "the utilities are on the device").not.toThrow();
  const cotangent = tf.tensor2d([[...C], [...U]]);
  const numbers = Float64Array.from([...U, ...C]);
  const close = async (tensor: tf.Tensor, wanted: Float64Array) => {
    const found = await tensor.data();
    expect(Math.max(...Array.from(wanted, (value, i) => Math.abs(value - found[i]!)))).toBeLessThan(1e-5);
  };
  await close(device.soft(u), host.soft(numbers));
  await close(device.argmax(u), host.argmax(numbers));
  const vjp = host.vjp(numbers, Float64Array.from([...C, ...U]));
  await close(device.vjp(u, cotangent), vjp);
  const gradient = tf.grad((x: tf.Tensor) => device.soft(x));
  await close(gradient(u, cotangent), vjp);
  const before = tf.memory().numTensors;
  for (let call = 0; call < 5; call++) {
    gradient(u, cotangent).dispose();
    // Outside of what tfjs tidies up by itself.
    device.argmax(u).dispose();
    device.vjp(u, cotangent).dispose();
  }
  expect(tf.memory().numTensors, "tensors left behind").toBe(before);
  await device.settled();
  device.dispose();
});

test("another backend is refused", async () => {
  await import("@tensorflow/tfjs-backend-cpu");
  await tf.setBackend("cpu");
  await expect(layer(TREE, { device: "webgpu", tf })).rejects.toThrow(
    "this tfjs runs on the backend `cpu`, and a layer on WebGPU needs `webgpu`",
  );
});
