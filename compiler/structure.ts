/**
 * A structure applied to its arguments: the size of its embedding, and its solvers, relaxations and counts with their
 * costs at these sizes. The selection passes choose among what is listed here.
 */
import type {
  ArgmaxClause,
  CallExpression,
  Expression,
  KBestClause,
  LogPartitionClause,
  Parameter,
  RelaxClause,
  SamplerClause,
  Span,
  StructureDeclaration,
} from "../grammar/ast.ts";
import { printExpression } from "../grammar/format.ts";
import { type Part, partsOf as partsOfExpression } from "../grammar/walk.ts";
import { type Derived, type DerivedKernel, derive } from "./automaton/derive.ts";
import { type Declarations, located } from "./declarations.ts";
import type { Source } from "./diagnostic.ts";
import { Failure } from "./failure.ts";
import { kBestOf } from "./general-clauses.ts";
import { unknownName } from "./later.ts";
import { Memo } from "./memo.ts";
import { isLibrary } from "./names.ts";
import { assignArguments, bindStatic, type Environment, environment, evaluateStatic } from "./static-evaluate.ts";
import type { StaticGraph, StaticStructureName, StaticValue } from "./static-value.ts";
import { describeStatic, staticNumber } from "./static-value.ts";

import { clausesThere, truth } from "./structure-conditions.ts";
import { atLargest, boundSize, type ExampleSizes, exampleSizes, SIZE, withoutDefaultSize } from "./structure-size.ts";

/** Structures defined as one another deeper than this never end. */
const DEEPEST_ALIAS = 32;
/** Embeddings longer than this are always a slip. */
const LARGEST_EMBEDDING = 2 ** 24;

export interface Structure {
  readonly name: string;
  /** As written, with arguments: `KSubset(6, 2)`. */
  readonly label: string;
  readonly declaration: StructureDeclaration;
  readonly source: Source;
  /** What stands in the parentheses, by the name of the parameter; of another name for a structure its own. */
  readonly arguments: ReadonlyMap<string, StaticValue>;
  readonly scope: Environment;
  readonly size: number;
  readonly parts: readonly { readonly name: string; readonly shape: readonly number[] }[];
  readonly argmax: readonly Candidate<ArgmaxClause>[];
  readonly relaxations: readonly Candidate<RelaxClause>[];
  readonly logPartition: LogPartitionClause | undefined;
  readonly samplers: readonly Candidate<SamplerClause>[];
  readonly kBest: readonly KBestClause[];
  /** Kernels that no file declares, by the expressions that name them in clauses. */
  readonly derived: ReadonlyMap<Expression, () => DerivedKernel>;
  /** What costs are computed in. */
  readonly costs: Environment;
  readonly count: number | undefined;
  readonly graph: StaticGraph | undefined;
  /** Where each example has a size of its own. */
  readonly sizes: ExampleSizes | undefined;
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
    const known = e.kind === "name" && scope.lookup(e.name)?.kind === "structure-name";
    const given = known ? `${e.name} without arguments` : printExpression(e);
    throw new Failure(e.span, "type-mismatch", `expected a structure such as SpanningTree(K), but got ${given}`);
  }
  const name = e.callee.name;
  const found = scope.lookup(name);
  if (found?.kind !== "structure-name") {
    const candidates = [...scope.names()].filter((each) => scope.lookup(each)?.kind === "structure-name");
    throw unknownName(name, e.callee.span, { candidates, what: "structure" });
  }
  if (depth > DEEPEST_ALIAS)
    throw new Failure(e.span, "recursion", `structures are defined by one another more than ${DEEPEST_ALIAS} deep`);
  const own = found.declaration.name.name;
  try {
    return instantiate(found, e, scope, declarations, depth);
  } catch (problem) {
    if (!(problem instanceof Failure) || problem.why !== undefined || name === own) throw problem;
    const { span, code, message, help, source } = problem;
    throw new Failure(span, code, message, { why: `${name} stands for ${own} here`, help, source });
  }
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
  const inner = declarations.from(source);
  const check = kindCheck(declaration, e);
  const values = bindStatic(declaration.parameters, e.arguments, scope, inner, e.span, name, undefined, check);
  boundSize(declaration, values, inner, e);
  const given = withoutDefaultSize(declaration, values, e);
  const label = labelOf(name, given);
  const within = <T>(work: () => T) => located(source, declarations.source, e.span, work);
  if (declaration.body.kind === "alias") {
    const { value } = declaration.body;
    const target = within(() => applyStructure(value, environment(values, inner), inner, depth + 1));
    if (values.get(SIZE)?.kind === "per-example" && target.sizes === undefined) throw sizeNotHandedOn(name, target, e);
    const graph = [...values.values()].find((each) => each.kind === "graph" && each.edges.length === target.size);
    return { ...target, name, label, arguments: given, graph: graph?.kind === "graph" ? graph : target.graph };
  }
  const largest = environment(atLargest(values), inner);
  for (const clause of declaration.body.clauses) {
    if (clause.kind !== "require") continue;
    const holds = within(() => truth(clause.condition, largest));
    if (holds) continue;
    const requires = `${label} requires ${printExpression(clause.condition)}`;
    if (clause.message === undefined) throw new Failure(e.span, "requirement", requires);
    throw new Failure(e.span, "requirement", clause.message.value, { why: requires });
  }
  const parts = within(() => partsOf(declaration, largest));
  checkEmbedding(parts, label, e.span);
  return { ...within(() => elaborate(declaration, inner, values, label, parts)), arguments: given };
}

