/** What becomes of a generated kernel that does or is given what may not be: an error that names the example. */
import { UserError } from "./user-error.ts";

/** How a kernel ends that cannot go on with problem number `problem`; throws an error of `words`. */
export type KernelFailure = (problem: number, ...words: readonly (string | number)[]) => never;

/** How a run ends because of example number `problem`: of a size, if it has one. Throws an error of the requirement. */
export type KernelRefusal = (problem: number, requirement: string, size?: number) => never;

/** Utilities this far below others mean never (docs/language.md, masks). */
const NEVER = 1e20;
/** Utilities of this size are nothing unusual. */
const ORDINARY = 1e6;

/**
 * As `failing`; `what` names what has the requirement, such as a latent variable. `temperature` is what the utilities
 * were divided by: a tiny one makes masks of ordinary utilities.
 */
export function refusing(what: string, problems: number, examples: number | undefined, temperature = 1): KernelRefusal {
  return (problem, requirement, size) => {
    const place = placeOf(problem, problems, examples);
    const sized = size === undefined ? what : `the size of ${what} is ${size}`;
    if (size === undefined && NEVER * temperature < ORDINARY) {
      const apart = (NEVER * temperature).toPrecision(2);
      throw new UserError(`${sized}${place}: ${requirement}`, {
        why: `divided by the temperature t = ${temperature}, utilities that lie ${apart} apart are taken for masked ones`,
        help: "raise the temperature, or use hard samples, to which soft ones tend",
      });
    }
    throw new UserError(`${sized}${place}: ${requirement}`, {
      why: "what a structure requires of sizes and utilities is checked for each example",
      help: "look at this example of the data",
    });
  };
}

function placeOf(problem: number, problems: number, examples: number | undefined): string {
  return examples === undefined ? "" : ` in example ${Math.floor((problem * examples) / Math.max(1, problems))}`;
}

/**
 * For a run over `problems` that belong to `examples`, if it is over a batch: a latent that is an array has several for
 * each.
 */
export function failing(problems: number, examples: number | undefined): KernelFailure {
  return (problem, ...words) => {
    const place = placeOf(problem, problems, examples);
    throw new UserError(`${words.join(" ")}${place === "" ? "" : `,${place}`}`, {
      why: "a kernel may use no more than its arrays hold, and must come to an end with a result that is allowed",
      help: "mend the kernel that the structure names; `sstc eval` runs a structure alone",
    });
  };
}
