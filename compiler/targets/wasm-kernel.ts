/**
 * Prints kernel IR as a WebAssembly module that solves one example: the same loops as in JavaScript, two rounds at once
 * where rounds do not depend on one another. It computes in float64, as the JavaScript does.
 */
import type { WasmKernel } from "../artifact.ts";
import type { Kernel, KernelArray } from "../ir/kernel/kernel.ts";
import { EXPONENTIAL_TABLE, exponential } from "./wasm/exponential.ts";
import { Expressions, type Functions } from "./wasm/expressions.ts";
import { Code, F64, I32 } from "./wasm/instructions.ts";
import { layOut, tableBytes } from "./wasm/layout.ts";
import { Locals } from "./wasm/locals.ts";
import { assembleModule, base64, type ImportedFunction } from "./wasm/module.ts";
import { narrowing } from "./wasm/narrow.ts";
import { Statements } from "./wasm/statements.ts";

const ofNumber = { parameters: [F64], results: [F64] } as const;
/** What the host gives, in the order of their numbers. */
const IMPORTS: readonly ImportedFunction[] = [
  { name: "fail", parameters: [I32, I32], results: [] },
  { name: "log", ...ofNumber },
  { name: "log1p", ...ofNumber },
  { name: "expm1", ...ofNumber },
  { name: "power", parameters: [F64, F64], results: [F64] },
];
const FUNCTIONS: Functions = { fail: 0, log: 1, log1p: 2, expm1: 3, power: 4, exp: 5, expOfTwo: 6 };
const PAGE = 65536;
/** What a module's memory may be: addresses are signed numbers of 32 bits. */
const LARGEST_MEMORY = 2 ** 31 - PAGE;

/** Undefined where its arrays are too large for a module's memory. */
export function printWasmKernel(kernel: Kernel): WasmKernel | undefined {
  const { places, end } = layOut(kernel);
  if (end > LARGEST_MEMORY) return undefined;
  const locals = new Locals();
  const expressions = new Expressions(kernel.written ?? kernel.name, { places, end }, locals, FUNCTIONS);
  const statements = new Statements(expressions, locals, FUNCTIONS.expOfTwo);
  const code = new Code();
  statements.block(code, kernel.body);
  const body = new Code();
  statements.prologue(body);
  body.append(code);
  const table = tableBytes("f32", EXPONENTIAL_TABLE);
  const bytes = assembleModule({
    imports: IMPORTS,
    functions: [
      exponential(false, end),
      exponential(true, end),
      { parameters: [], results: [], locals: locals.types, body, exported: "solve" },
      narrowing(),
    ],
    pages: Math.ceil((end + table.length) / PAGE),
    data: [
      ...kernel.tables.map(({ name, element, values }) => ({
        offset: places.get(name)!.offset,
        bytes: tableBytes(element, values),
      })),
      { offset: end, bytes: table },
    ],
  });
  const place = ({ name, element }: KernelArray) => {
    const { offset, length } = places.get(name)!;
    return { element, offset, length };
  };
  return {
    module: base64(bytes),
    inputs: kernel.inputs.map(place),
    outputs: kernel.outputs.map(place),
    failures: expressions.failures,
  };
}
