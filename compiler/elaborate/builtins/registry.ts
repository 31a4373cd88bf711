/**
 * The functions of the language itself that work on tensors, by name. Compile-time functions are in
 * static-functions.ts.
 */
import { batchFunctions } from "./batch.ts";
import type { Builtin } from "./builtin.ts";
import { drawFunctions } from "./draws.ts";
import { elementwiseFunctions } from "./elementwise.ts";
import { graphFunctions } from "./graphs.ts";
import { indexFunctions } from "./indices.ts";
import { latentFunctions } from "./latents.ts";
import { metricFunctions } from "./metrics.ts";
import { queryFunctions } from "./queries.ts";
import { reductionFunctions } from "./reductions.ts";
import { shapeFunctions } from "./shapes.ts";
import { windowFunctions } from "./windows.ts";

export const builtins: ReadonlyMap<string, Builtin> = new Map([
  ...elementwiseFunctions,
  ...reductionFunctions,
  ...shapeFunctions,
  ...graphFunctions,
  ...indexFunctions,
  ...windowFunctions,
  ...batchFunctions,
  ...drawFunctions,
  ...latentFunctions,
  ...metricFunctions,
  ...queryFunctions,
]);
