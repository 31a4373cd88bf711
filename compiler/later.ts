/**
 * What the language has words for but this version does not carry out yet: such a name or construct gets a diagnostic
 * that says so, and is never taken for a slip of the pen.
 */
import type { Span } from "../grammar/ast.ts";
import { didYouMean } from "./diagnostic.ts";
import { Failure } from "./failure.ts";

const NAMES: readonly (readonly [kind: string, names: string])[] = [
  ["function", "conv2d max_pool2d cumulative_sum"],
  ["module", "Conv2D Attention"],
];

/** Names that a later version gives a meaning, with what they will be. */
export const LATER: ReadonlyMap<string, string> = new Map(
  NAMES.flatMap(([kind, names]) => names.split(" ").map((name) => [name, kind] as const)),
);

/** A construct that is read but not carried out. `what` begins the message. */
export function notYet(span: Span, what: string, help?: string): Failure {
  return new Failure(span, "not-yet", `${what} is not available in this version of sstc yet`, { help });
}

export interface UnknownName {
  /** Names that may have been meant. */
  readonly candidates: Iterable<string>;
  /** What was looked for, such as `structure`; otherwise any name. */
  readonly what?: string;
  /** Where the name can be imported from. */
  readonly importFrom?: string | undefined;
}

/** A name that means nothing here, or not yet. */
export function unknownName(name: string, span: Span, { candidates, what, importFrom }: UnknownName): Failure {
  const later = LATER.get(name);
  if (later !== undefined) return notYet(span, `the ${later} ${name}`);
  const near = didYouMean(name, candidates);
  const suggestion = near === undefined ? undefined : `did you mean ${near}?`;
  const help = importFrom === undefined ? suggestion : `import it: import { ${name} } from "${importFrom}"`;
  const message = what === undefined ? `there is no ${name} here` : `there is no ${what} ${name}`;
  return new Failure(span, "unknown-name", message, { help });
}
