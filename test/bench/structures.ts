/**
 * Measures the structured layers on one core: soft forward and exact backward of a batch, the hard solvers, backwards
 * against their forwards, and growth with sizes. Kernels run as WebAssembly, as on the default device; how long the
 * same take as JavaScript is told beside it.
 */
import { type Row, timeInTurns } from "./measure.ts";
import { nameOf, prepare, type Workload } from "./prepare.ts";

interface Quoted extends Workload {
  /** PyTorch's time, and how many times faster this is to be. */
  readonly quoted?: { readonly milliseconds: number; readonly faster: number };
}

const row = (structure: string, relaxation: string, batch: number, milliseconds?: number, faster = 1): Quoted => ({
  structure,
  relaxation,
  batch,
  ...(milliseconds === undefined ? {} : { quoted: { milliseconds, faster } }),
});

/** The paper's sizes. PyTorch's times were measured by others: one thread, an AVX-512 BLAS. */
export const workloads: readonly Quoted[] = [
  row("SpanningTree(complete(10))", "ExpFamily", 128, 1.42),
  row("SpanningTree(complete(10))", "ExpFamily(clip = 15)", 128, 1.42),
  row("Arborescence(complete_directed(50))", "ExpFamily", 100, 7.6),
  row("KSubset(350, 5)", "ExpFamily", 100, 48, 10),
  row("KSubset(350, 10)", "ExpFamily", 100, 78, 10),
  row("KSubset(350, 15)", "ExpFamily", 100, 113, 10),
  row("CorrelatedKSubset(350, 5)", "ExpFamily", 100, 63, 10),
  row("CorrelatedKSubset(350, 10)", "ExpFamily", 100, 91, 10),
  row("CorrelatedKSubset(350, 15)", "ExpFamily", 100, 116, 10),
  row("KSubset(350, 10)", "Euclidean", 100, 2.4),
  row("KSubset(350, 10)", "CategoricalEntropy", 100, 3.5),
  row("KSubset(350, 10)", "BinaryEntropy", 100, 3.2),
  row("KSubset(350, 10)", "L2X", 100, 3),
  row("KSubset(350, 10)", "SoftSub", 100, 1.6),
  row("TopKEdges(complete(10))", "ExpFamily", 128),
  row("IndependentEdges(complete(10))", "ExpFamily", 128),
  row("OneHot(350)", "ExpFamily", 100),
  row("OneHot(350)", "Euclidean", 100),
  row("Matching(10)", "CategoricalEntropy", 100),
  row("Matching(10)", "CategoricalEntropy(sweeps = 20)", 100),
  row("Matching(10)", "NeuralSort", 100),
  row("Matching(10)", "Euclidean", 100),
  row("SpanningTree(complete(10))", "Euclidean", 128),
  row("ProjectiveArborescence(20, 0)", "ExpFamily", 100),
  row("ProjectiveArborescence(20, 0)", "PerturbParse", 100),
  row("Chain(50, 10)", "ExpFamily", 100),
  row("Alignment(30, 30)", "ExpFamily", 100),
];

const hard = (structure: string, batch: number, milliseconds?: number): Quoted => ({
  structure,
  batch,
  ...(milliseconds === undefined ? {} : { quoted: { milliseconds, faster: 10 } }),
});

const solvers: readonly Quoted[] = [
  hard("SpanningTree(complete(10))", 128, 12.5),
  hard("Arborescence(complete_directed(50))", 100, 284),
  hard("CorrelatedKSubset(350, 10)", 100, 18),
  hard("KSubset(350, 10)", 100),
  hard("Matching(10)", 100),
  hard("ProjectiveArborescence(20, 0)", 100),
];

/** Where the exact backward is to cost at most twice the forward. */
const dynamicPrograms: readonly Workload[] = [
  row("KSubset(350, 10)", "ExpFamily", 100),
  row("TopKEdges(complete(10))", "ExpFamily", 128),
  row("CorrelatedKSubset(350, 10)", "ExpFamily", 100),
  row("Chain(50, 10)", "ExpFamily", 100),
  row("Alignment(30, 30)", "ExpFamily", 100),
  row("ProjectiveArborescence(20, 0)", "ExpFamily", 100),
  row("SpanningTree(complete(10))", "ExpFamily", 128),
  row("Arborescence(complete_directed(50))", "ExpFamily", 100),
];

interface Sweep {
  /** What doubles from each workload to the next, and how many times the declared cost then grows. */
  readonly size: string;
  readonly declared: number;
  readonly workloads: readonly Workload[];
}

