/**
 * Marginals and maxima by loops that do much at once: sums of products of exp(utility) themselves, one exponential for
 * each element and none for each move, which is right as long as no sum leaves the range of numbers.
 *
 * That it does not is made sure of. Let exp(±E) be numbers, with E of 700 in float64 (precision.ts). Where all paths
 * together lie within e^±(13/14 E) there is nothing to see to. Otherwise rows of `after` are checked and scaled to a
 * largest value of 1 so often that values change by no more than e^(3/7 E) on the way, all ways up and down together;
 * at a check none but 0 may be below e^−(4/7 E). So all values of `after` and `before` lie within e^±E, since
 * Σ before · after is the same at every position. What cannot be seen to in this way is left to the other algorithm, on
 * logarithms.
 *
 * Where paths are tilted (tilt.ts) values may vanish, if those that do are of no account: `before` of a state is at
 * most the product of what the moves at each position before weigh, of any one state, so a value of `after` below
 * e^−E adds at most that much times e^−E, which must be less than e^−(3/7 E) of the whole sum. At position 0 the sum
 * is scaled to 1.
 */
import { type Fast, NEVER } from "./layout.ts";
import { cellAt, cellsOf, endsText, isEven, pickText, positionsText, rangeText, sum, tableText } from "./loops.ts";
import type { Group, Pick, Plan, Segment } from "./plan.ts";
import { leanText, tiltOf, tiltText } from "./tilt.ts";

/** What values may grow and shrink by between checks, and lie apart at one, as logarithms. */
const GROWTH = "f32.exponent * 3 / 7";
const SPREAD = "f32.exponent * 4 / 7";
/** Where all paths lie within this there are no checks. */
const SAFE = "f32.exponent * 13 / 14";

/** Groups of moves out of a mode, or into one: those that one loop over its states can do, and the others. */
interface Gathered {
  readonly together: readonly Group[];
  readonly apart: readonly Group[];
}

function gathered(groups: readonly Group[]): Gathered {
  const isTogether = (group: Group) => group.whole && isEven(group);
  return { together: groups.filter(isTogether), apart: groups.filter((group) => !isTogether(group)) };
}

/** Writes sums of products, or maxima of sums: how values are joined, and a move's weight is applied. */
interface Algebra {
  readonly table: string;
  /** The array that weights are read from, and what joins them. */
  readonly weights: string;
  readonly times: "*" | "+";
  readonly join: (a: string, b: string) => string;
  /** What a sum, or a maximum, begins with. */
  readonly nothing: string;
  /** A further factor of moves by a shift, if there is one. */
  readonly lean: (shift: number) => string | undefined;
}

/** Sums of products; `tilted` where moves are weighted by how far they go, see tilt.ts. */
function sums(plan: Plan): Algebra {
  const tilted = tiltOf(plan) !== undefined;
  return {
    table: "after",
    weights: "weight",
    times: "*",
    join: (a, b) => `${a} + ${b}`,
    nothing: "0.0",
    lean: (shift) => (tilted && shift !== 0 ? leanText(shift) : undefined),
  };
}
const MAXIMA: Algebra = {
  table: "best",
  weights: "utility",
  times: "+",
  join: (a, b) => `max(${a}, ${b})`,
  nothing: "-1e35",
  lean: () => undefined,
};

/** The row before a position from the one after it, in one mode after the other. */
function gatherRow(plan: Plan, segment: Segment, algebra: Algebra): string {
  return cellsOf(segment)
    .map(([mode, range]) => {
      const { together, apart } = gathered(segment.groups.filter(({ from }) => from === mode));
      const own = cellAt(plan, mode, "p", "c")(algebra.table);
      const terms = together.map((group) => {
        const to = cellAt(plan, group.to, "p + 1", sum(group.shift!, [1, "c"]))(algebra.table);
        return weighted(algebra, to, evenWeight(segment, group, algebra));
      });
      const first =
        terms.length === 0 ? "" : `for c in ${rangeText(range)} { ${own} = ${terms.reduce(algebra.join)} }\n`;
      return first + apart.map((group) => gatherApart(plan, group, algebra, own)).join("");
    })
    .join("");
}

function weighted({ times }: Algebra, value: string, weight: string | undefined): string {
  return weight === undefined ? value : `${weight} ${times} ${value}`;
}

/** The name of the weight that all moves of a group have, if they have one; `evenWeights` declares it. */
function evenWeight(segment: Segment, group: Group, { weights, lean }: Algebra): string | undefined {
  const has = group.picks.length > 0 || lean(group.shift ?? 0) !== undefined;
  return has ? `${weights}_${segment.groups.indexOf(group)}` : undefined;
}

