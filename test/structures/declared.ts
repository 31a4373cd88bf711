/** What the library's structures declare, for tests that go through all of them. */
import { declarationsFor } from "../../compiler/declarations.ts";
import { Names } from "../../compiler/names.ts";
import { applyStructure, type Structure } from "../../compiler/structure.ts";
import type { RelaxationDeclaration, StructureDeclaration } from "../../grammar/ast.ts";
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

/** The relaxations of a structure by name, those that `Separable` stands for one by one. */
export function relaxationsOf(structure: string): string[] {
  const separable = libraryRelaxations().filter((each) => each.body.some(({ name }) => name.name === "map"));
  return structureOf(structure)
    .relaxations.filter(({ clause }) => clause.refused === undefined)
    .flatMap(({ name }) => (name === "Separable" ? separable.map((each) => each.name.name) : [name]));
}
