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
  exponential: {
    distribution: "NegExponential(a)",
    prior: ({ prior_rate }) => `NegExponential(${prior_rate})`,
    at: ({ rate }) => [rate!, 1],
  },
};
/** Families of the golden file that the library does not have, and why. */
const ABSENT: { readonly [dist: string]: string } = {
  gumbel_general: "utilities are scaled by the temperature, so Gumbel has a location only",
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
  const present = (cases ?? []).filter((item) => !Object.hasOwn(ABSENT, distOf(item)));
  test("there are cases, of families that are known", () => {
    expect(present.length).toBeGreaterThan(0);
    for (const item of present) expect(Object.keys(PAIRS)).toContain(distOf(item));
  });
  test.each(present.map((item) => [item.name, item] as const))("%s", (_, item) => check(item));
});

test.each([
  ["gumbel", { theta: 0.7 }],
  ["logistic", { theta: 0.019 }],
  ["logistic", { theta: -2 }],
  ["gaussian_general", { mu: 0.4, sigma: 0.6, mu0: -1, sigma0: 2 }],
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

const FAMILIES = ["Gumbel", "Logistic", "Normal", "NegExponential", "Fixed"] as const;
const ARGUMENTS: { readonly [family: string]: string } = { NegExponential: "(1)" };

describe("pairs of families", () => {
  for (const family of FAMILIES) {
    for (const prior of FAMILIES) {
      const has = family === prior && family !== "Fixed";
      test(`KL(${family} ‖ ${prior}) ${has ? "has a closed form" : "is an error that names what there is"}`, () => {
        const text = divergence(`${family}(a)`, `${prior}${ARGUMENTS[prior] ?? "(0)"}`);
        const { artifact, diagnostics } = compileText(text);
        if (has) return expect(artifact).toBeDefined();
        expect(artifact).toBeUndefined();
        const all = diagnostics.map(render).join("\n");
        expect(all).toContain(`error[no-divergence]: there is no closed form of KL(${family} ‖ ${prior})`);
        const help = family === "Fixed" ? "Fixed has a closed form with no prior" : `choose a prior among ${family}`;
        expect(all).toContain(help);
        expect(diagnostics).toHaveLength(1);
      });
    }
  }
});
