/** Programs of whole models for tests of passes: as elaborated, as compiled, and values for what they read. */
import { readFileSync } from "node:fs";
import { compile, elaborateEntries } from "../../compiler/compile.ts";
import { render, type Source } from "../../compiler/diagnostic.ts";
import type { EntryName } from "../../compiler/elaborate/context.ts";
import type { ElaboratedModel } from "../../compiler/elaborate/model.ts";
import { interpretKernel } from "../../compiler/ir/kernel/interpret.ts";
import type { Kernel } from "../../compiler/ir/kernel/kernel.ts";
import type { Environment } from "../../compiler/ir/tensor/interpret.ts";
import { nodesInOrder } from "../../compiler/ir/tensor/order.ts";
import { type Node, sizeOf, type TensorProgram } from "../../compiler/ir/tensor/tensor.ts";
import { modelArguments } from "../../compiler/model-request.ts";
import { Names } from "../../compiler/names.ts";
import { library } from "../../stdlib/library.ts";
import { draw, random } from "../tensor/harness.ts";

type Arguments = { readonly [name: string]: number | boolean | string };

export interface Case {
  readonly name: string;
  readonly source: Source;
  readonly arguments: Arguments;
}

const example = (name: string): Source => ({
  name: `${name}.sst`,
  text: readFileSync(`examples/${name}/${name}.sst`, "utf8"),
});
const nri = example("nri");

/** Straight-through samples, an array of latents, dropout: gradients that are stopped, and constants of many kinds. */
const categories: Source = {
  name: "categories.sst",
  text: `import { Linear } from "std/nn"
model Categories(n = 4, copies = 3, width = 6) {
  hyper t = 1.0
  data x: f32[width]
  let encoder = Linear(width, copies * n)
  let decoder = Linear(copies * n, width)
  let logits = reshape(encoder(drop(x, 0.25)), [copies, n])
  latent z[copies]: OneHot(n) ~ Gumbel(logits) relax ExpFamily at t straight_through
  prior z ~ Gumbel(0)
  let mean = decoder(reshape(z, [copies * n]))
  observe x ~ Normal(mean, variance = 0.5)
  maximize elbo
  metric largest = maximum(softmax(logits), axis = -1)[0]
}
`,
};

export const cases: readonly Case[] = [
  ...["SpanningTree", "TopKEdges", "IndependentEdges"].map((edges) => ({
    name: `NRI with ${edges}`,
    source: nri,
    arguments: { V: 5, T: 4, hidden: 8, Edges: edges },
  })),
  { name: "NRI of the paper's size but for the hidden units", source: nri, arguments: { hidden: 16 } },
  { name: "categories", source: categories, arguments: {} },
  { name: "ListOps with Arborescence", source: example("listops"), arguments: { N: 5, size: 4, steps: 3 } },
  {
    name: "ListOps with SpanningTree",
    source: example("listops"),
    arguments: { N: 4, size: 3, steps: 2, Edges: "SpanningTree", directed: false },
  },
  { name: "L2X", source: example("l2x"), arguments: { L: 6, vocabulary: 7, size: 3, filters: 4, k: 1 } },
];

export interface Compiled {
  readonly programs: readonly TensorProgram[];
  readonly kernels: readonly Kernel[];
}

export function compiled(each: Case): Compiled {
  const { artifact, diagnostics, programs, kernels } = compile(each.source, { library, arguments: each.arguments });
  if (artifact === undefined) throw new Error(diagnostics.map(render).join("\n"));
  return { programs, kernels };
}

/** A model as elaborated for every entry point: before any pass over its tensor programs. */
export function elaborated(each: Case): ReadonlyMap<EntryName, ElaboratedModel> {
  const names = new Names(library, () => undefined);
  const file = names.load(each.source);
  const model = file.declarations.find((declaration) => declaration.kind === "model");
  if (model?.kind !== "model") throw new Error(`${each.name} declares no model`);
  return elaborateEntries(names, each.source, model, modelArguments(names, each.source, model, each.arguments, []));
}

/** Random values for all leaves that nodes read: positive hypers and states, noise in (0, 1). */
export function environmentOf(
  outputs: readonly Node[],
  kernels: readonly Kernel[],
  batch: number,
  seed: number,
): Environment {
  const next = random(seed);
  const byName = new Map(kernels.map((kernel) => [kernel.name, kernel]));
  const values = { input: {}, parameter: {}, state: {}, noise: {} } as Record<string, Record<string, number[]>>;
  const hypers: Record<string, number> = {};
  for (const node of nodesInOrder(outputs)) {
    const name = String(node.attributes.name);
    if (node.op === "hyper") hypers[name] = 0.5 + next();
    const table = values[node.op];
    if (table === undefined) continue;
    const positive = node.op === "state" || node.op === "noise";
    const scale = node.op === "parameter" ? 1 / Math.sqrt(sizeOf(node.type.shape.slice(0, 1))) : 1;
    // Whole numbers are indices and sizes.
    const range: [number, number] = node.type.dtype === "i32" ? [1, 4] : positive ? [0.05, 0.95] : [-scale, scale];
    table[name] ??= draw(node.type, batch, next, range);
  }
  return {
    batch,
    inputs: values.input!,
    parameters: values.parameter!,
    states: values.state!,
    noise: values.noise!,
    hypers,
    runKernel: (name, inputs) => interpretKernel(byName.get(name)!, inputs),
  };
}
