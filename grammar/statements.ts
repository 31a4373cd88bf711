/** Parsing of the statements of models and modules. */
import type {
  BackwardClause,
  Distributions,
  Estimator,
  Expression,
  HyperStatement,
  LatentStatement,
  LayerExpression,
  Method,
  ModelStatement,
  ModuleStatement,
  Temperature,
} from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import {
  callArguments,
  commaList,
  expression,
  letStatement,
  parameters,
  requireStatement,
  typeExpression,
  updateStatement,
} from "./expressions.ts";

export const MODEL_STARTERS: ReadonlySet<string> = new Set([
  "graph",
  "hyper",
  "data",
  "param",
  "state",
  "update",
  "let",
  "require",
  "latent",
  "prior",
  "observe",
  "maximize",
  "minimize",
  "metric",
]);

export function hyperStatement(c: Cursor): HyperStatement {
  const { name, value, span } = nameAndValue(c, "hyper");
  return { kind: "hyper", name, value, span };
}

function nameAndValue(c: Cursor, keyword: string) {
  const start = c.start;
  c.expect(keyword);
  const name = c.name(`a name after '${keyword}'`);
  c.expect("=", "and a value");
  const value = expression(c);
  return { name, value, span: c.spanFrom(start) };
}

export function modelStatement(c: Cursor): ModelStatement {
  const start = c.start;
  switch (c.peek()) {
    case "let":
      return letStatement(c);
    case "graph":
      return { kind: "graph", ...nameAndValue(c, "graph") };
    case "hyper":
      return hyperStatement(c);
    case "metric":
      return { kind: "metric", ...nameAndValue(c, "metric") };
    case "update":
      return updateStatement(c);
    case "require":
      return requireStatement(c);
    case "param":
    case "state":
      return parameterOrState(c);
    case "latent":
      return latent(c);
    case "data": {
      c.take();
      const name = c.name("a name after 'data'");
      c.expect(":", "and a type");
      const type = typeExpression(c);
      return { kind: "data", name, type, span: c.spanFrom(start) };
    }
    case "prior": {
      c.take();
      const name = c.name("a latent's name after 'prior'");
      c.expect("~");
      const distribution = distributions(c);
      return { kind: "prior", name, distribution, span: c.spanFrom(start) };
    }
    case "observe": {
      c.take();
      const value = expression(c);
      c.expect("~", "and a distribution");
      const distribution = expression(c);
      return { kind: "observe", value, distribution, span: c.spanFrom(start) };
    }
    case "maximize":
    case "minimize": {
      const direction = c.take() as "maximize" | "minimize";
      const value = expression(c);
      return { kind: "objective", direction, value, span: c.spanFrom(start) };
    }
    default:
      return c.fail(`a statement of a model (${[...MODEL_STARTERS].join(", ")})`);
  }
}

function parameterOrState(c: Cursor): Extract<ModelStatement, { kind: "param" | "state" }> {
  const start = c.start;
  const keyword = c.take();
  const name = c.name(`a name after '${keyword}'`);
  c.expect(":", "and a type");
  const type = typeExpression(c);
  if (keyword === "param") {
    c.expect("~", "and an initialiser such as glorot_normal");
    const initializer = expression(c);
    return { kind: "param", name, type, initializer, span: c.spanFrom(start) };
  }
  c.expect("=", "and a first value");
  const value = expression(c);
  return { kind: "state", name, type, value, span: c.spanFrom(start) };
}

function latent(c: Cursor): LatentStatement {
  const start = c.start;
  c.expect("latent");
  const name = c.name("a name after 'latent'");
  const copies: Expression[] = [];
  if (c.accept("[")) {
    copies.push(...commaList(c, () => expression(c)));
    c.expect("]");
  }
  c.expect(":", "and a structure");
  const structure = expression(c);
  c.expect("~", "and the distribution of its utilities");
  const utilitiesStart = c.start;
  const utilities = distributions(c);
  const utilitiesSpan = c.spanFrom(utilitiesStart);
  const chosen = estimator(c);
  return {
    kind: "latent",
    name,
    copies,
    structure,
    utilities,
    utilitiesSpan,
    ...(chosen === undefined ? {} : { estimator: chosen }),
    span: c.spanFrom(start),
  };
}

