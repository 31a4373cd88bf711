/** Structures and kernels of the user's own: clauses, names, types, whether a model uses them or not. */
import { cases } from "./harness.ts";

const MODEL = `
model M() {
  param theta: f32[4] ~ zeros
  latent z: Mine(4) ~ Gumbel(theta) relax ExpFamily at 1
  minimize sum(z)
}`;
const KERNELS = `
kernel first(n, u: f32[n]) -> x: f32[n] { for i in 0..n { x[i] = if i == 0 then 1.0 else 0.0 } }
kernel evenly(n, u: f32[n]) -> x: f32[n] { for i in 0..n { x[i] = 1 / n } }`;

cases({
  "a structure of one's own is fine": `
structure Mine(n) {
  embedding x: binary[n]
  require n >= 1
  count n
  argmax first  cost n
  relax ExpFamily by evenly symmetric cost n
}${KERNELS}${MODEL}`,
  "clauses under conditions": `
structure Mine(n) {
  embedding x: binary[n]
  argmax first  cost n
  relax Euclidean by evenly symmetric when n > 3
  relax Euclidean by evenly symmetric when n        //~ type-mismatch «n»: a condition is true or false
  relax CategoricalEntropy by evenly symmetric when m < 3     //~ unknown-name «m»: there is no m here
  sample drawn when k > 2                           //~ unknown-name «k»: there is no k here
}
kernel drawn(n, u: f32[n], noise: f32[n]) -> x: f32[n] { for i in 0..n { x[i] = if noise[i] < u[i] then 1.0 else 0.0 } }
${KERNELS}`,
  "where a condition fails another clause may refuse": `
structure Mine(n) {
  embedding x: binary[n]
  argmax first  cost n
  relax ExpFamily by evenly symmetric when n <= 3 cost n
  relax ExpFamily refused "there are too many"
  relax CategoricalEntropy by evenly symmetric when n > 3
}${KERNELS}
model M() {
  latent few: Mine(3) ~ Gumbel(0) relax ExpFamily at 1
  latent many: Mine(4) ~ Gumbel(0) relax ExpFamily at 1
  //~^ no-relaxation «ExpFamily»: ExpFamily is refused for Mine(4) => it has CategoricalEntropy
  latent none: Mine(3) ~ Gumbel(0) relax CategoricalEntropy at 1
  //~^ no-relaxation «CategoricalEntropy»: Mine(3) has no CategoricalEntropy relaxation => it has ExpFamily
  minimize sum(few) + sum(many) + sum(none)
}`,
  "clauses that a structure needs": `
structure A(n) { embedding x: binary[n] }
  //~^ missing-clause «A»: the structure A declares no argmax => add argmax KERNEL
structure B(n) { argmax top_k }
  //~^ missing-clause «B»: the structure B declares no embedding => add embedding x: binary[n]
structure C(n) = 3                         //~ type-mismatch «3»: a structure is defined as another one with arguments
structure D(n) = KSubset(n)                //~ missing-argument «KSubset(n)»: KSubset needs k
structure E(n) = KSubsett(n, 2)
  //~^ unknown-name «KSubsett»: there is no KSubsett here => did you mean KSubset?`,
  "clauses given twice": `
structure Mine(G: Graph) {
  embedding x: binary[edges(G)]
  count complete(n) = n
  count complete(m) = m      //~ duplicate-name: count complete is declared twice => remove one of them
  count complete_directed(n) = n
  argmax first(n = edges(G)) cost edges
  argmax first(n = edges(G)) cost vertices           //~ duplicate-name: argmax first(n = edges(G)) is declared twice
  argmax first(n = edges(G)) on host
  relax ExpFamily by evenly(n = edges(G)) symmetric cost 1 symmetric cost edges
  //~^ duplicate-name «symmetric»: symmetric is given twice in this clause
  //~^^ duplicate-name «cost edges»: cost is given twice in this clause
  relax ExpFamily by evenly(n = edges(G)) symmetric
  //~^ duplicate-name: relax ExpFamily by evenly(n = edges(G)) is declared twice
  relax ExpFamily by first(n = edges(G)) symmetric
  relax Euclidean refused "it is hard"
  relax Euclidean by evenly(n = edges(G)) symmetric  //~ duplicate-name: Euclidean is refused and has an algorithm
  relax BinaryEntropy refused "it is hard" on webgpu
  relax BinaryEntropy refused "it is hard" on webgpu //~ duplicate-name: BinaryEntropy is refused twice
  relax BinaryEntropy by evenly(n = edges(G)) symmetric on host
  relax CategoricalEntropy by evenly(n = edges(G)) symmetric refused "it is hard"
  //~^ bad-clause «"it is hard"»: CategoricalEntropy cannot be refused and have an algorithm
  log_partition by total(n = edges(G))
  log_partition by total(n = edges(G))               //~ duplicate-name: log_partition is declared twice
  sample drawn(n = edges(G)) cost edges
  sample drawn(n = edges(G)) on host
  sample drawn(n = edges(G))                         //~ duplicate-name: sample drawn(n = edges(G)) is declared twice
  k_best few(n = edges(G)) cost edges * best
  k_best few(n = edges(G))                           //~ duplicate-name: k_best few(n = edges(G)) is declared twice
}
distribution Flat(a = 0) {
  log_density(u) = a
  kl(prior: Flat) = a
  kl(prior: Flat) = -a       //~ duplicate-name: kl from Flat is declared twice
}
kernel drawn(n, u: f32[n], noise: f32[1]) -> x: f32[n] { x[0] = if noise[0] < u[0] then 1.0 else 0.0 }
kernel few(n, best, u: f32[n]) -> x: f32[best, n], found: i32[1] { x[0, 0] = u[0]  found[0] = 1 }
kernel total(n, u: f32[n]) -> z: f32[1] { z[0] = sum(u[i] for i in 0..n) }${KERNELS}`,
  "names in clauses": `
structure Mine(n, n) {       //~ duplicate-name «n»: n is already declared in this structure
  embedding x: binary[n], x: binary[m]     //~ duplicate-name «x»: x is already declared in this structure
  //~^ unknown-name «m»: there is no m here
  require n > l              //~ unknown-name «l»: there is no l here
  count grid(n) = n          //~ bad-clause «grid(n)»: a count holds for complete(n) or complete_directed(n)
  count o                    //~ unknown-name «o»: there is no o here
  argmax frist               //~ unknown-name «frist»: there is no kernel frist => did you mean first?
  argmax first on gpu cost vertexes
  //~^ unknown-name «gpu»: there is no target gpu => targets are tfjs, host, webgpu
  //~^^ unknown-name «vertexes»: there is no vertexes here
  argmax top_k(kk = 2)       //~ unknown-argument «kk»: top_k has no compile-time argument kk
  argmax Gumbel              //~ type-mismatch «Gumbel»: expected a kernel, but Gumbel is a distribution
  relax ExpFamly by evenly   //~ unknown-name «ExpFamly»: there is no relaxation ExpFamly => did you mean ExpFamily?
  relax Euclidean by evenli  //~ unknown-name «evenli»: there is no kernel evenli => did you mean evenly?
  relax Separable(a = b) by evenly backward evenly2     //~ unknown-name «b»: there is no b here
  //~^ unknown-name «evenly2»: there is no kernel evenly2 => did you mean evenly?
  log_partition by lost      //~ unknown-name «lost»: there is no kernel lost
  sample lots on gpu cost best
  //~^ unknown-name «lots»: there is no kernel lots
  //~^^ unknown-name «gpu»: there is no target gpu => targets are tfjs, host, webgpu
  //~^^^ unknown-name «best»: there is no best here
  k_best first(m = best) cost best * vertices
  //~^ unknown-argument «m»: first has no compile-time argument m
  //~^^ unknown-name «vertices»: there is no vertices here
}${KERNELS}`,
  "kernels that do not fit their structure": `
structure Mine(n) {
  embedding x: binary[n, 2]
  argmax first               //~ shape-mismatch «first»: u of the kernel first has 4 elements, but Mine(4) has 8
  relax ExpFamily by wrong symmetric
  //~^ shape-mismatch «wrong»: the kernel wrong has an input v => here a kernel may read u, temperature, by these names
  relax Euclidean by whole symmetric
  //~^ type-mismatch «whole»: x of the kernel whole must be f32 here, but it is i32
  relax BinaryEntropy by halved
  //~^ no-backward «BinaryEntropy»: this relaxation of Mine(4) has no legal backward => declare the relaxation symmetric
  log_partition by plenty    //~ shape-mismatch «plenty»: x of the kernel plenty must hold 1 number, not 8
}
structure Silent(n) {
  embedding x: binary[n]
  argmax first
  sample first               //~ shape-mismatch «first»: the kernel first has no input noise
  k_best first               //~ shape-mismatch «first»: the kernel first does not say how many it found => give it a
}
structure Loud(n) {
  embedding x: binary[n]
  argmax first
  sample noisy               //~ shape-mismatch «noisy»: x of the kernel noisy has 2 elements, but Loud(4) has 4
  k_best listed              //~ shape-mismatch «listed»: x of the kernel listed must hold 8 numbers, not 12
}
structure Elsewhere(n) {     //~ no-solver «Elsewhere»: Elsewhere(4) cannot be sampled from its exponential family
  //~^ no-solver «Elsewhere»: Elsewhere(4) cannot list its best members
  embedding x: binary[n]
  argmax first
  sample noisy on webgpu
  k_best listed on webgpu
}
kernel noisy(n, u: f32[n], noise: f32[3]) -> x: f32[2] { x[0] = u[0] + noise[0] }
kernel listed(n, best, u: f32[n]) -> x: f32[best + 1, n], found: i32[1] {
  x[0, 0] = u[0]
  found[0] = 1
}
kernel wrong(n, v: f32[n, 2]) -> x: f32[n, 2] { x[0, 0] = v[0, 0] }
kernel whole(n, u: f32[n, 2]) -> x: i32[n, 2] { x[0, 0] = 1 }
kernel plenty(n, u: f32[n, 2]) -> x: f32[n, 2] { x[0, 0] = u[0, 0] }
kernel halved(n, u: f32[n, 2]) -> x: f32[n, 2] {
  var s = u[0, 0]
  while s > 1 { s = s / 2 }
  x[0, 0] = s
}${KERNELS}`,
  "a structure for one target only": `
structure Mine(n) {
  embedding x: binary[n]
  argmax first on webgpu     //~^^ no-solver «Mine»: Mine(4) declares no argmax for host => declare one with argmax KERNEL
  relax ExpFamily by evenly symmetric
}${KERNELS}`,
  "names in kernels": `
kernel k(n, u: f32[n], u: f32[m]) -> x: f32[n] {     //~ duplicate-name «u»: u is already declared in this kernel
  //~^ unknown-name «m»: there is no m here
  let a = 3
  let a = 4                  //~ duplicate-name «a»: a is already declared in this block
  b = 3                      //~ unknown-name «b»: there is no b here
  for i in 0..n { let c = u[i]  v[i] = c }             //~ unknown-name «v»: there is no v here
  x[0] = c + later           //~ unknown-name «c»: there is no c here
  //~^ unknown-name «later»: later is declared below this line
  let later = 2
  x[1] = foo(u)              //~ unknown-name «foo»: there is no foo here
  for (i, i) in (0..n, 0..n) { x[i] = 0 }              //~ duplicate-name «i»: i is already declared in this loop
}`,
  "types in kernels, whether anything uses them or not": `
kernel a(n, u: f32[n]) -> x: f32[n] { x[0] = u[0] and 3 }
  //~^ type-mismatch «u[0] and 3»: 'and' does not apply to f32 and i32 => both sides must be true or false
kernel b(n, u: f32[n]) -> x: f32[n] { x[0] = u }                    //~ type-mismatch «u»: u is an array: index it
kernel c(n, u: f32[n]) -> x: f32[n] { if n { x[0] = 1 } }
  //~^ type-mismatch «n»: a condition must be true or false, but this is i32
kernel d(n, u: f32[n]) -> x: f32[n] { let i = u[0]  x[i] = 1 }
  //~^ type-mismatch «i»: expected i32 but this is f32 => convert it with i32(…)
kernel e(n, u: f32[n]) -> x: f32[n] { x[0] = u[0, 1] }
  //~^ shape-mismatch «u[0, 1]»: this array has 1 dimension, but 2 indices are given
kernel f(n, u: f32[n]) -> x: f32[n] { u[0] = 1  x[0] = 1 }
  //~^ not-assignable «u[0]»: u cannot be written to => write to an output or a shared array
kernel g(n, u: f32[n]) -> x: f32[n] { let a = u[0]  a = 2  x[0] = a }
  //~^ not-assignable «a»: a cannot be assigned to => declare it with var
kernel h(n, u: f32[n]) -> x: f32[n] { }
  //~^ never-written «x»: this kernel never writes its result x
kernel i(n, u: f32[n]) -> x: f32[n] { break  x[0] = 1 }
  //~^ bad-break «break»: break stands outside of any loop
kernel j(n, u: f32[n]) -> x: f32[n] { x[0] = u[0] ^ (u[0] > 1) }
  //~^ type-mismatch «u[0] ^ (u[0] > 1)»: '^' does not apply to f32 and bool
kernel k(n, u: f32[n]) -> x: f32[n] { while exp(u[0]) > 1 { x[0] = 1 } }
  //~^ bad-condition: the condition of a while may not contain exp
kernel l(n, u: f32[n]) -> x: f32[n] { x[argmax(exp(u[i]) for i in 0..n)] = 1 }
  //~^ bad-reduction: store the values in a shared array
kernel m(n, u: f32[n]) -> x: f32[n] { x[0] = "text" }               //~ not-in-kernels: "text" is not for kernels
kernel o(n, u: f32[n]) -> x: f32[n] { x[0] = a(n, u) }
  //~^ not-in-kernels «a(n, u)»: a gives an array, so its result needs a name
kernel p(n, u: f32[n]) -> x: f32[n] { let y = b(n)  x[0] = y[0] }   //~ missing-argument «b(n)»: b needs u
kernel q(n, u: f32[n]) -> x: f32[n] { for i in 0.. { x[i] = 1 } }   //~ bad-range «0..»: a loop's range needs an end
kernel r(n, u: f32[n]) -> x: f32[n] { x[0] = u[0] @ u[1] }          //~ bad-operator: '@' is not for kernels
kernel s(n, u: f32[...]) -> x: f32[n] { x[0] = 1 }`,
  "all that is wrong with a kernel is told in one run": `
kernel k(n, u: f32[n]) -> x: f32[n] {
  let a = u                  //~ type-mismatch «u»: u is an array
  if n { x[0] = u[0, 0] }    //~ type-mismatch «n»: a condition must be true or false
  for i in 0..n {
    u[i] = 1                 //~ not-assignable «u[i]»: u cannot be written to
    x[i] = not u[i]          //~ type-mismatch «not u[i]»: 'not' does not apply to f32
  }
}`,
  "library failures are told where the user's text asks for them": `
structure Mine(n) {
  embedding x: binary[n]
  argmax kth_largest(k = 2)  //~ shape-mismatch: best of the kernel kth_largest has 2 elements, but Mine(4) has 4
}`,
});
