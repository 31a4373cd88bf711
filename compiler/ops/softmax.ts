/** Softmax over the last axis. */
import { f32, only } from "./helpers.ts";
import type { DerivedOp } from "./op.ts";

export const op: DerivedOp = {
  name: "softmax",
  doc: "exp(x) normalised over the last axis, without overflow.",
  type(inputs) {
    const type = only("softmax", inputs);
    if (type.dtype !== "f32" || type.shape.length === 0) throw new TypeError("softmax needs f32 of rank 1 or more");
    return type;
  },
  samples: [{ types: [f32([2, 3])] }, { types: [f32([3], false)] }],
  expand([x], _, build) {
    const { shape } = x!.type;
    const last = [shape.length - 1];
    const top = build.stopGradient(build.maximumReduce(x!, last, true));
    const weights = build.exp(build.subtract(x!, build.broadcast(top, shape)));
    return build.divide(weights, build.broadcast(build.sum(weights, last, true), shape));
  },
};
