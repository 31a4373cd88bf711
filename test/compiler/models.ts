/** Small valid models that between them use everything the language has. */
export const MODELS: { readonly [name: string]: string } = {
  plain: `
model Plain(n = 3, m = 2) {
  data x: f32[n]
  data k: i32[n]
  param W: f32[n, m] ~ glorot_normal
  param b: f32[m] ~ constant(0.1)
  state seen: f32[m] = 0
  hyper decay = 0.9
  let h = tanh(x @ W + b)
  update seen = decay * seen + (1 - decay) * batch_mean(h)
  require n >= m else "n is too small"
  let big = where(x > 0 and not (k == 1), x, -x)
  observe x ~ Normal(sum(h) * big, scale = 2)
  maximize elbo - 0.1 * sum(W * W)
  metric size = record(mean = mean(h), most = maximum(abs(h - seen)))
}`,
  latents: `
model Latents(n = 4, k = 2, Choice: Structure = OneHot) {
  data x: f32[n]
  hyper t = 0.5
  param theta: f32[n] ~ zeros
  graph K = complete(n)
  latent a: Choice(n) ~ Gumbel(x + theta) relax ExpFamily at t
  latent b: KSubset(n, k) ~ Logistic(soft(a)) relax Euclidean at anneal(1.0 -> 0.1 over 100) straight_through
  latent c[2]: Subset(n) ~ Normal(0, scale = 2) relax BinaryEntropy at 1 backward finite_difference(1e-2)
  latent d: SpanningTree(K) ~ Gumbel(0) relax ExpFamily(clip = 15) at 2 backward dual
  prior a ~ Gumbel(0)
  observe x ~ Normal(a + b + sum(c[1]) + mean(d), variance = 0.1)
  maximize elbo
  metric hits = sum(hard(a) * x)
}`,
  modules: `
import { Linear, MLP, batch_norm } from "std/nn"
/// A module with a method of its own.
module Net(inputs, hidden = 3, dropout = 0.5) {
  let first = Linear(inputs, hidden)
  let second = MLP(hidden, hidden, inputs, dropout)
  param gain: f32[inputs] ~ uniform(0.5)
  twice(x: f32[..., inputs]): f32[..., inputs] = second(relu(first(x)))
  forward(x: f32[..., inputs]) = { let y = twice(x)  y * broadcast(gain, like = y) }
}
fn step(state: f32[n], input: f32[n]) = if training then elu(state + input) else state + input
model Modules(T = 3, V = 3, D = 2) {
  graph K = cycle(V)
  data x: f32[T, V, D]
  let net = Net(D)
  let h = batch_norm(net(x))
  let messages = gather_sum(K, concat(from(K, h[0]), into(K, h[1])))
  let path = scan s = x[0, 0] for i in 1..T { step(s, x[i, 0]) }
  let all = [sum(h[i]) for i in 0..T if i != 1]
  minimize sum(all) + mean(messages) + sum(path * path) + sum(symmetrize(K, to_arcs(K, [1, 2, 3])))
}`,
  kernels: `
structure Mine(n) {
  embedding x: binary[n]
  require n >= 1 else "there must be something"
  count n
  argmax best cost n
  argmax top_k(k = 1) on webgpu cost n * log(n)
  relax ExpFamily(power = 1) by weights symmetric cost 2 * n
  relax Separable by capped_simplex(total = 1) symmetric backward capped_simplex_vjp
  relax Odd refused "it is odd"
  log_partition by softmax_log_partition
  sample drawn cost n
  k_best first_ones cost n * best
}
relaxation Odd
kernel best(n, u: f32[n]) -> x: f32[n] {
  var at = 0
  for i in 1..n { if u[i] > u[at] { at = i } else if u[i] == u[at] { at = at } }
  parallel for i in 0..n { x[i] = if i == at then 1.0 else 0.0 }
}
kernel drawn(n, u: f32[n], noise: f32[n]) -> x: f32[n] {
  shared moved: f32[n]
  for i in 0..n { moved[i] = u[i] - log(-log(noise[i])) }
  let at = argmax(moved)
  x[at] = 1
}
kernel first_ones(n, best, u: f32[n]) -> x: f32[best, n], found: i32[1] {
  shared free: bool[n] = true
  for round in 0..min(best, n) {
    let at = argmax(u[i] for i in 0..n if free[i])
    x[round, at] = 1
    free[at] = false
    found[0] += 1
  }
}
kernel weights(n, power, u: f32[n]) -> x: f32[n] {
  let top = constant(max(u))
  shared w: f32[n, 2] = 0
  for i in reversed(0..n) { w[i, 0] = exp(u[i] - top) ^ power  w[i, 1] += w[i, 0] }
  let total = sum(w[i, 1] for i in 0..n if i >= 0)
  var rounds = 0
  while rounds < 2 { rounds += 1  if rounds == 2 { break } }
  for i in 0..n { x[i] = max(w[i, 0] / total, 0) }
}
distribution Tilted(location = 0, tilt = 1) {
  noise v: uniform
  sample = location + tilt * (v - 0.5)
  log_density(u) = -abs(u - location) / tilt
  kl(prior: Tilted) = abs(location - prior.location)
}
model Kernels(n = 3) {
  data x: f32[n]
  latent z: Mine(n) ~ Tilted(x, tilt = 2) relax ExpFamily at 1
  prior z ~ Tilted(0)
  latent y: Mine(n) ~ Gumbel(x) relax BinaryEntropy at 0.5
  observe x ~ Tilted(z * y)
  maximize elbo
}
experiment try_it for Kernels {
  vary n in { 3, 4 }
  hyper lr = 1e-3
  data from "./data.js" load(n, train = 10)
  train adam(lr) batch 8 steps 10 validate every 5 keep best valid.elbo
  report test.elbo, test.kl
  scale small { train steps 2 }
}`,
};
