/**
 * Turns elaborated entry points into programs (simplified, differentiated, simplified again) and these into the
 * artifact.
 */
import type { ModelDeclaration } from "../grammar/ast.ts";
import type {
  Artifact,
  ArtifactOfModel,
  Decision,
  EntryPoint,
  LatentSummary,
  NoiseBase,
  NoiseSignature,
  Signature,
  Target,
  TfjsArtifact,
} from "./artifact.ts";
import { position, type Source } from "./diagnostic.ts";
import type { DeclaredData, DeclaredLatent, EntryName } from "./elaborate/context.ts";
import type { ElaboratedModel } from "./elaborate/model.ts";
import type { Kernel } from "./ir/kernel/kernel.ts";
import { stringOf } from "./ir/tensor/attributes.ts";
import { kernelOf } from "./ir/tensor/kernel-node.ts";
import { type Loops, NO_LOOPS } from "./ir/tensor/loop.ts";
import { nodesInOrder } from "./ir/tensor/order.ts";
import type { Node, TensorProgram } from "./ir/tensor/tensor.ts";
import { gradients } from "./passes/differentiate.ts";
import { findLoops } from "./passes/find-loops.ts";
import { planMemory } from "./passes/plan-memory.ts";
import { simplify } from "./passes/simplify.ts";
import { stackSums } from "./passes/stack-sums.ts";
import { printJavaScriptKernel } from "./targets/javascript-kernel.ts";
import { printProgram } from "./targets/tfjs.ts";
import { printWasmKernel } from "./targets/wasm-kernel.ts";
import { printWasmLoops } from "./targets/wasm-loops.ts";
import { printWebGpu } from "./targets/webgpu.ts";

export interface Assembled {
  readonly artifact: Artifact;
  readonly programs: readonly TensorProgram[];
  readonly kernels: readonly Kernel[];
  /** Operations of each entry point: as the model was written, and of its program, the backward included. */
  readonly operations: readonly { readonly entry: string; readonly written: number; readonly generated: number }[];
}

/** The outputs of one entry point, before simplification. */
function outputsOf(entry: EntryName, model: ElaboratedModel): Map<string, Node> {
  const { context } = model;
  const outputs = new Map<string, Node>();
  if (entry === "train") {
    if (model.loss === undefined) return outputs;
    outputs.set("loss", model.loss);
    for (const [name, node] of model.metrics) outputs.set(name, node);
    for (const [name, { next }] of context.states) if (next !== undefined) outputs.set(`state:${name}`, next);
  } else if (entry === "evaluate") for (const [name, node] of model.metrics) outputs.set(name, node);
  else for (const name of context.latents.keys()) outputs.set(name, sampleOf(model, name));
  return outputs;
}

/** A latent's sample for every example, also where utilities without noise make all of them the same. */
function sampleOf({ scope, context }: ElaboratedModel, name: string): Node {
  const value = scope.lookup(name);
  if (value?.kind !== "latent") throw new Error(`${name} is not a latent`);
  const { node } = value.current;
  return node.type.batched ? node : context.builder.batchBroadcast(node);
}

interface Finished {
  readonly program: TensorProgram;
  /** Operations before simplification and differentiation. */
  readonly written: number;
}

/** Simplifies, then differentiates the simplified loss, so that the backward benefits, then simplifies again. */
function finishProgram(entry: EntryName, model: ElaboratedModel): Finished {
  const written: TensorProgram = {
    name: entry,
    outputs: outputsOf(entry, model),
    labels: model.context.builder.labels,
  };
  const count = operationsOf(written);
  if (entry !== "train" || !written.outputs.has("loss")) {
    return { program: simplify(written, "final").program, written: count };
  }
  const { program, build } = simplify(written, "differentiable");
  const parameters = [...model.context.parameters.values()];
  const nodes = parameters.map(({ name, node }) => build.parameter(name, node.type.shape));
  const outputs = new Map(program.outputs);
  for (const [i, node] of gradients(outputs.get("loss")!, nodes, build).entries()) {
    outputs.set(`gradient:${parameters[i]!.name}`, node);
  }
  return { program: simplify({ ...program, outputs, labels: build.labels }, "final").program, written: count };
}

