/** Parsing of expressions, types, parameters and arguments: the part of the grammar that every level shares. */
import type {
  Argument,
  BinaryOperator,
  BlockExpression,
  EllipsisExpression,
  Expression,
  LetStatement,
  Parameter,
  RangeExpression,
  RequireStatement,
  StringLiteral,
  TensorTypeExpression,
  TypeExpression,
  UpdateStatement,
} from "./ast.ts";
import type { Cursor } from "./cursor.ts";

const COMPARISONS = ["==", "!=", "<", "<=", ">", ">="] as const;
/** Binary operators from loose to tight; comparisons do not chain. */
const LEVELS: readonly (readonly BinaryOperator[])[] = [["or"], ["and"], COMPARISONS, ["+", "-"], ["*", "/", "%", "@"]];

export function expression(c: Cursor): Expression {
  return c.nested(() => {
    if (c.is("if")) return conditional(c);
    if (c.is("scan")) return scan(c);
    return binary(c, 0);
  });
}

function binary(c: Cursor, level: number): Expression {
  const operators = LEVELS[level];
  if (operators === undefined) return unary(c);
  const start = c.start;
  return c.chain((link) => {
    let left = binary(c, level + 1);
    while (operators.includes(c.peek() as BinaryOperator) && !c.done) {
      const operator = c.take() as BinaryOperator;
      const right = link(() => binary(c, level + 1));
      left = { kind: "binary", operator, left, right, span: c.spanFrom(start) };
      if (operators === COMPARISONS) {
        if ((COMPARISONS as readonly string[]).includes(c.peek()))
          c.failWith("comparisons do not chain", "write a < b and b < c");
        break;
      }
    }
    return left;
  });
}

function unary(c: Cursor): Expression {
  const start = c.start;
  if (c.is("-", "not")) {
    const operator = c.take() as "-" | "not";
    const operand = c.nested(() => unary(c));
    return { kind: "unary", operator, operand, span: c.spanFrom(start) };
  }
  const base = postfix(c);
  if (!c.accept("^")) return base;
  const right = c.nested(() => unary(c));
  return { kind: "binary", operator: "^", left: base, right, span: c.spanFrom(start) };
}

function postfix(c: Cursor): Expression {
  const start = c.start;
  return c.chain((link) => {
    let value = primary(c);
    for (;;) {
      if (c.is("(") && c.sameLine()) {
        const list = link(() => callArguments(c));
        value = { kind: "call", callee: value, arguments: list, span: c.spanFrom(start) };
      } else if (c.is("[") && c.sameLine()) {
        const items = link(() => indexItems(c));
        value = { kind: "index", object: value, items, span: c.spanFrom(start) };
      } else if (c.accept(".")) {
        const property = link(() => c.name("a member's name after '.'", true));
        value = { kind: "member", object: value, property, span: c.spanFrom(start) };
      } else return value;
    }
  });
}

function primary(c: Cursor): Expression {
  const start = c.start;
  if (c.isNumber()) {
    const text = c.take();
    return { kind: "number", value: Number(text), text, span: c.spanFrom(start) };
  }
  if (c.isText()) return text(c);
  if (c.is("true", "false")) {
    const value = c.take() === "true";
    return { kind: "boolean", value, span: c.spanFrom(start) };
  }
  if (c.is("if")) return conditional(c);
  if (c.is("scan")) return scan(c);
  if (c.is("[")) return list(c);
  if (c.is("{")) return block(c);
  if (c.is("(")) return parenthesised(c);
  if (c.isName()) {
    const name = c.take();
    return { kind: "name", name, span: c.spanFrom(start) };
  }
  return c.fail("an expression");
}

export function text(c: Cursor): StringLiteral {
  const start = c.start;
  if (!c.isText()) c.fail('a text in quotes, "…"');
  const value = JSON.parse(c.take()) as string;
  return { kind: "string", value, span: c.spanFrom(start) };
}

function parenthesised(c: Cursor): Expression {
  const start = c.start;
  c.expect("(");
  const items = [expression(c)];
  while (c.accept(",")) items.push(expression(c));
  c.expect(")");
  return items.length === 1 ? items[0]! : { kind: "tuple", items, span: c.spanFrom(start) };
}

function conditional(c: Cursor): Expression {
  const start = c.start;
  c.expect("if");
  const condition = expression(c);
  c.expect("then", "after the condition");
  const consequent = expression(c);
  c.expect("else", "(an expression has a value in both cases)");
  const alternative = expression(c);
  return { kind: "conditional", condition, consequent, alternative, span: c.spanFrom(start) };
}

function scan(c: Cursor): Expression {
  const start = c.start;
  c.expect("scan");
  const state = c.name("the state's name");
  c.expect("=");
  const initial = expression(c);
  c.expect("for");
  const variable = c.name("a loop variable");
  c.expect("in");
  const source = rangeOrExpression(c);
  return { kind: "scan", state, initial, variable, source, body: block(c), span: c.spanFrom(start) };
}

