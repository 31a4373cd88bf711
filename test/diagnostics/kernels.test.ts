/** Kernels that leave their arrays or do not end, whatever their numbers are: all that is wrong comes in one run. */
import { cases } from "./harness.ts";

/** A model with a structure that `kernel` solves, at n = 5. */
const using = (kernel: string) => `
structure Mine(n) { embedding x: binary[n]  argmax solve }
${kernel}
model M() {
  data theta: f32[5]
  latent z: Mine(5) ~ Gumbel(theta)
  minimize sum(z)
}`;
const solving = (body: string) =>
  using(`kernel solve(n, u: f32[n]) -> x: f32[n] {\n  for i in 0..n { x[i] = 0 }\n${body}\n}`);

cases({
  "an index that runs out of its array read the next example": solving(`
  for i in 0..n { x[i] = u[i + 1] }  //~ bad-index «i + 1»: this index runs from 1 to 5, but u has 5 => guard the index
  for i in 0..n { x[i + 2] = u[i] }  //~ bad-index «i + 2»: this index runs from 2 to 6, but x has 5
  for i in 0..n { x[i - 1] = 1 }     //~ bad-index «i - 1»: this index runs from -1 to 3, but x has 5
  for i in 1..n { for j in 0..i { x[j + 2] = u[i - j] } }  //~ bad-index «j + 2»: this index runs from 2 to 5`),
  "an index of one dimension that ran into the next row": solving(`
  shared w: f32[n, n]
  for i in 0..n { for j in 0..n { w[i, j + 1] = u[i] } }   //~ bad-index «j + 1»: runs from 1 to 5, but w has 5
  for i in 0..n { for j in 0..n { w[i + j, 0] = u[i] } }   //~ bad-index «i + j»: runs from 0 to 8, but w has 5
  x[0] = w[0, 0]`),
  "indices that conditions keep inside are fine": solving(`
  for i in 0..n {
    if i + 1 < n { x[i] = u[i + 1] }
    let last = i == n - 1
    if not last { x[i] = u[i + 1] }
    x[i] = if i > 0 then exp(u[i - 1]) else 0.0
    if i + 2 < n and exp(u[i + 2]) > 1 { x[i + 2] = u[min(i + 3, n - 1)] }
  }
  var j = n
  while j > 0 {
    j -= 1
    x[j] = u[j]
  }`),
  "an index that is only sometimes outside is for the run to find": solving(`
  for i in 0..n { if u[i] > 0 { x[i] = u[i + 1] } }`),
  "a loop without end was fine and then hung": solving(`
  while true { x[0] = 1 }        //~ bad-condition «true»: this loop does not come to an end => leave it with break
  while u[0] > 0 { x[0] = 1 }    //~ bad-condition «u[0] > 0»: does not come to an end
  var going = true
  while going {                  //~ bad-condition «going»: does not come to an end
    for i in 0..n { if u[i] > 0 { break } }
  }
  while going { going = u[0] > x[0] }
  while true { if u[0] > 0 { break } }`),
  "a loop of two thousand million rounds hung": solving(`
  for i in 0..2000000000 { x[0] = u[0] }   //~ too-large «0..2000000000»: this loop takes 2000000000 rounds
  for j in 0..100000 { for k in 0..100000 { x[0] = u[0] } }
  //~^ too-large «0..100000»: this loop takes 10000000000 rounds
  x[0] = sum(u[0] for i in 0..2000000000)  //~ too-large: this loop takes 2000000000 rounds
  for i in 0..2000000000 { if u[0] > 0 { break } }`),
  "of several bad arrays only the first was told": solving(`
  shared a: f32[n - 10]    //~ bad-size: the sizes of a kernel's arrays must be integers
  shared b: f32[n * 1e9]   //~ too-large: the array b has
  shared c: f32[n / 3]     //~ bad-size: the sizes of a kernel's arrays must be integers
  c[0] = 1`),
  "a literal beyond all numbers was infinity": `
kernel unused(n, u: f32[n]) -> x: f32[n] {
  for i in 0..n { x[i] = u[i] + 1e400 }    //~ bad-number «1e400»: 1e400 is larger than any number here => write inf
}`,
  "an index beyond its array in a kernel that nothing uses": `
kernel unused(n, u: f32[n]) -> x: f32[n] {
  for i in 0..n { x[i] = u[i + 1] }        //~ bad-index «i + 1»: this index runs from 1 to 4, but u has 4
}
kernel large(n, u: f32[n]) -> x: f32[n] {
  for i in 0..n { x[i] = u[i] }
  x[9] = u[5]
}
structure Mine(G: Graph) { embedding x: binary[edges(G)]  argmax solve }
kernel solve(G: Graph, u: f32[edges(G)]) -> x: f32[edges(G)] {
  for e in edges(G) { x[from(e + 1)] = 1 }  //~ bad-index «e + 1»: this index runs from 1 to 6, but the edges has 6
}`,
  "an endless loop in a kernel that nothing uses": `
kernel unused(n, u: f32[n]) -> x: f32[n] {
  for i in 0..n { x[i] = 0 }
  while true { x[0] = 1 }                  //~ bad-condition «true»: this loop does not come to an end
}`,
});
