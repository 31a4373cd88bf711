/** Calls: arguments that are missing, unknown, too many or of the wrong kind; callees that cannot be called. */
import { cases } from "./harness.ts";

cases({
  "arguments of functions": `
fn scale(x, by = 2) = x * by
model M() {
  data x: f32[3]
  let a = scale()            //~ missing-argument «scale()»: scale needs x => write scale(x, by)
  let b = scale(x, 2, 3)     //~ too-many-arguments «3»: scale takes 2 arguments, not 3
  let c = scale(x, bye = 2)  //~ unknown-argument «bye»: scale has no argument bye => did you mean by?
  let d = scale(by = 2, x)
  let e = scale(x, by = 1, by = 2)     //~ duplicate-argument «by»: by is given twice
  minimize sum(scale(x))
}`,
  "arguments of functions of the language": `
model M() {
  data x: f32[3]
  let a = sum()              //~ missing-argument «sum()»: sum needs x => write sum(x, axis, keep)
  let b = sum(x, axs = 0)    //~ unknown-argument «axs»: sum has no argument axs => did you mean axis?
  let c = exp(x, 2)          //~ too-many-arguments «2»: exp takes 1 argument, not 2
  let d = complete()         //~ missing-argument: complete needs vertices
  let e = edges(complete(3), 4)        //~ too-many-arguments «4»: edges takes 1 argument, not 2
  let f = binomial(4, of = 2)          //~ unknown-argument «of»: binomial has no argument of
  let g = concat(axis = 0)   //~ missing-argument: concat needs tensors
  let h = concat(x, axis = 0, axis = 0)     //~ duplicate-argument «axis»: axis is given twice
  let i = concat(x, along = 0)         //~ unknown-argument «along»: concat has no argument along
  let j = concat(1, 2)       //~ shape-mismatch «1»: a scalar has no axis to be joined along
  let k = binomial("a", 2)   //~ type-mismatch: n of binomial must be a number, but it is "a"
  let l = edges(3)           //~ type-mismatch: expected a graph such as complete(10), but got 3
  let m = exp(complete(3))   //~ type-mismatch: x of exp must be a number, but it is the graph complete(3)
  let n = stack(x)           //~ type-mismatch «x»: stack takes a list such as [a, b], but this is f32[3]
  let o = sum([])            //~ type-mismatch «[]»: an empty list has no shape
  minimize sum(x)
}`,
  modules: `
import { Linear, MLP, batch_norm } from "std/nn"
module Fixed(n: int, G: Graph, f: Distribution) {
  require n > 2 else "n must be more than 2"  //~ requirement «n > 2»: n must be more than 2 => n > 2 does not hold
  graph H = n                //~ type-mismatch «n»: expected a graph such as complete(10), but got the number 3
  step(x) = x
}
model M() {
  data x: f32[3]
  let a = Linear(3)
  //~^ missing-argument «Linear(3)»: Linear needs outputs => write Linear(inputs, outputs, bias)
  let b = Linear(3, 2, 0.1, 5)         //~ too-many-arguments «5»: Linear takes 3 arguments, not 4
  let c = Linear(3, 2, bais = 1)       //~ unknown-argument «bais»: Linear has no argument bais => did you mean bias?
  let d = Linear(3, outputs = sum(x))  //~ dynamic-size: a size must be an integer known at compile time
  let e = Linear(3, 2)
  let f = e(x, 2)            //~ too-many-arguments «2»: Linear.forward takes 1 argument, not 2
  let g = e + 1              //~ type-mismatch «e»: expected a tensor but got an instance of the module Linear
  let h = Linear + 1         //~ type-mismatch «Linear»: expected a tensor but got the module Linear without arguments
  let i = Fixed(3, complete(3), Normal)
  let j = i(x)               //~ not-callable «i»: Fixed has no method forward => call one of its methods: step
  let k = Fixed(2.5, 3, 4)   //~ type-mismatch «2.5»: n of Fixed must be an int, but this is the number 2.5
  //~^ type-mismatch «3»: G of Fixed must be a Graph, but this is the number 3
  //~^^ type-mismatch «4»: f of Fixed must be a Distribution, but this is the number 4
  let m = Fixed(2, complete(3), Normal)
  let n = m(x)
  let l = batch_norm(x, momentm = 0.1)
  //~^ unknown-argument «momentm»: batch_norm has no argument momentm => did you mean momentum?
  minimize sum(e(x))
}`,
  "what cannot be called": `
model M() {
  data x: f32[3]
  let a = x(1)               //~ not-callable «x»: f32[3] cannot be called
  let b = 3(1)               //~ not-callable «3»: the number 3 cannot be called
  let c = Gumbel(0)(1)       //~ not-callable «Gumbel(0)»: a Gumbel distribution cannot be called
  let d = sum(x)(1)          //~ not-callable: an f32 scalar cannot be called
  minimize sum(x)
}`,
  distributions: `
model M() {
  data x: f32[3]
  observe x ~ Normal(meen = 0)         //~ unknown-argument «meen»: Normal has no argument meen => did you mean mean?
  observe x ~ Normal([1, 2])
  //~^ shape-mismatch: this observation needs mean of shape [3], but it is f32[2] => one mean for each coordinate, or
  observe x ~ Normal(complete(3))      //~ type-mismatch «complete(3)»: arguments of Normal are numbers or tensors
  observe x ~ 3              //~ type-mismatch «3»: expected a distribution such as Gumbel(theta), but got the number 3
  observe x ~ Fixed(0)       //~ no-density «Fixed(0)»: Fixed declares no log_density, so it cannot be observed
  observe Normal ~ Normal(0)
  //~^ type-mismatch «Normal»: expected a tensor but got the distribution Normal without arguments
  maximize elbo
}`,
  "arguments out of range": `
import { batch_norm, GraphEncoder, MLP } from "std/nn"
model M(rate = 1.0) {
  data x: f32[3]
  param p: f32[3] ~ zeros
  latent a: OneHot(3) ~ Normal(p, -1) relax ExpFamily at 1
  //~^ requirement «Normal(p, -1)»: the standard deviation (scale) of Normal must be greater than 0
  latent b: OneHot(3) ~ NegExponential(0) relax ExpFamily at 1
  //~^ requirement «NegExponential(0)»: the rate of NegExponential must be greater than 0
  latent c: OneHot(3) ~ Normal(p) relax ExpFamily at 1
  prior c ~ Normal(0, scale = 1e-200)  //~ requirement: the variance of Normal must be greater than 0 => variance > 0
  observe x ~ Normal(p, variance = 0)  //~ requirement: the variance of Normal must be greater than 0
  observe x ~ Normal(p, variance = -1) //~ requirement: the variance of Normal must be greater than 0
  observe x ~ Normal(p, exp(p))
  let first = MLP(3, 4, 3, dropout = 1.5)    //~ requirement: dropout must be at least 0 and less than 1
  let second = MLP(3, 4, 3, dropout = -0.1)  //~ requirement: dropout must be at least 0 and less than 1
  let third = MLP(3, 4, 3, dropout = rate)   //~ requirement: dropout must be at least 0 and less than 1
  let encoder = GraphEncoder(complete(3), 3, 4, dropout = 1)   //~ requirement: dropout must be at least 0
  let y = first(x) + second(x) + third(x)
  let d = drop(x, 1.0)       //~ requirement: the rate of drop must be at least 0 and less than 1
  let e = drop(x, sum(p))    //~ type-mismatch: a requirement is true or false when the model is compiled
  let f = batch_norm(x, momentum = 2)  //~ requirement: momentum must be at least 0 and at most 1
  let g = batch_norm(x, epsilon = 0)   //~ requirement: epsilon must be greater than 0
  minimize sum(y + d + e + f + g) + sum(a) - elbo
}`,
  "a distribution without sample": `
distribution Flat(a = 0) { log_density(u) = a * u }
model M() {
  param p: f32[3] ~ zeros
  latent z: OneHot(3) ~ Flat(p) relax ExpFamily at 1
  //~^ not-sampled «Flat(p)»: Flat cannot be sampled => declare sample = … in it
  minimize sum(z)
}`,
  "conditions and requirements": `
model M(n = 3) {
  data x: f32[n]
  let a = if x > 0 then 1 else 2
  //~^ type-mismatch «x > 0»: the condition of if must be known at compile time => where(condition, a, b)
  require n > 5 else "n is too small"  //~ requirement «n > 5»: n is too small => n > 5 does not hold
  require n > 6              //~ requirement «n > 6»: n > 6 does not hold
  require n
  //~^ type-mismatch «n»: a requirement is true or false when the model is compiled, but this is the number 3
  let b = [i for i in 0..3 if x]       //~ type-mismatch «x»: this condition must be known at compile time
  let c = (1, 2)             //~ bad-expression «(1, 2)»: (1, 2) is no value here => write a list: [a, b]
  let d = sum(i for i in 0..3)         //~ bad-expression: i for i in 0..3 is no value here => write it in a list
  minimize sum(x)
}`,
  "objectives and metrics": `
model M() {
  data x: f32[3]
  data truth: bool[3]
  minimize x
  //~^ shape-mismatch «x»: an objective is one number for each example, but this is f32[3] => reduce it with sum or mean
  maximize sum(x)            //~ duplicate-objective «maximize sum(x)»: a model has one objective => add the terms up
  metric a = x               //~ shape-mismatch «x»: a metric is one number for each example
  metric b = record(1)       //~ missing-argument «1»: every part of a group of metrics needs a name
  metric c = record(p = 1, p = 2)      //~ duplicate-argument «2»: p is given twice
  metric d = record()        //~ missing-argument: a group of metrics needs parts
  metric e = better_by_precision(a = 1)     //~ type-mismatch «1»: each reading must be a record with a part precision
  metric f = complete(3)     //~ type-mismatch «complete(3)»: expected a metric but got the graph complete(3)
  metric g = record(p = sum(x), q = record(r = mean(x)))
}`,
  "arguments of models": `
model M(Edges: Structure = KSubset(3, 2), R: Relaxation = Normal, G: Graph = 3, n: int = 0.5, on: bool = 1, a: text = 2) {
  //~^ type-mismatch «KSubset(3, 2)»: Edges of M must be a Structure, but this is the structure KSubset(3, 2)
  //~^^ type-mismatch «Normal»: R of M must be a Relaxation, but this is the distribution Normal without arguments
  //~^^^ type-mismatch «3»: G of M must be a Graph, but this is the number 3
  //~^^^^ type-mismatch «0.5»: n of M must be an int, but this is the number 0.5
  //~^^^^^ type-mismatch «1»: on of M must be a bool, but this is the number 1
  //~^^^^^^ type-mismatch «2»: a of M must be a text, but this is the number 2
  data x: f32[n]
  latent z: Edges(G) ~ Gumbel(0) relax R at 1
  minimize sum(x)
}`,
  "functions and modules that nothing uses": `
import { Linear, MLP } from "std/nn"
fn short(x: f32[3]) = x + concat(x, x)   //~ shape-mismatch «x + concat(x, x)»: the operands of +
fn open(x: f32[..., n], k, G: Graph) = sum(x) + k * vertices(G) + n + edges(k)
fn wrong(x) = sum(x, axs = 1) + complete(2.5)
  //~^ unknown-argument «axs»: sum has no argument axs => did you mean axis?
  //~^^ bad-size: vertices
fn promised(x: f32[3]): f32[2] = x       //~ shape-mismatch «x»: the value of promised
module Idle(n, k, rate = 2) {
  require n > k
  graph K = n + 1
  graph L = 3                            //~ type-mismatch «3»: expected a graph such as complete(10)
  let inner = MLP(2, 3, 2, dropout = rate)     //~ requirement: dropout must be at least 0 and less than 1
  let outer = Linear(3, 2, 3, 4)         //~ too-many-arguments «4»: Linear takes 3 arguments, not 4
}
module Methods(n) {
  let inner = Linear(n, 2)
  param w: f32[n] ~ constant("a")
  //~^ type-mismatch «"a"»: the argument of constant must be a number known at compile time
  forward(x: f32[n]): f32[n] = inner(w * x)
  twice(x: f32[2]) = x @ x               //~ shape-mismatch «x @ x»: a product needs
}`,
  "a model without defaults is looked into as far as it goes": `
model M(n, m) {
  //~^ unchecked «M»: M was checked without values for n, m => give them defaults, such as n = 10
  data x: f32[n]
  data y: f32[3]
  minimize y                 //~ shape-mismatch «y»: an objective is one number
}`,
});
