/**
 * The NRI example for tests: variants of its text, and the golden cases of the published model in this project's names
 * and layouts.
 */
import { readFileSync } from "node:fs";
import type { TfjsArtifact } from "../../compiler/artifact.ts";
import { type Compilation, compile } from "../../compiler/compile.ts";
import { render } from "../../compiler/diagnostic.ts";
import { interpretKernel } from "../../compiler/ir/kernel/interpret.ts";
import { interpret } from "../../compiler/ir/tensor/interpret.ts";
import type { Device } from "../../runtime/devices.ts";
import { instantiate } from "../../runtime/instantiate.ts";
import type { Model } from "../../runtime/model.ts";
import { library } from "../../stdlib/library.ts";
import type { GoldenCase } from "../golden.ts";

export const NRI = readFileSync("examples/nri/nri.sst", "utf8");

/** The text with each of the given pieces replaced; each must stand in it exactly once. */
export function replaced(text: string, ...changes: readonly (readonly [from: string, to: string])[]): string {
  return changes.reduce((current, [from, to]) => {
    const [before, after, ...more] = current.split(from);
    if (after === undefined || more.length > 0)
      throw new Error(`${JSON.stringify(from)} stands ${after === undefined ? "not once" : "more than once"}`);
    return before! + to + after;
  }, text);
}

export type Arguments = { readonly [name: string]: number | string };
export interface Variant {
  readonly text: string;
  readonly arguments: Arguments;
  readonly hypers?: { readonly [name: string]: number };
}

const compilations = new Map<string, Compiled>();
export interface Compiled extends Pick<Compilation, "programs" | "kernels"> {
  readonly artifact: TfjsArtifact;
}

/** A variant's programs; each variant is compiled once. */
export function compiled(variant: Variant): Compiled {
  const key = JSON.stringify(variant);
  const known = compilations.get(key);
  if (known !== undefined) return known;
  const { text, ...options } = variant;
  const { artifact, programs, kernels, diagnostics } = compile({ name: "nri.sst", text }, { library, ...options });
  if (artifact === undefined) throw new Error(diagnostics.map(render).join("\n"));
  const result = { artifact, programs, kernels };
  compilations.set(key, result);
  return result;
}

/** Row-major values by name; those of data and noise with the batch as their first axis. */
export interface Given {
  readonly batch: number;
  readonly inputs: Values;
  readonly parameters: Values;
  readonly states: Values;
  readonly noise: Values;
}
export type Values = { readonly [name: string]: readonly number[] };
/** Outputs of an entry point of a variant: from the interpreter, or from a device. */
export type Run = (variant: Variant, entry: "train" | "evaluate", given: Given) => Promise<Values>;

export const runInterpreter: Run = async (variant, entry, given) => {
  const { artifact, programs, kernels } = compiled(variant);
  const byName = new Map(kernels.map((kernel) => [kernel.name, kernel]));
  const hypers = Object.fromEntries(artifact.hypers.map(({ name, value }) => [name, value]));
  const outputs = interpret(programs.find(({ name }) => name === entry)!, {
    ...given,
    hypers,
    runKernel: (name, inputs) => interpretKernel(byName.get(name)!, inputs),
  });
  return Object.fromEntries([...outputs].map(([name, { data }]) => [name, Array.from(data)]));
};

export function runOn(device: Device): Run {
  return runOpened((variant) => instantiate(compiled(variant).artifact, { device }));
}

/** On whatever `open` opens a variant's model. */
export function runOpened(open: (variant: Variant) => Promise<Model>): Run {
  return async (variant, entry, given) => {
    const model = await open(variant);
    const { inputs, noise } = model.artifact.entries.find(({ name }) => name === entry)!;
    const floats = (values: Values, names: readonly string[] = Object.keys(values)) =>
      Object.fromEntries(names.map((name) => [name, Float32Array.from(values[name]!)]));
    const drawn = noise.map(({ name, shape }) => {
      return [name, { shape: [given.batch, ...shape], data: Float32Array.from(given.noise[name]!) }] as const;
    });
    const outputs = await model.run(entry, {
      inputs: floats(given.inputs, inputs),
      noise: Object.fromEntries(drawn),
      parameters: floats(given.parameters),
      states: floats(given.states),
    });
    model.dispose();
    return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, Array.from(data)]));
  };
}

type Nested = number | readonly Nested[];

export function flat(values: Nested): number[] {
  return typeof values === "number" ? [values] : values.flatMap(flat);
}

