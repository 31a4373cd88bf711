/** Which values of a kernel carry derivatives: those that depend on an input and that an output depends on. */
import { blocksOf, partsOf } from "./expression.ts";
import type { KernelExpression as Expression, KernelStatement as Statement } from "./kernel.ts";

/** The parts of `e` that its derivative is made of; none for what has no derivative. */
function smoothParts(e: Expression): readonly Expression[] {
  if (e.type !== "f32") return [];
  if (e.kind === "select") return [e.consequent, e.alternative];
  if (e.kind === "load") return [];
  if (e.kind === "unary" && (e.operator === "detach" || e.operator === "floor")) return [];
  return partsOf(e);
}

/** Names of scalars and arrays that the derivative of `e` speaks of. */
function smoothNames(e: Expression): readonly string[] {
  if (e.type !== "f32") return [];
  if (e.kind === "variable") return [e.name];
  if (e.kind === "load") return [e.array];
  return smoothParts(e).flatMap(smoothNames);
}

/** Whether `e` has a derivative by one of the names. */
export function isActive(e: Expression, active: ReadonlySet<string>): boolean {
  return smoothNames(e).some((name) => active.has(name));
}

/** What each name gets its value from, as far as derivatives go. */
function sources(body: readonly Statement[], into = new Map<string, Set<string>>()): Map<string, Set<string>> {
  const note = (name: string, e: Expression) => {
    const known = into.get(name) ?? new Set();
    for (const source of smoothNames(e)) known.add(source);
    into.set(name, known);
  };
  for (const s of body) {
    if (s.kind === "declare" || s.kind === "assign") note(s.name, s.value);
    else if (s.kind === "store" || s.kind === "fill") note(s.array, s.value);
    else if (s.kind === "reduce" && s.type === "f32") note(s.name, s.value);
    for (const block of blocksOf(s)) sources(block, into);
  }
  return into;
}

/** Names of scalars and arrays through which the first reaches the second. */
export function findActive(body: readonly Statement[], input: string, output: string): ReadonlySet<string> {
  const from = sources(body);
  const into = new Map<string, Set<string>>();
  for (const [name, names] of from) {
    for (const source of names) into.set(source, (into.get(source) ?? new Set()).add(name));
  }
  const [varied, useful] = [reached(input, into), reached(output, from)];
  return new Set([...varied].filter((name) => useful.has(name)));
}

function reached(start: string, edges: ReadonlyMap<string, ReadonlySet<string>>): Set<string> {
  const names = new Set([start]);
  for (const name of names) for (const next of edges.get(name) ?? []) names.add(next);
  return names;
}
