/**
 * What there is: the structures and relaxations that a file sees, each structure applied to arguments of a small size,
 * and what the selection passes say of every combination. Pages, pictures and certificates loop over it.
 */
import type { Parameter, RelaxationDeclaration, RelaxClause, Span, StructureDeclaration } from "../grammar/ast.ts";
import { printExpression } from "../grammar/format.ts";
import { type Declarations, declarationsFor } from "./declarations.ts";
import type { Source } from "./diagnostic.ts";
import { Failure } from "./failure.ts";
import type { Names } from "./names.ts";
import { STRATEGIES, selectBackward } from "./passes/select-backward.ts";
import { selectRelaxation, whyMissing } from "./passes/select-relaxation.ts";
import { environment } from "./static-evaluate.ts";
import { staticFunctions } from "./static-functions.ts";
import { type StaticRelaxation, type StaticValue, staticNumber } from "./static-value.ts";
import { applyStructure, type Candidate, type Structure } from "./structure.ts";

/** Numbers to try for the sizes of a structure, one after the other, until its requirements are met. */
const SIZES: readonly (readonly number[])[] = [
  [6, 2, 2, 2],
  [4, 3, 2, 1],
  [3, 1, 1, 1],
  [1, 1, 1, 1],
];
const GRAPHS: readonly string[] = ["complete", "complete_directed"];
const VERTICES = 5;
/** What a relaxation's own parameters are tried with, and the options of a structure. */
const PARAMETER = 1.5;
const OPTION = 10;
/** Nothing here stands in a text of the user's. */
const NOWHERE: Span = { start: 0, end: 0 };

/** What a structure makes of a relaxation: an algorithm with its backwards, or why there is none. */
export type Combination =
  | {
      readonly kind: "supported";
      /** As a model writes it, options by name: `CategoricalEntropy(sweeps = 10)`. */
      readonly relaxation: string;
      /** The name of the relaxation alone. */
      readonly name: string;
      /** Whether it takes no options of the structure. */
      readonly isPlain: boolean;
      readonly algorithm: string;
      readonly costFormula: string | undefined;
      readonly symmetric: boolean;
      /** The legal ones; the first is the compiler's choice. */
      readonly backwards: readonly string[];
    }
  /** `reason` is what the structure says of it, or else the relaxation, if either says anything. */
  | { readonly kind: "refused"; readonly name: string; readonly reason: string | undefined };

export interface StructureEntry {
  readonly declaration: StructureDeclaration;
  readonly source: Source;
  /** At a small size. */
  readonly sample: Structure;
  readonly combinations: readonly Combination[];
}

export interface Catalogue {
  readonly structures: readonly StructureEntry[];
  readonly relaxations: readonly RelaxationEntry[];
}

export interface RelaxationEntry {
  readonly declaration: RelaxationDeclaration;
  readonly source: Source;
  /** Why it is not there for structures that say nothing of it, if something says so. */
  readonly missing: string | undefined;
}

/** Everything that `source` sees and that can be tried, in the order of names; of structures those that are meant. */
export function catalogue(
  names: Names,
  source: Source,
  isMeant: (declared: Pick<StructureEntry, "declaration" | "source">) => boolean = () => true,
): Catalogue {
  const declarations = declarationsFor(names, source);
  const found = [...new Set(names.visible(source))].sort().flatMap((name) => names.find(name, source) ?? []);
  const relaxations = found.flatMap(({ declaration, source }) =>
    declaration.kind === "relaxation" ? [{ declaration, source, missing: missingOf(declaration, declarations) }] : [],
  );
  const structures = found.flatMap(({ declaration, source }) => {
    if (declaration.kind !== "structure" || declaration.incomplete === true) return [];
    if (!isMeant({ declaration, source })) return [];
    const sample = sampleStructure(declaration, declarations);
    if (sample === undefined) return [];
    const combinations = relaxations.flatMap((each) => combinationsOf(sample, each.declaration, declarations));
    return [{ declaration, source, sample, combinations }];
  });
  return { structures, relaxations };
}

/** The structure at the first sizes that it takes; undefined where none of those tried are. */
export function sampleStructure(declaration: StructureDeclaration, declarations: Declarations): Structure | undefined {
  for (const graph of GRAPHS) {
    for (const sizes of SIZES) {
      const values = sampleValues(declaration.parameters, graph, sizes);
      if (values === undefined) return undefined;
      const structure = attempt(() => apply(declaration, values, declarations));
      if (!(structure instanceof Failure)) return structure;
    }
  }
  return undefined;
}

function apply(
  declaration: StructureDeclaration,
  values: ReadonlyMap<string, StaticValue>,
  declarations: Declarations,
) {
  const name = (text: string) => ({ kind: "name", name: text, span: NOWHERE }) as const;
  const list = [...values.keys()].map((key) => ({
    name: { name: key, span: NOWHERE },
    value: name(key),
    span: NOWHERE,
  }));
  const callee = name(declaration.name.name);
  const call = { kind: "call", callee, arguments: list, span: NOWHERE } as const;
  return applyStructure(call, environment(values, declarations), declarations);
}