function evenWeights(segment: Segment, algebra: Algebra): string {
  return segment.groups
    .map((group) => {
      const name = evenWeight(segment, group, algebra);
      if (name === undefined || !isEven(group) || !group.whole) return "";
      const factors = [...picksText(group.picks, algebra), algebra.lean(group.shift!)].filter(
        (each) => each !== undefined,
      );
      return `let ${name} = ${factors.join(` ${algebra.times} `)}\n`;
    })
    .join("");
}

function picksText(picks: readonly Pick[], { weights }: Algebra): string[] {
  return picks.map((pick) => `${weights}[${pickText(pick)}]`);
}

function product(picks: readonly Pick[], algebra: Algebra): string {
  return picksText(picks, algebra).join(` ${algebra.times} `);
}

/** Moves with weights of their own, or that are not all there are: added to what is in the row already. */
function gatherApart(plan: Plan, group: Group, algebra: Algebra, own: string): string {
  const { picks, shift, source, target } = group;
  const lean = algebra.lean(shift ?? 0);
  const factors = [...picksText(picks, algebra), ...(lean === undefined ? [] : [lean])];
  const weight = factors.length === 0 ? undefined : factors.join(` ${algebra.times} `);
  if (shift !== undefined) {
    const to = cellAt(plan, group.to, "p + 1", sum(shift, [1, "c"]))(algebra.table);
    return `parallel for c in ${rangeText(source)} { ${own} = ${algebra.join(own, weighted(algebra, to, weight))} }\n`;
  }
  const to = cellAt(plan, group.to, "p + 1", "b")(algebra.table);
  return `parallel for c in ${rangeText(source)} {
  var total = ${algebra.nothing}
  for b in ${rangeText(target)} { total = ${algebra.join("total", weighted(algebra, to, weight))} }
  ${own} = ${algebra.join(own, "total")}
}
`;
}

/** The loops of a plan, written to be fast. */
export function fastLoops(plan: Plan): Fast {
  const start = cellAt(plan, plan.start.mode, "0", String(plan.start.cell));
  const tilt = tiltOf(plan);
  return {
    maxima: () => maximaText(plan),
    sums: () => sumsText(plan),
    logSum: () => `lift + log(${start("after")})${tilt === undefined ? "" : ` + tilt * ${tilt}`}`,
    shares: () => sharesText(plan),
  };
}

/** Statements for the table `best` of the most that can still come. */
function maximaText(plan: Plan): string {
  return [...plan.segments]
    .reverse()
    .map(
      (segment) => `for p in reversed(${positionsText(plan, segment)}) {
${evenWeights(segment, MAXIMA)}${gatherRow(plan, segment, MAXIMA)}}
`,
    )
    .join("");
}

/** Constants of an automaton that say how fast values can grow. */
function growth({ paths: { automaton, steps, logCount }, segments }: Plan) {
  const widths = segments.flatMap(({ groups }) => groups.map(({ picks }) => picks.length));
  const branches = automaton.moves.reduce(
    (total, { to }) =>
      total + to.reduce((product, f, i) => product * (f === undefined ? automaton.axes[i]!.size : 1), 1),
    0,
  );
  return { picks: Math.max(...widths), branches: Math.log(branches), steps: steps.length, logCount };
}

/**
 * Statements for the table `after` of Σ exp(worth of what can still come), scaled, with `scale` of each row and `lift`,
 * the logarithm of what has been divided by; `safe` tells whether that is right.
 */
function sumsText(plan: Plan): string {
  const { picks, branches, steps, logCount } = growth(plan);
  const { size } = plan.paths.automaton;
  const most = mostPicked(plan);
  const tilt = tiltOf(plan);
  const start = cellAt(plan, plan.start.mode, "0", String(plan.start.cell));
  // What does not take part may be any number.
  const counts = plan.paths.endsAnywhere ? `u[e] > ${NEVER} and u[e] < f32.exponent` : `u[e] > ${NEVER}`;
  return `var highest = 0.0
var lowest = 0.0
${rangeOfUtilities(plan)}
var safe = true
var every = ${steps + 1}
let near = ${most} * highest + ${logCount} <= ${SAFE} and ${most} * lowest >= -(${SAFE})
if not near and ${picks} * (highest - lowest) + ${branches} > ${GROWTH} { safe = false }
shared weight: f32[${size}]
if safe { parallel for e in 0..${size} { weight[e] = if ${counts} then exp(u[e]) else 0.0 } }
${tilt === undefined ? "" : tiltText(plan, tilt, picks)}
if safe and not near {
  ${changesText(plan, tilt !== undefined)}
  let growth = ${tilt === undefined ? "up - down" : "max(up, -down)"} + ${branches}
  if growth > ${GROWTH} { safe = false } else { every = i32(floor((${GROWTH}) / max(growth, 1e-9))) }
}
var check = if near then -1 else max(${plan.paths.endsAnywhere ? "size" : steps} - every, 0)
var lift = 0.0
shared scale: f32[${steps + 1}] = 1
${tableText(plan, "after", "0")}${endsText(plan, (cell) => `${cell("after")} = 1\n`)}
${tilt === undefined ? "" : "var left = 0.0\nvar most = 1.0\nvar risk = 0.0\n"}
${[...plan.segments]
  .reverse()
  .map((segment) => sumsOf(plan, segment))
  .join("")}${tilt === undefined ? "" : `if safe and not near and left + risk > lift + (${SPREAD}) { safe = false }\n`}
if constant(${start("after")}) <= 0 { safe = false }
`;
}

