/** KL with respect to the utilities: closed forms and their derivatives, and pairs of families that have none. */
import { describe, expect, test } from "vitest";
import { render } from "../../compiler/diagnostic.ts";
import { expectClose, type GoldenCase, golden } from "../golden.ts";
import { compileText, divergence, interpreted } from "./models.ts";

type Inputs = { readonly [name: string]: number };

interface Pair {
  readonly distribution: string;
  readonly prior: (inputs: Inputs) => string;
  /** The first distribution's arguments, of which the golden derivative is with respect to the first. */
  readonly at: (inputs: Inputs) => readonly [number, number];
}

const PAIRS: { readonly [dist: string]: Pair } = {
  gumbel: { distribution: "Gumbel(a)", prior: () => "Gumbel(0)", at: ({ theta }) => [theta!, 1] },
  logistic: { distribution: "Logistic(a)", prior: () => "Logistic(0)", at: ({ theta }) => [theta!, 1] },
  gaussian: {
    distribution: "Normal(a, scale = b)",
    prior: () => "Normal(0)",
    at: ({ theta, sigma }) => [theta!, sigma!],
  },
  gaussian_general: {
    distribution: "Normal(a, scale = b)",
    prior: ({ mu0, sigma0 }) => `Normal(${mu0}, scale = ${sigma0})`,
    at: ({ mu, sigma }) => [mu!, sigma!],
  },
  gumbel_general: {
    distribution: "Gumbel(a, scale = b)",
    prior: ({ mu0, beta0 }) => `Gumbel(${mu0}, scale = ${beta0})`,
    at: ({ mu, beta }) => [mu!, beta!],
  },
  exponential: {
    distribution: "NegExponential(a)",
    prior: ({ prior_rate }) => `NegExponential(${prior_rate})`,
    at: ({ rate }) => [rate!, 1],
  },
};
function valueAndSlope({ distribution, prior, at }: Pair, inputs: Inputs): { value: number; slopes: number[] } {
  const [a, b] = at(inputs);
  const outputs = interpreted(divergence(distribution, prior(inputs)), "train", {
    batch: 1,
    parameters: { a: [a], b: [b] },
  });
  return { value: outputs.loss![0]!, slopes: ["a", "b"].map((name) => outputs[`gradient:${name}`]?.[0] ?? 0) };
}

function check({ inputs, outputs, tolerance }: GoldenCase): void {
  const given = inputs as unknown as Inputs & { dist: string };
  const { kl, dkl, ...unknown } = outputs as unknown as { kl: number; dkl?: number };
  expect(Object.keys(unknown)).toEqual([]);
  const pair = PAIRS[given.dist]!;
  const { value, slopes } = valueAndSlope(pair, given);
  expectClose([value], [kl], tolerance, "KL");
  if (dkl !== undefined) expectClose([slopes[0]!], [dkl], tolerance, "derivative");
}

const cases = golden("kl");
describe.skipIf(cases === undefined)("KL of the golden file (needs the shared folder)", () => {
  const distOf = (item: GoldenCase) => (item.inputs as unknown as { dist: string }).dist;
  const all = cases ?? [];
  test("there are cases, of families that are known", () => {
    expect(all.length).toBeGreaterThan(0);
    for (const item of all) expect(Object.keys(PAIRS)).toContain(distOf(item));
  });
  test.each(all.map((item) => [item.name, item] as const))("%s", (_, item) => check(item));
});

test.each([
  ["gumbel", { theta: 0.7 }],
  ["logistic", { theta: 0.019 }],
  ["logistic", { theta: -2 }],
  ["gaussian_general", { mu: 0.4, sigma: 0.6, mu0: -1, sigma0: 2 }],
  ["gumbel_general", { mu: 0.4, beta: 0.6, mu0: -1, beta0: 2 }],
  ["exponential", { rate: 0.3, prior_rate: 2 }],
] as const)("the derivative of the KL of %s at %o is that by differences", (dist, inputs: Inputs) => {
  const pair = PAIRS[dist]!;
  const { slopes } = valueAndSlope(pair, inputs);
  const step = 1e-5;
  for (const index of [0, 1]) {
    const shifted = (by: number): Pair => ({
      ...pair,
      at: (given) => pair.at(given).map((value, i) => (i === index ? value + by : value)) as [number, number],
    });
    const slope =
      (valueAndSlope(shifted(step), inputs).value - valueAndSlope(shifted(-step), inputs).value) / (2 * step);
    expect(slopes[index]!).toBeCloseTo(slope, 6);
  }
});

