/**
 * The algorithms on automata, as texts of kernels over a layout: sums over all paths with one semiring or another, and
 * walks along single paths.
 *
 * The value of a state is that of what can still come: the maximum, or the log of the sum of exponentials, over its
 * moves of worth + value of the next state, from the last position to the first (Viterbi 1967; Rabiner 1989). What is
 * summed are exponentials relative to the largest term, so that utilities of any range do.
 */
import type { Cell, Layout } from "./layout.ts";

/** Utilities at or below this mean never; sums of them are still far from the ends of numbers. */
const NEVER = "-1e30";
/** The value of a state from which no path goes on. */
const DEAD = "-1e300";

/** A kernel of the layout; `head` begins with its name and own compile-time parameters. */
function kernel(layout: Layout, doc: string, name: string, head: string, body: string): string {
  return `/// ${doc}
kernel ${name}(${layout.parameters}${head} {
shared utility: f32[${layout.size}]
for e in 0..${layout.size} { utility[e] = max(u[e], ${NEVER}) }
${layout.setup}${body}}
`;
}

/** The most valuable member: of equal moves the first one is taken. */
export function viterbi(layout: Layout): string {
  const { size } = layout;
  const body = `${layout.table("best", DEAD)}${layout.ends((cell) => `${cell("best")} = 0\n`)}
${layout.backwards((row) =>
  row.moves(({ from, to, worth }) => `${from("best")} = max(${from("best")}, ${worth} + ${to("best")})\n`),
)}${layout.walk({
  arrive: () => "var open = true\nvar top = 0.0\n",
  option: ({ to, worth }, take) => `let value = ${worth} + ${to("best")}
if open or value > top {
  open = false
  top = value
  ${take}
}
`,
  pick: (element) => `x[${element}] = 1\n`,
})}`;
  const doc = "The path that is worth most, by dynamic programming from the last position to the first.";
  return kernel(layout, doc, "viterbi", `u: f32[${size}]) -> x: f32[${size}]`, body);
}

/** The table `rest` of log Σ exp(worth of what can still come), for each state. */
function logSums(layout: Layout): string {
  return `${layout.table("rest", DEAD)}${layout.table("terms", "0")}
${layout.ends((cell) => `${cell("rest")} = 0\n`)}
${layout.backwards(
  (row) =>
    `${row.moves(
      ({ from, to, worth }) => `${from("rest")} = constant(max(${from("rest")}, ${worth} + ${to("rest")}))\n`,
    )}${row.moves(
      ({ from, to, worth }) => `${from("terms")} += exp(min(${worth} + ${to("rest")} - ${from("rest")}, 0))\n`,
    )}${row.cells((cell) => `${cell("rest")} = constant(${cell("rest")}) + log(${cell("terms")})\n`)}`,
)}`;
}

/** log Σ exp(uᵀx) over the members. */
export function pathLogPartition(layout: Layout): string {
  const doc = "log Σ exp(uᵀx) over all paths, from the last position to the first.";
  const body = `${logSums(layout)}value[0] = ${layout.start("rest")}\n`;
  return kernel(layout, doc, "path_log_partition", `u: f32[${layout.size}]) -> value: f32[1]`, body);
}

/** Statements that add the marginals to `mu`: probability flows from the start along the moves. */
export function flow(layout: Layout): string {
  return `${logSums(layout)}${layout.table("mass", "0")}${layout.start("mass")} = 1
${layout.forwards((row) =>
  row.moves(
    ({ from, to, worth, picks }) => `let p = ${from("mass")} * exp(min(${worth} + ${to("rest")} - ${from("rest")}, 0))
${to("mass")} += p
${picks((element) => `mu[${element}] += p\n`)}`,
  ),
)}`;
}

/** Marginals of p(x) ∝ exp(uᵀx) over the members. */
export function forwardBackward(layout: Layout): string {
  const { size } = layout;
  const doc = "Marginals: sums of what can still come, then the flow of probability along the moves.";
  return kernel(layout, doc, "forward_backward", `u: f32[${size}]) -> mu: f32[${size}]`, flow(layout));
}

/** A member drawn from p(x) ∝ exp(uᵀx): at each state one number of the noise chooses among its moves. */
export function pathSampler(layout: Layout): string {
  const { size, length } = layout;
  const body = `${logSums(layout)}${layout.walk({
    arrive: (_cell, position) => `var left = noise[${position}]\n`,
    option: ({ from, to, worth }, take) => `if left > 0 {
  let p = exp(min(${worth} + ${to("rest")} - ${from("rest")}, 0))
  if p > 0 {
    ${take}
    left -= p
  }
}
`,
    pick: (element) => `x[${element}] = 1\n`,
  })}`;
  const doc = "One path, drawn move by move with the probabilities of what can still come.";
  return kernel(layout, doc, "path_sampler", `u: f32[${size}], noise: f32[${length}]) -> x: f32[${size}]`, body);
}

/**
 * The `best` most valuable members: each state keeps the values of that many best ways to go on, in order. A walk finds
 * its moves by their values; among equal ones it passes over as many as stand before its own in the order of moves.
 */
export function pathKBest(layout: Layout): string {
  const { size } = layout;
  const body = `${layout.table("values", DEAD, "best")}${layout.ends((cell) => `${cell("values", "0")} = 0\n`)}
${layout.backwards((row) => row.moves(({ from, to, worth }) => insertion(from, to, worth)))}
var count = 0
for row in 0..best {
  if ${layout.start("values", "row")} > ${DEAD} {
    count += 1
    var rank = row
    ${layout.walk({
      arrive: (cell) => `let wanted = ${cell("values", "rank")}
var before = sum(if ${cell("values", "j")} == wanted then 1 else 0 for j in 0..rank)
var open = true
`,
      option: ({ to, worth }, take) => `for j in 0..best {
  if open and ${to("values", "j")} > ${DEAD} and ${worth} + ${to("values", "j")} == wanted {
    if before == 0 {
      open = false
      rank = j
      ${take}
    }
    before -= 1
  }
}
`,
      pick: (element) => `x[row, ${element}] = 1\n`,
    })}  }
}
found[0] = count
`;
  const doc = "The paths that are worth most, in order.";
  const head = `best, u: f32[${size}]) -> x: f32[best, ${size}], found: i32[1]`;
  return kernel(layout, doc, "viterbi_k_best", head, body);
}

/** Puts the values of a move among those of the state it leaves; equal ones stay in the order of the moves. */
function insertion(from: Cell, to: Cell, worth: string): string {
  return `for j in 0..best {
  if ${to("values", "j")} > ${DEAD} {
    let value = ${worth} + ${to("values", "j")}
    if value > ${from("values", "best - 1")} {
      var at = best - 1
      while at > 0 {
        if ${from("values", "at - 1")} >= value { break }
        ${from("values", "at")} = ${from("values", "at - 1")}
        at -= 1
      }
      ${from("values", "at")} = value
    }
  }
}
`;
}
