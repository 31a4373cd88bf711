/** What statements do to the loop around them: what they assign, whether they leave it. */
import { blocksOf, partsOf } from "./expression.ts";
import type { KernelExpression as Expression, KernelStatement as Statement } from "./kernel.ts";

const ASSIGNED = new WeakMap<readonly Statement[], ReadonlySet<string>>();

/** The scalars and arrays that statements assign to or write. */
export function writtenIn(body: readonly Statement[]): Set<string> {
  const names = new Set<string>();
  for (const s of body) {
    if (s.kind === "assign") names.add(s.name);
    else if (s.kind === "store" || s.kind === "fill") names.add(s.array);
    else for (const inner of blocksOf(s)) for (const name of writtenIn(inner)) names.add(name);
  }
  return names;
}

/** The scalars that statements assign to. */
export function assignedIn(body: readonly Statement[]): ReadonlySet<string> {
  const known = ASSIGNED.get(body);
  if (known !== undefined) return known;
  const names = new Set<string>();
  for (const s of body) {
    if (s.kind === "assign") names.add(s.name);
    for (const inner of blocksOf(s)) for (const name of assignedIn(inner)) names.add(name);
  }
  ASSIGNED.set(body, names);
  return names;
}

/** Whether some statement leaves the loop that `body` is of. */
export function breaks(body: readonly Statement[]): boolean {
  return body.some((s) => s.kind === "break" || (s.kind === "if" && blocksOf(s).some(breaks)));
}

/** Whether the statements of a loop write anything that its condition reads. */
export function changes(condition: Expression, body: readonly Statement[]): boolean {
  const written = writtenIn(body);
  return someName(condition, (name) => written.has(name));
}

/** Whether a value stays what it is: it reads no array and none of the variables that change. */
export function isLasting(e: Expression, mutable: ReadonlySet<string>): boolean {
  return !someName(e, (name, isArray) => isArray || mutable.has(name));
}

/** A variable that each round of a loop, whatever else it does, moves by the same whole number. */
export interface Counter {
  readonly name: string;
  readonly step: number;
  /** What the condition of the loop compares it with: the same in every round. */
  readonly limit: Expression;
}

/** The variable by which `while v > limit { …; v -= 1 }` comes to an end. */
export function counterOf(condition: Expression, body: readonly Statement[]): Counter | undefined {
  if (condition.kind !== "binary" || condition.left.kind !== "variable") return undefined;
  const { left, right: limit, operator } = condition;
  const down = operator === "greater" || operator === "greater-equal";
  if (!down && operator !== "less" && operator !== "less-equal") return undefined;
  const written = writtenIn(body);
  if (someName(limit, (name, isArray) => isArray || written.has(name))) return undefined;
  const moves = body.flatMap((s) => (s.kind === "assign" && s.name === left.name ? [s.value] : []));
  const inner = body.flatMap(blocksOf).some((block) => assignedIn(block).has(left.name));
  const [move] = moves;
  if (moves.length !== 1 || inner || move?.kind !== "binary" || move.type !== "i32") return undefined;
  if (move.left.kind !== "variable" || move.left.name !== left.name || move.right.kind !== "constant") return undefined;
  const step = move.operator === "add" ? move.right.value : move.operator === "subtract" ? -move.right.value : 0;
  return (down ? step < 0 : step > 0) ? { name: left.name, step, limit } : undefined;
}

function someName(e: Expression, test: (name: string, isArray: boolean) => boolean): boolean {
  if (e.kind === "variable" && test(e.name, false)) return true;
  if (e.kind === "load" && test(e.array, true)) return true;
  return partsOf(e).some((part) => someName(part, test));
}
