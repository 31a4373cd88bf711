/** Statements of kernel IR as WGSL on one lane by itself: nothing is to be synchronised. */
import type {
  KernelExpression as Expression,
  ScalarType,
  KernelStatement as Statement,
} from "../../../ir/kernel/kernel.ts";
import { type ExpressionContext, expressionText } from "./expressions.ts";

/** Rounds after which a loop is taken for endless: seconds of work. */
const MOST_ROUNDS = 2 ** 24;

export interface KernelSurroundings extends ExpressionContext {
  readonly lanes: number;
  /** Elements of each array. */
  readonly sizes: ReadonlyMap<string, number>;
  /** Whether an array lies in workgroup memory. */
  isShared(array: string): boolean;
  storeText(array: string, index: string, value: string): string;
  /** Whether an array is written anywhere: what is not needs no barriers. */
  isWritten(array: string): boolean;
  /** A workgroup variable of this type, the same for the same purpose. */
  shared(purpose: string, type: string): string;
  /** The number of a fault for what a `check` says, or for a loop without end. */
  fault(check: Extract<Statement, { kind: "check" }> | "endless"): number;
  fresh(wanted: string): string;
}

export type Reduction = Extract<Statement, { kind: "reduce" }>;
export type Loop = Extract<Statement, { kind: "for" }>;

export const TYPES: Readonly<Record<ScalarType, string>> = { f32: "f32", i32: "i32", bool: "bool" };

/** Statements on one lane, or on each lane of a parallel loop by itself: nothing to be synchronised. */
export class SoloStatements {
  protected readonly around: KernelSurroundings;
  /** The variables that hold the extreme values of reductions to a place. */
  protected readonly extremes = new Map<string, string>();

  constructor(around: KernelSurroundings) {
    this.around = around;
  }

  protected text(e: Expression): string {
    return expressionText(e, this.around);
  }

  block(body: readonly Statement[], indent: string): string[] {
    return body.flatMap((s) => this.solo(s, indent));
  }

  solo(s: Statement, indent: string): string[] {
    const { around } = this;
    const inner = `${indent}  `;
    switch (s.kind) {
      case "declare":
        return [`${indent}${s.mutable ? "var" : "let"} ${around.scalar(s.name)} = ${this.text(s.value)};`];
      case "assign":
        return [`${indent}${around.scalar(s.name)} = ${this.text(s.value)};`];
      case "store":
        return [`${indent}${around.storeText(s.array, this.text(s.index), this.text(s.value))}`];
      case "fill": {
        const k = around.fresh("k");
        const size = around.sizes.get(s.array)!;
        const store = around.storeText(s.array, k, this.text(s.value));
        return [`${indent}for (var ${k} = 0; ${k} < ${size}; ${k}++) { ${store} }`];
      }
      case "for": {
        const { before, head } = this.loopHead(s, indent, "1");
        const count = this.counted(s.steps, indent);
        return [...before, ...count.before, head, ...count.inside, ...this.block(s.body, inner), `${indent}}`];
      }
      case "while": {
        const count = this.counted(s.steps, indent);
        const head = `${indent}while (${this.text(s.condition)}) {`;
        return [...count.before, head, ...count.inside, ...this.block(s.body, inner), `${indent}}`];
      }
      case "if":
        return this.branches(`${indent}if (${this.text(s.condition)}) {`, s, indent, (body) => this.block(body, inner));
      case "reduce":
        return this.reduction(s, indent);
      case "break":
        return [`${indent}break;`];
      case "check":
        return [`${indent}if (!${this.text(s.condition)}) { ${this.faultText(s)} }`];
    }
  }

  protected branches(
    head: string,
    s: Extract<Statement, { kind: "if" }>,
    indent: string,
    block: (body: readonly Statement[]) => string[],
  ): string[] {
    const lines = [head, ...block(s.consequent)];
    if (s.alternative.length > 0) lines.push(`${indent}} else {`, ...block(s.alternative));
    return [...lines, `${indent}}`];
  }

