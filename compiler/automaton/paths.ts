/**
 * The paths of an automaton laid out position by position: the moves that lie on some accepted path, how many such
 * paths there are, and what must not be: none, too many states, two paths for one member.
 */
import { Failure } from "../failure.ts";
import { type Automaton, type Move, nextSlotOf, slotOf } from "./automaton.ts";
import type { Slots } from "./formula.ts";

/** States, moves and positions in all that are looked at; more is no table that anyone wants to fill. */
const MOST_MOVES = 2 ** 25;

/** The moves at one position, in the order of the text and of the states. */
export interface Step {
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** Which of the automaton's moves each is an instance of. */
  readonly move: Int32Array;
}

export interface Paths {
  readonly automaton: Automaton;
  readonly steps: readonly Step[];
  /** Paths may end after any position, the last one of an example. */
  readonly endsAnywhere: boolean;
  /** The number of accepted paths as far as numbers go, and its logarithm: that of the length with most. */
  readonly count: number;
  readonly logCount: number;
}

/** How many moves are looked at, at most: position by position and state by state. */
export function workOf(automaton: Automaton): number {
  const free = ({ to }: Move) => to.reduce((total, f, i) => total * (f === undefined ? automaton.axes[i]!.size : 1), 1);
  return automaton.positions * automaton.states * automaton.moves.reduce((total, move) => total + free(move), 0);
}

/** `endsAnywhere` where examples have sizes: the moves are those of some size, and what is said of paths is of all. */
export function layOut(automaton: Automaton, label: string, endsAnywhere: boolean): Paths {
  const work = workOf(automaton);
  if (!(work <= MOST_MOVES)) {
    const { positions, states } = automaton;
    throw new Failure(automaton.clause.span, "too-large", `the automaton of ${label} has too many moves to look at`, {
      why: `${positions} positions with ${states} states each have up to ${work} moves, more than ${MOST_MOVES}`,
      help: "use fewer states, or other algorithms for what is to be computed",
    });
  }
  const steps = keepAccepted(automaton, reachableSteps(automaton), endsAnywhere);
  if (steps === undefined) {
    throw new Failure(automaton.clause.span, "requirement", `${label} has no members`, {
      why: "no path of its automaton leads from its first states to its last ones",
      help: "require of the arguments what makes the set nonempty",
    });
  }
  return { automaton, steps, endsAnywhere, ...countPaths(automaton, steps, endsAnywhere) };
}

/** Puts a state into the slots of the state, or of the next one. */
export function putState(automaton: Automaton, slots: Slots, state: number, next: boolean): void {
  let rest = state;
  for (let axis = automaton.axes.length - 1; axis >= 0; axis--) {
    const { low, size } = automaton.axes[axis]!;
    slots[next ? nextSlotOf(automaton.axes, axis) : slotOf(axis)] = low + (rest % size);
    rest = Math.floor(rest / size);
  }
}

/** The elements that the `index`-th move of a step picks. */
export function emissions({ automaton }: Paths, position: number, step: Step, index: number, slots: Slots): number[] {
  slots[0] = automaton.first + position;
  putState(automaton, slots, step.from[index]!, false);
  putState(automaton, slots, step.to[index]!, true);
  const elements: number[] = [];
  for (const emission of automaton.moves[step.move[index]!]!.emits) {
    const element = emission.element(slots);
    if (element >= 0) elements.push(element);
  }
  return elements;
}

/** For each position the moves from states that a path can come to. */
function reachableSteps(automaton: Automaton): Step[] {
  const moving = automaton.moves.some((move) => move.moving);
  let reached = bitmap(automaton.states, automaton.starts);
  const steps: Step[] = [];
  let last: { readonly before: Uint8Array; readonly after: Uint8Array; readonly step: Step } | undefined;
  for (let position = 0; position < automaton.positions; position++) {
    // Where nothing has changed the moves are the same ones.
    if (moving || last === undefined || !equal(last.before, reached)) {
      const step = movesAt(automaton, position, reached);
      const after = bitmap(automaton.states, step.to);
      last = { before: reached, after, step };
    }
    steps.push(last.step);
    reached = last.after;
  }
  return steps;
}

