/** Structures as arguments of kernels, what relaxations declare for any of them. */
import { expect, test } from "vitest";
import { check, layer } from "../../sstc.ts";
import { cases } from "./harness.ts";

/** A relaxation whose kernel is told in full. */
const using = (kernel: string, clause = "for any structure by mine symmetric cost dimensions(S)") => `
relaxation Mine { ${clause} }
kernel mine(S: Structure, u: f32[dimensions(S)]) -> x: f32[dimensions(S)] {
${kernel}
}
model M(n = 4) {
  graph K = complete(n)
  param theta: f32[edges(K)] ~ zeros
  latent z: SpanningTree(K) ~ Gumbel(theta) relax Mine at 1
  minimize sum(z)
}`;

cases({
  "a structure may name the kernel of a relaxation for any structure itself": `
structure Some(n) {
  embedding x: binary[n]
  argmax largest
  relax Euclidean by active_set symmetric
}
model M(n = 4) {
  param theta: f32[n] ~ zeros
  latent z: Some(n) ~ Gumbel(theta) relax Euclidean at 1
  minimize sum(z)
}`,
  "a relaxation for any structure is fine": using(`
  let best = S.argmax(u)
  require best[0] >= 0  else "members are 0 or 1"
  for i in 0..dimensions(S) { x[i] = best[i] }`),
  "functions of structures that are none": using(`
  let best = S.argmin(u)     //~ unknown-name «S.argmin(u)»: there is no S.argmin => a structure has argmax(direction)
  let none = S.argmax()      //~ missing-argument «S.argmax()»: S.argmax takes one array, the direction => let x = S.argmax
  let two = S.argmax(u, u)   //~ missing-argument «S.argmax(u, u)»: S.argmax takes one array
  let one = S.argmax(3)      //~ type-mismatch «3»: 3 is not an array here
  x[0] = S.argmax(u)         //~ not-in-kernels «S.argmax(u)»: S.argmax gives an array, so its result needs a name
  shared few: f32[2]
  let short = S.argmax(few)  //~ type-mismatch «few»: what S.argmax is given must be f32[6], but it is f32[2]
  x[1] = T.map(u[0])         //~ unknown-name «T»: there is no T here
  //~^ unknown-name «T.map(u[0])»: T has no function map
  x[2] = S.map(u[0])         //~ unknown-name «S.map(u[0])»: S has no function map
  x[3] = dimensions(u)       //~ dynamic-size «u»: u is not known at compile time: it is an array`),
  "clauses for any structure": using(
    `  x[0] = u[0]`,
    `
  for any structure by mine symmetric cost dimensions(S)
  for any structure by mine symmetric cost edges   //~ unknown-name «edges»: there is no edges here
  //~^ duplicate-name: relax Mine by mine is declared twice
  for any structure by yours                       //~ unknown-name «yours»: there is no kernel yours
  for any structure by mine on gpu                 //~ unknown-name «gpu»: there is no target gpu
`,
  ),
  "what is for any structure is written so": `
relaxation Mine { for all structures by mine }     //~ syntax: expected 'any' and structure
kernel mine(S: Structure, u: f32[dimensions(S)]) -> x: f32[dimensions(S)] { x[0] = u[0] }`,
  "a structure by its name alone has no dimensions": `
model M(S: Structure = OneHot) {
  param theta: f32[dimensions(S)] ~ zeros
  //~^ type-mismatch: dimensions needs a structure with its arguments, but this is OneHot => its parameter S: Structure
  minimize sum(theta)
}`,
  "a structure may refuse what is for any": `
structure Some(n) {
  embedding x: binary[n]
  argmax largest
  relax Euclidean refused "it is not wanted"
}
model M(n = 4) {
  param theta: f32[n] ~ zeros
  latent z: Some(n) ~ Gumbel(theta) relax Euclidean at 1
  //~^ no-relaxation «Euclidean»: Euclidean is refused for Some(4) => declare one with relax
  minimize sum(z)
}`,
  "further results that a backward does not read as they are": `
structure Some(n) {
  embedding x: binary[n]
  argmax largest
  relax ExpFamily by twice backward wrong
  //~^ shape-mismatch «wrong»: more of the kernel wrong has 3 elements, but the forward kernel gives 2
  relax Euclidean by twice backward other
  //~^ shape-mismatch «other»: the kernel other has an input less => here a kernel may read cotangent, x, u, temperature, more
}
kernel twice(n, u: f32[n]) -> x: f32[n], more: f32[2] {
  more[0] = u[0]
  for i in 0..n { x[i] = u[i] }
}
kernel wrong(n, more: f32[3], cotangent: f32[n]) -> vjp: f32[n] { vjp[0] = more[0] * cotangent[0] }
kernel other(n, less: f32[2], cotangent: f32[n]) -> vjp: f32[n] { vjp[0] = less[0] * cotangent[0] }`,
  "the derivative of a relaxation's own kernel": `
structure Some(n) {
  embedding x: binary[n]
  argmax largest
  relax ExpFamily by softmax_kernel symmetric backward moved
  relax Euclidean by circular symmetric
}
kernel moved(R: Relaxation, n, u: f32[n], cotangent: f32[n]) -> vjp: f32[n] {
  let one = R.derivative(u)            //~ missing-argument: R.derivative takes two arrays => R.derivative(u, cotangent)
  vjp[0] = R.derivative(u, cotangent)  //~ not-in-kernels: R.derivative gives an array, so its result needs a name
  shared few: f32[2]
  let short = R.derivative(u, few)     //~ type-mismatch «few»: what R.derivative is given must be f32[4], but it is f32[2]
}
kernel circular(R: Relaxation, n, u: f32[n]) -> x: f32[n] {
  let mine = R.derivative(u, u)        //~ unknown-name: R.derivative is there in the kernel of a backward only
  for i in 0..n { x[i] = mine[i] }
}
model M(n = 4) {
  param theta: f32[n] ~ zeros
  latent z: Some(n) ~ Gumbel(theta) relax ExpFamily at 1
  latent y: Some(n) ~ Gumbel(theta) relax Euclidean at 1
  minimize sum(z) + sum(y)
}`,
});

