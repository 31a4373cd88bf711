/**
 * The algorithms on automata, as texts of kernels over a layout: sums over all paths with one semiring or another, and
 * walks along single paths.
 *
 * The value of a state is that of what can still come: the maximum, or the log of the sum of exponentials, over its
 * moves of worth + value of the next state, from the last position to the first (Viterbi 1967; Rabiner 1989). What is
 * summed are exponentials relative to the largest term, so that utilities of any range do.
 */
import { type Cell, type Layout, type MoveText, NEVER } from "./layout.ts";

/** The value of a state from which no path goes on; sums of utilities are larger. */
const DEAD = "-1e35";

/** A kernel of the layout; `head` begins with its name and own compile-time parameters. */
function kernel(layout: Layout, doc: string, name: string, head: string, body: string): string {
  return `/// ${doc}\nkernel ${name}(${layout.parameters}${head} {\n${body}}\n`;
}

/** Statements before those that use what moves are worth. */
function utilities({ size, setup }: Layout): string {
  return `shared utility: f32[${size}]
for e in 0..${size} { utility[e] = max(u[e], -1e30) }
${setup}`;
}

/** What is said where each path has something that is masked; `value` is of the best path, or of all. */
function mustBeAllowed(value: string): string {
  return `require ${value} > ${NEVER}  else "every member has something that is masked"\n`;
}

/** The most valuable member: of equal moves the first one is taken. */
export function viterbi(layout: Layout): string {
  const { size } = layout;
  const body = `${utilities(layout)}${layout.table("best", DEAD)}${layout.ends((cell) => `${cell("best")} = 0\n`)}
${layout.fast?.maxima() ?? maxima(layout)}${mustBeAllowed(layout.start("best"))}${layout.walk({
  arrive: () => "var open = true\nvar top = 0.0\n",
  option: ({ to, plus }, take) => `let value = ${plus(to("best"))}
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

function maxima(layout: Layout): string {
  return layout.backwards((row) =>
    row.moves(({ from, to, plus }) => `${from("best")} = max(${from("best")}, ${plus(to("best"))})\n`),
  );
}

/** The table `rest` of log Σ exp(worth of what can still come), for each state. */
function logSums(layout: Layout): string {
  return `${utilities(layout)}${layout.table("rest", DEAD)}${layout.table("terms", "0")}
${layout.ends((cell) => `${cell("rest")} = 0\n`)}
${layout.backwards(
  (row) =>
    `${row.moves(
      ({ from, to, plus }) => `${from("rest")} = constant(max(${from("rest")}, ${plus(to("rest"))}))\n`,
    )}${row.moves(
      ({ from, to, plus }) => `${from("terms")} += exp(min(${plus(to("rest"))} - ${from("rest")}, 0))\n`,
    )}${row.cells((cell) => `${cell("rest")} = constant(${cell("rest")}) + log(${cell("terms")})\n`)}`,
)}${mustBeAllowed(layout.start("rest"))}`;
}

/** log Σ exp(uᵀx) over the members. */
export function pathLogPartition(layout: Layout): string {
  const doc = "log Σ exp(uᵀx) over all paths, from the last position to the first.";
  const { fast } = layout;
  const far = `${logSums(layout)}value[0] = ${layout.start("rest")}\n`;
  const body = fast === undefined ? far : `${fast.sums()}if safe { value[0] = ${fast.logSum()} } else {\n${far}}\n`;
  return kernel(layout, doc, "path_log_partition", `u: f32[${layout.size}]) -> value: f32[1]`, body);
}

/** Statements that add the marginals to `mu`: probability flows from the start along the moves. */
function flow(layout: Layout): string {
  return `${logSums(layout)}${layout.table("mass", "0")}${layout.start("mass")} = 1
${layout.forwards((row) =>
  row.moves(
    ({ from, to, plus, picks }) => `let chance = ${from("mass")} * exp(min(${plus(to("rest"))} - ${from("rest")}, 0))
${to("mass")} += chance
${picks((element) => `mu[${element}] += chance\n`)}`,
  ),
)}`;
}

/** Marginals of p(x) ∝ exp(uᵀx) over the members. */
export function forwardBackward(layout: Layout): string {
  const { size } = layout;
  const doc = "Marginals: sums of what can still come, then the flow of probability along the moves.";
  const { fast } = layout;
  const far = flow(layout);
  const body = fast === undefined ? far : `${fast.sums()}if safe {\n${fast.shares()}} else {\n${far}}\n`;
  return kernel(layout, doc, "forward_backward", `u: f32[${size}]) -> mu: f32[${size}]`, body);
}

/** A member drawn from p(x) ∝ exp(uᵀx): at each state one number of the noise chooses among its moves. */
export function pathSampler(layout: Layout): string {
  const { size, length } = layout;
  const body = `${logSums(layout)}${layout.walk({
    arrive: (_cell, position) => `var left = noise[${position}]\n`,
    option: ({ from, to, plus }, take) => `if left > 0 {
  let chance = exp(min(${plus(to("rest"))} - ${from("rest")}, 0))
  if chance > 0 {
    ${take}
    left -= chance
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
  const body = `${utilities(layout)}${layout.table("values", DEAD, "best")}${layout.ends((cell) => `${cell("values", "0")} = 0\n`)}
${layout.backwards((row) => row.moves(({ from, to, plus }) => insertion(from, to, plus)))}
var count = 0
for row in 0..best {
  if ${layout.start("values", "row")} > ${NEVER} {
    count += 1
    var rank = row
    ${layout.walk({
      arrive: (cell) => `let wanted = ${cell("values", "rank")}
var before = sum(if ${cell("values", "j")} == wanted then 1 else 0 for j in 0..rank)
var open = true
`,
      option: ({ to, plus }, take) => `for j in 0..best {
  if open and ${to("values", "j")} > ${DEAD} and ${plus(to("values", "j"))} == wanted {
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
function insertion(from: Cell, to: Cell, plus: MoveText["plus"]): string {
  return `for j in 0..best {
  if ${to("values", "j")} > ${DEAD} {
    let value = ${plus(to("values", "j"))}
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
