/**
 * The NRI example against the published model, run elsewhere in float64: what is compared, output by output, whatever
 * runs it. The test of that is nri-model.test.ts; on WebGPU, test/webgpu/nri.test.ts.
 */
import { expect } from "vitest";
import type { GoldenCase } from "../golden.ts";
import {
  byTime,
  flat,
  type Given,
  type Inputs,
  inputsOf,
  NRI,
  type Outputs,
  outputsOf,
  pairs,
  position,
  type Run,
  replaced,
  type Values,
  type Variant,
  valuesByName,
} from "./nri.ts";

/** `terms` is the size of what the values are sums of, where they may nearly cancel. */
export type Compare = (actual: readonly number[], expected: readonly number[], what: string, terms?: number) => void;

/** `metric NAME = record(i0 = …, i1 = …)`: tensors are reported as one metric for each element. */
function probe(name: string, elements: readonly string[]): string {
  return `  metric ${name} = record(${elements.map((element, i) => `i${i} = ${element}`).join(", ")})\n`;
}

/** What a probe found: batch by elements. */
export function probed(outputs: Values, name: string, batch: number): number[] {
  const own = Object.keys(outputs).filter((output) => output.startsWith(`metric:${name}.i`));
  return Array.from({ length: batch }, (_, b) => own.map((_, i) => outputs[`metric:${name}.i${i}`]![b]!)).flat();
}

const elements = (name: string, ...sizes: number[]) =>
  sizes
    .reduce<number[][]>(
      (all, size) => all.flatMap((some) => Array.from({ length: size }, (_, i) => [...some, i])),
      [[]],
    )
    .map((index) => `${name}[${index.join(", ")}]`);

const directed = ({ sst }: Inputs) => sst === "indep";
const steps = ({ n, T }: Inputs) => [T - 1, n, 2];

/** The likelihood on the published scale: for each vertex, and without the constant of the normal density. */
const scaled = ({ var: variance }: Inputs) => `(log_likelihood + 0.5 * log(2 * pi * ${variance}) * (T - 1) * V * D)`;

/**
 * The example with the published objective. Undirected edges count twice there in the divergence; directed ones are
 * pairs of Gumbels (3.1 of the design), each counted once. The clip is the one the spanning trees were published with.
 */
export function variantOf(inputs: Inputs): Variant {
  const { sst, n, T, hidden, tau, max_range } = inputs;
  const divergence = directed(inputs) ? "kl" : "2 * kl";
  const probes = [
    probe("logits", elements("theta", pairs(n, directed(inputs)).length, ...(directed(inputs) ? [2] : []))),
    probe("sample", elements("z", pairs(n, directed(inputs)).length, ...(directed(inputs) ? [2] : []))),
    probe("output", elements("mean", ...steps(inputs))),
    probe("taught", elements("forced", ...steps(inputs))),
    `  metric nll = -${scaled(inputs)} / V\n  metric divergence = ${divergence} / V\n`,
  ];
  const pairsOfGumbels = [
    ["graph K = complete(V)", "graph K = complete_directed(V)"],
    ["latent z: Edges(K)", "latent z[edges(K)]: OneHot(2)"],
    ["inputs = T * D, hidden)", "inputs = T * D, hidden, types = 2)"],
    ["structure_recovery(z, truth)", "structure_recovery(z[..., 1], truth)"],
  ] as const;
  const text = replaced(
    NRI,
    [
      "rollout(x, z, teacher_forcing)",
      "rollout(x, z, teacher_forcing)\n  let forced = decoder.rollout(x, z, teacher_forcing = 1)",
    ],
    ["Normal(mean, variance = 5e-5)", `Normal(mean, variance = ${inputs.var})`],
    ["maximize elbo\n", `maximize (${scaled(inputs)} - ${divergence}) / V\n${probes.join("")}`],
    ...(sst === "tree" ? [["relax ExpFamily at t", `relax ExpFamily(clip = ${max_range}) at t`] as const] : []),
    ...(directed(inputs) ? pairsOfGumbels : []),
  );
  const edges = directed(inputs) ? {} : { Edges: sst === "tree" ? "SpanningTree" : "TopKEdges" };
  const forcing = { teacher_forcing: inputs.pred_steps };
  return { text, arguments: { V: n, T, hidden, ...forcing, ...edges }, hypers: { t: tau } };
}

/** The encoder on a directed graph, where logits are not made symmetric. */
function rawVariant({ n, T, hidden }: Inputs): Variant {
  const text = `import { GraphEncoder } from "std/nn"
model Raw(V, T, hidden, D = 2) {
  graph K = complete_directed(V)
  data x: f32[T, V, D]
  let encoder = GraphEncoder(K, inputs = T * D, hidden)
  let theta = encoder(x)
  minimize sum(theta)
${probe("raw", elements("theta", pairs(n, true).length))}}`;
  return { text, arguments: { V: n, T, hidden } };
}

