/**
 * Prints kernel IR as JavaScript over typed arrays: a function of a batch of examples, computing in float64. Names are
 * sanitised here: nothing that a user wrote reaches the output except as an identifier of safe characters.
 */

import { readIn } from "../ir/kernel/expression.ts";
import {
  type KernelExpression as Expression,
  type Kernel,
  type KernelArray,
  type KernelBinary,
  MOST_STEPS,
  type KernelStatement as Statement,
} from "../ir/kernel/kernel.ts";
import { stringLiteral } from "./literal.ts";

/**
 * An identifier for a name of the source. The prefix keeps it apart from words of JavaScript; names that are made from
 * it end in a dollar sign and a word, which no name of the source does.
 */
function identifier(name: string): string {
  return `_${name.replace(/[^A-Za-z0-9_]/g, "_")}`;
}

/**
 * JavaScript text of `(batch, inputs, outputs, fail, refuse) => { … }`; inputs and outputs are typed arrays of batch ×
 * size. `fail(example, ...words)` is to throw an error of these words; the kernel calls it where it cannot go on, and
 * `refuse(example, requirement, size)` where the example does not fulfil a requirement.
 */
export function printJavaScriptKernel(kernel: Kernel): string {
  const sizes = new Map<string, number>();
  const size = (array: KernelArray) => array.shape.reduce((a, b) => a * b, 1);
  const reads = readIn(kernel.body);
  // A caller's output may hold float32 only: what is read again is computed in an array of the kernel's own.
  const own = kernel.outputs.filter(({ name, element }) => element === "f32" && reads.has(name));
  const direct = kernel.outputs.filter((array) => !own.includes(array));
  const offset = new Set([...kernel.inputs, ...direct].map((array) => array.name));
  for (const array of [...kernel.inputs, ...kernel.outputs, ...kernel.scratch]) sizes.set(array.name, size(array));
  const printer = new Printer(kernel.written ?? kernel.name, offset, sizes);
  const body = printer.block(kernel.body, "      ");
  const lines = ["(() => {"];
  for (const table of kernel.tables) {
    const type = table.element === "i32" ? "Int32Array" : "Float64Array";
    lines.push(`  const ${identifier(table.name)} = new ${type}([${table.values.map(number).join(", ")}]);`);
  }
  for (const array of [...kernel.scratch, ...own])
    lines.push(
      `  const ${identifier(array.name)} = new ${array.element === "f32" ? "Float64Array" : "Int32Array"}(${size(array)});`,
    );
  // The language's remainder has the sign of the divisor, JavaScript's that of the dividend.
  if (printer.remainders) lines.push("  const remainder = (a, b) => a - b * Math.floor(a / b);");
  lines.push("  return (batch, inputs, outputs, fail, refuse) => {");
  if (printer.guards) lines.push("    let at = 0;");
  for (const [i, array] of kernel.inputs.entries()) lines.push(`    const ${identifier(array.name)} = inputs[${i}];`);
  for (const array of direct)
    lines.push(`    const ${identifier(array.name)} = outputs[${kernel.outputs.indexOf(array)}];`);
  lines.push("    for (let example = 0; example < batch; example++) {");
  for (const array of own) lines.push(`      ${identifier(array.name)}.fill(0);`);
  for (const array of [...kernel.inputs, ...direct])
    lines.push(`      const ${identifier(array.name)}$at = example * ${size(array)};`);
  if (printer.counts) lines.push("      let steps = 0;");
  lines.push(...body);
  for (const array of own) {
    const at = `outputs[${kernel.outputs.indexOf(array)}]`;
    lines.push(`      ${at}.set(${identifier(array.name)}, example * ${size(array)});`);
  }
  lines.push("    }", "  };", "})()");
  return lines.join("\n");
}

function number(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "Infinity";
  if (value === Number.NEGATIVE_INFINITY) return "-Infinity";
  return value < 0 || Object.is(value, -0) ? `(${value})` : String(value);
}

