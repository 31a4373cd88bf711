/** Selects the algorithm for a regulariser on a structure, and refuses with the alternatives where there is none. */
import type { RelaxClause, Span } from "../../grammar/ast.ts";
import { printExpression } from "../../grammar/format.ts";
import { type Declarations, located } from "../declarations.ts";
import { Failure } from "../failure.ts";
import { sequence } from "../ir/kernel/sequence.ts";
import { structureArgument } from "../kernel-language/solver.ts";
import { structureKernel } from "../kernel-language/structure-kernel.ts";
import { relaxationInputs, takenInput } from "../relaxation-input.ts";
import { costOf, describeCost, type Relaxed, type Selected } from "../selected.ts";
import { environment, evaluateStatic } from "../static-evaluate.ts";
import type { StaticRelaxation, StaticStructure, StaticValue } from "../static-value.ts";
import { describeStatic } from "../static-value.ts";
import { type Candidate, candidate, headName, type Structure } from "../structure.ts";

/** `span` is where the relaxation is asked for, in the file of `declarations`. */
export function selectRelaxation(
  structure: Structure,
  relaxation: StaticRelaxation,
  declarations: Declarations,
  target: string,
  span: Span,
): Selected<Relaxed> {
  const complete = withDefaults(relaxation, declarations, span);
  const self = structureArgument(structure, declarations, target, span);
  const chosen = findClause(structure, complete, self, declarations, span);
  const { clause } = chosen;
  const source = structure.relaxations.includes(chosen) ? structure.source : relaxation.source;
  const options = optionsOf(structure, clause, complete, declarations, span).set("S", self);
  const takes = takenInput(structure, clause, declarations, span, options);
  const shape = { ...relaxationInputs(["u"], takes?.shape), output: structure.size };
  const core = structureKernel(clause.algorithm!, structure, declarations, span, shape, options, source);
  const preparation = prepare(structure, clause, declarations, span, options);
  const rejected = structure.relaxations
    .filter((each) => each !== chosen)
    .map((each) => ({
      option: each.name,
      reason: whyNot(each, chosen, target),
    }));
  const first = preparation === undefined ? "" : `${headName(clause.preparation!.kernel)}, then `;
  return {
    value: {
      forward: preparation === undefined ? core : sequence(preparation.kernel, core),
      core,
      preparation,
      symmetric: clause.symmetric,
      backward: clause.backward,
      source,
      takes,
      options,
      cost: chosen.cost,
      costFormula: chosen.costFormula,
    },
    decision: {
      pass: "relaxation",
      chosen: `${first}${headName(clause.algorithm!)}`,
      reason:
        source === structure.source
          ? `declared for ${chosen.name} by ${structure.name}`
          : `declared by ${chosen.name} for any structure that does not say otherwise`,
      rejected,
      ...costOf(chosen),
    },
  };
}

/** Why a clause was not taken. */
function whyNot(each: Candidate<RelaxClause>, chosen: Candidate<RelaxClause>, target: string): string {
  if (each.clause.refused !== undefined) return each.clause.refused.value;
  if (each.name !== chosen.name) return "not the regulariser that was asked for";
  return runsOn(each, target) ? describeCost(each) : `declared for ${each.clause.target?.name ?? target} only`;
}

function runsOn({ clause }: Candidate<RelaxClause>, target: string): boolean {
  return clause.target === undefined || clause.target.name === target;
}

