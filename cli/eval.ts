/**
 * `sstc eval`: a structure's hard and soft samples and gradients for utilities given as JSON, or answers to questions
 * about its exponential family; in float64 on the host, or in float32 on a device.
 */
import type * as core from "@tensorflow/tfjs-core";
import type { CompiledLayer } from "../compiler/artifact.ts";
import { compileKBest, compileLayer } from "../compiler/layer.ts";
import { QUERIES, type Query } from "../compiler/layer-request.ts";
import { createLayer, type Layer, type LayerHost, StructureLayer } from "../runtime/layer.ts";
import { isTensor, type LayerInput, readRows } from "../runtime/layer-rows.ts";
import type { ExampleOptions } from "../runtime/layer-sizes.ts";
import { library } from "../stdlib/library.ts";
import { importFromFiles, readText } from "./files.ts";
import { readJsonObject } from "./input.ts";
import { UsageError } from "./usage-error.ts";
import { readSeed } from "./values.ts";

export interface EvalOptions {
  readonly relax?: string;
  readonly at?: string;
  readonly backward?: string;
  readonly input?: string;
  readonly device?: string;
  readonly set?: readonly string[];
  readonly source?: string;
  readonly query?: string;
  readonly draws?: string;
  readonly best?: string;
  readonly seed?: string;
}

type Matrix = readonly (readonly number[])[];

/** What the input must be, for messages. */
const EXPECTED = 'expected {"u": [[…], …], "cotangent": [[…], …]}, a row for each example';

/**
 * Prints `{"argmax": …, "soft": …, "vjp": …, "log_partition": …}` with the keys that apply, or those that `--query`
 * asks for.
 */
export async function evalCommand(structure: string, options: EvalOptions): Promise<number> {
  const { relax: relaxation, at: temperature, backward, set: settings, source: path } = options;
  if (relaxation !== undefined && temperature === undefined) {
    throw new UsageError("--relax needs a temperature: add --at T, such as --at 0.5");
  }
  if (path === "-" && (options.input ?? "-") === "-") {
    throw new UsageError("--source and --input cannot both be standard input: put one of them in a file");
  }
  const idle = (["draws", "best", "seed"] as const).find((option) => options[option] !== undefined);
  if (options.query === undefined && idle !== undefined) {
    throw new UsageError(`--${idle} is for --query ${idle === "best" ? "k_best" : "sample"}`);
  }
  const asked = options.query === undefined ? undefined : questions(options);
  const source = path === undefined ? undefined : { name: path === "-" ? "<stdin>" : path, text: readText(path) };
  const queries = asked?.queries;
  const texts = { structure, relaxation, temperature, backward, settings, source };
  const request = { ...texts, queries, resolveImport: importFromFiles };
  const compiled = compileLayer(request, library);
  if (compiled.family !== undefined && compiled.temperature === undefined) {
    throw new UsageError("--query needs a temperature: add --at T, such as --at 1");
  }
  const input = readJsonObject(options.input ?? "-", '{"u": [[0.5, 1], [2, 0]]}');
  const u = readMatrix(input, "u");
  if (u === undefined) {
    const keys = Object.keys(input).map((key) => JSON.stringify(key));
    throw new UsageError(`the input has no "u"${keys.length === 0 ? "" : `, only ${keys.join(", ")}`}: ${EXPECTED}`, 1);
  }
  const cotangent = compiled.soft === undefined || asked !== undefined ? undefined : readMatrix(input, "cotangent");
  const x = queries?.includes("log_prob") === true ? readMatrix(input, "x") : undefined;
  if (x === undefined && queries?.includes("log_prob") === true) {
    throw new UsageError('log_prob needs members: add "x": [[…], …] to the input, a row for each example', 1);
  }
  const examples = compiled.sizes === undefined ? {} : { size: readSizes(input) };
  const rows = { u, ...(cotangent === undefined ? {} : { cotangent }), ...(x === undefined ? {} : { x }) };
  if (options.device === "webgpu") {
    const { evaluateOnGpu } = await import("./eval-webgpu.ts");
    const questions = { queries, seed: asked?.seed ?? 0, draws: asked?.draws ?? 1 };
    print(await evaluateOnGpu(request, compiled, rows, questions, examples));
    return 0;
  }
  const host: LayerHost = { compileKBest: (count) => compileKBest(request, count, library) };
  const answer = (layer: Layer, given: Given) =>
    asked === undefined ? results(compiled, layer, given, examples) : answers(asked, layer, given, examples);
  print(await evaluate(compiled, options.device ?? "host", rows, host, answer));
  return 0;
}

function print(results: Results): void {
  process.stdout.write(`${JSON.stringify(results)}\n`);
}

interface Asked {
  readonly queries: readonly Query[];
  readonly seed: number;
  readonly draws: number;
  readonly best: number;
}

