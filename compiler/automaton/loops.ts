/**
 * The layout of automata that are loops: tables have a row for each position and, for each mode, a column for each
 * value of the axis, with room for the largest shift on either side.
 */
import type { Cell, Layout, MoveText, Row, Walk } from "./layout.ts";
import type { Bound, Group, Interval, Pick, Plan, Segment } from "./plan.ts";

/** `p + 3`, `2 * p - 1`, `4`: sums of multiples of names. */
export function sum(constant: number, ...terms: readonly (readonly [factor: number, name: string])[]): string {
  let text = "";
  const add = (factor: number, term: string) => {
    if (text === "") text = factor < 0 ? `-${term}` : term;
    else text += factor < 0 ? ` - ${term}` : ` + ${term}`;
  };
  for (const [factor, name] of terms) {
    if (factor !== 0) add(factor, Math.abs(factor) === 1 ? name : `${Math.abs(factor)} * ${name}`);
  }
  if (constant !== 0 || text === "") add(constant, String(Math.abs(constant)));
  return text;
}

/** A bound, and how much more. */
function boundText({ of, lines }: Bound, more = 0): string {
  return lines.map(({ base, slope }) => sum(base + more, [slope, "p"])).reduce((a, b) => `${of}(${a}, ${b})`);
}
export const rangeText = ({ low, high }: Interval) => `${boundText(low)}..${boundText(high, 1)}`;

/** The positions of a segment; an example of some size has no more than that. */
export function positionsText({ paths }: Plan, { from, to }: Segment): string {
  return `${from}..${paths.endsAnywhere ? `min(${to}, size)` : to}`;
}

/** The element of the embedding that a pick is, for a move from `c` to `b`. */
export const pickText = ({ constant, position, source, next }: Pick, c = "c", b = "b") =>
  sum(constant, [position, "p"], [source, c], [next, b]);

/** Whether what a group picks is the same for all its moves at a position. */
export const isEven = ({ picks }: Group) => picks.every(({ source, next }) => source === 0 && next === 0);

/** A cell of a mode in a row of tables; `place` is on the axis. */
export function cellAt(plan: Plan, mode: number, row: string, place: string): Cell {
  const column = plan.margin === 0 ? place : `${place} + ${plan.margin}`;
  return (table, rank) => `${table}_${mode}[${row}, ${column}${rank === undefined ? "" : `, ${rank}`}]`;
}

export const tableText = (plan: Plan, name: string, fill: string, ranks?: string) => {
  const shape = [plan.paths.steps.length + 1, plan.length + 2 * plan.margin, ...(ranks === undefined ? [] : [ranks])];
  return modesOf(plan)
    .map((mode) => `shared ${name}_${mode}: f32[${shape.join(", ")}] = ${fill}\n`)
    .join("");
};

const modesOf = (plan: Plan) => Array.from({ length: plan.modes }, (_, mode) => mode);

export function loopLayout(plan: Plan): Layout {
  const { segments, start, paths } = plan;
  const steps = paths.steps.length;
  const rowOf = (segment: Segment): Row => ({
    cells: (statement) =>
      cellsOf(segment)
        .map(([mode, range]) => `for c in ${rangeText(range)} { ${statement(cellAt(plan, mode, "p", "c"))} }\n`)
        .join(""),
    moves: (statement) => segment.groups.map((group) => movesText(plan, group, statement)).join(""),
  });
  return {
    parameters: paths.endsAnywhere ? "size, " : "",
    values: new Map(),
    size: paths.automaton.size,
    length: steps,
    setup: "",
    table: (name, fill, ranks) => tableText(plan, name, fill, ranks),
    start: cellAt(plan, start.mode, "0", String(start.cell)),
    ends: (statement) => endsText(plan, statement),
    backwards: (row) =>
      [...segments]
        .reverse()
        .map((segment) => `for p in reversed(${positionsText(plan, segment)}) {\n${row(rowOf(segment))}}\n`)
        .join(""),
    forwards: (row) =>
      segments.map((segment) => `for p in ${positionsText(plan, segment)} {\n${row(rowOf(segment))}}\n`).join(""),
    walk: (walk) => walkText(plan, walk),
  };
}