function bitmap(states: number, members: Iterable<number>): Uint8Array {
  const bits = new Uint8Array(states);
  for (const state of members) bits[state] = 1;
  return bits;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function movesAt(automaton: Automaton, position: number, reached: Uint8Array): Step {
  const [from, to, move]: [number[], number[], number[]] = [[], [], []];
  const slots = new Int32Array(automaton.slots);
  slots[0] = automaton.first + position;
  automaton.moves.forEach((each, index) => {
    for (let state = 0; state < automaton.states; state++) {
      if (reached[state] === 0) continue;
      putState(automaton, slots, state, false);
      forTargets(automaton, each, slots, 0, 0, (target) => {
        from.push(state);
        to.push(target);
        move.push(index);
      });
    }
  });
  return { from: Int32Array.from(from), to: Int32Array.from(to), move: Int32Array.from(move) };
}

/** Calls `found` with each next state that a move leads to from the state in the slots. */
function forTargets(
  automaton: Automaton,
  move: Move,
  slots: Slots,
  axis: number,
  before: number,
  found: (target: number) => void,
): void {
  if (axis === automaton.axes.length) {
    if (move.allowed(slots)) found(before);
    return;
  }
  const { low, size } = automaton.axes[axis]!;
  const next = move.to[axis];
  const slot = nextSlotOf(automaton.axes, axis);
  const value = next?.(slots);
  const only = value === undefined ? undefined : value - low;
  // What leaves the values of the state is no move.
  if (only !== undefined && !(Number.isInteger(only) && only >= 0 && only < size)) return;
  for (let at = only ?? 0; at <= (only ?? size - 1); at++) {
    slots[slot] = low + at;
    forTargets(automaton, move, slots, axis + 1, before * size + at, found);
  }
}

/** The moves from which a path can still come to an accepted end; undefined where there are none. */
function keepAccepted(automaton: Automaton, reachable: readonly Step[], endsAnywhere: boolean): Step[] | undefined {
  let wanted = bitmap(automaton.states, automaton.ends);
  const steps: Step[] = new Array<Step>(reachable.length);
  let last:
    | { readonly all: Step; readonly after: Uint8Array; readonly before: Uint8Array; readonly step: Step }
    | undefined;
  for (let position = reachable.length - 1; position >= 0; position--) {
    const all = reachable[position]!;
    if (last === undefined || last.all !== all || !equal(last.after, wanted)) {
      const kept = [...all.to.keys()].filter((i) => wanted[all.to[i]!] === 1);
      if (kept.length === 0 && !endsAnywhere) return undefined;
      const pick = (list: Int32Array) => Int32Array.from(kept, (i) => list[i]!);
      const step = { from: pick(all.from), to: pick(all.to), move: pick(all.move) };
      const before = bitmap(automaton.states, endsAnywhere ? [...step.from, ...automaton.ends] : step.from);
      last = { all, after: wanted, before, step };
    }
    steps[position] = last.step;
    wanted = last.before;
  }
  return steps[0]!.from.length === 0 ? undefined : steps;
}

/** The counting semiring; numbers are kept relative to their largest, since there may be more paths than numbers. */
function countPaths(
  automaton: Automaton,
  steps: readonly Step[],
  endsAnywhere: boolean,
): { count: number; logCount: number } {
  const ending = (ways: Float64Array) => automaton.ends.reduce((sum, state) => sum + ways[state]!, 0);
  let most = Number.NEGATIVE_INFINITY;
  let ways = new Float64Array(automaton.states);
  for (const state of automaton.starts) ways[state] = 1;
  let scale = 1;
  let logScale = 0;
  for (const { from, to } of steps) {
    const next = new Float64Array(automaton.states);
    let largest = 0;
    for (let i = 0; i < from.length; i++) {
      next[to[i]!]! += ways[from[i]!]!;
      largest = Math.max(largest, next[to[i]!]!);
    }
    if (largest > 2 ** 500) {
      for (let state = 0; state < next.length; state++) next[state]! /= 2 ** 500;
      scale *= 2 ** 500;
      logScale += 500 * Math.LN2;
    }
    ways = next;
    if (endsAnywhere) most = Math.max(most, Math.log(ending(ways)) + logScale);
  }
  const total = ending(ways);
  return { count: total * scale, logCount: Math.max(most, Math.log(total) + logScale) };
}
