/**
 * Statements of kernel IR as WGSL for a workgroup. Code with parallel loops in it runs on all lanes, each with its own
 * copies of the scalars, which are equal; what stores one element, or loops without anything parallel in it, runs on
 * the first lane, which hands on the scalars that it has changed. Barriers stand where effects.ts finds that lanes
 * would otherwise see or overwrite one another's work.
 *
 * WGSL allows barriers only where it can prove that all lanes come by, and takes no value from memory for equal on all
 * lanes but what `workgroupUniformLoad` reads. So conditions and bounds around barriers are read in that way, unless
 * they are made of numbers that are equal by construction.
 */
import { partsOf, readIn } from "../../../ir/kernel/expression.ts";
import type {
  KernelExpression as Expression,
  KernelArray,
  ScalarType,
  KernelStatement as Statement,
} from "../../../ir/kernel/kernel.ts";
import { assignedIn } from "../../../ir/kernel/loops.ts";
import { type Effects, effectsOf, Hazards, loadedBy, type Who } from "./effects.ts";
import { hasSpread, isSpread, stores } from "./parallel.ts";
import { type Loop, type Reduction, SoloStatements, TYPES } from "./solo.ts";

/** Statements on all lanes at once. */
export class WorkgroupStatements extends SoloStatements {
  private hazards = new Hazards();
  /** Scalars that WGSL can prove to be equal on all lanes. */
  private readonly uniform = new Set<string>();
  /** The types of scalars. */
  private readonly types = new Map<string, ScalarType>();

  /** `after`: names that are read after the statements. */
  all(body: readonly Statement[], indent: string, after: ReadonlySet<string> = new Set()): string[] {
    const lines: string[] = [];
    for (let i = 0; i < body.length; ) {
      const run = this.serialRun(body, i);
      if (run > i + 1) {
        const later = readIn(body.slice(run));
        lines.push(...this.onFirstLane(body.slice(i, run), indent, new Set([...later, ...after])));
        i = run;
      } else {
        const later = new Set([...readIn(body.slice(i + 1)), ...after]);
        lines.push(...this.statement(body[i]!, indent, later));
        i++;
      }
    }
    return lines;
  }

  /** Whether the first lane does this for all. */
  private isForOne(s: Statement): boolean {
    return stores(s) && !hasSpread(s, this.around.sizes) && !this.leavesLoop(s);
  }

  /** A `break` of a loop around must be seen by all lanes. */
  private leavesLoop(s: Statement): boolean {
    if (s.kind === "break") return true;
    return s.kind === "if" && [...s.consequent, ...s.alternative].some((each) => this.leavesLoop(each));
  }

  /** The end of the statements from `start` on that the first lane had better do at one go. */
  private serialRun(body: readonly Statement[], start: number): number {
    if (!this.isForOne(body[start]!)) return start;
    let end = start + 1;
    for (let i = end; i < body.length; i++) {
      const s = body[i]!;
      if (hasSpread(s, this.around.sizes) || this.leavesLoop(s)) break;
      if (this.isForOne(s)) end = i + 1;
    }
    return end;
  }

  /** What stands before effects: barriers for what conflicts with them. */
  private before(effects: Effects, who: Who, indent: string): string[] {
    const written = (names: ReadonlySet<string>) => new Set([...names].filter((name) => this.around.isWritten(name)));
    const own = { reads: written(effects.reads), writes: effects.writes };
    const conflicts = this.hazards.conflicts(own, who);
    const lines = this.barriers(conflicts, indent);
    this.hazards.record(own, who);
    return lines;
  }

  private barriers(arrays: readonly string[], indent: string): string[] {
    const lines: string[] = [];
    const isShared = (name: string) => this.around.isShared(name);
    if (arrays.some(isShared)) {
      lines.push(`${indent}workgroupBarrier();`);
      this.hazards.clear(isShared);
    }
    if (arrays.some((name) => !isShared(name))) {
      lines.push(`${indent}storageBarrier();`);
      this.hazards.clear((name) => !isShared(name));
    }
    return lines;
  }

  private statement(s: Statement, indent: string, after: ReadonlySet<string>): string[] {
    if (s.kind === "declare") this.types.set(s.name, s.type);
    if (isSpread(s, this.around.sizes)) return this.spread(s, indent);
    if (!hasSpread(s, this.around.sizes) && !this.leavesLoop(s)) {
      return this.isForOne(s) ? this.onFirstLane([s], indent, after) : this.onEachLane(s, indent);
    }
    const inner = `${indent}  `;
    switch (s.kind) {
      case "break":
        return [`${indent}break;`];
      case "if":
        return this.ifAll(s, indent, after);
      case "for": {
        const bounds: string[] = [];
        const [from, to] = [this.settled(s.from, indent, bounds), this.settled(s.to, indent, bounds)];
        const name = this.around.scalar(s.variable);
        this.uniform.add(s.variable);
        const head = s.reversed
          ? `${indent}for (var ${name} = ${to} - 1; ${name} >= ${from}; ${name}--) {`
          : `${indent}for (var ${name} = ${from}; ${name} < ${to}; ${name}++) {`;
        const body = this.again(() => this.all(s.body, inner, new Set([...after, ...readIn(s.body)])));
        return [...bounds, head, ...body, `${indent}}`];
      }
      case "while": {
        const count = this.counted(s.steps, indent);
        const body = this.again(() => {
          const lines: string[] = [];
          const condition = this.settled(s.condition, inner, lines);
          lines.push(`${inner}if (!${condition}) { break; }`);
          return [...lines, ...this.all(s.body, inner, new Set([...after, ...readIn([s])]))];
        });
        return [...count.before, `${indent}loop {`, ...count.inside, ...body, `${indent}}`];
      }
      default:
        throw new Error(`a ${s.kind} has nothing parallel in it`);
    }
  }

