/** What generated modules for tfjs are made of: an artifact with its program, opened as a model. */
import type { TfjsArtifact } from "../compiler/artifact.ts";
import { GeneratedModel } from "./generated-model.ts";
import { type InstantiateOptions, instantiate } from "./instantiate.ts";
import type { ProgramFactory } from "./program.ts";

export type CreateOptions = Omit<InstantiateOptions, "program">;

/** What a generated module exports: its artifact, the program's text included, and how to open it. */
export function createModule(data: Omit<TfjsArtifact, "program">, program: ProgramFactory) {
  const artifact: TfjsArtifact = { ...data, program: String(program) };
  const create = async (options: CreateOptions = {}): Promise<GeneratedModel> =>
    new GeneratedModel(await instantiate(artifact, { ...options, program }));
  return { artifact, create };
}
