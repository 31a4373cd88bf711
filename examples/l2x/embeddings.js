/** Word vectors from a text file: on each line a word and its numbers, apart by blanks (paper, D.7: 200 of them). */

import { Random } from "../random.js";
import { DataError, tell } from "./error.js";
import { linesOf, numberIn } from "./lines.js";
import { PADDING } from "./vocabulary.js";

/** Vectors of words without one are uniform in ± this. */
const RANGE = 0.05;
/** Random streams up to here are those of the splits. */
const STREAM = 101;

/**
 * The table of embeddings, a row for each code: vectors of the file where it knows the word, zeros for padding, small
 * random numbers for the others.
 * @param {string} path packed by gzip or not
 * @param {{ words: readonly string[], codes: ReadonlyMap<string, number> }} vocabulary
 * @param {number} size rows, at least the words
 * @param {number} seed
 * @returns {{ shape: [number, number], data: Float32Array }}
 * @throws {DataError} with file and line
 */
export function readEmbeddings(path, { words, codes }, size, seed) {
  let dimension = 0;
  let repeated = 0;
  /** @type {Map<number, Float32Array>} */
  const vectors = new Map();
  for (const { text, place } of linesOf(path)) {
    const [word = "", ...fields] = text.trimEnd().split(" ");
    if (dimension === 0) dimension = fields.length;
    checkLength(word, fields.length, dimension, path, place);
    const code = codes.get(word.toLowerCase());
    if (code !== undefined && vectors.has(code)) repeated++;
    else if (code !== undefined) vectors.set(code, vectorOf(fields, place));
  }
  if (dimension === 0)
    throw new DataError("this file of word vectors is empty", { place: path, help: "Fetch or copy it again." });
  const random = new Random(seed, STREAM);
  const data = Float32Array.from({ length: size * dimension }, () => RANGE * (2 * random.uniform() - 1));
  data.fill(0, PADDING * dimension, (PADDING + 1) * dimension);
  for (const [code, vector] of vectors) data.set(vector, code * dimension);
  const twice = repeated === 0 ? "" : `; ${repeated} lines repeat a word and were passed over for the first of them`;
  tell(`${vectors.size} of ${words.length - 2} words have a vector in ${path}, the others random ones${twice}`);
  return { shape: [size, dimension], data };
}

/** @param {string} word @param {number} count @param {number} dimension @param {string} path @param {string} place */
function checkLength(word, count, dimension, path, place) {
  if (word === "" || count === 0)
    throw new DataError("this line is no word with its numbers", {
      place,
      help: "A line is a word and its numbers, set apart by single blanks.",
    });
  if (count !== dimension)
    throw new DataError(`the word ${JSON.stringify(word)} has ${count} numbers`, {
      place,
      why: `the first line of ${path} has ${dimension}`,
      help: "All vectors must have the same length, and the file no line ahead of them.",
    });
}

/** @param {readonly string[]} fields @param {string} place */
function vectorOf(fields, place) {
  return Float32Array.from(fields, (field) => {
    const value = numberIn(field);
    if (value === undefined)
      throw new DataError(`${JSON.stringify(field)} is no number`, { place, help: "Mend the line, or remove it." });
    return value;
  });
}
