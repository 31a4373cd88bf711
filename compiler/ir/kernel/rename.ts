/** Renames the scalars and arrays of kernel statements. */
import type { KernelExpression as Expression, Kernel, KernelStatement as Statement } from "./kernel.ts";

export interface Renaming {
  scalar(name: string): string;
  array(name: string): string;
}

export function renameExpression(e: Expression, to: Renaming): Expression {
  switch (e.kind) {
    case "constant":
      return e;
    case "variable":
      return { ...e, name: to.scalar(e.name) };
    case "load":
      return { ...e, array: to.array(e.array), index: renameExpression(e.index, to) };
    case "unary":
    case "within":
      return { ...e, operand: renameExpression(e.operand, to) };
    case "binary":
      return { ...e, left: renameExpression(e.left, to), right: renameExpression(e.right, to) };
    case "select":
      return {
        ...e,
        condition: renameExpression(e.condition, to),
        consequent: renameExpression(e.consequent, to),
        alternative: renameExpression(e.alternative, to),
      };
  }
}

export function renameBlock(body: readonly Statement[], to: Renaming): Statement[] {
  return body.map((statement) => renameStatement(statement, to));
}

function renameStatement(s: Statement, to: Renaming): Statement {
  const expression = (e: Expression) => renameExpression(e, to);
  switch (s.kind) {
    case "declare":
    case "assign":
      return { ...s, name: to.scalar(s.name), value: expression(s.value) };
    case "store":
      return { ...s, array: to.array(s.array), index: expression(s.index), value: expression(s.value) };
    case "fill":
      return { ...s, array: to.array(s.array), value: expression(s.value) };
    case "for":
      return {
        ...s,
        variable: to.scalar(s.variable),
        from: expression(s.from),
        to: expression(s.to),
        body: renameBlock(s.body, to),
      };
    case "while":
      return { ...s, condition: expression(s.condition), body: renameBlock(s.body, to) };
    case "if":
      return {
        ...s,
        condition: expression(s.condition),
        consequent: renameBlock(s.consequent, to),
        alternative: renameBlock(s.alternative, to),
      };
    case "reduce":
      return {
        ...s,
        name: to.scalar(s.name),
        variable: to.scalar(s.variable),
        from: expression(s.from),
        to: expression(s.to),
        value: expression(s.value),
        ...(s.condition === undefined ? {} : { condition: expression(s.condition) }),
      };
    case "check":
      return { ...s, condition: expression(s.condition), ...(s.size && { size: expression(s.size) }) };
    case "break":
      return s;
  }
}

/** Every name that a kernel uses. */
export function namesOf(kernel: Kernel): Set<string> {
  const names = new Set<string>();
  const note = (name: string) => {
    names.add(name);
    return name;
  };
  for (const array of [...kernel.inputs, ...kernel.outputs, ...kernel.scratch, ...kernel.tables]) note(array.name);
  renameBlock(kernel.body, { scalar: note, array: note });
  return names;
}