/** Programs and artifact of a model that was elaborated, without errors, for every entry point. */
export function assemble(
  model: ModelDeclaration,
  elaborated: ReadonlyMap<EntryName, ElaboratedModel>,
  hypers: ReadonlyMap<string, number>,
  target: Target = "tfjs",
  source?: Source,
): Assembled {
  const main = elaborated.get("train")!;
  const { context } = main;
  const kernels = new Map<string, Kernel>();
  const finished = [...elaborated]
    .map(([entry, each]) => finishProgram(entry, each))
    .filter(({ program }) => program.outputs.size > 0);
  const programs = finished.map(({ program }) => program);
  for (const each of elaborated.values()) for (const [name, kernel] of each.context.kernels) kernels.set(name, kernel);
  const used = new Set(programs.flatMap(kernelNodes).map((node) => kernelOf(node.attributes).name));
  const printed = [...kernels.values()].filter((kernel) => used.has(kernel.name));
  // The target webgpu fuses by itself.
  const loops = new Map(target === "tfjs" ? programs.map((program) => [program, findLoops(program)]) : []);
  const signature = (name: string, node: Node): Signature => ({
    name,
    dtype: node.type.dtype,
    shape: node.type.shape,
    batched: node.type.batched,
  });
  const common: ArtifactOfModel = {
    format: "sstc-artifact-1",
    model: model.name.name,
    arguments: argumentValues(main, model),
    data: [...context.data.values()].map((each) => dataSignature(each, signature, context.limits)),
    parameters: [...context.parameters.values()].map(({ name, node, initializer }) => ({
      ...signature(name, node),
      initializer,
    })),
    states: [...context.states.values()].map(({ name, node, value }) => ({ ...signature(name, node), value })),
    hypers: [...context.hypers.values()].map(({ name, value, anneal, positive }) => ({
      name,
      value: hypers.get(name) ?? value,
      positive,
      ...(anneal === undefined ? {} : { anneal }),
    })),
    latents: [...context.latents.values()].map(latentSummary),
    metrics: Object.fromEntries(main.metricTrees),
    objective: { direction: main.direction },
    entries: programs.map((program) => entryPoint(program, loops.get(program) ?? NO_LOOPS)),
    decisions: decisionsOf(elaborated, programs),
  };
  const artifact: Artifact =
    target === "webgpu"
      ? { ...common, target, ...printWebGpu(programs.map(stackSums), printed, common, placesOf(model, source)) }
      : { ...common, target, ...tfjsCode(programs, loops, printed) };
  const operations = finished.map(({ written, program }) => ({
    entry: program.name,
    written,
    generated: operationsOf(program),
  }));
  return { artifact, programs, kernels: printed, operations };
}

function dataSignature(
  { name, node, written, binary }: DeclaredData,
  signature: (name: string, node: Node) => Signature,
  limits: ReadonlyMap<string, number>,
): Signature {
  const below = limits.get(name);
  return {
    ...signature(name, node),
    written,
    ...(binary ? { binary } : {}),
    ...(below === undefined ? {} : { below }),
  };
}

/** The decisions of all entry points, each once, with the entry points whose programs run what was chosen. */
function decisionsOf(
  elaborated: ReadonlyMap<EntryName, ElaboratedModel>,
  programs: readonly TensorProgram[],
): Decision[] {
  const runs = new Set(
    programs.flatMap((program) =>
      kernelNodes(program).map(({ attributes }) =>
        JSON.stringify([program.name, attributes.latent, kernelOf(attributes).name]),
      ),
    ),
  );
  const all = [...elaborated.values()].flatMap(({ context }) => context.decisions);
  const distinct = new Map(all.map((each) => [JSON.stringify(each), each]));
  return [...distinct.values()].map(({ decision, kernel }) => ({
    ...decision,
    entries: programs
      .map((program) => program.name as EntryPoint["name"])
      .filter((name) => runs.has(JSON.stringify([name, decision.latent, kernel]))),
  }));
}

