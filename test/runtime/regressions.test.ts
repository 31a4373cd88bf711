/** What went wrong in the runtime once, and must not again. Each test is called by the fault. */
import { describe, expect, test } from "vitest";
import type { Artifact } from "../../compiler/artifact.ts";
import { compile } from "../../compiler/compile.ts";
import { render } from "../../compiler/diagnostic.ts";
import { instantiate, type Model } from "../../runtime/instantiate.ts";
import { library } from "../../stdlib/library.ts";

function artifactOf(text: string): Artifact {
  const { artifact, diagnostics } = compile({ name: "regression.sst", text }, { library });
  expect(diagnostics.filter(({ severity }) => severity === "error").map(render)).toEqual([]);
  return artifact!;
}

async function withModel<T>(text: string, work: (model: Model) => T | Promise<T>): Promise<T> {
  const model = await instantiate(artifactOf(text), { device: "cpu", seed: 1 });
  try {
    return await work(model);
  } finally {
    model.dispose();
  }
}

describe("utilities that are the same for all examples", () => {
  const model = (utilities: string) => `model M() {
  data x: f32[5]
  param theta: f32[5] ~ zeros
  latent z: OneHot(5) ~ ${utilities} relax ExpFamily at 0.5
  minimize sum(z * x)
}`;
  const batch = { x: new Float32Array(5 * 40).fill(1) };
  const rowsOf = (data: ArrayLike<number>) =>
    new Set(Array.from({ length: 40 }, (_, i) => String(Array.from(data).slice(5 * i, 5 * i + 5))));

  for (const soft of [false, true]) {
    test(`there was one ${soft ? "soft" : "hard"} sample for the whole batch`, () =>
      withModel(model("Gumbel(theta)"), async (each) => {
        const { z } = await each.sample(batch, { soft });
        expect(z!.shape).toEqual([40, 5]);
        expect(rowsOf(z!.data).size).toBeGreaterThan(soft ? 39 : 3);
      }));

    test(`without noise the ${soft ? "soft" : "hard"} samples had no axis for the batch`, () =>
      withModel(model("Fixed(theta)"), async (each) => {
        const { z } = await each.sample(batch, { soft });
        expect(z!.shape).toEqual([40, 5]);
        expect(rowsOf(z!.data).size).toBe(1);
      }));
  }

  test("the types of a module promise the axis of the batch that samples have", () => {
    const { entries } = artifactOf(model("Fixed(theta)"));
    const outputs = entries.filter(({ name }) => name.startsWith("sample")).flatMap((entry) => entry.outputs);
    expect(outputs.map(({ batched }) => batched)).toEqual([true, true]);
  });

  test("uniform noise in them was shared by the examples", () =>
    withModel(model("Fixed(theta + 0.1 * uniform_like(theta))"), async (each) => {
      const { entries } = each.artifact;
      const noise = entries.find(({ name }) => name === "train")!.noise;
      expect(noise.map(({ batched }) => batched)).toEqual([true]);
    }));

  test("training draws for each example, as sampling does", () =>
    withModel(model("Gumbel(theta)"), (each) => {
      const noise = each.artifact.entries.flatMap((entry) => entry.noise);
      expect(noise.length).toBeGreaterThan(2);
      expect(noise.every(({ batched }) => batched)).toBe(true);
    }));

  test("data that only the objective reads were not counted as examples, nor checked", () =>
    withModel(model("Gumbel(theta)"), async (each) => {
      await expect(each.sample({ x: new Float32Array(7) })).rejects.toThrow("not a multiple of 5");
      expect((await each.sample({})).z!.shape).toEqual([1, 5]);
    }));
});
