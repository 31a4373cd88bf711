/**
 * Checks what a caller hands to a model against the artifact's signatures, so that mistakes are named before any
 * arithmetic.
 */
import type { Artifact, HyperSignature, Signature } from "../compiler/artifact.ts";
import { type HostArray, type HostTensor, sameShape, sizeOf } from "./host-tensor.ts";
import { isTensor } from "./layer-rows.ts";
import { writeValue } from "./not-finite.ts";
import { listNames, UserError, writeShape } from "./user-error.ts";

/** A value for a data name: a tensor with its batch axis, or a typed array whose batch is what its length says. */
export type InputValue = HostTensor | HostArray;
export interface Batch {
  readonly [name: string]: InputValue;
}
export interface CheckedBatch {
  readonly size: number;
  readonly tensors: { readonly [name: string]: HostTensor };
}

const CONTAINERS = { f32: "Float32Array", i32: "Int32Array", bool: "Uint8Array" } as const;

function containerMatches(dtype: Signature["dtype"], data: unknown): data is HostArray {
  if (dtype === "f32") return data instanceof Float32Array;
  if (dtype === "i32") return data instanceof Int32Array;
  return data instanceof Uint8Array || data instanceof Int32Array;
}

/** As the user declared it: `x: f32[T, V, D]`, with the numbers where they differ from what was written. */
export function describe(signature: Signature): string {
  const numbers = `${signature.binary === true ? "binary" : signature.dtype}${writeShape(signature.shape)}`;
  const written = signature.written;
  if (written === undefined || written.replaceAll(" ", "") === numbers.replaceAll(" ", ""))
    return `\`${signature.name}: ${numbers}\``;
  return `\`${signature.name}: ${written}\`, here ${numbers}`;
}

/** The closest name within two edits, for "did you mean". */
export function nearest(name: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.min(3, Math.ceil(name.length / 2) + 1);
  for (const candidate of names) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(previous[j]! + 1, row[j - 1]! + 1, substituted));
    }
    previous = row;
  }
  return previous[b.length]!;
}

export function unknownName(kind: string, name: string, known: readonly string[], owner: string): UserError {
  const close = nearest(name, known);
  return new UserError(`${owner} has no ${kind} called \`${name}\``, {
    help: close !== undefined ? `did you mean \`${close}\`?` : `it has ${listNames(known)}`,
  });
}

/**
 * One tensor against its signature, its leading axis being the batch where `batched`. `where` says whose it is
 * ("batch", "valid data"). NaN and infinities are errors too: they would come out as a loss of NaN, blaming nobody.
 */
export function checkTensor(signature: Signature, value: unknown, where: string): HostTensor {
  const given = asTensor(signature, value, where);
  const { data, shape } = given;
  if (!containerMatches(signature.dtype, data)) {
    throw new UserError(
      `${where}: \`${signature.name}\` is ${containerName(data)}, not a ${CONTAINERS[signature.dtype]}`,
      {
        why: `the model declares ${describe(signature)}`,
        help: `convert it with \`${CONTAINERS[signature.dtype]}.from(values)\``,
      },
    );
  }
  const inner = signature.batched ? shape.slice(1) : shape;
  if ((signature.batched && shape.length === 0) || !sameShape(inner, signature.shape)) {
    const expected = signature.batched
      ? `[examples, ${signature.shape.join(", ")}]`.replace(", ]", "]")
      : writeShape(signature.shape);
    throw new UserError(`${where}: \`${signature.name}\` has shape ${writeShape(shape)}, not ${expected}`, {
      why: `the model declares ${describe(signature)}${signature.batched ? " for one example" : ""}`,
    });
  }
  if (sizeOf(shape) !== data.length) {
    throw new UserError(
      `${where}: \`${signature.name}\` has ${data.length} values, but its shape ${writeShape(shape)} says ${sizeOf(shape)}`,
    );
  }
  checkValues(signature, given, where);
  return given;
}

