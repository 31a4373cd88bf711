/** Parsing of kernels: loops over scalars and arrays. */
import type { Expression, KernelAssign, KernelDeclaration, KernelStatement, RangeExpression } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import {
  commaList,
  expression,
  parameters,
  rangeOrExpression,
  requireStatement,
  tensorType,
  typeExpression,
} from "./expressions.ts";

const STARTERS: ReadonlySet<string> = new Set([
  "let",
  "var",
  "shared",
  "for",
  "parallel",
  "if",
  "while",
  "break",
  "require",
]);

export function kernelRest(c: Cursor): Pick<KernelDeclaration, "parameters" | "outputs" | "body"> {
  const list = parameters(c);
  c.expect("->", "and the kernel's outputs");
  const outputs = commaList(c, () => {
    const name = c.name("an output's name");
    c.expect(":");
    return { name, type: tensorType(c) };
  });
  return { parameters: list, outputs, body: block(c) };
}

function block(c: Cursor): KernelStatement[] {
  return c.nested(() => {
    c.expect("{");
    const body = c.statements(STARTERS, () => statement(c));
    c.close("at the end of the block");
    return body;
  });
}

function statement(c: Cursor): KernelStatement {
  const start = c.start;
  // Words that begin statements may be names of variables, too.
  if (c.isName() && c.nextIs([...ASSIGNMENTS, "["])) return assignment(c);
  if (c.is("let")) {
    c.take();
    const name = c.name("a name after 'let'");
    c.expect("=", "and a value");
    const value = expression(c);
    return { kind: "kernel-let", name, value, span: c.spanFrom(start) };
  }
  if (c.is("var") && c.isName(1)) {
    c.take();
    const name = c.name("a name after 'var'");
    const type = c.accept(":") ? typeExpression(c) : undefined;
    c.expect("=", "and a value");
    const value = expression(c);
    return { kind: "kernel-var", name, ...(type === undefined ? {} : { type }), value, span: c.spanFrom(start) };
  }
  if (c.is("shared") && c.isName(1)) {
    c.take();
    const name = c.name("a name after 'shared'");
    c.expect(":", "and a type");
    const type = tensorType(c);
    const fill = c.accept("=") ? expression(c) : undefined;
    return { kind: "kernel-shared", name, type, ...(fill === undefined ? {} : { fill }), span: c.spanFrom(start) };
  }
  if (c.is("require")) return requireStatement(c);
  if (c.is("for") || (c.is("parallel") && c.peek(1) === "for")) return loop(c);
  if (c.is("if")) return conditional(c);
  if (c.is("while")) {
    c.take();
    const condition = expression(c);
    return { kind: "kernel-while", condition, body: block(c), span: c.spanFrom(start) };
  }
  if (c.accept("break")) return { kind: "kernel-break", span: c.spanFrom(start) };
  return assignment(c);
}

const ASSIGNMENTS: readonly string[] = ["=", "+=", "-=", "*=", "/="];

function assignment(c: Cursor): KernelAssign {
  const start = c.start;
  if (!c.isName()) c.fail("a statement of a kernel (let, var, shared, for, if, while or an assignment)");
  const target = expression(c);
  if (target.kind !== "name" && target.kind !== "index")
    c.failWith("this is not a statement", "assign with = or +=, or name it with let");
  if (!ASSIGNMENTS.includes(c.peek())) c.fail("'=' or '+=' after what is assigned to");
  const operator = c.take() as KernelAssign["operator"];
  const value = expression(c);
  return { kind: "kernel-assign", target, operator, value, span: c.spanFrom(start) };
}

function loop(c: Cursor): KernelStatement {
  const start = c.start;
  const parallel = c.accept("parallel");
  c.expect("for");
  const tuple = c.accept("(");
  const variables = tuple ? commaList(c, () => c.name("a loop variable")) : [c.name("a loop variable")];
  if (tuple) c.expect(")");
  c.expect("in");
  const sources: (Expression | RangeExpression)[] = [];
  if (tuple) {
    c.expect("(");
    sources.push(...commaList(c, () => source(c)));
    c.expect(")");
    if (sources.length !== variables.length) c.failWith("a loop needs as many ranges as variables");
  } else sources.push(source(c));
  return { kind: "kernel-for", parallel, variables, sources, body: block(c), span: c.spanFrom(start) };
}

/** A range, an integer expression, or `reversed(range)`, which is kept as a call around the range's ends. */
function source(c: Cursor): Expression | RangeExpression {
  if (!c.is("reversed")) return rangeOrExpression(c);
  const start = c.start;
  c.take();
  const span = c.spanFrom(start);
  c.expect("(");
  const range = rangeOrExpression(c);
  c.expect(")");
  const ends = range.kind === "range" ? [range.from, range.to] : [undefined, range];
  if (ends[1] === undefined) c.failWith("a loop's range needs an end");
  const zero: Expression = { kind: "number", value: 0, text: "0", span };
  return {
    kind: "call",
    callee: { kind: "name", name: "reversed", span },
    arguments: [ends[0] ?? zero, ends[1]!].map((value) => ({ value, span: value.span })),
    span: c.spanFrom(start),
  };
}

function conditional(c: Cursor): KernelStatement {
  const start = c.start;
  c.expect("if");
  const condition = expression(c);
  const consequent = block(c);
  let alternative: KernelStatement[] = [];
  if (c.accept("else")) alternative = c.is("if") ? [c.nested(() => conditional(c))] : block(c);
  return { kind: "kernel-if", condition, consequent, alternative, span: c.spanFrom(start) };
}
