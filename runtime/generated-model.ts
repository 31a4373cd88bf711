/** A model of a generated module: one whose names the type checker knows. */
import type { EntryPoint } from "../compiler/artifact.ts";
import type { HostTensor } from "./host-tensor.ts";
import type { Metrics } from "./metrics.ts";
import type { Model } from "./model.ts";
import { UserError } from "./user-error.ts";
import type { Batch } from "./validate.ts";

/** What the declarations of a generated module say of its model. */
export interface ModuleTypes {
  /** Batches as each method takes them; `never` where the model has no such method. */
  readonly step: object;
  readonly evaluate: object;
  readonly sample: object;
  readonly samples: object;
  readonly metrics: object;
  readonly parameters: object;
  /** The names of hyperparameters. */
  readonly hyper: string;
}

/** A model of a generated module. What it has no method for, `model` has. */
export class GeneratedModel<Types extends ModuleTypes = UntypedModule> {
  readonly model: Model;

  /** For `create`. */
  constructor(model: Model) {
    this.model = model;
  }

  /**
   * Forward, backward and one update of the parameters on a batch. Throws a UserError, and changes nothing, when the
   * data do not fit or training diverged.
   */
  async step(
    batch: Types["step"],
  ): Promise<{ readonly loss: number; readonly metrics: Types["metrics"]; readonly step: number }> {
    this.needs("train", "objective", "maximize elbo");
    const { loss, metrics, step } = await this.model.step(batch as Batch);
    return { loss, metrics: metrics as Types["metrics"], step };
  }

  /** Metrics of a batch at hard samples. The same `draw` gives the same samples. */
  async evaluate(
    batch: Types["evaluate"],
    options: { readonly draw?: number } = {},
  ): Promise<{ readonly metrics: Types["metrics"]; readonly size: number }> {
    this.needs("evaluate", "metrics", "metric size = sum(x)");
    const { metrics, size } = await this.model.evaluate(batch as Batch, options);
    return { metrics: metrics as Types["metrics"], size };
  }

  /**
   * Samples of every latent variable, `[batch, ...shape]`: members of the structure, or relaxed samples where `soft`.
   * Every call draws anew; with `seed`, the draw depends on the seed and `draw` (0) alone.
   */
  async sample(
    batch: Types["sample"],
    options: { readonly soft?: boolean; readonly seed?: number; readonly draw?: number } = {},
  ): Promise<Types["samples"]> {
    this.needs("sample", "latent variables", "latent z: OneHot(3) ~ Gumbel(theta)");
    return this.model.sample(batch as Batch, options);
  }

  /** Training steps made. */
  get stepCount(): number {
    return this.model.stepCount;
  }

  /** Copies of the parameters by name, row-major. */
  async parameters(): Promise<Types["parameters"]> {
    return this.model.parameters();
  }

  /** Replaces some parameters by name. Throws a UserError when a name is unknown or a length or value is wrong. */
  setParameters(values: Partial<Types["parameters"]>): void {
    this.model.setParameters(values as { readonly [name: string]: Float32Array });
  }

  /**
   * Fixes a hyperparameter from now on, schedules included. Throws a UserError for a temperature that is not positive.
   */
  setHyper(name: Types["hyper"], value: number): void {
    this.model.setHyper(name, value);
  }

  /**
   * Everything needed to go on as if nothing had happened, as the bytes of a safetensors file; with a path they are
   * also written there, which only Node can do.
   */
  async save(path?: string): Promise<Uint8Array> {
    const bytes = await this.model.save();
    if (path === undefined) return bytes;
    const files = await fileSystem(path, "save() returns the bytes of the file");
    await files.writeFile(path, bytes).catch((problem: Error) => refuse("write", path, problem));
    return bytes;
  }

  /**
   * Restores what `save` wrote, from its bytes or, in Node, from a path. Throws a UserError, and changes nothing, when
   * they are missing, damaged or do not fit the model.
   */
  async load(from: Uint8Array | string): Promise<void> {
    if (typeof from !== "string") {
      this.model.load(from);
      return;
    }
    const files = await fileSystem(from, "pass load() the bytes of the file");
    this.model.load(await files.readFile(from).catch((problem: Error) => refuse("read", from, problem)), from);
  }

  /** Frees the device's memory; the model cannot be used afterwards. */
  dispose(): void {
    this.model.dispose();
  }

  private needs(entry: EntryPoint["name"], what: string, example: string): void {
    const { entries, model } = this.model.artifact;
    if (entries.some((each) => each.name === entry)) return;
    throw new UserError(`the model ${model} has no ${what}`, { help: `declare some, such as ${example}` });
  }
}

/** Of a module whose declarations are not at hand. */
export interface UntypedModule extends ModuleTypes {
  readonly step: Batch;
  readonly evaluate: Batch;
  readonly sample: Batch;
  readonly samples: { readonly [latent: string]: HostTensor };
  readonly metrics: Metrics;
  readonly parameters: { readonly [name: string]: Float32Array };
}

function refuse(what: "read" | "write", path: string, problem: Error): never {
  throw new UserError(`cannot ${what} ${path}`, { why: problem.message });
}

/** Node's file system; elsewhere a UserError for `path` with what to do instead. */
async function fileSystem(path: string, instead: string): Promise<typeof import("node:fs/promises")> {
  // The name is a variable so that bundlers for browsers do not look for it.
  const name = "node:fs/promises";
  try {
    return (await import(/* @vite-ignore */ name)) as typeof import("node:fs/promises");
  } catch {
    throw new UserError(`the path ${path} cannot be opened here`, {
      why: "only Node has a file system",
      help: instead,
    });
  }
}
