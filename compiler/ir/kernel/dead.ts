/** Removes what a kernel computes for nothing: scalars never read, arrays never loaded, empty loops. */
import type { KernelExpression as Expression, Kernel, KernelStatement as Statement } from "./kernel.ts";

export function removeDead(kernel: Kernel): Kernel {
  let body = kernel.body;
  for (let before = -1; ; ) {
    const live = new Set(kernel.outputs.map((array) => array.name));
    collect(body, live);
    body = sweep(body, live);
    const size = count(body);
    if (size === before) {
      const used = new Set<string>();
      collect(body, used);
      stored(body, used);
      return {
        ...kernel,
        body,
        scratch: kernel.scratch.filter((array) => used.has(array.name)),
        tables: kernel.tables.filter((table) => used.has(table.name)),
      };
    }
    before = size;
  }
}

function collectExpression(e: Expression, live: Set<string>): void {
  switch (e.kind) {
    case "constant":
      return;
    case "variable":
      live.add(e.name);
      return;
    case "load":
      live.add(e.array);
      return collectExpression(e.index, live);
    case "unary":
      return collectExpression(e.operand, live);
    case "binary":
      collectExpression(e.left, live);
      return collectExpression(e.right, live);
    case "select":
      collectExpression(e.condition, live);
      collectExpression(e.consequent, live);
      return collectExpression(e.alternative, live);
  }
}

/**
 * What is read, except by a store into the same array or an assignment of the same scalar: `x = x + 1` alone keeps
 * nothing alive.
 */
function collect(body: readonly Statement[], live: Set<string>): void {
  for (const s of body) {
    switch (s.kind) {
      case "declare":
        collectExpression(s.value, live);
        break;
      case "assign":
        collectOthers(s.value, s.name, live);
        break;
      case "store":
        collectExpression(s.index, live);
        collectOthers(s.value, s.array, live);
        break;
      case "fill":
        collectOthers(s.value, s.array, live);
        break;
      case "for":
        collectExpression(s.from, live);
        collectExpression(s.to, live);
        collect(s.body, live);
        break;
      case "while":
        collectExpression(s.condition, live);
        collect(s.body, live);
        break;
      case "reduce":
        collectExpression(s.from, live);
        collectExpression(s.to, live);
        collectExpression(s.value, live);
        if (s.condition !== undefined) collectExpression(s.condition, live);
        break;
      case "if":
        collectExpression(s.condition, live);
        collect(s.consequent, live);
        collect(s.alternative, live);
        break;
      case "break":
        break;
    }
  }
}

/** What an expression reads but for the target that it is for. */
function collectOthers(value: Expression, target: string, live: Set<string>): void {
  const reads = new Set<string>();
  collectExpression(value, reads);
  for (const name of reads) if (name !== target) live.add(name);
}

function stored(body: readonly Statement[], used: Set<string>): void {
  for (const s of body) {
    if (s.kind === "store" || s.kind === "fill") used.add(s.array);
    else if (s.kind === "for" || s.kind === "while") stored(s.body, used);
    else if (s.kind === "if") {
      stored(s.consequent, used);
      stored(s.alternative, used);
    }
  }
}

function sweep(body: readonly Statement[], live: ReadonlySet<string>): Statement[] {
  return body.flatMap((s) => swept(s, live));
}

/** What is left of a statement: itself, a smaller one, or nothing. */
function swept(s: Statement, live: ReadonlySet<string>): Statement[] {
  switch (s.kind) {
    case "declare":
    case "assign":
    case "reduce":
      return live.has(s.name) ? [s] : [];
    case "store":
    case "fill":
      return live.has(s.array) ? [s] : [];
    case "for": {
      const inner = sweep(s.body, live);
      return inner.length === 0 ? [] : [{ ...s, body: inner }];
    }
    case "while":
      return [{ ...s, body: sweep(s.body, live) }];
    case "if": {
      const [a, b] = [sweep(s.consequent, live), sweep(s.alternative, live)];
      return a.length + b.length === 0 ? [] : [{ ...s, consequent: a, alternative: b }];
    }
    case "break":
      return [s];
  }
}

function count(body: readonly Statement[]): number {
  return body.reduce(
    (total, s) =>
      total +
      1 +
      (s.kind === "for" || s.kind === "while"
        ? count(s.body)
        : s.kind === "if"
          ? count(s.consequent) + count(s.alternative)
          : 0),
    0,
  );
}
