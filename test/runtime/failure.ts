/** What a caller did wrong, as the runtime says it. */
import { UserError } from "../../runtime/user-error.ts";

/** The UserError that an action ends with; anything else it ends with fails the test. */
export async function failure(action: () => unknown): Promise<UserError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error("expected a UserError");
}
