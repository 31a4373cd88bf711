/** What is told of relaxations that take an input of their own, or have parameters. */
import { cases } from "./harness.ts";

const KERNELS = `
kernel best(n, u: f32[n]) -> x: f32[n] { x[argmax(u)] = 1 }
kernel of_rows(n, u: f32[2, n]) -> x: f32[n] { for i in 0..n { x[i] = u[0, i] * u[1, i] } }
kernel of_row(n, u: f32[n]) -> x: f32[n] { for i in 0..n { x[i] = u[i] } }
kernel best_of_rows(n, u: f32[2, n]) -> x: f32[n] { x[argmax(u[0, i] + u[1, i] for i in 0..n)] = 1 }
kernel warm(n, u: f32[n], temperature: f32[2]) -> x: f32[n] { x[0] = u[0] * temperature[0] }
relaxation Mine
`;

cases({
  "the input that a relaxation takes": `
structure A(n) {
  embedding x: binary[n]
  argmax best
  relax Mine by of_rows takes v: f32[2, n] argmax best_of_rows
  //~^ bad-clause «v»: the input that a relaxation takes is u, of type f32 => such as takes u: f32[k, n]
  relax ExpFamily by of_rows takes u: f32[2, m] argmax best_of_row
  //~^ unknown-name «m»: there is no m here
  //~^^ unknown-name «best_of_row»: there is no kernel best_of_row => did you mean best_of_rows?
}${KERNELS}`,
  "kernels that do not fit the input": `
structure A(n) {
  embedding x: binary[n]
  argmax best
  relax Mine by of_row takes u: f32[2, n] argmax best_of_rows
  //~^ shape-mismatch «of_row»: u of the kernel of_row must hold 8 numbers, not 4
  relax ExpFamily by of_rows takes u: f32[2, n] argmax best
  //~^ shape-mismatch «best»: u of the kernel best must hold 8 numbers, not 4
  relax Euclidean by of_rows takes u: f32[2, n] argmax best_of_rows symmetric
  //~^ bad-clause: a relaxation that takes an input of its own cannot be declared with symmetric => leave symmetric out
  relax CategoricalEntropy by warm
  //~^ shape-mismatch «warm»: temperature of the kernel warm must hold 1 number, not 2
}${KERNELS}`,
  "latents drawn as an input": `
model M(n = 4, length = 3) {
  data l: i32
  param theta: f32[n] ~ zeros
  param three: f32[3] ~ zeros
  latent a: KSubset(n, 2) ~ Gumbel(three) relax L2X at 1
  //~^ shape-mismatch: the distribution of a needs location of shape [2, 4], but it is f32[3]
  latent b: KSubset(n, 2) ~ x: Gumbel(theta) relax L2X at 1
  //~^ bad-clause: these utilities cannot be given by part => give one for all
  latent c: KSubset(n, 2) ~ Gumbel(theta) relax L2X at 1 backward dual
  //~^ illegal-backward «backward dual»: backward dual does not apply to KSubset(4, 2) here => legal here: custom, autodiff
  latent d: Matching(n, size = l) ~ Gumbel(theta) relax NeuralSort at 1
  prior d ~ Gumbel(0)
  //~^ no-divergence «Gumbel(0)»: the utilities of d have no divergence where examples have sizes => leave the prior out
  latent e: Matching(n) ~ Gumbel(0) relax L2X at 1  //~ no-relaxation «L2X»: Matching(4) has no L2X relaxation
  minimize sum(a) + sum(b) + sum(c) + sum(d) + sum(e)
}`,
  "what a relaxation requires of its parameters": `
model M(n = 4) {
  latent a: OneHot(n) ~ Gumbel(0) relax Tsallis(3) at 1
  //~^ requirement «Tsallis(3)»: alpha of Tsallis must lie between 1 and 2
  latent b: OneHot(n) ~ Gumbel(0) relax Tsallis at 1
  //~^ missing-argument «Tsallis»: Tsallis needs alpha => write Tsallis(alpha)
  latent c: OneHot(n) ~ Gumbel(0) relax Odd(2) at 1
  //~^ requirement «Odd(2)»: Odd requires a % 2 == 1
  minimize sum(a) + sum(b) + sum(c)
}
relaxation Odd(a) {
  require a % 2 == 1
  require b > 0              //~ unknown-name «b»: there is no b here
  map(s) = s ^ a
  slope(x) = 1
}`,
});
