/**
 * Generated beer reviews with known evidence, in place of the BeerAdvocate data (paper, D.7), which may not be passed
 * on. Each aspect has a leaning of its own, independent of the others; sentences judge it with words near that leaning;
 * its rating is the mean value of these words, with a little noise. Names and anecdotes fill the review up, and so do
 * opinions of other things, in the same words.
 */

import { Random } from "../random.js";
import {
  ADVERBS,
  ASPECTS,
  CONNECTORS,
  DESCRIPTORS,
  DETAILS,
  DISTRACTORS,
  FILLERS,
  JUDGEMENTS,
  MODIFIERS,
  NEGATION,
  NEGATORS,
  NOUNS,
  OPENERS,
  OWN,
  OWN_JUDGEMENTS,
  SHARED,
  STEPS,
  VERDICTS,
} from "./grammar.js";
import { NAMES } from "./names.js";

/** Reviews have at least this many words, and may have no more than LONGEST. */
export const SHORTEST = 50;
export const LONGEST = 350;
/** The four aspects do not fit into less. */
export const LEAST_ROOM = 100;

/** Half of the reviews have fewer words than this, before what is longer than allowed is drawn again. */
const MEDIAN_WORDS = 130;
const SPREAD_WORDS = 0.45;
/** Standard deviations: of a wording's value about the leaning, and of the rating about the mean of the values. */
const WORDING_NOISE = 0.3;
const RATING_NOISE = 0.03;
const MOST_SENTENCES = 4;

/**
 * @typedef {[number, number]} Span words from the first to before the second
 * @typedef {{ tokens: string[], ratings: number[], evidence: Span[][] }} GeneratedReview rating and spans by aspect
 * @typedef {{ tokens: string[], values: number[] }} Clause its words, and the values of its opinions in −1 to 1
 * @typedef {{ aspect: number | undefined, clause: Clause }} Unit a clause, and the aspect that it judges
 */

/** @param {number} low @param {number} high @param {number} value */
const clamp = (low, high, value) => Math.min(high, Math.max(low, value));

/** The value of a rating's scale: −1 to 1 becomes 0 to 1. @param {number} value */
const onScale = (value) => 0.5 + value / 2;

/** Writes clauses: fills the slots of sentences, with opinions whose values lie near a leaning. */
class Writer {
  /** @param {Random} random */
  constructor(random) {
    this.random = random;
  }

  /**
   * @param {readonly string[]} sentences one of which is written
   * @param {number | undefined} aspect which the opinions judge
   * @param {number} leaning −1 to 1
   * @returns {Clause}
   */
  clause(sentences, aspect, leaning) {
    /** @type {Clause} */
    const clause = { tokens: [], values: [] };
    this.write(this.random.pick(sentences), aspect, leaning, clause);
    return clause;
  }

  /** @param {string} text @param {number | undefined} aspect @param {number} leaning @param {Clause} clause */
  write(text, aspect, leaning, clause) {
    for (const word of text.split(" ")) {
      const slot = /^(.*)\{(\w+)\}(.*)$/.exec(word);
      if (slot === null) clause.tokens.push(word);
      else if (slot[1] === "" && slot[3] === "") this.fill(/** @type {string} */ (slot[2]), aspect, leaning, clause);
      else clause.tokens.push(`${slot[1]}${this.name(/** @type {string} */ (slot[2]))}${slot[3]}`);
    }
  }

  /** @param {string} slot @param {number | undefined} aspect @param {number} leaning @param {Clause} clause */
  fill(slot, aspect, leaning, clause) {
    switch (slot) {
      case "said":
      case "given":
        return this.opinion(aspect, leaning, clause);
      case "verdict": {
        const grade = this.grade(this.wanted(leaning), 1);
        clause.values.push(grade / STEPS);
        return this.write(this.ofGrade(VERDICTS, grade), aspect, leaning, clause);
      }
      case "noun":
        return this.write(this.random.pick(of(NOUNS, aspect)), aspect, leaning, clause);
      case "detail":
        return this.write(this.random.pick(of(DETAILS, aspect)), aspect, leaning, clause);
      default:
        clause.tokens.push(...this.name(slot).split(" "));
    }
  }

