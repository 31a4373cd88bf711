/**
 * Finds the loops in a list of moves: one variable of the state, the longest, becomes the axis of arrays, the others
 * are written out as modes; moves of one kind between two modes are an interval of the axis, whose ends are straight
 * lines in the position. Most automata are of this form but for a few positions at either end.
 */
import { type Automaton, type Emission, nextSlotOf, slotOf } from "./automaton.ts";
import type { Slots } from "./formula.ts";
import { type Paths, putState, type Step } from "./paths.ts";

/** More modes, or stretches of positions, than this would be too long a text. */
const MOST_MODES = 8;
const MOST_SEGMENTS = 16;

/** `base + slope · p` at the p-th position. */
export interface Line {
  readonly base: number;
  readonly slope: number;
}

/** The largest or the least of some lines. */
export interface Bound {
  readonly of: "max" | "min";
  readonly lines: readonly Line[];
}

/** An interval of the axis, both ends included. */
export interface Interval {
  readonly low: Bound;
  readonly high: Bound;
}

/** The value of a bound at the p-th position. */
export function boundAt({ of, lines }: Bound, p: number): number {
  return Math[of](...lines.map(({ base, slope }) => base + slope * p));
}

/** The element `constant + position · p + source · c + next · b` of the embedding, for a move from c to b. */
export interface Pick {
  readonly constant: number;
  readonly position: number;
  readonly source: number;
  readonly next: number;
}

/** Moves of one kind: from each c of an interval to c + shift, or to each b of another interval. */
export interface Group {
  readonly from: number;
  readonly to: number;
  readonly source: Interval;
  readonly target: Interval;
  /** Undefined where each c goes to each b. */
  readonly shift: number | undefined;
  readonly picks: readonly Pick[];
  /**
   * All moves by this shift between states that lie on paths are of the group, so that no loop needs to know its ends.
   */
  readonly whole: boolean;
}

/** Positions from `from` up to, not including, `to` at which the same can be said of the moves. */
export interface Segment {
  readonly from: number;
  readonly to: number;
  readonly groups: readonly Group[];
  /** States on paths before a position, and after it, by mode. */
  readonly cells: readonly (Interval | undefined)[];
  readonly next: readonly (Interval | undefined)[];
}

export interface Plan {
  readonly paths: Paths;
  readonly modes: number;
  /** Values of the axis. */
  readonly length: number;
  /** The largest shift either way. */
  readonly margin: number;
  readonly segments: readonly Segment[];
  readonly start: { readonly mode: number; readonly cell: number };
  /** Where paths may end, by mode: of the states after the last position, those in this range. */
  readonly ends: readonly (Range | undefined)[];
}

/** The loops of an automaton; undefined where it has none that are worth it. */
export function findLoops(paths: Paths): Plan | undefined {
  const { automaton, steps } = paths;
  const axis = longestAxis(automaton);
  const length = automaton.axes[axis]?.size ?? 1;
  const modes = automaton.states / length;
  const starts = automaton.starts.filter((state) => steps[0]!.from.includes(state));
  if (modes > MOST_MODES || starts.length !== 1) return undefined;
  const shapes = new Shapes(paths, axis, modes).all();
  const segments = shapes && joined(segment(shapes), shapes);
  if (segments === undefined || segments.length > MOST_SEGMENTS) return undefined;
  const shifts = segments.flatMap(({ groups }) => groups.map(({ shift }) => Math.abs(shift ?? 0)));
  const [mode, cell] = split(automaton, axis, starts[0]!);
  const ends = rangesOf(automaton, axis, modes, automaton.ends);
  if (ends === undefined) return undefined;
  return { paths, modes, length, margin: Math.max(...shifts), segments, start: { mode, cell }, ends };
}

function longestAxis({ axes }: Automaton): number {
  let best = -1;
  axes.forEach((axis, i) => {
    if (axis.type === "number" && axis.size > (axes[best]?.size ?? 0)) best = i;
  });
  return best;
}

