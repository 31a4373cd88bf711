/** Parts of an embedding: their utilities, priors and members of samples, as far as they are wrong. */
import { cases } from "./harness.ts";

const PAIRS = `
structure Pairs(n) {
  embedding x: binary[n], pair: binary[n - 1]
  argmax positive(n = 2 * n - 1)
  relax ExpFamily by logistic(n = 2 * n - 1)  symmetric
}
model M() {
  param a: f32[4] ~ zeros
  param b: f32[3] ~ zeros`;

cases({
  "utilities of parts": `${PAIRS}
  latent c: Pairs(4) ~ x: Gumbel(a), pairs: Fixed(b) relax ExpFamily at 1
  //~^ unknown-name «pairs»: the embedding of Pairs(4) has no part pairs => did you mean pair?
  latent d: Pairs(4) ~ x: Gumbel(a) relax ExpFamily at 1
  //~^ missing-argument «x: Gumbel(a)»: pair of Pairs(4) has no distribution => add pair: Fixed(0)
  latent e: Pairs(4) ~ x: Gumbel(a), x: Gumbel(a) relax ExpFamily at 1
  //~^ duplicate-name «x»: x has a distribution already
  latent f: Pairs(4) ~ x: Gumbel(b), pair: Fixed(b) relax ExpFamily at 1
  //~^ shape-mismatch «Gumbel(b)»: the distribution of f.x needs location of shape [4], but it is f32[3]
  latent g: Pairs(4) ~ x: Gumbel(a), pair: b relax ExpFamily at 1
  //~^ type-mismatch «b»: expected a distribution such as Gumbel(theta), but got f32[3]
  latent h: Pairs(4) ~ x: Gumbel(a), pair: Fixed(c2) relax ExpFamily at 1
  //~^ unknown-name «c2»: there is no c2 here
  latent i: OneHot(4) ~ x: Gumbel(a), pair: Fixed(0) relax ExpFamily at 1
  //~^ unknown-name: the embedding of OneHot(4) has no part pair => its parts are x
  minimize sum(c) + sum(d) + sum(e) + sum(f) + sum(g) + sum(h) + sum(i) + sum(a) + sum(b)
}`,
  "priors of parts": `${PAIRS}
  latent c: Pairs(4) ~ x: Gumbel(a), pair: Fixed(b) relax ExpFamily at 1
  prior c ~ Gumbel(0)
  //~^ no-divergence «Gumbel(0)»: pair of c is Fixed, which has no divergence => leave it out: prior c ~ x: …
  latent d: Pairs(4) ~ x: Gumbel(a), pair: Fixed(b) relax ExpFamily at 1
  prior d ~ x: Gumbel(0), pair: Gumbel(0)
  //~^ no-divergence: pair of d is Fixed, which has no divergence => leave it out: prior d ~ x: …
  latent e: Pairs(4) ~ Gumbel(0) relax ExpFamily at 1
  prior e ~ x: Gumbel(0)
  //~^ type-mismatch: the utilities of e have one distribution for all parts => or a prior for all of it
  latent f: Pairs(4) ~ x: Gumbel(a), pair: Gumbel(b) relax ExpFamily at 1
  prior f ~ x: Gumbel(0), pairs: Gumbel(0)
  //~^ unknown-name: the embedding of Pairs(4) has no part pairs => did you mean pair?
  latent g: Pairs(4) ~ x: Gumbel(a), pair: Gumbel(b) relax ExpFamily at 1
  prior g ~ x: Gumbel(b)
  //~^ shape-mismatch: this prior needs location of shape [4], but it is f32[3]
  latent h: Pairs(4) ~ x: Gumbel(a), pair: Logistic(b) relax ExpFamily at 1
  prior h ~ Gumbel(0)
  //~^ no-divergence: there is no closed form of KL(Logistic ‖ Gumbel) => choose a prior among
  minimize kl + sum(c) + sum(d) + sum(e) + sum(f) + sum(g) + sum(h)
}`,
  "parts of samples": `${PAIRS}
  latent c: Pairs(4) ~ x: Gumbel(a), pair: Fixed(b) relax ExpFamily at 1
  let d = c.pairs             //~ unknown-name «pairs»: c has no pairs => did you mean pair?
  let e = soft(c).length     //~ unknown-name «length»: this sample has no length => it has x, pair
  let f = (2 * c).x          //~ type-mismatch: f32[7] has no members
  let g = c.x + c.pair       //~ shape-mismatch: the operands of + have different shapes: [4] and [3]
  minimize sum(c) + sum(d) + sum(e) + sum(f) + sum(g)
}`,
});
