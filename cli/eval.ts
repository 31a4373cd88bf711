/**
 * `sstc eval`: a structure's hard and soft samples, gradients and log-partition for utilities given as JSON; in float64
 * on the host, or in float32 on a device.
 */
import type * as core from "@tensorflow/tfjs-core";
import type { CompiledLayer } from "../compiler/artifact.ts";
import { compileLayer } from "../compiler/layer.ts";
import { createLayer, type Layer, StructureLayer } from "../runtime/layer.ts";
import { type LayerInput, readRows } from "../runtime/layer-rows.ts";
import type { ExampleOptions } from "../runtime/layer-sizes.ts";
import { library } from "../stdlib/library.ts";
import { importFromFiles, readText } from "./files.ts";
import { readJsonObject } from "./input.ts";
import { UsageError } from "./usage-error.ts";

export interface EvalOptions {
  readonly relax?: string;
  readonly at?: string;
  readonly backward?: string;
  readonly input?: string;
  readonly device?: string;
  readonly set?: readonly string[];
  readonly source?: string;
}

type Matrix = readonly (readonly number[])[];

/** What the input must be, for messages. */
const EXPECTED = 'expected {"u": [[…], …], "cotangent": [[…], …]}, a row for each example';

/** Prints `{"argmax": …, "soft": …, "vjp": …, "log_partition": …}` with the keys that apply. */
export async function evalCommand(structure: string, options: EvalOptions): Promise<number> {
  const { relax: relaxation, at: temperature, backward, set: settings, source: path } = options;
  if (relaxation !== undefined && temperature === undefined) {
    throw new UsageError("--relax needs a temperature: add --at T, such as --at 0.5");
  }
  if (path === "-" && (options.input ?? "-") === "-") {
    throw new UsageError("--source and --input cannot both be standard input: put one of them in a file");
  }
  const source = path === undefined ? undefined : { name: path === "-" ? "<stdin>" : path, text: readText(path) };
  const request = { structure, relaxation, temperature, backward, settings, source, resolveImport: importFromFiles };
  const compiled = compileLayer(request, library);
  const input = readJsonObject(options.input ?? "-", '{"u": [[0.5, 1], [2, 0]]}');
  const u = readMatrix(input, "u");
  if (u === undefined) {
    const keys = Object.keys(input).map((key) => JSON.stringify(key));
    throw new UsageError(`the input has no "u"${keys.length === 0 ? "" : `, only ${keys.join(", ")}`}: ${EXPECTED}`, 1);
  }
  const cotangent = compiled.soft === undefined ? undefined : readMatrix(input, "cotangent");
  const examples = compiled.sizes === undefined ? {} : { size: readSizes(input) };
  const result = await evaluate(compiled, options.device ?? "host", u, cotangent, examples);
  process.stdout.write(`${JSON.stringify(result)}\n`);
  return 0;
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

async function evaluate(
  compiled: CompiledLayer,
  device: string,
  u: Matrix,
  cotangent: Matrix | undefined,
  examples: ExampleOptions,
): Promise<Results> {
  if (device === "host") return results(compiled, new StructureLayer(compiled), u, cotangent, examples);
  const { DEVICE_NAMES, openDevice } = await import("../runtime/devices.ts");
  if (!DEVICE_NAMES.some((known) => known === device)) {
    throw new UsageError(`--device ${device}: choose one of host, ${DEVICE_NAMES.join(", ")}`);
  }
  const { tf } = await openDevice(device);
  const layer = await createLayer(compiled, { tf });
  const tensor = (rows: Matrix, key: string) => {
    // The rows must be a matrix before they can be a tensor.
    const values = readRows(rows, { what: `the numbers of "${key}"`, structure: layer.structure, size: layer.size });
    return tf.tensor(Float32Array.from(values), [rows.length, layer.size], "float32");
  };
  const found = results(compiled, layer, tensor(u, "u"), cotangent && tensor(cotangent, "cotangent"), examples);
  return Object.fromEntries(Object.entries(found).map(([key, value]) => [key, (value as core.Tensor).arraySync()]));
}

/** What a layer has to say, in the form of `u`. */
function results(
  compiled: CompiledLayer,
  layer: Layer,
  u: LayerInput,
  cotangent: LayerInput | undefined,
  examples: ExampleOptions,
): Results {
  return {
    argmax: layer.argmax(u, examples),
    ...(compiled.soft === undefined ? {} : { soft: layer.soft(u, examples) }),
    ...(cotangent === undefined ? {} : { vjp: layer.vjp(u, cotangent, examples) }),
    ...(compiled.logPartition === undefined ? {} : { log_partition: layer.logPartition(u, examples) }),
  };
}
