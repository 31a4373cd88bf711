/** `soft(z)` and `hard(z)`: one of a latent variable's two samples by name. */
import { Failure } from "../../failure.ts";
import { type BoundArgument, describe, type LatentValue } from "../values.ts";
import { type Builtin, builtin } from "./builtin.ts";

function latentOf(name: string, argument: BoundArgument): LatentValue {
  const { value, span } = argument;
  if (value.kind === "latent") return value;
  const help = "give it the name of a latent variable of this model";
  throw new Failure(span, "type-mismatch", `${name} takes a latent variable, but this is ${describe(value)}`, { help });
}

const soft = builtin("soft", ["latent"], (_context, { latent }) => {
  const value = latentOf("soft", latent!);
  if (value.soft !== undefined) return value.soft;
  throw new Failure(latent!.span, "no-relaxation", `${value.name} has no relaxation, so it has no soft sample`, {
    help: "add relax ExpFamily at t to its declaration",
  });
});

const hard = builtin("hard", ["latent"], (_context, { latent }) => latentOf("hard", latent!).hard);

export const latentFunctions: readonly [string, Builtin][] = [soft, hard];
