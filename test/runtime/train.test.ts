/** Training loops and experiments: batches, metrics, keeping the best, interruption and resumption. */
import { describe, expect, it } from "vitest";
import type { Artifact, ExperimentSpec } from "../../compiler/artifact.ts";
import { callDataModule } from "../../runtime/data-module.ts";
import { createDataset, Shuffler } from "../../runtime/dataset.ts";
import { type ExperimentOptions, runExperiment } from "../../runtime/experiment.ts";
import { instantiate } from "../../runtime/instantiate.ts";
import { flattenMetrics, MetricMeans, metricAt, resolveMetrics } from "../../runtime/metrics.ts";
import { evaluateDataset, type TrainOptions, train } from "../../runtime/train.ts";
import type { Files } from "../../runtime/variant-files.ts";
import { dataCall, variantsOf } from "../../runtime/variants.ts";
import { failure } from "./failure.ts";
import { tinyArtifact, tinyData } from "./tiny.ts";

const artifact = tinyArtifact();
const dataset = (examples: number, stream: number) =>
  createDataset(artifact, { columns: tinyData(examples, stream) }, "data");
const optimizer = { name: "adam", learningRate: 0.02 } as const;

describe("batches", () => {
  it("visit every example once an epoch, the last batch being smaller", () => {
    const shuffler = new Shuffler(1, 10, 4);
    const sizes = [0, 1, 2].map((step) => shuffler.at(step).length);
    expect(sizes).toEqual([4, 4, 2]);
    const epoch = (from: number) => [0, 1, 2].flatMap((i) => [...shuffler.at(from + i)]);
    expect(epoch(0).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(epoch(3)).not.toEqual(epoch(0));
    expect([...new Shuffler(1, 10, 4).at(4)]).toEqual([...shuffler.at(4)]);
  });

  it("data sets leave out what the model does not declare, and refuse what does not fit", async () => {
    const { x, y } = tinyData(4);
    expect(Object.keys(createDataset(artifact, { columns: { x, y, z: y } }, "train data").columns)).toEqual(["x", "y"]);
    expect((await failure(() => createDataset(artifact, { columns: { x } }, "valid data"))).message).toBe(
      "valid data: `y` is missing",
    );
  });
});

describe("metrics", () => {
  it("weigh every example alike, whatever batch it is in", () => {
    const means = new MetricMeans();
    means.add(
      { a: { shape: [3], data: new Float32Array([1, 2, 3]) }, loss: { shape: [], data: new Float32Array([2]) } },
      3,
    );
    means.add(
      { a: { shape: [1], data: new Float32Array([10]) }, loss: { shape: [], data: new Float32Array([10]) } },
      1,
    );
    expect(Object.fromEntries(means.means())).toEqual({ a: 4, loss: 4 });
  });

  it("choose the best reading for the whole set, the first on a tie", () => {
    const reading = (agree: number, disagree: number) =>
      resolveMetrics(artifact.metrics, new Map(Object.entries({ agree, disagree })));
    expect(reading(0.3, 0.7)).toEqual({ signs: { right: 0.7, wrong: 0.3 } });
    expect(reading(0.8, 0.2)).toEqual({ signs: { right: 0.8, wrong: 0.2 } });
    expect(flattenMetrics(reading(0.5, 0.5))).toEqual({ "signs.right": 0.5, "signs.wrong": 0.5 });
  });

  it("take the first reading when two are equally good", () => {
    const leaf = (output: string) => ({ kind: "mean", output }) as const;
    const reading = (other: string) =>
      ({ kind: "record", fields: { right: leaf("right"), other: leaf(other) } }) as const;
    const tree = { kind: "best", by: "right", readings: { first: reading("one"), second: reading("two") } } as const;
    const means = new Map(Object.entries({ right: 0.5, one: 1, two: 2 }));
    expect(resolveMetrics({ tree }, means)).toEqual({ tree: { right: 0.5, other: 1 } });
  });

  it("of the same parameters are the same whatever the step: validation draws the same noise", async () => {
    const model = await instantiate(artifact, { device: "cpu", optimizer: { name: "adam", learningRate: 1e-30 } });
    const before = await evaluateDataset(model, dataset(20, 2), 8);
    await model.step(tinyData(8));
    expect(await evaluateDataset(model, dataset(20, 2), 8)).toEqual(before);
  });

  it("are found by their path, or missed with a suggestion", async () => {
    const error = await failure(() => metricAt({ edges: { recall: 1 } }, "edges.recal", "Tiny"));
    expect(error.report()).toBe("Tiny has no metric called `edges.recal`\n  help: did you mean `edges.recall`?");
  });

  it("of a data set do not depend on the size of its batches", async () => {
    const model = await instantiate(artifact, { device: "cpu" });
    // Shrinks prediction and noise to nothing: batches of other sizes see other noise.
    model.setHyper("t", 1e-7);
    const [a, b] = [await evaluateDataset(model, dataset(50, 2), 50), await evaluateDataset(model, dataset(50, 2), 7)];
    expect(a.elbo).toBeCloseTo(b.elbo as number, 5);
    expect(a.loss).toBeCloseTo(-(a.elbo as number), 5);
    expect(b.fixed).toBe(0.25);
  });
});

/** The artifact whose schedules begin at step `from`, as if loading had begun them anew. */
function again(given: Artifact, from: number): Artifact {
  const hypers = given.hypers.map((hyper) => {
    const { from: first, to, steps } = hyper.anneal!;
    // The line through the same values `from` steps later.
    const slope = (to - first) / steps;
    return { ...hyper, anneal: { from: first - slope * from, to, steps: steps + from } };
  });
  return { ...given, hypers };
}

describe("training", () => {
  const options: TrainOptions = {
    batch: 16,
    steps: 25,
    validateEvery: 10,
    train: dataset(50, 1),
    splits: { valid: dataset(30, 2) },
    keepBest: { split: "valid", metric: "elbo" },
  };

  it("validates on time and at the end, and keeps the best", async () => {
    const model = await instantiate(artifact, { device: "cpu", seed: 1, optimizer });
    const seen: [number, boolean][] = [];
    const saved: string[] = [];
    const result = await train(model, {
      ...options,
      onValidation: ({ step, best }) => void seen.push([step, best]),
      onCheckpoint: (name) => void saved.push(name),
    });
    expect(seen).toEqual([
      [10, true],
      [20, true],
      [25, true],
    ]);
    expect(saved).toEqual(["best", "last", "best", "last", "best", "last"]);
    expect(result).toMatchObject({ finished: true, steps: 25, best: { metric: "valid.elbo", step: 25 } });
  });

  it("keeps the smallest of a loss, and the earliest of equals", async () => {
    const bestStep = async (metric: string) => {
      const model = await instantiate(artifact, { device: "cpu", seed: 1, optimizer });
      return (await train(model, { ...options, keepBest: { split: "valid", metric } })).best!.step;
    };
    expect(await bestStep("loss")).toBe(25);
    expect(await bestStep("fixed")).toBe(10);
  });

  it("continues bit for bit after an interruption at any step, also within a schedule", async () => {
    const [hyper] = artifact.hypers;
    const annealed = tinyArtifact({ hypers: [{ ...hyper!, anneal: { from: 2, to: 0.5, steps: 21 } }] });
    const run = async (interrupt: number | undefined, restarted = false) => {
      const controller = new AbortController();
      let last = new Uint8Array(0);
      const saving = {
        ...options,
        onCheckpoint: (name: string, bytes: Uint8Array) => {
          if (name === "last") last = Uint8Array.from(bytes);
        },
      };
      const model = await instantiate(annealed, { device: "wasm", seed: 7, optimizer });
      const stopping = {
        ...saving,
        signal: controller.signal,
        onStep: ({ step }: { step: number }) => void (step === interrupt && controller.abort()),
      };
      const first = await train(model, stopping);
      if (first.finished) return last;
      expect(first.steps).toBe(interrupt);
      const resumed = await instantiate(restarted ? again(annealed, first.steps) : annealed, {
        device: "wasm",
        seed: 123,
      });
      await train(resumed, { ...saving, resume: { bytes: last, file: "last" } });
      return last;
    };
    const whole = await run(undefined);
    for (const interrupt of [1, 9, 10, 13, 20]) {
      expect(await run(interrupt)).toEqual(whole);
      // What the comparison must tell: the run would be another one if its schedule began anew.
      expect(await run(interrupt, true)).not.toEqual(whole);
    }
  });

  it("refuses impossible settings and foreign runs", async () => {
    const model = await instantiate(artifact, { device: "cpu" });
    const message = async (changes: Partial<TrainOptions>) =>
      (await failure(() => train(model, { ...options, ...changes }))).message;
    expect(await message({ batch: 0 })).toBe("`batch` of the training is 0");
    expect(await message({ validateEvery: 2.5 })).toBe("`validateEvery` of the training is 2.5");
    expect(await message({ keepBest: { split: "dev", metric: "elbo" } })).toContain(
      "the split `dev`, which validation does not evaluate",
    );
    const bytes = await model.save({ examples: 49, batch: 16 });
    expect(await message({ resume: { bytes, file: "F" } })).toBe(
      "F was written by a run on 49 examples in batches of 16, this one has 50 examples in batches of 16",
    );
    expect(await message({ keepBest: { split: "valid", metric: "accuracy" } })).toBe(
      "Tiny has no metric called `accuracy`",
    );
  });
});

const spec: ExperimentSpec = {
  name: "fit",
  model: "Tiny",
  vary: [
    { name: "Edges", values: ["TopKEdges", "SpanningTree"] },
    { name: "T", values: [10] },
  ],
  modelArguments: { hidden: 8, Edges: { vary: "Edges" }, T: { vary: "T" } },
  data: { path: "./data.js", function: "make", positional: [{ vary: "T" }], named: { train: 40 } },
  hypers: { t: 1.5 },
  train: {
    optimizer: { name: "adam", arguments: { lr: 0.02 } },
    batch: 16,
    steps: 12,
    validateEvery: 5,
    keepBest: { split: "valid", metric: "elbo" },
  },
  report: [
    { split: "test", metric: "elbo" },
    { split: "test", metric: "signs.right" },
  ],
};

function memoryFiles(): Files & { readonly all: Map<string, Uint8Array> } {
  const all = new Map<string, Uint8Array>();
  return {
    all,
    read: async (path) => all.get(path)!,
    write: async (path, bytes) => void all.set(path, Uint8Array.from(bytes)),
    exists: async (path) => all.has(path),
  };
}

function experimentOptions(changes: Partial<ExperimentOptions> = {}): ExperimentOptions & { readonly log: string[] } {
  const log: string[] = [];
  const data = {
    train: { columns: tinyData(40, 1) },
    valid: { columns: tinyData(20, 2) },
    test: { columns: tinyData(20, 3) },
  };
  return {
    log,
    compile: (given) => {
      log.push(`compile ${JSON.stringify(given)}`);
      return tinyArtifact({ arguments: given });
    },
    loadData: async (call) => {
      log.push(`data ${JSON.stringify([call.positional, call.named])}`);
      return { ...data, baselines: [{ name: "minimum spanning tree", metrics: { "test.signs.right": 0.5 } }] };
    },
    files: memoryFiles(),
    instantiate: { device: "cpu" },
    seed: 5,
    ...changes,
  };
}

describe("experiments", () => {
  it("run the product of what they vary, and make a table with the baselines", async () => {
    const options = experimentOptions();
    const { results, table, finished } = await runExperiment(spec, options);
    expect(finished).toBe(true);
    expect(results.map(({ variant }) => variant.name)).toEqual(["Edges=TopKEdges,T=10", "Edges=SpanningTree,T=10"]);
    expect(options.log).toEqual([
      'compile {"hidden":8,"Edges":"TopKEdges","T":10}',
      'compile {"hidden":8,"Edges":"SpanningTree","T":10}',
      'data [[10],{"train":40}]',
    ]);
    expect(table.columns).toEqual(["Edges", "T", "test.elbo", "test.signs.right"]);
    expect(table.rows.map((row) => row.slice(0, 2))).toEqual([
      ["TopKEdges", "10"],
      ["SpanningTree", "10"],
      ["minimum spanning tree", "10"],
    ]);
    expect(table.rows[2]!.slice(2)).toEqual([undefined, 0.5]);
  });

  it("set hypers and arguments of the optimiser that are varied, and not the model's arguments", async () => {
    const files = memoryFiles();
    const { results } = await runExperiment(
      {
        ...spec,
        vary: [
          { name: "t", values: [0.5, 1.5] },
          { name: "rate", values: [0.02, 0.2] },
        ],
        modelArguments: {},
        data: { ...spec.data, positional: [{ vary: "t" }] },
        hypers: { t: { vary: "t" } },
        train: { ...spec.train, optimizer: { name: "adam", arguments: { lr: { vary: "rate" } } } },
      },
      experimentOptions({ files }),
    );
    expect(results).toHaveLength(4);
    const losses = results.map(({ metrics }) => metrics["test.loss"]);
    expect(new Set(losses).size).toBe(4);
    const read = (name: string) => JSON.parse(new TextDecoder().decode(files.all.get(`${name}/settings.json`)));
    expect(read("t=0.5,rate=0.2")).toMatchObject({
      arguments: {},
      hypers: { t: 0.5 },
      train: { optimizer: { name: "adam", arguments: { lr: 0.2 } } },
    });
    const wrong = { ...spec, vary: [{ name: "t", values: ["a"] }], hypers: { t: { vary: "t" } }, modelArguments: {} };
    const broken = { ...wrong, data: { ...spec.data, positional: [] } };
    const { message } = await failure(() => runExperiment(broken, experimentOptions()));
    expect(message).toBe('`t` is a number, but the experiment gives it "a"');
  });

  it("go on after an interruption to the same results, skipping what is finished", async () => {
    const whole = await runExperiment(spec, experimentOptions());
    const controller = new AbortController();
    const files = memoryFiles();
    let validations = 0;
    const stream = {
      write: (text: string) => void (text.includes("valid") && ++validations === 4 && controller.abort()),
    };
    const first = await runExperiment(spec, experimentOptions({ files, signal: controller.signal, stream }));
    expect(first.finished).toBe(false);
    expect(first.results.length).toBe(1);
    expect([...files.all.keys()]).toContain("Edges=SpanningTree,T=10/last.safetensors");
    const finished = files.all.get("Edges=TopKEdges,T=10/last.safetensors");
    const second = await runExperiment(spec, experimentOptions({ files, resume: true }));
    expect(files.all.get("Edges=TopKEdges,T=10/last.safetensors")).toBe(finished);
    expect(second.results.map(({ metrics }) => metrics)).toEqual(whole.results.map(({ metrics }) => metrics));
    const otherSeed = await failure(() => runExperiment(spec, experimentOptions({ files, resume: true, seed: 6 })));
    expect(otherSeed.message).toBe("Edges=TopKEdges,T=10/settings.json belongs to a run with other settings");
  });

  it("last for epochs, the last and smaller batch of each included, and are the same run as in steps", async () => {
    const trained = async (train: Partial<ExperimentSpec["train"]>) => {
      const files = memoryFiles();
      const lines: string[] = [];
      const stream = { write: (text: string) => void lines.push(text) };
      const own = { ...spec, vary: [], modelArguments: {}, data: { ...spec.data, positional: [] } };
      const given = { ...own, train: { ...spec.train, ...train } };
      const { results } = await runExperiment(given, experimentOptions({ files, stream }));
      const [{ steps, metrics }] = results as [(typeof results)[0]];
      const told = lines.flatMap((line) => / step +(\d+\/\d+) /.exec(line)?.[1] ?? []);
      return { steps, metrics, told, last: files.all.get("default/last.safetensors") };
    };
    // 40 examples in batches of 16 are 3 steps.
    const epochs = await trained({ steps: { epochs: 4 }, validateEvery: { epochs: 1 } });
    expect(epochs.steps).toBe(12);
    expect(epochs.told).toEqual(["3/12", "6/12", "9/12", "12/12"]);
    expect(epochs).toEqual(await trained({ steps: 12, validateEvery: 3 }));
    expect((await trained({ steps: { epochs: 2 }, validateEvery: 5 })).told).toEqual(["5/6", "6/6"]);
  });

  it("stopped within an epoch go on to the same end, and only for as many epochs as before", async () => {
    const given = { ...spec, train: { ...spec.train, steps: { epochs: 4 }, validateEvery: { epochs: 1 } } };
    const whole = await runExperiment(given, experimentOptions());
    const controller = new AbortController();
    const files = memoryFiles();
    const stream = { write: (text: string) => void (/ step +3\/12 /.test(text) && controller.abort()) };
    const stopped = await runExperiment(given, experimentOptions({ files, signal: controller.signal, stream }));
    expect(stopped.finished).toBe(false);
    const resumed = await runExperiment(given, experimentOptions({ files, resume: true }));
    expect(resumed.results.map(({ metrics }) => metrics)).toEqual(whole.results.map(({ metrics }) => metrics));
    const longer = { ...given, train: { ...given.train, steps: { epochs: 5 } } };
    const refused = await failure(() => runExperiment(longer, experimentOptions({ files, resume: true })));
    expect(refused.why).toBe("train.steps.epochs was 4 and now is 5");
  });

  it("refuse unknown names, splits, hyperparameters and arguments", async () => {
    const message = async (changes: Partial<ExperimentSpec>) =>
      (await failure(() => runExperiment({ ...spec, ...changes }, experimentOptions()))).message;
    expect(await message({ data: { ...spec.data, positional: [{ vary: "V" }] } })).toBe(
      "the experiment refers to `V`, which it does not vary",
    );
    expect(await message({ report: [{ split: "dev", metric: "elbo" }] })).toBe(
      "the experiment `fit` asks for `dev.elbo`",
    );
    expect(await message({ report: [{ split: "test", metric: "elb" }] })).toBe("Tiny has no metric called `elb`");
    expect(await message({ hypers: { tt: 1 } })).toBe("Tiny has no hyperparameter called `tt`");
    expect(await message({ train: { ...spec.train, optimizer: { name: "adam", arguments: { momentum: 1 } } } })).toBe(
      "`adam` has no argument called `momentum`",
    );
  });

  it("call the data module, and say what it lacks", async () => {
    const call = dataCall(spec, variantsOf(spec)[0]!);
    const given: unknown[] = [];
    const split = { columns: {} };
    const make = async (...all: unknown[]) => {
      given.push(...all);
      return { train: split, valid: split, test: split };
    };
    await callDataModule({ make }, call);
    expect(given).toEqual([10, { train: 40 }]);
    expect((await failure(() => callDataModule({ other: 1 }, call))).report()).toBe(
      "the data module ./data.js exports no function called `make`\n  help: it exports `other`",
    );
    expect((await failure(() => callDataModule({ make: () => ({ train: split }) }, call))).message).toBe(
      "`make` of the data module ./data.js returned no split `valid`",
    );
  });
});