  protected faultText(s: Extract<Statement, { kind: "check" }>): string {
    const size = s.size === undefined ? "0u" : `u32(${this.text(s.size)})`;
    return `fault(${this.around.fault(s)}u, row, ${size});`;
  }

  /** The head of a loop whose rounds are `step` apart; bounds are computed once. */
  protected loopHead(s: Loop | Reduction, indent: string, step: string, from = this.text(s.from)) {
    const name = this.around.scalar(s.variable);
    const before: string[] = [];
    const bound = (e: Expression, text: string, wanted: string) => {
      if (e.kind === "constant") return text;
      const end = this.around.fresh(wanted);
      before.push(`${indent}let ${end} = ${text};`);
      return end;
    };
    const reversed = s.kind === "for" && s.reversed;
    if (reversed) {
      const least = bound(s.from, from, "least");
      return {
        before,
        head: `${indent}for (var ${name} = ${this.text(s.to)} - 1; ${name} >= ${least}; ${name} -= ${step}) {`,
      };
    }
    const end = bound(s.to, this.text(s.to), "end");
    return { before, head: `${indent}for (var ${name} = ${from}; ${name} < ${end}; ${name} += ${step}) {` };
  }

  /** Counts the rounds of a loop of which nothing says that it ends. */
  protected counted(steps: number | undefined, indent: string) {
    if (steps === undefined) return { before: [], inside: [] };
    const rounds = this.around.fresh("rounds");
    const fault = `fault(${this.around.fault("endless")}u, row, 0u);`;
    return {
      before: [`${indent}var ${rounds} = 0;`],
      inside: [`${indent}  ${rounds}++;`, `${indent}  if (${rounds} > ${MOST_ROUNDS}) { ${fault} break; }`],
    };
  }

  /** A reduction by this lane alone. */
  protected reduction(
    s: Reduction,
    indent: string,
    name = this.around.scalar(s.name),
    first?: string,
    step = "1",
  ): string[] {
    const { start, update } = this.accumulation(s, name);
    const { before, head } = this.loopHead(s, indent, step, first);
    const inner = `${indent}  `;
    const lines = [...before, ...start.map((line) => `${indent}${line}`), head];
    const body = update(this.text(s.value));
    if (s.condition === undefined) lines.push(...body.map((line) => `${inner}${line}`));
    else
      lines.push(`${inner}if (${this.text(s.condition)}) {`, ...body.map((line) => `${inner}  ${line}`), `${inner}}`);
    return [...lines, `${indent}}`];
  }

  /** How a reduction begins, and what it does with each value. */
  protected accumulation(s: Reduction, name: string): { start: string[]; update: (value: string) => string[] } {
    const zero = s.type === "i32" ? "0i" : "0.0";
    const largest = s.type === "i32" ? "2147483647i" : "3.4028234e38";
    switch (s.operator) {
      case "sum":
        return { start: [`var ${name} = ${zero};`], update: (value) => [`${name} += ${value};`] };
      case "min":
      case "max": {
        const first = s.operator === "min" ? largest : `-${largest}`;
        return {
          start: [`var ${name} = ${first};`],
          update: (value) => [`${name} = ${s.operator}(${name}, ${value});`],
        };
      }
      case "argmin":
      case "argmax": {
        const sign = s.operator === "argmax" ? ">" : "<";
        const [best, item] = [this.around.fresh("best"), this.around.fresh("item")];
        this.extremes.set(name, best);
        const index = this.around.scalar(s.variable);
        return {
          start: [`var ${name} = -1i;`, `var ${best} = 0.0;`],
          update: (value) => [
            `let ${item} = f32(${value});`,
            `if (${name} < 0 || ${item} ${sign} ${best}) { ${name} = ${index}; ${best} = ${item}; }`,
          ],
        };
      }
    }
  }
}
