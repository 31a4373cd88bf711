/** Reads the optimiser that an experiment trains with, such as `adam(lr, beta1 = 0.9)`. */
import type { CallExpression, ExperimentClause, Expression } from "../grammar/ast.ts";
import { printExpression } from "../grammar/format.ts";
import { mentions, type Part, partsOf } from "../grammar/walk.ts";
import type { ExperimentSpec } from "./artifact.ts";
import { didYouMean } from "./diagnostic.ts";
import { Failure } from "./failure.ts";
import { notYet } from "./later.ts";
import { assignArguments, type Environment, environment, evaluateStatic } from "./static-evaluate.ts";
import { describeStatic, type StaticValue, staticNumber } from "./static-value.ts";

export type OptimizerSpec = ExperimentSpec["train"]["optimizer"];

const OPTIMIZERS = ["adam", "adamw"] as const;

interface Range {
  readonly fits: (value: number) => boolean;
  readonly help: string;
  /** Another name of the same argument. */
  readonly also?: string;
}
const POSITIVE: Range = { fits: (value) => value > 0, help: "it must be greater than 0" };
const NOT_NEGATIVE: Range = { fits: (value) => value >= 0, help: "it must not be negative" };
const DECAY: Range = { fits: (value) => value >= 0 && value < 1, help: "it must be at least 0 and less than 1" };

const STEPS: Range = {
  fits: (value) => Number.isInteger(value) && value >= 1,
  help: "it is a whole number of steps, from 1 on",
};

/** Arguments of optimisers, those of one name in two spellings together; the first two may be given without a name. */
const ARGUMENTS: ReadonlyMap<string, Range> = new Map<string, Range>([
  ["learning_rate", { ...POSITIVE, also: "lr" }],
  ["weight_decay", NOT_NEGATIVE],
  ["lr", POSITIVE],
  ["beta1", DECAY],
  ["beta2", DECAY],
  ["eps", { ...NOT_NEGATIVE, also: "epsilon" }],
  ["epsilon", NOT_NEGATIVE],
  ["decay", { fits: (value) => value > 0 && value <= 1, help: "it must be greater than 0 and at most 1" }],
  ["over", STEPS],
  ["warmup", STEPS],
]);

/** What names in an optimiser's arguments stand for. */
export interface OptimizerNames {
  /** Values of the experiment's hypers; undefined where there is none to go on with. */
  readonly hypers: ReadonlyMap<string, number | undefined>;
  /** What is varied, with its values. */
  readonly varied: ReadonlyMap<string, readonly Expression[]>;
  readonly scope: Environment;
}

/** Names in the arguments of optimisers, at every scale: what one scale leaves out another may use. */
export function usedByOptimizers(clauses: readonly ExperimentClause[]): ReadonlySet<string> {
  const used = new Set<string>();
  const collect = (e: Part) => {
    if (e.kind === "name") used.add(e.name);
    partsOf(e).forEach(collect);
  };
  const read = (clause: ExperimentClause) => {
    if (clause.kind === "scale" || clause.kind === "variant") clause.clauses.forEach(read);
    if (clause.kind === "train") for (const { value } of clause.optimizer?.arguments ?? []) collect(value);
  };
  clauses.forEach(read);
  return used;
}

/** The optimiser; what is wrong with its arguments is added to `problems`. */
export function readOptimizer(e: CallExpression, names: OptimizerNames, problems: Failure[]): OptimizerSpec {
  const written = printExpression(e.callee);
  const name = OPTIMIZERS.find((each) => each === written);
  if (name === undefined) {
    const near = didYouMean(written, OPTIMIZERS);
    const help = near === undefined ? `choose ${OPTIMIZERS.join(" or ")}` : `did you mean ${near}?`;
    throw new Failure(e.callee.span, "unknown-name", `there is no optimiser ${written}`, { help });
  }
  const list = e.arguments.map(({ name: key, value }) => ({
    name: key?.name,
    nameSpan: key?.span,
    span: value.span,
    value,
  }));
  const assigned = assignArguments([...ARGUMENTS.keys()], list, name);
  for (const [key, { also }] of ARGUMENTS) {
    const again = also === undefined || !assigned.has(key) ? undefined : assigned.get(also);
    if (again === undefined) continue;
    problems.push(new Failure(again.span, "duplicate-argument", `${also} is another name of ${key}, which is given`));
  }
  const values = [...assigned].flatMap(([key, { value }]) => {
    const found = argumentValue(key, value, names, problems);
    return found === undefined ? [] : [[key, found] as const];
  });
  return { name, arguments: Object.fromEntries(values) };
}

/** The value of an argument; undefined when something was wrong, here or where its hyper has its value. */
function argumentValue(
  key: string,
  e: Expression,
  { hypers, varied, scope }: OptimizerNames,
  problems: Failure[],
): OptimizerSpec["arguments"][string] | undefined {
  const known = new Map([...hypers].filter((entry): entry is [string, number] => entry[1] !== undefined));
  const lost = new Set([...hypers.keys()].filter((name) => !known.has(name) && !varied.has(name)));
  if (mentions(e, lost)) return undefined;
  try {
    const values = e.kind === "name" ? varied.get(e.name) : undefined;
    if (e.kind === "name" && values !== undefined) {
      for (const value of values) inRange(key, value, scope);
      return { vary: e.name };
    }
    if (mentions(e, new Set(varied.keys()))) {
      throw notYet(e.span, "computing with what is varied", "vary the argument itself");
    }
    const own = new Map([...known].map(([name, value]): [string, StaticValue] => [name, staticNumber(value)]));
    return inRange(key, e, environment(own, scope));
  } catch (problem) {
    if (!(problem instanceof Failure)) throw problem;
    problems.push(problem);
    return undefined;
  }
}

function inRange(key: string, e: Expression, scope: Environment): number {
  const value = evaluateStatic(e, scope);
  if (value.kind !== "number") {
    throw new Failure(e.span, "type-mismatch", `expected a number but got ${describeStatic(value)}`);
  }
  if (!Number.isFinite(value.value)) {
    throw new Failure(e.span, "bad-number", `expected a finite number but got ${value.value}`);
  }
  const range = ARGUMENTS.get(key);
  if (range === undefined || range.fits(value.value)) return value.value;
  throw new Failure(e.span, "bad-number", `${key} of the optimiser is ${value.value}`, { help: range.help });
}