/** The relaxation with a value for each of its own parameters. */
function withDefaults(relaxation: StaticRelaxation, declarations: Declarations, span: Span): StaticRelaxation {
  const values = new Map(relaxation.arguments);
  const { name, parameters } = relaxation.declaration;
  const scope = environment(values, declarations);
  for (const parameter of parameters) {
    if (values.has(parameter.name.name)) continue;
    if (parameter.default === undefined) {
      throw new Failure(span, "missing-argument", `${name.name} needs ${parameter.name.name}`, {
        help: `write ${name.name}(${parameters.map((each) => each.name.name).join(", ")})`,
      });
    }
    values.set(parameter.name.name, evaluateStatic(parameter.default, scope));
  }
  for (const { condition, message } of relaxation.declaration.requirements) {
    const own = environment(values, declarations.from(relaxation.source));
    const holds = located(relaxation.source, declarations.source, span, () => evaluateStatic(condition, own));
    if (holds.kind === "boolean" && holds.value) continue;
    const requires = `${name.name} requires ${printExpression(condition)}`;
    throw new Failure(span, "requirement", message?.value ?? requires, { why: requires });
  }
  return { ...relaxation, arguments: values };
}

/**
 * The clause for this relaxation, or else the one for all separable regularisers; of several that the target can run
 * the cheapest.
 */
function findClause(
  structure: Structure,
  relaxation: StaticRelaxation,
  self: StaticStructure,
  declarations: Declarations,
  span: Span,
): Candidate<RelaxClause> {
  const name = relaxation.declaration.name.name;
  const { target } = self;
  const usable = structure.relaxations.filter((each) => runsOn(each, target));
  const given = [...relaxation.options.keys()];
  const cheapest = (wanted: string, among = usable) =>
    forOptions(
      among.filter((each) => each.name === wanted),
      given,
    ).sort((a, b) => (a.cost ?? Number.MAX_VALUE) - (b.cost ?? Number.MAX_VALUE))[0];
  const own = cheapest(name) ?? (isSeparable(relaxation) ? cheapest("Separable") : undefined);
  const found = own ?? cheapest(name, generalClauses(structure, relaxation, self, declarations, span));
  // Asking which there are reads the whole library, so it is left for when there is something to say.
  const help = () => {
    const offered = relaxationsOf(usable, declarations);
    return offered.length === 0 ? "declare one with relax … by …" : `it has ${offered.join(", ")}`;
  };
  if (found === undefined) {
    const elsewhere = structure.relaxations.find((each) => each.name === name)?.clause.target?.name;
    const why = elsewhere === undefined ? whyMissing(relaxation) : `it is declared for ${elsewhere} only`;
    throw new Failure(span, "no-relaxation", `${structure.label} has no ${name} relaxation`, { why, help: help() });
  }
  const { refused } = found.clause;
  if (refused === undefined) return found;
  throw new Failure(span, "no-relaxation", `${name} is refused for ${structure.label}`, {
    why: refused.value,
    help: help(),
  });
}

/** Why a relaxation is not there for structures that do not declare it; undefined where nothing says so. */
export function whyMissing(relaxation: StaticRelaxation): string | undefined {
  if (!isSeparable(relaxation)) return relaxation.declaration.general.find(({ refused }) => refused)?.refused?.value;
  return (
    "it is separable, x = map(u - λ) with one λ for all coordinates, which solves polytopes of bounds and at most one " +
    "sum; this structure declares none (relax Separable by …)"
  );
}

/**
 * Of the clauses for one relaxation those that take the options given and no others; where there is none, all, and what
 * is wrong with the options is said of one of them.
 */
function forOptions(clauses: readonly Candidate<RelaxClause>[], given: readonly string[]): Candidate<RelaxClause>[] {
  const fitting = clauses.filter(({ clause }) => {
    const known = clause.parameters.map((parameter) => parameter.name.name);
    const needed = clause.parameters.filter((parameter) => parameter.default === undefined);
    return given.every((name) => known.includes(name)) && needed.every(({ name }) => given.includes(name.name));
  });
  return fitting.length > 0 ? fitting : [...clauses];
}

/** What a relaxation declares for any structure, with costs at the size of this one. */
function generalClauses(
  structure: Structure,
  { declaration, source }: StaticRelaxation,
  self: StaticStructure,
  declarations: Declarations,
  span: Span,
): Candidate<RelaxClause>[] {
  const costs = environment(new Map([["S", self]]), structure.costs);
  const candidates = located(source, declarations.source, span, () =>
    declaration.general.map((clause) => candidate(clause, declaration.name.name, costs)),
  );
  return candidates.filter((each) => each.clause.refused === undefined && runsOn(each, self.target));
}

