/**
 * Puts jobs into an order, and those that do not wait for one another into one dispatch, as many as a kernel can bind
 * buffers for: a dispatch costs the same however little it does, and small jobs leave most of a device idle.
 */
import type { Node } from "../../ir/tensor/tensor.ts";
import type { Job, Partials } from "./job.ts";

/** Storage buffers that every adapter binds to a kernel. */
const MOST_BUFFERS = 8;
/** Jobs in one dispatch: its text must stay readable. */
const MOST_JOBS = 6;
/** A job is not done earlier than so many places before its turn: what it makes takes memory until it is needed. */
const FURTHEST = 40;

export interface Dependencies {
  /** What tells the buffers apart that values lie in. */
  bufferOf(node: Node): Node | string;
  /** The nodes whose jobs must be done before a value can be read. */
  writtenWith(node: Node): readonly Node[];
}

export function pack(jobs: readonly Job[], around: Dependencies): (readonly Job[])[] {
  const before = dependenciesOf(jobs, around);
  const waiting = new Map(jobs.map((job, i) => [job, i]));
  const done = new Set<Job>();
  const dispatches: Job[][] = [];
  while (waiting.size > 0) {
    const dispatch: Job[] = [];
    let buffers = new Set<unknown>();
    let first = -1;
    for (const [job, place] of waiting) {
      if (first >= 0 && place > first + FURTHEST) break;
      if ([...before.get(job)!].some((each) => !done.has(each))) continue;
      const bound = new Set([...buffers, ...buffersOf(job, around)]);
      if (dispatch.length > 0) {
        const [leader] = dispatch as [Job];
        const together = !leader.alone && !job.alone && leader.lanes === job.lanes && bound.size <= MOST_BUFFERS;
        if (!together) continue;
      } else first = place;
      dispatch.push(job);
      buffers = bound;
      if (job.alone || dispatch.length === MOST_JOBS) break;
    }
    if (dispatch.length === 0) throw new Error("jobs wait for one another");
    for (const job of dispatch) {
      done.add(job);
      waiting.delete(job);
    }
    dispatches.push(dispatch);
  }
  return dispatches;
}

function dependenciesOf(jobs: readonly Job[], around: Dependencies): Map<Job, ReadonlySet<Job>> {
  const writers = new Map<Node | Partials, Job[]>();
  for (const job of jobs) {
    const written = [...job.writes, ...(job.writesPartials === undefined ? [] : [job.writesPartials])];
    for (const each of written) writers.set(each, [...(writers.get(each) ?? []), job]);
  }
  return new Map(
    jobs.map((job) => {
      const read = [
        ...[...job.reads].flatMap((node) => around.writtenWith(node)),
        ...(job.readsPartials ? [job.readsPartials] : []),
      ];
      const found = new Set(read.flatMap((each) => writers.get(each) ?? []));
      found.delete(job);
      return [job, found];
    }),
  );
}

function buffersOf(job: Job, around: Dependencies): unknown[] {
  const values = [...job.reads, ...job.writes].map((node) => around.bufferOf(node));
  const partials = [job.readsPartials, job.writesPartials].filter((each) => each !== undefined);
  // Whatever a job looks up is in one buffer.
  return [...values, ...partials, "tables"];
}