const sweep = (
  size: string,
  declared: number,
  sizes: readonly number[],
  structure: (size: number) => string,
  relaxation?: string,
): Sweep => ({
  size,
  declared,
  workloads: sizes.map((each) => ({
    structure: structure(each),
    ...(relaxation === undefined ? {} : { relaxation }),
    batch: 1,
  })),
});

/** How the time grows: one size doubled again and again, the rest held. */
const sweeps: readonly Sweep[] = [
  sweep("vertices", 8, [62, 125, 250, 500], (n) => `SpanningTree(complete(${n}))`, "ExpFamily"),
  sweep("vertices", 4, [62, 125, 250, 500], (n) => `SpanningTree(complete(${n}))`),
  sweep("vertices", 8, [62, 125, 250, 500], (n) => `Arborescence(complete_directed(${n}))`, "ExpFamily"),
  sweep("vertices", 4, [62, 125, 250, 500], (n) => `Arborescence(complete_directed(${n}))`),
  sweep("tokens", 8, [25, 50, 100, 200], (n) => `ProjectiveArborescence(${n}, 0)`, "ExpFamily"),
  sweep("n", 2, [125_000, 250_000, 500_000, 1_000_000], (n) => `KSubset(${n}, 10)`, "ExpFamily"),
  sweep("n", 2, [125_000, 250_000, 500_000, 1_000_000], (n) => `KSubset(${n}, 10)`, "Euclidean"),
  sweep("n", 2, [125_000, 250_000, 500_000, 1_000_000], (n) => `KSubset(${n}, 10)`),
  sweep("k", 2, [10, 20, 40, 80], (k) => `KSubset(1000, ${k})`, "ExpFamily"),
  sweep("n", 8, [125, 250, 500, 1000], (n) => `Matching(${n})`),
];

/** A work as WebAssembly, and then as JavaScript for comparison. Each has the caches to itself, as PyTorch had. */
async function judged(
  name: string,
  [wasm, javascript]: readonly [() => void, () => void],
  seconds: number,
  { quoted }: Quoted,
): Promise<Row> {
  const [timing] = (await timeInTurns([wasm], seconds)) as [Row["timing"]];
  const [other] = (await timeInTurns([javascript], seconds / 2)) as [Row["timing"]];
  return {
    name,
    timing,
    note: `as JavaScript ${other.median.toPrecision(3)}`,
    ...(quoted === undefined
      ? {}
      : {
          goal: quoted.milliseconds / quoted.faster,
          quoted: { what: "PyTorch", milliseconds: quoted.milliseconds },
        }),
  };
}

const PRINTINGS = ["wasm", "javascript"] as const;

/** Soft forward and exact backward of the batch. */
export async function structureRows(seconds: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const workload of workloads) {
    const works = PRINTINGS.map((printing) => {
      const { forward, backward } = prepare(workload, printing);
      return () => {
        forward();
        backward();
      };
    }) as [() => void, () => void];
    rows.push(await judged(nameOf(workload), works, seconds, workload));
  }
  return rows;
}

/** The hard solvers. */
export async function solverRows(seconds: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const workload of solvers) {
    const works = PRINTINGS.map((printing) => prepare(workload, printing).argmax) as [() => void, () => void];
    rows.push(await judged(nameOf(workload), works, seconds, workload));
  }
  return rows;
}

/** The exact backward of dynamic programs, in turns with their own forward. */
export async function backwardRows(seconds: number, works = dynamicPrograms): Promise<Row[]> {
  const rows: Row[] = [];
  for (const workload of works) {
    const { forward, backward } = prepare(workload, "wasm");
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

/** Hard, or forward and backward, over growing sizes, measured in turns; the ratio is to the size before. */
export async function growthRows(seconds: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { size, declared, workloads: sizes } of sweeps) {
    const works = sizes.map((workload) => {
      const { argmax, forward, backward } = prepare(workload, "wasm");
      if (workload.relaxation === undefined) return argmax;
      return () => {
        forward();
        backward();
      };
    });
    const timings = await timeInTurns(works, seconds, 3);
    sizes.forEach((workload, i) => {
      const [timing, before] = [timings[i]!, timings[i - 1]];
      const to = `half the ${size}, declared ${declared}`;
      rows.push({
        name: nameOf(workload),
        timing,
        ...(before === undefined ? {} : { ratio: { to, value: timing.least / before.least } }),
      });
    });
  }
  return rows;
}
