/** What elaboration adds to what the resolution of names has told. */
import type { Diagnostic } from "./diagnostic.ts";
import type { EntryName } from "./elaborate/context.ts";
import type { ElaboratedModel } from "./elaborate/model.ts";
import type { Names } from "./names.ts";

/**
 * Tells which later diagnostics remain to be said. Names that are missing only because their statement or declaration
 * could not be read do not, nor does recursion, of which resolution saw the beginning and elaboration sees the end.
 */
export function remaining(names: Names, resolved: readonly Diagnostic[]): (diagnostic: Diagnostic) => boolean {
  const recursive = resolved.some((each) => each.code === "recursion");
  return ({ code, source, span }) => {
    if (code === "recursion") return !recursive;
    return code !== "unknown-name" || !names.unread(source.text.slice(span.start, span.end), source);
  };
}

/** What is wrong in each entry point. */
export function findings(
  elaborated: ReadonlyMap<EntryName, ElaboratedModel>,
  remains: (diagnostic: Diagnostic) => boolean,
): Diagnostic[][] {
  return [...elaborated.values()].map(({ context }) => context.diagnostics.filter(remains));
}
