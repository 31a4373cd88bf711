/** Reads the original ListOps files: on each line a label, a tab, and a binarised s-expression. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { CODES, parse, VOCABULARY } from "./expressions.js";

/**
 * @typedef {{ codes: number[], value: number, parents: number[], nesting: number }} Expression
 */

/**
 * The expressions of a file. Throws an Error with file and line for the first line that is not one.
 * @param {string} path
 * @returns {Expression[]}
 */
export function readExpressions(path) {
  const name = basename(path);
  const lines = readFileSync(path, "utf8").split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  if (lines.length === 0)
    throw new Error(`${name}: the file is empty; each line holds a label, a tab and an expression`);
  return lines.map((line, i) => readLine(line, `${name}:${i + 1}`));
}

/**
 * @param {string} line @param {string} where
 * @returns {Expression}
 */
function readLine(line, where) {
  const fail = (/** @type {string} */ what) => {
    throw new Error(`${where}: ${what}`);
  };
  const parts = line.split("\t");
  if (parts.length !== 2) {
    fail(
      line.trim() === ""
        ? "the line is empty; take it out of the file"
        : `a line is a label, one tab, and an expression, but this one has ${parts.length - 1} tabs`,
    );
  }
  const [label, text] = /** @type {[string, string]} */ (parts);
  if (!/^\d$/.test(label)) fail(`the label is ${JSON.stringify(label)}, but it must be a digit from 0 to 9`);
  // The parentheses only make the tree binary.
  const tokens = text.split(/\s+/).filter((token) => token !== "" && token !== "(" && token !== ")");
  const codes = tokens.map((token) => CODES.get(token) ?? fail(unknownToken(token)));
  /** @type {import("./expressions.js").Parsed | undefined} */
  let parsed;
  try {
    parsed = parse(/** @type {number[]} */ (codes));
  } catch (problem) {
    fail(/** @type {Error} */ (problem).message);
  }
  const { value, parents, nesting } = /** @type {import("./expressions.js").Parsed} */ (parsed);
  if (value !== Number(label)) fail(`the label is ${label}, but the value of the expression is ${value}`);
  return { codes: /** @type {number[]} */ (codes), value, parents, nesting };
}

/** @param {string} token */
function unknownToken(token) {
  const known = `tokens are the digits, ${VOCABULARY.slice(11).join(" ")}, and parentheses`;
  if (token === "[SM") return `[SM, the sum modulo 10, is not among the operators here (paper, D.6.1); ${known}`;
  return `there is no token ${JSON.stringify(token)}; ${known}`;
}

/**
 * The files for a path: one file is the test set; a directory holds those of the splits.
 * @param {string} path
 * @returns {{ train?: string, valid?: string, test: string }}
 */
export function filesAt(path) {
  if (!existsSync(path)) throw new Error(`there is no file or directory ${path}`);
  if (!statSync(path).isDirectory()) return { test: path };
  const names = readdirSync(path)
    .filter((name) => name.endsWith(".tsv"))
    .sort();
  const find = (/** @type {RegExp} */ pattern) => {
    const name = names.find((each) => pattern.test(each));
    return name === undefined ? undefined : join(path, name);
  };
  const test = find(/^test/);
  if (test === undefined) {
    const found = names.length === 0 ? "no .tsv files" : names.join(", ");
    throw new Error(
      `${path} holds ${found}; expected are test*.tsv, and train*.tsv and valid*.tsv where there are some`,
    );
  }
  const [train, valid] = [find(/^train/), find(/^(valid|dev)/)];
  return { test, ...(train === undefined ? {} : { train }), ...(valid === undefined ? {} : { valid }) };
}
