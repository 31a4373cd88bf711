/**
 * ListOps expressions (Nangia and Bowman 2018; Paulus et al. 2020, D.6.1, without the sum modulo 10): their tokens,
 * their values, which operator each operand belongs to, and how deep they are.
 */

/** Codes are places in this list; 0 is padding. */
export const VOCABULARY = ["", ..."0123456789", "[MIN", "[MAX", "[MED", "]"];
/** @type {ReadonlyMap<string, number>} */
export const CODES = new Map(VOCABULARY.map((token, code) => [token, code]));
export const CLOSE = 14;

/** @param {number} code */
export const isDigit = (code) => code >= 1 && code <= 10;
/** @param {number} code */
export const isOperator = (code) => code >= 11 && code <= 13;

/**
 * What is told of an expression.
 * @typedef {object} Parsed
 * @property {number} value 0..9
 * @property {number[]} parents for each token the place of the operator that it is an operand of; -1 for the first
 *   token, -2 for `]`
 * @property {number} nesting how many brackets are open at most
 */

/**
 * Reads the codes of one expression. Throws a RangeError that tells what is wrong, and at which token.
 * @param {ArrayLike<number>} codes @param {number} [length]
 * @returns {Parsed}
 */
export function parse(codes, length = codes.length) {
  const parents = new Array(length).fill(-2);
  /** @type {{ place: number, values: number[] }[]} */
  const open = [];
  let nesting = 0;
  /** @type {number | undefined} */
  let result;
  const fail = (/** @type {number} */ place, /** @type {string} */ what) => {
    throw new RangeError(`token ${place + 1} of ${length}, ${VOCABULARY[codes[place] ?? 0] || "padding"}: ${what}`);
  };
  for (let place = 0; place < length; place++) {
    const code = /** @type {number} */ (codes[place]);
    if (result !== undefined) fail(place, "the expression is over before it");
    const top = open.at(-1);
    if (code !== CLOSE) parents[place] = top === undefined ? -1 : top.place;
    /** @type {number | undefined} */
    let value;
    if (isOperator(code)) {
      open.push({ place, values: [] });
      nesting = Math.max(nesting, open.length);
    } else if (isDigit(code)) value = code - 1;
    else if (code === CLOSE) {
      if (top === undefined) fail(place, "nothing is open that it could close");
      const { place: from, values } = /** @type {{ place: number, values: number[] }} */ (open.pop());
      if (values.length === 0) fail(place, `the operator at token ${from + 1} has no operands`);
      value = apply(/** @type {number} */ (codes[from]), values);
    } else fail(place, "it is no token of an expression");
    if (value === undefined) continue;
    const around = open.at(-1);
    if (around === undefined) result = value;
    else around.values.push(value);
  }
  if (result === undefined) {
    const missing = open.length === 0 ? "there are no tokens" : `${open.length} brackets are not closed`;
    throw new RangeError(`the expression has no end: ${missing}`);
  }
  return { value: result, parents, nesting };
}

/** @param {number} operator @param {number[]} values */
function apply(operator, values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (/** @type {number} */ i) => /** @type {number} */ (sorted[i]);
  const last = sorted.length - 1;
  if (operator === CODES.get("[MIN")) return at(0);
  if (operator === CODES.get("[MAX")) return at(last);
  // Of an even number, the mean of the two in the middle, without its fraction.
  return Math.floor((at(Math.floor(last / 2)) + at(Math.ceil(last / 2))) / 2);
}
