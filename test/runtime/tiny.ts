/**
 * A hand-written artifact for the runtime's tests: linear regression through one kernel, with noise, a state and
 * metrics.
 */
import type { EntryPoint, TfjsArtifact } from "../../compiler/artifact.ts";
import type { HostTensor } from "../../runtime/host-tensor.ts";
import { normal, uniform } from "../../runtime/random.ts";

/**
 * u = x·w + b + 0.01·noise; z = scale kernel(u) · t; loss = mean (z − y)². The state is a running mean of the loss. The
 * metric `signs` reads the sign of z as it is or turned round, whichever agrees more often with y.
 */
const PROGRAM = `(tf, runKernel) => {
  const kernels = {
    copy: (batch, inputs, outputs) => {
      for (let i = 0; i < batch; i++) outputs[0][i] = inputs[0][i];
    },
  };
  const predict = (batch, inputs, parameters, hypers, noise) => tf.tidy(() => {
    const product = tf.reshape(tf.matMul(inputs.x, parameters.w), [batch]);
    const u = tf.add(tf.add(product, parameters.b), tf.mul(noise.eps, 0.01));
    const [z] = runKernel("z", kernels.copy, batch, [u], [1], [[batch]]);
    return tf.mul(z, hypers.t);
  });
  const measure = (z, y) => tf.tidy(() => {
    const squared = tf.square(tf.sub(z, y));
    const agree = tf.cast(tf.equal(tf.greater(z, 0), tf.greater(y, 0)), "float32");
    const [loss, elbo, disagree] = [tf.mean(squared), tf.neg(squared), tf.sub(1, agree)];
    return { squared, loss, elbo, agree, disagree, fixed: tf.scalar(0.25) };
  });
  const withoutSquared = ({ squared, ...rest }) => { squared.dispose(); return rest; };
  const sample = (batch, inputs, parameters, states, hypers, noise) => ({
    z: predict(batch, inputs, parameters, hypers, noise),
  });
  return {
    kernels,
    train: (batch, inputs, parameters, states, hypers, noise) => {
      const z = predict(batch, inputs, parameters, hypers, noise);
      const outputs = withoutSquared(measure(z, inputs.y));
      const gradients = tf.tidy(() => {
        const dz = tf.mul(tf.sub(z, inputs.y), 2 * hypers.t / batch);
        const w = tf.matMul(inputs.x, tf.reshape(dz, [batch, 1]), true);
        return { "gradient:w": w, "gradient:b": tf.reshape(tf.sum(dz), [1]) };
      });
      const running = tf.tidy(() => tf.add(tf.mul(states.running, 0.9), tf.mul(outputs.loss, 0.1)));
      z.dispose();
      return { ...outputs, ...gradients, "state:running": running };
    },
    evaluate: (batch, inputs, parameters, states, hypers, noise) => {
      const z = predict(batch, inputs, parameters, hypers, noise);
      const outputs = withoutSquared(measure(z, inputs.y));
      z.dispose();
      return outputs;
    },
    sample,
    sample_soft: sample,
  };
}`;

const scalar = (name: string, batched = true) => ({ name, dtype: "f32", shape: [], batched }) as const;
const LEAVES = [scalar("loss", false), scalar("elbo"), scalar("agree"), scalar("disagree"), scalar("fixed", false)];

function entry(name: EntryPoint["name"], inputs: readonly string[], outputs: EntryPoint["outputs"]): EntryPoint {
  const noise = [{ ...scalar("eps"), base: "normal", stream: 3 }] as const;
  return {
    name,
    inputs,
    parameters: ["w", "b"],
    states: ["running"],
    hypers: ["t"],
    noise,
    outputs,
    memory: { fixed: 1000, perExample: 100 },
  };
}

export const WEIGHTS = [1, -2, 0.5];

export function tinyArtifact(changes: Partial<TfjsArtifact> = {}): TfjsArtifact {
  const w = {
    name: "w",
    dtype: "f32",
    shape: [3, 1],
    batched: false,
    initializer: { kind: "normal", deviation: 0.1 },
  } as const;
  const b = {
    name: "b",
    dtype: "f32",
    shape: [1],
    batched: false,
    initializer: { kind: "constant", value: 0 },
  } as const;
  return {
    format: "sstc-artifact-1",
    model: "Tiny",
    target: "tfjs",
    ...{ wasmKernels: {}, wasmLoops: "" },
    arguments: { D: 3, hidden: 8 },
    data: [{ name: "x", dtype: "f32", shape: [3], batched: true, written: "f32[D]" }, scalar("y")],
    parameters: [w, b],
    states: [{ ...scalar("running", false), value: 1 }],
    hypers: [{ name: "t", value: 1, positive: true }],
    latents: [],
    metrics: {
      elbo: { kind: "mean", output: "elbo" },
      fixed: { kind: "mean", output: "fixed" },
      signs: {
        kind: "best",
        by: "right",
        readings: {
          same: {
            kind: "record",
            fields: { right: { kind: "mean", output: "agree" }, wrong: { kind: "mean", output: "disagree" } },
          },
          turned: {
            kind: "record",
            fields: { right: { kind: "mean", output: "disagree" }, wrong: { kind: "mean", output: "agree" } },
          },
        },
      },
    },
    objective: { direction: "minimize" },
    entries: [
      entry(
        "train",
        ["x", "y"],
        [...LEAVES, { ...w, name: "gradient:w" }, { ...b, name: "gradient:b" }, scalar("state:running", false)],
      ),
      entry("evaluate", ["x", "y"], LEAVES),
      entry("sample", ["x"], [scalar("z")]),
      entry("sample_soft", ["x"], [scalar("z")]),
    ],
    decisions: [],
    program: PROGRAM,
    ...changes,
  };
}

/** `examples` draws of y = w·x + noise; streams of their own for each `stream`. */
export function tinyData(examples: number, stream = 1): { x: HostTensor; y: HostTensor } {
  const x = uniform(11, stream, 0, 3 * examples).map((u) => 2 * u - 1);
  const noise = normal(11, stream, 1, examples);
  const y = Float32Array.from({ length: examples }, (_, i) =>
    WEIGHTS.reduce((total, w, j) => total + w * x[3 * i + j]!, 0.05 * noise[i]!),
  );
  return { x: { shape: [examples, 3], data: x }, y: { shape: [examples], data: y } };
}
