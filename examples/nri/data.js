/**
 * The graph-layout data of Paulus et al. 2020 (D.5.1): a hidden spanning tree pulls its vertices together, step by
 * step. Each example is a tree from Kruskal's algorithm on Gumbel weights, and the positions over T steps of the
 * layout.
 */

import { Random } from "../random.js";

/**
 * Edges i < j of the complete graph in lexicographic order.
 * @param {number} vertices
 * @returns {[number, number][]}
 */
export function completeEdges(vertices) {
  /** @type {[number, number][]} */
  const edges = [];
  for (let i = 0; i < vertices; i++) for (let j = i + 1; j < vertices; j++) edges.push([i, j]);
  return edges;
}

/**
 * Maximum spanning tree by Kruskal's algorithm, as a 0/1 indicator over the edges of the complete graph.
 * @param {ArrayLike<number>} weights one for each edge
 * @param {number} vertices
 * @returns {Uint8Array}
 */
export function maximumTree(weights, vertices) {
  const edges = completeEdges(vertices);
  const order = edges
    .map((_, e) => e)
    .sort((a, b) => /** @type {number} */ (weights[b]) - /** @type {number} */ (weights[a]));
  const root = edges.length === 0 ? [] : Array.from({ length: vertices }, (_, v) => v);
  const find = (/** @type {number} */ v) => {
    let r = v;
    while (root[r] !== r) r = /** @type {number} */ (root[r]);
    return r;
  };
  const chosen = new Uint8Array(edges.length);
  for (const e of order) {
    const [i, j] = /** @type {[number, number]} */ (edges[e]);
    const [a, b] = [find(i), find(j)];
    if (a === b) continue;
    root[a] = b;
    chosen[e] = 1;
  }
  return chosen;
}

/**
 * One step of the force-directed layout of Fruchterman and Reingold (1991), with the constants of the published data:
 * step length a tenth of the larger extent, no cooling; then centred and scaled to the unit square.
 * @param {Float64Array} x positions, vertices × 2; changed in place
 * @param {Uint8Array} adjacency vertices × vertices
 */
export function layoutStep(x, adjacency) {
  const n = x.length / 2;
  const k = Math.sqrt(1 / n);
  const force = new Float64Array(2 * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const dx = at(x, 2 * i) - at(x, 2 * j);
      const dy = at(x, 2 * i + 1) - at(x, 2 * j + 1);
      const d = Math.max(Math.sqrt(dx * dx + dy * dy), 0.01);
      const pull = (k * k) / (d * d) - (at(adjacency, i * n + j) * d) / k;
      force[2 * i] = at(force, 2 * i) + dx * pull;
      force[2 * i + 1] = at(force, 2 * i + 1) + dy * pull;
    }
  }
  const step = 0.1 * Math.max(extent(x, 0), extent(x, 1));
  for (let i = 0; i < n; i++) {
    const length = Math.hypot(at(force, 2 * i), at(force, 2 * i + 1));
    const scale = step / (length < 0.01 ? 0.1 : length);
    x[2 * i] = at(x, 2 * i) + at(force, 2 * i) * scale;
    x[2 * i + 1] = at(x, 2 * i + 1) + at(force, 2 * i + 1) * scale;
  }
  let largest = 0;
  for (const axis of [0, 1]) {
    let mean = 0;
    for (let i = axis; i < 2 * n; i += 2) mean += at(x, i) / n;
    for (let i = axis; i < 2 * n; i += 2) {
      x[i] = at(x, i) - mean;
      largest = Math.max(largest, Math.abs(at(x, i)));
    }
  }
  for (let i = 0; i < 2 * n; i++) x[i] = at(x, i) / largest;
}

/** @param {ArrayLike<number>} values @param {number} i */
function at(values, i) {
  return /** @type {number} */ (values[i]);
}

/** @param {Float64Array} x @param {number} axis */
function extent(x, axis) {
  let [low, high] = [Infinity, -Infinity];
  for (let i = axis; i < x.length; i += 2) {
    low = Math.min(low, at(x, i));
    high = Math.max(high, at(x, i));
  }
  return high - low;
}

/**
 * @typedef {{ shape: number[], data: Float32Array }} Column
 * @typedef {{ columns: { x: Column, truth: Column } }} Split
 */

/**
 * @param {number} size @param {number} T @param {number} vertices @param {Random} random
 * @returns {Split}
 */
function generate(size, T, vertices, random) {
  const edges = completeEdges(vertices);
  const x = new Float32Array(size * T * vertices * 2);
  const truth = new Float32Array(size * edges.length);
  for (let example = 0; example < size; example++) {
    const tree = maximumTree(
      edges.map(() => random.gumbel()),
      vertices,
    );
    truth.set(tree, example * edges.length);
    const adjacency = new Uint8Array(vertices * vertices);
    edges.forEach(([i, j], e) => {
      adjacency[i * vertices + j] = adjacency[j * vertices + i] = at(tree, e);
    });
    const positions = Float64Array.from({ length: 2 * vertices }, () => random.normal());
    for (let t = 0; t < T; t++) {
      layoutStep(positions, adjacency);
      x.set(positions, (example * T + t) * 2 * vertices);
    }
  }
  return {
    columns: { x: { shape: [size, T, vertices, 2], data: x }, truth: { shape: [size, edges.length], data: truth } },
  };
}

/**
 * How well the minimum spanning tree of the last positions recovers the true one (precision equals recall).
 * @param {Split} split
 */
function lastPositionsTree(split) {
  const { x, truth } = split.columns;
  const [size, T, vertices] = /** @type {[number, number, number, number]} */ (x.shape);
  const edges = completeEdges(vertices);
  let hits = 0;
  for (let example = 0; example < size; example++) {
    const frame = x.data.subarray(((example + 1) * T - 1) * vertices * 2, (example + 1) * T * vertices * 2);
    const nearness = edges.map(
      ([i, j]) => -Math.hypot(at(frame, 2 * i) - at(frame, 2 * j), at(frame, 2 * i + 1) - at(frame, 2 * j + 1)),
    );
    const tree = maximumTree(nearness, vertices);
    for (let e = 0; e < edges.length; e++) hits += at(tree, e) * at(truth.data, example * edges.length + e);
  }
  return hits / (size * (vertices - 1));
}

/**
 * Training, validation and test data, with the minimum spanning tree of the last positions as a baseline. Splits have
 * streams of their own: changing the size of one changes no other.
 * @param {number} T observed steps
 * @param {{ train: number, valid: number, test: number, seed?: number, vertices?: number }} options sizes of the splits
 */
export async function graph_layout(T, { train, valid, test, seed = 42, vertices = 10 }) {
  for (const [name, value, least] of /** @type {const} */ ([
    ["T", T, 2],
    ["train", train, 1],
    ["valid", valid, 1],
    ["test", test, 1],
    ["vertices", vertices, 2],
  ])) {
    if (!Number.isInteger(value) || value < least)
      throw new RangeError(`graph_layout: ${name} must be an integer of at least ${least}, but it is ${value}`);
  }
  const [a, b, c] = [train, valid, test].map((size, stream) => generate(size, T, vertices, new Random(seed, stream)));
  const splits = { train: /** @type {Split} */ (a), valid: /** @type {Split} */ (b), test: /** @type {Split} */ (c) };
  const score = lastPositionsTree(splits.test);
  return {
    ...splits,
    baselines: [
      { name: "minimum spanning tree", metrics: { "test.edges.precision": score, "test.edges.recall": score } },
    ],
  };
}
