/** Questions about structures, as far as they are wrong or cannot be answered. */
import { cases } from "./harness.ts";

const OWN = `
structure Hard(n) {
  embedding x: binary[n], y: binary[n]
  argmax positive(n = 2 * n)
  relax ExpFamily refused "counting its members is #P-hard"
  relax Separable by box(n = 2 * n)  symmetric  backward box_vjp(n = 2 * n)
}
structure Bare(n) {
  embedding x: binary[n]
  argmax positive
  relax ExpFamily by logistic  symmetric
}
structure Mute(n) {
  embedding x: binary[n]
  argmax positive
  sample draw_each
}`;

cases({
  "what a structure cannot answer": `${OWN}
model M(n = 3) {
  param a: f32[2 * n] ~ zeros
  param b: f32[n] ~ zeros
  let c = log_partition(Hard(n), a)
  //~^ no-relaxation «Hard(n)»: Hard(3) has no log_partition => CategoricalEntropy, BinaryEntropy, Tsallis; it answers argmax, k_best
  let d = entropy(Hard(n), a)         //~ no-relaxation «Hard(n)»: Hard(3) has no entropy
  let e = log_prob(Hard(n), a, a)     //~ no-relaxation «Hard(n)»: Hard(3) has no log_prob
  let f = marginals(Hard(n), a)       //~ no-relaxation «Hard(n)»: Hard(3) has no marginals
  let g = sample(Hard(n), a)          //~ no-solver «Hard(n)»: Hard(3) cannot be sampled from its exponential family
  let h = entropy(Bare(n), b)         //~ no-solver «Bare(n)»: Bare(3) has no entropy => declare one with log_partition
  let i = marginals(Mute(n), b)
  //~^ no-relaxation «Mute(n)»: Mute(3) has no marginals => it has Euclidean; it answers argmax, sample, k_best
  let j = marginals(Bare(n), b) + sample(Mute(n), b) + argmax(Mute(n), b)
  minimize sum(c) + sum(d) + sum(e) + sum(f) + sum(g) + sum(h) + sum(i) + sum(j)
}`,
  "what is asked wrongly": `${OWN}
model M(n = 3) {
  hyper t = 0
  param a: f32[n] ~ zeros
  param b: f32[2, n] ~ zeros
  let c = entropy(OneHot, a)          //~ type-mismatch «OneHot»: entropy takes a structure, but this is the structure OneHot without
  let d = entropy(a, a)               //~ type-mismatch «a»: entropy takes a structure, but this is f32[n = 3] => such as KSubset(6, 2)
  let e = entropy(OneHot(4), a)       //~ shape-mismatch «a»: entropy of OneHot(4) needs f32[..., 4], but this is f32[n = 3]
  let f = log_prob(OneHot(n), [a, a, a], b)   //~ shape-mismatch «b»: there are [3] utilities, but [2] members
  let g = k_best(OneHot(n), a, 0)     //~ bad-size «0»: a size must be a positive integer, but one is 0
  let h = k_best(OneHot(n), a, [1])   //~ type-mismatch «[1]»: k_best takes a number, but this is a list
  let i = k_best(OneHot(n), a, 1e9)   //~ too-large «1e9»: 1000000000 members of OneHot(3) are more than
  let j = entropy(OneHot(n), a, at = -1)      //~ bad-temperature «-1»: greater than 0, but this is -1
  let k = marginals(OneHot(n), a, at = t)     //~ bad-temperature «t»: greater than 0, but t is 0
  let l = sample(OneHot(n), a, at = a[0])     //~ type-mismatch «a[0]»: a temperature is a number, a hyper or a schedule
  let m = argmax(Hard(n), record(x = a))
  //~^ shape-mismatch «record(x = a)»: the parts of Hard(3) are x, y, not x => write record(x = …, y = …)
  let o = argmax(Hard(n), record(x = a, y = b))
  //~^ shape-mismatch «record(x = a, y = b)»: y of Hard(3) must be f32[3], but it is f32[2, n = 3]
  let p = argmax(Hard(n), a)
  //~^ shape-mismatch «a»: argmax of Hard(3) needs f32[..., 6], but this is f32[n = 3] => record(x = …, y = …)
  let q = log_prob(OneHot(n), a)      //~ missing-argument: log_prob needs x => write log_prob(structure, utilities, x, at)
  minimize sum(a) + sum(b)
}`,
});
