/**
 * `parse`: a source text to its tree and all its syntax problems. The lexer is chevrotain's; the parser is recursive
 * descent by hand, because keywords are contextual, problems must read well, and a cold start must cost milliseconds.
 */
import type { Declaration, ImportDeclaration, ParseResult } from "./ast.ts";
import { Cursor, DECLARATIONS, SyntaxUnwind } from "./cursor.ts";
import { experimentClauses } from "./experiments.ts";
import { commaList, expression, parameters, text, typeExpression } from "./expressions.ts";
import { kernelRest } from "./kernels.ts";
import { MODEL_STARTERS, MODULE_STARTERS, modelStatement, moduleStatement } from "./statements.ts";
import { DISTRIBUTION_STARTERS, distributionClause, relaxationBody, structureBody } from "./structures.ts";

/** Parses one file. Never throws: what could not be read is reported and left out. */
export function parse(source: string): ParseResult {
  const c = new Cursor(source);
  const imports: ImportDeclaration[] = [];
  const declarations: Declaration[] = [];
  while (!c.done) {
    const before = c.position;
    try {
      if (c.is("import")) imports.push(importDeclaration(c));
      else {
        const problems = c.problems.length;
        const found = declaration(c);
        declarations.push(c.problems.length === problems ? found : { ...found, incomplete: true });
      }
    } catch (problem) {
      if (!(problem instanceof SyntaxUnwind)) throw problem;
      if (c.position === before) c.take();
      c.skipToDeclaration();
      c.recordUnread(before);
    }
  }
  const problems = [...c.problems].sort((a, b) => a.span.start - b.span.start);
  const span = { start: 0, end: source.length };
  return { file: { imports, declarations, unread: c.unread, span }, problems };
}

/** Parses a single expression, such as a structure given on the command line. */
export function parseExpression(source: string) {
  return parsePart(source, expression);
}

/** Parses a text that must be one construct and nothing more. */
export function parsePart<T>(source: string, rule: (c: Cursor) => T): { value?: T; problems: ParseResult["problems"] } {
  const c = new Cursor(source);
  try {
    const value = rule(c);
    if (!c.done) c.fail("the end of the expression");
    return c.problems.length === 0 ? { value, problems: [] } : { problems: c.problems };
  } catch (problem) {
    if (!(problem instanceof SyntaxUnwind)) throw problem;
    return { problems: c.problems };
  }
}

function importDeclaration(c: Cursor): ImportDeclaration {
  const start = c.start;
  c.expect("import");
  c.expect("{");
  const names = commaList(c, () => c.name("a name to import"));
  c.expect("}");
  c.expect("from");
  const from = text(c);
  return { kind: "import", names, from, span: c.spanFrom(start) };
}

function declaration(c: Cursor): Declaration {
  const doc = c.doc();
  const start = c.start;
  const keyword = c.peek();
  if (!DECLARATIONS.has(keyword)) c.fail(`a declaration (${[...DECLARATIONS].join(", ")})`);
  c.take();
  const name = c.name(`a name after '${keyword}'`);
  const base = { ...(doc === undefined ? {} : { doc }), name };
  switch (keyword) {
    case "model": {
      const list = parameters(c);
      c.expect("{");
      const body = c.statements(MODEL_STARTERS, () => modelStatement(c));
      c.close("at the end of the model");
      return { kind: "model", ...base, parameters: list, body, span: c.spanFrom(start) };
    }
    case "module": {
      const list = parameters(c);
      c.expect("{");
      const body = c.statements(MODULE_STARTERS, () => moduleStatement(c));
      c.close("at the end of the module");
      return { kind: "module", ...base, parameters: list, body, span: c.spanFrom(start) };
    }
    case "fn": {
      const list = parameters(c);
      const result = c.accept(":") ? typeExpression(c) : undefined;
      c.expect("=", "and the function's value");
      const body = expression(c);
      const span = c.spanFrom(start);
      return { kind: "function", ...base, parameters: list, ...(result === undefined ? {} : { result }), body, span };
    }
    case "structure": {
      const list = parameters(c);
      return { kind: "structure", ...base, parameters: list, body: structureBody(c), span: c.spanFrom(start) };
    }
    case "distribution": {
      const list = parameters(c);
      c.expect("{");
      const body = c.statements(DISTRIBUTION_STARTERS, () => distributionClause(c));
      c.close("at the end of the distribution");
      return { kind: "distribution", ...base, parameters: list, body, span: c.spanFrom(start) };
    }
    case "relaxation": {
      const list = parameters(c);
      return { kind: "relaxation", ...base, parameters: list, ...relaxationBody(c, name), span: c.spanFrom(start) };
    }
    case "kernel":
      return { kind: "kernel", ...base, ...kernelRest(c), span: c.spanFrom(start) };
    default: {
      c.expect("for", "and the model's name");
      const model = c.name("a model's name");
      return { kind: "experiment", ...base, model, clauses: experimentClauses(c), span: c.spanFrom(start) };
    }
  }
}
