/** Derivative of elu from its result, as one operation that backends have a kernel for. */
import { binaryOp } from "./helpers.ts";

export const op = binaryOp({
  name: "elu_gradient",
  doc: "The first tensor times elu's derivative where elu gave the second: 1 where positive, y + 1 elsewhere.",
  operands: "f32",
  apply: (cotangent, y) => (y > 0 ? cotangent : cotangent * (y + 1)),
  gradient: (_dy, y, cotangent, build, node) => [
    build.binary("elu_gradient", cotangent, y),
    build.multiply(cotangent, build.multiply(node.inputs[0]!, build.subtract(1, build.unary("step", y)))),
  ],
  // The kernel does not broadcast, so operands of different shapes take the long way.
  tfjs: (dy, y, context) => {
    const [a, b] = context.node.inputs.map((input) => input.type);
    const same = a!.batched === b!.batched && a!.shape.length === b!.shape.length;
    if (same) return `tf.engine().runKernel("EluGrad", { dy: ${dy}, y: ${y} })`;
    const negative = context.temporary(`tf.minimum(${y}, 0)`);
    const slope = context.temporary(`tf.add(${negative}, 1)`);
    return `tf.mul(${dy}, ${slope})`;
  },
});
