/** What becomes of a generated kernel that does what kernels may not: an error that names the example. */
import { UserError } from "./user-error.ts";

/** How a kernel ends that cannot go on with problem number `problem`; throws an error of `words`. */
export type KernelFailure = (problem: number, ...words: readonly (string | number)[]) => never;

/**
 * For a run over `problems` that belong to `examples`, if it is over a batch: a latent that is an array has several for
 * each.
 */
export function failing(problems: number, examples: number | undefined): KernelFailure {
  return (problem, ...words) => {
    const place =
      examples === undefined ? "" : `, in example ${Math.floor((problem * examples) / Math.max(1, problems))}`;
    throw new UserError(`${words.join(" ")}${place}`, {
      why: "a kernel may use no more than its arrays hold, and must come to an end with a result that is allowed",
      help: "mend the kernel that the structure names; `sstc eval` runs a structure alone",
    });
  };
}
