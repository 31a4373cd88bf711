/** From a text to a model that runs: compiled and opened here, in the browser. */
import { type CompileOptions, compile, type Diagnostic, hasErrors } from "sstc";
import { type InstantiateOptions, instantiate, type Model, UserError } from "sstc/runtime";
import type { Device } from "./device.ts";
import { wasmPaths } from "./wasm-paths.ts";

export interface Opened {
  /** Undefined where the text has errors. */
  readonly model: Model | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** Rejects with a UserError where the device does not take the model. */
export async function openModel(
  text: string,
  name: string,
  device: Device,
  compiling: Omit<CompileOptions, "target"> = {},
  running: Pick<InstantiateOptions, "seed" | "optimizer"> = {},
): Promise<Opened> {
  const { artifact, diagnostics } = compile({ name, text }, { ...compiling, target: device.target });
  if (artifact === undefined || hasErrors(diagnostics)) return { model: undefined, diagnostics };
  return { model: await instantiate(artifact, { ...running, device: device.name, wasmPaths }), diagnostics };
}

/** What went wrong, for people. */
export function tell(problem: unknown): string {
  if (problem instanceof UserError) return problem.report();
  return problem instanceof Error ? `${problem.name}: ${problem.message}` : String(problem);
}
