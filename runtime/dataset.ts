/**
 * Data sets in memory: checked once against the model, then cut into mini-batches in an order that the seed decides.
 */
import type { Artifact, TrainingLength } from "../compiler/artifact.ts";
import { type HostArray, type HostTensor, sizeOf } from "./host-tensor.ts";
import { permutation } from "./random.ts";
import { type Batch, checkBatch } from "./validate.ts";

/** One split as data modules return it. Every column's leading axis counts examples. */
export interface Split {
  readonly columns: { readonly [name: string]: HostTensor };
}

export interface Dataset {
  /** Examples. */
  readonly size: number;
  readonly columns: { readonly [name: string]: HostTensor };
}

/**
 * The columns that the model declares, with the number of examples. `where` names the split in messages. Throws a
 * UserError for missing, misshapen or non-finite columns; columns that the model does not declare are left out, since
 * one data module may serve several models. `names`: the columns that must be there, all that the model declares.
 */
export function createDataset(
  artifact: Artifact,
  split: Split,
  where: string,
  names: readonly string[] = artifact.data.map(({ name }) => name),
): Dataset {
  const declared = Object.fromEntries(Object.entries(split.columns).filter(([name]) => names.includes(name)));
  const given = Object.keys(split.columns);
  const { size, tensors } = checkBatch(artifact.data, names, declared, artifact.model, where, given);
  return { size, columns: tensors };
}

/** Batches in an epoch, the last and smaller one included. */
export function batchesPerEpoch(examples: number, batch: number): number {
  return Math.ceil(examples / batch);
}

/** How many steps a length is on so many examples. An epoch sees every example once. */
export function stepsIn(length: TrainingLength, examples: number, batch: number): number {
  return typeof length === "number" ? length : length.epochs * batchesPerEpoch(examples, batch);
}

/**
 * The examples of training step `step` (from 0): a function of (seed, step) alone. The last batch of an epoch may be
 * smaller.
 */
export class Shuffler {
  private readonly seed: number;
  private readonly examples: number;
  private readonly batch: number;
  private epoch = -1;
  private order: Uint32Array = new Uint32Array(0);

  constructor(seed: number, examples: number, batch: number) {
    this.seed = seed;
    this.examples = examples;
    this.batch = batch;
  }

  at(step: number): Uint32Array {
    const batches = batchesPerEpoch(this.examples, this.batch);
    const epoch = Math.floor(step / batches);
    if (epoch !== this.epoch) {
      this.order = permutation(this.seed, epoch, this.examples);
      this.epoch = epoch;
    }
    const from = (step % batches) * this.batch;
    return this.order.subarray(from, Math.min(from + this.batch, this.examples));
  }
}

/** The examples at `indices`, copied. Columns without a batch axis are passed whole. */
export function gatherBatch(artifact: Artifact, dataset: Dataset, indices: Uint32Array): Batch {
  return mapColumns(
    artifact,
    dataset,
    (data, size) => {
      const gathered = data.slice(0, indices.length * size);
      for (let i = 0; i < indices.length; i++) {
        const from = indices[i]! * size;
        gathered.set(data.subarray(from, from + size), i * size);
      }
      return gathered;
    },
    indices.length,
  );
}

/** Examples `from` to `to`, as views. */
export function sliceBatch(artifact: Artifact, dataset: Dataset, from: number, to: number): Batch {
  return mapColumns(artifact, dataset, (data, size) => data.subarray(from * size, to * size), to - from);
}

function mapColumns(
  artifact: Artifact,
  dataset: Dataset,
  cut: (data: HostArray, size: number) => HostArray,
  length: number,
): Batch {
  const batch = new Map<string, HostTensor>();
  for (const { name, shape, batched } of artifact.data) {
    const column = Object.hasOwn(dataset.columns, name) ? dataset.columns[name] : undefined;
    if (column === undefined) continue;
    batch.set(name, batched ? { shape: [length, ...shape], data: cut(column.data, sizeOf(shape)) } : column);
  }
  return Object.fromEntries(batch);
}