/** Whether a statement of a block begins here; `update` and `require` may also be names in its value. */
function startsStatement(c: Cursor): boolean {
  if (c.is("let")) return true;
  if (c.is("update")) return c.isName(1);
  return c.is("require") && (c.isName(1) || /^(\d.*|\(|not|true|false)$/.test(c.peek(1)));
}

function block(c: Cursor): BlockExpression {
  const start = c.start;
  c.expect("{");
  const statements: BlockExpression["statements"][number][] = [];
  while (startsStatement(c)) {
    statements.push(c.is("let") ? letStatement(c) : c.is("update") ? updateStatement(c) : requireStatement(c));
  }
  const result = expression(c);
  c.expect("}", "after the block's value");
  return { kind: "block", statements, result, span: c.spanFrom(start) };
}

export function letStatement(c: Cursor): LetStatement {
  const start = c.start;
  c.expect("let");
  const name = c.name("a name after 'let'");
  const type = c.accept(":") ? typeExpression(c) : undefined;
  c.expect("=", "and a value");
  const value = expression(c);
  return { kind: "let", name, ...(type === undefined ? {} : { type }), value, span: c.spanFrom(start) };
}

export function updateStatement(c: Cursor): UpdateStatement {
  const start = c.start;
  c.expect("update");
  const name = c.name("the state's name");
  c.expect("=");
  const value = expression(c);
  return { kind: "update", name, value, span: c.spanFrom(start) };
}

export function requireStatement(c: Cursor): RequireStatement {
  const start = c.start;
  c.expect("require");
  const condition = expression(c);
  const message = c.accept("else") ? text(c) : undefined;
  return { kind: "require", condition, ...(message === undefined ? {} : { message }), span: c.spanFrom(start) };
}

function list(c: Cursor): Expression {
  const start = c.start;
  c.expect("[");
  const items: Expression[] = [];
  while (!c.is("]")) {
    const item = expression(c);
    items.push(items.length === 0 && c.is("for") ? comprehension(c, item) : item);
    if (!c.accept(",")) break;
  }
  c.expect("]");
  return { kind: "list", items, span: c.spanFrom(start) };
}

function comprehension(c: Cursor, body: Expression): Expression {
  c.expect("for");
  const variable = c.name("a loop variable");
  c.expect("in");
  const source = rangeOrExpression(c);
  const condition = c.accept("if") ? expression(c) : undefined;
  return {
    kind: "comprehension",
    body,
    variable,
    source,
    ...(condition === undefined ? {} : { condition }),
    span: c.spanFrom(body.span.start),
  };
}

export function callArguments(c: Cursor): Argument[] {
  c.expect("(");
  const list: Argument[] = [];
  while (!c.is(")")) {
    list.push(argument(c, list.length === 0));
    if (!c.accept(",")) break;
  }
  c.expect(")", "after the arguments");
  return list;
}

export function argument(c: Cursor, first = false): Argument {
  const start = c.start;
  const name = c.isWord() && c.peek(1) === "=" ? c.name("an argument's name", true) : undefined;
  if (name !== undefined) c.expect("=");
  let value = expression(c);
  if (first && name === undefined && c.is("for")) value = comprehension(c, value);
  return { ...(name === undefined ? {} : { name }), value, span: c.spanFrom(start) };
}

/** `a..b`, with either end missing, or a plain expression. */
export function rangeOrExpression(c: Cursor): Expression | RangeExpression {
  const start = c.start;
  const from = c.is("..") ? undefined : expression(c);
  if (!c.accept("..")) return from!;
  const ended = c.done || c.is("]", ",", ")", "{", "}") || (c.isWord() && !c.isName());
  const to = ended ? undefined : expression(c);
  return {
    kind: "range",
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    span: c.spanFrom(start),
  };
}

function indexItems(c: Cursor): (Expression | RangeExpression | EllipsisExpression)[] {
  c.expect("[");
  const items: (Expression | RangeExpression | EllipsisExpression)[] = [];
  while (!c.is("]")) {
    items.push(ellipsis(c) ?? rangeOrExpression(c));
    if (!c.accept(",")) break;
  }
  c.expect("]", "after the indices");
  return items;
}

function ellipsis(c: Cursor): EllipsisExpression | undefined {
  const start = c.start;
  return c.accept("...") ? { kind: "ellipsis", span: c.spanFrom(start) } : undefined;
}

const ELEMENTS: readonly string[] = ["f32", "i32", "bool", "binary"];

export function typeExpression(c: Cursor): TypeExpression {
  const start = c.start;
  const { name } = c.name("a type such as f32[n] or Graph");
  if (!ELEMENTS.includes(name) || (name === "bool" && !c.is("[")))
    return { kind: "named-type", name, span: c.spanFrom(start) };
  const dimensions: (Expression | EllipsisExpression)[] = [];
  if (c.is("[") && c.sameLine()) {
    c.expect("[");
    while (!c.is("]")) {
      dimensions.push(ellipsis(c) ?? expression(c));
      if (!c.accept(",")) break;
    }
    c.expect("]", "after the dimensions");
  }
  return { kind: "tensor-type", element: name as TensorTypeExpression["element"], dimensions, span: c.spanFrom(start) };
}

export function tensorType(c: Cursor): TensorTypeExpression {
  const type = typeExpression(c);
  if (type.kind === "tensor-type") return type;
  return c.failWith(`expected a tensor type such as f32[n], but found ${type.name}`);
}

export function parameters(c: Cursor): Parameter[] {
  const list: Parameter[] = [];
  if (!c.accept("(")) return list;
  while (!c.is(")")) {
    const start = c.start;
    const name = c.name("a parameter's name");
    const type = c.accept(":") ? typeExpression(c) : undefined;
    const value = c.accept("=") ? expression(c) : undefined;
    list.push({
      name,
      ...(type === undefined ? {} : { type }),
      ...(value === undefined ? {} : { default: value }),
      span: c.spanFrom(start),
    });
    if (!c.accept(",")) break;
  }
  c.expect(")", "after the parameters");
  return list;
}

/** Comma-separated items, at least one. */
export function commaList<T>(c: Cursor, item: () => T): T[] {
  const list = [item()];
  while (c.accept(",")) list.push(item());
  return list;
}
