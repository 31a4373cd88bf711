/**
 * A structure applied to its arguments: the size of its embedding, and its solvers, relaxations and counts with their costs at
 * these sizes. The selection passes choose among what is listed here.
 */
import type {
  ArgmaxClause,
  CallExpression,
  Expression,
  LogPartitionClause,
  RelaxClause,
  Span,
  StructureDeclaration,
} from "../grammar/ast.ts";
import { printExpression } from "../grammar/format.ts";
import { type Declarations, located } from "./declarations.ts";
import { didYouMean, type Source } from "./diagnostic.ts";
import { Failure } from "./failure.ts";
import { bindStatic, type Environment, environment, evaluateStatic } from "./static-evaluate.ts";
import type { StaticGraph, StaticStructureName, StaticValue } from "./static-value.ts";
import { describeStatic, staticNumber } from "./static-value.ts";

/** Structures defined as one another deeper than this never end. */
const DEEPEST_ALIAS = 32;

export interface Structure {
  readonly name: string;
  /** As written, with arguments: `KSubset(6, 2)`. */
  readonly label: string;
  readonly declaration: StructureDeclaration;
  readonly source: Source;
  readonly scope: Environment;
  readonly size: number;
  readonly parts: readonly { readonly name: string; readonly shape: readonly number[] }[];
  readonly argmax: readonly Candidate<ArgmaxClause>[];
  readonly relaxations: readonly Candidate<RelaxClause>[];
  readonly logPartition: LogPartitionClause | undefined;
  readonly count: number | undefined;
  readonly graph: StaticGraph | undefined;
}
export interface Candidate<Clause> {
  readonly clause: Clause;
  readonly name: string;
  readonly cost: number | undefined;
  readonly costFormula: string | undefined;
}

/** Applies the structure that `e` calls. `declarations` are those of the file that `e` stands in. */
export function applyStructure(e: Expression, scope: Environment, declarations: Declarations, depth = 0): Structure {
  if (e.kind !== "call" || e.callee.kind !== "name") {
    const given = e.kind === "name" ? `${e.name} without arguments` : "this";
    throw new Failure(e.span, "type-mismatch", `expected a structure such as SpanningTree(K), but got ${given}`);
  }
  const name = e.callee.name;
  const found = scope.lookup(name);
  if (found?.kind !== "structure-name") {
    const near = didYouMean(
      name,
      [...scope.names()].filter((each) => scope.lookup(each)?.kind === "structure-name"),
    );
    throw new Failure(
      e.callee.span,
      "unknown-name",
      `there is no structure ${name}`,
      near === undefined ? {} : { help: `did you mean ${near}?` },
    );
  }
  if (depth > DEEPEST_ALIAS) throw new Failure(e.span, "recursion", `the structure ${name} is defined by itself`);
  return instantiate(found, e, scope, declarations, depth);
}

function instantiate(
  found: StaticStructureName,
  e: CallExpression,
  scope: Environment,
  declarations: Declarations,
  depth: number,
): Structure {
  const { declaration, source } = found;
  const name = declaration.name.name;
  const values = bindStatic(declaration.parameters, e.arguments, scope, declarations, e.span, name);
  checkKinds(declaration, values, e.span);
  const label = `${name}(${[...values.values()].map(describeArgument).join(", ")})`;
  const inner = declarations.from(source);
  const within = <T>(work: () => T) => located(source, declarations.source, e.span, work);
  if (declaration.body.kind === "alias") {
    const { value } = declaration.body;
    const target = within(() => applyStructure(value, environment(values, inner), inner, depth + 1));
    const graph = [...values.values()].find((each) => each.kind === "graph" && each.edges.length === target.size);
    return { ...target, name, label, graph: graph?.kind === "graph" ? graph : target.graph };
  }
  for (const clause of declaration.body.clauses) {
    if (clause.kind === "automaton")
      throw new Failure(
        e.span,
        "not-yet",
        `${name} is declared by an automaton, which this version of sstc reads but does not solve yet`,
        { help: "declare its argmax and relaxations by kernels" },
      );
    if (clause.kind !== "require") continue;
    const holds = within(() => evaluateStatic(clause.condition, environment(values, inner)));
    if (holds.kind === "boolean" && holds.value) continue;
    const why = `${label} requires ${printExpression(clause.condition)}`;
    throw new Failure(e.span, "requirement", clause.message?.value ?? why, { why });
  }
  return within(() => elaborate(declaration, inner, values, label));
}

