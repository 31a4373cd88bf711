/**
 * Gradients of the few tfjs operations that tests of layers use. A program takes them from the package
 * `@tensorflow/tfjs`, which registers them all; tfjs-core by itself registers none under Node.
 */
import * as tf from "@tensorflow/tfjs-core";

type Gradient = (dy: tf.Tensor, saved: tf.Tensor[]) => { [input: string]: () => tf.Tensor };

/** Operands of one shape, or a right one that is constant. */
const gradients: readonly { readonly kernel: string; readonly inputs: string[]; readonly gradient: Gradient }[] = [
  { kernel: "Sum", inputs: ["x"], gradient: (dy, [x]) => ({ x: () => tf.mul(dy, tf.onesLike(x!)) }) },
  { kernel: "Add", inputs: [], gradient: (dy) => ({ a: () => dy, b: () => dy }) },
  { kernel: "Sub", inputs: [], gradient: (dy) => ({ a: () => dy, b: () => tf.neg(dy) }) },
  {
    kernel: "Multiply",
    inputs: ["a", "b"],
    gradient: (dy, [a, b]) => ({ a: () => tf.mul(dy, b!), b: () => tf.mul(dy, a!) }),
  },
  { kernel: "Log", inputs: ["x"], gradient: (dy, [x]) => ({ x: () => tf.div(dy, x!) }) },
];

export function registerGradients(): void {
  for (const { kernel, inputs, gradient } of gradients) {
    tf.registerGradient({
      kernelName: kernel,
      inputsToSave: inputs,
      gradFunc: (dy, saved) => gradient(dy as tf.Tensor, saved),
    });
  }
}
