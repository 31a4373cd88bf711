/** Models of the language for tests of the runtime, compiled on the spot. */
import { expect } from "vitest";
import type { TfjsArtifact } from "../../compiler/artifact.ts";
import { compile } from "../../compiler/compile.ts";
import { render } from "../../compiler/diagnostic.ts";
import { instantiate } from "../../runtime/instantiate.ts";
import type { Model } from "../../runtime/model.ts";
import { library } from "../../stdlib/library.ts";

export function artifactOf(text: string): TfjsArtifact {
  const { artifact, diagnostics } = compile({ name: "regression.sst", text }, { library });
  expect(diagnostics.filter(({ severity }) => severity === "error").map(render)).toEqual([]);
  return artifact!;
}

export async function withModel<T>(text: string, work: (model: Model) => T | Promise<T>): Promise<T> {
  const model = await instantiate(artifactOf(text), { device: "cpu", seed: 1 });
  try {
    return await work(model);
  } finally {
    model.dispose();
  }
}