  /** One of a slot's names; those in front come more often, so that the rest are rare words. @param {string} slot */
  name(slot) {
    const names = NAMES.get(slot);
    if (names === undefined) throw new Error(`the grammar has a slot {${slot}}, and no names for it`);
    return /** @type {string} */ (names[Math.floor(this.random.uniform() ** 2 * names.length)]);
  }

  /**
   * An adjective, perhaps scaled or negated, or an adverb with a descriptor.
   * @param {number | undefined} aspect @param {number} leaning @param {Clause} clause
   */
  opinion(aspect, leaning, clause) {
    const { random } = this;
    const wanted = this.wanted(leaning);
    if (aspect !== undefined && random.uniform() < 0.15) {
      const grade = this.grade(wanted, 1);
      clause.values.push(grade / STEPS);
      clause.tokens.push(this.ofGrade(ADVERBS, grade));
      return this.write(random.pick(of(DESCRIPTORS, aspect)), aspect, leaning, clause);
    }
    let [before, factor] = this.modifier();
    if (Math.abs(factor) < Math.abs(wanted)) [before, factor] = ["", 1];
    const grade = this.grade(wanted, factor);
    const list = aspect !== undefined && random.uniform() < 0.4 ? of(OWN, aspect) : SHARED;
    clause.values.push(clamp(-1, 1, (factor * grade) / STEPS));
    clause.tokens.push(...before.split(" ").filter((word) => word !== ""), this.ofGrade(list, grade));
  }

  /** What stands before an adjective, and what its value is multiplied by. @returns {readonly [string, number]} */
  modifier() {
    const chance = this.random.uniform();
    if (chance < 0.15) return [this.random.pick(NEGATORS), NEGATION];
    return chance < 0.5 ? this.random.pick(MODIFIERS) : ["", 1];
  }

  /** @param {number} leaning */
  wanted(leaning) {
    return clamp(-1, 1, leaning + WORDING_NOISE * this.random.normal());
  }

  /**
   * The grade that comes nearest to a value when it is multiplied by the factor.
   * @param {number} value @param {number} factor
   */
  grade(value, factor) {
    return clamp(-STEPS, STEPS, Math.round((value * STEPS) / factor));
  }

  /** @param {readonly (readonly string[])[]} list @param {number} grade */
  ofGrade(list, grade) {
    return this.random.pick(/** @type {readonly string[]} */ (list[grade + STEPS]));
  }
}

/** @template T @param {readonly T[]} items @param {number | undefined} aspect @returns {T} */
function of(items, aspect) {
  if (aspect === undefined) throw new Error("a sentence of no aspect has a slot that needs one");
  return /** @type {T} */ (items[aspect]);
}

/** The words of a clause with its full stop. */
const wordsOf = (/** @type {Clause} */ clause) => clause.tokens.length + 1;

/**
 * Clauses of a review, unordered: at least one for each aspect, and others up to about the number of words.
 * @param {Writer} writer @param {readonly number[]} leanings @param {number} words @param {number} longest
 */
function clausesOf(writer, leanings, words, longest) {
  const { random } = writer;
  const judge = (/** @type {number} */ aspect) => {
    const sentences = random.uniform() < 0.6 ? JUDGEMENTS : of(OWN_JUDGEMENTS, aspect);
    return writer.clause(sentences, aspect, /** @type {number} */ (leanings[aspect]));
  };
  const judged = ASPECTS.map((_, aspect) => [judge(aspect)]);
  /** @type {Clause[]} */
  const others = [];
  let used = judged.flat().reduce((sum, clause) => sum + wordsOf(clause), 0);
  while (used < words) {
    const aspect = random.below(ASPECTS.length);
    const list = /** @type {Clause[]} */ (judged[aspect]);
    const more = random.uniform() < 0.4 && list.length < MOST_SENTENCES;
    const other = random.uniform() < 0.3 ? DISTRACTORS : FILLERS;
    const clause = more ? judge(aspect) : writer.clause(other, undefined, 2 * random.uniform() - 1);
    if (used + wordsOf(clause) > longest) break;
    (more ? list : others).push(clause);
    used += wordsOf(clause);
  }
  return { judged, others };
}