/** A family as a text with arguments a and b, and by its textbook: log-density, and where it has one. */
interface Family {
  readonly written: (a: number | string, b: number | string) => string;
  readonly logDensity: (u: number, a: number, b: number) => number;
  readonly most: number;
}
const square = (x: number) => x * x;
const FAMILIES = {
  Gumbel: {
    written: (a, b) => `Gumbel(${a}, scale = ${b})`,
    logDensity: (u, a, b) => -(u - a) / b - Math.exp(-(u - a) / b) - Math.log(b),
    most: 80,
  },
  Logistic: {
    written: (a) => `Logistic(${a})`,
    logDensity: (u, a) => -(u - a) - 2 * Math.log1p(Math.exp(-(u - a))),
    most: 80,
  },
  Normal: {
    written: (a, b) => `Normal(${a}, scale = ${b})`,
    logDensity: (u, a, b) => -0.5 * (square((u - a) / b) + Math.log(2 * Math.PI * square(b))),
    most: 80,
  },
  NegExponential: {
    written: (_, b) => `NegExponential(${b})`,
    logDensity: (u, _, b) => Math.log(b) + b * u,
    most: 0,
  },
} satisfies { readonly [name: string]: Family };
type Name = keyof typeof FAMILIES;
const NAMES = Object.keys(FAMILIES) as Name[];
/** The priors with which a family has a closed form. */
const CLOSED: { readonly [name in Name]: readonly Name[] } = {
  Gumbel: ["Gumbel", "Normal"],
  Logistic: ["Logistic", "Normal"],
  Normal: ["Normal", "Gumbel"],
  NegExponential: ["NegExponential", "Normal"],
};

/** ∫ q (log q − log p) by Simpson's rule; where q is next to nothing, p may be nothing at all. */
function integrated(q: Family, p: Family, own: readonly [number, number], prior: readonly [number, number]): number {
  const [from, steps] = [-80, 400_000];
  const width = (q.most - from) / steps;
  let sum = 0;
  for (let i = 0; i <= steps; i++) {
    const u = from + i * width;
    const log = q.logDensity(u, ...own);
    if (log < -600) continue;
    sum += (i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2) * Math.exp(log) * (log - p.logDensity(u, ...prior));
  }
  return (sum * width) / 3;
}

/** Arguments of the two: alike, apart, far apart in their scales. */
const ARGUMENTS: readonly (readonly [own: readonly [number, number], prior: readonly [number, number]])[] = [
  [
    [0, 1],
    [0, 1],
  ],
  [
    [0.3, 1.2],
    [-0.5, 0.8],
  ],
  [
    [-1, 0.5],
    [0.4, 2.5],
  ],
  [
    [0.2, 2.2],
    [0.1, 1.1],
  ],
];

describe("closed forms are the integral of q log(q / p), and differentiate to its differences", () => {
  const pairs = NAMES.flatMap((own) => CLOSED[own].map((prior) => [own, prior] as const));
  test.each(pairs)("KL(%s ‖ %s)", (own, prior) => {
    const [q, p]: [Family, Family] = [FAMILIES[own], FAMILIES[prior]];
    for (const [mine, given] of ARGUMENTS) {
      const pair: Pair = { distribution: q.written("a", "b"), prior: () => p.written(...given), at: () => mine };
      const { value, slopes } = valueAndSlope(pair, {});
      expectClose([value], [integrated(q, p, mine, given)], { abs: 1e-8, rel: 1e-8 }, `at ${mine} and ${given}`);
      for (const index of [0, 1]) {
        const moved = (by: number) =>
          valueAndSlope({ ...pair, at: () => mine.map((v, i) => (i === index ? v + by : v)) as [number, number] }, {});
        const slope = (moved(1e-5).value - moved(-1e-5).value) / 2e-5;
        expectClose([slopes[index]!], [slope], { abs: 1e-6, rel: 1e-6 }, `slope ${index} at ${mine} and ${given}`);
      }
    }
  });
});

describe("pairs of families", () => {
  const all = [...NAMES, "Fixed"] as const;
  const written = (name: Name | "Fixed", a: string) =>
    name === "Fixed" ? `Fixed(${a})` : FAMILIES[name].written(a, "b");
  for (const family of all) {
    for (const prior of all) {
      const closed: readonly string[] = family === "Fixed" ? [] : CLOSED[family];
      const has = closed.includes(prior);
      test(`KL(${family} ‖ ${prior}) ${has ? "has a closed form" : "is an error that names what there is"}`, () => {
        const { artifact, diagnostics } = compileText(divergence(written(family, "a"), written(prior, "a")));
        if (has) return expect(diagnostics.filter(({ severity }) => severity === "error").map(render)).toEqual([]);
        expect(artifact).toBeUndefined();
        const text = diagnostics.map(render).join("\n");
        expect(text).toContain(`error[no-divergence]: there is no closed form of KL(${family} ‖ ${prior})`);
        const priors =
          closed.length === 0 ? "Fixed has a closed form with no prior" : `a prior among ${closed.join(", ")}`;
        expect(text).toContain(priors);
        const others = NAMES.filter((each) => CLOSED[each].some((known) => known === prior)).sort();
        if (others.length > 0) expect(text).toContain(`with the prior ${prior}, utilities of ${others.join(", ")}`);
        expect(diagnostics).toHaveLength(1);
      });
    }
  }
});

test("the divergence of Gumbels of one scale is 0 where they are alike, and small where they nearly are", () => {
  const pair = (shift: number): Pair => ({
    distribution: "Gumbel(a, scale = b)",
    prior: () => "Gumbel(0.3, scale = 1.7)",
    at: () => [0.3 + shift, 1.7],
  });
  expect(Math.abs(valueAndSlope(pair(0), {}).value)).toBeLessThan(1e-14);
  expectClose([valueAndSlope(pair(1e-4), {}).value], [square(1e-4 / 1.7) / 2], { abs: 1e-13, rel: 1e-3 }, "near 0");
});