/** Arguments for what has no default; undefined where a parameter is of a kind that there is no sample of. */
function sampleValues(
  parameters: readonly Parameter[],
  graph: string,
  sizes: readonly number[],
): Map<string, StaticValue> | undefined {
  const values = new Map<string, StaticValue>();
  let count = 0;
  for (const { name, type, default: given } of parameters) {
    if (given !== undefined) continue;
    const kind = type?.kind === "named-type" ? type.name : undefined;
    if (kind === "Graph") {
      values.set(name.name, staticFunctions.get(graph)!.call([staticNumber(VERTICES)], NOWHERE));
    } else if (kind === undefined || kind === "int") values.set(name.name, staticNumber(sizes[count++] ?? 1));
    else if (kind === "float") values.set(name.name, staticNumber(PARAMETER));
    else return undefined;
  }
  return values;
}

function missingOf(declaration: RelaxationDeclaration, declarations: Declarations): string | undefined {
  const value = declarations.lookup(declaration.name.name);
  if (value?.kind !== "relaxation" || declaration.general.some(({ refused }) => refused === undefined))
    return undefined;
  return whyMissing(value);
}

/** What a structure has for a relaxation: one for each clause that it can be given by. */
function combinationsOf(
  structure: Structure,
  declaration: RelaxationDeclaration,
  declarations: Declarations,
): Combination[] {
  const name = declaration.name.name;
  const value = declarations.lookup(name);
  if (value?.kind !== "relaxation") return [];
  const relaxation = withParameters(value);
  const clauses = structure.relaxations.filter((each) => each.name === name);
  // Clauses that differ in their options are asked for by these; the others are the passes' own to choose from.
  const optional = clauses.filter(({ clause }) => clause.parameters.some((each) => each.default === undefined));
  const plain = combination(structure, relaxation, declarations);
  const others = optional.map(({ clause }) => combination(structure, withOptions(relaxation, clause), declarations));
  const supported = others.filter((each) => each.kind === "supported");
  return plain.kind === "refused" && supported.length > 0 ? supported : [plain, ...supported];
}

function withParameters(relaxation: StaticRelaxation): StaticRelaxation {
  const missing = relaxation.declaration.parameters.filter((each) => each.default === undefined);
  return { ...relaxation, arguments: new Map(missing.map((each) => [each.name.name, staticNumber(PARAMETER)])) };
}

function withOptions(relaxation: StaticRelaxation, clause: RelaxClause): StaticRelaxation {
  const missing = clause.parameters.filter((each) => each.default === undefined);
  return { ...relaxation, options: new Map(missing.map((each) => [each.name.name, staticNumber(OPTION)])) };
}

function combination(structure: Structure, relaxation: StaticRelaxation, declarations: Declarations): Combination {
  const name = relaxation.declaration.name.name;
  const selected = attempt(() => selectRelaxation(structure, relaxation, declarations, "host", NOWHERE));
  if (selected instanceof Failure) return { kind: "refused", name, reason: selected.why };
  const { value, decision } = selected;
  const chosen = attempt(() => selectBackward(structure, value, declarations, NOWHERE));
  if (chosen instanceof Failure) return { kind: "refused", name, reason: chosen.why ?? chosen.message };
  const legal = STRATEGIES.filter((strategy) => {
    const request = { strategy, span: NOWHERE };
    return !(attempt(() => selectBackward(structure, value, declarations, NOWHERE, request)) instanceof Failure);
  });
  const first = chosen.value.strategy;
  const given = [...relaxation.arguments, ...relaxation.options].map(([key, each]) => `${key} = ${numberText(each)}`);
  return {
    kind: "supported",
    relaxation: given.length === 0 ? name : `${name}(${given.join(", ")})`,
    name,
    isPlain: relaxation.options.size === 0,
    algorithm: decision.chosen,
    costFormula: decision.costFormula?.split(" with ")[0],
    symmetric: value.symmetric,
    backwards: [first, ...legal.filter((each) => each !== first)],
  };
}

const numberText = (value: StaticValue) => (value.kind === "number" ? String(value.value) : "…");

function attempt<T>(work: () => T): T | Failure {
  try {
    return work();
  } catch (problem) {
    if (!(problem instanceof Failure)) throw problem;
    return problem;
  }
}

/** `n * k`: a cost as it is declared, sizes left out. */
export function formulaOf({ costFormula }: Candidate<unknown>): string | undefined {
  return costFormula?.split(" with ")[0];
}

/** The embedding as it is declared: `x: binary[n], pair: binary[n - 1]`. */
export function embeddingText(declaration: StructureDeclaration): string {
  if (declaration.body.kind === "alias") return printExpression(declaration.body.value);
  const parts = declaration.body.clauses.flatMap((clause) => (clause.kind === "embedding" ? clause.parts : []));
  return parts
    .map(({ name, type }) => {
      const sizes = type.dimensions.map((each) => (each.kind === "ellipsis" ? "..." : printExpression(each)));
      return `${name.name}: ${type.element}[${sizes.join(", ")}]`;
    })
    .join(", ");
}
