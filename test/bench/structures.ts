/**
 * Measures the structured layers as a training step runs them: a batch of float32 utilities through the printed forward
 * kernel, then a cotangent through the printed backward kernel, on one core.
 */
import { compileLayer } from "../../compiler/layer.ts";
import { library } from "../../stdlib/library.ts";
import { type Row, timeInTurns } from "./measure.ts";

interface Workload {
  readonly structure: string;
  readonly relaxation: string;
  readonly batch: number;
  /** PyTorch's time for forward and backward, and how many times faster this is to be. */
  readonly quoted?: { readonly milliseconds: number; readonly faster: number };
}

const TEMPERATURE = 0.5;

/** The paper's sizes. PyTorch's times were measured by others: one thread, an AVX-512 BLAS. */
const workloads: readonly Workload[] = [
  {
    structure: "SpanningTree(complete(10))",
    relaxation: "ExpFamily",
    batch: 128,
    quoted: { milliseconds: 1.42, faster: 1 },
  },
  {
    structure: "SpanningTree(complete(10))",
    relaxation: "ExpFamily(clip = 15)",
    batch: 128,
    quoted: { milliseconds: 1.42, faster: 1 },
  },
  { structure: "KSubset(350, 10)", relaxation: "ExpFamily", batch: 100, quoted: { milliseconds: 78, faster: 10 } },
  { structure: "KSubset(350, 10)", relaxation: "Euclidean", batch: 100, quoted: { milliseconds: 2.4, faster: 1 } },
  { structure: "KSubset(350, 10)", relaxation: "CategoricalEntropy", batch: 100 },
  { structure: "KSubset(350, 10)", relaxation: "BinaryEntropy", batch: 100 },
  { structure: "TopKEdges(complete(10))", relaxation: "ExpFamily", batch: 128 },
  { structure: "IndependentEdges(complete(10))", relaxation: "ExpFamily", batch: 128 },
  { structure: "OneHot(350)", relaxation: "ExpFamily", batch: 100 },
  { structure: "OneHot(350)", relaxation: "Euclidean", batch: 100 },
  { structure: "SpanningTree(complete(10))", relaxation: "Euclidean", batch: 128 },
  { structure: "Matching(10)", relaxation: "Euclidean", batch: 100 },
];

/** Where the exact backward is to cost at most twice the forward. */
const dynamicPrograms: readonly Workload[] = [
  { structure: "KSubset(350, 10)", relaxation: "ExpFamily", batch: 100 },
  { structure: "TopKEdges(complete(10))", relaxation: "ExpFamily", batch: 128 },
];

/** How the time grows: one size doubled again and again, the rest held. */
const sweeps: readonly { readonly size: string; readonly workloads: readonly Workload[] }[] = [
  {
    size: "vertices",
    workloads: [5, 10, 20, 40].map((n) => ({
      structure: `SpanningTree(complete(${n}))`,
      relaxation: "ExpFamily",
      batch: 16,
    })),
  },
  {
    size: "n",
    workloads: [50, 100, 200, 400].map((n) => ({
      structure: `KSubset(${n}, 10)`,
      relaxation: "ExpFamily",
      batch: 16,
    })),
  },
  {
    size: "k",
    workloads: [5, 10, 20, 40].map((k) => ({ structure: `KSubset(350, ${k})`, relaxation: "ExpFamily", batch: 16 })),
  },
  {
    size: "n",
    workloads: [50, 100, 200, 400].map((n) => ({
      structure: `KSubset(${n}, 10)`,
      relaxation: "Euclidean",
      batch: 16,
    })),
  },
];

type Kernel = (batch: number, inputs: readonly Float32Array[], outputs: readonly Float32Array[]) => void;

interface Prepared {
  forward(): void;
  backward(): void;
  /** What they write: the soft samples, and the vector–Jacobian products. */
  readonly x: Float32Array;
  readonly vjp: Float32Array;
}

/** Soft forward and backward of a workload, as functions to be timed. */
export function prepare(workload: Workload): Prepared {
  const { structure, relaxation, batch } = workload;
  const layer = compileLayer({ structure, relaxation }, library);
  const load = (text: string) => new Function(`return ${text};`)() as Kernel;
  const [soft, derived] = [layer.soft!, layer.backward!.kernel];
  const [runSoft, runVjp] = [load(soft.text), load(derived.text)];
  const count = batch * layer.size;
  const u = Float32Array.from({ length: count }, (_, i) => gumbel(i) / TEMPERATURE);
  const cotangent = Float32Array.from({ length: count }, (_, i) => gumbel(i + count));
  const [x, vjp] = [new Float32Array(count), new Float32Array(count)];
  const arrays = new Map([
    ["u", u],
    ["x", x],
    ["cotangent", cotangent],
  ]);
  const softInputs = soft.inputs.map((name) => arrays.get(name)!);
  const vjpInputs = derived.inputs.map((name) => arrays.get(name)!);
  return {
    forward: () => runSoft(batch, softInputs, [x]),
    backward: () => runVjp(batch, vjpInputs, [vjp]),
    x,
    vjp,
  };
}

/** A Gumbel draw that depends on nothing but its number: a Weyl sequence through the inverse distribution function. */
function gumbel(i: number): number {
  const uniform = ((i + 1) * 0.6180339887498949 + ((i * i) % 1013) * 0.0137) % 1;
  return -Math.log(-Math.log(Math.min(Math.max(uniform, 1e-6), 1 - 1e-6)));
}

function nameOf({ structure, relaxation, batch }: Workload): string {
  return `${structure} relax ${relaxation}, batch ${batch}`;
}

/** Soft forward and exact backward of the batch. */
export async function structureRows(seconds: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const workload of workloads) {
    const { forward, backward } = prepare(workload);
    const both = () => {
      forward();
      backward();
    };
    const [timing] = await timeInTurns([both], seconds);
    const { quoted } = workload;
    rows.push({
      name: nameOf(workload),
      timing: timing!,
      ...(quoted === undefined
        ? {}
        : {
            goal: quoted.milliseconds / quoted.faster,
            quoted: { what: "PyTorch", milliseconds: quoted.milliseconds },
          }),
    });
  }
  return rows;
}

/** The exact backward of dynamic programs, in turns with their own forward. */
export async function backwardRows(seconds: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const workload of dynamicPrograms) {
    const { forward, backward } = prepare(workload);
    const [one, two] = (await timeInTurns([forward, backward], 2 * seconds)) as [Row["timing"], Row["timing"]];
    rows.push({ name: `${nameOf(workload)}: forward`, timing: one });
    rows.push({
      name: `${nameOf(workload)}: backward`,
      timing: two,
      goal: 2,
      ratio: { to: "its forward", value: two.least / one.least },
    });
  }
  return rows;
}

/** Forward and backward over growing sizes, measured in turns; the ratio is to the size before. */
export async function growthRows(seconds: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { size, workloads: sizes } of sweeps) {
    const works = sizes.map(prepare).map(({ forward, backward }) => () => {
      forward();
      backward();
    });
    const timings = await timeInTurns(works, seconds * 2);
    sizes.forEach((workload, i) => {
      const [timing, before] = [timings[i]!, timings[i - 1]];
      const to = `half the ${size}`;
      rows.push({
        name: nameOf(workload),
        timing,
        ...(before === undefined ? {} : { ratio: { to, value: timing.least / before.least } }),
      });
    });
  }
  return rows;
}