/** A state as its mode and its place on the axis. */
function split({ axes }: Automaton, axis: number, state: number): readonly [mode: number, cell: number] {
  const inner = axes.slice(axis + 1).reduce((total, { size }) => total * size, 1);
  const size = axes[axis]?.size ?? 1;
  if (axis < 0) return [state, 0];
  const outer = Math.floor(state / (inner * size));
  return [outer * inner + (state % inner), Math.floor(state / inner) % size];
}

/** What the moves at one position are. */
interface Shape {
  readonly groups: readonly PositionedGroup[];
  readonly cells: readonly (Range | undefined)[];
  readonly next: readonly (Range | undefined)[];
}
export type Range = readonly [low: number, high: number];
interface PositionedGroup {
  /** Equal for groups at different positions that are one. */
  readonly key: string;
  readonly from: number;
  readonly to: number;
  readonly source: Range;
  readonly target: Range;
  readonly shift: number | undefined;
  readonly picks: readonly Pick[];
  readonly whole: boolean;
}

class Shapes {
  private readonly paths: Paths;
  private readonly axis: number;
  private readonly modes: number;
  private readonly slots: Slots;

  constructor(paths: Paths, axis: number, modes: number) {
    this.paths = paths;
    this.axis = axis;
    this.modes = modes;
    this.slots = new Int32Array(paths.automaton.slots);
  }

  /** The shape of each position; undefined where one has none. */
  all(): Shape[] | undefined {
    const { automaton, steps } = this.paths;
    const moving = automaton.moves.some(({ emits }) => emits.some((emission) => emission.moving));
    const shapes: Shape[] = [];
    for (const [position, step] of steps.entries()) {
      const same = !moving && position > 0 && step === steps[position - 1];
      const shape = same ? shapes[position - 1] : this.at(position, step);
      if (shape === undefined) return undefined;
      shapes.push(shape);
    }
    return shapes;
  }

  private at(position: number, step: Step): Shape | undefined {
    const { automaton } = this.paths;
    const cells = rangesOf(automaton, this.axis, this.modes, step.from);
    const next = rangesOf(automaton, this.axis, this.modes, step.to);
    if (cells === undefined || next === undefined) return undefined;
    const lists = new Map<string, { readonly emits: readonly Emission[]; readonly pairs: Pairs }>();
    this.slots[0] = automaton.first + position;
    for (let index = 0; index < step.from.length; index++) {
      const [from, c] = split(automaton, this.axis, step.from[index]!);
      const [to, b] = split(automaton, this.axis, step.to[index]!);
      const move = automaton.moves[step.move[index]!]!;
      putState(automaton, this.slots, step.from[index]!, false);
      putState(automaton, this.slots, step.to[index]!, true);
      const emits = move.emits.filter((emission) => emission.element(this.slots) >= 0);
      const kinds = emits.map((emission) => move.emits.indexOf(emission)).join();
      const key = `${step.move[index]} ${from} ${to} ${kinds}`;
      const known = lists.get(key) ?? {
        emits,
        pairs: { from, to, free: this.isFree(step.move[index]!), c: [], b: [] },
      };
      lists.set(key, known);
      known.pairs.c.push(c);
      known.pairs.b.push(b);
    }
    const groups: PositionedGroup[] = [];
    for (const [key, { emits, pairs }] of lists) {
      const group = this.group(key, emits, pairs, cells, next);
      if (group === undefined) return undefined;
      groups.push(group);
    }
    return { groups, cells, next };
  }

  private isFree(move: number): boolean {
    return this.axis >= 0 && this.paths.automaton.moves[move]!.to[this.axis] === undefined;
  }

