/**
 * `compile`: a source text to an artifact, or to diagnostics. This is the flat list of passes, to be read first: parse, resolve
 * names, elaborate (types, shapes, selection) once for each entry point, differentiate, simplify, plan memory, print.
 */
import type { Declaration, ModelDeclaration } from "../grammar/ast.ts";
import type { Artifact, EntryPoint, LatentSummary, NoiseSignature, Signature } from "./artifact.ts";
import { type Diagnostic, didYouMean, type Source } from "./diagnostic.ts";
import { Context, type EntryName } from "./elaborate/context.ts";
import { type ElaboratedModel, elaborateModel } from "./elaborate/model.ts";
import type { BoundArgument } from "./elaborate/values.ts";
import type { Kernel } from "./ir/kernel/kernel.ts";
import { kernelOf } from "./ir/tensor/kernel-node.ts";
import { nodesInOrder } from "./ir/tensor/order.ts";
import type { Node, TensorProgram } from "./ir/tensor/tensor.ts";
import { type ImportResolver, type Library, Names } from "./names.ts";
import { gradients } from "./passes/differentiate.ts";
import { planMemory } from "./passes/plan-memory.ts";
import { resolve } from "./passes/resolve.ts";
import { simplify } from "./passes/simplify.ts";
import { printJavaScriptKernel } from "./targets/javascript-kernel.ts";
import { printProgram } from "./targets/tfjs.ts";

export interface CompileOptions {
  readonly library: Library;
  readonly target?: "tfjs";
  /** Which model, where a file has several. */
  readonly model?: string;
  /** Arguments of the model: numbers, truth values, and names of structures. */
  readonly arguments?: { readonly [name: string]: number | boolean | string };
  /** New first values of hypers. */
  readonly hypers?: { readonly [name: string]: number };
  readonly resolveImport?: ImportResolver;
}
export interface Compilation {
  readonly artifact: Artifact | undefined;
  readonly diagnostics: readonly Diagnostic[];
  readonly programs: readonly TensorProgram[];
  readonly kernels: readonly Kernel[];
}

const ENTRIES: readonly EntryName[] = ["train", "evaluate", "sample", "sample_soft"];

export function compile(source: Source, options: CompileOptions): Compilation {
  const names = new Names(options.library, options.resolveImport ?? (() => undefined));
  const file = names.load(source);
  const diagnostics: Diagnostic[] = [...names.diagnostics, ...resolve(file, source, names)];
  const failed = (): Compilation => ({
    artifact: undefined,
    diagnostics: unique(diagnostics),
    programs: [],
    kernels: [],
  });
  const model = chooseModel(file.declarations, source, options.model, diagnostics);
  if (model === undefined) return failed();
  const elaborated = new Map<EntryName, ElaboratedModel>();
  for (const entry of ENTRIES) {
    const context = new Context(names, source, entry);
    elaborated.set(
      entry,
      elaborateModel(context, model, modelArguments(names, source, model, options.arguments ?? {}, diagnostics)),
    );
    diagnostics.push(...context.diagnostics);
    if (diagnostics.some((diagnostic) => diagnostic.severity === "error")) return failed();
  }
  return assemble(model, elaborated, options, diagnostics);
}

function unique(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const seen = new Set<string>();
  return diagnostics.filter((each) => {
    const key = `${each.source.name}:${each.span.start}:${each.code}:${each.message}`;
    return !seen.has(key) && seen.add(key) !== undefined;
  });
}

function chooseModel(
  declarations: readonly Declaration[],
  source: Source,
  wanted: string | undefined,
  diagnostics: Diagnostic[],
): ModelDeclaration | undefined {
  const models = declarations.filter((declaration) => declaration.kind === "model");
  const found = wanted === undefined ? models[0] : models.find((model) => model.name.name === wanted);
  const span = { start: 0, end: 0 };
  if (found === undefined && wanted !== undefined) {
    diagnostics.push({
      code: "unknown-model",
      severity: "error",
      source,
      span,
      message: `there is no model ${wanted} in this file`,
      help:
        models.length === 0
          ? "declare one with model NAME { … }"
          : `it has ${models.map((model) => model.name.name).join(", ")}`,
    });
  } else if (found === undefined && diagnostics.length === 0) {
    diagnostics.push({
      code: "no-model",
      severity: "error",
      source,
      span,
      message: "this file declares no model",
      help: "declare one with model NAME { … }",
    });
  }
  return found;
}

function modelArguments(
  names: Names,
  source: Source,
  model: ModelDeclaration,
  given: { readonly [name: string]: number | boolean | string },
  diagnostics: Diagnostic[],
): BoundArgument[] {
  return Object.entries(given).flatMap(([name, value]): BoundArgument[] => {
    const span = model.name.span;
    if (typeof value === "number") return [{ name, span, value: { kind: "number", value } }];
    if (typeof value === "boolean") return [{ name, span, value: { kind: "boolean", value } }];
    const found = names.find(value, source);
    if (found?.declaration.kind === "structure")
      return [{ name, span, value: { kind: "structure-name", declaration: found.declaration, source: found.source } }];
    const near = didYouMean(value, names.visible(source));
    diagnostics.push({
      code: "unknown-name",
      severity: "error",
      source,
      span,
      message: `${name} = ${value}: there is no structure ${value}`,
      ...(near === undefined ? {} : { help: `did you mean ${near}?` }),
    });
    return [];
  });
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
  else for (const name of context.latents.keys()) outputs.set(name, latentNode(model, name));
  return outputs;
}

