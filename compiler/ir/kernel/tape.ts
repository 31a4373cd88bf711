/**
 * What the reversal of a kernel must keep: values that are overwritten, or end with their block, although the adjoint
 * of some statement before still reads them. Everything else is still there, or is computed again.
 */
import type { Indices } from "./affine.ts";
import { blocksOf, expressionsOf, partsOf, readBy, readIn, withoutGuards } from "./expression.ts";
import type { KernelExpression as Expression, ScalarType, KernelStatement as Statement } from "./kernel.ts";
import { writtenIn } from "./loops.ts";

export type ForLoop = Extract<Statement, { kind: "for" }>;

/** A statement of the forward run, with its adjoint. */
export type Step =
  /** `adjoint` is empty for what passes no derivative on, such as whole loops over integers. */
  | { readonly kind: "single"; readonly statement: Statement; readonly adjoint: readonly Statement[] }
  | { readonly kind: "loop"; readonly statement: ForLoop; readonly body: readonly Step[] }
  | {
      readonly kind: "choice";
      readonly statement: Extract<Statement, { kind: "if" }>;
      readonly consequent: readonly Step[];
      readonly alternative: readonly Step[];
    };

/** What a statement is about to overwrite, to be put back when it is undone. */
export type Kept =
  | { readonly kind: "scalar"; readonly name: string; readonly type: ScalarType }
  | { readonly kind: "element"; readonly array: string; readonly index: Expression }
  | { readonly kind: "array"; readonly array: string }
  /** An element that held a constant before: nothing is kept. */
  | { readonly kind: "constant"; readonly array: string; readonly index: Expression; readonly value: Expression };

/** How a scalar of a block gets its last value again when the block is run backwards. */
export type Local = { readonly name: string; readonly type: ScalarType; readonly mutable: boolean } & (
  | { readonly how: "again"; readonly value: Expression }
  | { readonly how: "kept" }
  /** The first statement to be undone puts it back. */
  | { readonly how: "later" }
);

export interface Keeping {
  readonly kept: ReadonlyMap<Statement, readonly Kept[]>;
  readonly locals: ReadonlyMap<readonly Step[], readonly Local[]>;
}

interface Scalar {
  readonly type: ScalarType;
  readonly mutable: boolean;
  readonly value?: Expression;
}

/** Functions that are dearer than reading memory. */
const DEAR: ReadonlySet<string> = new Set(["exp", "log", "log1p", "expm1", "power"]);

/**
 * Finds out what must be kept. `arrays` are those that change, with their types. `thrifty`: what can be computed again
 * is, however long it takes.
 */
export class KeepingFinder {
  private readonly indices: Indices;
  private readonly arrays: ReadonlySet<string>;
  private readonly thrifty: boolean;
  private readonly kept = new Map<Statement, readonly Kept[]>();
  private readonly locals = new Map<readonly Step[], readonly Local[]>();
  private readonly types = new Map<string, ScalarType>();

  constructor(indices: Indices, arrays: ReadonlySet<string>, thrifty: boolean) {
    this.indices = indices;
    this.arrays = arrays;
    this.thrifty = thrifty;
  }

  find(steps: readonly Step[]): Keeping {
    this.steps(steps, new Set());
    return { kept: this.kept, locals: this.locals };
  }

  /** From the names whose values adjoints still need before the steps to those after them. */
  private steps(steps: readonly Step[], needed: ReadonlySet<string>): Set<string> {
    return steps.reduce((names, step) => this.step(step, names), new Set(needed));
  }

  /** A block whose scalars end with it. */
  private block(steps: readonly Step[], needed: ReadonlySet<string>): Set<string> {
    const names = this.steps(steps, needed);
    const locals: Local[] = [];
    // From the last to the first: what is computed again reads those before.
    for (const [position, { name, ...scalar }] of [...declaredIn(steps)].reverse()) {
      const local = this.local(name, scalar, steps.slice(position + 1), names);
      if (local === undefined) continue;
      locals.unshift(local);
      names.delete(name);
      if (local.how === "again") for (const read of readBy(local.value)) names.add(read);
    }
    this.locals.set(steps, locals);
    return names;
  }

  private local(
    name: string,
    { type, mutable, value }: Scalar,
    after: readonly Step[],
    needed: ReadonlySet<string>,
  ): Local | undefined {
    const scalar = { name, type, mutable };
    if (!needed.has(name)) return mutable && this.putsBack(name, after) ? { ...scalar, how: "later" } : undefined;
    const statements = after.map((step) => step.statement);
    if (mutable || value === undefined) return { ...scalar, how: "kept" };
    const copy = this.copyOf(name, statements);
    if (copy !== undefined) return { ...scalar, how: "again", value: copy };
    const dear = !this.thrifty && isDear(value);
    if (dear || this.changes(value, statements)) return { ...scalar, how: "kept" };
    return { ...scalar, how: "again", value: withoutGuards(value) };
  }

