/** Timing on a machine that does other things, too: warm-up, turns between what is compared, medians beside minima. */

export interface Timing {
  /** Wall time: the median and the least, in milliseconds. */
  readonly median: number;
  readonly least: number;
  /** Median processor time, helper threads of Node included; undefined where the work is another process. */
  readonly processor: number | undefined;
  readonly repetitions: number;
}

/** One line of the report. */
export interface Row {
  readonly name: string;
  readonly timing: Timing;
  /** What the line should stay below, in the unit of what is judged: milliseconds, or a ratio where there is one. */
  readonly goal?: number;
  /** The quotient of this line's least time and another's, measured in turns with it. */
  readonly ratio?: { readonly to: string; readonly value: number };
  /** A time of somebody else's program, quoted. */
  readonly quoted?: { readonly what: string; readonly milliseconds: number };
  readonly note?: string;
}

export type Work = () => void | Promise<void>;

interface Sample {
  readonly wall: number;
  readonly processor: number;
}

/**
 * Times several works in turns, so that whatever else the machine does falls on all of them alike. Each gets a third of
 * its share of `seconds` to warm up, and at least `fewest` measured repetitions.
 */
export async function timeInTurns(works: readonly Work[], seconds: number, fewest = 5): Promise<Timing[]> {
  await rounds(works, seconds / 3, Math.min(2, fewest));
  return (await rounds(works, seconds, fewest)).map(summary);
}

/** Times one work. */
export async function time(work: Work, seconds: number, fewest = 5): Promise<Timing> {
  return (await timeInTurns([work], seconds, fewest))[0]!;
}

async function rounds(works: readonly Work[], seconds: number, fewest: number): Promise<Sample[][]> {
  const samples = works.map((): Sample[] => []);
  const end = performance.now() + seconds * 1000;
  for (let round = 0; round < fewest || performance.now() < end; round++) {
    for (const [i, work] of works.entries()) samples[i]!.push(await once(work));
    // The event loop gets a turn: what tidies up in the background belongs to no sample.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return samples;
}

async function once(work: Work): Promise<Sample> {
  const before = process.cpuUsage();
  const start = performance.now();
  const pending = work();
  if (pending !== undefined) await pending;
  const wall = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  return { wall, processor: (user + system) / 1000 };
}

function summary(samples: readonly Sample[]): Timing {
  return {
    median: median(samples.map((sample) => sample.wall)),
    least: Math.min(...samples.map((sample) => sample.wall)),
    processor: median(samples.map((sample) => sample.processor)),
    repetitions: samples.length,
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
