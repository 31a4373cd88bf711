/**
 * What a variant of an experiment leaves in its directory: `settings.json` before it begins, checkpoints while it is
 * trained, `result.json` at its end. With these an interrupted experiment goes on, and only with the same settings.
 */
import type { Artifact, ExperimentSpec } from "../compiler/artifact.ts";
import { hashText } from "./checkpoint.ts";
import { UserError } from "./user-error.ts";
import {
  dataCall,
  modelArguments,
  type Numbers,
  specOf,
  type Variant,
  type VariantTraining,
  variantHypers,
  variantTraining,
} from "./variants.ts";

/**
 * Files under one directory; the command line's are on disk. `write` makes directories, and replaces a file at once or
 * not at all.
 */
export interface Files {
  read(path: string): Promise<Uint8Array>;
  write(path: string, bytes: Uint8Array): Promise<void>;
  exists(path: string): Promise<boolean>;
}

export interface VariantResult {
  readonly variant: Variant;
  readonly seed: number;
  readonly steps: number;
  /** The training step of the model that was tested. */
  readonly step: number;
  /** Every metric of every split: `test.edges.precision`. */
  readonly metrics: { readonly [path: string]: number };
  /** Wall-clock time of this variant's training, in seconds; of the last part when it was resumed. */
  readonly seconds: number;
  readonly checkpoint: string;
}

/** Everything that decides what a variant's training computes, as plain data. */
export interface VariantSettings {
  readonly model: string;
  readonly arguments: { readonly [name: string]: unknown };
  readonly hypers: Numbers;
  readonly data: { readonly [name: string]: unknown };
  readonly train: VariantTraining;
  readonly seed: number;
  /** Devices add up in other orders, so that their numbers differ. */
  readonly device: string;
  /** A hash of the generated program. */
  readonly program: string;
}

export function variantSettings(
  spec: ExperimentSpec,
  variant: Variant,
  artifact: Artifact,
  { seed, device }: Pick<VariantSettings, "seed" | "device">,
): VariantSettings {
  const { model } = specOf(spec, variant);
  const [hypers, train] = [variantHypers(spec, variant), variantTraining(spec, variant)];
  const data = { ...dataCall(spec, variant) };
  const program = hashText(artifact.target === "tfjs" ? artifact.program : JSON.stringify(artifact.modules));
  return { model, arguments: modelArguments(spec, variant), hypers, data, train, seed, device, program };
}

export class VariantFiles {
  private readonly files: Files;
  private readonly directory: string;

  constructor(files: Files, variant: Variant) {
    this.files = files;
    this.directory = variant.name;
  }

  path(name: string): string {
    return `${this.directory}/${name}`;
  }

  read(name: string): Promise<Uint8Array> {
    return this.files.read(this.path(name));
  }

  write(name: string, bytes: Uint8Array): Promise<void> {
    return this.files.write(this.path(name), bytes);
  }

  exists(name: string): Promise<boolean> {
    return this.files.exists(this.path(name));
  }

  /** Throws a UserError unless what the directory holds, if anything, was written with these settings. */
  async check(settings: VariantSettings): Promise<void> {
    if (await this.exists("settings.json")) {
      refuseOthers(await this.readJson("settings.json"), settings, this.path("settings.json"));
    } else if ((await this.exists("result.json")) || (await this.exists("last.safetensors"))) {
      throw new UserError(`${this.directory} lacks settings.json, so nobody knows what it was trained with`, {
        help: "start a new run without --resume",
      });
    }
  }

  async begin(settings: VariantSettings): Promise<void> {
    await this.writeJson("settings.json", settings);
  }

  /** The result of a variant that was finished before. */
  async result(): Promise<VariantResult | undefined> {
    if (!(await this.exists("result.json"))) return undefined;
    const stored = (await this.readJson("result.json")) as Partial<VariantResult>;
    if (typeof stored.metrics !== "object") throw this.damaged("result.json", "it has no metrics");
    const metrics = Object.fromEntries(Object.entries(stored.metrics).map(([path, value]) => [path, Number(value)]));
    const result = { ...(stored as VariantResult), metrics };
    if (await this.files.exists(String(result.checkpoint))) return result;
    throw this.damaged("result.json", `the model that it tells of, ${String(result.checkpoint)}, is missing`);
  }

  finish(result: VariantResult): Promise<void> {
    return this.writeJson("result.json", result);
  }

  private async readJson(name: string): Promise<{ readonly [key: string]: unknown }> {
    const text = new TextDecoder().decode(await this.read(name));
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw this.damaged(name, "it is no JSON");
    }
    if (typeof value === "object" && value !== null) return value as { readonly [key: string]: unknown };
    throw this.damaged(name, "it holds no object");
  }

  /** What to do about a file that cannot be gone on with. */
  damaged(name: string, why: string): UserError {
    return new UserError(`${this.path(name)} is not as a run has left it: ${why}`, {
      help: `remove the folder ${this.directory} to train this variant again`,
    });
  }

  private writeJson(name: string, value: object): Promise<void> {
    // JSON has no NaN and no infinity.
    const text = JSON.stringify(value, (_, each: unknown) => (isInfinite(each) ? String(each) : each), 2);
    return this.write(name, new TextEncoder().encode(`${text}\n`));
  }
}

function isInfinite(value: unknown): boolean {
  return typeof value === "number" && !Number.isFinite(value);
}

/** Throws a UserError that names the first setting which was another one before. */
function refuseOthers(before: { readonly [key: string]: unknown }, now: VariantSettings, path: string): void {
  const [old, present] = [flat(before), flat(JSON.parse(JSON.stringify(now)) as object)];
  const different = [...new Set([...old.keys(), ...present.keys()])].filter((key) => old.get(key) !== present.get(key));
  // A changed program follows from changed arguments; alone it says that the text is another one.
  const [first] = different.filter((key) => key !== "program");
  if (first === undefined && different.length === 0) return;
  const was = (settings: ReadonlyMap<string, string>) => settings.get(first ?? "") ?? "not given";
  throw new UserError(`${path} belongs to a run with other settings`, {
    why:
      first === undefined
        ? "the model's text, or the compiler, has changed since, so continuing would not be the same run"
        : `${first} was ${was(old)} and now is ${was(present)}`,
    help: "go on with the settings of before, or start a new run without --resume",
  });
}

/** `{ train: { steps: 3 } }` as `train.steps` to `3`. */
function flat(value: object, prefix = ""): Map<string, string> {
  return new Map(
    Object.entries(value).flatMap(([key, each]: [string, unknown]) =>
      typeof each === "object" && each !== null
        ? [...flat(each, `${prefix}${key}.`)]
        : [[`${prefix}${key}`, JSON.stringify(each)]],
    ),
  );
}
