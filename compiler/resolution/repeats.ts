/** Clauses of structures and distributions, and updates of models, that would stand in for one another in silence. */
import type {
  DistributionDeclaration,
  Expression,
  Identifier,
  ModelDeclaration,
  RelaxClause,
  StructureClause,
} from "../../grammar/ast.ts";
import { printExpression } from "../../grammar/format.ts";
import type { Resolver } from "./resolver.ts";

const REMOVE = "remove one of them";

/** Solvers and algorithms for one thing compete by their costs: they differ in what carries them out, or where. */
export function repeatedInStructure(resolver: Resolver, clauses: readonly StructureClause[]): void {
  const seen = new Set<string>();
  const relaxations: RelaxClause[] = [];
  for (const clause of clauses) {
    if (clause.kind === "relax") {
      repeatedRelaxation(resolver, clause, relaxations);
      relaxations.push(clause);
      continue;
    }
    const what = nameOf(clause);
    if (what === undefined) continue;
    if (seen.has(what)) resolver.report(clause.span, "duplicate-name", `${what} is declared twice`, REMOVE);
    seen.add(what);
  }
}

/** What a clause other than of a relaxation declares; undefined for what may be said again and again. */
function nameOf(clause: Exclude<StructureClause, RelaxClause>): string | undefined {
  switch (clause.kind) {
    case "embedding":
    case "require":
      return undefined;
    case "count": {
      const { when } = clause;
      // The formula for complete graphs is one thing, whatever letter it is written with.
      return when === undefined ? "count" : `count ${printExpression(when.callee)}`;
    }
    case "argmax":
      return `argmax ${carriedOutBy(clause.solver, clause.target)}${under(clause.when)}`;
    case "sampler":
      return `sample ${carriedOutBy(clause.solver, clause.target)}${under(clause.when)}`;
    case "k-best":
      return `k_best ${carriedOutBy(clause.solver, clause.target)}${under(clause.when)}`;
    case "log-partition":
      return `log_partition${under(clause.when)}`;
    case "automaton":
      return "automaton";
  }
}

function carriedOutBy(algorithm: Expression, target: Identifier | undefined): string {
  const name = printExpression(algorithm);
  return target === undefined ? name : `${name} on ${target.name}`;
}

/** What sets clauses under conditions apart. */
function under(condition: Expression | undefined): string {
  return condition === undefined ? "" : ` when ${printExpression(condition)}`;
}

function repeatedRelaxation(resolver: Resolver, clause: RelaxClause, before: readonly RelaxClause[]): void {
  const { relaxation, algorithm, refused, target, span } = clause;
  for (const { word, span: place } of clause.repeated) {
    resolver.report(place, "duplicate-name", `${word} is given twice in this clause`, REMOVE);
  }
  if (algorithm !== undefined && refused !== undefined) {
    const message = `${relaxation.name} cannot be refused and have an algorithm`;
    resolver.report(refused.span, "bad-clause", message, "leave out refused, or by and what belongs to it");
  }
  for (const other of before) {
    const meets = other.target === undefined || target === undefined || other.target.name === target.name;
    // Clauses under conditions, or for other options, take turns.
    const apart = other.when !== undefined || clause.when !== undefined || optionsOf(other) !== optionsOf(clause);
    if (other.relaxation.name !== relaxation.name || !meets || apart) continue;
    if ((refused === undefined) !== (other.refused === undefined)) {
      const message = `${relaxation.name} is refused and has an algorithm`;
      return resolver.report(span, "duplicate-name", message, REMOVE);
    }
    if (algorithm === undefined || other.algorithm === undefined) {
      return resolver.report(span, "duplicate-name", `${relaxation.name} is refused twice`, REMOVE);
    }
    const own = carriedOutBy(algorithm, target);
    if (own !== carriedOutBy(other.algorithm, other.target) || clause.preparation !== undefined) continue;
    return resolver.report(span, "duplicate-name", `relax ${relaxation.name} by ${own} is declared twice`, REMOVE);
  }
}

/** The options without which a clause does not apply, in no particular order. */
function optionsOf({ parameters }: RelaxClause): string {
  const needed = parameters.filter((parameter) => parameter.default === undefined);
  return needed
    .map((parameter) => parameter.name.name)
    .sort()
    .join();
}

/** A distribution has one divergence from each family. */
export function repeatedInDistribution(resolver: Resolver, { body }: DistributionDeclaration): void {
  const families = new Set<string>();
  for (const clause of body) {
    if (clause.kind !== "kl") continue;
    const { name } = clause.family;
    if (families.has(name)) resolver.report(clause.span, "duplicate-name", `kl from ${name} is declared twice`, REMOVE);
    families.add(name);
  }
}

/** Of two new values of a state only the last would count. */
export function repeatedUpdates(resolver: Resolver, { body }: ModelDeclaration): void {
  const updated = new Set<string>();
  for (const statement of body) {
    if (statement.kind !== "update") continue;
    const { name, span } = statement.name;
    if (updated.has(name)) resolver.report(span, "duplicate-name", `${name} is updated twice`, REMOVE);
    updated.add(name);
  }
}