/** Where the names of a model are declared, as `nri.sst:17`. */
function placesOf({ body }: ModelDeclaration, source: Source | undefined): Map<string, string> {
  if (source === undefined) return new Map();
  const file = source.name.replace(/^.*[/\\]/, "");
  return new Map(
    body.flatMap((statement) => {
      if (!("name" in statement)) return [];
      const { line } = position(source.text, statement.span.start);
      return [[statement.name.name, `${file}:${line}`] as const];
    }),
  );
}

function tfjsCode(
  programs: readonly TensorProgram[],
  loops: ReadonlyMap<TensorProgram, Loops>,
  kernels: readonly Kernel[],
): Pick<TfjsArtifact, "program" | "wasmKernels" | "wasmLoops"> {
  const texts = kernels.map((kernel) => ({ name: kernel.name, text: printJavaScriptKernel(kernel) }));
  const modules = kernels.map((kernel) => [kernel.name, printWasmKernel(kernel)] as const);
  const entries = programs.map((program) => ({ program, loops: loops.get(program) ?? NO_LOOPS }));
  const printed = printProgram(entries, texts);
  return {
    program: printed.text,
    wasmLoops: printWasmLoops(printed.loops),
    wasmKernels: Object.fromEntries(
      modules.flatMap(([name, module]) => (module === undefined ? [] : [[name, module]])),
    ),
  };
}

function kernelNodes(program: TensorProgram): Node[] {
  return nodesInOrder([...program.outputs.values()]).filter((node) => node.op === "kernel");
}

function operationsOf(program: TensorProgram): number {
  return nodesInOrder([...program.outputs.values()]).length;
}

function latentSummary({ name, label, structure, dimensions }: DeclaredLatent): LatentSummary {
  const { graph, count } = structure;
  const shape = dimensions.map((dimension) => dimension.size);
  return {
    name,
    structure: label,
    shape,
    // JSON has no infinite numbers.
    ...(count === undefined || !Number.isFinite(count) ? {} : { count }),
    ...(graph === undefined
      ? {}
      : { graph: { vertices: graph.vertices, directed: graph.directed, edges: graph.edges } }),
  };
}

function argumentValues(model: ElaboratedModel, declaration: ModelDeclaration): Artifact["arguments"] {
  return Object.fromEntries(
    declaration.parameters.flatMap((parameter) => {
      const value = model.scope.own().get(parameter.name.name);
      // JSON has no infinite numbers.
      if (value?.kind === "number" && !Number.isFinite(value.value))
        return [[parameter.name.name, value.value > 0 ? "inf" : "-inf"] as const];
      if (value?.kind === "number" || value?.kind === "boolean" || value?.kind === "string")
        return [[parameter.name.name, value.value] as const];
      return value?.kind === "structure-name" ? [[parameter.name.name, value.declaration.name.name] as const] : [];
    }),
  );
}

function entryPoint(program: TensorProgram, loops: Loops): EntryPoint {
  const nodes = nodesInOrder([...program.outputs.values()]);
  const leaves = (op: string) => [
    ...new Set(nodes.filter((node) => node.op === op).map((node) => String(node.attributes.name))),
  ];
  const noise = nodes
    .filter((node) => node.op === "noise")
    .map(
      (node): NoiseSignature => ({
        name: String(node.attributes.name),
        dtype: "f32",
        shape: node.type.shape,
        batched: node.type.batched,
        base: stringOf(node.attributes, "base") as NoiseBase,
        stream: Number(node.attributes.stream),
        ...(node.attributes.rate === undefined ? {} : { rate: Number(node.attributes.rate) }),
      }),
    );
  return {
    name: program.name as EntryPoint["name"],
    inputs: leaves("input"),
    parameters: leaves("parameter"),
    states: leaves("state"),
    hypers: leaves("hyper"),
    noise,
    outputs: [...program.outputs].map(([name, node]) => ({
      name,
      dtype: node.type.dtype,
      shape: node.type.shape,
      batched: node.type.batched,
    })),
    memory: planMemory(program, loops),
  };
}
