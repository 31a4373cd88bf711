/**
 * Film reviews with their counterfactual rewrites (Kaushik et al. 2020): each review was changed by hand, as little as
 * possible, until its verdict was the opposite. The words that were changed are its evidence. A line of `train.jsonl`
 * and `dev.jsonl` is `{ id, tokens, label, evidence }`; both versions of a review share the front of their id.
 */
import { DataError } from "./error.js";
import { findFile, linesOf, objectOn, spansUnder, wordsUnder } from "./lines.js";

/** @typedef {import("./columns.js").Review} Review */

/** The names of the files, without ".gz". */
export const COUNTERFACTUAL_FILES = /** @type {const} */ (["train.jsonl", "dev.jsonl"]);

/**
 * Groups of reviews for training, and held-out ones: the versions of one review are one group, which must not be torn
 * apart by a split.
 * @param {string} directory
 * @returns {{ train: Review[][], heldOut: Review[][] }}
 * @throws {DataError} with file and line
 */
export function readCounterfactualReviews(directory) {
  const paths = COUNTERFACTUAL_FILES.map((name) => findFile(directory, name));
  const missing = COUNTERFACTUAL_FILES.filter((_, i) => paths[i] === undefined);
  if (missing.length > 0)
    throw new DataError(`the film reviews in ${directory} lack ${missing.join(" and ")}`, {
      why: `they are ${COUNTERFACTUAL_FILES.join(" and ")}`,
      help: "Each may be packed (.gz) or not. Copy what is missing there.",
    });
  /** Where each id was met. @type {Map<string, string>} */
  const places = new Map();
  const [train, heldOut] = /** @type {string[]} */ (paths).map((path) => readGroups(path, places));
  /** @type {Map<string, Review[]>} */
  const trained = train ?? new Map();
  for (const [stem, reviews] of heldOut ?? new Map()) {
    const twin = trained.get(stem)?.[0];
    if (twin !== undefined)
      throw new DataError(`another version of this review is in the training data, at ${twin.place}`, {
        place: reviews[0].place,
        why: `both have ids that begin with ${stem}`,
        help: "Keep all versions of a review in one file, else training has seen what is tested.",
      });
  }
  return { train: [...trained.values()], heldOut: [...(heldOut ?? new Map()).values()] };
}

/** @param {string} path @param {Map<string, string>} places @returns {Map<string, Review[]>} by the front of the id */
function readGroups(path, places) {
  /** @type {Map<string, Review[]>} */
  const groups = new Map();
  for (const line of linesOf(path)) {
    const { id, review } = reviewOn(line);
    const before = places.get(id);
    if (before !== undefined)
      throw new DataError(`the id ${id} was at ${before} already`, {
        place: line.place,
        help: "Remove one of the lines, or give it an id of its own.",
      });
    places.set(id, line.place);
    const stem = id.replace(/-(orig|revised)$/, "");
    groups.set(stem, [...(groups.get(stem) ?? []), review]);
  }
  return groups;
}

/** @param {import("./lines.js").Line} line @returns {{ id: string, review: Review }} */
function reviewOn(line) {
  const { place } = line;
  const object = objectOn(line);
  const { id, label } = object;
  if (typeof id !== "string" || id === "")
    throw new DataError("`id` is no text", { place, help: 'It must be such as {"id": "train-4-orig"}.' });
  if (label !== 0 && label !== 1)
    throw new DataError(`\`label\` is ${JSON.stringify(label)} instead of 0 or 1`, {
      place,
      help: "It is 1 for a review that recommends the film, and 0 for one that does not.",
    });
  const tokens = wordsUnder(object, "tokens", place);
  const evidence = spansUnder(object, "evidence", tokens.length, place);
  return { id, review: { tokens, rating: label, evidence, place, heldOut: true, annotated: true } };
}
