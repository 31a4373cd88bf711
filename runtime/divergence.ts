/** What is said when training leaves the finite numbers. */
import { UserError } from "./user-error.ts";

/** `what` is not finite, such as `the loss is not finite`, in training step number `step`. */
export function diverged(step: number, what: string): UserError {
  return new UserError(`training step ${step}: ${what}`, {
    why: "training has diverged; parameters and optimiser are as they were before this step",
    help: "lower the learning rate, raise the temperature, or look at this batch",
  });
}
