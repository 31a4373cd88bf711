/** `size`, of a structure's examples: numbers and names that cannot be one, and declarations that do not fit it. */
import { cases } from "./harness.ts";

cases({
  "sizes that cannot be": `
model M(n = 4) {
  data length: i32
  data each: i32[2]
  data real: f32
  data x: f32[n]
  latent a: OneHot(n, size = 5) ~ Gumbel(x) relax ExpFamily at 1
  //~^ bad-size «5»: size of OneHot must lie between 1 and 4, but it is 5 => how many of the 4 take part
  latent b: OneHot(n, size = 0) ~ Gumbel(x) relax ExpFamily at 1
  //~^ bad-size «0»: size of OneHot must lie between 1 and 4, but it is 0
  latent c: OneHot(n, size = real) ~ Gumbel(x) relax ExpFamily at 1
  //~^ type-mismatch «real»: a size is a whole number, but this is an f32 scalar => data length: i32
  latent d: OneHot(n, size = each) ~ Gumbel(x) relax ExpFamily at 1
  //~^ shape-mismatch «each»: d has shape [], but its sizes have [2]
  latent e[3]: OneHot(n, each) ~ Gumbel(0) relax ExpFamily at 1
  //~^ shape-mismatch «each»: e has shape [3], but its sizes have [2] => one for all, or one for each copy
  latent f: OneHot(size = lenght, n) ~ Gumbel(x) relax ExpFamily at 1
  //~^ unknown-name «lenght»: there is no lenght here => did you mean length?
  latent g: TopKEdges(complete(4), size = length) ~ Gumbel(0) relax ExpFamily at 1
  //~^ unknown-argument «size»: TopKEdges has no argument size
  latent h: OneHot(length) ~ Gumbel(x) relax ExpFamily at 1
  //~^ dynamic-size «length»: length is not known at compile time: it is an i32 scalar
  latent i: OneHot(n, size = 2.5) ~ Gumbel(x) relax ExpFamily at 1
  //~^ bad-size «2.5»: size of OneHot must be a non-negative integer, but it is 2.5
  minimize sum(a) + sum(b) + sum(c) + sum(d) + sum(e) + sum(f) + sum(g) + sum(h) + sum(i)
}`,
  "what is declared of sizes": `
structure NoLargest(n, size) {
  embedding x: binary[n]
  argmax largest
}
structure Unused(n, size = n) = OneHot(n)
structure HandedOn(n, size = n) = OneHot(n, size = size)
structure InShapes(n, size = n) {
  embedding x: binary[n]
  argmax in_shapes
}
kernel in_shapes(n, size, u: f32[n]) -> x: f32[n] {
  shared w: f32[size] = 0
  //~^ dynamic-size «size»: size is not known at compile time: it is a number that the kernel computes
  for i in 0..n { x[i] = w[min(i, size - 1)] }
}
structure InArguments(n, size = n) {
  embedding x: binary[n]
  argmax largest(n, size = size - 1)
  //~^ type-mismatch «size - 1»: '-' does not apply to length, a number of each example and 1
}
model M(n = 4) {
  data length: i32
  latent a: NoLargest(n, size = length) ~ Gumbel(0)
  //~^ missing-argument «NoLargest(n, size = length)»: the largest size of NoLargest is not known: it has no default
  latent b: Unused(n, size = length) ~ Gumbel(0)
  //~^ bad-size «Unused(n, size = length)»: Unused does not hand its size on to OneHot(4) => OneHot(…, size = size)
  latent c: HandedOn(n, size = length) ~ Gumbel(0)
  latent d: InShapes(n, size = length) ~ Gumbel(0)
  latent e: InArguments(n, size = length) ~ Gumbel(0)
  minimize sum(a) + sum(b) + sum(c) + sum(d) + sum(e)
}`,
});