  private group(
    key: string,
    emits: readonly Emission[],
    { from, to, free, c, b }: Pairs,
    cells: Shape["cells"],
    next: Shape["next"],
  ): PositionedGroup | undefined {
    const [source, target] = [rangeOf(new Set(c)), rangeOf(new Set(b))];
    if (source === undefined || target === undefined || source === "scattered" || target === "scattered") {
      return undefined;
    }
    const [sources, targets] = [source[1] - source[0] + 1, target[1] - target[0] + 1];
    const by = b[0]! - c[0]!;
    const shift = !free && c.length === sources && c.every((each, i) => b[i] === each + by) ? by : undefined;
    if (shift === undefined && c.length !== sources * targets) return undefined;
    const picks = emits.map((emission) => this.pick(emission, from, to));
    if (picks.includes(undefined)) return undefined;
    const [low, high] = [cells[from]!, next[to]!];
    const reach = shift === undefined ? source : [Math.max(low[0], high[0] - shift), Math.min(low[1], high[1] - shift)];
    const whole = shift !== undefined && reach[0] === source[0] && reach[1] === source[1];
    return { key: `${key} ${shift}`, from, to, source, target, shift, picks: picks as Pick[], whole };
  }

  /** The element as a function of the position and the two places on the axis. */
  private pick({ affine }: Emission, from: number, to: number): Pick | undefined {
    if (affine === undefined) return undefined;
    const { automaton } = this.paths;
    let { constant } = affine;
    const rates = { position: 0, source: 0, next: 0 };
    const value = (mode: number, axis: number) => {
      putState(automaton, this.slots, this.stateOf(mode), false);
      return this.slots[slotOf(axis)]!;
    };
    for (const [slot, rate] of affine.coefficients) {
      if (slot === 0) {
        constant += rate * automaton.first;
        rates.position += rate;
      }
      for (const [axis, { low }] of automaton.axes.entries()) {
        const isSource = slot === slotOf(axis);
        if (!isSource && slot !== nextSlotOf(automaton.axes, axis)) continue;
        constant += rate * (axis === this.axis ? low : value(isSource ? from : to, axis));
        if (axis === this.axis) rates[isSource ? "source" : "next"] += rate;
      }
    }
    return { constant, ...rates };
  }

  /** The first state of a mode. */
  private stateOf(mode: number): number {
    const { axes } = this.paths.automaton;
    if (this.axis < 0) return mode;
    const inner = axes.slice(this.axis + 1).reduce((total, { size }) => total * size, 1);
    return Math.floor(mode / inner) * inner * axes[this.axis]!.size + (mode % inner);
  }
}

/** The states of each mode as a range; undefined where they are not one. */
function rangesOf(
  automaton: Automaton,
  axis: number,
  modes: number,
  states: Iterable<number>,
): (Range | undefined)[] | undefined {
  const cells = Array.from({ length: modes }, () => new Set<number>());
  for (const state of states) {
    const [mode, cell] = split(automaton, axis, state);
    cells[mode]!.add(cell);
  }
  const ranges = cells.map((set) => rangeOf(set));
  return ranges.includes("scattered") ? undefined : (ranges as (Range | undefined)[]);
}

interface Pairs {
  readonly from: number;
  readonly to: number;
  /** The next place on the axis is any. */
  readonly free: boolean;
  readonly c: number[];
  readonly b: number[];
}

function rangeOf(numbers: ReadonlySet<number>): Range | undefined | "scattered" {
  if (numbers.size === 0) return undefined;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of numbers) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return high - low + 1 === numbers.size ? [low, high] : "scattered";
}

/** Stretches of positions along straight lines, as long as they can be, from the first on. */
function segment(shapes: readonly Shape[]): Segment[] {
  const segments: Segment[] = [];
  for (let from = 0; from < shapes.length; ) {
    const second = shapes[from + 1];
    const slanted = second !== undefined && alike(shapes[from]!, second);
    const line = straight(shapes[from]!, slanted ? second : shapes[from]!, from);
    let to = from + 1;
    while (slanted && to < shapes.length && alike(shapes[from]!, shapes[to]!) && fits(line, shapes[to]!, to)) to++;
    segments.push({ from, to, ...line });
    from = to;
  }
  return segments;
}

