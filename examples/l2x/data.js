/**
 * Reviews with a rating to be predicted and evidence to be found (paper, Section 8.3 and D.7): generated ones, or the
 * files of a directory, BeerAdvocate's or film reviews with their counterfactual rewrites.
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import { Random } from "../random.js";
import { beerFiles, readBeerReviews } from "./beer.js";
import { baselinesOf, columnsOf } from "./columns.js";
import { COUNTERFACTUAL_FILES, readCounterfactualReviews } from "./counterfactual.js";
import { readEmbeddings } from "./embeddings.js";
import { DataError, tell } from "./error.js";
import { generateReviews, LEAST_ROOM } from "./generator.js";
import { ASPECTS } from "./grammar.js";
import { findFile } from "./lines.js";
import { Vocabulary } from "./vocabulary.js";

/**
 * @typedef {import("./columns.js").Review} Review
 * @typedef {"train" | "valid" | "test"} SplitName
 * @typedef {Record<SplitName, Review[]>} Reviews
 * @typedef {{
 *   L: number, vocabulary: number, train: number, valid: number, test: number, aspect?: number, seed?: number,
 *   k?: number,
 *   path?: string, embeddings?: string, skip_short?: boolean | number
 * }} Options
 */

const SPLITS = /** @type {const} */ (["train", "valid", "test"]);
/** The file of word vectors that was published with the BeerAdvocate reviews. */
const BEER_EMBEDDINGS = "review+wiki.filtered.200.txt";
/** Random streams: the splits have the first three. */
const SHUFFLES = { train: 3, heldOut: 4 };

/**
 * Training, validation and test data: columns `tokens` [size, L], `length`, `rating` [size], `evidence` [size, L] and
 * the weights `held_out`, `annotated` [size] (see `columns.js`); baselines; the word of each code.
 *
 * Without `path`, reviews are generated, `train`, `valid` and `test` of them. With it, the sizes are upper bounds: the
 * held-out file is halved into validation and test, and BeerAdvocate's annotated reviews follow the test half, all of
 * them: their weight `held_out` is 0, and only they are `annotated`.
 * @param {Options} options `L`: words of a review at most; `vocabulary`: codes of words, with 0 for padding and 1 for
 *   unknown words; `aspect`: 0 appearance, 1 aroma, 2 palate, 3 taste (film reviews have only their verdict);
 *   `k`: words that models choose, which each review must have; `path`: a directory, or "" for none; `embeddings`: a
 *   file of word vectors; `skip_short`: leave out, with a count, reviews that are empty or have fewer than `k` words
 * @throws {DataError} for options out of range and for malformed files, with file and line
 */
export async function reviews(options) {
  const {
    L,
    vocabulary,
    train,
    valid,
    test,
    aspect = 1,
    seed = 42,
    k = 1,
    path = "",
    embeddings = "",
    skip_short = false,
    ...rest
  } = options;
  const given = { L, vocabulary, train, valid, test, aspect, seed, k, path, embeddings, skip_short };
  checkOptions(given, Object.keys(rest));
  const { binary, all } = path === "" ? { binary: false, all: generated(L, given) } : fromFiles(given);
  const words = new Vocabulary(
    all.train.map(({ tokens }) => tokens.slice(0, L)),
    vocabulary,
  );
  const [a, b, c] = SPLITS.map((name) => columnsOf(all[name], L, words));
  const made = { train: must(a), valid: must(b), test: must(c) };
  tellLosses(made, L, words);
  const [trainSplit, validSplit, testSplit] = [made.train.split, made.valid.split, made.test.split];
  const vectors = embeddings !== "" || path === "" ? embeddings : (findFile(path, BEER_EMBEDDINGS) ?? "");
  const table = vectors === "" ? undefined : readEmbeddings(vectors, words, vocabulary, seed);
  return {
    train: trainSplit,
    valid: validSplit,
    test: testSplit,
    baselines: baselinesOf(trainSplit, testSplit, binary),
    vocabulary: words.words,
    ...(table === undefined ? {} : { initial: { "words.table": table } }),
  };
}

