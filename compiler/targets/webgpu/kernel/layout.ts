/**
 * Where the arrays of a kernel are: inputs and outputs in storage, the others in workgroup memory as far as it goes.
 */
import { blocksOf, expressionsOf, partsOf } from "../../../ir/kernel/expression.ts";
import type {
  KernelExpression as Expression,
  Kernel,
  KernelArray,
  KernelStatement as Statement,
} from "../../../ir/kernel/kernel.ts";

export interface ArrayLayout {
  /** Scratch arrays in workgroup memory. */
  readonly inWorkgroup: readonly KernelArray[];
  /** Scratch arrays in a storage buffer, each with where it begins among the words of its problem. */
  readonly inScratch: ReadonlyMap<string, number>;
  readonly scratchWords: number;
}

export function lengthOf({ shape }: KernelArray): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** `bytes`: of workgroup memory. What is used most for its size comes first. */
export function layOut(kernel: Kernel, bytes: number): ArrayLayout {
  const uses = usesOf(kernel.body);
  const density = (array: KernelArray) => (uses.get(array.name) ?? 0) / lengthOf(array);
  const inWorkgroup: KernelArray[] = [];
  const inScratch = new Map<string, number>();
  let left = bytes;
  let scratchWords = 0;
  for (const array of [...kernel.scratch].sort((a, b) => density(b) - density(a))) {
    const size = lengthOf(array) * 4;
    if (size <= left) {
      inWorkgroup.push(array);
      left -= size;
    } else {
      inScratch.set(array.name, scratchWords);
      scratchWords += lengthOf(array);
    }
  }
  return { inWorkgroup, inScratch, scratchWords };
}

/** How often each array is read and written, each loop counted as some rounds. */
function usesOf(body: readonly Statement[]): Map<string, number> {
  const uses = new Map<string, number>();
  const add = (array: string, weight: number) => uses.set(array, (uses.get(array) ?? 0) + weight);
  const inExpression = (e: Expression, weight: number): void => {
    if (e.kind === "load") add(e.array, weight);
    for (const part of partsOf(e)) inExpression(part, weight);
  };
  const visit = (statements: readonly Statement[], weight: number): void => {
    for (const s of statements) {
      const inner = s.kind === "for" || s.kind === "while" || s.kind === "reduce" ? weight * 8 : weight;
      for (const e of expressionsOf(s)) inExpression(e, inner);
      if (s.kind === "store" || s.kind === "fill") add(s.array, weight);
      for (const block of blocksOf(s)) visit(block, inner);
    }
  };
  visit(body, 1);
  return uses;
}
