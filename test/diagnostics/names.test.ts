/** Names: unknown, misspelt, declared twice or too late, imported from nowhere; recursion. */
import { cases } from "./harness.ts";

cases({
  "initialisers of modules that nothing uses": `
module Unused(n) {
  param q: f32[n] ~ foo      //~ unknown-name «foo»: there is no initialiser foo => choose one of zeros
  param r: f32[n] ~ glorot_norml()   //~ unknown-name «glorot_norml»: there is no initialiser => did you mean glorot_normal?
  forward(x: f32[n]): f32[n] = q * x + r
}`,
  "a misspelt name is met with the nearest one": `
model M(features = 4) {
  data x: f32[featurs]       //~ unknown-name «featurs»: there is no featurs here => did you mean features?
  minimize sum(x * scale)    //~ unknown-name «scale»: there is no scale here
}`,
  "letters in the wrong order are recognised": `
model M() {
  data x: f32[3]
  minimize smu(x)            //~ unknown-name «smu»: there is no smu here => did you mean sum?
}`,
  "a name is used before its declaration": `
model M() {
  data x: f32[3]
  let y = x + z              //~ unknown-name «z»: z is declared below this line => move its declaration up
  let z = 2
  minimize sum(y)
}`,
  "one-letter names are not guessed": `
model M(n = 3) {
  data x: f32[m]             //~ unknown-name «m»: there is no m here
  minimize sum(x)
}`,
  "names of JavaScript's objects are no names of the language": `
model M() {
  data x: f32[3]
  let y: toString = x        //~ unknown-type «toString»: there is no type toString
  let z = hasOwnProperty(x)  //~ unknown-name: there is no hasOwnProperty here
  minimize x.__proto__       //~ type-mismatch: f32[3] has no members
}`,
  "neither are they sizes, arguments or settings": `
model M(constructor: toString = 3) {  //~ unknown-type «toString»: there is no type toString
  data x: f32[valueOf]       //~ unknown-name «valueOf»: there is no valueOf here
  minimize mean(x, __proto__ = 3)  //~ unknown-argument «__proto__»: mean has no argument __proto__
}`,
  "a name is declared twice": `
fn f(a, a) = a               //~ duplicate-name «a»: a is already declared in this function
fn f(b) = b                  //~ duplicate-name «f»: f is declared twice in this file
module A(n) {
  param w: f32[n] ~ zeros
  state w: f32[n] = 0        //~ duplicate-name «w»: w is already declared in this module
  forward(x) = x * w
  forward(y) = y             //~ duplicate-name «forward»: forward is already declared in this module
}
distribution D(a = 0) {
  noise a: uniform           //~ duplicate-name «a»: a is already declared in this distribution
  noise e: normal
  noise e: uniform           //~ duplicate-name «e»: e is already declared in this distribution
  sample = a + e
}
model M() {
  data x: f32[3]
  data x: f32[3]             //~ duplicate-name «x»: x is already declared in this model
  let y = { let a = 1  let a = 2  a }  //~ duplicate-name «a»: a is already declared in this block
  minimize sum(x) + y
}`,
  "two modules of one name": `
import { Linear } from "std/nn"
model M() {
  data x: f32[3]
  let pair = [Linear(3, 2), Linear(3, 2)]  //~ duplicate-name «Linear(3, 2)»: two modules would be called pair
  minimize sum(x)
}`,
  "metrics that are there anyway": `
model M() {
  data x: f32[3]
  observe x ~ Normal(0)
  maximize elbo
  metric elbo = sum(x)       //~ duplicate-name «elbo»: elbo is always among the metrics
}`,
  "a library name must be imported": `
model M() {
  data x: f32[3]
  let l = Linear(3, 2)
  //~^ unknown-name «Linear»: there is no Linear here => import it: import { Linear } from "std/nn"
  minimize sum(l(x))
}`,
  "imports that find nothing": `
import { Linear, Liner } from "std/nn"     //~ unknown-import «Liner»: "std/nn" has no Liner => did you mean Linear?
import { Linear } from "std/nn"            //~ duplicate-name «Linear»: Linear is already declared in this file
import { A } from "std/layers"             //~ unknown-import «"std/layers"»: there is no module "std/layers" => std/nn
import { B } from "./missing.sst"          //~ unknown-import «"./missing.sst"»: there is no file "./missing.sst"
model M() {
  data x: f32[3]
  let l = Liner(3, 2)
  minimize sum(l(x)) + A(x) + B
}`,
  "the bound needs parts": `
model M() {
  data x: f32[3]
  param w: f32[3] ~ zeros
  let y = sum(x * w)
  maximize elbo              //~ unknown-name «elbo»: there is no elbo here => add observe
}`,
  "members that are not there": `
module Pair(n) {
  param left: f32[n] ~ zeros
  forward(x) = x * left
}
model M() {
  data x: f32[3]
  let pair = Pair(3)
  let y = pair.letf          //~ unknown-name «letf»: Pair has no letf => did you mean left?
  let z = pair.right(x)      //~ unknown-name «right»: Pair has no right => it has n, left, forward
  minimize sum(y) + sum(z)
}`,
  "a prior for what is no latent variable, an update for what is no state": `
model M() {
  data x: f32[3]
  prior x ~ Gumbel(0)
  //~^ unknown-name «x»: x is not a latent variable declared before => latent variables here: none
  update x = x               //~ unknown-name «x»: x is not a state => only what was declared by state
  prior y ~ Gumbel(0)        //~ unknown-name «y»: there is no y here
  minimize sum(x)
}`,
  "functions and modules that nothing uses are read too": `
fn unused(x) = x + lost      //~ unknown-name «lost»: there is no lost here
module Unused(n) {
  let inner = Missing(n)     //~ unknown-name «Missing»: there is no Missing here
  forward(x: f32[n]): f32[m] = { let y = x + n  helper(y) }  //~ unknown-name «helper»: there is no helper here
}
distribution Odd(a = b) {    //~ unknown-name «b»: there is no b here
  noise e: cauchy            //~ unknown-name «cauchy»: there is no noise cauchy => choose uniform or normal
  sample = a + f             //~ unknown-name «f»: there is no f here
  sample = a                 //~ duplicate-name: sample is already declared in this distribution
  kl(prior: Gumbl) = 0       //~ unknown-name «Gumbl»: there is no distribution Gumbl => did you mean Gumbel?
}
relaxation Odder {
  map(s) = s + t             //~ unknown-name «t»: there is no t here
  slop(x) = x                //~ unknown-name «slop»: a relaxation has no function slop => did you mean slope?
  slope(x, y) = x            //~ bad-clause «slope»: slope of a relaxation takes 1 argument, not 2
}`,
  "what uses itself has no end": `
fn f(x) = f(x) + f(x)        //~ recursion «f»: f uses itself => for steps in time use scan
fn g(x) = h(x)
fn h(x) = if x > 0 then g(x - 1) else 0   //~ recursion «g»: g uses itself through h
module A() {
  let inner = B()
  forward(x) = inner(x)
}
module B() {
  forward(x) = { let a = A()  a(x) }      //~ recursion «A»: A uses itself through B.forward
}
module C() {
  forward(x) = twice(x)
  twice(x) = forward(x)      //~ recursion «forward»: C.forward uses itself through C.twice
}
structure S(n) = T(n)
structure T(n) = S(n)        //~ recursion «S»: S uses itself through T
kernel loop(n, u: f32[n]) -> x: f32[n] {
  let y = loop(n, u)         //~ recursion «loop»: loop uses itself
  x[0] = y[0]
}
model M() {
  data x: f32[3]
  minimize sum(f(x)) + g(2)
}`,
  "recursion through arguments is found when it runs": `
fn apply(f, x) = f(f, x)
model M() {
  data x: f32[3]
  minimize sum(apply(apply, x))  //~^^^ recursion «f(f, x)»: calls are nested more than 64 deep => reached from line
}`,
  "a name may hide a function": `
fn f(x) = { let g = x  g + 1 }
fn g(x) = f(x)
model M() {
  data x: f32[3]
  minimize sum(g(x))
}`,
});
