/** Structures against the golden files: hard samples, soft samples, vector–Jacobian products, log-partitions. */
import { describe, expect, test } from "vitest";
import { compileLayer } from "../../compiler/layer.ts";
import { HostLayer } from "../../runtime/host-layer.ts";
import { library } from "../../stdlib/library.ts";
import { expectClose, type GoldenCase, golden } from "../golden.ts";

interface Inputs {
  readonly u: number[] | number[][];
  readonly n?: number;
  readonly k?: number;
  readonly t?: number;
  readonly op?: string;
  readonly edges?: [number, number][];
  readonly cotangent?: number[] | number[][];
}
interface Outputs {
  readonly x: number[] | number[][];
  readonly vjp?: number[] | number[][];
  readonly logZ?: number;
  readonly hard?: number[][];
}

function check(item: GoldenCase, structure: string, relaxation: string | undefined, backward?: string): void {
  const inputs = item.inputs as unknown as Inputs;
  const outputs = item.outputs as unknown as Outputs;
  const layer = new HostLayer(compileLayer({ structure, relaxation, backward }, library));
  const u = Float64Array.from(inputs.u.flat());
  if (relaxation === undefined) return expectClose(layer.argmax(u), outputs.x.flat(), item.tolerance, "argmax");
  const t = inputs.t!;
  expectClose(layer.soft(u, t), outputs.x.flat(), item.tolerance, "x");
  expectClose(layer.vjp(u, Float64Array.from(inputs.cotangent!.flat()), t), outputs.vjp!.flat(), item.tolerance, "vjp");
  if (outputs.logZ !== undefined)
    expectClose(layer.logPartition(u, t)!, [outputs.logZ], { abs: 1e-8, rel: 1e-9 }, "log partition");
  if (outputs.hard !== undefined) expectClose(layer.argmax(u), outputs.hard.flat(), { abs: 0, rel: 0 }, "argmax");
}

const RELAXATIONS: Readonly<Record<string, string | undefined>> = {
  softmax: "ExpFamily",
  sparsemax: "Euclidean",
  binary: "ExpFamily",
  categorical: "CategoricalEntropy",
  gumbel2: "ExpFamily",
  hard: undefined,
};
const k = (item: GoldenCase) => (item.inputs as unknown as Inputs).k!;
const u = (item: GoldenCase) => (item.inputs as unknown as Inputs).u;
const op = (item: GoldenCase) => (item.inputs as unknown as Inputs).op!;
function graph(item: GoldenCase): string {
  const { n, edges } = item.inputs as unknown as Inputs;
  return `SpanningTree(graph(${n}, [${edges!.map(([a, b]) => `[${a}, ${b}]`).join(", ")}]))`;
}

const SUITES: Readonly<Record<string, (item: GoldenCase) => void>> = {
  onehot: (item) => check(item, `OneHot(${u(item).length})`, RELAXATIONS[op(item)]),
  indep_subset: (item) =>
    check(item, op(item) === "gumbel2" ? "OneHot(2)" : `Subset(${u(item).length})`, RELAXATIONS[op(item)]),
  ksubset_hard: (item) => check(item, `KSubset(${u(item).length}, ${k(item)})`, undefined),
  ksubset_euclid: (item) => check(item, `KSubset(${u(item).length}, ${k(item)})`, "Euclidean"),
  ksubset_categorical: (item) => check(item, `KSubset(${u(item).length}, ${k(item)})`, "CategoricalEntropy"),
  ksubset_binary: (item) => check(item, `KSubset(${u(item).length}, ${k(item)})`, "BinaryEntropy"),
  ksubset_expfam: (item) => check(item, `KSubset(${u(item).length}, ${k(item)})`, "ExpFamily"),
  spanning_tree_hard: (item) => check(item, graph(item), undefined),
  spanning_tree_marginals: (item) => check(item, graph(item), "ExpFamily"),
};

for (const [name, run] of Object.entries(SUITES)) {
  const cases = golden(name);
  describe.skipIf(cases === undefined)(
    `golden ${name}${cases === undefined ? " (the shared folder is absent)" : ""}`,
    () => {
      for (const item of cases ?? []) test(item.name, () => run(item));
      test("has cases", () => expect(cases?.length).toBeGreaterThan(0));
    },
  );
}