/** The names of the relaxations that a structure with these clauses has. */
function relaxationsOf(clauses: readonly Candidate<RelaxClause>[], declarations: Declarations): string[] {
  const refused = clauses.flatMap(({ name, clause }) => (clause.refused === undefined ? [] : [name]));
  const own = clauses
    .filter(({ clause }) => clause.refused === undefined)
    .flatMap(({ name }) => (name === "Separable" ? visible(declarations, isSeparable) : [name]));
  const general = visible(declarations, ({ declaration }) =>
    declaration.general.some((clause) => clause.refused === undefined),
  );
  return [...new Set([...own, ...general.filter((name) => !refused.includes(name))])];
}

/** Whether a relaxation gives the map of a separable regulariser: x_i = map(u_i − λ). */
function isSeparable({ declaration }: StaticRelaxation): boolean {
  return declaration.body.some((clause) => clause.name.name === "map");
}

/** Names of the visible relaxations of some kind, the library's and the file's own. */
function visible(declarations: Declarations, which: (relaxation: StaticRelaxation) => boolean): string[] {
  return [...new Set(declarations.names())].filter((name) => {
    const value = declarations.lookup(name);
    return value?.kind === "relaxation" && which(value);
  });
}

/**
 * Values of the clause's parameters, such as clip in `relax ExpFamily(clip = inf) by …`, and R, the relaxation itself.
 */
function optionsOf(
  structure: Structure,
  clause: RelaxClause,
  relaxation: StaticRelaxation,
  declarations: Declarations,
  span: Span,
): Map<string, StaticValue> {
  const name = relaxation.declaration.name.name;
  const taken = clause.parameters.map((parameter) => parameter.name.name);
  const alike = structure.relaxations.filter((each) => each.name === clause.relaxation.name);
  const known = [...new Set(alike.flatMap((each) => each.clause.parameters.map((parameter) => parameter.name.name)))];
  for (const given of relaxation.options.keys()) {
    if (taken.includes(given)) continue;
    throw new Failure(span, "unknown-argument", `${name} on ${structure.label} has no option ${given}`, {
      help: known.length === 0 ? "it has none" : `it has ${known.join(", ")}`,
    });
  }
  const values = new Map<string, StaticValue>([...relaxation.arguments, ...relaxation.options]);
  const scope = environment(values, structure.scope);
  for (const parameter of clause.parameters) {
    const option = parameter.name.name;
    if (!values.has(option)) {
      if (parameter.default === undefined) {
        throw new Failure(span, "missing-argument", `${name} on ${structure.label} needs ${option}`);
      }
      const { default: value } = parameter;
      values.set(
        option,
        located(structure.source, declarations.source, span, () => evaluateStatic(value, scope)),
      );
    }
    const value = values.get(option)!;
    if (parameter.type === undefined && value.kind !== "number") {
      throw new Failure(span, "type-mismatch", `${option} of ${name} must be a number, not ${describeStatic(value)}`);
    }
  }
  return values.set("R", relaxation);
}

function prepare(
  structure: Structure,
  clause: RelaxClause,
  declarations: Declarations,
  span: Span,
  options: ReadonlyMap<string, StaticValue>,
): Relaxed["preparation"] {
  if (clause.preparation === undefined) return undefined;
  const { kernel, transpose, when } = clause.preparation;
  if (when !== undefined) {
    const wanted = located(structure.source, declarations.source, span, () =>
      evaluateStatic(when, environment(options, structure.scope)),
    );
    if (wanted.kind === "boolean" && !wanted.value) return undefined;
  }
  const output = structure.size;
  return {
    kernel: structureKernel(kernel, structure, declarations, span, { inputs: ["u"], output }, options),
    transpose: structureKernel(
      transpose,
      structure,
      declarations,
      span,
      { inputs: ["cotangent", "u"], output },
      options,
    ),
  };
}
