/** A concatenation of one. */
import { leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "single-concat",
  says: "concat(x) = x",
  roots: ["concat"],
  example: (build) => build.concat([leaf(build, "a", [2, 3])], 1),
  apply: (node) => (node.inputs.length === 1 ? node.inputs[0] : undefined),
};
