/**
 * The BeerAdvocate reviews in the files of their publishers (Lei et al. 2016), for users who have a copy: a line of
 * `reviews.aspect*.train.txt.gz` and `reviews.aspect*.heldout.txt.gz` is five ratings in [0, 1] (appearance, aroma,
 * palate, taste, overall), a tab, and words; `annotations.json` has the 993 reviews whose evidence was marked by hand.
 */
import { DataError } from "./error.js";
import { ASPECTS } from "./grammar.js";
import { findFile, linesOf, numberIn, objectOn, spansUnder, wordsUnder } from "./lines.js";

/** @typedef {import("./columns.js").Review} Review */

const RATINGS = 5;
const FORMAT = "A line is five numbers in [0, 1], a tab, and the words of the review, all set apart by blanks.";

/** The names of the files, without ".gz". @param {number} aspect */
export function beerFiles(aspect) {
  return [`reviews.aspect${aspect}.train.txt`, `reviews.aspect${aspect}.heldout.txt`, "annotations.json"];
}

/**
 * Reviews for training, held-out reviews, and annotated ones, whose evidence is known.
 * @param {string} directory @param {number} aspect 0 to 3
 * @returns {{ train: Review[], heldOut: Review[], annotated: Review[] }}
 * @throws {DataError} with file and line
 */
export function readBeerReviews(directory, aspect) {
  const paths = beerFiles(aspect).map((name) => findFile(directory, name));
  const missing = beerFiles(aspect).filter((_, i) => paths[i] === undefined);
  if (missing.length > 0)
    throw new DataError(`the BeerAdvocate files in ${directory} lack ${missing.join(" and ")}`, {
      why: `the aspect ${aspect} (${ASPECTS[aspect]}) needs ${beerFiles(aspect).join(", ")}`,
      help: "Each may be packed (.gz) or not. Copy what is missing there, or choose an aspect whose files are there.",
    });
  const [train, heldOut, annotations] = /** @type {[string, string, string]} */ (paths);
  /** Most words come many times: one string for each keeps a large file small in memory. @type {Map<string, string>} */
  const known = new Map();
  return {
    train: Array.from(linesOf(train), (line) => ratedReview(line, aspect, known)),
    heldOut: Array.from(linesOf(heldOut), (line) => ratedReview(line, aspect, known)),
    annotated: Array.from(linesOf(annotations), (line) => annotatedReview(line, aspect)),
  };
}

/**
 * @param {import("./lines.js").Line} line @param {number} aspect @param {Map<string, string>} known @returns {Review}
 */
function ratedReview({ text, place }, aspect, known) {
  const tab = text.indexOf("\t");
  if (tab === -1) throw new DataError("this line has no tab behind its ratings", { place, help: FORMAT });
  const fields = text.slice(0, tab).split(" ").filter(isSomething);
  const rating = ratingOf(
    fields.map((field) => numberIn(field) ?? field),
    aspect,
    place,
  );
  const tokens = text
    .slice(tab + 1)
    .split(/[ \t]/)
    .filter(isSomething)
    .map((token) => {
      const word = token.toLowerCase();
      const same = known.get(word);
      if (same === undefined) known.set(word, word);
      return same ?? word;
    });
  return { tokens, rating, evidence: [], place, heldOut: true, annotated: false };
}

/** @param {string} text */
const isSomething = (text) => text !== "";

/** @param {import("./lines.js").Line} line @param {number} aspect @returns {Review} */
function annotatedReview(line, aspect) {
  const { place } = line;
  const object = objectOn(line);
  const tokens = wordsUnder(object, "x", place);
  if (!Array.isArray(object.y))
    throw new DataError("`y` is no list of ratings", {
      place,
      help: 'It must be such as {"y": [0.8, 0.7, 0.8, 0.9, 0.8]}.',
    });
  const rating = ratingOf(object.y, aspect, place);
  if (!Object.hasOwn(object, String(aspect)))
    throw new DataError(`this annotation has nothing for the aspect ${aspect} (${ASPECTS[aspect]})`, {
      place,
      why: `its keys are ${Object.keys(object).join(", ")}`,
      help: `Add "${aspect}": [] if the review does not mention it, or choose an aspect that is annotated.`,
    });
  const evidence = spansUnder(object, String(aspect), tokens.length, place);
  return { tokens, rating, evidence, place, heldOut: false, annotated: true };
}

/** The rating of an aspect. @param {readonly unknown[]} ratings @param {number} aspect @param {string} place */
function ratingOf(ratings, aspect, place) {
  if (ratings.length !== RATINGS)
    throw new DataError(`there are ${ratings.length} ratings instead of ${RATINGS}`, {
      place,
      help: "They are those of appearance, aroma, palate, taste, and of all together.",
    });
  for (const [i, rating] of ratings.entries()) {
    const what = `the rating ${JSON.stringify(rating)} (of ${ASPECTS[i] ?? "all together"})`;
    if (typeof rating !== "number") throw new DataError(`${what} is no number`, { place, help: FORMAT });
    if (!(rating >= 0 && rating <= 1))
      throw new DataError(`${what} is outside of [0, 1]`, { place, help: "Divide ratings in stars by five." });
  }
  return /** @type {number} */ (ratings[aspect]);
}