/** As written: `KSubset(6, 2)`. */
function labelOf(name: string, values: ReadonlyMap<string, StaticValue>): string {
  const list = [...values].map(([each, value]) =>
    each === SIZE ? `size = ${describeArgument(value)}` : describeArgument(value),
  );
  return `${name}(${list.join(", ")})`;
}

function sizeNotHandedOn(name: string, target: Structure, e: CallExpression): Failure {
  const help = `give ${target.name} the size of ${name}, as in ${target.name}(…, size = size)`;
  return new Failure(e.span, "bad-size", `${name} does not hand its size on to ${target.label}`, { help });
}

/** The clauses of a declaration at given arguments, and those that its automaton gives it. */
function elaborate(
  declaration: StructureDeclaration,
  declarations: Declarations,
  values: ReadonlyMap<string, StaticValue>,
  label: string,
  parts: Structure["parts"],
): Structure {
  const { source } = declarations;
  const own = environment(values, declarations);
  const largest = environment(atLargest(values), declarations);
  const derived = derivedFrom(declaration, values, parts, largest, label);
  const declared = declaration.body.kind === "clauses" ? declaration.body.clauses : [];
  const size = embeddingSize(parts);
  const sizes = exampleSizes(declaration, values);
  const clauses = clausesThere([...declared, ...(derived?.clauses ?? [])], largest);
  const costs = environment(derived?.costs ?? new Map(), costScope(values, largest));
  const graph = [...values.values()].find((value) => value.kind === "graph");
  // What is wrong with a user's automaton is told whatever is asked of it; those of the library are tested.
  const paths = isLibrary(source) ? undefined : derived?.count();
  return {
    name: declaration.name.name,
    label,
    declaration,
    source,
    arguments: values,
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
    samplers: clauses.flatMap((clause) =>
      clause.kind === "sampler" ? [candidate(clause, headName(clause.solver), costs)] : [],
    ),
    kBest: kBestOf(clauses),
    derived: derived?.kernels ?? new Map(),
    costs,
    count:
      sizes === undefined
        ? (checkedCount(declared, values, own, label, paths) ?? paths ?? derived?.count())
        : undefined,
    graph: graph?.kind === "graph" && graph.edges.length === size ? graph : undefined,
    sizes,
  };
}

const DERIVED = new Memo<StructureDeclaration, Derived>();

/** What the automaton of a structure gives, if it has one; the same for the same arguments. */
function derivedFrom(
  declaration: StructureDeclaration,
  values: ReadonlyMap<string, StaticValue>,
  parts: Structure["parts"],
  largest: Environment,
  label: string,
): Derived | undefined {
  const clauses = declaration.body.kind === "clauses" ? declaration.body.clauses : [];
  const automaton = clauses.find((clause) => clause.kind === "automaton");
  if (automaton === undefined) return undefined;
  const kind = values.get(SIZE)?.kind;
  const sized = kind === "per-example" ? "by example" : kind === "number" ? "once" : "never";
  return DERIVED.get(declaration, values, () => derive(automaton, parts, largest, label, sized));
}

/** The parts of the embedding at given arguments. */
function partsOf(declaration: StructureDeclaration, own: Environment): Structure["parts"] {
  const clauses = declaration.body.kind === "clauses" ? declaration.body.clauses : [];
  const parts = clauses.flatMap((clause) => (clause.kind === "embedding" ? clause.parts : []));
  if (parts.length > 0) {
    return parts.map(({ name, type }) => ({
      name: name.name,
      shape: type.dimensions.map((item) => sizeOf(item, own)),
    }));
  }
  const { name, span } = declaration.name;
  const help = "add embedding x: binary[n]";
  throw new Failure(span, "missing-clause", `the structure ${name} declares no embedding`, { help });
}

