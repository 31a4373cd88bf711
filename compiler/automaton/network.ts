/**
 * The layout for any automaton: states at positions are numbered, and moves are listed in tables. Slower than loops and
 * as long as the lists, but nothing is asked of the automaton.
 */
import type { StaticValue } from "../static-value.ts";
import type { Cell, Layout, MoveText, Row } from "./layout.ts";
import { emissions, type Paths } from "./paths.ts";

/** Longer lists than this are no part of a program's text. */
export const MOST_LISTED = 2 ** 18;

export function networkLayout(paths: Paths): Layout {
  const { values, nodes, moves, most } = listMoves(paths);
  const ranks = Array.from({ length: most }, (_, rank) => `pick_${rank}`);
  const at =
    (node: string): Cell =>
    (table, rank) =>
      `${table}[${node}${rank === undefined ? "" : `, ${rank}`}]`;
  const move = (node: string, index: string): MoveText => ({
    from: at(node),
    to: at(`into(moves, ${index})`),
    plus: (value) => `worth[${index}] + ${value}`,
    picks: (statement) =>
      ranks
        .map((table) => `let element = from(${table}, ${index})\nif element >= 0 { ${statement("element")} }\n`)
        .join(""),
  });
  const rowAt = (node: string): Row => ({
    cells: (statement) => statement(at(node)),
    moves: (statement) =>
      `for edge in from(leaving, ${node})..into(leaving, ${node}) { ${statement(move(node, "edge"))} }\n`,
  });
  const length = paths.steps.length + 2;
  return {
    parameters: ["moves", "leaving", ...ranks].map((name) => `${name}: Graph, `).join(""),
    values,
    size: paths.automaton.size,
    length,
    setup: `shared worth: f32[${moves}]
for edge in 0..${moves} {
  ${move("0", "edge").picks((element) => `worth[edge] += utility[${element}]`)}}
`,
    table: (name, fill, ranks) => `shared ${name}: f32[${nodes}${ranks === undefined ? "" : `, ${ranks}`}] = ${fill}\n`,
    start: at("0"),
    ends: (statement) => statement(at(`${nodes - 1}`)),
    backwards: (row) => `for node in reversed(0..${nodes - 1}) {\n${row(rowAt("node"))}}\n`,
    forwards: (row) => `for node in 0..${nodes - 1} {\n${row(rowAt("node"))}}\n`,
    walk: ({ arrive, option, pick }) => `var node = 0
for step in 0..${length} {
  if node < ${nodes - 1} {
    var taken = from(leaving, node)
    ${arrive(at("node"), "step")}
    for edge in from(leaving, node)..into(leaving, node) { ${option(move("node", "edge"), "taken = edge")} }
    ${move("node", "taken").picks(pick)}
    node = into(moves, taken)
  }
}
`,
  };
}

type Pairs = (readonly [number, number])[];

/**
 * Node 0 leads to all first states, and all last states lead to the last node. Tables are graphs: the moves from node
 * to node, for each node the moves that leave it (from the first up to the next node's), for each move what it picks
 * first, second and so on, −1 where that is nothing.
 */
function listMoves(paths: Paths): { values: Map<string, StaticValue>; nodes: number; moves: number; most: number } {
  const { automaton, steps } = paths;
  const slots = new Int32Array(automaton.slots);
  const numbers = numberStates(paths);
  const last = numbers.reduce((total, states) => total + states.size, 1);
  const moves: Pairs = [];
  const leaving: Pairs = [];
  const picked: (readonly number[])[] = [];
  const add = (from: number, to: number, elements: readonly number[]) => {
    picked.push(elements);
    moves.push([from, to]);
  };
  const first = numbers[0]!;
  for (const state of automaton.starts) if (first.has(state)) add(0, first.get(state)!, []);
  leaving.push([0, moves.length]);
  steps.forEach((step, position) => {
    const byState = new Map([...numbers[position]!.keys()].map((state) => [state, [] as number[]]));
    for (const [index, state] of step.from.entries()) byState.get(state)!.push(index);
    for (const [state, list] of byState) {
      const begin = moves.length;
      for (const index of list) {
        const to = numbers[position + 1]!.get(step.to[index]!)!;
        add(numbers[position]!.get(state)!, to, emissions(paths, position, step, index, slots));
      }
      leaving.push([begin, moves.length]);
    }
  });
  for (const node of numbers[steps.length]!.values()) {
    leaving.push([moves.length, moves.length + 1]);
    add(node, last, []);
  }
  const most = Math.max(...automaton.moves.map((move) => move.emits.length));
  const tables: (readonly [string, Pairs])[] = [
    ["moves", moves],
    ["leaving", leaving],
    ...Array.from({ length: most }, (_, rank) => {
      const column: Pairs = picked.map((elements) => [elements[rank] ?? -1, 0]);
      return [`pick_${rank}`, column] as const;
    }),
  ];
  const values = new Map<string, StaticValue>(
    tables.map(([label, edges]) => [label, { kind: "graph", vertices: last + 1, directed: true, edges, label }]),
  );
  return { values, nodes: last + 1, moves: moves.length, most };
}

/** Numbers from 1 on for the states at each position that some path comes through, in order. */
function numberStates({ steps }: Paths): Map<number, number>[] {
  let count = 1;
  const number = (states: Iterable<number>) =>
    new Map([...new Set(states)].sort((a, b) => a - b).map((state) => [state, count++] as const));
  return [...steps.map((step) => number(step.from)), number(steps[steps.length - 1]!.to)];
}
