/** Data modules: a function of the user's own that makes or reads the splits of an experiment. */
import type { Split } from "./dataset.ts";
import { type HostTensor, sizeOf } from "./host-tensor.ts";
import { listNames, UserError } from "./user-error.ts";
import type { DataCall } from "./variants.ts";

/** Results of a method without a model, shown beside the variants: `{ "test.edges.precision": 0.88 }`. */
export interface Baseline {
  readonly name: string;
  readonly metrics: { readonly [path: string]: number };
}

/** What a data module's function returns. */
export interface ExperimentData {
  readonly train: Split;
  readonly valid: Split;
  readonly test: Split;
  readonly baselines?: readonly Baseline[];
  /** First values of parameters in place of their initialisers, such as word vectors that were trained elsewhere. */
  readonly initial?: {
    readonly [parameter: string]: { readonly shape: readonly number[]; readonly data: Float32Array };
  };
}

/**
 * Calls `module[call.function](positional…, { named })`. Throws a UserError when the module lacks it or returns
 * something else.
 */
export async function callDataModule(
  module: { readonly [name: string]: unknown },
  call: DataCall,
): Promise<ExperimentData> {
  const load = Object.hasOwn(module, call.function) ? module[call.function] : undefined;
  if (typeof load !== "function") {
    throw new UserError(`the data module ${call.path} exports no function called \`${call.function}\``, {
      help: `it exports ${listNames(Object.keys(module))}`,
    });
  }
  const data = await callOf(load as (...given: unknown[]) => unknown, call);
  for (const split of ["train", "valid", "test"] as const) {
    const value = typeof data === "object" && data !== null ? (data as Partial<ExperimentData>)[split] : undefined;
    if (typeof value?.columns !== "object" || value.columns === null) {
      throw new UserError(`\`${call.function}\` of the data module ${call.path} returned no split \`${split}\``, {
        help: "it must return { train, valid, test }, each { columns: { name: { shape, data } } }",
      });
    }
  }
  checkBaselines((data as { readonly baselines?: unknown }).baselines, call);
  checkInitial((data as { readonly initial?: unknown }).initial, call);
  return data as ExperimentData;
}

/** Throws a UserError unless there are none, or each has a name and numbers: their rows come after all training. */
function checkBaselines(baselines: unknown, call: DataCall): void {
  if (baselines === undefined) return;
  const fail = (what: string): never => {
    throw new UserError(`\`${call.function}\` of the data module ${call.path} returned ${what}`, {
      help: 'baselines are a list of { name, metrics }, such as { name: "chance", metrics: { "test.loss": 0.5 } }',
    });
  };
  if (!Array.isArray(baselines)) return fail("baselines that are no list");
  for (const [i, baseline] of baselines.entries() as IterableIterator<[number, Partial<Baseline> | null]>) {
    if (typeof baseline?.name !== "string") fail(`a baseline without a name, at index ${i}`);
    const { name, metrics } = baseline as Baseline;
    if (typeof metrics !== "object" || metrics === null) fail(`the baseline \`${name}\` without metrics`);
    for (const [path, value] of Object.entries(metrics)) {
      if (typeof value !== "number") fail(`the baseline \`${name}\` whose \`${path}\` is no number`);
    }
  }
}

/** Throws a UserError unless there are none, or each is a tensor; whether a model has it shows when one is trained. */
function checkInitial(initial: unknown, call: DataCall): void {
  if (initial === undefined) return;
  const help = 'first values are by parameter: { "words.table": { shape: [5000, 200], data: new Float32Array(…) } }';
  const fail = (what: string): never => {
    throw new UserError(`\`${call.function}\` of the data module ${call.path} returned ${what}`, { help });
  };
  if (typeof initial !== "object" || initial === null) return fail("first values that are no object");
  for (const [name, value] of Object.entries(initial as { [name: string]: Partial<HostTensor> | null })) {
    if (!Array.isArray(value?.shape) || !(value.data instanceof Float32Array)) fail(`no tensor as \`${name}\``);
    else if (sizeOf(value.shape as number[]) !== value.data.length) {
      fail(`${value.data.length} numbers as \`${name}\` of shape [${value.shape.join(", ")}]`);
    }
  }
}

/** What the function returns; what it throws is a mistake in the user's own program, and told as one. */
async function callOf(load: (...given: unknown[]) => unknown, call: DataCall): Promise<unknown> {
  try {
    return await load(...call.positional, call.named);
  } catch (problem) {
    if (problem instanceof UserError) throw problem;
    const what = `\`${call.function}\` of the data module ${call.path} failed`;
    if (!(problem instanceof Error)) throw new UserError(what, { why: `it threw ${String(problem)}` });
    const place = problem.stack?.split("\n").find((line) => /^\s+at /.test(line));
    throw new UserError(what, {
      why: `${problem.name}: ${problem.message}${place === undefined ? "" : `, thrown ${place.trim()}`}`,
    });
  }
}
