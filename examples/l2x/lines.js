/** Lines of text files, packed by gzip or not, and the JSON and numbers on them. */
import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { DataError } from "./error.js";

/**
 * @typedef {{ text: string, place: string }} Line its text, and "file:line" for messages
 */

/**
 * The first of these names that is a file in the directory; each may also be there with or without ".gz".
 * @param {string} directory @param {string} name without ".gz"
 * @returns {string | undefined}
 */
export function findFile(directory, name) {
  return [`${directory}/${name}`, `${directory}/${name}.gz`].find((path) => existsSync(path));
}

/** @param {string} path @returns {Uint8Array} */
function bytesOf(path) {
  /** @type {Uint8Array} */
  let bytes;
  try {
    bytes = readFileSync(path);
  } catch (problem) {
    throw new DataError("this file cannot be read", {
      place: path,
      why: messageOf(problem),
      help: "Check the path, and whether you may read it.",
    });
  }
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes);
  } catch (problem) {
    throw new DataError("this file is damaged: it cannot be unpacked by gzip", {
      place: path,
      why: messageOf(problem),
      help: "Fetch or copy it again.",
    });
  }
}

/** @param {unknown} problem */
const messageOf = (problem) => (problem instanceof Error ? problem.message : String(problem));

/**
 * The lines of a file, decoded one by one, since the whole may be longer than a string can be. A last line that is
 * empty is none.
 * @param {string} path @returns {Generator<Line>}
 */
export function* linesOf(path) {
  const bytes = bytesOf(path);
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let number = 0;
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(10, start);
    const end = newline === -1 ? bytes.length : newline;
    const place = `${path}:${++number}`;
    /** @type {string} */
    let text;
    try {
      text = decoder.decode(bytes.subarray(start, end));
    } catch {
      throw new DataError("this line is no UTF-8 text", { place, help: "Convert the file to UTF-8." });
    }
    yield { text: text.endsWith("\r") ? text.slice(0, -1) : text, place };
    start = end + 1;
  }
}

/** The object that a line holds in JSON. @param {Line} line @returns {{ [key: string]: unknown }} */
export function objectOn({ text, place }) {
  /** @type {unknown} */
  let value;
  try {
    value = JSON.parse(text);
  } catch (problem) {
    throw new DataError("this line is no JSON", {
      place,
      why: messageOf(problem),
      help: "Each line must be one object in JSON, and no line may be empty.",
    });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new DataError("this line is JSON, but no object", {
      place,
      help: 'It must be one such as {"tokens": […], …}.',
    });
  return /** @type {{ [key: string]: unknown }} */ (value);
}

/**
 * A finite number in decimal notation, or undefined.
 * @param {string} text
 */
export function numberIn(text) {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}

/**
 * The list of words under a key, in lower case.
 * @param {{ [key: string]: unknown }} object @param {string} key @param {string} place @returns {string[]}
 */
export function wordsUnder(object, key, place) {
  const list = object[key];
  if (!Array.isArray(list) || list.some((word) => typeof word !== "string" || word === ""))
    throw new DataError(`\`${key}\` is no list of words`, {
      place,
      help: `It must be such as {"${key}": ["a", "word"]}.`,
    });
  return /** @type {string[]} */ (list).map((word) => word.toLowerCase());
}

/**
 * Spans of words, from the first to before the last, under a key.
 * @param {{ [key: string]: unknown }} object @param {string} key @param {number} words that the review has
 * @param {string} place @returns {[number, number][]}
 */
export function spansUnder(object, key, words, place) {
  const list = object[key];
  const isSpan = (/** @type {unknown} */ span) =>
    Array.isArray(span) && span.length === 2 && span.every(Number.isInteger);
  if (!Array.isArray(list) || !list.every(isSpan))
    throw new DataError(`\`${key}\` is no list of spans`, {
      place,
      help: `It must be such as {"${key}": [[3, 8], [20, 24]]}: whole numbers, from the first word to before the last.`,
    });
  for (const [start, end] of /** @type {[number, number][]} */ (list)) {
    const span = `the span [${start}, ${end}] of \`${key}\``;
    if (start >= end)
      throw new DataError(`${span} is empty`, {
        place,
        why: "its end is not behind its start",
        help: "Mend or remove it.",
      });
    if (start < 0 || end > words)
      throw new DataError(`${span} leaves the review`, {
        place,
        why: `the review has ${words} words, counted from 0`,
        help: "Check that the words and the spans are of the same review.",
      });
  }
  return /** @type {[number, number][]} */ (list);
}
