/** What the library's structures declare, for tests that go through all of them. */
import { declarationsFor } from "../../compiler/declarations.ts";
import { Names } from "../../compiler/names.ts";
import { applyStructure, type Structure } from "../../compiler/structure.ts";
import type { RelaxationDeclaration, RelaxClause, StructureDeclaration } from "../../grammar/ast.ts";
import { parse, parseExpression } from "../../grammar/parse.ts";
import { library } from "../../stdlib/library.ts";

const declarations = [...library.files.values()].flatMap((text) => parse(text).file.declarations);

export function libraryStructures(): StructureDeclaration[] {
  return declarations.filter((each) => each.kind === "structure");
}

export function libraryRelaxations(): RelaxationDeclaration[] {
  return declarations.filter((each) => each.kind === "relaxation");
}

/** A structure of the library at given arguments. */
export function structureOf(text: string): Structure {
  const scope = declarationsFor(new Names(library, () => undefined), { name: "<none>", text: "" });
  return applyStructure(parseExpression(text).value!, scope, scope);
}

/** What relaxations declare for any structure that does not say otherwise: those that this structure has of them. */
export function generalOf({ relaxations }: Structure): RelaxClause[] {
  const separable = libraryRelaxations().filter(isSeparable);
  const stated = relaxations.flatMap(({ name }) =>
    name === "Separable" ? separable.map((each) => each.name.name) : [name],
  );
  return libraryRelaxations()
    .flatMap((each) => each.general.filter(({ refused }) => refused === undefined))
    .filter(({ relaxation }) => !stated.includes(relaxation.name));
}

/** A relaxation as it is written, its own parameters given. */
function written({ name, parameters }: RelaxationDeclaration): string {
  return parameters.length === 0 ? name.name : `${name.name}(1.5)`;
}

/** The relaxations of a structure's utilities as they are written, those that `Separable` stands for one by one. */
export function relaxationsOf(structure: string): string[] {
  const separable = libraryRelaxations().filter(isSeparable);
  const applied = structureOf(structure);
  const own = applied.relaxations
    .filter(({ clause }) => clause.refused === undefined && clause.takes === undefined)
    .flatMap(({ name }) => (name === "Separable" ? separable.map(written) : [name]));
  return [...own, ...generalOf(applied).map(({ relaxation }) => relaxation.name)];
}

function isSeparable({ body }: RelaxationDeclaration): boolean {
  return body.some(({ name }) => name.name === "map");
}
