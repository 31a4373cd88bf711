/**
 * Golden cases of directed trees as sstc says them: the files hold n × n matrices from head to modifier, sstc vectors
 * over the arcs of a graph. What a file asks of other utilities than its own becomes a case of its own.
 */
import type { GoldenCase } from "../golden.ts";

type Matrix = readonly (readonly number[])[];
interface MatrixInputs {
  readonly n: number;
  readonly root: number;
  readonly u: Matrix;
  readonly cotangent?: Matrix;
  readonly mask?: Matrix;
  readonly t?: number;
}
export type Arc = readonly [from: number, to: number];

/** All arcs between different vertices, or those of the mask where it leaves some out that do not enter the root. */
export function arcsOf(item: GoldenCase): { readonly graph: string; readonly arcs: readonly Arc[] } {
  const { n, root, mask } = item.inputs as unknown as MatrixInputs;
  const arcs = cellsOf(n).filter(([from, to]) => from !== to);
  const used = arcs.filter(([from, to]) => to === root || mask === undefined || mask[from]![to] === 1);
  if (used.length === arcs.length) return { graph: `complete_directed(${n})`, arcs };
  const present = used.filter(([, to]) => to !== root);
  return { graph: `digraph(${n}, [${present.map((arc) => `[${arc}]`).join(", ")}])`, arcs: present };
}

export function cellsOf(n: number): readonly Arc[] {
  return Array.from({ length: n * n }, (_, k) => [Math.floor(k / n), k % n]);
}

/** The case with vectors over `arcs` in the place of matrices; `heads` becomes the indicators of its arcs. */
export function overArcs(item: GoldenCase, arcs: readonly Arc[]): GoldenCase {
  const picked = (matrix: Matrix) => arcs.map(([from, to]) => matrix[from]![to]!);
  const values = (all: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(
      Object.entries(all).map(([key, value]) => {
        if (key === "mask") return [key, value];
        if (key === "heads") return [key, arcs.map(([from, to]) => ((value as number[])[to] === from ? 1 : 0))];
        return [key, Array.isArray(value) && Array.isArray(value[0]) ? picked(value as Matrix) : value];
      }),
    );
  return { ...item, inputs: values(item.inputs), outputs: values(item.outputs) } as GoldenCase;
}

/** The log-partition of utilities clipped to 15 below the largest, which is taken off: a case of its own. */
export function splitNormalised(item: GoldenCase): readonly GoldenCase[] {
  const { logZ_clip15_normalised: logZ, ...outputs } = item.outputs as Readonly<Record<string, unknown>>;
  const { u, n, root, t = 1 } = item.inputs as unknown as MatrixInputs;
  const used = cellsOf(n).filter(([from, to]) => from !== to && to !== root);
  const top = Math.max(...used.map(([from, to]) => u[from]![to]! / t));
  const normalised = u.map((row) => row.map((value) => t * Math.max(value / t - top, -15)));
  const { cotangent, ...others } = item.inputs as Readonly<Record<string, unknown>>;
  return [
    { ...item, outputs },
    { ...item, name: `${item.name} normalised`, inputs: { ...others, cotangent, u: normalised }, outputs: { logZ } },
  ] as unknown as GoldenCase[];
}

/**
 * A parser's two readings of trees. With any number of children of the root they are sstc's; with exactly one they are
 * the limit in which arcs from the root lose value: here 60, which makes each further child 1e26 times less likely.
 */
export function splitByRootChildren(item: GoldenCase): readonly GoldenCase[] {
  const { multi_exact: any, single_root_exact: one, ...outputs } = item.outputs as Readonly<Record<string, unknown>>;
  const { w_clipped_normalised: w, ...others } = item.inputs as Readonly<Record<string, unknown>>;
  const u = w as Matrix;
  const { root } = others as unknown as MatrixInputs;
  const lowered = u.map((row, from) => row.map((value) => (from === root ? value - 60 : value)));
  return [
    { ...item, inputs: { ...others, t: 1, u }, outputs: { ...outputs, x: any } },
    { ...item, name: `${item.name}, one child`, inputs: { ...others, t: 1, u: lowered }, outputs: { x: one } },
  ] as unknown as GoldenCase[];
}
