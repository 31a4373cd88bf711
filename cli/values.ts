/** Values of flags, with messages that say what they may be. */
import { UsageError } from "./usage-error.ts";

/** A whole number from `least` on; `what` names the flag. */
export function readCount(text: string, what: string, least = 1): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isSafeInteger(value) && value >= least) return value;
  throw new UsageError(`${what} ${text}: expected a whole number of at least ${least}`);
}

/** A seed, which is a key word of the random generator. */
export function readSeed(text: string): number {
  const value = readCount(text, "--seed", 0);
  if (value <= 0xffffffff) return value;
  throw new UsageError(`--seed ${text}: expected a whole number from 0 to 4294967295`);
}

/** For commander: collects a flag that may be given several times. */
export function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

/** One of the words that a flag takes. Throws a UsageError for any other. */
export function choose<T extends string>(known: readonly T[], given: string, flag: string): T {
  const found = known.find((each) => each === given);
  if (found !== undefined) return found;
  throw new UsageError(`${flag} ${given}: choose one of ${known.join(", ")}`);
}