/** @template T @param {T | undefined} value @returns {T} */
const must = (value) => /** @type {T} */ (value);

/**
 * @param {Required<Options>} options @param {readonly string[]} unknown
 */
function checkOptions(options, unknown) {
  const { L, vocabulary, train, valid, test, aspect, seed, k } = options;
  if (unknown.length > 0)
    throw new DataError(`reviews: there is no option ${unknown.join(", ")}`, {
      help: `Options are ${Object.keys(options).join(", ")}.`,
    });
  for (const [name, value, least, most] of /** @type {[string, number, number, number][]} */ ([
    ["L", L, 1, Infinity],
    ["vocabulary", vocabulary, 3, 2 ** 24],
    ["train", train, 1, Infinity],
    ["valid", valid, 1, Infinity],
    ["test", test, 1, Infinity],
    ["aspect", aspect, 0, ASPECTS.length - 1],
    ["seed", seed, 0, 2 ** 32 - 1],
    ["k", k, 1, L],
  ])) {
    if (Number.isInteger(value) && value >= least && value <= most) continue;
    const range = most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`;
    const help = {
      vocabulary:
        "It counts the codes of padding (0) and unknown words (1), and columns hold codes exactly up to 2^24.",
      aspect: `Aspects are ${ASPECTS.map((each, i) => `${i} (${each})`).join(", ")}.`,
      k: "No more words can be chosen than a review may have, L.",
    }[name];
    throw new DataError(`reviews: ${name} must be a whole number ${range}, but it is ${value}`, {
      help: help ?? "Set it in the experiment's data clause.",
    });
  }
  for (const name of /** @type {const} */ (["path", "embeddings"])) {
    if (typeof options[name] !== "string")
      throw new DataError(`reviews: ${name} is no text, but ${JSON.stringify(options[name])}`, {
        help: 'Write it in quotes; "" is none.',
      });
  }
}

/**
 * Each split has a random stream of its own.
 * @param {number} L @param {Required<Options>} options @returns {Reviews}
 */
function generated(L, options) {
  if (L < LEAST_ROOM)
    throw new DataError(`reviews: generated reviews do not fit into L = ${L} words`, {
      why: "they judge four aspects in whole sentences",
      help: `Set L to at least ${LEAST_ROOM}.`,
    });
  const [train, valid, test] = SPLITS.map((name, stream) =>
    generateReviews(options[name], L, options.seed, stream).map(({ tokens, ratings, evidence }, i) => ({
      tokens,
      rating: must(ratings[options.aspect]),
      evidence: must(evidence[options.aspect]),
      place: `generated ${name} review ${i + 1}`,
      heldOut: true,
      annotated: true,
    })),
  );
  return { train: must(train), valid: must(valid), test: must(test) };
}

/** @param {Required<Options>} options @returns {{ binary: boolean, all: Reviews }} */
function fromFiles(options) {
  const { path, aspect } = options;
  if (!existsSync(path) || !statSync(path).isDirectory())
    throw new DataError(`reviews: ${path} is no directory`, {
      why: `the path is taken from ${process.cwd()}`,
      help: `It must have the files ${expected(aspect)}.`,
    });
  const names = readdirSync(path);
  const films = COUNTERFACTUAL_FILES.some((name) => findFile(path, name) !== undefined);
  const beers = names.some((name) => name.startsWith("reviews.aspect") || name === "annotations.json");
  if (films === beers)
    throw new DataError(`reviews: ${path} has ${films ? "files of two sources" : "none of the files that are known"}`, {
      help: `A directory must have either ${expected(aspect)}.`,
    });
  const read = films ? { ...readCounterfactualReviews(path), annotated: [] } : singles(readBeerReviews(path, aspect));
  const least = leastWords(options);
  const [train, heldOut, annotated] = [least(read.train), least(read.heldOut), least([read.annotated]).flat()];
  least.report();
  return { binary: films, all: divide(train, heldOut, annotated, options) };
}

/** Reviews that have no twins, each as a group of its own. @param {ReturnType<typeof readBeerReviews>} read */
function singles({ train, heldOut, annotated }) {
  return { train: train.map((review) => [review]), heldOut: heldOut.map((review) => [review]), annotated };
}

/** @param {number} aspect */
function expected(aspect) {
  return `${beerFiles(aspect).join(", ")} (BeerAdvocate) or ${COUNTERFACTUAL_FILES.join(", ")} (film reviews)`;
}

/**
 * A filter of groups of reviews: those with fewer than k words are an error, or left out and counted.
 * @param {Required<Options>} options
 */
function leastWords({ k, skip_short }) {
  let skipped = 0;
  const filter = (/** @type {readonly Review[][]} */ groups) =>
    groups.map((group) =>
      group.filter(({ tokens, place }) => {
        if (tokens.length >= k) return true;
        skipped++;
        if (skip_short) return false;
        const what =
          tokens.length === 0 ? "this review is empty" : `this review has ${tokens.length} words, and k = ${k} of them`;
        throw new DataError(tokens.length === 0 ? what : `${what} are to be chosen`, {
          place,
          help: "Mend the file, choose fewer words, or leave such reviews out, with a count, by skip_short = true.",
        });
      }),
    );
  const report = () => {
    if (skipped > 0)
      tell(`left out ${skipped} reviews that are empty or have fewer than ${k} words, as skip_short says`);
  };
  return Object.assign(filter, { report });
}

/**
 * The splits, in whole groups: a part of the training reviews, if fewer are asked for, and halves of the others.
 * @param {Review[][]} train @param {Review[][]} heldOut @param {Review[]} annotated @param {Required<Options>} options
 * @returns {Reviews}
 */
function divide(train, heldOut, annotated, options) {
  const shuffled = new Random(options.seed, SHUFFLES.heldOut).shuffled(heldOut);
  const middle = Math.ceil(shuffled.length / 2);
  const sources = {
    train: new Random(options.seed, SHUFFLES.train).shuffled(train),
    valid: shuffled.slice(0, middle),
    test: shuffled.slice(middle),
  };
  const [a, b, c] = SPLITS.map((name) => {
    const all = sources[name].flat().length;
    const taken = firstGroups(sources[name], options[name]);
    if (taken.length === 0)
      throw new DataError(`reviews: ${name} gets no review`, {
        why: `the files have ${all} for it in groups that must stay together, and ${options[name]} are asked for`,
        help: "Ask for more, or give files with more reviews; the held-out file is halved into valid and test.",
      });
    if (all < options[name])
      tell(`${name} has all ${all} reviews that there are for it, not the ${options[name]} asked for`);
    return taken;
  });
  if (annotated.length > 0) tell(`${annotated.length} annotated reviews follow the test reviews, for precision alone`);
  return { train: must(a), valid: must(b), test: [...must(c), ...annotated] };
}

/** Reviews of the first groups, as many groups as fit. @param {readonly Review[][]} groups @param {number} most */
function firstGroups(groups, most) {
  /** @type {Review[]} */
  const taken = [];
  for (const group of groups) {
    if (taken.length + group.length > most) break;
    taken.push(...group);
  }
  return taken;
}

/**
 * @param {Record<SplitName, { split: import("./columns.js").Split, losses: import("./columns.js").Losses }>} made
 * @param {number} L @param {Vocabulary} vocabulary
 */
function tellLosses(made, L, vocabulary) {
  const each = (/** @type {(name: SplitName) => string} */ say) =>
    SPLITS.map((name) => `${name} ${say(name)}`).join(", ");
  if (SPLITS.some((name) => made[name].losses.cut > 0)) {
    const counts = each((name) => {
      const { cut, lostEvidence, evidence } = made[name].losses;
      return `${cut} (and ${lostEvidence} of ${evidence} words of evidence)`;
    });
    tell(`reviews longer than ${L} words are cut: ${counts}`);
  }
  if (SPLITS.some((name) => made[name].losses.unknown > 0)) {
    const shares = each((name) => `${((100 * made[name].losses.unknown) / made[name].losses.words).toFixed(2)} %`);
    const known = `the vocabulary has ${vocabulary.words.length - 2} of the ${vocabulary.distinct} words of train`;
    tell(`unknown words, code 1: ${shares}; ${known}`);
  }
}
