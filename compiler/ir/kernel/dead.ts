/** Removes what a kernel computes for nothing: whatever no output depends on. */
import { readBy } from "./expression.ts";
import type { KernelExpression as Expression, Kernel, KernelStatement as Statement } from "./kernel.ts";

export function removeDead(kernel: Kernel): Kernel {
  const live = new Set(kernel.outputs.map((array) => array.name));
  for (let before = -1; before < live.size; ) {
    before = live.size;
    mark(kernel.body, live);
  }
  const body = sweep(kernel.body, live);
  const used = new Set<string>();
  stored(body, used);
  return {
    ...kernel,
    body,
    scratch: kernel.scratch.filter((array) => live.has(array.name) || used.has(array.name)),
    tables: kernel.tables.filter((table) => live.has(table.name)),
  };
}

/**
 * Adds what the results need: what is read for something live, and what decides whether that happens. True when the
 * statements hold anything live at all. (`x = x + 1` alone keeps nothing alive.)
 */
function mark(body: readonly Statement[], live: Set<string>): boolean {
  let any = false;
  for (const s of body) any = markOne(s, live) || any;
  return any;
}

function markOne(s: Statement, live: Set<string>): boolean {
  const read = (needed: boolean, ...expressions: readonly (Expression | undefined)[]) => {
    for (const e of expressions) if (needed && e !== undefined) readBy(e, live);
    return needed;
  };
  switch (s.kind) {
    case "declare":
    case "assign":
      return read(live.has(s.name), s.value);
    case "store":
      return read(live.has(s.array), s.index, s.value);
    case "fill":
      return read(live.has(s.array), s.value);
    case "reduce":
      return read(live.has(s.name), s.from, s.to, s.value, s.condition);
    case "for":
      return read(mark(s.body, live), s.from, s.to);
    case "while":
      mark(s.body, live);
      return read(true, s.condition);
    case "if": {
      const parts = [mark(s.consequent, live), mark(s.alternative, live)];
      return read(parts.includes(true), s.condition);
    }
    case "check":
      return s.size === undefined ? read(true, s.condition) : read(true, s.condition, s.size);
    case "break":
      return true;
  }
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
    case "check":
      return [s];
  }
}
