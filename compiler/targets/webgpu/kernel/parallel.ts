/** What of a kernel the lanes of a workgroup share, and how many lanes there are to be. */
import { blocksOf } from "../../../ir/kernel/expression.ts";
import type {
  KernelExpression as Expression,
  Kernel,
  KernelStatement as Statement,
} from "../../../ir/kernel/kernel.ts";

/** Loops over no more than so many rounds are not worth a barrier. */
const SHORT = 8;
/** Rounds of the longest loop that a lane takes: fewer lanes wait less for one another. */
const ROUNDS = 4;
const FEWEST_LANES = 16;
const MOST_LANES = 256;

/** How many rounds a loop has, where that is a constant. */
export function roundsOf(from: Expression, to: Expression): number | undefined {
  return from.kind === "constant" && to.kind === "constant" ? to.value - from.value : undefined;
}

/** Whether the lanes share the rounds of a statement. */
export function isSpread(s: Statement, sizes: ReadonlyMap<string, number>): boolean {
  switch (s.kind) {
    case "for":
      return s.parallel && (roundsOf(s.from, s.to) ?? SHORT + 1) > 1;
    case "reduce":
      return (roundsOf(s.from, s.to) ?? SHORT + 1) > SHORT;
    case "fill":
      return sizes.get(s.array)! > SHORT;
    default:
      return false;
  }
}

/** Whether a statement is spread, or some statement in it. */
export function hasSpread(s: Statement, sizes: ReadonlyMap<string, number>): boolean {
  return isSpread(s, sizes) || blocksOf(s).some((body) => body.some((each) => hasSpread(each, sizes)));
}

/** Whether a statement stores into an array. */
export function stores(s: Statement): boolean {
  return s.kind === "store" || s.kind === "fill" || blocksOf(s).some((body) => body.some(stores));
}

/** As many as the longest loop that is shared has rounds, within reason: a power of two. */
export function lanesFor(kernel: Kernel): number {
  const arrays = [...kernel.inputs, ...kernel.outputs, ...kernel.scratch];
  // Where the number of rounds is not known, an axis of some array has it.
  const axis = Math.max(1, ...arrays.flatMap(({ shape }) => shape.slice(-1)));
  let longest = 1;
  const visit = (body: readonly Statement[]): void => {
    for (const s of body) {
      if ((s.kind === "for" && s.parallel) || s.kind === "reduce") {
        longest = Math.max(longest, roundsOf(s.from, s.to) ?? axis);
      }
      blocksOf(s).forEach(visit);
    }
  };
  visit(kernel.body);
  return Math.min(MOST_LANES, Math.max(FEWEST_LANES, 2 ** Math.ceil(Math.log2(longest / ROUNDS))));
}
