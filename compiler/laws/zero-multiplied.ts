/**
 * Products with zero. The values of a program are finite by contract: masks are finite sentinels, and the runtime
 * refuses utilities, losses and gradients that are not. So 0 times infinity need not be kept.
 */
import { filled, fillOf, leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "zero-multiplied",
  says: "0 x = x 0 = 0 for finite x",
  roots: ["multiply"],
  example: (build) => build.multiply(leaf(build, "a", [2, 3]), 0),
  more: (build) => [build.multiply(build.constant(0, [2, 3]), leaf(build, "a", [2, 3]))],
  near: (build) => [build.multiply(build.constant([0, 1], [2]), leaf(build, "a", [2]))],
  apply: (node, build) => (node.inputs.some((input) => fillOf(input) === 0) ? filled(0, node.type, build) : undefined),
};
