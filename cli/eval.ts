/** `sstc eval`: a structure's hard and soft samples, gradients and log-partition for utilities given as JSON, in float64. */
import { compileLayer } from "../compiler/layer.ts";
import { HostLayer } from "../runtime/host-layer.ts";
import { library } from "../stdlib/library.ts";
import { readText } from "./files.ts";
import { UsageError } from "./usage-error.ts";

export function evalCommand(structure: string, options: Record<string, string>): number {
  const temperature = readTemperature(options);
  const source = options.source === undefined ? undefined : { name: options.source, text: readText(options.source) };
  const compiled = compileLayer({ structure, relaxation: options.relax, backward: options.backward, source }, library);
  const input = readInput(options.input ?? "-");
  const u = readRows(input, "u", compiled.size, compiled.structure);
  if (u === undefined) throw new UsageError('the input has no "u": expected {"u": [[…], …]}', 1);
  const layer = new HostLayer(compiled);
  const rows = (values: Float64Array) =>
    Array.from({ length: u.length / compiled.size }, (_, i) => [
      ...values.subarray(i * compiled.size, (i + 1) * compiled.size),
    ]);
  const result: Record<string, unknown> = { argmax: rows(layer.argmax(u)) };
  if (temperature !== undefined) {
    result.soft = rows(layer.soft(u, temperature));
    const cotangent = readRows(input, "cotangent", compiled.size, compiled.structure);
    if (cotangent !== undefined && cotangent.length !== u.length)
      throw new UsageError('"cotangent" needs as many rows as "u"', 1);
    if (cotangent !== undefined) result.vjp = rows(layer.vjp(u, cotangent, temperature));
    const log = layer.logPartition(u, temperature);
    if (log !== undefined) result.log_partition = [...log];
  }
  process.stdout.write(`${JSON.stringify(result)}\n`);
  return 0;
}

function readTemperature(options: Record<string, string>): number | undefined {
  if (options.relax === undefined) return undefined;
  if (options.at === undefined) throw new UsageError("--relax needs a temperature: --at T");
  const temperature = Number(options.at);
  if (!(temperature > 0) || !Number.isFinite(temperature))
    throw new UsageError(`--at ${options.at}: a temperature is a number greater than 0`);
  return temperature;
}

function readInput(path: string): Record<string, unknown> {
  const text = readText(path);
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (problem) {
    throw new UsageError(`${path === "-" ? "standard input" : path} is not JSON: ${(problem as Error).message}`, 1);
  }
  throw new UsageError('expected an object {"u": [[…], …], "cotangent": [[…], …]}', 1);
}

function readRows(
  input: Record<string, unknown>,
  key: string,
  size: number,
  structure: string,
): Float64Array | undefined {
  const value = input[key];
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || !value.every(Array.isArray))
    throw new UsageError(`"${key}" must be a list of rows of numbers`, 1);
  const rows = value as unknown[][];
  rows.forEach((row, i) => {
    if (row.length !== size)
      throw new UsageError(`row ${i} of "${key}" has ${row.length} numbers, but ${structure} has ${size}`, 1);
    const bad = row.findIndex((item) => typeof item !== "number" || !Number.isFinite(item));
    if (bad >= 0)
      throw new UsageError(
        `row ${i} of "${key}" is not a finite number at position ${bad}: ${JSON.stringify(row[bad])}`,
        1,
      );
  });
  return Float64Array.from(rows.flat() as number[]);
}
