/**
 * Weights of moves by how far they go along the axis: a factor exp(−tilt · shift) for each move is the same for all
 * paths from one place to another, so it cancels in probabilities; but with the right one the sums over paths that are
 * of account lie near one another in size. It is the one under which independent moves, one at each position and of
 * any mode, come to the end on average (the tilted measure of large deviations; Cramér 1938).
 */
import { isEven, pickText, positionsText, sum } from "./loops.ts";
import type { Group, Plan } from "./plan.ts";

/** Bisections: the bracket of some hundreds becomes less than a tenth. */
const ROUNDS = 14;

/** How far paths go in all, if all go as far; undefined where there is no tilt. */
export function tiltOf({ segments, start, ends }: Plan): number | undefined {
  const groups = segments.flatMap((segment) => segment.groups);
  const isSimple = (group: Group) => group.shift !== undefined && isEven(group) && group.whole;
  if (!groups.every(isSimple) || groups.every(({ shift }) => shift === 0)) return undefined;
  const places = ends.flatMap((range) => range ?? []);
  return places.every((place) => place === places[0]) ? places[0]! - start.cell : undefined;
}

/** The name of the factor of a shift. */
export const leanText = (shift: number) => `lean_${shift < 0 ? `back_${-shift}` : shift}`;

/** Statements for `tilt`, which is 0 where all paths are near one another, and the factors. */
export function tiltText(plan: Plan, total: number, picks: number): string {
  const shifts = [...new Set(plan.segments.flatMap(({ groups }) => groups.map(({ shift }) => shift!)))];
  const leaning = shifts.filter((shift) => shift !== 0);
  const farthest = Math.max(...leaning.map(Math.abs));
  const leans = leaning.map((shift) => `${leanText(shift)} = constant(exp(${sum(0, [-shift, "tilt"])}))\n`).join("");
  const means = plan.segments.map((segment) => {
    const { groups } = segment;
    const weights = groups.map(({ picks, shift }, index) => {
      const factors = picks.map((pick) => `weight[${pickText(pick)}]`);
      if (shift !== 0) factors.push(leanText(shift!));
      return `let moving_${index} = constant(${factors.length === 0 ? "1.0" : factors.join(" * ")})\n`;
    });
    const all = groups.map((_, index) => `moving_${index}`).join(" + ");
    const far = sum(0, ...groups.map(({ shift }, index) => [shift!, `moving_${index}`] as const));
    return `for p in ${positionsText(plan, segment)} {
${weights.join("")}moved += f32(${far}) / max(${all}, f32.smallest)
}
`;
  });
  return `var tilt = 0.0
${leaning.map((shift) => `var ${leanText(shift)} = 1.0\n`).join("")}
if safe and not near {
  var high = ${picks} * max(highest, -lowest) + ${Math.log(plan.paths.steps.length) + 1}
  var low = -high
  if ${farthest} * high > f32.exponent / 2 { safe = false } else {
    for round in 0..${ROUNDS} {
      tilt = 0.5 * (low + high)
      ${leans}
      var moved = 0.0
      ${means.join("")}
      if moved > ${total} { low = tilt } else { high = tilt }
    }
  }
}
`;
}
