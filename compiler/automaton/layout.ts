/**
 * How tables over the states of an automaton lie in memory, and how loops over its moves are written: what the texts of
 * the derived kernels (algorithms.ts) are made with. There are two layouts: loops.ts and network.ts.
 */
import type { StaticValue } from "../static-value.ts";

/** Utilities that mean never, divided by a temperature or not, lie below this. */
export const NEVER = "-1e20";

/** The text of an element of a table at some state, such as `best_0[i + 1, c]`; `rank` is a last index of its own. */
export type Cell = (table: string, rank?: string) => string;

/** A move as a kernel's text sees it. */
export interface MoveText {
  readonly from: Cell;
  readonly to: Cell;
  /** The expression of a value with the utilities of what the move picks added to it. */
  readonly plus: (value: string) => string;
  /** The statement for each element that it picks. */
  readonly picks: (statement: (element: string) => string) => string;
}

/** All states and moves at one position. */
export interface Row {
  /** A statement for each state at which a move begins. */
  readonly cells: (statement: (cell: Cell) => string) => string;
  /** A statement for each move. */
  readonly moves: (statement: (move: MoveText) => string) => string;
}

/** A walk along one path: at each state on it, what is done first, and for each move whether it is the one to take. */
export interface Walk {
  /** Statements at a state, before its options and in one block with them; `position` counts the moves so far. */
  readonly arrive: (cell: Cell, position: string) => string;
  /** Statements for a move that could be made; `take` is the statement that notes it as the one. */
  readonly option: (move: MoveText, take: string) => string;
  /** The statement for each element that the path picks. */
  readonly pick: (element: string) => string;
}

export interface Layout {
  /** Compile-time parameters of the kernels, each followed by a comma, and their values. */
  readonly parameters: string;
  readonly values: ReadonlyMap<string, StaticValue>;
  /** Elements of the embedding. */
  readonly size: number;
  /** Moves of a path, at most. */
  readonly length: number;
  /** Statements before all others; there is an array `utility` by then. */
  readonly setup: string;
  /** Declares a table with one element for each state at each position, or with `ranks` of them. */
  readonly table: (name: string, fill: string, ranks?: string) => string;
  readonly start: Cell;
  /** A statement for each state at which a path may end. */
  readonly ends: (statement: (cell: Cell) => string) => string;
  /** The text for all positions, from the last to the first and the other way round. */
  readonly backwards: (row: (row: Row) => string) => string;
  readonly forwards: (row: (row: Row) => string) => string;
  readonly walk: (walk: Walk) => string;
  /** Faster ways to do what takes most time, where there are some. */
  readonly fast?: Fast;
}

export interface Fast {
  /** Statements for the table `best` of the most that can still come, for each state. */
  readonly maxima: () => string;
  /** Statements after which `safe` says whether the next two may be done. */
  readonly sums: () => string;
  /** log Σ exp(worth of a whole path), as an expression. */
  readonly logSum: () => string;
  /** Statements that add the marginals to `mu`. */
  readonly shares: () => string;
}
