/** Random models that can be read: expressions of every form over names of every kind, mostly wrong in their types. */
import { builtins } from "../../compiler/elaborate/builtins/registry.ts";
import { staticFunctions } from "../../compiler/static-functions.ts";
import type { Random } from "./mutate.ts";

/** Tensors first, more than once: of expressions over these, some are right. */
const TENSORS = ["x", "x", "x", "y", "k", "b", "W", "s", "z", "t", "n"];
const NAMES = [...TENSORS, ...TENSORS, "K", "dense", "pair", "Choice", "ExpFamily", "Gumbel"];
const ATOMS = ["0", "1", "2", "0.5", "-1", "3", "inf", "pi", "true", "training", '"text"', "[]", "[1, 2, 3]", "[x, y]"];
const BINARY = ["+", "-", "*", "/", "^", "@", "%", "==", "!=", "<", "<=", ">", ">=", "and", "or"];

function pick<T>(list: readonly T[], random: Random): T {
  return list[random(list.length)]!;
}

/** An expression at most so deep. */
function randomExpression(random: Random, depth: number, names: readonly string[]): string {
  if (depth === 0 || random(5) === 0) return random(4) === 0 ? pick(ATOMS, random) : pick(names, random);
  const inner = () => randomExpression(random, depth - 1, names);
  switch (random(14)) {
    case 0:
      return `(${pick(["-", "not "], random)}${inner()})`;
    case 1:
    case 2:
    case 3:
      return `(${inner()} ${pick(BINARY, random)} ${inner()})`;
    case 4:
      return `${inner()}[${pick(["0", "-1", "1..", "..2", "..., 0", "0, 1", "..", "2"], random)}]`;
    case 5:
      return `(if ${inner()} then ${inner()} else ${inner()})`;
    case 6:
      return `[${inner()}, ${inner()}]`;
    case 7:
      return `[${inner()} for i in 0..${pick(["3", "n", "2"], random)}${random(4) > 0 ? "" : ` if ${inner()}`}]`;
    case 8:
      return `{ let a = ${inner()}  let c = ${inner()}  ${pick(["a", "c", "a + c", "sum(a) * c"], random)} }`;
    case 9:
      return `(scan f = ${inner()} for i in 0..${pick(["3", "n"], random)} { ${pick(["f", "f + 1", "f * i"], random)} + ${inner()} })`;
    case 10:
      return `${pick(names.includes("x") ? ["f", "f", "dense", "pair.forward", "z", "Net(3)", "Net"] : ["abs"], random)}(${inner()})`;
    default: {
      const name = pick([...builtins.keys(), ...staticFunctions.keys()], random);
      const parameters = builtins.get(name)?.parameters ?? staticFunctions.get(name)?.parameters ?? ["a", "b"];
      const count = Math.max(0, parameters.length - (random(8) === 0 ? 1 : 0));
      const named = parameters
        .slice(0, count)
        .map((parameter) => (random(4) === 0 ? `${parameter} = ${inner()}` : inner()));
      return `${name}(${named.join(", ")})`;
    }
  }
}

/** A model with some random statements among good ones. */
export function randomModel(random: Random): string {
  const e = (names: readonly string[] = NAMES) => randomExpression(random, random(4), names);
  const lines = [
    "data x: f32[3]",
    "data y: f32[2, 3]",
    "data k: i32[3]",
    "data b: bool[3]",
    "param W: f32[3, 2] ~ zeros",
    "state s: f32[3] = 0",
    "graph K = complete(3)",
    "hyper t = 0.5",
    "latent z: Choice(n) ~ Gumbel(x) relax ExpFamily at t",
    "let dense = Linear(3, 2)",
    "let pair = Net(3)",
    `let h = ${e()}`,
  ];
  const extra = [
    () => `let j = ${e()}`,
    () => `update s = ${e()}`,
    () => `param V: f32[${e()}] ~ constant(${e()})`,
    () =>
      `latent w: ${pick(["OneHot", "KSubset", "SpanningTree", "Choice"], random)}(${e()}) ~ Gumbel(${e()}) relax ExpFamily at ${e()}`,
    () => `latent v[${e()}]: OneHot(3) ~ ${pick(["Normal", "Logistic", "Fixed"], random)}(${e()}) relax Euclidean at 1`,
    () => `prior z ~ ${pick(["Gumbel", "Normal"], random)}(${e()})`,
    () => `observe ${e()} ~ Normal(${e()}, variance = ${e()})`,
    () => `require ${e()}`,
    () => `metric m = ${e()}`,
    () => `metric r = record(a = ${e()}, b = ${e()})`,
    () => `graph G = ${e()}`,
    () => `hyper u = ${e()}`,
    () => `data d: f32[${e()}, ${e()}]`,
  ];
  for (let count = random(3); count > 0; count--) lines.push(pick(extra, random)());
  lines.push(random(2) === 0 ? "minimize sum(h)" : `minimize sum(${e()})`);
  return `import { Linear } from "std/nn"
fn f(v) = ${random(4) > 0 ? "v" : e(["v", "v", "1"])}
module Net(size) {
  let inner = Linear(size, size)
  forward(v) = ${pick(["inner(v)", "v", "v", e(["v", "v", "size", "inner"])], random)}
}
model M(n = 3, Choice: Structure = OneHot) {
  ${lines.join("\n  ")}
}
`;
}
