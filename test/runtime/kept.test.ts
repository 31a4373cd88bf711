/** What a solver hands to its backward in a program stays on the host, in float64. */
import { expect, test } from "vitest";
import type { TfjsArtifact } from "../../compiler/artifact.ts";
import { instantiate } from "../../runtime/instantiate.ts";
import { layer } from "../../sstc.ts";
import { artifactOf } from "./compiled.ts";

/** Two vertices that hang from each other far rather than from the root: entries of the inverse are near 4,000. */
const TEXT = `
model Far() {
  data c: f32[6]
  param theta: f32[6] ~ zeros
  latent z: Arborescence(complete_directed(3)) ~ Fixed(theta) relax ExpFamily at 1
  minimize sum(c * z)
}`;
const theta = Float32Array.of(-9.1, -9.37, 0.13, 0.29, -0.41, 0.17);
const c = Float32Array.of(1, -2, 0.5, 3, -1, 0.25);

async function gradient(artifact: TfjsArtifact, device: "wasm" | "cpu"): Promise<ArrayLike<number>> {
  const model = await instantiate(artifact, { device });
  const result = await model.run("train", { inputs: { c }, noise: {}, parameters: { theta }, states: {}, hypers: {} });
  expect(model.undisposed).toBe(0);
  model.dispose();
  return result["gradient:theta"]!.data;
}

function furthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(b).reduce((most, value, i) => Math.max(most, Math.abs(value - a[i]!)), 0);
}

test.each(["wasm", "cpu"] as const)("on %s, where float32 would not do", async (device) => {
  const exact = (await layer("Arborescence(complete_directed(3)) relax ExpFamily at 1", { device: "cpu" })).vjp(
    Float64Array.from(theta),
    Float64Array.from(c),
  );
  const artifact = artifactOf(TEXT);
  const kept = ", [1,2,3]);";
  expect(artifact.program).toContain(kept);
  expect(furthest(await gradient(artifact, device), exact)).toBeLessThan(1e-6);
  const asTensors = { ...artifact, program: artifact.program.replaceAll(kept, ");") };
  expect(furthest(await gradient(asTensors, device), exact)).toBeGreaterThan(1e-6);
});