/** A structure with its estimator, as `layer()` and `sstc eval` take it. */
export function layerExpression(c: Cursor): LayerExpression {
  const start = c.start;
  const structure = expression(c);
  const chosen = estimator(c);
  if (!c.done) c.fail(chosen === undefined ? "relax, or the end of the text" : "the end of the text");
  return { structure, ...(chosen === undefined ? {} : { estimator: chosen }), span: c.spanFrom(start) };
}

function estimator(c: Cursor): Estimator | undefined {
  if (c.is("relax")) return relax(c);
  if (c.is("score")) return score(c);
  return c.is("imle") ? imle(c) : undefined;
}

/** `Gumbel(a)`, or one for each part: `x: Gumbel(a), pair: Fixed(b)`. */
function distributions(c: Cursor): Distributions {
  if (!c.isName() || c.peek(1) !== ":") return expression(c);
  return commaList(c, () => {
    const part = c.name("a part of the embedding");
    c.expect(":");
    return { part, value: expression(c) };
  });
}

function relax(c: Cursor): Estimator {
  const start = c.start;
  c.expect("relax");
  const relaxation = expression(c);
  c.expect("at", "and a temperature");
  const chosen = temperature(c);
  let straightThrough = false;
  let backward: BackwardClause | undefined;
  for (;;) {
    if (c.accept("straight_through")) straightThrough = true;
    else if (c.is("backward")) backward = backwardClause(c);
    else break;
  }
  return {
    kind: "relax",
    relaxation,
    temperature: chosen,
    straightThrough,
    ...(backward === undefined ? {} : { backward }),
    span: c.spanFrom(start),
  };
}

function backwardClause(c: Cursor): BackwardClause {
  const start = c.start;
  c.expect("backward");
  return { ...backwardStrategy(c), span: c.spanFrom(start) };
}

/** `dual`, `finite_difference(1e-2)`: what stands after `backward`. */
export function backwardStrategy(c: Cursor): BackwardClause {
  const start = c.start;
  const strategy = c.name("dual, autodiff, custom or finite_difference(eps)");
  const list = c.is("(") ? callArguments(c) : [];
  return { strategy, arguments: list, span: c.spanFrom(start) };
}

/** What stands after `at`. */
export function temperature(c: Cursor): Temperature {
  const start = c.start;
  if (c.is("anneal") && c.peek(1) === "(") {
    c.take();
    c.expect("(");
    const from = expression(c);
    c.expect("->");
    const to = expression(c);
    c.expect("over");
    const steps = expression(c);
    c.expect(")");
    return { kind: "anneal", from, to, steps, span: c.spanFrom(start) };
  }
  return { kind: "value", value: expression(c), span: c.spanFrom(start) };
}

function score(c: Cursor): Estimator {
  const start = c.start;
  c.expect("score");
  const method = c.name("an estimator such as reinforce");
  const list = c.is("(") ? callArguments(c) : [];
  return { kind: "score", method, arguments: list, span: c.spanFrom(start) };
}

function imle(c: Cursor): Estimator {
  const start = c.start;
  c.expect("imle");
  const list = c.is("(") ? callArguments(c) : [];
  return { kind: "imle", arguments: list, span: c.spanFrom(start) };
}

export const MODULE_STARTERS: ReadonlySet<string> = new Set(["param", "state", "let", "graph", "require", "forward"]);

export function moduleStatement(c: Cursor): ModuleStatement {
  if (c.is("let")) return letStatement(c);
  if (c.isName(1)) {
    if (c.is("param", "state")) return parameterOrState(c);
    if (c.is("graph")) return { kind: "graph", ...nameAndValue(c, "graph") };
    if (c.is("require")) return requireStatement(c);
  }
  if (c.is("require")) return requireStatement(c);
  return method(c);
}

function method(c: Cursor): Method {
  const start = c.start;
  const doc = c.doc();
  const name = c.name("param, state, let, require or a method such as forward(x: f32[n]) = …");
  if (!c.is("(")) c.fail("'(' and the method's parameters");
  const list = parameters(c);
  const result = c.accept(":") ? typeExpression(c) : undefined;
  c.expect("=", "and the method's value");
  const body = expression(c);
  return {
    kind: "method",
    ...(doc === undefined ? {} : { doc }),
    name,
    parameters: list,
    ...(result === undefined ? {} : { result }),
    body,
    span: c.spanFrom(start),
  };
}
