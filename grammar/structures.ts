/** Parsing of what describes a structure, a distribution or a relaxation: embeddings, solvers, automata, densities. */
import type {
  AutomatonClause,
  CountClause,
  DistributionClause,
  EmbeddingClause,
  Expression,
  Identifier,
  Preparation,
  RangeExpression,
  RelaxationClause,
  RelaxationDeclaration,
  RelaxClause,
  RequireStatement,
  SolverClause,
  StateVariable,
  StructureClause,
  StructureDeclaration,
  TakenInput,
  Transition,
} from "./ast.ts";
import { type Cursor, OncePerClause } from "./cursor.ts";
import {
  commaList,
  expression,
  parameters,
  rangeOrExpression,
  requireStatement,
  tensorType,
  text,
} from "./expressions.ts";

export const STRUCTURE_STARTERS: ReadonlySet<string> = new Set([
  "embedding",
  "require",
  "count",
  "argmax",
  "relax",
  "log_partition",
  "sample",
  "k_best",
  "automaton",
]);

export function structureBody(c: Cursor): StructureDeclaration["body"] {
  if (c.accept("=")) return { kind: "alias", value: expression(c) };
  c.expect("{");
  const clauses = c.statements(STRUCTURE_STARTERS, () => structureClause(c));
  c.close("at the end of the structure");
  return { kind: "clauses", clauses };
}

function structureClause(c: Cursor): StructureClause {
  switch (c.peek()) {
    case "embedding":
      return embedding(c);
    case "require":
      return requireStatement(c);
    case "count":
      return count(c);
    case "argmax":
      return solver(c, "argmax");
    case "sample":
      return solver(c, "sampler");
    case "k_best":
      return solver(c, "k-best");
    case "relax":
      return relax(c);
    case "automaton":
      return automaton(c);
    case "log_partition": {
      const start = c.start;
      c.take();
      c.expect("by");
      const algorithm = expression(c);
      const when = c.accept("when") ? { when: expression(c) } : {};
      const cost = c.accept("cost") ? { cost: expression(c) } : {};
      return { kind: "log-partition", algorithm, ...when, ...cost, span: c.spanFrom(start) };
    }
    default:
      return c.fail(`a clause of a structure (${[...STRUCTURE_STARTERS].join(", ")})`);
  }
}

function embedding(c: Cursor): EmbeddingClause {
  const start = c.start;
  c.expect("embedding");
  const parts = commaList(c, () => {
    const name = c.name("a part's name");
    c.expect(":");
    return { name, type: tensorType(c) };
  });
  return { kind: "embedding", parts, span: c.spanFrom(start) };
}

function count(c: Cursor): CountClause {
  const start = c.start;
  c.expect("count");
  const first = expression(c);
  if (!c.accept("=")) return { kind: "count", value: first, span: c.spanFrom(start) };
  if (first.kind !== "call")
    return c.failWith(
      "before '=' a count names the shape of argument it holds for",
      "such as count complete(n) = n ^ (n - 2)",
    );
  return { kind: "count", when: first, value: expression(c), span: c.spanFrom(start) };
}

/** `argmax KERNEL on TARGET when C cost E`, or `sample` or `k_best` in its place. */
function solver<Kind extends "argmax" | "sampler" | "k-best">(c: Cursor, kind: Kind): SolverClause<Kind> {
  const start = c.start;
  c.take();
  const solver = expression(c);
  const target = c.accept("on") ? c.name("a target such as webgpu") : undefined;
  const when = c.accept("when") ? { when: expression(c) } : {};
  const cost = c.accept("cost") ? { cost: expression(c) } : {};
  return { kind, solver, ...(target === undefined ? {} : { target }), ...when, ...cost, span: c.spanFrom(start) };
}

function relax(c: Cursor): RelaxClause {
  const start = c.start;
  c.expect("relax");
  const relaxation = c.name("a relaxation's name");
  const list = c.is("(") ? parameters(c) : [];
  return relaxParts(c, { kind: "relax", relaxation, parameters: list }, start);
}

/** What follows the name of a relaxation, or `for any structure` inside of one. */
function relaxParts(
  c: Cursor,
  head: Pick<RelaxClause, "kind" | "relaxation" | "parameters">,
  start: number,
): RelaxClause {
  const parts: {
    -readonly [Part in Exclude<
      keyof RelaxClause,
      "kind" | "relaxation" | "parameters" | "symmetric" | "repeated" | "span"
    >]?: RelaxClause[Part];
  } = {};
  let symmetric = false;
  const once = new OncePerClause();
  for (;;) {
    const from = c.start;
    const word = c.peek();
    if (c.accept("by")) parts.algorithm = expression(c);
    else if (c.accept("symmetric")) symmetric = true;
    else if (c.accept("backward")) parts.backward = expression(c);
    else if (c.accept("after")) parts.preparation = preparation(c);
    else if (c.accept("when")) parts.when = expression(c);
    else if (c.accept("takes")) parts.takes = takenInput(c);
    else if (c.accept("cost")) parts.cost = expression(c);
    else if (c.accept("on")) parts.target = c.name("a target such as webgpu");
    else if (c.accept("refused")) parts.refused = text(c);
    else break;
    once.note(word, c.spanFrom(from));
  }
  if (parts.algorithm === undefined && parts.refused === undefined)
    c.fail("'by' and a kernel or function, or 'refused' and the reason");
  const { repeated } = once;
  return { ...head, symmetric, repeated, span: c.spanFrom(start), ...parts };
}

