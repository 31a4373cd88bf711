/** Convolutions along one axis. */
import { stringOf } from "../ir/tensor/attributes.ts";
import { formatType, type TensorType } from "../ir/tensor/tensor.ts";
import { expectInputs, f32 } from "./helpers.ts";
import type { DerivedOp } from "./op.ts";

export const op: DerivedOp = {
  name: "conv1d",
  doc: "y[i] = Σ_j x[i + j − before] W[j] of x [length, inputs] and W [width, inputs, outputs]; `padding` is same or valid.",
  type(inputs, attributes) {
    expectInputs("conv1d", inputs, 2);
    const [x, kernel] = inputs as readonly [TensorType, TensorType];
    const [length, features] = x.shape;
    const [width, taken, outputs] = kernel.shape;
    const fits = x.shape.length === 2 && kernel.shape.length === 3 && features === taken && !kernel.batched;
    if (!fits || x.dtype !== "f32" || kernel.dtype !== "f32") {
      throw new TypeError(`conv1d does not take ${formatType(x)} and ${formatType(kernel)}`);
    }
    const valid = stringOf(attributes, "padding") === "valid";
    const places = valid ? length! - width! + 1 : length!;
    if (places < 1) throw new TypeError(`conv1d: ${length} places are fewer than the width ${width}`);
    return { dtype: "f32", shape: [places, outputs!], batched: x.batched };
  },
  samples: [
    { types: [f32([5, 2]), f32([3, 2, 4], false)], attributes: { padding: "same" } },
    { types: [f32([5, 2]), f32([2, 2, 1], false)], attributes: { padding: "valid" } },
    { types: [f32([3, 2]), f32([4, 2, 2], false)], attributes: { padding: "same" } },
    { types: [f32([4, 2], false), f32([1, 2, 3], false)], attributes: { padding: "same" } },
  ],
  /**
   * One product with all W[j] beside each other, whose parts are then added up where they belong: a long flat product
   * is what devices are best at, and nothing is copied as often as the width but results.
   */
  expand([x, kernel], attributes, build) {
    const [length, features] = x!.type.shape as readonly [number, number];
    const [width, , outputs] = kernel!.type.shape as readonly [number, number, number];
    const beside = build.reshape(build.transpose(kernel!, [1, 0, 2]), [features, width * outputs]);
    const valid = stringOf(attributes, "padding") === "valid";
    const product = build.matmul(x!, beside);
    if (width === 1) return product;
    const parts = build.reshape(product, [length * width, outputs]);
    // Part j of place p belongs to the result i with p = i + j − before, here in a frame that holds all.
    const frame = Array.from({ length: length * width }, (_, k) => {
      const [place, j] = [Math.floor(k / width), k % width];
      return place - j + width - 1;
    });
    const sums = build.scatterAdd(parts, frame, 0, length + width - 1);
    const begin = valid ? width - 1 : width - 1 - Math.floor((width - 1) / 2);
    return build.slice(sums, [begin, 0], [valid ? length - width + 1 : length, outputs]);
  },
};
