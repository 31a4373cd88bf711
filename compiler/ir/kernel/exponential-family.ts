/**
 * What follows from the log-partition A(u) = log Σ_x exp(uᵀx) and the marginals μ = ∇A of an exponential family:
 * kernels for entropies and log-probabilities, and for their gradients. One kernel each, in float64, since A and uᵀx
 * nearly cancel.
 */
import { Composition } from "./compose.ts";
import { binary, integer, load, real } from "./expression.ts";
import type { KernelExpression as Expression, Kernel, KernelArray } from "./kernel.ts";

const VALUE: KernelArray = { name: "value", element: "f32", shape: [1] };
const COTANGENT: KernelArray = { ...VALUE, name: "cotangent" };

/** c ∇A(u) = c μ */
export function logPartitionGradient(marginals: Kernel): Kernel {
  const u = utilitiesOf(marginals);
  const vjp: KernelArray = { ...u, name: "vjp" };
  const composition = new Composition([u, COTANGENT, ...others(marginals)], [vjp]);
  const mu = run(composition, marginals, new Map([["u", u.name]]));
  store(composition, vjp, (i) => binary("multiply", load(COTANGENT, integer(0)), load(mu, i)));
  return composition.finish(`${marginals.name}_log_partition_gradient`);
}

/** H(u) = A(u) − uᵀμ, which is not negative (Wainwright and Jordan 2008, theorem 3.4); and μ, called x. */
export function entropy(logPartition: Kernel, marginals: Kernel): Kernel {
  const u = utilitiesOf(marginals);
  const x: KernelArray = { ...u, name: "x" };
  const composition = new Composition([u, ...others(logPartition, marginals)], [VALUE, x]);
  const arrays = new Map([["u", u.name]]);
  const total = run(composition, logPartition, arrays);
  const mu = run(composition, marginals, arrays);
  store(composition, x, (i) => load(mu, i));
  const mean = sumOfProducts(composition, u, mu);
  const difference = binary("subtract", load(total, integer(0)), mean);
  // Where one member has nearly all probability, rounding could make it negative.
  store(composition, VALUE, () => binary("max", difference, real(0)));
  return composition.finish(`${marginals.name}_entropy_${logPartition.name}`);
}

/** c ∇H(u) = −c ∇²A(u) u, where `backward` multiplies by ∇²A, which is the covariance of the members. */
export function entropyGradient(backward: Kernel): Kernel {
  const u = { ...inputNamed(backward, "cotangent"), name: "u" };
  const x: KernelArray = { ...u, name: "x" };
  const vjp: KernelArray = { ...u, name: "vjp" };
  const reads = backward.inputs.some((array) => array.name === "x") ? [x] : [];
  const composition = new Composition([u, ...reads, COTANGENT, ...others(backward)], [vjp]);
  const direction = composition.array(u, "direction");
  store(composition, direction, (i) => binary("multiply", load(COTANGENT, integer(0)), load(u, i)));
  const along = new Map([
    ["u", u.name],
    ["x", x.name],
    ["cotangent", direction.name],
  ]);
  const product = run(composition, backward, along);
  store(composition, vjp, (i) => binary("subtract", real(0), load(product, i)));
  return composition.finish(`${backward.name}_entropy_gradient`);
}

/** log p(member) = uᵀ member − A(u) */
export function logProbability(logPartition: Kernel): Kernel {
  const u = utilitiesOf(logPartition);
  const member: KernelArray = { ...u, name: "member" };
  const composition = new Composition([u, member, ...others(logPartition)], [VALUE]);
  const total = run(composition, logPartition, new Map([["u", u.name]]));
  const worth = sumOfProducts(composition, u, member);
  store(composition, VALUE, () => binary("subtract", worth, load(total, integer(0))));
  return composition.finish(`${logPartition.name}_log_probability`);
}

/** Of log p(member): c (member − μ) for the utilities, then c u for the member. */
export function logProbabilityGradient(marginals: Kernel): Kernel {
  const u = utilitiesOf(marginals);
  const member: KernelArray = { ...u, name: "member" };
  const vjp: KernelArray = { ...u, name: "vjp" };
  const memberVjp: KernelArray = { ...u, name: "member_vjp" };
  const composition = new Composition([u, member, COTANGENT, ...others(marginals)], [vjp, memberVjp]);
  const mu = run(composition, marginals, new Map([["u", u.name]]));
  const cotangent = load(COTANGENT, integer(0));
  store(composition, vjp, (i) => binary("multiply", cotangent, binary("subtract", load(member, i), load(mu, i))));
  store(composition, memberVjp, (i) => binary("multiply", cotangent, load(u, i)));
  return composition.finish(`${marginals.name}_log_probability_gradient`);
}

function utilitiesOf(kernel: Kernel): KernelArray {
  return inputNamed(kernel, "u");
}

/** What kernels read besides utilities, samples and cotangents, such as the size of the example. */
function others(...kernels: readonly Kernel[]): KernelArray[] {
  const all = kernels.flatMap((kernel) => kernel.inputs.filter(({ name }) => !["u", "x", "cotangent"].includes(name)));
  return [...new Map(all.map((array) => [array.name, array])).values()];
}

function inputNamed(kernel: Kernel, name: string): KernelArray {
  const found = kernel.inputs.find((array) => array.name === name);
  if (found === undefined) throw new Error(`the kernel ${kernel.name} has no input ${name}`);
  return found;
}

/** Runs a kernel on arrays that have its names; its first output, the others being scratch that nobody reads. */
function run(composition: Composition, kernel: Kernel, arrays: ReadonlyMap<string, string>): KernelArray {
  const outputs = kernel.outputs.map((array) => [array.name, composition.array(array, array.name)] as const);
  const shared = others(kernel).map(({ name }) => [name, name] as const);
  composition.call(kernel, new Map([...shared, ...arrays, ...outputs.map(([name, own]) => [name, own.name] as const)]));
  return outputs[0]![1];
}

function store(composition: Composition, array: KernelArray, value: (i: Expression) => Expression): void {
  const i = composition.fresh("i");
  const index: Expression = { kind: "variable", name: i, type: "i32" };
  composition.push({
    kind: "for",
    variable: i,
    from: integer(0),
    to: integer(sizeOf(array)),
    reversed: false,
    parallel: true,
    body: [{ kind: "store", array: array.name, index, value: value(index) }],
  });
}

function sumOfProducts(composition: Composition, a: KernelArray, b: KernelArray): Expression {
  const [name, i] = [composition.fresh("product"), composition.fresh("i")];
  const index: Expression = { kind: "variable", name: i, type: "i32" };
  composition.push({
    kind: "reduce",
    name,
    operator: "sum",
    variable: i,
    from: integer(0),
    to: integer(sizeOf(a)),
    value: binary("multiply", load(a, index), load(b, index)),
    type: "f32",
  });
  return { kind: "variable", name, type: "f32" };
}

function sizeOf(array: KernelArray): number {
  return array.shape.reduce((a, b) => a * b, 1);
}