/** The clauses of a declaration at given arguments. */
function elaborate(
  declaration: StructureDeclaration,
  declarations: Declarations,
  values: ReadonlyMap<string, StaticValue>,
  label: string,
): Structure {
  const name = declaration.name.name;
  const own = environment(values, declarations);
  const clauses = declaration.body.kind === "clauses" ? declaration.body.clauses : [];
  const parts = clauses.flatMap((clause) =>
    clause.kind !== "embedding"
      ? []
      : clause.parts.map((part) => ({
          name: part.name.name,
          shape: part.type.dimensions.map((item) => sizeOf(item, own)),
        })),
  );
  const costs = costScope(values, own);
  const graph = [...values.values()].find((value) => value.kind === "graph");
  const size = parts.reduce((total, part) => total + part.shape.reduce((a, b) => a * b, 1), 0);
  return {
    name,
    label,
    declaration,
    source: declarations.source,
    scope: own,
    size,
    parts,
    argmax: clauses.flatMap((clause) =>
      clause.kind === "argmax" ? [candidate(clause, headName(clause.solver), costs)] : [],
    ),
    relaxations: clauses.flatMap((clause) =>
      clause.kind === "relax" ? [candidate(clause, clause.relaxation.name, costs)] : [],
    ),
    logPartition: clauses.find((clause) => clause.kind === "log-partition"),
    count: countMembers(clauses, values, own),
    graph: graph?.kind === "graph" && graph.edges.length === size ? graph : undefined,
  };
}

function describeArgument(value: StaticValue): string {
  return value.kind === "graph" ? value.label : describeStatic(value);
}

function checkKinds(declaration: StructureDeclaration, values: ReadonlyMap<string, StaticValue>, span: Span): void {
  for (const parameter of declaration.parameters) {
    const value = values.get(parameter.name.name)!;
    const wanted = parameter.type?.kind === "named-type" ? parameter.type.name : undefined;
    if (wanted === "Graph" && value.kind !== "graph")
      throw new Failure(
        span,
        "type-mismatch",
        `${declaration.name.name} needs a graph, but got ${describeStatic(value)}`,
        { help: "such as complete(10)" },
      );
    if (wanted === undefined && value.kind !== "number")
      throw new Failure(
        span,
        "type-mismatch",
        `${parameter.name.name} of ${declaration.name.name} must be a number, but it is ${describeStatic(value)}`,
      );
    if (value.kind === "number" && (!Number.isInteger(value.value) || value.value < 0))
      throw new Failure(
        span,
        "bad-size",
        `${parameter.name.name} of ${declaration.name.name} must be a non-negative integer, but it is ${value.value}`,
      );
  }
}

function sizeOf(item: Expression | { kind: "ellipsis"; span: Span }, scope: Environment): number {
  if (item.kind === "ellipsis")
    throw new Failure(item.span, "unknown-shape", "the shape of an embedding must be written in full");
  const value = evaluateStatic(item, scope);
  if (value.kind !== "number" || !Number.isInteger(value.value) || value.value < 0)
    throw new Failure(
      item.span,
      "bad-size",
      `a size must be a non-negative integer, but it is ${describeStatic(value)}`,
    );
  return value.value;
}

/** In cost formulas the bare words `vertices` and `edges` are those of the structure's graph. */
function costScope(values: ReadonlyMap<string, StaticValue>, own: Environment): Environment {
  const graph = [...values.values()].find((value) => value.kind === "graph");
  if (graph?.kind !== "graph") return own;
  return environment(
    new Map([
      ["vertices", staticNumber(graph.vertices)],
      ["edges", staticNumber(graph.edges.length)],
    ]),
    own,
  );
}

function candidate<Clause extends { cost?: Expression }>(
  clause: Clause,
  name: string,
  scope: Environment,
): Candidate<Clause> {
  const value = clause.cost === undefined ? undefined : evaluateStatic(clause.cost, scope);
  return {
    clause,
    name,
    cost: value?.kind === "number" ? value.value : undefined,
    costFormula: clause.cost === undefined ? undefined : printExpression(clause.cost),
  };
}

export function headName(e: Expression): string {
  if (e.kind === "call") return headName(e.callee);
  return e.kind === "name" ? e.name : printExpression(e);
}

type Clauses = Extract<StructureDeclaration["body"], { kind: "clauses" }>["clauses"];

function countMembers(
  clauses: Clauses,
  values: ReadonlyMap<string, StaticValue>,
  scope: Environment,
): number | undefined {
  for (const clause of clauses) {
    if (clause.kind !== "count") continue;
    const bindings = clause.when === undefined ? new Map<string, StaticValue>() : matchShape(clause.when, values);
    if (bindings === undefined) continue;
    const value = evaluateStatic(clause.value, environment(bindings, scope));
    if (value.kind === "number") return value.value;
  }
  return undefined;
}

/** `complete(n)` holds for a graph that is complete, and binds n. */
function matchShape(
  when: CallExpression,
  values: ReadonlyMap<string, StaticValue>,
): Map<string, StaticValue> | undefined {
  const graph = [...values.values()].find((value) => value.kind === "graph");
  const variable = when.arguments[0]?.value;
  if (graph?.kind !== "graph" || variable?.kind !== "name") return undefined;
  const complete = (graph.vertices * (graph.vertices - 1)) / (graph.directed ? 1 : 2);
  const fits =
    headName(when) === (graph.directed ? "complete_directed" : "complete") && graph.edges.length === complete;
  return fits ? new Map([[variable.name, staticNumber(graph.vertices)]]) : undefined;
}
