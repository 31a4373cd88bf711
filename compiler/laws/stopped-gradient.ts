/** What only differentiation looks at. */
import { leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "stopped-gradient",
  says: "stop_gradient(x) = x, once a program is differentiated",
  roots: ["stop_gradient"],
  final: true,
  example: (build) => build.stopGradient(leaf(build, "a", [2, 3])),
  apply: (node) => node.inputs[0],
};
