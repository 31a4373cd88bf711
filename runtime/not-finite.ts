/** What is said of numbers that are not finite on their way into a solver or out of it. */
import { UserError, type UserErrorDetails } from "./user-error.ts";

/** Utilities that a solver received, the gradient of its result, or what it made. */
export type NotFiniteKind = "received" | "gradient" | "made";

/** The largest float32. */
const LARGEST = (2 - 2 ** -23) * 2 ** 127;
/** Utilities of this size are nothing unusual. */
const ORDINARY = 1e6;

const RECEIVED: UserErrorDetails = {
  why: "a solver needs finite utilities; the network before it has produced a value outside the range of float32",
  help: "lower the learning rate or raise the temperature, and check the data",
};
const AFTER: UserErrorDetails = {
  why: "what is computed from the samples, such as the objective, has a derivative outside the range of float32",
  help: "look at what is made of the samples, and lower the learning rate; what comes before the latent is finite",
};
const MADE: UserErrorDetails = {
  why: "its kernel divided by zero, or left the range of float32",
  help: "raise the temperature; of a structure of your own, look into the kernel",
};

/** A latent variable is known by its name, a question about a structure by how it is asked. */
function subjectOf(name: string): string {
  return name.includes("(") ? `\`${name}\`` : `the latent \`${name}\``;
}

/**
 * `value` as `writeValue` puts it; `place` such as `example 2, position 5`. `temperature` is what the utilities were
 * divided by, `largest` the largest of them that is finite, where they are known.
 */
export function notFinite(
  kind: NotFiniteKind,
  name: string,
  value: string,
  place: string,
  temperature?: number,
  largest?: number,
): UserError {
  const subject = subjectOf(name);
  switch (kind) {
    case "received":
      return new UserError(`${subject} received ${value} at ${place}`, received(temperature, largest));
    case "gradient":
      return new UserError(`the gradient of ${subject} holds ${value} at ${place}`, AFTER);
    case "made":
      return new UserError(`a solver of ${subject} made ${value} at ${place}`, MADE);
  }
}

/**
 * What to say of utilities that are not finite. Where the temperature they were divided by is so small that ordinary
 * ones leave the range of float32, it is to blame.
 */
function received(temperature: number | undefined, largest: number | undefined): UserErrorDetails {
  if (temperature === undefined || LARGEST * temperature > ORDINARY) return RECEIVED;
  const most = (LARGEST * temperature).toPrecision(2);
  const known = largest === undefined ? "" : `; the largest that does not is ${(largest * temperature).toPrecision(2)}`;
  return {
    why: `divided by the temperature t = ${temperature}, utilities beyond ${most} leave the range of float32${known}`,
    help: "raise the temperature, or use hard samples, to which soft ones tend",
  };
}

/** Where an element stands: `perExample` elements belong to an example, if they belong to examples. */
export function placeOf(element: number, perExample: number | undefined): string {
  if (perExample === undefined) return `position ${element}`;
  return `example ${Math.floor(element / perExample)}, position ${element % perExample}`;
}

export function writeValue(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  return value > 0 ? "an infinite value" : "a negative infinite value";
}

/** Where the first value is that is NaN or infinite; −1 when all are finite. */
export function findNotFinite(array: Float32Array | Float64Array): number {
  // A loop and no findIndex: this runs over all utilities of every step.
  for (let i = 0; i < array.length; i++) if (!(array[i]! - array[i]! === 0)) return i;
  return -1;
}