function embeddingSize(parts: Structure["parts"]): number {
  return parts.reduce((total, part) => total + part.shape.reduce((a, b) => a * b, 1), 0);
}

function checkEmbedding(parts: Structure["parts"], label: string, span: Span): void {
  const size = embeddingSize(parts);
  if (size < 1) throw new Failure(span, "bad-size", `${label} has nothing to choose from: its embedding is empty`);
  if (size <= LARGEST_EMBEDDING) return;
  throw new Failure(
    span,
    "too-large",
    `the embedding of ${label} has ${size} elements, more than ${LARGEST_EMBEDDING}`,
  );
}

function describeArgument(value: StaticValue): string {
  return value.kind === "graph" || value.kind === "per-example" ? value.label : describeStatic(value);
}

/** What values of a type must be; a parameter without type is a size. */
const KINDS: ReadonlyMap<string | undefined, { what: string; fits: (value: StaticValue) => boolean; help?: string }> =
  new Map([
    [undefined, { what: "a number", fits: (value) => value.kind === "number" }],
    ["int", { what: "a number", fits: (value) => value.kind === "number" }],
    ["float", { what: "a number", fits: (value) => value.kind === "number" }],
    ["bool", { what: "true or false", fits: (value) => value.kind === "boolean" }],
    ["text", { what: "a text", fits: (value) => value.kind === "string" }],
    ["Graph", { what: "a graph", fits: (value) => value.kind === "graph", help: "such as complete(10)" }],
    ["Relaxation", { what: "a relaxation", fits: (value) => value.kind === "relaxation" }],
    ["Structure", { what: "a structure's name", fits: (value) => value.kind === "structure-name" }],
  ]);

/** Refuses a value that is not what its parameter is for. */
function kindCheck(declaration: StructureDeclaration, e: CallExpression) {
  const names = declaration.parameters.map((parameter) => parameter.name.name);
  const given = e.arguments.map(({ name, value }) => ({ name: name?.name, nameSpan: name?.span, span: value.span }));
  const assigned = assignArguments(names, given, declaration.name.name);
  return ({ name, type }: Parameter, value: StaticValue): void => {
    const what = `${name.name} of ${declaration.name.name}`;
    const span = assigned.get(name.name)?.span ?? e.span;
    const wanted = type?.kind === "named-type" ? type.name : undefined;
    const kind = KINDS.get(wanted);
    if (name.name === SIZE && value.kind === "per-example") return;
    if (kind !== undefined && !kind.fits(value)) {
      const { help } = kind;
      throw new Failure(span, "type-mismatch", `${what} must be ${kind.what}, but it is ${describeStatic(value)}`, {
        help,
      });
    }
    if (value.kind !== "number" || wanted === "float" || (Number.isInteger(value.value) && value.value >= 0)) return;
    throw new Failure(span, "bad-size", `${what} must be a non-negative integer, but it is ${value.value}`);
  };
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

/** A clause with its cost at the sizes that `scope` knows. */
export function candidate<Clause extends { cost?: Expression }>(
  clause: Clause,
  name: string,
  scope: Environment,
): Candidate<Clause> {
  const value = clause.cost === undefined ? undefined : evaluateStatic(clause.cost, scope);
  return {
    clause,
    name,
    cost: value?.kind === "number" && Number.isFinite(value.value) ? value.value : undefined,
    costFormula: clause.cost === undefined ? undefined : formulaWithSizes(clause.cost, scope),
  };
}

/** `edges * log(edges) with edges = 45`. */
function formulaWithSizes(e: Expression, scope: Environment): string {
  const sizes = new Map<string, number>();
  const collect = (part: Part) => {
    const value = part.kind === "name" ? scope.lookup(part.name) : undefined;
    if (part.kind === "name" && value?.kind === "number") sizes.set(part.name, value.value);
    partsOfExpression(part).forEach(collect);
  };
  collect(e);
  const list = [...sizes].map(([name, value]) => `${name} = ${value}`).join(", ");
  return list === "" ? printExpression(e) : `${printExpression(e)} with ${list}`;
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

/** The declared number of members, which is that of the paths where those have been looked at. */
function checkedCount(
  clauses: Clauses,
  values: ReadonlyMap<string, StaticValue>,
  scope: Environment,
  label: string,
  paths: number | undefined,
): number | undefined {
  const count = countMembers(clauses, values, scope);
  if (count === undefined || paths === undefined || Math.abs(count - paths) <= 1e-9 * paths) return count;
  const clause = clauses.find((each) => each.kind === "count")!;
  const message = `${label} has ${paths} members by its automaton, not ${count}`;
  throw new Failure(clause.value.span, "bad-clause", message, { help: "correct the count, or leave it out" });
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
