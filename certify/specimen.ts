/** A structure at a small size with all its members, compiled for the host: what certificates are about. */
import type { CompiledLayer } from "../compiler/artifact.ts";
import type { Source } from "../compiler/diagnostic.ts";
import { DiagnosticError } from "../compiler/failure.ts";
import { compileLayer } from "../compiler/layer.ts";
import type { ImportResolver, Library } from "../compiler/names.ts";
import { HostLayer } from "../runtime/host-layer.ts";
import { UserError } from "../runtime/user-error.ts";
import { listMembers, type Member } from "./members.ts";
import { type Arguments, smaller } from "./shrink.ts";
import { structureText } from "./static-text.ts";

/** More members than these are too many to list. */
const MOST_MEMBERS = 400;
/** Longer embeddings make Jacobians dear. */
const LONGEST = 48;
/** Sizes that are tried. */
const MOST_ATTEMPTS = 300;

/** Where structures and relaxations are declared. */
export interface Surroundings {
  readonly library: Library;
  readonly source: Source;
  readonly resolveImport?: ImportResolver | undefined;
}

export interface Specimen {
  /** As a text of the language: `KSubset(6, 2)`. */
  readonly structure: string;
  readonly size: number;
  readonly parts: CompiledLayer["parts"];
  /** As the structure declares it, where it does. */
  readonly count: number | undefined;
  readonly members: readonly Member[];
  /** Where examples have sizes: that of every example here, and what it is called. */
  readonly sizes: { readonly value: Float64Array; readonly label: string } | undefined;
  readonly solver: HostLayer;
  readonly surroundings: Surroundings;
}

/** The structure as large as can be listed; otherwise why there is none such. */
export function smallSpecimen(name: string, given: Arguments, surroundings: Surroundings): Specimen | string {
  let attempts = 0;
  let reason = "";
  let alone: Specimen | undefined;
  for (const values of smaller(given)) {
    if (attempts++ >= MOST_ATTEMPTS) break;
    const found = specimenAt(structureText(name, values), surroundings);
    if (typeof found === "string") reason ||= found;
    else if (found.members.length > 1) return found;
    else alone ??= found;
  }
  return alone ?? reason;
}

function specimenAt(structure: string, surroundings: Surroundings): Specimen | string {
  const compiled = attempt(() => compileLayer({ structure, ...withoutLibrary(surroundings) }, surroundings.library));
  if (typeof compiled === "string") return compiled;
  const { size, parts } = compiled;
  const { solver, sizes } = sizedLayer(compiled);
  // What is declared is the number at the largest size.
  const count = sizes === undefined ? compiled.count : undefined;
  if (size > LONGEST || (count ?? 0) > MOST_MEMBERS) return `${structure} is too large to list its members`;
  const members = listMembers(size, (u) => solver.argmax(u), MOST_MEMBERS);
  if (members === undefined) return `${structure} has more than ${MOST_MEMBERS} members`;
  return { structure, size, parts, count, members, sizes, solver, surroundings };
}

/** A layer whose examples are one smaller than they may be, so that something takes no part; or as large. */
function sizedLayer(compiled: CompiledLayer): Pick<Specimen, "solver" | "sizes"> {
  const layer = new HostLayer(compiled);
  if (compiled.sizes === undefined) return { solver: layer, sizes: undefined };
  const { most, label } = compiled.sizes;
  const at = (size: number) => {
    const value = Float64Array.of(size);
    return { solver: layer.sized(value), sizes: { value, label } };
  };
  const smaller = at(Math.max(1, most - 1));
  try {
    smaller.solver.argmax(new Float64Array(compiled.size));
    return smaller;
  } catch (problem) {
    if (!(problem instanceof UserError)) throw problem;
    return at(most);
  }
}

/** A layer for examples of the specimen's size. */
export function hostLayer({ sizes }: Specimen, compiled: CompiledLayer): HostLayer {
  const layer = new HostLayer(compiled);
  return sizes === undefined ? layer : layer.sized(sizes.value);
}

/** A relaxation of a specimen; a text says why there is none, or why the backward is not legal. */
export function relaxed(
  { structure, surroundings }: Specimen,
  relaxation: string,
  backward?: string,
): CompiledLayer | string {
  const request = { structure, relaxation, backward, temperature: "1", ...withoutLibrary(surroundings) };
  return attempt(() => compileLayer(request, surroundings.library));
}

const withoutLibrary = ({ source, resolveImport }: Surroundings) => ({ source, resolveImport });

function attempt<T>(work: () => T): T | string {
  try {
    return work();
  } catch (problem) {
    if (!(problem instanceof DiagnosticError)) throw problem;
    const { message, why } = problem.diagnostics[0]!;
    return why === undefined ? message : `${message}: ${why}`;
  }
}