/** The decoder with the batch's samples as a parameter, so that its gradient is that of the samples. */
export function decoderVariant(inputs: Inputs, forcing: number): Variant {
  const { n, T, hidden, data } = inputs;
  const text = `import { GraphDecoder } from "std/nn"
model Decoder(V, T, hidden, batch, D = 2) {
  graph K = complete_directed(V)
  data x: f32[T, V, D]
  data which: f32[batch]
  param samples: f32[batch, edges(K) * 2] ~ zeros
  let decoder = GraphDecoder(K, inputs = D, hidden)
  let z = reshape(which @ samples, [edges(K), 2])
  let mean = decoder.rollout(x, z, teacher_forcing = ${forcing})
  observe x[1..] ~ Normal(mean, variance = ${inputs.var})
  minimize -${scaled(inputs)} / V
${probe("output", elements("mean", T - 1, n, 2))}}`;
  return { text, arguments: { V: n, T, hidden, batch: data.length } };
}

/** Gumbel noise as the uniform draws that it is made of. */
const uniformOf = (gumbel: number) => Math.exp(-Math.exp(-gumbel));

function givenOf(inputs: Inputs): Given {
  const { data, noise, params, n } = inputs;
  const arcs = pairs(n, directed(inputs));
  const draws = directed(inputs)
    ? (noise as number[][][]).flatMap((example) => arcs.flatMap((arc) => example[position(n, arc)]!))
    : flat(noise);
  const parameters = valuesByName(params);
  const batchNorms = Object.keys(parameters).filter((name) => name.endsWith(".scale"));
  const states = batchNorms.flatMap((name) => {
    const { length } = parameters[name]!;
    const prefix = name.slice(0, -".scale".length);
    return [
      [`${prefix}.running_mean`, Array(length).fill(0)],
      [`${prefix}.running_variance`, Array(length).fill(1)],
    ] as const;
  });
  return {
    batch: data.length,
    inputs: { x: flat(byTime(data)), truth: Array(data.length * arcs.length).fill(0) },
    parameters,
    states: Object.fromEntries(states),
    noise: { z: draws.map(uniformOf) },
  };
}

const only = (values: Values, prefix: string) =>
  Object.fromEntries(Object.entries(values).filter(([name]) => name.startsWith(prefix)));

/** There is a value for each of the published names, and no other. */
function expectNames(values: Values, prefix: string, published: object): void {
  const wanted = Object.keys(published).map((name) => prefix + name);
  expect(Object.keys(only(values, prefix)).sort()).toEqual(wanted.sort());
}

/** Values for arcs in the published order; of two types, or of one. */
function inOrder(inputs: Inputs, published: readonly number[][][], type?: number): number[] {
  const arcs = pairs(inputs.n, directed(inputs));
  return published.flatMap((example) =>
    arcs.flatMap((arc) => {
      const row = example[position(inputs.n, arc)]!;
      return type === undefined ? row : [row[type]!];
    }),
  );
}

/** All arcs, whatever the model's graph. */
function inArcOrder({ n }: Inputs, published: readonly number[][][]): number[] {
  return published.flatMap((example) => pairs(n, true).flatMap((arc) => example[position(n, arc)]!));
}

/** What the variants returned. */
type Found = { readonly [run in "train" | "evaluate" | "raw" | "rawEvaluate" | "decoder" | "decoderEvaluate"]: Values };
type Check = (found: Found, inputs: Inputs, outputs: Outputs, compare: Compare) => void;