/** The rest of `takes u: TYPE argmax KERNEL`. */
function takenInput(c: Cursor): TakenInput {
  const name = c.name("u, the input of its kernel");
  c.expect(":");
  const type = tensorType(c);
  c.expect("argmax", "and the kernel for the hard sample of this input");
  return { name, type, argmax: expression(c) };
}

/** The rest of `after KERNEL transpose KERNEL when CONDITION`. */
function preparation(c: Cursor): Preparation {
  const kernel = expression(c);
  c.expect("transpose", "and the kernel for the transpose of its derivative");
  const transpose = expression(c);
  return c.accept("when") ? { kernel, transpose, when: expression(c) } : { kernel, transpose };
}

function automaton(c: Cursor): AutomatonClause {
  const start = c.start;
  c.expect("automaton");
  c.expect("over");
  const variable = c.name("the automaton's position");
  c.expect("in");
  const range = asRange(c, rangeOrExpression(c));
  c.expect("{");
  c.expect("state");
  c.expect("(");
  const state = commaList(c, () => stateVariable(c));
  c.expect(")");
  c.expect("from");
  const from = tuple(c);
  c.expect("to");
  const to = tuple(c);
  const transitions: Transition[] = [];
  while (c.is("(")) transitions.push(transition(c));
  c.expect("}", "after the transitions");
  return { kind: "automaton", variable, range, state, from, to, transitions, span: c.spanFrom(start) };
}

function asRange(c: Cursor, range: Expression | RangeExpression): RangeExpression {
  return range.kind === "range" ? range : c.failWith("expected a range such as 0..n");
}

function stateVariable(c: Cursor): StateVariable {
  const name = c.name("a state variable");
  c.expect(":");
  if (c.is("bool")) {
    const start = c.start;
    const type = c.take();
    return { name, domain: { kind: "named-type", name: type, span: c.spanFrom(start) } };
  }
  return { name, domain: asRange(c, rangeOrExpression(c)) };
}

function tuple(c: Cursor): Expression[] {
  c.expect("(");
  const items = commaList(c, () => expression(c));
  c.expect(")");
  return items;
}

function transition(c: Cursor): Transition {
  const start = c.start;
  c.expect("(");
  const from = commaList(c, () => c.name("a state variable"));
  c.expect(")");
  c.expect("->");
  const to = tuple(c);
  const when = c.accept("when") ? expression(c) : undefined;
  const emits = c.accept("emits")
    ? commaList(c, () => {
        const target = expression(c);
        const condition = c.accept("if") ? expression(c) : undefined;
        return { target, ...(condition === undefined ? {} : { condition }) };
      })
    : [];
  return { from, to, ...(when === undefined ? {} : { when }), emits, span: c.spanFrom(start) };
}

export const DISTRIBUTION_STARTERS: ReadonlySet<string> = new Set(["noise", "sample", "log_density", "kl", "require"]);

export function distributionClause(c: Cursor): DistributionClause {
  const start = c.start;
  switch (c.peek()) {
    case "require":
      return requireStatement(c);
    case "noise": {
      c.take();
      const name = c.name("a name for the noise");
      const count = c.accept("[") ? expression(c) : undefined;
      if (count !== undefined) c.expect("]");
      c.expect(":");
      const base = c.name("uniform or normal");
      return { kind: "noise", name, ...(count === undefined ? {} : { count }), base, span: c.spanFrom(start) };
    }
    case "sample": {
      c.take();
      c.expect("=");
      return { kind: "sample", value: expression(c), span: c.spanFrom(start) };
    }
    case "log_density": {
      c.take();
      c.expect("(");
      const variable = c.name("a variable");
      c.expect(")");
      c.expect("=");
      return { kind: "log-density", variable, value: expression(c), span: c.spanFrom(start) };
    }
    case "kl": {
      c.take();
      c.expect("(");
      const variable = c.name("a name for the prior");
      c.expect(":");
      const family = c.name("the prior's distribution");
      c.expect(")");
      c.expect("=");
      return { kind: "kl", variable, family, value: expression(c), span: c.spanFrom(start) };
    }
    default:
      return c.fail(`a clause of a distribution (${[...DISTRIBUTION_STARTERS].join(", ")})`);
  }
}

/** The body of the relaxation of this name, which it may lack. */
export function relaxationBody(
  c: Cursor,
  relaxation: Identifier,
): Pick<RelaxationDeclaration, "requirements" | "body" | "general"> {
  const requirements: RequireStatement[] = [];
  const body: RelaxationClause[] = [];
  const general: RelaxClause[] = [];
  if (!c.accept("{")) return { requirements, body, general };
  c.statements(new Set(["map", "slope", "require", "for"]), () => {
    const start = c.start;
    if (c.is("require")) requirements.push(requireStatement(c));
    else if (c.accept("for")) {
      c.expect("any", "and structure");
      c.expect("structure");
      general.push(relaxParts(c, { kind: "relax", relaxation, parameters: [] }, start));
    } else body.push(relaxationFunction(c));
  });
  c.close("at the end of the relaxation");
  return { requirements, body, general };
}

function relaxationFunction(c: Cursor): RelaxationClause {
  const start = c.start;
  const name = c.name("a function of the relaxation, map or slope, or for any structure");
  c.expect("(");
  const list = commaList(c, () => c.name("a variable"));
  c.expect(")");
  c.expect("=");
  return { kind: "relaxation-function", name, parameters: list, value: expression(c), span: c.spanFrom(start) };
}
