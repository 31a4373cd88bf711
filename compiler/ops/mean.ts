/** Means over axes of an example. */
import { flagOf, integersOf } from "../ir/tensor/attributes.ts";
import { expectAxes, f32, only } from "./helpers.ts";
import type { DerivedOp } from "./op.ts";

export const op: DerivedOp = {
  name: "mean",
  doc: "The mean over the attribute axes of each example; with keep they stay with size 1.",
  type(inputs, attributes) {
    const type = only("mean", inputs);
    expectAxes("mean", integersOf(attributes, "axes"), type.shape.length);
    if (type.dtype !== "f32") throw new TypeError("mean needs f32");
    return type;
  },
  samples: [
    { types: [f32([2, 3])], attributes: { axes: [1] } },
    { types: [f32([2, 3], false)], attributes: { axes: [0, 1], keep: true } },
  ],
  expand([x], attributes, build) {
    const axes = integersOf(attributes, "axes");
    const count = axes.reduce((product, axis) => product * x!.type.shape[axis]!, 1);
    return build.multiply(build.sum(x!, axes, flagOf(attributes, "keep")), 1 / count);
  },
};