function asTensor(signature: Signature, value: unknown, where: string): HostTensor {
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    const data = value as HostArray;
    const perExample = sizeOf(signature.shape);
    if (!signature.batched) return { shape: signature.shape, data };
    if (perExample > 0 && data.length % perExample !== 0) {
      throw new UserError(
        `${where}: \`${signature.name}\` has ${data.length} values, which is not a multiple of ${perExample}`,
        {
          why: `the model declares ${describe(signature)} for one example`,
        },
      );
    }
    return { shape: [data.length / perExample, ...signature.shape], data };
  }
  const tensor = value as Partial<HostTensor> | null | undefined;
  if (typeof tensor === "object" && tensor !== null && Array.isArray(tensor.shape) && ArrayBuffer.isView(tensor.data)) {
    checkSizes(signature, tensor.shape, where);
    return tensor as HostTensor;
  }
  throw new UserError(`${where}: \`${signature.name}\` is ${nameOf(value)}, not a tensor`, {
    help: isTensor(value)
      ? "a tf.Tensor is on a device: pass { shape: x.shape, data: x.dataSync() }"
      : `pass a ${CONTAINERS[signature.dtype]}, or { shape, data } with such an array`,
  });
}

/** What was given instead of a tensor, in a few words. */
function nameOf(value: unknown): string {
  if (isTensor(value)) return "a tf.Tensor";
  if (Array.isArray(value)) return "a list";
  if (typeof value !== "object" || value === null) return value === null ? "null" : `of type ${typeof value}`;
  const { shape, data } = value as Partial<HostTensor>;
  if (shape === undefined) return "an object without `shape`";
  return Array.isArray(shape)
    ? `an object whose \`data\` is ${containerName(data)}`
    : "an object whose `shape` is no list";
}

function checkSizes(signature: Signature, shape: readonly unknown[], where: string): void {
  const wrong = shape.find((size) => !Number.isSafeInteger(size) || (size as number) < 0);
  if (wrong === undefined && !shape.includes(undefined)) return;
  throw new UserError(`${where}: the shape of \`${signature.name}\` holds ${String(wrong)}`, {
    why: "sizes are whole numbers",
    help: "a size is often undefined where an argument was not passed under the name that the function gives it",
  });
}

/** `a Float64Array`, `an Int32Array`. */
function containerName(data: unknown): string {
  if (typeof data !== "object" || data === null) return data === null ? "null" : `of type ${typeof data}`;
  const { name } = data.constructor;
  return `${/^[AEIOU]/.test(name) ? "an" : "a"} ${name}`;
}

/** Throws a UserError for the first value that the declared type does not have. */
function checkValues(signature: Signature, { data }: HostTensor, where: string): void {
  const { below } = signature;
  const truth = signature.dtype === "bool" || signature.binary === true;
  if (!truth && below === undefined && !(data instanceof Float32Array)) return;
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (truth ? value === 0 || value === 1 : below === undefined ? value - value === 0 : value >= 0 && value < below) {
      continue;
    }
    const perExample = signature.batched ? Math.max(1, sizeOf(signature.shape)) : data.length;
    const example = signature.batched ? `example ${Math.floor(i / perExample)}, ` : "";
    const place = `${example}position ${writeShape(position(i % perExample, signature.shape))}`;
    const found = Number.isFinite(value) ? value : writeValue(value);
    throw new UserError(`${where}: \`${signature.name}\` holds ${found} at ${place}`, wrongValue(signature, value));
  }
}

function wrongValue(signature: Signature, value: number): { readonly why: string; readonly help: string } {
  if (!Number.isFinite(value)) {
    return { why: "data must be finite numbers", help: "leave out the example, or fill in the missing value" };
  }
  if (signature.below !== undefined) {
    return {
      why: `the model uses ${describe(signature)} as indices of ${signature.below} rows or classes`,
      help: `values are from 0 to ${signature.below - 1}: give what is unknown a number of its own, or make the table larger`,
    };
  }
  return {
    why: `the model declares ${describe(signature)}, whose values are 0 and 1`,
    help: "write 1 for true and 0 for false",
  };
}