const INFIX: Readonly<Partial<Record<KernelBinary, string>>> = {
  add: "+",
  subtract: "-",
  multiply: "*",
  divide: "/",
  equal: "===",
  "not-equal": "!==",
  less: "<",
  "less-equal": "<=",
  greater: ">",
  "greater-equal": ">=",
  and: "&&",
  or: "||",
};
const CALLS: Readonly<Record<string, string>> = {
  exp: "Math.exp",
  log: "Math.log",
  log1p: "Math.log1p",
  expm1: "Math.expm1",
  sqrt: "Math.sqrt",
  abs: "Math.abs",
  floor: "Math.floor",
  "to-i32": "Math.trunc",
};

class Printer {
  /** What the text printed so far refers to: the variable of guarded indices, the count of steps, the remainder. */
  guards = false;
  counts = false;
  remainders = false;
  private readonly name: string;
  private readonly offset: ReadonlySet<string>;
  private readonly sizes: ReadonlyMap<string, number>;
  constructor(name: string, offset: ReadonlySet<string>, sizes: ReadonlyMap<string, number>) {
    this.name = name;
    this.offset = offset;
    this.sizes = sizes;
  }

  block(body: readonly Statement[], indent: string): string[] {
    return body.flatMap((statement) => this.statement(statement, indent));
  }

  private element(array: string, index: Expression): string {
    const name = identifier(array);
    const at = this.expression(index);
    return this.offset.has(array) ? `${name}[${name}$at + ${at}]` : `${name}[${at}]`;
  }

  private statement(s: Statement, indent: string): string[] {
    switch (s.kind) {
      case "declare":
        return [`${indent}${s.mutable ? "let" : "const"} ${identifier(s.name)} = ${this.expression(s.value)};`];
      case "assign":
        return [`${indent}${identifier(s.name)} = ${this.expression(s.value)};`];
      case "store":
        return [`${indent}${this.element(s.array, s.index)} = ${this.expression(s.value)};`];
      case "fill": {
        const name = identifier(s.array);
        const range = this.offset.has(s.array) ? `, ${name}$at, ${name}$at + ${this.sizes.get(s.array)}` : "";
        return [`${indent}${name}.fill(${this.expression(s.value)}${range});`];
      }
      case "for":
        return [
          this.loopHead(s.variable, s.from, s.to, s.reversed, indent),
          ...(s.steps === undefined ? [] : [this.counted(String(s.steps), `${indent}  `)]),
          ...this.block(s.body, `${indent}  `),
          `${indent}}`,
        ];
      case "while":
        return [
          `${indent}while (${this.expression(s.condition)}) {`,
          ...(s.steps === undefined ? [] : [this.counted(String(s.steps), `${indent}  `)]),
          ...this.block(s.body, `${indent}  `),
          `${indent}}`,
        ];
      case "if": {
        const lines = [`${indent}if (${this.expression(s.condition)}) {`, ...this.block(s.consequent, `${indent}  `)];
        if (s.alternative.length > 0) lines.push(`${indent}} else {`, ...this.block(s.alternative, `${indent}  `));
        return [...lines, `${indent}}`];
      }
      case "reduce":
        return this.reduce(s, indent);
      case "check": {
        const told = s.requirement ? this.refusal(s.message, s.size) : this.failure(s.message);
        return [`${indent}if (!${this.expression(s.condition)}) ${told};`];
      }
      case "break":
        return [`${indent}break;`];
    }
  }

  /** One more round of a loop, `cost` steps long. */
  private counted(cost: string, indent: string): string {
    this.counts = true;
    const failed = this.failure(`took more than ${MOST_STEPS} steps: it has a loop that does not come to an end`);
    return `${indent}if ((steps += ${cost}) > ${MOST_STEPS}) ${failed};`;
  }

  /** The end of the run, told with what the kernel did; names get into the text as literals only. */
  private failure(message: string, ...more: readonly string[]): string {
    return `fail(${["example", stringLiteral(`the kernel ${this.name} ${message}`), ...more].join(", ")})`;
  }

  /** The end of the run because of what it was given. */
  private refusal(message: string, size: Expression | undefined): string {
    const more = size === undefined ? [] : [this.expression(size)];
    return `refuse(${["example", stringLiteral(message), ...more].join(", ")})`;
  }

