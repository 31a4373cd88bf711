/** KL in float32, near where it is 0: no worse than the inputs are known, and never below 0 by more than that. */
import { expect, test } from "vitest";
import { instantiate } from "../../runtime/instantiate.ts";
import { compiled } from "./models.ts";

/** Divergences by series, exact to more digits than are tested, of the float32 number that the device is given. */
const FAMILIES = [
  // expm1 is the library's of the host, in float64.
  { name: "Gumbel(a)", prior: "Gumbel(0)", exact: (a: number) => excess(-a), points: [0, 1e-6, -1e-4, 3e-3, 0.1, -5] },
  { name: "Logistic(a)", prior: "Logistic(0)", exact: logistic, points: [0, 1e-5, -0.02, 0.021, 0.3, -0.49, 0.51, 4] },
  {
    name: "Normal(0, variance = a)",
    prior: "Normal(0)",
    exact: (a: number) => 0.5 * excess(Math.log(a)),
    points: [1, 1.0001, 0.9999, 1.02, 0.5, 3, 1e-6, 1e6],
  },
  {
    name: "NegExponential(a)",
    prior: "NegExponential(1)",
    exact: (a: number) => excess(-Math.log(a)),
    points: [1, 1.0001, 0.9999, 0.98, 2, 1e-6, 1e6],
  },
] as const;

/** exp(s) − 1 − s. */
function excess(s: number): number {
  return Math.abs(s) < 1e-2 ? s * s * (1 / 2 + s * (1 / 6 + s * (1 / 24 + s / 120))) : Math.expm1(s) - s;
}

/** δ coth(δ / 2) − 2. */
function logistic(delta: number): number {
  const square = delta * delta;
  return Math.abs(delta) < 1e-2 ? square / 6 - (square * square) / 360 : delta / Math.tanh(delta / 2) - 2;
}

test.each(FAMILIES)("KL($name ‖ $prior) in float32", async ({ name, prior, exact, points }) => {
  const { artifact } = compiled(`
model Divergence() {
  data a: f32
  latent z: Subset(1) ~ ${name} relax ExpFamily at 1
  prior z ~ ${prior}
  minimize kl
}`);
  for (const device of ["cpu", "wasm"] as const) {
    const model = await instantiate(artifact, { device });
    const a = Float32Array.from(points);
    const outputs = await model.run("evaluate", { inputs: { a } });
    const found = outputs["metric:kl"]!.data;
    a.forEach((value, i) => {
      const wanted = exact(value);
      // The difference of two numbers of about √KL, each within a few roundings to 24 bits.
      const tolerance = 2 ** -20 * (Math.sqrt(wanted) + wanted) + 1e-12;
      expect(Math.abs(found[i]! - wanted), `${device}, ${value}: ${found[i]} for ${wanted}`).toBeLessThan(tolerance);
    });
    model.dispose();
  }
});
