/**
 * The ListOps data of Paulus et al. 2020 (D.6.1): expressions of digits, MIN, MAX and MED with their values, as many of
 * each depth from 1 to 5, none twice; made here, or the original files of a user.
 */

import { Random } from "../random.js";
import { parse } from "./expressions.js";
import { Generator, READINGS } from "./generator.js";
import { filesAt, readExpressions } from "./tsv.js";

/** @typedef {import("./tsv.js").Expression} Expression */
/** @typedef {{ shape: number[], data: Int32Array | Float32Array }} Column */
/** @typedef {{ columns: { tokens: Column, length: Column, parent: Column, answer: Column } }} Split */

const DEPTHS = 5;
/** Shares of the space of expressions that belong to the splits, whatever their sizes: no expression is in two. */
const SHARES = { train: [0, 0.8], valid: [0.8, 0.9], test: [0.9, 1] };
const STREAMS = { train: 0, valid: 1, test: 2 };

/**
 * Splits with the columns `tokens` (codes, padded to N with 0), `length`, `parent` (the place of each operand's
 * operator; -1 for the first token, -2 for `]` and padding) and `answer`, and two baselines without a model. The size
 * of one split changes no other.
 * @param {object} options
 * @param {number} options.N tokens of an expression at most
 * @param {number} options.train @param {number} options.valid @param {number} options.test sizes of the splits
 * @param {number} [options.seed]
 * @param {number} [options.reading]
 *   1 takes the limits of the paper for tokens, 10 to 50, with depths that do not count the first level of operators;
 *   2 takes them for the bracketed strings of the original files, which gives 4 to 17 tokens
 * @param {string} [options.path]
 *   a .tsv file of the original data is the test split, of which what fits the reading is taken; a directory may hold
 *   the other splits, too
 */
export async function listops({ N, train, valid, test, seed = 42, reading = 1, path }) {
  for (const [name, value] of Object.entries({ train, valid, test })) wholeNumber(name, value, 1);
  const limits = READINGS[/** @type {1 | 2} */ (reading)];
  if (limits === undefined) throw new RangeError(`listops: reading is 1 or 2, but it is ${reading}`);
  // The shortest expression of a nesting: each level adds an operator, an operand and a bracket.
  wholeNumber("N", N, 3 * (limits.firstNesting + DEPTHS - 1) + 1);
  const most = Math.min(N, limits.most);
  const files = path === undefined ? undefined : filesAt(path);
  /** @type {Set<string>} */
  const taken = new Set();
  const sizes = { train, valid, test };
  const splits = /** @type {{ [name: string]: Split }} */ ({});
  // What is read comes first, so that nothing made is in it.
  for (const name of /** @type {const} */ (["test", "valid", "train"])) {
    const file = files?.[name];
    if (file === undefined) continue;
    splits[name] = columns(chosen(file, sizes[name], { ...limits, most }, taken), N);
  }
  const generator = new Generator(limits.firstNesting + DEPTHS - 1, most);
  for (const name of /** @type {const} */ (["train", "valid", "test"])) {
    splits[name] ??= columns(made(generator, limits, sizes[name], name, new Random(seed, STREAMS[name]), taken), N);
  }
  const { train: a, valid: b, test: c } = /** @type {{ train: Split, valid: Split, test: Split }} */ (splits);
  return { train: a, valid: b, test: c, baselines: baselines(a, c) };
}

/** @param {string} name @param {number} value @param {number} least */
function wholeNumber(name, value, least) {
  if (Number.isInteger(value) && value >= least) return;
  throw new RangeError(`listops: ${name} must be an integer of at least ${least}, but it is ${value}`);
}

/**
 * Expressions of a file that fit the limits, each once; how many do not, and why, is told on standard error.
 * @param {string} file @param {number} size @param {{ least: number, most: number, firstNesting: number }} limits
 * @param {Set<string>} taken
 */