  private ifAll(s: Extract<Statement, { kind: "if" }>, indent: string, after: ReadonlySet<string>): string[] {
    const lines: string[] = [];
    const condition = this.settled(s.condition, indent, lines);
    const entry = this.hazards.copy();
    const consequent = this.all(s.consequent, `${indent}  `, after);
    const one = this.hazards;
    this.hazards = entry;
    const alternative = this.all(s.alternative, `${indent}  `, after);
    this.hazards.join(one);
    lines.push(`${indent}if (${condition}) {`, ...consequent);
    if (s.alternative.length > 0) lines.push(`${indent}} else {`, ...alternative);
    return [...lines, `${indent}}`];
  }

  /** The body of a loop: what happened in a round may still be going on in the next. */
  private again(body: () => string[]): string[] {
    const entry = this.hazards.copy();
    body();
    this.hazards.join(entry);
    const joined = this.hazards.copy();
    const lines = body();
    // The loop may have no round at all.
    this.hazards.join(joined);
    return lines;
  }

  /** The same on all lanes, without anything stored. */
  private onEachLane(s: Statement, indent: string): string[] {
    const lines = this.before(effectsOf([s]), "many", indent);
    if (s.kind === "declare" && !s.mutable && this.isUniform(s.value)) this.uniform.add(s.name);
    if (s.kind === "check") {
      return [...lines, `${indent}if (lane == 0u && !${this.text(s.condition)}) { ${this.faultText(s)} }`];
    }
    if (s.kind === "reduce") this.types.set(s.name, s.operator.startsWith("arg") ? "i32" : s.type);
    return [...lines, ...this.solo(s, indent)];
  }

  /** On the first lane; scalars that it gives or changes, and that are read later, are handed on to the others. */
  private onFirstLane(run: readonly Statement[], indent: string, after: ReadonlySet<string>): string[] {
    const inner = `${indent}  `;
    const declared = run.flatMap((s) => (s.kind === "declare" || s.kind === "reduce" ? [s] : []));
    for (const s of declared)
      this.types.set(s.name, s.kind === "reduce" && s.operator.startsWith("arg") ? "i32" : s.type);
    const given = declared.filter(({ name }) => after.has(name)).map(({ name }) => name);
    const own = this.declaredWithin(run);
    const changed = [...assignedIn(run)].filter((name) => !own.has(name) && after.has(name));
    const places = [...given, ...changed].map((name) => {
      const scalar = this.around.scalar(name);
      return { scalar, place: this.around.shared(`handed_${scalar}`, this.typeOf(name)) };
    });
    const touched = new Set(places.map(({ place }) => place));
    const { reads, writes } = effectsOf(run);
    const lines = this.before({ reads, writes: new Set([...writes, ...touched]) }, "one", indent);
    for (const name of given) lines.push(`${indent}var ${this.around.scalar(name)}: ${this.typeOf(name)};`);
    lines.push(`${indent}if (lane == 0u) {`);
    for (const s of run) lines.push(...this.handing(s, inner, new Set(given)));
    for (const { scalar, place } of places) lines.push(`${inner}${place} = ${scalar};`);
    lines.push(`${indent}}`, ...this.before({ reads: touched, writes: new Set() }, "many", indent));
    for (const { scalar, place } of places) lines.push(`${indent}${scalar} = ${place};`);
    return lines;
  }

  private typeOf(scalar: string): string {
    return TYPES[this.types.get(scalar) ?? "f32"];
  }

  /** A statement of the first lane, where scalars that it declares may be declared outside already. */
  private handing(s: Statement, indent: string, outside: ReadonlySet<string>): string[] {
    if (s.kind === "declare" && outside.has(s.name)) {
      return [`${indent}${this.around.scalar(s.name)} = ${this.text(s.value)};`];
    }
    if (s.kind === "reduce" && outside.has(s.name)) {
      const result = this.around.fresh("result");
      return [...this.reduction(s, indent, result), `${indent}${this.around.scalar(s.name)} = ${result};`];
    }
    return this.solo(s, indent);
  }

  private declaredWithin(run: readonly Statement[]): Set<string> {
    const names = new Set<string>();
    const visit = (body: readonly Statement[]): void => {
      for (const s of body) {
        if (s.kind === "declare" || s.kind === "reduce") names.add(s.name);
        if (s.kind === "if") [s.consequent, s.alternative].forEach(visit);
        if (s.kind === "for" || s.kind === "while") visit(s.body);
      }
    };
    visit(run);
    return names;
  }

