/** Examples given as JSON: `{"x": [[…], …]}`, one entry of each list for each example, nested as the model declares. */
import type { Artifact, Signature } from "../compiler/artifact.ts";
import { type HostTensor, sizeOf } from "../runtime/host-tensor.ts";
import { listNames } from "../runtime/user-error.ts";
import { describe } from "../runtime/validate.ts";
import { readText } from "./files.ts";
import { UsageError } from "./usage-error.ts";

/** An object that a file or standard input holds as JSON; exit status 1 otherwise. */
export function readJsonObject(path: string, example: string): { readonly [key: string]: unknown } {
  const text = readText(path);
  const name = path === "-" ? "standard input" : path;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (problem) {
    throw new UsageError(`${name} is not JSON: ${(problem as Error).message}`, 1);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as { [key: string]: unknown };
  throw new UsageError(`${name} must hold an object such as ${example}`, 1);
}

/** The data of the model that the file has; exit status 1 where they are not as the model declares. */
export function readInput(file: string, artifact: Artifact): { readonly [name: string]: HostTensor } {
  const path = file === "-" ? "standard input" : file;
  const values = readJsonObject(file, '{"x": [[0.5, 1], [2, 0]]}');
  const known = artifact.data.map(({ name }) => name);
  const unknown = Object.keys(values).filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new UsageError(
      `${path}: ${artifact.model} has no data called ${listNames(unknown)}; it has ${listNames(known)}`,
      1,
    );
  }
  return Object.fromEntries(
    artifact.data.flatMap((signature) =>
      Object.hasOwn(values, signature.name)
        ? [[signature.name, toTensor(signature, values[signature.name], path)]]
        : [],
    ),
  );
}

function toTensor(signature: Signature, value: unknown, path: string): HostTensor {
  const declared = `${describe(signature)}${signature.batched ? " for each example" : ""}`;
  const fail = (place: readonly number[], found: string) => {
    const where = place.map((index) => `[${index}]`).join("");
    return new UsageError(`${path}: ${signature.name}${where} is ${found}, but the model declares ${declared}`, 1);
  };
  if (signature.batched && !Array.isArray(value)) throw fail([], "not a list of examples");
  const shape = signature.batched ? [(value as unknown[]).length, ...signature.shape] : [...signature.shape];
  const numbers: number[] = [];
  flatten(value, shape, [], numbers, fail);
  return { shape, data: toArray(signature, numbers, fail) };
}

type Fail = (place: readonly number[], found: string) => UsageError;

/** Whole numbers and truth values are not rounded into being such. */
function toArray({ dtype, batched, shape }: Signature, numbers: readonly number[], fail: Fail): HostTensor["data"] {
  if (dtype === "f32") return Float32Array.from(numbers);
  const wrong = numbers.findIndex((value) => (dtype === "bool" ? value !== 0 && value !== 1 : (value | 0) !== value));
  if (wrong >= 0) {
    const place = batched ? [Math.floor(wrong / sizeOf(shape))] : [];
    throw fail(place, `no ${dtype === "bool" ? "truth value" : "whole number"} at ${numbers[wrong]}`);
  }
  return dtype === "i32" ? Int32Array.from(numbers) : Uint8Array.from(numbers);
}

function flatten(value: unknown, shape: readonly number[], place: readonly number[], into: number[], fail: Fail): void {
  const [length, ...rest] = shape;
  if (length === undefined) {
    if (typeof value === "boolean") into.push(Number(value));
    else if (typeof value === "number") into.push(value);
    else throw fail(place, JSON.stringify(value).slice(0, 40));
    return;
  }
  if (!Array.isArray(value)) throw fail(place, `not a list of ${length}`);
  if (value.length !== length) throw fail(place, `a list of ${value.length}, not of ${length}`);
  for (const [i, item] of value.entries()) flatten(item, rest, [...place, i], into, fail);
}
