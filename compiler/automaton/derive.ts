/**
 * What an automaton gives its structure: clauses as if they had been declared (argmax, relaxation, log-partition,
 * sampler, k-best), and the kernels that they name, written when they are first asked for.
 */
import type { AutomatonClause, Expression, KernelDeclaration, Span, StructureClause } from "../../grammar/ast.ts";
import { parse } from "../../grammar/parse.ts";
import { mentions, type Part as WalkedPart } from "../../grammar/walk.ts";
import { Failure } from "../failure.ts";
import type { Environment } from "../static-evaluate.ts";
import { type StaticValue, staticNumber } from "../static-value.ts";
import { SIZE } from "../structure-size.ts";
import { forwardBackward, pathKBest, pathLogPartition, pathSampler, viterbi } from "./algorithms.ts";
import { type Automaton, type Part, readAutomaton } from "./automaton.ts";
import { checkPaths } from "./checks.ts";
import type { Layout } from "./layout.ts";
import { fastLoops } from "./linear.ts";
import { loopLayout } from "./loops.ts";
import { MOST_LISTED, networkLayout } from "./network.ts";
import { layOut, type Paths, workOf } from "./paths.ts";
import { findLoops } from "./plan.ts";

/** A kernel that no file declares, with the compile-time values of its parameters. */
export interface DerivedKernel {
  readonly declaration: KernelDeclaration;
  readonly values: ReadonlyMap<string, StaticValue>;
}

export interface Derived {
  readonly clauses: readonly StructureClause[];
  /** The kernels by the expressions that name them in these clauses. */
  readonly kernels: ReadonlyMap<Expression, () => DerivedKernel>;
  /** Names that costs are given in: `positions`, `states` and `moves`. */
  readonly costs: ReadonlyMap<string, StaticValue>;
  /** The number of members. Looks at all paths, as the kernels do. */
  readonly count: () => number;
}

/** Whether the structure has a size, and whether each example has one of its own. */
export type Sized = "never" | "once" | "by example";

/** `label` is the structure as written; where examples have sizes `scope` knows the largest. */
export function derive(
  clause: AutomatonClause,
  parts: readonly Part[],
  scope: Environment,
  label: string,
  sized: Sized,
): Derived {
  if (sized !== "never") checkSize(clause, sized);
  const automaton = readAutomaton(clause, parts, scope);
  const paths = once(() => checked(automaton, label, sized === "by example"));
  const layout = once(() => layoutOf(paths(), label));
  const kernels = new Map<Expression, () => DerivedKernel>();
  const { span } = clause;
  const names = (name: string, text: (layout: Layout) => string): Expression => {
    const expression: Expression = { kind: "name", name, span };
    kernels.set(
      expression,
      once(() => ({ declaration: declarationOf(text(layout()), span), values: layout().values })),
    );
    return expression;
  };
  const cost = (factor: number, ...more: readonly string[]) => product(factor, ["positions", "moves", ...more], span);
  const solvers: readonly StructureClause[] = [
    { kind: "argmax", solver: names("viterbi", viterbi), cost: cost(1), span },
    { kind: "sampler", solver: names("path_sampler", pathSampler), cost: cost(1), span },
    { kind: "k-best", solver: names("viterbi_k_best", pathKBest), cost: cost(1, "best", "best"), span },
    { kind: "log-partition", algorithm: names("path_log_partition", pathLogPartition), cost: cost(1), span },
  ];
  const relaxation: StructureClause = {
    kind: "relax",
    relaxation: { name: "ExpFamily", span },
    parameters: [],
    algorithm: names("forward_backward", forwardBackward),
    symmetric: true,
    repeated: [],
    cost: cost(2),
    span,
  };
  return {
    clauses: [...solvers, relaxation],
    kernels,
    costs: new Map([
      ["positions", staticNumber(automaton.positions)],
      ["moves", staticNumber(workOf(automaton) / automaton.positions)],
    ]),
    count: () => paths().count,
  };
}

function once<T>(work: () => T): () => T {
  let known: { readonly value: T } | undefined;
  return () => {
    known ??= { value: work() };
    return known.value;
  };
}

/** The size is that of the positions; one of an example is nothing else. */
function checkSize(clause: AutomatonClause, sized: Sized): void {
  const { range, state, from, to, transitions } = clause;
  const uses = (e: WalkedPart) => mentions(e, new Set([SIZE]));
  const help = "write automaton over i in 0..size";
  if (!uses(range)) {
    const message = "the automaton of a structure with a size runs over as many positions";
    throw new Failure(range.span, "bad-size", message, { help });
  }
  if (sized !== "by example") return;
  const domains = state.flatMap(({ domain }) => (domain.kind === "range" ? [domain] : []));
  const moves = transitions.flatMap(({ to, when, emits }) => [
    ...to,
    ...(when === undefined ? [] : [when]),
    ...emits.flatMap(({ target, condition }) => (condition === undefined ? [target] : [target, condition])),
  ]);
  const found = [...domains, ...from, ...to, ...moves].find(uses);
  const isEnd = range.to?.kind === "name" && range.to.name === SIZE && (range.from === undefined || !uses(range.from));
  if (isEnd && found === undefined) return;
  const message = "the size of an example is how many positions its automaton runs over, and nothing else";
  throw new Failure(found?.span ?? range.span, "bad-size", message, { help: `${help}, and no size elsewhere` });
}

function checked(automaton: Automaton, label: string, sized: boolean): Paths {
  const paths = layOut(automaton, label, sized);
  checkPaths(paths, label);
  return paths;
}

/** Loops where there are some, lists of moves otherwise. */
function layoutOf(paths: Paths, label: string): Layout {
  const plan = findLoops(paths);
  if (plan !== undefined) return { ...loopLayout(plan), fast: fastLoops(plan) };
  if (paths.endsAnywhere) {
    throw new Failure(paths.automaton.clause.span, "bad-size", `${label} cannot be of another size in each example`, {
      why: "its moves are listed one by one: they are not the same for many positions, or it has several first states",
      help: "give a number as its size",
    });
  }
  const moves = paths.steps.reduce((total, step) => total + step.from.length, 0);
  if (moves <= MOST_LISTED) return networkLayout(paths);
  throw new Failure(paths.automaton.clause.span, "too-large", `the automaton of ${label} has ${moves} moves`, {
    why: `at most ${MOST_LISTED} can be listed`,
    help: "use fewer states or positions",
  });
}

/** `factor * a * b * …` */
function product(factor: number, names: readonly string[], span: Span): Expression {
  const all: Expression[] = names.map((name) => ({ kind: "name", name, span }));
  if (factor !== 1) all.unshift({ kind: "number", value: factor, text: String(factor), span });
  return all.reduce((left, right) => ({ kind: "binary", operator: "*", left, right, span }));
}

/** The kernel of a text; what is said of it is said of the automaton. */
function declarationOf(text: string, span: Span): KernelDeclaration {
  const { file, problems } = parse(text);
  const [declaration] = file.declarations;
  if (problems.length > 0 || declaration?.kind !== "kernel") {
    throw new Error(`a derived kernel is no kernel: ${problems[0]?.message ?? ""}\n${text}`);
  }
  return placedAt(declaration, span);
}

/** A copy of a tree with all its parts at one place. */
function placedAt<T>(tree: T, span: Span): T {
  const copy = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(copy);
    if (typeof part !== "object" || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([key, item]) => [key, key === "span" ? span : copy(item)]));
  };
  return copy(tree) as T;
}