function alike(a: Shape, b: Shape): boolean {
  return (
    a.groups.length === b.groups.length &&
    a.groups.every(({ key, whole }, i) => key === b.groups[i]!.key && whole === b.groups[i]!.whole) &&
    a.cells.every((range, mode) => (range === undefined) === (b.cells[mode] === undefined)) &&
    a.next.every((range, mode) => (range === undefined) === (b.next[mode] === undefined))
  );
}

type Lines = Omit<Segment, "from" | "to">;

/** The lines through what is said of two positions in a row. */
function straight(first: Shape, second: Shape, position: number): Lines {
  const line = (a: number, b: number): Line => ({ base: a - (b - a) * position, slope: b - a });
  const bound = (of: Bound["of"], a: number, b: number): Bound => ({ of, lines: [line(a, b)] });
  const interval = (a: Range, b: Range): Interval => ({
    low: bound("max", a[0], b[0]),
    high: bound("min", a[1], b[1]),
  });
  const intervals = (a: Shape["cells"], b: Shape["cells"]) =>
    a.map((range, mode) => (range === undefined ? undefined : interval(range, b[mode]!)));
  return {
    groups: first.groups.map((group, i) => ({
      ...group,
      source: interval(group.source, second.groups[i]!.source),
      target: interval(group.target, second.groups[i]!.target),
    })),
    cells: intervals(first.cells, second.cells),
    next: intervals(first.next, second.next),
  };
}

function fits({ groups, cells, next }: Lines, shape: Shape, position: number): boolean {
  const same = (interval: Interval | undefined, range: Range | undefined) =>
    interval === undefined ||
    (boundAt(interval.low, position) === range![0] && boundAt(interval.high, position) === range![1]);
  return (
    groups.every(
      ({ source, target }, i) => same(source, shape.groups[i]!.source) && same(target, shape.groups[i]!.target),
    ) &&
    cells.every((interval, mode) => same(interval, shape.cells[mode])) &&
    next.every((interval, mode) => same(interval, shape.next[mode]))
  );
}

/** Neighbouring stretches as one where the ends of their intervals are the larger or the lesser of both lines. */
function joined(segments: readonly Segment[], shapes: readonly Shape[]): Segment[] {
  const result: Segment[] = [];
  for (const next of segments) {
    const last = result[result.length - 1];
    const both = last && alike(shapes[last.from]!, shapes[next.from]!) ? joinTwo(last, next, shapes) : undefined;
    if (both === undefined) result.push(next);
    else result[result.length - 1] = both;
  }
  return result;
}

function joinTwo(a: Segment, b: Segment, shapes: readonly Shape[]): Segment | undefined {
  const interval = (x: Interval, y: Interval): Interval => ({ low: join(x.low, y.low), high: join(x.high, y.high) });
  const intervals = (x: Segment["cells"], y: Segment["cells"]) =>
    x.map((each, mode) => (each === undefined ? undefined : interval(each, y[mode]!)));
  const lines: Lines = {
    groups: a.groups.map((group, i) => ({
      ...group,
      source: interval(group.source, b.groups[i]!.source),
      target: interval(group.target, b.groups[i]!.target),
    })),
    cells: intervals(a.cells, b.cells),
    next: intervals(a.next, b.next),
  };
  for (let position = a.from; position < b.to; position++) {
    if (!fits(lines, shapes[position]!, position)) return undefined;
  }
  return { from: a.from, to: b.to, ...lines };
}

/** Low ends are the largest, high ends the least of the lines. */
function join({ of, lines }: Bound, other: Bound): Bound {
  const more = other.lines.filter(({ base, slope }) => !lines.some((l) => l.base === base && l.slope === slope));
  return { of, lines: [...lines, ...more] };
}
