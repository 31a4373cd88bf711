/** A structured layer as a training step runs it: a batch of float32 utilities through its printed kernels. */
import type { PrintedKernel } from "../../compiler/artifact.ts";
import { compileLayer } from "../../compiler/layer.ts";
import { type BatchKernel, loadWasmKernel } from "../../runtime/wasm-kernel.ts";
import { library } from "../../stdlib/library.ts";

/** How a kernel is printed: as it runs on the device `wasm`, or elsewhere. */
export type Printing = "wasm" | "javascript";

export interface Workload {
  readonly structure: string;
  readonly relaxation?: string;
  readonly batch: number;
}

export interface Prepared {
  argmax(): void;
  forward(): void;
  backward(): void;
  /** What the last two write: the soft samples, and the vector–Jacobian products. */
  readonly x: Float32Array;
  readonly vjp: Float32Array;
}

const TEMPERATURE = 0.5;

export function nameOf({ structure, relaxation, batch }: Workload): string {
  return `${structure}${relaxation === undefined ? "" : ` relax ${relaxation}`}, batch ${batch}`;
}

/** Hard and soft forward, and backward, of a workload, as functions to be timed. */
export function prepare({ structure, relaxation, batch }: Workload, printing: Printing): Prepared {
  const { argmax, soft, backward } = compileLayer({ structure, relaxation }, library);
  const u = Float32Array.from({ length: batch * firstInput(soft ?? argmax) }, (_, i) => gumbel(i) / TEMPERATURE);
  const [hard, results] = [outputsOf(argmax, batch), outputsOf(soft, batch)];
  const x = (results[0] as Float32Array | undefined) ?? new Float32Array(0);
  const arrays = new Map<string, Float32Array | Float64Array>([
    ["u", u],
    ["temperature", new Float32Array(batch).fill(TEMPERATURE)],
    ["cotangent", Float32Array.from(x, (_, i) => gumbel(i + u.length))],
  ]);
  // What the forward hands on besides the soft sample goes by its own name.
  soft?.outputs.forEach(({ name }, i) => {
    arrays.set(i === 0 ? "x" : name, results[i]!);
  });
  const derivatives = outputsOf(backward?.kernel, batch);
  const work = (kernel: PrintedKernel | undefined, outputs: readonly (Float32Array | Float64Array)[]) => {
    if (kernel === undefined) return missing;
    const run = load(kernel, printing);
    const inputs = kernel.inputs.map((name) => {
      const given = arrays.get(name);
      if (given === undefined) throw new Error(`the bench gives no ${name}`);
      return given;
    });
    return () => {
      // Kernels write into arrays of zeros; modules clear theirs themselves.
      if (printing === "javascript") for (const output of outputs) output.fill(0);
      run(batch, inputs, outputs, fail, fail);
    };
  };
  return {
    argmax: work(argmax, hard),
    forward: work(soft, results),
    backward: work(backward?.kernel, derivatives),
    x,
    vjp: (derivatives[0] as Float32Array | undefined) ?? new Float32Array(0),
  };
}

function missing(): never {
  throw new Error("this workload has no relaxation");
}

const fail = (_example: number, ...words: readonly (string | number | undefined)[]): never => {
  throw new Error(words.join(" "));
};

function load({ text, wasm }: PrintedKernel, printing: Printing): BatchKernel {
  if (printing === "javascript" || wasm === undefined) return new Function(`return ${text};`)() as BatchKernel;
  return loadWasmKernel(wasm);
}

/** Numbers of an example's utilities. */
function firstInput({ wasm }: PrintedKernel): number {
  if (wasm === undefined) throw new Error("this workload does not fit into a module's memory");
  return wasm.inputs[0]!.length;
}

/** As a program has them: tensors, but what is handed to a backward stays in float64. */
function outputsOf(kernel: PrintedKernel | undefined, batch: number): (Float32Array | Float64Array)[] {
  return kernel?.outputs.map(({ size }, i) => new (i === 0 ? Float32Array : Float64Array)(batch * size)) ?? [];
}

/** A Gumbel draw that depends on nothing but its number: a Weyl sequence through the inverse distribution function. */
function gumbel(i: number): number {
  const uniform = ((i + 1) * 0.6180339887498949 + ((i * i) % 1013) * 0.0137) % 1;
  return -Math.log(-Math.log(Math.min(Math.max(uniform, 1e-6), 1 - 1e-6)));
}