function chosen(file, size, { least, most, firstNesting }, taken) {
  const all = readExpressions(file);
  const deepest = firstNesting + DEPTHS - 1;
  const fits = all.filter(({ codes, nesting }) => {
    return codes.length >= least && codes.length <= most && nesting >= firstNesting && nesting <= deepest;
  });
  const once = fits.filter(({ codes }) => {
    const key = codes.join(" ");
    return !taken.has(key) && taken.add(key);
  });
  const used = once.slice(0, size);
  const what = `of ${all.length} expressions in ${file}, ${fits.length} have ${least} to ${most} tokens and nesting`;
  const twice = once.length < fits.length ? `, ${fits.length - once.length} of them twice` : "";
  process.stderr.write(`${what} ${firstNesting} to ${deepest}${twice}; ${used.length} are used\n`);
  if (used.length > 0) return used;
  throw new Error(`${file} has no expression of ${least} to ${most} tokens and nesting ${firstNesting} to ${deepest}`);
}

/**
 * New expressions, as many of each depth, in an order by chance.
 * @param {Generator} generator @param {{ least: number, firstNesting: number }} limits @param {number} size
 * @param {keyof typeof SHARES} name @param {Random} random @param {Set<string>} taken
 */
function made(generator, { least, firstNesting }, size, name, random, taken) {
  const [from, to] = /** @type {[number, number]} */ (SHARES[name]);
  /** @type {Expression[]} */
  const found = [];
  for (let depth = 1; depth <= DEPTHS; depth++) {
    const wanted = Math.floor(size / DEPTHS) + (depth <= size % DEPTHS ? 1 : 0);
    let misses = 0;
    for (let count = 0; count < wanted; ) {
      const codes = generator.draw(firstNesting + depth - 1, least, random);
      const key = codes.join(" ");
      const place = share(key);
      if (place < from || place >= to || taken.has(key)) {
        // Misses in a row: nearly all that there are have been found.
        if (++misses < 20000) continue;
        throw new Error(
          `listops: no more than about ${count} different expressions of depth ${depth} were found for ${name}, but it \
needs ${wanted}; ask for fewer than ${size}, or for more tokens than ${generator.most}`,
        );
      }
      misses = 0;
      count++;
      taken.add(key);
      found.push({ codes, ...parse(codes) });
    }
  }
  return random.shuffled(found);
}

/**
 * A number in [0, 1) that a text always has (FNV-1a).
 * @param {string} text
 */
function share(text) {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  // FNV's high bits hardly know the last characters.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}

/**
 * @param {readonly Expression[]} list @param {number} N
 * @returns {Split}
 */
function columns(list, N) {
  const size = list.length;
  const tokens = new Int32Array(size * N);
  const parent = new Float32Array(size * N).fill(-2);
  list.forEach(({ codes, parents }, example) => {
    tokens.set(codes, example * N);
    parent.set(parents, example * N);
  });
  return {
    columns: {
      tokens: { shape: [size, N], data: tokens },
      length: { shape: [size], data: Int32Array.from(list, ({ codes }) => codes.length) },
      parent: { shape: [size, N], data: parent },
      answer: { shape: [size], data: Int32Array.from(list, ({ value }) => value) },
    },
  };
}

/**
 * What one knows without reading, and from the first operator alone.
 * @param {Split} train @param {Split} test
 */
function baselines(train, test) {
  const accuracy = (/** @type {(tokens: Column, example: number) => number} */ kindOf) => {
    /** @type {Map<number, number[]>} */
    const counts = new Map();
    const { tokens, answer } = train.columns;
    answer.data.forEach((value, example) => {
      const kind = kindOf(tokens, example);
      const own = counts.get(kind) ?? new Array(10).fill(0);
      own[value]++;
      counts.set(kind, own);
    });
    const best = (/** @type {number} */ kind) => {
      const own = counts.get(kind) ?? [1];
      return own.indexOf(Math.max(...own));
    };
    let right = 0;
    test.columns.answer.data.forEach((value, example) => {
      if (best(kindOf(test.columns.tokens, example)) === value) right++;
    });
    return right / test.columns.answer.data.length;
  };
  const first = (/** @type {Column} */ { shape, data }, /** @type {number} */ example) =>
    /** @type {number} */ (data[example * /** @type {number} */ (shape[1])]);
  return [
    { name: "most frequent answer", metrics: { "test.accuracy": accuracy(() => 0) } },
    { name: "most frequent of the first operator", metrics: { "test.accuracy": accuracy(first) } },
  ];
}
