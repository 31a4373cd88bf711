/** Small models in which everything that can have a name has the name ▲. */

/** A model for each thing that can be named; the name stands in for ▲. */
export const ROLES: { readonly [role: string]: string } = {
  data: `data ▲: f32[3]
  minimize sum(▲ * ▲)`,
  parameter: `data x: f32[3]
  param ▲: f32[3] ~ constant(0.5)
  minimize sum(x * ▲)`,
  state: `data x: f32[3]
  state ▲: f32[3] = 1
  update ▲ = 0.5 * ▲ + batch_mean(x)
  minimize sum(x * ▲)`,
  hyper: `data x: f32[3]
  hyper ▲ = 2
  minimize sum(x) * ▲`,
  let: `data x: f32[3]
  let ▲ = x + 1
  let other = ▲ * 2
  minimize sum(▲ * other)`,
  graph: `data x: f32[3]
  graph ▲ = path(3)
  minimize sum(from(▲, x))`,
  latent: `data x: f32[3]
  latent ▲: OneHot(3) ~ Gumbel(x) relax ExpFamily at anneal(1 -> 0.5 over 10)
  prior ▲ ~ Gumbel(0)
  minimize sum(▲ * x) + kl`,
  metric: `data x: f32[3]
  minimize sum(x)
  metric ▲ = mean(x)`,
  "part of a metric": `data x: f32[3]
  minimize sum(x)
  metric m = record(▲ = mean(x), b = sum(x))`,
  block: `data x: f32[3]
  minimize { let ▲ = x * 2  sum(▲ * ▲) }`,
  loop: `data x: f32[3]
  minimize sum([x[▲] * ▲ for ▲ in 0..3])`,
  scan: `data x: f32[3]
  minimize sum(scan ▲ = x for i in 0..2 { ▲ * 2 + i })`,
};

/** The same for what is declared outside of the model. */
export const DECLARATIONS: { readonly [role: string]: string } = {
  function: `fn ▲(v, w = 2) = v * w
model M() {
  data x: f32[3]
  minimize sum(▲(x, w = 3))
}`,
  "function's argument": `fn f(▲) = ▲ * 2
model M() {
  data x: f32[3]
  minimize sum(f(▲ = x))
}`,
  module: `module ▲(n) {
  param w: f32[n] ~ constant(2)
  forward(v: f32[n]) = v * w
}
model M() {
  data x: f32[3]
  let m = ▲(3)
  minimize sum(m(x) + ▲(x))
}`,
  "module's argument, parameter and method": `module A(▲) {
  param w: f32[▲] ~ constant(2)
  forward(v) = v * w
}
module B(n) {
  param ▲: f32[n] ~ constant(2)
  forward(v) = v * ▲
}
module C(n) {
  forward(v) = ▲(v)
  ▲(v) = v + n
}
model M() {
  data x: f32[3]
  let a = A(▲ = 3)
  let b = B(3)
  let c = C(2)
  minimize sum(a(x) + b(x) + c.▲(x))
}`,
  model: `model ▲(n = 3) {
  data x: f32[n]
  minimize sum(x)
}`,
  "model's argument":
    'model M(▲ = 3, Edges: Structure = OneHot, text: text = "▲") {\n  data x: f32[▲]\n  minimize sum(x)\n}',
  structure: `structure ▲(n) {
  embedding x: binary[n]
  argmax largest
  relax ExpFamily by softmax_kernel symmetric
}
model M() {
  data x: f32[3]
  latent z: ▲(3) ~ Gumbel(x) relax ExpFamily at 1
  minimize sum(z * x)
}`,
  "structure's argument, part and solver": `structure S(▲) {
  embedding x: binary[▲]
  argmax k(n = ▲)
  relax ExpFamily by softmax_kernel(n = ▲) symmetric
}
kernel k(n, u: f32[n]) -> x: f32[n] {
  for i in 0..n { x[i] = 0 }
  x[argmax(u)] = 1
}
model M() {
  data x: f32[3]
  latent z: S(3) ~ Gumbel(x) relax ExpFamily at 1
  minimize sum(z * x)
}`,
  kernel: `structure S(n) {
  embedding x: binary[n]
  argmax largest
  relax ExpFamily by ▲ symmetric
}
kernel ▲(n, u: f32[n]) -> x: f32[n] {
  let y = softmax_kernel(n, u)
  for i in 0..n { x[i] = y[i] }
}
model M() {
  data x: f32[3]
  latent z: S(3) ~ Gumbel(x) relax ExpFamily at 1
  minimize sum(z * x)
}`,
  "kernel's output": `structure S(n) {
  embedding x: binary[n]
  argmax largest
  relax ExpFamily by k symmetric
}
kernel k(n, u: f32[n]) -> ▲: f32[n] {
  let top = max(u)
  let total = sum(exp(u[i] - top) for i in 0..n)
  for i in 0..n { ▲[i] = exp(u[i] - top) / total }
}
model M() {
  data x: f32[3]
  param w: f32[3] ~ constant(1)
  latent z: S(3) ~ Gumbel(x * w) relax ExpFamily at 1
  minimize sum(z * x)
}`,
  "kernel's variables": `structure S(n) {
  embedding x: binary[n]
  argmax largest
  relax ExpFamily by k symmetric
}
kernel k(n, u: f32[n]) -> x: f32[n] {
  shared ▲: f32[n] = 0
  for i in 0..n { ▲[i] = exp(u[i]) }
  for i in 0..1 {
    var ▲ = 0.0
    for j in 0..n { ▲ += exp(u[j]) }
    for j in 0..n { x[j] = 1 / ▲ }
  }
  for ▲ in 0..n { x[▲] = x[▲] * exp(u[▲]) }
  let ▲2 = max(u[▲3] for ▲3 in 0..n)
  if ▲2 > 1e9 { x[0] = ▲2 }
}
model M() {
  data x: f32[3]
  param w: f32[3] ~ constant(1)
  latent z: S(3) ~ Gumbel(x * w) relax ExpFamily at 1
  minimize sum(z * x)
}`,
  distribution: `distribution ▲(location = 0) {
  noise v: uniform
  sample = location + v
  log_density(u) = -abs(u - location)
  kl(prior: ▲) = location - prior.location
}
model M() {
  data x: f32[3]
  latent z: OneHot(3) ~ ▲(x) relax ExpFamily at 1
  prior z ~ ▲(0)
  observe x ~ ▲(z)
  maximize elbo
}`,
  "distribution's argument and noise": `distribution D(▲ = 0) {
  noise e: uniform
  noise f: normal
  sample = ▲ + e + f
  log_density(u) = -abs(u - ▲)
  kl(prior: D) = ▲ - prior.▲
}
distribution E(a = 0) {
  noise ▲: uniform
  sample = a + ▲
}
model M() {
  data x: f32[3]
  latent z: OneHot(3) ~ D(▲ = x) relax ExpFamily at 1
  latent y: OneHot(3) ~ E(x) relax ExpFamily at 1
  prior z ~ D(0)
  observe x ~ D(z + y)
  maximize elbo
}`,
};
