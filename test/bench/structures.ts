/**
 * Measures the structured layers as a training step runs them: a batch of float32 utilities through the printed forward kernel,
 * then a cotangent through the printed backward kernel, in one core.
 */
import { compileLayer } from "../../compiler/layer.ts";
import { library } from "../../stdlib/library.ts";

export interface StructureRow {
  readonly name: string;
  /** Median of one soft forward and one exact backward of the whole batch. */
  readonly milliseconds: number;
  /** What it is to be compared with. */
  readonly reference: string;
}

interface Workload {
  readonly structure: string;
  readonly relaxation: string;
  readonly batch: number;
  readonly temperature: number;
  readonly reference: string;
}

/** The paper's sizes; PyTorch was measured on such a machine with one thread. */
export const workloads: readonly Workload[] = [
  {
    structure: "SpanningTree(complete(10))",
    relaxation: "ExpFamily",
    batch: 128,
    temperature: 0.5,
    reference: "PyTorch 1.42 ms",
  },
  {
    structure: "SpanningTree(complete(10))",
    relaxation: "ExpFamily(clip = 15)",
    batch: 128,
    temperature: 0.5,
    reference: "PyTorch 1.42 ms",
  },
  { structure: "KSubset(350, 10)", relaxation: "ExpFamily", batch: 100, temperature: 0.5, reference: "PyTorch 78 ms" },
  { structure: "KSubset(350, 10)", relaxation: "Euclidean", batch: 100, temperature: 0.5, reference: "PyTorch 2.4 ms" },
  { structure: "KSubset(350, 10)", relaxation: "CategoricalEntropy", batch: 100, temperature: 0.5, reference: "" },
  { structure: "KSubset(350, 10)", relaxation: "BinaryEntropy", batch: 100, temperature: 0.5, reference: "" },
  { structure: "TopKEdges(complete(10))", relaxation: "ExpFamily", batch: 128, temperature: 0.5, reference: "" },
  { structure: "IndependentEdges(complete(10))", relaxation: "ExpFamily", batch: 128, temperature: 0.5, reference: "" },
  { structure: "OneHot(350)", relaxation: "ExpFamily", batch: 100, temperature: 0.5, reference: "" },
  { structure: "OneHot(350)", relaxation: "Euclidean", batch: 100, temperature: 0.5, reference: "" },
];

type Kernel = (batch: number, inputs: readonly Float32Array[], outputs: readonly Float32Array[]) => void;

/** A function that runs one soft forward and one backward of the workload. */
export function prepare(workload: Workload): () => void {
  const { structure, relaxation, batch, temperature } = workload;
  const layer = compileLayer({ structure, relaxation }, library);
  const load = (text: string) => new Function(`return ${text};`)() as Kernel;
  const soft = load(layer.soft!.text);
  const backward = load(layer.backward!.kernel.text);
  const count = batch * layer.size;
  const u = Float32Array.from({ length: count }, (_, i) => gumbel(i) / temperature);
  const cotangent = Float32Array.from({ length: count }, (_, i) => gumbel(i + count));
  const x = new Float32Array(count);
  const vjp = new Float32Array(count);
  const arrays = new Map([
    ["u", u],
    ["x", x],
    ["cotangent", cotangent],
  ]);
  const softInputs = layer.soft!.inputs.map((name) => arrays.get(name)!);
  const backwardInputs = layer.backward!.kernel.inputs.map((name) => arrays.get(name)!);
  return () => {
    soft(batch, softInputs, [x]);
    backward(batch, backwardInputs, [vjp]);
  };
}

/** A Gumbel draw that depends on nothing but its number (a Weyl sequence through the inverse distribution function). */
function gumbel(i: number): number {
  const uniform = ((i + 1) * 0.6180339887498949 + ((i * i) % 1013) * 0.0137) % 1;
  return -Math.log(-Math.log(Math.min(Math.max(uniform, 1e-6), 1 - 1e-6)));
}

/** Median time of `work` over `seconds` after a warm-up of a third of that. */
export function medianMilliseconds(work: () => void, seconds = 0.6): number {
  const repeat = (duration: number) => {
    const times: number[] = [];
    for (const end = performance.now() + duration * 1000; performance.now() < end || times.length < 5; ) {
      const start = performance.now();
      work();
      times.push(performance.now() - start);
    }
    return times.sort((a, b) => a - b);
  };
  repeat(seconds / 3);
  const times = repeat(seconds);
  return times[Math.floor(times.length / 2)]!;
}

/** One row for each workload, for `npm run bench`. */
export async function structureRows(): Promise<StructureRow[]> {
  const rows: StructureRow[] = [];
  for (const workload of workloads) {
    const { structure, relaxation, batch, reference } = workload;
    const name = `${structure} relax ${relaxation}, batch ${batch}, forward + backward`;
    rows.push({ name, milliseconds: medianMilliseconds(prepare(workload)), reference });
    // The event loop gets a turn between rows.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return rows;
}
