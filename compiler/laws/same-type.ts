/** Conversions that convert nothing. */
import { leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "same-type",
  says: "cast(x) = x, where the type stays",
  roots: ["cast"],
  example: (build) => build.node("cast", [leaf(build, "a", [2, 3])], { dtype: "f32" }),
  apply: (node) => (node.type.dtype === node.inputs[0]!.type.dtype ? node.inputs[0] : undefined),
};
