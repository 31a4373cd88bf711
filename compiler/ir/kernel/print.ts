/**
 * The text form of kernel IR, for people: it reads like the kernel language, with sizes, flat indices and inlined
 * calls.
 */
import type {
  KernelExpression as Expression,
  Kernel,
  KernelArray,
  KernelBinary,
  KernelTable,
  KernelUnary,
  KernelStatement as Statement,
} from "./kernel.ts";

/** Values of a table that are written out; of longer ones the beginning is. */
const LONGEST_TABLE = 24;

export function printKernel(kernel: Kernel): string {
  const lines = (kernel.doc ?? "").split("\n").filter((line) => line !== "");
  return [
    ...lines.map((line) => `/// ${line.trim()}`),
    `kernel ${kernel.name}(${kernel.inputs.map(declare).join(", ")}) -> ${kernel.outputs.map(declare).join(", ")} {`,
    ...kernel.tables.map((table) => `  table ${printTable(table)}`),
    ...kernel.scratch.map((array) => `  scratch ${declare(array)}`),
    ...block(kernel.body, "  "),
    "}",
  ].join("\n");
}

function declare(array: KernelArray): string {
  return `${array.name}: ${array.element}[${array.shape.join(", ")}]`;
}

function printTable(table: KernelTable): string {
  const shown = table.values.slice(0, LONGEST_TABLE).join(", ");
  const rest = table.values.length > LONGEST_TABLE ? `, …` : "";
  return `${table.name}: ${table.element}[${table.values.length}] = [${shown}${rest}]`;
}

function block(body: readonly Statement[], indent: string): string[] {
  return body.flatMap((statement) => printStatement(statement, indent));
}

function nested(head: string, body: readonly Statement[], indent: string): string[] {
  return [`${indent}${head} {`, ...block(body, `${indent}  `), `${indent}}`];
}

function printStatement(s: Statement, indent: string): string[] {
  switch (s.kind) {
    case "declare":
      return [`${indent}${s.mutable ? "var" : "let"} ${s.name}: ${s.type} = ${printKernelExpression(s.value)}`];
    case "assign":
      return [`${indent}${s.name} = ${printKernelExpression(s.value)}`];
    case "store":
      return [`${indent}${s.array}[${printKernelExpression(s.index)}] = ${printKernelExpression(s.value)}`];
    case "fill":
      return [`${indent}fill ${s.array} = ${printKernelExpression(s.value)}`];
    case "for": {
      const range = printRange(s.from, s.to);
      const head = `${s.parallel ? "parallel " : ""}for ${s.variable} in ${s.reversed ? `reversed(${range})` : range}`;
      return nested(head, s.body, indent);
    }
    case "while":
      return nested(`while ${printKernelExpression(s.condition)}`, s.body, indent);
    case "if": {
      const yes = nested(`if ${printKernelExpression(s.condition)}`, s.consequent, indent);
      if (s.alternative.length === 0) return yes;
      const [, ...no] = nested("", s.alternative, indent);
      return [...yes.slice(0, -1), `${indent}} else {`, ...no];
    }
    case "reduce": {
      const condition = s.condition === undefined ? "" : ` if ${printKernelExpression(s.condition)}`;
      const items = `${printKernelExpression(s.value)} for ${s.variable} in ${printRange(s.from, s.to)}${condition}`;
      return [`${indent}let ${s.name}: ${s.type} = ${s.operator}(${items})`];
    }
    case "check":
      return [
        `${indent}${s.requirement ? "require" : "check"} ${printKernelExpression(s.condition)} ` +
          `else ${JSON.stringify(s.message)}`,
      ];
    case "break":
      return [`${indent}break`];
  }
}

function printRange(from: Expression, to: Expression): string {
  return `${operand(from, PRECEDENCE.add)}..${operand(to, PRECEDENCE.add)}`;
}

const SYMBOLS: Readonly<Partial<Record<KernelBinary, string>>> = {
  add: "+",
  subtract: "-",
  multiply: "*",
  divide: "/",
  remainder: "%",
  power: "^",
  equal: "==",
  "not-equal": "!=",
  less: "<",
  "less-equal": "<=",
  greater: ">",
  "greater-equal": ">=",
  and: "and",
  or: "or",
};
const PRECEDENCE: Readonly<Record<Exclude<KernelBinary, "min" | "max">, number>> = {
  or: 1,
  and: 2,
  equal: 3,
  "not-equal": 3,
  less: 3,
  "less-equal": 3,
  greater: 3,
  "greater-equal": 3,
  add: 4,
  subtract: 4,
  multiply: 5,
  divide: 5,
  remainder: 5,
  power: 7,
};
const PREFIX = 6;
const FUNCTIONS: Readonly<Partial<Record<KernelUnary, string>>> = {
  "to-f32": "f32",
  "to-i32": "i32",
  detach: "constant",
};

/** With parentheses where it binds looser than `least`. */
function operand(e: Expression, least: number): string {
  const text = printKernelExpression(e);
  return strength(e) < least ? `(${text})` : text;
}

function strength(e: Expression): number {
  if (e.kind === "select") return 0;
  if (e.kind === "unary") return e.operator === "negate" || e.operator === "not" ? PREFIX : 9;
  if (e.kind === "binary" && e.operator !== "min" && e.operator !== "max") return PRECEDENCE[e.operator];
  return e.kind === "constant" && e.value < 0 ? PREFIX : 9;
}

export function printKernelExpression(e: Expression): string {
  switch (e.kind) {
    case "constant":
      return printConstant(e);
    case "variable":
      return e.name;
    case "load":
      return `${e.array}[${printKernelExpression(e.index)}]`;
    case "unary":
      if (e.operator === "negate") return `-${operand(e.operand, PREFIX)}`;
      if (e.operator === "not") return `not ${operand(e.operand, PREFIX)}`;
      return `${FUNCTIONS[e.operator] ?? e.operator}(${printKernelExpression(e.operand)})`;
    case "binary": {
      if (e.operator === "min" || e.operator === "max") {
        return `${e.operator}(${printKernelExpression(e.left)}, ${printKernelExpression(e.right)})`;
      }
      const own = PRECEDENCE[e.operator];
      // Comparisons do not chain, and everything but power groups to the left.
      const comparison = own === PRECEDENCE.less;
      return `${operand(e.left, comparison ? own + 1 : own)} ${SYMBOLS[e.operator]} ${operand(e.right, own + 1)}`;
    }
    case "select": {
      const [yes, no] = [operand(e.consequent, 1), operand(e.alternative, 1)];
      return `if ${operand(e.condition, 1)} then ${yes} else ${no}`;
    }
    case "within":
      return `within(${printKernelExpression(e.operand)}, ${e.length})`;
  }
}

function printConstant(e: Extract<Expression, { kind: "constant" }>): string {
  if (e.type === "bool") return e.value === 0 ? "false" : "true";
  if (!Number.isFinite(e.value)) return String(e.value).replace("Infinity", "inf");
  const text = String(Object.is(e.value, -0) ? "-0" : e.value);
  return e.type === "f32" && /^-?\d+$/.test(text) ? `${text}.0` : text;
}
