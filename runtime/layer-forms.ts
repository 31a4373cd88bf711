/** Whether inputs of a layer fit what is asked of it, and one another: their forms and their examples. */
import type { CompiledLayer } from "../compiler/artifact.ts";
import { isTensor, type LayerInput, type Reading, readRows } from "./layer-rows.ts";
import { UserError, writeShape } from "./user-error.ts";

type Given = readonly [value: LayerInput, reading: Reading];

/** Throws a UserError that tells the forms apart. Where examples have sizes of their own in each, they are counted. */
export function requireSameForm([u, utilities]: Given, [other, reading]: Given, what: string): void {
  if (utilities.size !== reading.size) return requireSameExamples([u, utilities], [other, reading], what);
  const shapes = [u, other].map((each) => {
    if (isTensor(each)) return `a tensor of shape ${writeShape(each.shape)}`;
    return Array.isArray(each[0]) ? `a list of ${each.length} lists` : `an array of ${each.length} numbers`;
  });
  if (shapes[0] === shapes[1]) return;
  throw new UserError(`the utilities are ${shapes[0]}, but the ${what} ${shapes[1]}`, {
    help: `${what} have a number for each utility, in the same form`,
  });
}

function requireSameExamples([u, utilities]: Given, [other, reading]: Given, what: string): void {
  const examples = readRows(u, utilities).length / utilities.size;
  const others = readRows(other, reading).length / reading.size;
  if (examples === others && isTensor(u) === isTensor(other)) return;
  throw new UserError(`the utilities are of ${examples} examples, but the ${what} of ${others}`, {
    help: `${what} have ${reading.size} numbers for each example, the utilities ${utilities.size}, in the same form`,
  });
}

/** Throws a UserError where the layer takes no utilities of members. */
export function requireUtilities({ structure, size, inputSize }: CompiledLayer): void {
  if (size === inputSize) return;
  throw new UserError(`the relaxation of this layer of ${structure} takes an input of its own`, {
    why: "the best members are those of the greatest utility, a number for each element",
    help: "make a layer of the structure alone",
  });
}

export function requireCount(count: number, what: string): void {
  if (Number.isInteger(count) && count >= 1) return;
  throw new UserError(`the number of ${what} must be a positive integer, but it is ${count}`);
}