function latentNode(model: ElaboratedModel, name: string): Node {
  const value = model.scope.lookup(name);
  if (value?.kind !== "latent") throw new Error(`${name} is not a latent`);
  return value.current.node;
}

/** Simplifies, then differentiates the simplified loss, so that the backward benefits, then simplifies again. */
function finishProgram(entry: EntryName, model: ElaboratedModel): TensorProgram {
  const build = model.context.builder;
  const forward = simplify(outputsOf(entry, model), build);
  const loss = forward.get("loss");
  if (entry !== "train" || loss === undefined) return { name: entry, outputs: forward, labels: build.labels };
  const parameters = [...model.context.parameters.values()];
  const outputs = new Map(forward);
  const nodes = parameters.map((parameter) => parameter.node);
  for (const [i, node] of gradients(loss, nodes, build).entries()) outputs.set(`gradient:${parameters[i]!.name}`, node);
  return { name: entry, outputs: simplify(outputs, build), labels: build.labels };
}

function assemble(
  model: ModelDeclaration,
  elaborated: ReadonlyMap<EntryName, ElaboratedModel>,
  options: CompileOptions,
  diagnostics: readonly Diagnostic[],
): Compilation {
  const main = elaborated.get("train")!;
  const { context } = main;
  const kernels = new Map<string, Kernel>();
  const programs = ENTRIES.map((entry) => finishProgram(entry, elaborated.get(entry)!)).filter(
    (program) => program.outputs.size > 0,
  );
  for (const each of elaborated.values()) for (const [name, kernel] of each.context.kernels) kernels.set(name, kernel);
  const used = new Set(
    programs.flatMap((program) =>
      nodesInOrder([...program.outputs.values()])
        .filter((node) => node.op === "kernel")
        .map((node) => kernelOf(node.attributes).name),
    ),
  );
  const printed = [...kernels.values()].filter((kernel) => used.has(kernel.name));
  const signature = (name: string, node: Node): Signature => ({
    name,
    dtype: node.type.dtype,
    shape: node.type.shape,
    batched: node.type.batched,
  });
  const artifact: Artifact = {
    format: "sstc-artifact-1",
    model: model.name.name,
    target: "tfjs",
    arguments: argumentValues(main, model),
    data: [...context.data.values()].map(({ name, node, written }) => ({ ...signature(name, node), written })),
    parameters: [...context.parameters.values()].map(({ name, node, initializer }) => ({
      ...signature(name, node),
      initializer,
    })),
    states: [...context.states.values()].map(({ name, node, value }) => ({ ...signature(name, node), value })),
    hypers: [...context.hypers.values()].map(({ name, value, anneal, positive }) => ({
      name,
      value: options.hypers?.[name] ?? value,
      positive,
      ...(anneal === undefined ? {} : { anneal }),
    })),
    latents: [...context.latents.values()].map(latentSummary),
    metrics: main.metricTrees,
    objective: { direction: main.direction },
    entries: programs.map((program) => entryPoint(program)),
    decisions: context.decisions,
    program: printProgram(
      programs,
      printed.map((kernel) => ({ name: kernel.name, text: printJavaScriptKernel(kernel) })),
    ),
  };
  return { artifact, diagnostics: unique(diagnostics), programs, kernels: printed };
}

function latentSummary(latent: {
  name: string;
  label: string;
  structure: {
    graph: { vertices: number; directed: boolean; edges: readonly (readonly [number, number])[] } | undefined;
  };
  dimensions: readonly { size: number }[];
}): LatentSummary {
  const { graph } = latent.structure;
  const shape = latent.dimensions.map((dimension) => dimension.size);
  return {
    name: latent.name,
    structure: latent.label,
    shape,
    ...(graph === undefined
      ? {}
      : { graph: { vertices: graph.vertices, directed: graph.directed, edges: graph.edges } }),
  };
}

function argumentValues(model: ElaboratedModel, declaration: ModelDeclaration): Artifact["arguments"] {
  return Object.fromEntries(
    declaration.parameters.flatMap((parameter) => {
      const value = model.scope.own().get(parameter.name.name);
      if (value?.kind === "number" || value?.kind === "boolean" || value?.kind === "string")
        return [[parameter.name.name, value.value] as const];
      return value?.kind === "structure-name" ? [[parameter.name.name, value.declaration.name.name] as const] : [];
    }),
  );
}

function entryPoint(program: TensorProgram): EntryPoint {
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
        base: node.attributes.base === "normal" ? "normal" : "uniform",
        stream: Number(node.attributes.stream),
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
    memory: planMemory(program),
  };
}
