/**
 * What must not be in an automaton: moves that pick elements which are not there, two paths for one member, and paths
 * that pick an element twice.
 */
import type { Transition } from "../../grammar/ast.ts";
import { Failure } from "../failure.ts";
import { emissions, type Paths, type Step } from "./paths.ts";

/** Pairs of moves that are looked at for two paths with one meaning, and visits for elements picked twice. */
const MOST_COMPARED = 2 ** 20;
/** Where there are more moves than this, only elements that are not there are looked for. */
const MOST_LOOKED_AT = 2 ** 18;

/** Throws a Failure for what is wrong with the paths. */
export function checkPaths(paths: Paths, label: string): void {
  if (!picksSomething(paths)) {
    const message = `the automaton of ${label} never emits an element of the embedding`;
    throw new Failure(paths.automaton.clause.span, "bad-clause", message, { help: "add emits x[i] to a transition" });
  }
  if (paths.steps.reduce((total, step) => total + step.from.length, 0) > MOST_LOOKED_AT) return;
  const elements = pickedByMoves(paths);
  checkOnce(paths, elements);
  checkUnambiguous(paths, elements, label);
}

/** Whether there is a move that picks an element; looks at all of them, and throws where an element is not there. */
function picksSomething(paths: Paths): boolean {
  const slots = new Int32Array(paths.automaton.slots);
  let some = false;
  paths.steps.forEach((step, position) => {
    for (let index = 0; index < step.from.length; index++) {
      if (emissions(paths, position, step, index, slots).length > 0) some = true;
    }
  });
  return some;
}

type Picked = readonly (readonly (readonly number[])[])[];

/** For each position and move what it picks, in order. */
function pickedByMoves(paths: Paths): Picked {
  const slots = new Int32Array(paths.automaton.slots);
  return paths.steps.map((step, position) =>
    Array.from(step.from, (_, index) => emissions(paths, position, step, index, slots).sort((a, b) => a - b)),
  );
}

function clauseOf({ automaton }: Paths, step: Step, index: number): Transition {
  return automaton.moves[step.move[index]!]!.clause;
}

/** A member has each element once: no path may pick one twice. */
function checkOnce(paths: Paths, elements: Picked): void {
  const positions = new Map<number, number[]>();
  elements.forEach((lists, position) => {
    lists.forEach((list, index) => {
      const twice = list.find((element, i) => element === list[i - 1]);
      if (twice !== undefined) throw pickedTwice(paths, clauseOf(paths, paths.steps[position]!, index), position);
      for (const element of list) {
        const known = positions.get(element);
        if (known === undefined) positions.set(element, [position]);
        else if (known[known.length - 1] !== position) known.push(position);
      }
    });
  });
  let work = 0;
  for (const [element, at] of positions) {
    if (at.length < 2) continue;
    const [first, last] = [at[0]!, at[at.length - 1]!];
    // States that a path comes to when it has picked the element.
    let marked = new Set<number>();
    for (let position = first; position <= last && work < MOST_COMPARED; position++) {
      const step = paths.steps[position]!;
      const next = new Set<number>();
      step.from.forEach((from, index) => {
        work++;
        const picks = elements[position]![index]!.includes(element);
        if (marked.has(from) && picks) throw pickedTwice(paths, clauseOf(paths, step, index), position);
        if (marked.has(from) || picks) next.add(step.to[index]!);
      });
      marked = next;
    }
  }
}

function pickedTwice({ automaton }: Paths, { span }: Transition, position: number): Failure {
  const at = `${automaton.clause.variable.name} = ${automaton.first + position}`;
  return new Failure(span, "bad-clause", `a path picks one element of the embedding twice, with this move at ${at}`, {
    why: "an element of a member is 0 or 1, so each may be emitted once on a path",
    help: "emit elements that depend on the position, such as x[i]",
  });
}

/** Each member is one path: runs pairs of paths that pick the same, and looks whether they meet again. */
function checkUnambiguous(paths: Paths, elements: Picked, label: string): void {
  const { automaton, steps } = paths;
  let work = 0;
  // Pairs of different states that paths with one meaning have come to.
  let pairs = new Map<string, readonly [number, number]>();
  const starts = automaton.starts.filter((state) => steps[0]!.from.includes(state));
  const add = (into: typeof pairs, a: number, b: number) => into.set(`${Math.min(a, b)} ${Math.max(a, b)}`, [a, b]);
  starts.forEach((a, i) => {
    for (const b of starts.slice(i + 1)) add(pairs, a, b);
  });
  for (let position = 0; position < steps.length && work < MOST_COMPARED; position++) {
    const step = steps[position]!;
    const leaving = new Map<number, number[]>();
    for (const [index, from] of step.from.entries()) {
      const known = leaving.get(from);
      if (known === undefined) leaving.set(from, [index]);
      else known.push(index);
    }
    const next: typeof pairs = new Map();
    const compare = (i: number, j: number) => {
      work++;
      if (elements[position]![i]!.join() !== elements[position]![j]!.join()) return;
      if (step.to[i] !== step.to[j]) add(next, step.to[i]!, step.to[j]!);
      else throw ambiguous(paths, step, [i, j], label);
    };
    for (const list of leaving.values()) {
      list.forEach((i, k) => {
        for (const j of list.slice(k + 1)) if (work < MOST_COMPARED) compare(i, j);
      });
    }
    for (const [a, b] of pairs.values()) {
      for (const i of leaving.get(a) ?? [])
        for (const j of leaving.get(b) ?? []) if (work < MOST_COMPARED) compare(i, j);
    }
    pairs = next;
  }
  const isEnd = new Set(automaton.ends);
  const both = [...pairs.values()].find(([a, b]) => isEnd.has(a) && isEnd.has(b));
  if (both !== undefined) throw ambiguous(paths, steps[steps.length - 1]!, undefined, label);
}

function ambiguous(
  { automaton }: Paths,
  step: Step,
  moves: readonly [number, number] | undefined,
  label: string,
): Failure {
  const clauses = (moves ?? []).map((index) => automaton.moves[step.move[index]!]!.clause);
  const span = clauses[1]?.span ?? automaton.clause.span;
  return new Failure(span, "bad-clause", `two paths of the automaton of ${label} are the same member`, {
    why: "a member would count twice in sums over paths; what two paths emit must differ somewhere",
    help: "let one of them be left out by when, or by the states it begins or ends in",
  });
}
