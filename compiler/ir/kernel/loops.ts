/** What statements do to the loop around them: what they assign, whether they leave it. */
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

function blocksOf(s: Statement): readonly (readonly Statement[])[] {
  if (s.kind === "if") return [s.consequent, s.alternative];
  return s.kind === "for" || s.kind === "while" ? [s.body] : [];
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

function someName(e: Expression, test: (name: string, isArray: boolean) => boolean): boolean {
  switch (e.kind) {
    case "constant":
      return false;
    case "variable":
      return test(e.name, false);
    case "load":
      return test(e.array, true) || someName(e.index, test);
    case "unary":
    case "within":
      return someName(e.operand, test);
    case "binary":
      return someName(e.left, test) || someName(e.right, test);
    case "select":
      return [e.condition, e.consequent, e.alternative].some((part) => someName(part, test));
  }
}
