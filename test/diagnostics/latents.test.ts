/** Latent variables: structures, utilities, relaxations, temperatures, backwards, soft and hard samples. */
import { cases } from "./harness.ts";

cases({
  "structures that cannot be": `
model M(n = 4, k = 7) {
  data x: f32[6]
  graph K = complete(4)
  latent a: SpanningTree(graph(4, [[0, 1], [2, 3]])) ~ Gumbel(0) relax ExpFamily at 1
  //~^ requirement «SpanningTree(graph(4, [[0, 1], [2, 3]]))»: a spanning tree needs a connected graph => requires
  latent b: SpanningTree(complete_directed(4)) ~ Gumbel(0) relax ExpFamily at 1
  //~^ requirement: a spanning tree needs an undirected graph; for a directed one use Arborescence
  latent c: KSubset(6, k) ~ Gumbel(0) relax ExpFamily at 1
  //~^ requirement «KSubset(6, k)»: k must lie between 1 and n => KSubset(6, 7) requires 1 <= k and k <= size
  latent d: KSubset(6, 0) ~ Gumbel(0) relax ExpFamily at 1     //~ requirement: k must lie between 1 and n
  latent e: KSubset(6) ~ Gumbel(0) relax ExpFamily at 1
  //~^ missing-argument «KSubset(6)»: KSubset needs k => write KSubset(n, k)
  latent f: KSubset(6, 2, 3, 1) ~ Gumbel(0) relax ExpFamily at 1
  //~^ too-many-arguments «1»: KSubset takes 3 arguments, not 4
  latent g: KSubset(6, of = 2) ~ Gumbel(0) relax ExpFamily at 1
  //~^ unknown-argument «of»: KSubset has no argument of => it has n, k, size
  latent h: SpanningTree(4) ~ Gumbel(0) relax ExpFamily at 1
  //~^ type-mismatch «4»: G of SpanningTree must be a graph, but it is 4 => such as complete(10)
  latent i: KSubset(K, 2) ~ Gumbel(0) relax ExpFamily at 1
  //~^ type-mismatch «K»: n of KSubset must be a number, but it is the graph complete(4)
  latent j: KSubset(2.5, 2) ~ Gumbel(0) relax ExpFamily at 1
  //~^ bad-size «2.5»: n of KSubset must be a non-negative integer, but it is 2.5
  latent l: OneHot ~ Gumbel(0) relax ExpFamily at 1
  //~^ type-mismatch «OneHot»: expected a structure such as SpanningTree(K), but got OneHot without arguments
  latent m: x ~ Gumbel(0) relax ExpFamily at 1
  //~^ type-mismatch «x»: expected a structure such as SpanningTree(K), but got x
  latent o: OneHot(x) ~ Gumbel(0) relax ExpFamily at 1
  //~^ dynamic-size «x»: x is not known at compile time: it is f32[6]
  latent p: OneHott(n) ~ Gumbel(0) relax ExpFamily at 1
  //~^ unknown-name «OneHott»: there is no OneHott here => did you mean OneHot?
  latent q: SpanningTree(path(1)) ~ Gumbel(0) relax ExpFamily at 1
  //~^ bad-size: SpanningTree(path(1)) has nothing to choose from: its embedding is empty
  latent r: OneHot(1e9) ~ Gumbel(0) relax ExpFamily at 1
  //~^ too-large «OneHot(1e9)»: the embedding of OneHot(1000000000) has 1000000000 elements
  latent s[1e6]: OneHot(1e6) ~ Gumbel(0) relax ExpFamily at 1  //~ too-large «s»: a tensor of shape [1000000, 1000000]
  latent t[x]: OneHot(3) ~ Gumbel(0) relax ExpFamily at 1
  //~^ dynamic-size «x»: a size must be an integer known at compile time
  latent u: KSubset(200000, 100000) ~ Gumbel(0) relax ExpFamily at 1
  //~^ too-large: the automaton of KSubset(200000, 100000) has too many moves to look at => found in std/structures/k-subset.sst
  minimize sum(x)
}`,
  "structures as arguments that do not fit": `
model M(Edges: Structure = KSubset, Choice: Structure = SpanningTree) {
  graph K = complete(4)
  latent z: Edges(K) ~ Gumbel(0) relax ExpFamily at 1
  //~^ missing-argument «Edges(K)»: KSubset needs k => Edges stands for KSubset here
  latent y: Choice(4) ~ Gumbel(0) relax ExpFamily at 1
  //~^ type-mismatch «4»: G of SpanningTree must be a graph, but it is 4 => Choice stands for SpanningTree here
  minimize 0
}`,
  utilities: `
model M() {
  data x: f32[3]
  data y: f32[2, 3]
  latent a: OneHot(3) ~ Gumbel(y) relax ExpFamily at 1
  //~^ shape-mismatch «Gumbel(y)»: the distribution of a needs location of shape [3], but it is f32[2, 3]
  latent b: OneHot(3) ~ x relax ExpFamily at 1
  //~^ type-mismatch «x»: expected a distribution such as Gumbel(theta), but got f32[3]
  latent c[2]: OneHot(3) ~ Gumbel(y) relax ExpFamily at 1
  latent d: OneHot(3) ~ Gumbell(x) relax ExpFamily at 1
  //~^ unknown-name «Gumbell»: there is no Gumbell here => did you mean Gumbel?
  prior c ~ Logistic(0)
  //~^ no-divergence «Logistic(0)»: there is no closed form of KL(Gumbel ‖ Logistic) => choose a prior among Gumbel, Normal
  prior c ~ Gumbel(x)        //~ shape-mismatch «Gumbel(x)»: this prior needs location of shape [2, 3], but it is f32[3]
  prior c ~ Gumbel(0)
  prior c ~ Gumbel(0)        //~ duplicate-name «c»: c has a prior already
  prior a ~ Gumbel(0)
  latent e: OneHot(3) ~ Fixed(x) relax ExpFamily at 1
  prior e ~ Gumbel(0)
  //~^ no-divergence: there is no closed form of KL(Fixed ‖ Gumbel) => Fixed has a closed form with no prior
  minimize sum(c)
}`,
  "temperatures are greater than 0": `
model M(low = -1) {
  data x: f32[3]
  hyper t = 0
  hyper u = 0.5
  latent a: OneHot(3) ~ Gumbel(x) relax ExpFamily at 0
  //~^ bad-temperature «0»: a temperature must be finite and greater than 0, but this is 0 => X_t is defined for t > 0
  latent b: OneHot(3) ~ Gumbel(x) relax ExpFamily at low       //~ bad-temperature «low»: but this is -1
  latent c: OneHot(3) ~ Gumbel(x) relax ExpFamily at t         //~ bad-temperature «t»: but t is 0 => straight_through
  latent d: OneHot(3) ~ Gumbel(x) relax ExpFamily at inf       //~ bad-temperature «inf»: but this is Infinity
  latent e: OneHot(3) ~ Gumbel(x) relax ExpFamily at x
  //~^ type-mismatch «x»: a temperature is a number, a hyper or a schedule, but this is f32[3]
  latent f: OneHot(3) ~ Gumbel(x) relax ExpFamily at anneal(1 -> 0 over 10)     //~ bad-temperature «0»: but this is 0
  latent g: OneHot(3) ~ Gumbel(x) relax ExpFamily at anneal(1 -> 0.1 over 0)
  //~^ bad-size «0»: a schedule takes at least one step
  latent h: OneHot(3) ~ Gumbel(x) relax ExpFamily at anneal(x -> 0.1 over 9)
  //~^ type-mismatch «x»: the first temperature must be a number known at compile time
  latent i: OneHot(3) ~ Gumbel(x) relax ExpFamily at 2 * u
  //~^ type-mismatch «2 * u»: a temperature is a number, a hyper or a schedule
  minimize sum(soft(i))
}`,
  relaxations: `
model M() {
  data x: f32[6]
  graph K = complete(4)
  latent a: SpanningTree(K) ~ Gumbel(x) relax BinaryEntropy at 1
  //~^ no-relaxation «BinaryEntropy»: SpanningTree(complete(4)) has no BinaryEntropy relaxation => it has ExpFamily, Euclidean
  latent b: OneHot(6) ~ Gumbel(x) relax ExpFamly at 1
  //~^ unknown-name «ExpFamly»: there is no ExpFamly here => did you mean ExpFamily?
  latent c: OneHot(6) ~ Gumbel(x) relax Gumbel at 1
  //~^ type-mismatch «Gumbel»: expected a relaxation such as ExpFamily, but got the distribution Gumbel without
  latent d: OneHot(6) ~ Gumbel(x) relax ExpFamily(clip = 15) at 1
  //~^ unknown-argument «ExpFamily(clip = 15)»: ExpFamily on OneHot(6) has no option clip
  latent e: SpanningTree(K) ~ Gumbel(x) relax ExpFamily(clip = -1) at 1  //~ requirement: clip must be greater than 0
  latent f: SpanningTree(K) ~ Gumbel(x) relax ExpFamily(clip = x) at 1
  //~^ dynamic-size «x»: arguments of a relaxation are known at compile time, but this is f32[6]
  latent g: OneHot(6) ~ Gumbel(x) relax Euclidean(3) at 1
  //~^ too-many-arguments «3»: Euclidean takes 0 arguments, not 1
  latent h: OneHot(6) ~ Gumbel(x) relax ExpFamily at 1 backward custom
  minimize sum(h)
}`,
  backwards: `
model M() {
  data x: f32[3]
  latent a: OneHot(3) ~ Gumbel(x) relax Euclidean at 1 backward autodiff
  //~^ illegal-backward «backward autodiff»: backward autodiff does not apply to OneHot(3) here => legal here: custom,
  latent b: OneHot(3) ~ Gumbel(x) relax ExpFamily at 1 backward duel
  //~^ unknown-backward «backward duel»: there is no backward duel
  latent c: OneHot(3) ~ Gumbel(x) relax ExpFamily at 1 backward dual(2)
  //~^ too-many-arguments: backward dual takes no arguments
  latent d: OneHot(3) ~ Gumbel(x) relax ExpFamily at 1 backward finite_difference(0)
  //~^ bad-backward «0»: the step of a backward must be greater than 0, but it is 0
  latent e: OneHot(3) ~ Gumbel(x) relax ExpFamily at 1 backward finite_difference(1, 2)
  //~^ too-many-arguments «2»: a backward takes one number at most
  latent f: OneHot(3) ~ Gumbel(x) relax ExpFamily at 1 backward finite_difference(x)
  //~^ type-mismatch «x»: the step of a backward must be a number known at compile time
  minimize sum(a) + sum(b)
}`,
  "soft and hard samples are those of latent variables": `
model M() {
  data x: f32[3]
  latent z: OneHot(3) ~ Gumbel(x)
  latent y: OneHot(3) ~ Gumbel(x) relax ExpFamily at 1
  let a = soft(x)            //~ type-mismatch «x»: soft takes a latent variable, but this is f32[3]
  let b = hard(1)            //~ type-mismatch «1»: hard takes a latent variable, but this is the number 1
  let c = soft(z)
  //~^ no-relaxation «z»: z has no relaxation, so it has no soft sample => add relax ExpFamily at t
  let d = soft(soft(y))      //~ type-mismatch «soft(y)»: soft takes a latent variable
  minimize sum(hard(z)) + sum(soft(y))
}`,
  "training that reaches nothing is pointed out": `
model M() {
  param theta: f32[3] ~ zeros
  latent z: OneHot(3) ~ Gumbel(theta)
  //~^ no-estimator «z»: no gradient reaches the utilities of z => add relax ExpFamily at t
  latent y: OneHot(3) ~ Gumbel(0)
  minimize sum(z) + sum(y)
}`,
  "parameters that no gradient reaches": `
import { Linear, MLP } from "std/nn"
module Mine() {
  param inner: f32[3] ~ zeros        //~ no-gradient «param inner: f32[3] ~ zeros»: no gradient reaches mine.inner
  forward(x: f32[3]): f32[3] = x
}
model M() {
  data x: f32[3]
  param unused: f32[3] ~ zeros       //~ no-gradient: no gradient reaches unused => use it, or leave it out
  param rounded: f32[3] ~ zeros      //~ no-gradient: no gradient reaches rounded
  param hidden: f32[3] ~ zeros
  param stopped: f32[3] ~ zeros      //~ no-gradient: no gradient reaches stopped
  param reported: f32[3] ~ zeros     //~ no-gradient: no gradient reaches reported
  param used: f32[3] ~ zeros
  let linear = Linear(3, 2)
  let idle = MLP(3, 4, 3)
  //~^ no-gradient «MLP(3, 4, 3)»: no gradient reaches idle.first.W, idle.first.b, idle.second.W and 1 more
  let mine = Mine()
  latent z: OneHot(3) ~ Gumbel(hidden) relax ExpFamily at 1
  minimize sum(z) + sum(floor(rounded)) + sum(stop_gradient(stopped) * used) + sum(linear(x)) + sum(mine(x))
  metric m = sum(reported)
}`,
  "score functions": `
distribution Quiet(location = 0) {
  noise e: normal
  sample = location + e
}
model M(k = 1) {
  data x: f32[3]
  hyper rate = 1.5
  latent a: OneHot(3) ~ Gumbel(x) score reinfroce
  //~^ unknown-name «reinfroce»: there is no score function reinfroce => did you mean reinforce?
  latent b: OneHot(3) ~ Gumbel(x) score reinforce(baseline = emma)
  //~^ unknown-name «emma»: there is no baseline emma => did you mean ema?
  latent c: OneHot(3) ~ Gumbel(x) score reinforce(baseline = sum(x))
  //~^ unknown-name «sum(x)»: there is no baseline sum(x) => is the baseline of score nvil(…)
  latent d: OneHot(3) ~ Gumbel(x) score reinforce(base = ema)
  //~^ unknown-argument «base»: reinforce has no option base => reinforce has baseline, samples
  latent e: OneHot(3) ~ Gumbel(x) score reinforce(ema, 3)
  //~^ too-many-arguments «3»: reinforce takes its options by name => reinforce has baseline, samples
  latent f: OneHot(3) ~ Gumbel(x) score reinforce(baseline = leave_one_out)
  //~^ missing-argument «leave_one_out»: leave_one_out needs to know how many samples => write leave_one_out(4)
  latent g: OneHot(3) ~ Gumbel(x) score reinforce(baseline = multi_sample(k))
  //~^ bad-size «k»: the number of samples of multi_sample must be an integer from 2, but it is 1 => compared with
  latent h: OneHot(3) ~ Gumbel(x) score reinforce(samples = 1.5)
  //~^ bad-size «1.5»: the number of samples must be an integer from 1, but it is 1.5
  latent i: OneHot(3) ~ Gumbel(x) score reinforce(baseline = leave_one_out(2), samples = 2)
  //~^ duplicate-argument «samples = 2»: leave_one_out says how many samples => leave samples out
  latent j: OneHot(3) ~ Gumbel(x) score reinforce(baseline = ema(rate))
  //~^ bad-number «rate»: the decay of an average must be at least 0 and less than 1, but it is 1.5
  latent l: OneHot(3) ~ Gumbel(x) score reinforce(baseline = ema(x))
  //~^ type-mismatch «x»: the decay of an average is a number or a hyper, but this is f32[3]
  latent m: OneHot(3) ~ Gumbel(x) score nvil
  //~^ missing-argument «score nvil»: nvil needs a baseline, a number for each example => write nvil(net(x))
  latent n: OneHot(3) ~ Gumbel(x) score nvil(x)
  //~^ shape-mismatch «x»: a baseline is one number for each example, but this is f32[3] => reduce it with sum
  latent o: OneHot(3) ~ Gumbel(x) score nvil(x[0..1])
  //~^ shape-mismatch «x[0..1]»: but this is f32[1] => take its element: [0]
  latent p: OneHot(3) ~ Gumbel(x) score nvil(sum(x), weight = -1)
  //~^ bad-number «-1»: a weight must be at least 0, but it is -1
  latent q: OneHot(3) ~ Gumbel(x) score nvil(sum(x), sum(x))
  //~^ too-many-arguments «sum(x)»: nvil takes its options by name => nvil has baseline, decay, weight, samples
  latent r: OneHot(3) ~ Gumbel(x) score nvil(sum(x), depth = 2)
  //~^ unknown-argument «depth»: nvil has no option depth => nvil has baseline, decay, weight, samples
  latent s: OneHot(3) ~ Fixed(x) score reinforce
  //~^ no-density «score reinforce»: the utilities of s have no noise => such as Gumbel(theta)
  latent t: OneHot(3) ~ Quiet(x) score reinforce
  //~^ no-density «score reinforce»: Quiet declares no log_density, so there is no score function => declare log_density(u)
  latent u: OneHot(3) ~ Gumbel(x) score reinforce(samples = 2)
  latent v: OneHot(3) ~ Gumbel(x) score reinforce(baseline = leave_one_out(3))
  //~^ duplicate-argument «score reinforce(baseline = leave_one_out(3))»: v is sampled 3 times in a step, and u 2 times
  latent w: OneHot(3) ~ Gumbel(x) score reinforce
  let y = soft(w)
  //~^ no-relaxation «w»: w has no relaxation, so it has no soft sample
  latent z: OneHot(3) ~ Gumbel(x) score nvil(sum(x), sum(x), decay = 0, decay = 0.5)
  //~^ too-many-arguments: nvil takes its options by name
  minimize sum(u) + sum(v) + sum(w)
}`,
  "noise of several numbers": `
distribution Several(location = 0, k = 2) {
  noise v[k]: uniform
  //~^ bad-size «k»: a size must be a positive integer, but this is 0 => reached from line 14
  //~^^ bad-size «k»: a size must be a positive integer, but this is 0.5 => reached from line 15
  sample = location + gamma_quantile(1 / k, v[0])
}
distribution Wide(location = 0) {
  noise v[location]: uniform             //~ dynamic-size «location»: a size must be an integer known at compile time
  sample = location
}
model M() {
  data x: f32[3]
  latent a: OneHot(3) ~ Several(x, 0) imle
  latent b: OneHot(3) ~ Several(x, 0.5) imle
  latent c: OneHot(3) ~ Several(x) imle
  latent d: OneHot(3) ~ Wide(x) imle
  let e = gamma_quantile(2, x)
  //~^ bad-number «2»: the shape of a gamma variable must be greater than 0 and at most 1 here, but it is 2
  let f = gamma_quantile(x, x)
  //~^ type-mismatch «x»: the shape of a gamma variable is a number known at compile time, not f32[3]
  minimize sum(c)
}`,
  imle: `
model M() {
  data x: f32[3]
  latent a: OneHot(3) ~ Gumbel(x) imle(lambda = 0)
  //~^ bad-number «0»: lambda must be greater than 0, but it is 0
  latent b: OneHot(3) ~ Gumbel(x) imle(lambda = x)
  //~^ type-mismatch «x»: lambda is a number or a hyper, but this is f32[3]
  latent c: OneHot(3) ~ Gumbel(x) imle(step = 2)
  //~^ unknown-argument «step»: imle has no option step => imle has lambda
  latent d: OneHot(3) ~ Gumbel(x) imle(lambda = 2, lambda = 3)
  //~^ duplicate-argument «lambda = 3»: lambda is given twice
  latent e: OneHot(3) ~ Gumbel(x) imle(y)
  //~^ unknown-name «y»: there is no y here
  minimize sum(a)
}`,
  "losses that examples share": `
model M() {
  data x: f32[3]
  param theta: f32[3] ~ zeros
  latent z: OneHot(3) ~ Gumbel(theta) score reinforce
  //~^ mixed-examples «z»: the loss of an example depends on the samples of z of all others => as batch_norm does
  latent y: OneHot(3) ~ Gumbel(theta) score reinforce
  latent w: OneHot(3) ~ Gumbel(theta) relax ExpFamily at 1
  let centred = z - batch_mean(z)
  minimize sum(x * centred) + sum(y * (w - batch_mean(w)))
  metric shared = sum(y * batch_mean(y))
}`,
  "each part of a latent variable is looked into": `
model M() {
  hyper t = 0
  param x: f32[4] ~ zeros
  latent z: KSubset(4, 9) ~ Gumbel(y) relax ExpFamily at t backward finite_difference(-1)
  //~^ requirement «KSubset(4, 9)»: k must lie between 1 and n
  //~^^ unknown-name «y»: y is declared below this line => move its declaration up
  //~^^^ bad-temperature «t»: a temperature must be finite and greater than 0, but t is 0
  //~^^^^ bad-backward «-1»: the step of a backward must be greater than 0
  latent y[0]: OneHot(4) ~ Gumbel(x) relax Normal at -1
  //~^ bad-size «0»: a size
  //~^^ type-mismatch «Normal»: expected a relaxation such as ExpFamily
  //~^^^ bad-temperature «-1»: a temperature must be finite and greater than 0
  prior z ~ Gumbel(0)
  minimize kl + sum(z)
}`,
  "a latent variable that is wrong is wrong once": `
model M() {
  latent z: OneHot(3) ~ Gumbel(0) relax ExpFamily at 0         //~ bad-temperature: a temperature must be
  prior z ~ Gumbel(0)
  let a = sum(z) + soft(z)
  observe a ~ Normal(0)
  maximize elbo - kl
  metric m = mean(hard(z))
}`,
});