  private loopHead(variable: string, from: Expression, to: Expression, reversed: boolean, indent: string): string {
    const name = identifier(variable);
    const [start, end] = [this.expression(from), this.expression(to)];
    return reversed
      ? `${indent}for (let ${name} = ${end} - 1, ${name}$end = ${start}; ${name} >= ${name}$end; ${name}--) {`
      : `${indent}for (let ${name} = ${start}, ${name}$end = ${end}; ${name} < ${name}$end; ${name}++) {`;
  }

  private reduce(s: Extract<Statement, { kind: "reduce" }>, indent: string): string[] {
    const name = identifier(s.name);
    const inner = `${indent}  `;
    const guard = s.steps === undefined ? [] : [this.counted(String(s.steps), inner)];
    if (s.condition !== undefined) guard.push(`${inner}if (!(${this.expression(s.condition)})) continue;`);
    const head = this.loopHead(s.variable, s.from, s.to, false, indent);
    const value = this.expression(s.value);
    if (s.operator === "sum")
      return [`${indent}let ${name} = 0;`, head, ...guard, `${inner}${name} += ${value};`, `${indent}}`];
    const comparison = s.operator === "max" || s.operator === "argmax" ? ">" : "<";
    const first = comparison === ">" ? "-1e300" : "1e300";
    if (s.operator === "max" || s.operator === "min") {
      return [
        `${indent}let ${name} = ${first};`,
        head,
        ...guard,
        `${inner}const ${name}$item = ${value};`,
        `${inner}if (${name}$item ${comparison} ${name}) ${name} = ${name}$item;`,
        `${indent}}`,
      ];
    }
    return [
      `${indent}let ${name} = -1, ${name}$best = ${first};`,
      head,
      ...guard,
      `${inner}const ${name}$item = ${value};`,
      `${inner}if (${name} < 0 || ${name}$item ${comparison} ${name}$best) {`,
      `${inner}  ${name}$best = ${name}$item;`,
      `${inner}  ${name} = ${identifier(s.variable)};`,
      `${inner}}`,
      `${indent}}`,
    ];
  }

  private expression(e: Expression): string {
    switch (e.kind) {
      case "constant":
        return e.type === "bool" ? String(e.value !== 0) : number(e.value);
      case "variable":
        return identifier(e.name);
      case "load":
        return e.type === "bool" ? `(${this.element(e.array, e.index)} !== 0)` : this.element(e.array, e.index);
      case "unary":
        if (e.operator === "negate") return `(-${this.expression(e.operand)})`;
        if (e.operator === "not") return `(!${this.expression(e.operand)})`;
        if (e.operator === "to-f32" || e.operator === "detach") return this.expression(e.operand);
        return `${CALLS[e.operator]}(${this.expression(e.operand)})`;
      case "binary": {
        const [left, right] = [this.expression(e.left), this.expression(e.right)];
        if (e.operator === "min") return `(${left} < ${right} ? ${left} : ${right})`;
        if (e.operator === "max") return `(${left} > ${right} ? ${left} : ${right})`;
        if (e.operator === "power") return `Math.pow(${left}, ${right})`;
        if (e.operator !== "remainder") return `(${left} ${INFIX[e.operator]} ${right})`;
        this.remainders = true;
        return `remainder(${left}, ${right})`;
      }
      case "select":
        return `(${this.expression(e.condition)} ? ${this.expression(e.consequent)} : ${this.expression(e.alternative)})`;
      case "within":
        return this.within(e);
    }
  }

  private within({ operand, length, array }: Extract<Expression, { kind: "within" }>): string {
    const index = this.expression(operand);
    const named = operand.kind === "variable";
    // Guards inside of the index are through with `at` before it is assigned here.
    if (!named) this.guards = true;
    const [first, again] = named ? [index, index] : [`(at = ${index})`, "at"];
    const failed = this.failure("used index", again, stringLiteral(`of ${array}, which has ${length}`));
    return `(${first} >= 0 && ${again} < ${length} ? ${again} : ${failed})`;
  }
}
