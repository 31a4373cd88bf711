/**
 * Trains the example NRI, beside the page so that this stays responsive whatever a step takes: the model, its settings
 * and its data are those of `sstc run examples/nri/nri.sst --scale demo`.
 */
import { type ExperimentSpec, readExperiment, render } from "sstc";
import { type Dataset, type Model, type Split, train } from "sstc/runtime";
import { graph_layout } from "../nri/data.js";
import text from "../nri/nri.sst?raw";
import { chooseDevice } from "./device.ts";
import type { News, Order } from "./messages.ts";
import { openModel, tell } from "./open-model.ts";

/** Held-out examples that precision is told of, and how many of them are drawn. */
const HELD_OUT = 32;
const DRAWN = 6;
/** Of what the experiment compares, the page trains one. */
const CHOSEN = { Edges: "SpanningTree", T: 10 } as const;
/** Steps from one look at the held-out examples to the next. */
const EVERY = 20;

interface Training {
  readonly model: Model;
  readonly batch: number;
  readonly train: Dataset;
  readonly held: Dataset;
}

const send = (news: News) => postMessage(news);
const failed = (problem: unknown) => send({ kind: "failed", words: tell(problem) });

/** A setting of the page's address, where it has one: a positive whole number. */
function settingOf(search: string, name: string): number | undefined {
  const value = Number(new URLSearchParams(search).get(name));
  return Number.isInteger(value) && value > 0 ? value : undefined;
}

async function prepare(search: string): Promise<Training> {
  const device = await chooseDevice(search);
  const source = { name: "nri.sst", text };
  const hidden = settingOf(search, "hidden");
  const settings = hidden === undefined ? [] : [`hidden=${hidden}`];
  const { spec, diagnostics } = readExperiment(source, { scale: "demo", settings });
  if (spec === undefined) throw new Error(diagnostics.map(render).join("\n"));
  const opened = await openModel(text, source.name, device, compilingOf(spec), {
    seed: 1,
    optimizer: optimizerOf(spec),
  });
  if (opened.model === undefined) throw new Error(opened.diagnostics.map(render).join("\n"));
  const sizes = { train: spec.data.named.train as number, valid: HELD_OUT, test: 1 };
  const data = await graph_layout(CHOSEN.T, sizes);
  const training = {
    model: opened.model,
    batch: settingOf(search, "batch") ?? spec.train.batch,
    train: { size: sizes.train, ...data.train },
    held: { size: HELD_OUT, ...data.valid },
  };
  introduce(training, device.label);
  return training;
}

/** What the experiment tells the compiler. */
function compilingOf({ modelArguments, hypers }: ExperimentSpec) {
  return {
    arguments: { ...(modelArguments as { readonly [name: string]: number | boolean | string }), ...CHOSEN },
    hypers: hypers as { readonly [name: string]: number },
  };
}

function optimizerOf({ train: { optimizer } }: ExperimentSpec) {
  return { name: optimizer.name, learningRate: optimizer.arguments.learning_rate as number };
}

function introduce({ model, batch, held }: Training, device: string): void {
  const { vertices, edges } = model.artifact.latents[0]!.graph!;
  const { x, truth } = held.columns as { x: Split["columns"][string]; truth: Split["columns"][string] };
  const steps = x.shape[1]!;
  const frame = 2 * vertices;
  const examples = Array.from({ length: DRAWN }, (_, example) => ({
    frames: Array.from({ length: steps }, (__, t) => {
      const begin = (example * steps + t) * frame;
      // From the square between −1 and 1 to the one between 0 and 1.
      return Float32Array.from(x.data.subarray(begin, begin + frame), (at) => (at + 1) / 2);
    }),
    truth: Float32Array.from(truth.data.subarray(example * edges.length, (example + 1) * edges.length)),
  }));
  send({ kind: "ready", device, vertices, edges, examples, batch });
}

async function look({ model, held }: Training, precision: number): Promise<void> {
  const { z } = await model.sample({ x: held.columns.x! }, { seed: 1 });
  const size = z!.data.length / HELD_OUT;
  const chosen = Array.from({ length: DRAWN }, (_, i) => Float32Array.from(z!.data.subarray(i * size, (i + 1) * size)));
  send({ kind: "validation", precision, chosen });
}

/** Trains until `signal` stops it; another call goes on where this one ended. */
async function go(training: Training, signal: AbortSignal): Promise<void> {
  await train(training.model, {
    batch: training.batch,
    steps: Number.MAX_SAFE_INTEGER,
    validateEvery: EVERY,
    train: training.train,
    splits: { held: training.held },
    signal,
    onStep: ({ step, loss }) => send({ kind: "step", step, loss, time: performance.now() }),
    onValidation: ({ metrics }) => look(training, (metrics.held!.edges as { precision: number }).precision),
  });
  send({ kind: "paused" });
}

let training: Promise<Training> | undefined;
let stop = new AbortController();
let last: Promise<void> = Promise.resolve();

addEventListener("message", ({ data: order }: MessageEvent<Order>) => {
  if (order.kind === "open") {
    training = prepare(order.search);
    training.catch(failed);
    return;
  }
  stop.abort();
  if (order.kind === "pause" || training === undefined) return;
  stop = new AbortController();
  const { signal } = stop;
  const opened = training;
  // What was stopped may still be in its last step.
  last = last.then(async () => go(await opened, signal)).catch(failed);
});