/** One check for each output of a case. */
export const CHECKS: { readonly [output in keyof Outputs]: Check } = {
  raw_logits: ({ train, raw }, inputs, { raw_logits }, compare) => {
    const found = directed(inputs)
      ? probed(train, "logits", inputs.data.length)
      : probed(raw, "raw", inputs.data.length);
    compare(found, inArcOrder(inputs, raw_logits), "raw logits");
  },
  logits: ({ train }, inputs, { logits }, compare) =>
    compare(probed(train, "logits", inputs.data.length), inOrder(inputs, logits), "logits"),
  edges: ({ train }, inputs, { edges }, compare) =>
    compare(
      probed(train, "sample", inputs.data.length),
      inOrder(inputs, edges, directed(inputs) ? undefined : 1),
      "edges",
    ),
  d_edges: ({ decoder }, inputs, { d_edges }, compare) =>
    compare(decoder["gradient:samples"]!, inArcOrder(inputs, d_edges), "gradient of edges"),
  output: ({ train }, { data }, { output }, compare) =>
    compare(probed(train, "output", data.length), flat(byTime(output)), "output"),
  // Evaluation shows the true positions at every step, whatever is asked for in training.
  output_teacher_forced: ({ train, decoderEvaluate }, { data }, { output_teacher_forced }, compare) => {
    const wanted = flat(byTime(output_teacher_forced));
    compare(probed(train, "taught", data.length), wanted, "teacher-forced output");
    compare(probed(decoderEvaluate, "output", data.length), wanted, "output in evaluation");
  },
  nll: ({ train }, _, { nll }, compare) => compare(train["metric:nll"]!, nll, "negative log-likelihood"),
  kl: ({ train }, _, { kl }, compare) => compare(train["metric:divergence"]!, kl, "divergence"),
  loss: ({ train }, _, { loss }, compare) => compare(train.loss!, [loss], "loss"),
  grads: ({ train }, _, { grads }, compare) => {
    const wanted = valuesByName(grads);
    expectNames(train, "gradient:", wanted);
    for (const [name, values] of Object.entries(wanted)) {
      const network = only(wanted, name.slice(0, name.indexOf(".")));
      const terms = Math.max(...Object.values(network).flat().map(Math.abs));
      compare(train[`gradient:${name}`]!, values, `gradient of ${name}`, terms);
    }
  },
  bn_running_after_1_forward: ({ train }, _, { bn_running_after_1_forward }, compare) => {
    const wanted = valuesByName(bn_running_after_1_forward);
    expectNames(train, "state:", wanted);
    for (const [name, values] of Object.entries(wanted)) compare(train[`state:${name}`]!, values, name);
  },
  // Before they are made symmetric; the model's own are their means.
  logits_eval_mode_after: ({ evaluate, rawEvaluate }, inputs, { logits_eval_mode_after: published }, compare) => {
    const { length } = inputs.data;
    const wanted = directed(inputs) ? inOrder(inputs, published) : inArcOrder(inputs, published);
    const found = directed(inputs) ? probed(evaluate, "logits", length) : probed(rawEvaluate, "raw", length);
    compare(found, wanted, "logits in evaluation");
    if (directed(inputs)) return;
    const turned = published.map((example) =>
      pairs(inputs.n, true).reduce<number[][]>((means, [a, b]) => {
        const both = [example[position(inputs.n, [a, b])]![0]!, example[position(inputs.n, [b, a])]![0]!];
        means[position(inputs.n, [a, b])] = [(both[0]! + both[1]!) / 2];
        return means;
      }, []),
    );
    compare(probed(evaluate, "logits", length), inOrder(inputs, turned), "symmetric logits in evaluation");
  },
};

export async function check(item: GoldenCase, run: Run, compare: Compare): Promise<void> {
  const inputs = inputsOf(item);
  const outputs = outputsOf(item);
  const given = givenOf(inputs);
  const train = await run(variantOf(inputs), "train", given);
  const states = Object.fromEntries(
    Object.entries(only(train, "state:")).map(([name, values]) => [name.slice("state:".length), values]),
  );
  const evaluate = await run(variantOf(inputs), "evaluate", { ...given, states });
  const encoder = {
    ...given,
    inputs: { x: given.inputs.x! },
    parameters: only(given.parameters, "encoder."),
    noise: {},
  };
  const raw = directed(inputs) ? {} : await run(rawVariant(inputs), "train", encoder);
  const rawEvaluate = directed(inputs) ? {} : await run(rawVariant(inputs), "evaluate", { ...encoder, states });
  const decoded = decoderGiven(inputs, outputs);
  const decoder = await run(decoderVariant(inputs, inputs.pred_steps), "train", decoded);
  const decoderEvaluate = await run(decoderVariant(inputs, inputs.pred_steps), "evaluate", decoded);
  const found = { train, evaluate, raw, rawEvaluate, decoder, decoderEvaluate };
  for (const one of Object.values(CHECKS)) one(found, inputs, outputs, compare);
}

/** The published samples as a parameter of the decoder, and for each example which of them is its own. */
export function decoderGiven(inputs: Inputs, outputs: Outputs): Given {
  const given = givenOf(inputs);
  const which = inputs.data.flatMap((_, b) => inputs.data.map((_, other) => (b === other ? 1 : 0)));
  return {
    batch: given.batch,
    inputs: { x: given.inputs.x!, which },
    parameters: { ...only(given.parameters, "decoder."), samples: inArcOrder(inputs, outputs.edges) },
    states: {},
    noise: {},
  };
}

/**
 * Float32 rounds at 6e-8 for each operation. Values forward are within 5e-7 of the largest of their tensor, so 3e-6 has
 * room for other orders of summation; gradients have twice the operations and are sums over all arcs, examples and
 * steps: 1e-5. Some nearly cancel (those behind the last normalisation sum to 1e-3 of their terms): 2e-7 of the largest
 * gradient of the same network, three roundings, is for them.
 */
export const compareFloats: Compare = (actual, expected, what, terms) => {
  expect(actual.length, what).toBe(expected.length);
  const size = Math.max(...expected.map(Math.abs));
  const allowed = terms === undefined ? 3e-6 * size : 1e-5 * size + 2e-7 * terms;
  const error = Math.max(...expected.map((value, i) => Math.abs(value - actual[i]!)));
  expect(error, what).toBeLessThanOrEqual(allowed);
};
