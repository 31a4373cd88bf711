/** Small models around one distribution, run by the interpreter on given noise and values. */
import { compile } from "../../compiler/compile.ts";
import { render } from "../../compiler/diagnostic.ts";
import { interpretKernel } from "../../compiler/ir/kernel/interpret.ts";
import { type Environment, interpret } from "../../compiler/ir/tensor/interpret.ts";
import { library } from "../../stdlib/library.ts";

/**
 * A latent whose soft sample is its utilities: the relaxation hands them through, so that `sample_soft` returns what
 * the distribution's `sample` makes of its noise.
 */
export function utilities(distribution: string, size: number): string {
  return `
structure Through(n) {
  embedding x: binary[n]
  argmax positive  cost n
  relax ExpFamily by hand_through  symmetric  cost n
}
kernel hand_through(n, u: f32[n]) -> x: f32[n] {
  for i in 0..n { x[i] = u[i] }
}
model Utilities(n = ${size}) {
  data a: f32[n]
  latent z: Through(n) ~ ${distribution} relax ExpFamily at 1
  minimize sum(z) + sum(a)
}`;
}

/** The log-density of data at given arguments a and b. */
export function density(distribution: string): string {
  return `
model Density() {
  data u: f32
  data a: f32
  observe u ~ ${distribution}
  maximize elbo
}`;
}

/** KL between two distributions, the first with parameters a and b. */
export function divergence(distribution: string, prior: string): string {
  return `
model Divergence() {
  param a: f32[1] ~ zeros
  param b: f32[1] ~ zeros
  latent z: Subset(1) ~ ${distribution} relax ExpFamily at 1
  prior z ~ ${prior}
  minimize kl
}`;
}

export function compileText(text: string) {
  return compile({ name: "distribution.sst", text }, { library });
}

export function compiled(text: string) {
  const { artifact, diagnostics, programs, kernels } = compileText(text);
  if (artifact === undefined) throw new Error(diagnostics.map(render).join("\n"));
  return { artifact, programs, kernels };
}

/** Outputs of an entry point in float64. */
export function interpreted(text: string, entry: string, environment: Environment): { [name: string]: number[] } {
  const { programs, kernels } = compiled(text);
  const byName = new Map(kernels.map((kernel) => [kernel.name, kernel]));
  const outputs = interpret(programs.find(({ name }) => name === entry)!, {
    ...environment,
    runKernel: (name, inputs) => interpretKernel(byName.get(name)!, inputs),
  });
  return Object.fromEntries([...outputs].map(([name, { data }]) => [name, Array.from(data)]));
}
