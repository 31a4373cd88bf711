/** Powers that are cheaper than a power. */
import { filled, fillOf, fitted, leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "constant-power",
  says: "x^1 = x, x^2 = x x, x^(1/2) = sqrt(x), x^-1 = 1 / x, x^0 = 1",
  roots: ["power"],
  example: (build) => build.power(leaf(build, "a", [2, 3]), 2),
  apply(node, build) {
    const x = fitted(node.inputs[0]!, node.type, build);
    switch (fillOf(node.inputs[1]!)) {
      case 0:
        return filled(1, node.type, build);
      case 1:
        return x;
      case 2:
        return build.multiply(x, x);
      case 0.5:
        return build.sqrt(x);
      case -1:
        return build.divide(1, x);
      default:
        return undefined;
    }
  },
};