/** What `--query` asks for, and the numbers that go with it. */
function questions({ query = "", seed, draws, best }: EvalOptions): Asked {
  const names = query.split(",").map((name) => name.trim());
  const known = (name: string): name is Query => QUERIES.some((each) => each === name);
  const unknown = names.find((name) => !known(name));
  if (unknown !== undefined) {
    throw new UsageError(`--query ${unknown}: choose some of ${QUERIES.join(", ")}, with commas between them`);
  }
  const count = (value: string | undefined, option: string, byDefault: number) => {
    const number = value === undefined ? byDefault : Number(value);
    if (Number.isInteger(number) && number >= 1 && number <= 2 ** 24) return number;
    throw new UsageError(`--${option} ${value}: give a positive integer`);
  };
  return {
    queries: names.filter(known),
    seed: readSeed(seed ?? "0"),
    draws: count(draws, "draws", 1),
    best: count(best, "best", 3),
  };
}

/** Lists of rows; what the rows hold is checked by the layer. */
function readMatrix(input: { readonly [key: string]: unknown }, key: string): Matrix | undefined {
  const value = input[key];
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || !value.every(Array.isArray)) {
    throw new UsageError(`"${key}" is not a list of rows: ${EXPECTED}`, 1);
  }
  if (value.length === 0) throw new UsageError(`"${key}" has no rows: ${EXPECTED}`, 1);
  return value as number[][];
}

/** A size for each row; whether they are whole numbers in range is checked by the layer. */
function readSizes(input: { readonly [key: string]: unknown }): readonly number[] {
  const { size } = input;
  if (Array.isArray(size)) return size as number[];
  const given = size === undefined ? 'the input has no "size"' : '"size" is not a list of numbers';
  throw new UsageError(`${given}: expected {"u": [[…], …], "size": [5, 12]}, a size for each example`, 1);
}

type Results = { readonly [key: string]: unknown };

/** Rows in the form that the layer takes. */
interface Given {
  readonly u: LayerInput;
  readonly cotangent?: LayerInput;
  readonly x?: LayerInput;
}

async function evaluate(
  compiled: CompiledLayer,
  device: string,
  rows: Given & { readonly [key: string]: Matrix },
  host: LayerHost,
  answer: (layer: Layer, given: Given) => Results,
): Promise<Results> {
  if (device === "host") return answer(new StructureLayer(compiled, host), rows);
  const { DEVICE_NAMES, openDevice } = await import("../runtime/devices.ts");
  if (!DEVICE_NAMES.some((known) => known === device)) {
    throw new UsageError(`--device ${device}: choose one of host, ${DEVICE_NAMES.join(", ")}, webgpu`);
  }
  const { tf } = await openDevice(device);
  const layer = await createLayer(compiled, { tf }, host.compileKBest);
  const tensor = (key: string, matrix: Matrix) => {
    const size = key === "u" ? layer.inputSize : layer.size;
    // The rows must be a matrix before they can be a tensor.
    const values = readRows(matrix, { what: `the numbers of "${key}"`, structure: layer.structure, size });
    return tf.tensor(Float32Array.from(values), [matrix.length, size], "float32");
  };
  const given = Object.fromEntries(Object.entries(rows).map(([key, matrix]) => [key, tensor(key, matrix)]));
  return lists(answer(layer, given as unknown as Given)) as Results;
}

/** Tensors, wherever they stand, as lists. */
function lists(value: unknown): unknown {
  if (isTensor(value)) return (value as core.Tensor).arraySync();
  if (Array.isArray(value)) return value.map(lists);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, lists(item)]));
}

/** What a layer has to say, in the form of `u`. */
function results(compiled: CompiledLayer, layer: Layer, { u, cotangent }: Given, examples: ExampleOptions): Results {
  const hasPartition = compiled.family !== undefined && !("missing" in compiled.family.logPartition);
  return {
    argmax: inRows(layer.argmax(u, examples)),
    ...(compiled.soft === undefined ? {} : { soft: inRows(layer.soft(u, examples)) }),
    ...(cotangent === undefined ? {} : { vjp: layer.vjp(u, cotangent, examples) }),
    ...(hasPartition ? { log_partition: layer.logPartition(u, examples) } : {}),
  };
}

/** A row for each example, whatever the shape of a member. */
function inRows(value: unknown): unknown {
  if (!isTensor(value) || value.shape.length <= 2) return value;
  return (value.arraySync() as unknown[][]).map((row) => row.flat(value.shape.length));
}

/** What is asked of the exponential family, under the names of the questions. */
function answers(
  { queries, seed, draws, best }: Asked,
  layer: Layer,
  { u, x }: Given,
  examples: ExampleOptions,
): Results {
  const answer: Readonly<Record<Query, () => unknown>> = {
    log_partition: () => layer.logPartition(u, examples),
    entropy: () => layer.entropy(u, examples),
    log_prob: () => layer.logProb(u, x!, examples),
    marginals: () => layer.marginals(u, examples),
    sample: () => layer.sample(u, { seed, draws, ...examples }),
    k_best: () => {
      const { members, values, found } = layer.kBest(u, best, examples);
      return { members, values, found };
    },
  };
  return Object.fromEntries(queries.map((query) => [query, answer[query]()]));
}