export interface Inputs {
  readonly sst: "tree" | "topk" | "indep";
  readonly n: number;
  readonly T: number;
  readonly hidden: number;
  readonly pred_steps: number;
  readonly tau: number;
  readonly var: number;
  readonly max_range: number;
  readonly k: number;
  /** Batch, vertex, time, dimension. */
  readonly data: readonly number[][][][];
  readonly noise: Nested;
  readonly params: { readonly [name: string]: Nested };
}
export interface Outputs {
  /** Batch, arc, type. */
  readonly raw_logits: readonly number[][][];
  readonly logits: readonly number[][][];
  readonly edges: readonly number[][][];
  readonly d_edges: readonly number[][][];
  /** Batch, vertex, time, dimension. */
  readonly output: readonly number[][][][];
  readonly output_teacher_forced: readonly number[][][][];
  readonly nll: readonly number[];
  readonly kl: readonly number[];
  readonly loss: number;
  readonly grads: { readonly [name: string]: Nested };
  readonly bn_running_after_1_forward: { readonly [name: string]: Nested };
  readonly logits_eval_mode_after: readonly number[][][];
}

export const inputsOf = (item: GoldenCase) => item.inputs as unknown as Inputs;
export const outputsOf = (item: GoldenCase) => item.outputs as unknown as Outputs;

/** Modules of the published model and ours. */
const MODULES: { readonly [published: string]: string } = {
  "enc.mlp1": "encoder.vertex",
  "enc.mlp2": "encoder.arc",
  "enc.mlp3": "encoder.vertex_again",
  "enc.mlp4": "encoder.arc_again",
  "enc.fc_out": "encoder.output",
  "dec.msg_fc1.0": "decoder.absent",
  "dec.msg_fc2.0": "decoder.absent_again",
  "dec.msg_fc1.1": "decoder.present",
  "dec.msg_fc2.1": "decoder.present_again",
  "dec.out_fc1": "decoder.first",
  "dec.out_fc2": "decoder.second",
  "dec.out_fc3": "decoder.third",
};
/** What modules own; `.fc1`, `.fc2` and `.bn` are the parts of the encoder's perceptrons. */
const OWN: { readonly [published: string]: string } = {
  "": "",
  ".fc1": ".first",
  ".fc2": ".second",
  ".bn": ".batch_norm",
};
const LINEAR: { readonly [published: string]: string } = { weight: "W", bias: "b" };
const NORM: { readonly [published: string]: string } = {
  weight: "scale",
  bias: "offset",
  running_mean: "running_mean",
  running_var: "running_variance",
};

/** Our name of a parameter or state of the published model. */
export function nameOf(published: string): string {
  const [, module, own, leaf] = /^(enc\.\w+|dec\.out_\w+|dec\.\w+\.\d)(\.fc\d|\.bn|)\.(\w+)$/.exec(published) ?? [];
  const part = (own === ".bn" ? NORM : LINEAR)[leaf ?? ""];
  const owner = MODULES[module ?? ""];
  if (part === undefined || owner === undefined) throw new Error(`${published} has no counterpart`);
  return `${owner}${OWN[own!]}.${part}`;
}

/** Weights are stored output by input there, input by output here. */
export function valuesByName(published: { readonly [name: string]: Nested }): Values {
  return Object.fromEntries(
    Object.entries(published).map(([name, value]) => {
      const rows = value as readonly (readonly number[])[];
      const turned = Array.isArray(rows[0]) ? rows[0].map((_, i) => rows.map((row) => row[i]!)) : value;
      return [nameOf(name), flat(turned)];
    }),
  );
}

/** Arcs in our order, as [sender, receiver]: all pairs by sender, or i < j in lexicographic order. */
export function pairs(n: number, directed: boolean): [number, number][] {
  const all = Array.from({ length: n * n }, (_, i): [number, number] => [Math.floor(i / n), i % n]);
  return all.filter(([i, j]) => (directed ? i !== j : i < j));
}

/** The published position of an arc: rows are receivers, without the diagonal. */
export function position(n: number, [sender, receiver]: readonly [number, number]): number {
  return receiver * (n - 1) + (sender < receiver ? sender : sender - 1);
}

/** From batch, vertex, time to batch, time, vertex. */
export function byTime(values: readonly number[][][][]): number[][][][] {
  return values.map((example) => example[0]!.map((_, t) => example.map((vertex) => vertex[t]!)));
}