  /** Whether undoing one of the steps gives a scalar a value. */
  private putsBack(name: string, steps: readonly Step[]): boolean {
    return steps.some((step) => {
      const kept = this.kept.get(step.statement) ?? [];
      if (kept.some((each) => each.kind === "scalar" && each.name === name)) return true;
      if (step.kind === "loop") return this.putsBack(name, step.body);
      return step.kind === "choice" && [step.consequent, step.alternative].some((side) => this.putsBack(name, side));
    });
  }

  /** The element that a scalar is stored in, where it stays: as good as the scalar itself. */
  private copyOf(name: string, after: readonly Statement[]): Expression | undefined {
    for (const [i, s] of after.entries()) {
      if (s.kind !== "store" || s.value.kind !== "variable" || s.value.name !== name) continue;
      const load: Expression = { kind: "load", array: s.array, index: withoutGuards(s.index), type: s.value.type };
      if (this.indices.writtenOnce(s.array) !== undefined && !this.changes(load, after.slice(i + 1))) return load;
    }
    return undefined;
  }

  /** Whether statements may write what `e` reads. */
  private changes(e: Expression, statements: readonly Statement[]): boolean {
    if (e.kind === "variable" && writtenIn(statements).has(e.name)) return true;
    if (e.kind === "load" && this.arrays.has(e.array) && this.overwrites(e.array, e.index, statements)) return true;
    return partsOf(e).some((part) => this.changes(part, statements));
  }

  private overwrites(
    array: string,
    index: Expression,
    statements: readonly Statement[],
    apart: ReadonlySet<string> = variablesIn(statements),
  ): boolean {
    return statements.some((s) => {
      if (s.kind === "fill") return s.array === array;
      if (s.kind === "store") return s.array === array && !this.indices.differ(index, s.index, apart);
      return blocksOf(s).some((block) => this.overwrites(array, index, block, apart));
    });
  }

  private step(step: Step, needed: ReadonlySet<string>): Set<string> {
    switch (step.kind) {
      case "single":
        return this.single(step.statement, step.adjoint, needed);
      case "loop":
        return this.loop(step, needed);
      case "choice": {
        const sides = [this.block(step.consequent, needed), this.block(step.alternative, needed)];
        return new Set([...sides[0]!, ...sides[1]!, ...readBy(step.statement.condition)]);
      }
    }
  }

  private loop({ statement, body }: Extract<Step, { kind: "loop" }>, needed: ReadonlySet<string>): Set<string> {
    let head = new Set(needed);
    for (let before = -1; before !== head.size; ) {
      before = head.size;
      head = new Set([...head, ...this.block(body, head)]);
      head.delete(statement.variable);
    }
    for (const e of [statement.from, statement.to]) for (const name of readBy(e)) head.add(name);
    return head;
  }

  private single(s: Statement, adjoint: readonly Statement[], needed: ReadonlySet<string>): Set<string> {
    const names = new Set([...needed, ...readIn(adjoint)]);
    if (s.kind === "declare") this.types.set(s.name, s.type);
    const kept: Kept[] = [];
    if (s.kind === "store") {
      if (names.has(s.array)) {
        const index = withoutGuards(s.index);
        const value = this.indices.writtenOnce(s.array);
        const place = { array: s.array, index };
        kept.push(value === undefined ? { kind: "element", ...place } : { kind: "constant", ...place, value });
        readBy(index, names);
      }
    } else {
      for (const name of writtenIn([s])) {
        if (!names.has(name)) continue;
        const type = this.types.get(name);
        kept.push(type === undefined ? { kind: "array", array: name } : { kind: "scalar", name, type });
        names.delete(name);
      }
    }
    this.kept.set(s, kept);
    return names;
  }
}

/** Scalars that steps declare, with their positions. */
function declaredIn(steps: readonly Step[]): [position: number, scalar: Scalar & { readonly name: string }][] {
  return steps.flatMap(({ statement: s }, position): [number, Scalar & { readonly name: string }][] => {
    if (s.kind === "declare") {
      const { name, type, mutable, value } = s;
      return [[position, { name, type, mutable, value }]];
    }
    return s.kind === "reduce" ? [[position, { name: s.name, type: s.type, mutable: false }]] : [];
  });
}

function isDear(e: Expression): boolean {
  if ((e.kind === "unary" || e.kind === "binary") && DEAR.has(e.operator)) return true;
  return partsOf(e).some(isDear);
}

/** The loop variables of statements. */
function variablesIn(statements: readonly Statement[], names = new Set<string>()): Set<string> {
  for (const s of statements) {
    if (s.kind === "for" || s.kind === "reduce") names.add(s.variable);
    for (const block of blocksOf(s)) variablesIn(block, names);
  }
  return names;
}

/** Whether what decides about a statement changes while it runs. */
export function decidesItself(s: Statement): boolean {
  const written = writtenIn(blocksOf(s).flat());
  return expressionsOf(s).some((e) => [...readBy(e)].some((name) => written.has(name)));
}