test("a backward may read the derivative of its own forward, of examples of any size", async () => {
  const text = `
structure Some(n, size = n) {
  embedding x: binary[n]
  argmax largest
  relax ExpFamily by softmax_kernel symmetric backward half
}
kernel half(R: Relaxation, n, size, u: f32[n], cotangent: f32[n]) -> vjp: f32[n] {
  let whole = R.derivative(u, cotangent)
  for i in 0..size { vjp[i] = 0.5 * whole[i] }
}`;
  const source = { name: "half.sst", text };
  for (const [size, examples] of [
    ["3", {}],
    ["length", { size: [2] }],
  ] as const) {
    const compiled = (name: string) =>
      layer(`${name}(3, size = ${size}) relax ExpFamily at 0.5`, { source, device: "cpu" });
    const [some, known] = [await compiled("Some"), await compiled("OneHot")];
    const [u, cotangent] = [[[0.3, -1, 0.7]], [[1, 2, -1]]];
    const expected = known.vjp(u, cotangent, examples)[0]!.map((value) => value / 2);
    some.vjp(u, cotangent, examples)[0]!.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 14);
    });
  }
});

test("what is wrong with a solver that a kernel of the library runs is told where it is asked for, and nowhere else", () => {
  const text = `
structure Far(n) {
  embedding x: binary[n]
  argmax largest on webgpu
}
model M(n = 4) {
  param theta: f32[n] ~ zeros
  latent z: Far(n) ~ Gumbel(theta) relax Euclidean at 1
  minimize sum(z)
}`;
  const found = check({ name: "far.sst", text }).filter(({ span }) => text.slice(span.start, span.end) === "Euclidean");
  expect(found.map(({ message, why, source }) => [message, why, source.name])).toEqual([
    ["Far(4) declares no argmax for tfjs", undefined, "far.sst"],
  ]);
});

test("structures of other names with the same arguments are not taken for one another", async () => {
  const text = `
structure One(n) = CorrelatedKSubset(n, 1)
structure Two(n) = CorrelatedKSubset(n, 2)`;
  const source = { name: "some.sst", text };
  const soft = async (structure: string) => {
    const compiled = await layer(`${structure} relax Euclidean at 0.01`, { source, device: "cpu" });
    return compiled.soft([0, 1, 2, 0, 0]);
  };
  expect([await soft("One(3)"), await soft("Two(3)")]).toEqual([
    [0, 0, 1, 0, 0],
    [0, 1, 1, 0, 1],
  ]);
});

test("a solver that a kernel runs leaves out the items beyond the size of the example", async () => {
  const text = `
structure Pair(n, size = n) {
  embedding x: binary[n]
  require size >= 2  else "a pair needs two"
  argmax best_two
}
kernel best_two(n, size, u: f32[n]) -> x: f32[n] {
  for round in 0..2 {
    let best = argmax(u[i] for i in 0..size if x[i] == 0)
    x[best] = 1
  }
}`;
  const source = { name: "pair.sst", text };
  const open = (structure: string) => layer(`${structure} relax Euclidean at 1`, { source, device: "cpu" });
  const u = [0.3, 0.5, 0.1, 0.9];
  const cotangent = [1, 2, 4, 8];
  const whole = await open("Pair(4, size = length)");
  for (const size of [2, 3, 4]) {
    const alone = await open(`Pair(${size})`);
    const padding = new Array<number>(4 - size).fill(0);
    const first = (values: number[]) => values.slice(0, size);
    const beyond = [...first(u), ...padding.map(() => 1e30)];
    expect(whole.soft(beyond, { size: [size] })).toEqual([...alone.soft(first(u)), ...padding]);
    const vjp = [...alone.vjp(first(u), first(cotangent)), ...padding];
    expect(whole.vjp(beyond, cotangent, { size: [size] })).toEqual(vjp);
  }
});
