/** Derivative of elu from its result, as one operation that backends have a kernel for. */
import type { Node } from "../ir/tensor/tensor.ts";
import { binaryOp, repeated } from "./helpers.ts";

export const op = binaryOp({
  name: "elu_gradient",
  doc: "The first tensor times elu's derivative where elu gave the second: 1 where positive, y + 1 elsewhere.",
  operands: "f32",
  apply: (cotangent, y) => (y > 0 ? cotangent : cotangent * (y + 1)),
  gradient: (_dy, y, cotangent, build, node) => [
    build.binary("elu_gradient", cotangent, y),
    build.multiply(cotangent, build.multiply(node.inputs[0]!, build.subtract(1, build.unary("step", y)))),
  ],
  wgsl: (cotangent, y) => `elu_gradient(${cotangent}, ${y})`,
  lanes: (write, cotangent, y) => {
    const slope = write.instruction("f32x4.add", write.instruction("f32x4.min", y, write.number(0)), write.number(1));
    return write.instruction("f32x4.mul", cotangent, slope);
  },
  // The kernel does not broadcast, so operands of different shapes take the long way.
  tfjs: (dy, y, context) => {
    if (isEven(context.node)) return `tf.engine().runKernel("EluGrad", { dy: ${dy}, y: ${y} })`;
    const negative = context.temporary(`tf.minimum(${y}, 0)`);
    const slope = context.temporary(`tf.add(${negative}, 1)`);
    return `tf.mul(${dy}, ${slope})`;
  },
  scratch: (node) => (isEven(node) ? [] : repeated(node.type, node.type)),
});

function isEven({ inputs: [a, b] }: Node): boolean {
  return a!.type.batched === b!.type.batched && a!.type.shape.length === b!.type.shape.length;
}
