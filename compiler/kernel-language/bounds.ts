/** Indices that leave their arrays and loops that do not end, as failures with the place in a kernel's text. */
import type { Expression } from "../../grammar/ast.ts";
import { Failure } from "../failure.ts";
import { type Findings, LONGEST_NEST } from "../ir/kernel/analysis.ts";
import type { Interval } from "../ir/kernel/interval.ts";
import type { KernelExpression, KernelStatement } from "../ir/kernel/kernel.ts";
import { breaks, changes } from "../ir/kernel/loops.ts";
import type { Place } from "./emitter.ts";

/** What the analysis found to be wrong in every run, in the order of the text as far as it is one. */
export function boundsFailures(
  { outside, endless }: Findings,
  places: ReadonlyMap<KernelExpression | KernelStatement, Place>,
): Failure[] {
  const failures: Failure[] = [];
  const tell = (part: KernelExpression | KernelStatement, failure: (place: Place) => Failure) => {
    const place = places.get(part);
    if (place !== undefined) failures.push(place.told(failure(place)));
  };
  for (const [loop, rounds] of endless) {
    tell(loop, ({ span }) => {
      const message = `this loop takes ${rounds} rounds, those of the loops around it included`;
      return new Failure(span, "too-large", message, { why: `a kernel may surely take ${LONGEST_NEST} at most` });
    });
  }
  for (const [index, interval] of outside) {
    const { array, length } = index;
    tell(index, ({ span }) => {
      const why = length === 0 ? `${array} is empty there` : `the positions of ${array} there are 0 to ${length - 1}`;
      return new Failure(span, "bad-index", `${describe(interval)}, but ${array} has ${length}`, {
        why,
        help: "change the range of the loop, or guard the index with if",
      });
    });
  }
  return failures.sort((a, b) => a.span.start - b.span.start);
}

function describe({ low, high, takenBy }: Interval): string {
  if (low === high) return `this index is ${low}`;
  const verb = takenBy === undefined ? "lies between" : "runs from";
  return `this index ${verb} ${low} ${takenBy === undefined ? "and" : "to"} ${high}`;
}

/** Refuses a `while` that ends, if it was ever begun, neither by its condition nor by a break. */
export function checkEnd(test: Expression, condition: KernelExpression, body: readonly KernelStatement[]): void {
  if (condition.kind === "constant" && condition.value === 0) return;
  if (breaks(body) || changes(condition, body)) return;
  const why =
    condition.kind === "constant"
      ? "its condition always holds"
      : "nothing in its body changes what its condition reads";
  throw new Failure(test.span, "bad-condition", "this loop does not come to an end", {
    why,
    help: "change a var of the condition in the body, or leave it with break",
  });
}
