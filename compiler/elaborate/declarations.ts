/** What the text that is being elaborated sees, for structures and kernels on the target. */
import { type Declarations, declarationsFor } from "../declarations.ts";
import { precisionOf } from "../precision.ts";
import type { Context } from "./context.ts";

export function declarationsOf(context: Context): Declarations {
  return declarationsFor(context.names, context.source, precisionOf(context.target));
}
