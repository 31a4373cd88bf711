/** Parsing of experiments: what to vary, which data, how to train, what to report, at which scales. */
import type {
  ExperimentClause,
  Expression,
  MemberExpression,
  SearchClause,
  TrainClause,
  TrainingLength,
} from "./ast.ts";
import { type Cursor, OncePerClause } from "./cursor.ts";
import { argument, callArguments, commaList, expression, text } from "./expressions.ts";
import { hyperStatement } from "./statements.ts";

const STARTERS: ReadonlySet<string> = new Set([
  ...["vary", "data", "train", "search", "report", "scale", "model", "hyper", "variant"],
]);

export function experimentClauses(c: Cursor): ExperimentClause[] {
  return c.nested(() => {
    c.expect("{");
    const clauses = c.statements(STARTERS, () => clause(c));
    c.close("at the end of the experiment");
    return clauses;
  });
}

function clause(c: Cursor): ExperimentClause {
  const start = c.start;
  switch (c.peek()) {
    case "vary":
      return vary(c);
    case "data":
      return data(c);
    case "train":
      return train(c);
    case "search":
      return search(c);
    case "hyper":
      return hyperStatement(c);
    case "report": {
      c.take();
      const columns = commaList(c, () => expression(c));
      const bootstrap = c.accept("bootstrap") ? expression(c) : undefined;
      return { kind: "report", columns, ...(bootstrap === undefined ? {} : { bootstrap }), span: c.spanFrom(start) };
    }
    case "variant": {
      c.take();
      const label = text(c);
      const model = c.accept("for") ? c.name("a model's name", true) : undefined;
      const clauses = experimentClauses(c);
      return { kind: "variant", label, clauses, span: c.spanFrom(start), ...(model === undefined ? {} : { model }) };
    }
    case "model":
      c.take();
      return { kind: "model-arguments", arguments: settings(c), span: c.spanFrom(start) };
    case "scale": {
      c.take();
      const name = c.name("a scale's name", true);
      return { kind: "scale", name, clauses: experimentClauses(c), span: c.spanFrom(start) };
    }
    default:
      return c.fail(`a clause of an experiment (${[...STARTERS].join(", ")})`);
  }
}

/** `train = 5000 valid = 500`: named values one after the other. */
function settings(c: Cursor) {
  const list = [];
  while (c.isWord() && c.peek(1) === "=") {
    list.push(argument(c));
    c.accept(",");
  }
  if (list.length === 0) c.fail("settings such as hidden = 64");
  return list;
}

function vary(c: Cursor): ExperimentClause {
  const start = c.start;
  c.expect("vary");
  const name = c.name("a model argument's name");
  c.expect("in");
  c.expect("{");
  const values = commaList(c, () => expression(c));
  c.expect("}");
  return { kind: "vary", name, values, span: c.spanFrom(start) };
}

function data(c: Cursor): ExperimentClause {
  const start = c.start;
  c.expect("data");
  if (!c.accept("from")) return { kind: "experiment-data", arguments: settings(c), span: c.spanFrom(start) };
  const path = text(c);
  const name = c.name("the name of a function in the data module");
  const list = c.is("(") ? callArguments(c) : [];
  return { kind: "experiment-data", source: { path, function: name }, arguments: list, span: c.spanFrom(start) };
}

function train(c: Cursor): TrainClause {
  const start = c.start;
  c.expect("train");
  const parts: {
    optimizer?: TrainClause["optimizer"];
    batch?: Expression;
    length?: TrainingLength;
    validateEvery?: TrainingLength;
    keepBest?: MemberExpression;
  } = {};
  const once = new OncePerClause();
  for (;;) {
    const from = c.start;
    let word = c.peek(1) === "(" ? "an optimiser" : c.peek();
    let told: string | undefined;
    if (c.accept("batch")) parts.batch = expression(c);
    else if (c.is("steps", "epochs")) {
      word = "length";
      const { length } = parts;
      parts.length = trainingLength(c);
      const { unit } = parts.length;
      told = length === undefined || length.unit === unit ? unit : "the length of training, in steps or in epochs,";
    } else if (c.is("validate")) {
      c.take();
      c.expect("every");
      parts.validateEvery = period(c);
    } else if (c.is("keep")) {
      c.take();
      c.expect("best");
      const column = expression(c);
      if (column.kind !== "member")
        c.failWith("'keep best' names a split and a metric", "such as keep best valid.elbo");
      parts.keepBest = column as MemberExpression;
    } else if (c.isName() && c.peek(1) === "(") {
      const optimizer = expression(c);
      if (optimizer.kind !== "call") c.failWith("expected an optimiser such as adam(lr)");
      parts.optimizer = optimizer as NonNullable<TrainClause["optimizer"]>;
    } else break;
    once.note(word, c.spanFrom(from), told);
  }
  const { optimizer, batch, length, validateEvery, keepBest } = parts;
  return {
    kind: "train",
    repeated: once.repeated,
    span: c.spanFrom(start),
    ...(optimizer === undefined ? {} : { optimizer }),
    ...(batch === undefined ? {} : { batch }),
    ...(length === undefined ? {} : { length }),
    ...(validateEvery === undefined ? {} : { validateEvery }),
    ...(keepBest === undefined ? {} : { keepBest }),
  };
}

/** `steps 50000` or `epochs 10`. */
function trainingLength(c: Cursor): TrainingLength {
  const start = c.start;
  const unit = c.take() === "epochs" ? "epochs" : "steps";
  const count = expression(c);
  return { unit, count, span: c.spanFrom(start) };
}

/** What follows `every`: `500`, in steps, or `epoch`, or `2 epochs`. */
function period(c: Cursor): TrainingLength {
  const start = c.start;
  if (c.accept("epoch")) return { unit: "epochs", span: c.spanFrom(start) };
  const count = expression(c);
  const unit = c.accept("epochs") ? "epochs" : "steps";
  if (unit === "epochs" && c.isNumber()) {
    c.failWith("the epochs after 'every' are those between validations", "write epochs 10 before validate every 500");
  }
  return { unit, count, span: c.spanFrom(start) };
}

function search(c: Cursor): SearchClause {
  const start = c.start;
  c.expect("search");
  const strategy = c.name("a search strategy such as random");
  const trials = expression(c);
  const space: { name: SearchClause["strategy"]; distribution: Expression }[] = [];
  if (c.is("{") && c.sameLine()) {
    c.expect("{");
    while (!c.is("}")) {
      const name = c.name("a hyper's name");
      c.expect("in");
      space.push({ name, distribution: expression(c) });
      c.accept(",");
    }
    c.expect("}");
  }
  return { kind: "search", strategy, trials, space, span: c.spanFrom(start) };
}
