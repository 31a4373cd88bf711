/** A WebAssembly module as bytes: imported functions, functions of its own, a memory with tables in it. */
import { type Code, unsigned, type ValueType } from "./instructions.ts";

export interface FunctionType {
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
}
export interface ImportedFunction extends FunctionType {
  readonly name: string;
}
export interface OwnFunction extends FunctionType {
  /** The types of the locals after the parameters. */
  readonly locals: readonly ValueType[];
  readonly body: Code;
  /** Under this name it is exported. */
  readonly exported?: string;
}
export interface ModuleParts {
  /** Imported from `host`, and numbered before the module's own functions. */
  readonly imports: readonly ImportedFunction[];
  readonly functions: readonly OwnFunction[];
  /** The size of the memory, exported as `memory`, in pages of 64 KiB; without it, the memory is `host.memory`. */
  readonly pages?: number;
  readonly data: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
}

const VERSION = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0] as const;
const FUNCTION = 0x00;
const MEMORY = 0x02;
const END = 0x0b;

type Bytes = readonly number[];
const list = (items: readonly Bytes[]): number[] => [...unsigned(items.length), ...items.flat()];
const sized = (content: Bytes): number[] => [...unsigned(content.length), ...content];
const text = (value: string): number[] => sized([...new TextEncoder().encode(value)]);

export function assembleModule({ imports, functions, pages, data }: ModuleParts): Uint8Array<ArrayBuffer> {
  const types = [...imports, ...functions].map(({ parameters, results }) => [
    0x60,
    ...list(parameters.map((type) => [type])),
    ...list(results.map((type) => [type])),
  ]);
  const exported = functions.flatMap(({ exported }, i) =>
    exported === undefined ? [] : [[...text(exported), FUNCTION, ...unsigned(imports.length + i)]],
  );
  const imported = imports.map(({ name }, i) => [...text("host"), ...text(name), FUNCTION, ...unsigned(i)]);
  return concatenate([
    VERSION,
    section(1, list(types)),
    section(
      2,
      list([...imported, ...(pages === undefined ? [[...text("host"), ...text("memory"), MEMORY, 0, 0]] : [])]),
    ),
    section(3, list(functions.map((_, i) => unsigned(imports.length + i)))),
    section(5, list(pages === undefined ? [] : [[0, ...unsigned(pages)]])),
    section(7, list([...(pages === undefined ? [] : [[...text("memory"), MEMORY, 0]]), ...exported])),
    section(10, list(functions.map(functionBytes))),
    section(11, list(data.map(segment))),
  ]);
}

function section(id: number, content: Bytes): Bytes {
  const head = [id, ...unsigned(content.length)];
  return head.concat(content);
}

function functionBytes({ locals, body }: OwnFunction): Bytes {
  const declared = list(locals.map((type) => [1, type]));
  return sized(declared.concat(body.bytes, END));
}

/** Bytes that are in memory from the start. */
function segment({ offset, bytes }: ModuleParts["data"][number]): Bytes {
  return [0, 0x41, ...signedOffset(offset), END].concat(unsigned(bytes.length), Array.from(bytes));
}

/** A constant of 32 bits, as instructions write it; offsets are below 2 GiB. */
function signedOffset(value: number): Bytes {
  const bytes = unsigned(value);
  const last = bytes.at(-1)!;
  // The highest bit of the last byte's seven would be taken for a sign.
  return last < 0x40 ? bytes : [...bytes.slice(0, -1), last | 0x80, 0];
}

export function base64(bytes: Uint8Array): string {
  let text = "";
  // In pieces: a call takes no more than so many arguments.
  for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return btoa(text);
}

function concatenate(pieces: readonly Bytes[]): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(pieces.reduce((total, piece) => total + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    result.set(piece, at);
    at += piece.length;
  }
  return result;
}