/**
 * Aspects one after the other, mostly in their usual order, with the other clauses anywhere between.
 * @param {Clause[][]} judged @param {Clause[]} others @param {Random} random @returns {Unit[]}
 */
function arrange(judged, others, random) {
  const usual = [0, 1, 3, 2];
  const order = random.uniform() < 0.6 ? usual : random.shuffled(usual);
  /** @type {Unit[]} */
  const units = order.flatMap((aspect) => of(judged, aspect).map((clause) => ({ aspect, clause })));
  for (const clause of others) units.splice(random.below(units.length + 1), 0, { aspect: undefined, clause });
  return units;
}

/**
 * Clauses as sentences; some are joined, each with a span of its own, and some have an opener, as far as there is room.
 * @param {readonly Unit[]} units @param {Random} random @param {number} longest
 */
function punctuate(units, random, longest) {
  /** @type {string[]} */
  const tokens = [];
  /** @type {Span[][]} */
  const evidence = ASPECTS.map(() => []);
  let spare = longest - units.reduce((sum, { clause }) => sum + wordsOf(clause), 0);
  let joined = false;
  units.forEach(({ aspect, clause }, i) => {
    const opener = [...random.pick(OPENERS).split(" "), ","];
    if (!joined && random.uniform() < 0.06 && opener.length <= spare) {
      tokens.push(...opener);
      spare -= opener.length;
    }
    const start = tokens.length;
    tokens.push(...clause.tokens);
    if (aspect !== undefined) of(evidence, aspect).push([start, tokens.length]);
    joined = !joined && i + 1 < units.length && random.uniform() < 0.15 && spare > 0;
    if (joined) {
      tokens.push(",", random.pick(CONNECTORS));
      spare--;
    } else tokens.push(random.uniform() < 0.04 ? "!" : ".");
  });
  return {
    tokens: tokens.map((word, i) => (word === "a" && /^[aeiou]/.test(tokens[i + 1] ?? "") ? "an" : word)),
    evidence,
  };
}

/** @param {Random} random @param {number} longest */
function wordsWanted(random, longest) {
  for (;;) {
    const words = Math.round(MEDIAN_WORDS * Math.exp(SPREAD_WORDS * random.normal()));
    if (words >= SHORTEST && words <= longest) return words;
  }
}

/** @param {Random} random @param {number} longest @returns {GeneratedReview} */
function review(random, longest) {
  const writer = new Writer(random);
  const leanings = ASPECTS.map(() => 2 * random.uniform() - 1);
  const { judged, others } = clausesOf(writer, leanings, wordsWanted(random, longest), longest);
  const ratings = judged.map((clauses) => {
    const values = clauses.flatMap((clause) => clause.values);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return clamp(0, 1, onScale(mean) + RATING_NOISE * random.normal());
  });
  const { tokens, evidence } = punctuate(arrange(judged, others, random), random, longest);
  return { tokens, ratings: ratings.map((rating) => Math.round(rating * 20) / 20), evidence };
}

/**
 * @param {number} size reviews
 * @param {number} longest words of a review at most, from LEAST_ROOM; more than LONGEST count as LONGEST
 * @param {number} seed
 * @param {number} stream reviews of another stream are others
 */
export function generateReviews(size, longest, seed, stream) {
  const random = new Random(seed, stream);
  return Array.from({ length: size }, () => review(random, Math.min(longest, LONGEST)));
}