/** A statement for each state at which a path may end, of those that one can come to. */
export function endsText(plan: Plan, statement: (cell: Cell) => string): string {
  const { segments, paths, ends } = plan;
  const steps = paths.steps.length;
  const row = paths.endsAnywhere ? "size" : String(steps);
  const endsOf = ({ next }: Segment) =>
    next
      .map((range, mode) => {
        const end = ends[mode];
        if (range === undefined || end === undefined) return "";
        const [low, high] = [boundText(range.low), boundText(range.high)];
        const both = `max(${low}, ${end[0]})..min(${high}, ${end[1]}) + 1`;
        return `for c in ${both} { ${statement(cellAt(plan, mode, row, "c"))} }\n`;
      })
      .join("");
  const last = `let p = ${row} - 1\n`;
  if (!paths.endsAnywhere) return `${last}${endsOf(segments[segments.length - 1]!)}`;
  return segments
    .map((segment) => `if size > ${segment.from} and size <= ${segment.to} {\n${last}${endsOf(segment)}}\n`)
    .join("");
}

/** The modes that have states before a position, with their intervals. */
export function cellsOf({ cells }: Segment): (readonly [mode: number, range: Interval])[] {
  return cells.flatMap((range, mode) => (range === undefined ? [] : [[mode, range] as const]));
}

function moveText(plan: Plan, group: Group, c: string, b: string): MoveText {
  const worth = group.picks.map((pick) => `utility[${pickText(pick, c, b)}]`);
  return {
    from: cellAt(plan, group.from, "p", c),
    to: cellAt(plan, group.to, "p + 1", b),
    plus: (value) => [...worth, value].join(" + "),
    picks: (statement) => group.picks.map((pick) => statement(pickText(pick, c, b))).join(""),
  };
}

function movesText(plan: Plan, group: Group, statement: (move: MoveText) => string): string {
  const { source, target, shift } = group;
  const body =
    shift === undefined
      ? `for b in ${rangeText(target)} { ${statement(moveText(plan, group, "c", "b"))} }\n`
      : statement(moveText(plan, group, "c", sum(shift, [1, "c"])));
  return `for c in ${rangeText(source)} { ${body} }\n`;
}

/** A walk through all positions: `mode` and `place` are the state; what is taken is the number of a group. */
function walkText(plan: Plan, walk: Walk): string {
  const { segments, start } = plan;
  return `var mode = ${start.mode}
var place = ${start.cell}
${segments
  .map(
    (segment) => `for p in ${positionsText(plan, segment)} {
var taken = -1
var next = 0
${cellsOf(segment)
  .map(([mode]) => `if mode == ${mode} {\n${optionsText(plan, segment, mode, walk)}}\n`)
  .join("else ")}
${segment.groups
  .map((group, index) => {
    const { picks } = moveText(plan, group, "place", "next");
    return `if taken == ${index} {\n${picks(walk.pick)}mode = ${group.to}\n}\n`;
  })
  .join("else ")}
place = next
}
`,
  )
  .join("")}`;
}

function optionsText(plan: Plan, { groups }: Segment, mode: number, { arrive, option }: Walk): string {
  const options = groups.map((group, index) => {
    const { source, target, shift } = group;
    if (group.from !== mode) return "";
    const b = shift === undefined ? "b" : sum(shift, [1, "place"]);
    const text = option(moveText(plan, group, "place", b), `taken = ${index}\nnext = ${b}`);
    const body = shift === undefined ? `for b in ${rangeText(target)} {\n${text}}\n` : text;
    return `if place >= ${boundText(source.low)} and place <= ${boundText(source.high)} {\n${body}}\n`;
  });
  return `${arrive(cellAt(plan, mode, "p", "place"), "p")}${options.join("")}`;
}