/** Statements that let `highest` and `lowest` be no less and no more than the utilities of all that may be picked. */
function rangeOfUtilities(plan: Plan): string {
  const look = (e: string) => `if u[${e}] > ${NEVER} {
  highest = max(highest, constant(u[${e}]))
  lowest = min(lowest, constant(u[${e}]))
}
`;
  const { paths, segments } = plan;
  if (!paths.endsAnywhere) return `for e in 0..${paths.automaton.size} { ${look("e")} }\n`;
  return segments
    .map((segment) => {
      const even = new Set(segment.groups.filter(isEven).flatMap(({ picks }) => picks.map((pick) => pickText(pick))));
      const others = segment.groups.filter((group) => !isEven(group));
      const each = ({ source, target, shift, picks }: Group) => {
        const looks = picks.map((pick) => look(pickText(pick))).join("");
        const inner = shift === undefined ? `for b in ${rangeText(target)} { ${looks} }` : looks;
        return `for c in ${rangeText(source)} { ${inner} }\n`;
      };
      const body = [...even].map(look).join("") + others.map(each).join("");
      return `for p in ${positionsText(plan, segment)} {\n${body}}\n`;
    })
    .join("");
}

/** `up` and `down`: how much the weight of one move changes a value by, at most, as logarithms. */
function changesText({ segments }: Plan, tilted: boolean): string {
  const kinds = segments.flatMap(({ groups }) =>
    groups.map(({ picks, shift }) => `${picks.length}|${tilted ? sum(0, [-(shift ?? 0), "tilt"]) : "0"}`),
  );
  const changes = [...new Set(kinds)].map((kind) => {
    const [picks, leaning] = kind.split("|");
    return `up = max(up, ${picks} * highest + ${leaning})\ndown = min(down, ${picks} * lowest + ${leaning})\n`;
  });
  return `var up = 0.0\nvar down = 0.0\n${changes.join("")}`;
}

/** Rows from the last position of a segment to its first; at a check the row is scaled, zeros and all. */
function sumsOf(plan: Plan, segment: Segment): string {
  const tilted = tiltOf(plan) !== undefined;
  const cells = cellsOf(segment).map(([mode]) => cellAt(plan, mode, "p", "c")("after"));
  const rows = (statement: (cell: string) => string) =>
    `for c in 0..${plan.length} {\n${cells.map(statement).join("")}}\n`;
  const spread = `if value > 0 and value < low { low = value }\n`;
  return `if safe {
for p in reversed(${positionsText(plan, segment)}) {
${evenWeights(segment, sums(plan))}${gatherRow(plan, segment, sums(plan))}${tilted ? mostText(plan, segment) : ""}
if p <= check {
  var top = 0.0
  var low = f32.largest
  ${rows((cell) => `let value = constant(${cell})\ntop = max(top, value)\n${tilted ? "" : spread}`)}
  if top <= 0 or ${tilted ? "top > f32.largest" : `low < top * exp(-(${SPREAD}))`} {
    safe = false
    break
  }
  let factor = constant(1 / top)
  scale[p] = factor
  ${tilted ? RISK : ""}lift += constant(log(top))
  check = max(p - every, 0)
  parallel ${rows((cell) => `${cell} *= factor\n`)}
}
}
}
`;
}

/** The most that the moves of a state weigh together, for all positions since the last check. */
function mostText(plan: Plan, segment: Segment): string {
  const modes = cellsOf(segment).map(([mode]) => {
    const own = segment.groups.filter(({ from }) => from === mode);
    return own.map((group) => evenWeight(segment, group, sums(plan)) ?? "1").join(" + ");
  });
  return `most *= constant(${modes.reduce((a, b) => `max(${a}, ${b})`)})\n`;
}

/** What is lost weighs less than the smallest number: see the top of this file. */
const RISK = `let before = left
left += constant(log(most))
most = 1
risk = max(risk, lift - min(before, left))
`;