/** Coordinates of the element at `index` of a row-major array. */
function position(index: number, shape: readonly number[]): number[] {
  const coordinates: number[] = [];
  let rest = index;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    coordinates.unshift(rest % shape[axis]!);
    rest = Math.floor(rest / shape[axis]!);
  }
  return coordinates;
}

/**
 * All the named inputs, present and of one batch size. Declared data that `needed` does not name is checked, counted
 * and left out: a model whose program reads none has as many examples as its caller gives. `given` are the names that
 * the caller sees in what it gave, for messages.
 */
export function checkBatch(
  data: readonly Signature[],
  needed: readonly string[],
  batch: Batch,
  model: string,
  where = "batch",
  given: readonly string[] = Object.keys(batch ?? {}),
): CheckedBatch {
  if (typeof batch !== "object" || batch === null) {
    throw new UserError(`${where}: ${model} was given no data`, {
      help: `pass { ${data.map(({ name }) => name).join(", ")} }, with a tensor or a typed array for each`,
    });
  }
  const names = data.map(({ name }) => name);
  for (const name of Object.keys(batch)) {
    if (!names.includes(name)) throw unknownName("data", name, names, `${where}: ${model}`);
  }
  // A map: a record would take a column called __proto__ for its prototype.
  const tensors = new Map<string, HostTensor>();
  let size: number | undefined;
  let sized = "";
  for (const signature of data) {
    const { name } = signature;
    if (!Object.hasOwn(batch, name)) {
      if (!needed.includes(name)) continue;
      throw new UserError(`${where}: \`${name}\` is missing`, {
        why: `${model} declares the data ${describe(signature)}`,
        help: `it was given ${listNames(given)}`,
      });
    }
    const tensor = checkTensor(signature, batch[name], where);
    if (needed.includes(name)) tensors.set(name, tensor);
    if (!signature.batched) continue;
    const length = tensor.shape[0]!;
    if (length === 0)
      throw new UserError(`${where}: \`${name}\` holds no examples`, { help: "pass at least one example" });
    if (size !== undefined && size !== length) {
      throw new UserError(`${where}: \`${sized}\` holds ${size} examples and \`${name}\` holds ${length}`, {
        help: "all data of a batch must come from the same examples",
      });
    }
    if (size === undefined) [size, sized] = [length, name];
  }
  return { size: size ?? 1, tensors: Object.fromEntries(tensors) };
}

/** The format of artifacts that this runtime can run. */
const FORMAT: Artifact["format"] = "sstc-artifact-1";

/** Callers without types pass anything, and artifacts that were kept may be those of another version. */
export function checkArtifact(artifact: unknown): void {
  const { format } = (artifact ?? {}) as { readonly format?: unknown };
  if (format === FORMAT) return;
  const what = format === undefined ? "this is no artifact" : `this artifact has the format ${String(format)}`;
  throw new UserError(`${what}, and the runtime runs those of the format ${FORMAT}`, {
    help: "pass what `compile` returns as `artifact`, which is undefined where its diagnostics tell of errors",
  });
}

/** Throws a UserError for a value that the hyperparameter cannot take. */
export function checkHyper(hyper: HyperSignature, value: number): number {
  if (!Number.isFinite(value))
    throw new UserError(`the hyperparameter \`${hyper.name}\` is ${value}`, { help: "it must be a finite number" });
  // Programs compute with float32, in which a tiny number is 0.
  if (hyper.positive && !(Math.fround(value) > 0)) {
    throw new UserError(`the temperature \`${hyper.name}\` is ${value}`, {
      why: "a relaxation at temperature zero is the hard sample, which has no gradient",
      help: "it must be greater than 0, also as a float32",
    });
  }
  return value;
}

/** A seed is a key word of the generator. */
export function checkSeed(seed: number): number {
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
    throw new UserError(`the seed is ${seed}`, { help: "it must be an integer from 0 to 4294967295" });
  }
  return seed;
}
