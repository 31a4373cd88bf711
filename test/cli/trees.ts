/** A small experiment in a folder of its own: which edges of a graph are a tree, told by noisy weights. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MODEL = `
model Trees(V = 3, hidden = 2, Edges: Structure = SpanningTree) {
  graph K = complete(V)
  hyper t = 0.5
  data x: f32[edges(K)]
  data truth: f32[edges(K)]
  param w: f32[edges(K)] ~ normal(0.1)
  param spread: f32[hidden] ~ normal(1)
  latent z: Edges(K) ~ Gumbel(w + x * sum(spread)) relax ExpFamily at t
  minimize sum((z - truth) ^ 2)
  metric edges = structure_recovery(z, truth)
}

/// Edges of two kinds.
experiment fit for Trees {
  vary Edges in { IndependentEdges, SpanningTree }
  hyper lr = 0.05
  hyper t = 0.4
  data from "./data.js" trees(V = 3, train = 20, valid = 6, test = 5, seed = 1)
  train adam(lr) batch 8 steps 12 validate every 5 keep best valid.loss
  report test.loss, test.edges.precision, test.edges.recall
  scale tiny { data train = 16  train steps 2 }
}
`;

const DATA = `
export function trees({ V, train, valid, test, seed }) {
  let state = seed;
  const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
  const n = (V * (V - 1)) / 2;
  const split = (size) => {
    const x = new Float32Array(size * n);
    const truth = new Float32Array(size * n);
    for (let i = 0; i < size; i++) {
      const left = Math.floor(random() * n);
      for (let e = 0; e < n; e++) {
        truth[i * n + e] = e === left ? 0 : 1;
        x[i * n + e] = truth[i * n + e] + 0.2 * random();
      }
    }
    return { columns: { x: { shape: [size, n], data: x }, truth: { shape: [size, n], data: truth } } };
  };
  const splits = { train: split(train), valid: split(valid), test: split(test) };
  return { ...splits, baselines: [{ name: "guessing", metrics: { "test.edges.precision": 2 / 3 } }] };
}
`;

/** A new folder with the experiment; whoever makes it removes it. */
export function treesFolder(change: (model: string) => string = (model) => model): {
  readonly folder: string;
  readonly file: string;
} {
  const folder = mkdtempSync(join(tmpdir(), "sstc-trees-"));
  const file = join(folder, "trees.sst");
  writeFileSync(file, change(MODEL));
  writeFileSync(join(folder, "data.js"), DATA);
  return { folder, file };
}
