/** Shapes, sizes and types of tensors: what does not go together, what is not known in time, what carries the batch. */
import { cases } from "./harness.ts";

cases({
  "shapes that differ": `
model M(n = 3, m = 4) {
  data x: f32[n]
  data y: f32[m]
  let sum_of = x + y
  //~^ shape-mismatch «x + y»: the operands of + have different shapes: [n = 3] and [m = 4] => broadcast(small, like =
  let product = x @ y
  //~^ shape-mismatch: a product needs a vector or matrix on the left and a matrix on the right
  let chosen = where(x > 0, y, 0)      //~ shape-mismatch: where needs tensors of one shape, or scalars
  let joined = concat(x, reshape(y, [2, 2]))  //~ shape-mismatch «reshape(y, [2, 2])»: cannot be joined along axis 0
  let both = [x, y]
  let scaled = 2 * [x, y]    //~ shape-mismatch «[x, y]»: the items of a list must have one shape
  let truth = x > 0 and y > 0          //~ shape-mismatch: the operands of and have different shapes
  minimize sum(x) + mean(y)
}`,
  "broadcasting is asked for, or it does not happen": `
model M(n = 3, m = 4) {
  data x: f32[n, m]
  param b: f32[m] ~ zeros
  let wrong = x + b          //~ shape-mismatch: [n = 3, m = 4] and [m = 4] => only scalars are spread over other shapes
  let right = x + broadcast(b, like = x)
  let other = broadcast(x, like = b)
  //~^ shape-mismatch: cannot be broadcast to [m = 4] => each dimension must be equal, 1, or missing
  let neither = broadcast(b)
  //~^ missing-argument: broadcast needs either like = a tensor, or shape = a list of sizes
  let both = broadcast(b, like = x, shape = [n, m])  //~ missing-argument: broadcast needs either like
  minimize sum(right)
}`,
  "matrix products": `
model M(n = 3, m = 4) {
  data x: f32[2, n]
  param W: f32[m, n] ~ zeros
  param V: f32[5, n, m] ~ zeros
  let a = x @ W
  //~^ shape-mismatch «x @ W»: [2, n = 3] @ [m = 4, n = 3]: the last dimension of the left must be
  let b = x @ V              //~ shape-mismatch: the leading dimensions differ
  let c = 2 @ W              //~ shape-mismatch: a product needs a vector or matrix on the left
  minimize sum(x @ transpose(W))
}`,
  "functions and methods say which shapes they take": `
import { Linear } from "std/nn"
fn norm(v: f32[n]): f32[1] = sqrt(sum(v * v))
  //~^ shape-mismatch «sqrt(sum(v * v))»: the value of norm must be f32[1] => it has 0 dimensions, not 1
fn pair(a: f32[n], b: f32[n]) = a + b
model M() {
  data x: f32[2, 3]
  data y: f32[3]
  data k: i32[3]
  let first = Linear(4, 2)
  let h = first(x)
  //~^ shape-mismatch «x»: x of Linear.forward must be f32[..., inputs], but this is f32[2, 3] => dimension 2 is 3, not
  let s = norm(x)
  //~^ shape-mismatch «x»: v of norm must be f32[n], but this is f32[2, 3] => it has 2 dimensions, not 1
  let t = norm(k)            //~ type-mismatch «k»: v of norm must be f32[n], but this is i32[3] => its elements are i32
  let u = pair(y, x[0, 1..]) //~ shape-mismatch: b of pair must be f32[n]
  let v: f32[4] = y          //~ shape-mismatch «y»: v must be f32[4], but this is f32[3]
  let w = norm(y)
  minimize sum(y)
}`,
  "sizes are positive integers known at compile time": `
model M(n = 0, half = 2.5) {
  data x: f32[3]
  data a: f32[n]             //~ bad-size «n»: a size must be a positive integer, but this is 0 => n is 0
  data b: f32[half]          //~ bad-size «half»: a size must be a positive integer, but this is 2.5
  data c: f32[2 - 5]         //~ bad-size: but this is -3
  data d: f32[sum(x)]
  //~^ dynamic-size «sum(x)»: a size must be an integer known at compile time => make it an argument of the model
  data e: f32[..., 3]        //~ unknown-shape «...»: the full shape must be written here
  data f: f32[edges(x)]      //~ dynamic-size «x»: edges is computed at compile time, but this is f32[3]
  let g = reshape(x, [n, 3]) //~ bad-size: a size must be a positive integer, but one is 0
  let h = reshape(x, [x])    //~ type-mismatch: expected a list of integers
  let i = reshape(x, [2])    //~ shape-mismatch «[2]»: f32[3] has 3 elements, but [2] has 2
  minimize sum(x)
}`,
  "too large for anyone": `
model M() {
  data x: f32[1e12]
  //~^ too-large «f32[1e12]»: has more than 268435456 elements in one example => check the model's arguments
  data y: f32[100000, 100000]            //~ too-large: a tensor of shape [100000, 100000]
  data z: f32[1]
  let a = broadcast(z, shape = [1e9])    //~ too-large «broadcast(z, shape = [1e9])»: a tensor of shape [1000000000]
  let b = scan s = z for i in 0..1e9 { s }    //~ too-large «0..1e9»: 1000000000 rounds are more than 10000 => unrolled
  let c = [0 for i in 0..20000]          //~ too-large: 20000 rounds
  graph G = complete(100000)
  //~^ too-large «complete(100000)»: complete of this size has 100000 vertices and 4999950000 edges
  graph H = grid(1e5, 1e5)   //~ too-large: grid of this size
  graph I = graph(1e9, [])   //~ too-large: graph of this size has 1000000000 vertices
  graph J = path(1e300)      //~ too-large: path of this size
  minimize sum(z)
}`,
  "more dimensions than devices compute with": `
module Deep(n) {
  forward(x: f32[..., n]): f32[...] = reshape(x, [1, 1, 1, 1, 1, n])
  //~^ too-large «reshape(x, [1, 1, 1, 1, 1, n])»: has more than 5 dimensions => with reshape
}
model M() {
  data x: f32[3]
  data most: f32[2, 1, 2, 1, 2]
  data y: f32[2, 1, 1, 1, 1, 2]          //~ too-large «f32[2, 1, 1, 1, 1, 2]»: has more than 5 dimensions => with reshape
  param w: f32[1, 1, 1, 1, 1, 1] ~ zeros //~ too-large «f32[1, 1, 1, 1, 1, 1]»: more than 5 dimensions
  latent z[1, 1, 1, 1, 1]: OneHot(2) ~ Gumbel(0)
  //~^ too-large «z»: more than 5 dimensions
  let a = broadcast(x, shape = [2, 1, 2, 1, 2, 3])
  //~^ too-large «broadcast(x, shape = [2, 1, 2, 1, 2, 3])»: more than 5 dimensions => with reshape
  let b = Deep(3)
  let c = b(x)
  let d = sum([most, most])              //~ too-large «[most, most]»: a tensor of shape [2, 2, 1, 2, 1, 2]
  minimize sum(most)
}`,
  "too much to expand": `
fn double(x) = x + x * 2
fn wide(x) = [[[[double(x) for a in 0..100] for b in 0..100] for c in 0..100] for d in 0..100]
model M() {
  data x: f32[3]
  let y = wide(x)
  //~^ too-large «wide(x)»: the model expands to more than 100000 operations => expanded where they stand
  let z = wide(x)
  minimize sum(x)
}`,
  "nested too deep through functions": `
fn f1(x) = ${"-(".repeat(95)}x${")".repeat(95)}
fn f2(x) = ${"-(".repeat(95)}f1(x)${")".repeat(95)}
fn f3(x) = ${"-(".repeat(95)}f2(x)${")".repeat(95)}
fn f4(x) = ${"-(".repeat(95)}f3(x)${")".repeat(95)}
fn f5(x) = ${"-(".repeat(95)}f4(x)${")".repeat(95)}
fn f6(x) = ${"-(".repeat(95)}f5(x)${")".repeat(95)}
model M() {
  data x: f32[3]
  minimize sum(f6(x))
  //~^^^^^^^^^ too-deep: this is more than 500 expressions deep => name parts of it with let
}`,
  "element types": `
model M() {
  data k: i32[3]
  data b: bool[3]
  data x: f32[3]
  let c = x and b
  //~^ type-mismatch «x»: 'and' applies to truth values, but this is f32[3] => compare it with something
  let d = not k              //~ type-mismatch «k»: 'not' applies to truth values, but this is i32[3]
  let e = where(x, 1, 2)     //~ type-mismatch «x»: the condition of where must be bool, but it is f32[3]
  let f = x % 2              //~ bad-operator «x % 2»: '%' is for numbers known at compile time only
  let g = not (k == 1) or b
  let h = k @ [[1, 2], [3, 4], [5, 6]]
  minimize sum(where(g, x, k)) + sum(h)
}`,
  "indices and axes": `
model M(n = 3) {
  data x: f32[n, 4]
  let a = x[3]               //~ bad-index «3»: 3 is outside of 0..3, counted from 0
  let b = x[-4]              //~ bad-index «-4»: -4 is outside of 0..3
  let c = x[0, 1, 2]         //~ bad-index: f32[n = 3, 4] has 2 dimensions, but 3 indices are given
  let d = x[2..2]            //~ bad-index «2..2»: this range is empty: it runs from 2 to 2 of n = 3
  let e = x[..., ...]        //~ bad-index «...»: only one ... can stand in an index
  let f = x[x]               //~ dynamic-size «x»: an index must be an integer known at compile time
  let g = x[0.5]             //~ dynamic-size «0.5»: an index must be an integer
  let h = [x, x][2]          //~ bad-index «2»: 2 is outside of 0..2
  let i = [x, x][0, 1]       //~ bad-index: a list takes one index
  let j = sum(x, axis = 2)   //~ bad-axis «2»: an axis is an integer from -2 to 1 here, but this is the number 2
  let k = sum(2, axis = 0)   //~ bad-axis: a scalar has no axes
  let l = transpose(x, [0, 0])         //~ bad-axis: a permutation of 2 axes lists each of 0..2 once, but this is [0, 0]
  let m = mean(x, keep = 1)  //~ type-mismatch «1»: expected true or false but got the number 1
  minimize sum(x[-1]) + sum(x[.., 1..-1])
}`,
  "states are the same for all examples": `
model M() {
  data x: f32[3]
  state s: f32[3] = 0
  update s = x
  //~^ batched «x»: the new value of s must be one for all examples, but this is f32[3] for each example => reduce it
  state r: f32[3] = 0
  update r = batch_mean(sum(x))        //~ shape-mismatch: the new value of r must be f32[3], but it is an f32 scalar
  state q: f32[3] = 0
  update q = 0.9 * q + 0.1 * batch_mean(x)
  update q = batch_mean(x)   //~ duplicate-name «q»: q is updated twice => remove one of them
  let w = batch_mean(s)      //~ not-batched «s»: batch_mean needs one value for each example => leave batch_mean out
  minimize sum(x - s)
}`,
  "scans keep their shape": `
model M() {
  data x: f32[3]
  let a = scan s = x for i in 0..2 { concat(s, s) }
  //~^ shape-mismatch «concat(s, s)»: the state of a scan keeps its shape, but s begins as [3] and becomes [6]
  let b = scan s = x for i in 0..0 { s }              //~ bad-range «0..0»: this scan has no rounds
  let c = scan s = x for i in 0.. { s }               //~ bad-range «0..»: this range needs an end
  let d = scan s = x for i in x { s }                 //~ dynamic-size «x»: a range's ends must be integers
  minimize sum(scan s = x for i in 0..2 { s * i })
}`,
  "data, params and states are tensors": `
model M() {
  data x: f32[3]
  data g: Graph              //~ type-mismatch «Graph»: data is a tensor, such as f32[n], but this is Graph
  param p: i32[3] ~ zeros    //~ type-mismatch «i32[3]»: a param is a tensor of f32
  param q: f32[3] ~ glorot   //~ unknown-name «glorot»: there is no initialiser glorot => choose one of zeros
  param r: f32[3] ~ constant //~ missing-argument: the initialiser constant needs a number
  param s: f32[3] ~ zeros(1) //~ too-many-arguments «1»: the initialiser zeros takes no arguments
  param t: f32[3] ~ normal(deviation = 1)   //~ unknown-argument: the initialiser normal has no argument deviation
  param u: f32[3] ~ normal(-1)              //~ bad-number «-1»: the argument of normal must be greater than 0
  param v: f32[3] ~ constant(x)             //~ type-mismatch «x»: must be a number known at compile time
  state w: f32[3] = x        //~ type-mismatch «x»: the first value of a state must be a number known at compile time
  state y: f32[3] = inf      //~ bad-number «inf»: the first value of a state must be a finite number
  hyper z = -inf             //~ bad-number «-inf»: a hyper must be a finite number, but it is -Infinity
  minimize sum(x)
}`,
  graphs: `
model M() {
  data x: f32[4, 2]
  graph K = complete(4)
  let a = from(K, x[0])
  //~^ shape-mismatch: this must have one row for each vertex, so vertices(complete(4)) = 4 rows, but it is f32[2]
  let b = gather_sum(K, x)   //~ shape-mismatch: one row for each arc, so arcs(complete(4)) = 12 rows
  let c = from(x, x)         //~ type-mismatch «x»: expected a graph such as complete(10), but got f32[4, 2]
  graph G = 3                //~ type-mismatch «3»: expected a graph such as complete(10), but got the number 3
  graph H = graph(3, [[0, 1], [1, 0]])      //~ bad-edge: the edge [1, 0] is listed twice
  graph I = graph(3, [[0, 3]])
  //~^ bad-edge: each edge must join two different vertices between 0 and 2, but one is [0, 3]
  graph J = graph(3, [[1, 1]])              //~ bad-edge: but one is [1, 1]
  graph L = graph(3, 4)      //~ type-mismatch: graph(n, edges) needs a list of pairs
  graph N = complete(-1)     //~ bad-size: vertices of complete(…) must be a positive integer, but it is -1
  graph O = complete(2.5)    //~ bad-size: but it is 2.5
  let d = from(complete(1), x[0..1])        //~ shape-mismatch: complete(1) has no edges
  minimize sum(from(K, x))
}`,
  "numbers that have no value": `
model M() {
  data x: f32[3]
  let a = 1 / 0              //~ division-by-zero «1 / 0»: this divides by zero
  let b = 5 % 0              //~ division-by-zero: this divides by zero
  let c = log(-1)            //~ bad-number «log(-1)»: log(-1) is not a number
  let d = inf - inf          //~ bad-number «inf - inf»: Infinity - Infinity is not a number
  let e = "text" + 1         //~ type-mismatch: '+' does not apply to "text" and 1
  let f = not 3              //~ type-mismatch: 'not' does not apply to 3
  minimize sum(x / 0)
}`,
  "numbers that float32 does not have": `
model M(size = 1e300 / 1e299) {
  hyper h = 1e-50            //~ bad-number «1e-50»: 1e-50 is 0 in a tensor => the smallest number is about 1.4e-45
  data x: f32[size]
  param p: f32[size] ~ constant(1e39)        //~ bad-number «1e39»: 1e+39 is too large for a tensor
  let a = x * 1e300          //~ bad-number: 1e+300 is too large for a tensor => the largest number is about 3.4e38
  let b = x / 1e-46          //~ bad-number: 1e-46 is 0 in a tensor
  let c = x + 1e-40 * 3.4e38 + 1e300 / 1e300 + 0
  let d = x * broadcast(-1e39, like = x)     //~ bad-number «-1e39»: -1e+39 is too large for a tensor
  let e = where(x > 0, x, -inf)
  latent z: OneHot(3) ~ Normal(0, variance = 1e-60) relax ExpFamily at 1e-50
  //~^ bad-number: 1e-50 is 0 in a tensor
  observe x ~ Normal(0, variance = 1e-60)    //~ bad-number: 1e-60 is 0 in a tensor
  minimize sum(c)
}`,
});