  private spread(s: Statement, indent: string): string[] {
    if (s.kind === "reduce") return this.reduceAll(s, indent);
    const lines = this.before(effectsOf([s]), "many", indent);
    const { lanes } = this.around;
    if (s.kind === "fill") {
      const k = this.around.fresh("k");
      const store = this.around.storeText(s.array, k, this.text(s.value));
      const size = this.around.sizes.get(s.array)!;
      return [...lines, `${indent}for (var ${k} = i32(lane); ${k} < ${size}; ${k} += ${lanes}) { ${store} }`];
    }
    const loop = { ...(s as Loop), reversed: false };
    const { before, head } = this.loopHead(loop, indent, String(lanes), this.firstOwn(loop.from));
    return [...lines, ...before, head, ...this.block(loop.body, `${indent}  `), `${indent}}`];
  }

  /** The first round that is this lane's. */
  private firstOwn(from: Expression): string {
    return from.kind === "constant" && from.value === 0 ? "i32(lane)" : `${this.text(from)} + i32(lane)`;
  }

  /** Each lane its share, then a tree over the lanes. */
  private reduceAll(s: Reduction, indent: string): string[] {
    const inner = `${indent}  `;
    const { lanes } = this.around;
    const isPlace = s.operator === "argmax" || s.operator === "argmin";
    const type = isPlace ? "i32" : TYPES[s.type];
    const partials = this.around.shared(`partial_${type}`, `array<${type}, ${lanes}>`);
    const extremes = isPlace ? this.around.shared("extremes", `array<f32, ${lanes}>`) : undefined;
    const own = this.around.fresh("own");
    const touched = new Set(extremes === undefined ? [partials] : [partials, extremes]);
    const { reads } = effectsOf([s]);
    const lines = this.before({ reads, writes: touched }, "many", indent);
    lines.push(...this.reduction(s, indent, own, this.firstOwn(s.from), String(lanes)));
    lines.push(`${indent}${partials}[lane] = ${own};`);
    if (extremes !== undefined) lines.push(`${indent}${extremes}[lane] = ${this.extremes.get(own)};`);
    lines.push(`${indent}workgroupBarrier();`, `${indent}for (var half = ${lanes / 2}u; half > 0u; half /= 2u) {`);
    lines.push(`${inner}if (lane < half) {`);
    lines.push(...this.combination(s, partials, extremes).map((line) => `${inner}  ${line}`));
    lines.push(`${inner}}`, `${inner}workgroupBarrier();`, `${indent}}`);
    const name = this.around.scalar(s.name);
    this.types.set(s.name, isPlace ? "i32" : s.type);
    this.uniform.add(s.name);
    lines.push(`${indent}let ${name} = workgroupUniformLoad(&${partials}[0]);`);
    this.hazards.clear((array) => this.around.isShared(array));
    return lines;
  }

  private combination(s: Reduction, partials: string, extremes: string | undefined): string[] {
    const [mine, other] = [`${partials}[lane]`, `${partials}[lane + half]`];
    if (extremes === undefined) {
      return [s.operator === "sum" ? `${mine} += ${other};` : `${mine} = ${s.operator}(${mine}, ${other});`];
    }
    const sign = s.operator === "argmax" ? ">" : "<";
    const [best, rival] = [`${extremes}[lane]`, `${extremes}[lane + half]`];
    // Of equal values the first counts.
    const better = `${rival} ${sign} ${best} || (${rival} == ${best} && ${other} < ${mine})`;
    return [`if (${other} >= 0 && (${mine} < 0 || ${better})) { ${mine} = ${other}; ${best} = ${rival}; }`];
  }

  private isUniform(e: Expression): boolean {
    if (e.kind === "load" || e.kind === "within") return false;
    if (e.kind === "variable") return this.uniform.has(e.name);
    return partsOf(e).every((part) => this.isUniform(part));
  }

  /** The text of a value that WGSL takes for equal on all lanes; what that needs is added to `lines`. */
  private settled(e: Expression, indent: string, lines: string[]): string {
    if (this.isUniform(e)) return this.text(e);
    const type = TYPES[e.type];
    const place = this.around.shared(`decided_${type}`, type);
    const name = this.around.fresh("decided");
    lines.push(...this.before({ reads: loadedBy(e), writes: new Set() }, "one", indent));
    lines.push(`${indent}if (lane == 0u) { ${place} = ${this.text(e)}; }`);
    lines.push(`${indent}let ${name} = workgroupUniformLoad(&${place});`);
    this.hazards.clear((array) => this.around.isShared(array));
    return name;
  }

  /** At the end of the kernel: barriers before the results of others are looked at. */
  finally(arrays: readonly KernelArray[], indent: string): string[] {
    return this.before({ reads: new Set(arrays.map(({ name }) => name)), writes: new Set() }, "many", indent);
  }
}
