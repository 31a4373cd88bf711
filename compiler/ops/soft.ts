/** The soft sample of a latent before selection has chosen an algorithm for it. */
import { integersOf } from "../ir/tensor/attributes.ts";
import type { PrimitiveOp } from "./op.ts";

export const op: PrimitiveOp = {
  name: "soft",
  doc: "The soft sample of the latent of the attribute latent from its utilities; selection replaces it.",
  type(inputs, attributes) {
    const type = inputs[0];
    if (type === undefined) throw new TypeError("soft takes the utilities");
    return attributes.shape === undefined ? type : { ...type, shape: integersOf(attributes, "shape") };
  },
  samples: [],
  eval() {
    throw new TypeError("selection has not run: a soft sample has no algorithm yet");
  },
  gradient: { none: "selection has not run" },
  tfjs() {
    throw new TypeError("selection has not run: a soft sample has no algorithm yet");
  },
};
