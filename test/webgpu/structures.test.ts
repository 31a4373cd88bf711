/**
 * Every structure and relaxation on a WebGPU device: hard samples, soft samples, vector–Jacobian products and what the
 * exponential family answers, against the host's float64. That the kernels are right in float32 at all ranges is shown
 * without a device (test/structures/float32.test.ts); here it is whether WGSL does what they say.
 */
import { describe, expect, test } from "vitest";
import { DiagnosticError } from "../../compiler/failure.ts";
import { compileLayer } from "../../compiler/layer.ts";
import { compileWebGpuLayer } from "../../compiler/layer-webgpu.ts";
import { StructureLayer } from "../../runtime/layer.ts";
import { WebGpuLayer } from "../../runtime/webgpu/layer.ts";
import { library } from "../../stdlib/library.ts";
import { libraryRelaxations } from "../structures/declared.ts";
import { EXAMPLES } from "../structures/examples.ts";
import { random } from "../tensor/harness.ts";
import { NOT_RUN, testDevice } from "./device.ts";

const LARGER: readonly string[] = [
  "OneHot(50)",
  "KSubset(30, 10)",
  "CorrelatedKSubset(16, 6)",
  "Chain(8, 4)",
  "SpanningTree(complete(10))",
  "Arborescence(complete_directed(7))",
  "Matching(6)",
  "ProjectiveArborescence(7, root = 3)",
];
/** Of each structure the largest of the small sizes, and a larger one. */
const STRUCTURES = [...Object.values(EXAMPLES).map((examples) => examples.at(-1)!.structure), ...LARGER];
const RELAXATIONS = libraryRelaxations().map(({ name, parameters }) =>
  parameters.length === 0 ? name.name : `${name.name}(1.5)`,
);

/** Relative to the largest value, or to 1; sums of some hundred float32 numbers, and divisions by small ones. */
const tolerance = 1e-4;
/** Where derivatives have several values, or lose digits, as test/structures/float32.test.ts says. */
const rough: Readonly<Record<string, number>> = {
  "Tsallis(1.5)": 1e-3,
  SoftSub: 1e-2,
  CategoricalEntropy: 1e-3,
  Euclidean: 1e-3,
};
const batch = 3;

function offBy(actual: ArrayLike<number>, exact: ArrayLike<number>): number {
  const largest = Math.max(1, ...Array.from(exact, Math.abs));
  return Math.max(...Array.from(exact, (value, i) => Math.abs(actual[i]! - value) / largest));
}

/** What a structure has no such relaxation for is told by a DiagnosticError. */
function compiled(structure: string, relaxation?: string) {
  const request = relaxation === undefined ? { structure } : { structure, relaxation, temperature: "0.8" };
  try {
    return { device: compileWebGpuLayer(request, library), host: new StructureLayer(compileLayer(request, library)) };
  } catch (problem) {
    if (problem instanceof DiagnosticError) return undefined;
    throw problem;
  }
}

describe.each(STRUCTURES)("%s", (structure) => {
  test.for([undefined, ...RELAXATIONS])("%s", async (relaxation, { skip }) => {
    const both = compiled(structure, relaxation);
    if (both === undefined) return;
    const { gpu, computes } = await testDevice();
    const { host } = both;
    const device = new WebGpuLayer(both.device, gpu);
    await device.prepare();
    skip(!computes, NOT_RUN);
    const next = random(17);
    const u = Float32Array.from({ length: batch * device.inputSize }, () => 5 * (next() - 0.5));
    const cotangent = Float32Array.from({ length: batch * device.size }, () => 2 * next() - 1);
    expect([...(await device.argmax(u))], "argmax").toEqual([...host.argmax(u)]);
    if (relaxation === undefined) return;
    const allowed = rough[relaxation] ?? tolerance;
    expect(offBy(await device.soft(u), host.soft(u)), "soft").toBeLessThan(allowed);
    expect(offBy(await device.vjp(u, cotangent), host.vjp(u, cotangent)), "vjp").toBeLessThan(allowed);
    for (const { entry } of both.device.plans) await asked(entry, device, host, u);
  });
});

/** What the exponential family answers besides. */
async function asked(entry: string, device: WebGpuLayer, host: StructureLayer, u: Float32Array): Promise<void> {
  switch (entry) {
    case "log_partition":
      expect(offBy(await device.logPartition(u), host.logPartition(u)), entry).toBeLessThan(tolerance);
      return;
    case "marginals":
      expect(offBy(await device.marginals(u), host.marginals(u)), entry).toBeLessThan(tolerance);
      return;
    case "sample": {
      // Uniform numbers are the same on all targets, so members are.
      expect([...(await device.sample(u, { seed: 3 }))], entry).toEqual([...host.sample(u, { seed: 3 })]);
    }
  }
}
