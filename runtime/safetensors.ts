/**
 * Reads and writes safetensors: eight bytes of header length, a JSON header, then the tensors' bytes. The reader
 * accepts nothing but a well-formed file, and says what is wrong with any other.
 */
import { type HostArray, type HostTensor, sizeOf } from "./host-tensor.ts";
import { UserError, writeShape } from "./user-error.ts";

export interface Safetensors {
  readonly tensors: ReadonlyMap<string, HostTensor>;
  readonly metadata: { readonly [key: string]: string };
}

type Dtype = "F32" | "I32" | "U8";
const BYTES: { readonly [dtype in Dtype]: number } = { F32: 4, I32: 4, U8: 1 };
const KNOWN_ELSEWHERE = ["BOOL", "I8", "I16", "U16", "F16", "BF16", "U32", "F64", "I64", "U64", "F8_E5M2", "F8_E4M3"];
/** The format's own limit. */
const LONGEST_HEADER = 100_000_000;

function dtypeOf(data: HostArray): Dtype {
  if (data instanceof Float32Array) return "F32";
  return data instanceof Int32Array ? "I32" : "U8";
}

/** Bytes of a file with these tensors in the map's order. */
export function writeSafetensors({ tensors, metadata }: Safetensors): Uint8Array {
  const entries: [string, unknown][] = [["__metadata__", metadata]];
  let end = 0;
  for (const [name, { shape, data }] of tensors) {
    entries.push([name, { dtype: dtypeOf(data), shape, data_offsets: [end, end + data.byteLength] }]);
    end += data.byteLength;
  }
  // Spaces bring the data to a multiple of eight, as the format recommends.
  let header = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const padded = new Uint8Array(Math.ceil(header.length / 8) * 8).fill(0x20);
  padded.set(header);
  header = padded;
  const bytes = new Uint8Array(8 + header.length + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, 8);
  let at = 8 + header.length;
  for (const { data } of tensors.values()) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/**
 * Throws a UserError that begins with `file` when the bytes are not a well-formed safetensors file of f32, i32 and u8.
 */
export function readSafetensors(bytes: Uint8Array, file = "the file"): Safetensors {
  if (!(bytes instanceof Uint8Array)) {
    throw new UserError(`${file} is of type ${typeof bytes}, not the bytes of a file`, {
      help: "pass a Uint8Array, such as new Uint8Array(buffer) of an ArrayBuffer",
    });
  }
  const { header, start } = readHeader(bytes, file);
  const available = bytes.length - start;
  const metadata = readMetadata(header.__metadata__, file);
  const ranges: { name: string; begin: number; end: number }[] = [];
  const tensors = new Map<string, HostTensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const { dtype, shape, begin, end } = readEntry(name, entry, file);
    if (end > available) {
      throw new UserError(
        `${file} is truncated: the tensor \`${name}\` ends at byte ${end} of the data, which has ${available}`,
        {
          help: "copy or download the file again",
        },
      );
    }
    ranges.push({ name, begin, end });
    tensors.set(name, { shape, data: decode(dtype, new Uint8Array(bytes.subarray(start + begin, start + end))) });
  }
  checkRanges(ranges, available, file);
  return { tensors, metadata };
}

function readHeader(bytes: Uint8Array, file: string): { header: { [name: string]: unknown }; start: number } {
  if (bytes.length < 8) {
    throw new UserError(
      `${file} is not a safetensors file: it has ${bytes.length} bytes, and the length of the header alone takes 8`,
    );
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(LONGEST_HEADER)) {
    const why =
      bytes[0] === 0x50 && bytes[1] === 0x4b
        ? "it begins like a zip archive, as PyTorch's .pt files do"
        : "its first eight bytes are not the length of a header";
    throw new UserError(`${file} is not a safetensors file: its header would have ${length} bytes`, {
      why,
      help: "save the model as safetensors",
    });
  }
  const start = 8 + Number(length);
  if (start > bytes.length) {
    throw new UserError(
      `${file} is truncated: its header should have ${length} bytes, and ${bytes.length - 8} follow`,
      { help: "copy or download the file again" },
    );
  }
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, start)));
  } catch {
    throw new UserError(`${file} is not a safetensors file: its header is not JSON`);
  }
  if (!isRecord(header)) throw new UserError(`${file} is not a safetensors file: its header is not a JSON object`);
  return { header, start };
}

function isRecord(value: unknown): value is { [name: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readMetadata(metadata: unknown, file: string): { [key: string]: string } {
  if (metadata === undefined) return {};
  if (!isRecord(metadata) || !Object.values(metadata).every((value) => typeof value === "string")) {
    throw new UserError(`${file} has a bad header: \`__metadata__\` must map strings to strings`);
  }
  return metadata as { [key: string]: string };
}

function isSize(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function readEntry(
  name: string,
  entry: unknown,
  file: string,
): { dtype: Dtype; shape: number[]; begin: number; end: number } {
  const bad = (what: string) => new UserError(`${file} has a bad header: the tensor \`${name}\` ${what}`);
  if (!isRecord(entry)) throw bad("is not described by an object");
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== "string" || !Object.hasOwn(BYTES, dtype)) {
    if (typeof dtype === "string" && KNOWN_ELSEWHERE.includes(dtype)) {
      throw new UserError(`${file}: the tensor \`${name}\` has elements of type ${dtype}`, {
        why: "models here hold F32, I32 and U8",
        help: "convert it to F32 first",
      });
    }
    throw bad(`has the unknown element type ${JSON.stringify(dtype)}`);
  }
  if (!Array.isArray(shape) || !shape.every(isSize)) throw bad("has no valid `shape`, a list of non-negative integers");
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize))
    throw bad("has no valid `data_offsets`, two non-negative integers");
  const [begin, end] = offsets as [number, number];
  if (end < begin) throw bad(`ends at byte ${end} before it begins at ${begin}`);
  const expected = sizeOf(shape) * BYTES[dtype as Dtype];
  if (end - begin !== expected)
    throw bad(`takes ${end - begin} bytes, but ${dtype} of shape ${writeShape(shape)} takes ${expected}`);
  return { dtype: dtype as Dtype, shape, begin, end };
}

/** `copy` must have a buffer of its own: the `slice` of Node's Buffer shares one, and would not do. */
function decode(dtype: Dtype, copy: Uint8Array): HostArray {
  if (dtype === "F32") return new Float32Array(copy.buffer);
  return dtype === "I32" ? new Int32Array(copy.buffer) : copy;
}

/** Tensors must tile the data: no overlap, no hole, nothing behind the last. */
function checkRanges(ranges: { name: string; begin: number; end: number }[], available: number, file: string): void {
  ranges.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let at = 0;
  let previous = "";
  for (const { name, begin, end } of ranges) {
    if (begin < at)
      throw new UserError(`${file} has a bad header: the tensors \`${previous}\` and \`${name}\` overlap`);
    if (begin > at)
      throw new UserError(
        `${file} has a bad header: bytes ${at} to ${begin} of the data, before \`${name}\`, belong to no tensor`,
      );
    at = end;
    previous = name;
  }
  if (at !== available)
    throw new UserError(`${file} has ${available - at} bytes behind its last tensor`, {
      help: "copy or download the file again",
    });
}