/** Statements that add the marginals to `mu` where sums are right: what came before, move by move, and its shares. */
function sharesText(plan: Plan): string {
  const { segments, start } = plan;
  const cell = cellAt(plan, start.mode, "0", String(start.cell));
  return `${tableText(plan, "before", "0")}${cell("before")} = 1
let unit = 1 / ${cell("after")}
${segments.map((segment) => sharesOf(plan, segment)).join("")}`;
}

function sharesOf(plan: Plan, segment: Segment): string {
  const scaled = cellsOf(segment).map(([mode, range]) => {
    const own = cellAt(plan, mode, "p", "c")("before");
    return `parallel for c in ${rangeText(range)} { ${own} *= scale[p] }\n`;
  });
  const modes = segment.next.map((range, mode) => {
    if (range === undefined) return "";
    const { together, apart } = gathered(segment.groups.filter(({ to }) => to === mode));
    const joined = together.length === 0 ? "" : sharesTogether(plan, segment, mode, together);
    return joined + apart.map((group) => sharesApart(plan, group)).join("");
  });
  return `for p in ${positionsText(plan, segment)} {
if scale[p] != 1 {\n${scaled.join("")}}
${evenWeights(segment, sums(plan))}${modes.join("")}}
`;
}

/** The row after a position from the one before it; what moves of a group carry is summed up and shared out once. */
function sharesTogether(plan: Plan, segment: Segment, mode: number, groups: readonly Group[]): string {
  const number = (group: Group) => segment.groups.indexOf(group);
  const picking = groups.filter(({ picks }) => picks.length > 0);
  const moved = groups.map((group) => {
    const from = cellAt(plan, group.from, "p", sum(-group.shift!, [1, "c"]))("before");
    return `let moved_${number(group)} = ${from}\n`;
  });
  const terms = groups.map((group) =>
    weighted(sums(plan), `moved_${number(group)}`, evenWeight(segment, group, sums(plan))),
  );
  const next = cellAt(plan, mode, "p + 1", "c");
  return `${picking.map((group) => `var flow_${number(group)} = 0.0\n`).join("")}
for c in ${rangeText(segment.next[mode]!)} {
${moved.join("")}${next("before")} = ${terms.reduce(sums(plan).join)}
${picking.map((group) => `flow_${number(group)} += moved_${number(group)} * ${next("after")}\n`).join("")}}
${picking
  .map((group) => {
    const share = `let share = flow_${number(group)} * ${evenWeight(segment, group, sums(plan))} * unit\n`;
    return share + group.picks.map((pick) => `mu[${pickText(pick)}] += share\n`).join("");
  })
  .join("")}`;
}

function sharesApart(plan: Plan, group: Group): string {
  const { picks, shift, source, target } = group;
  const from = cellAt(plan, group.from, "p", "c")("before");
  if (shift !== undefined) {
    const to = cellAt(plan, group.to, "p + 1", sum(shift, [1, "c"]));
    const lean = sums(plan).lean(shift);
    const factors = [...picksText(picks, sums(plan)), ...(lean === undefined ? [] : [lean])];
    const weight = factors.length === 0 ? undefined : factors.join(" * ");
    const share = picks.length === 0 ? "" : `let share = moved * ${to("after")} * unit\n`;
    return `for c in ${rangeText(source)} {
  let moved = ${weighted(sums(plan), from, weight)}
  ${to("before")} += moved
  ${share}${picks.map((pick) => `mu[${pickText(pick)}] += share\n`).join("")}}
`;
  }
  // What depends on the next state alone is left for after the inner loop.
  const [outer, inner] = [picks.filter((pick) => pick.source === 0), picks.filter((pick) => pick.source !== 0)];
  const to = cellAt(plan, group.to, "p + 1", "b");
  return `for b in ${rangeText(target)} {
  let weight_b = ${outer.length === 0 ? "1.0" : product(outer, sums(plan))}
  let rest = weight_b * ${to("after")} * unit
  var total = 0.0
  for c in ${rangeText(source)} {
    let moved = ${weighted(sums(plan), from, inner.length === 0 ? undefined : product(inner, sums(plan)))}
    total += moved
    ${inner.map((pick) => `mu[${pickText(pick)}] += moved * rest\n`).join("")}}
  ${to("before")} += total * weight_b
  ${outer.map((pick) => `mu[${pickText(pick)}] += total * rest\n`).join("")}}
`;
}

/** The number of elements that a path picks, at most. */
function mostPicked({ paths: { automaton, steps } }: Plan): number {
  let most = new Int32Array(automaton.states);
  for (const step of steps) {
    const next = new Int32Array(automaton.states);
    for (let index = 0; index < step.from.length; index++) {
      const to = step.to[index]!;
      next[to] = Math.max(next[to]!, most[step.from[index]!]! + automaton.moves[step.move[index]!]!.emits.length);
    }
    most = next;
  }
  return automaton.ends.reduce((largest, state) => Math.max(largest, most[state]!), 0);
}
