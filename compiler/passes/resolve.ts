/**
 * Name resolution of a whole file, used or not: every name must mean something, calls must fit what they call by name,
 * and nothing may be defined by itself. Elaboration finds the rest, but only in what a model reaches.
 */
import type { Declaration, ExperimentClause, Identifier, SourceFile } from "../../grammar/ast.ts";
import { type Diagnostic, didYouMean, type Source } from "../diagnostic.ts";
import type { Names } from "../names.ts";
import { resolveKernel } from "../resolution/kernels.ts";
import { resolveFunction, resolveModel, resolveModule } from "../resolution/models.ts";
import { findRecursion } from "../resolution/recursion.ts";
import { Resolver } from "../resolution/resolver.ts";
import { resolveDistribution, resolveRelaxation, resolveStructure } from "../resolution/structures.ts";

/** Resolves the user's files that have been read: what is wrong in any of them. */
export function resolve(names: Names): Diagnostic[] {
  return names.userFiles().flatMap(({ file, source }) => resolveFile(file, source, names));
}

function resolveFile(file: SourceFile, source: Source, names: Names): Diagnostic[] {
  const resolver = new Resolver(source, names);
  for (const declaration of file.declarations) resolveDeclaration(resolver, declaration);
  for (const cycle of findRecursion(file.declarations, source, names)) resolver.fail(cycle);
  return resolver.diagnostics;
}

function resolveDeclaration(resolver: Resolver, declaration: Declaration): void {
  switch (declaration.kind) {
    case "function":
      return resolveFunction(resolver, declaration);
    case "module":
      return resolveModule(resolver, declaration);
    case "model":
      return resolveModel(resolver, declaration);
    case "structure":
      return resolveStructure(resolver, declaration);
    case "distribution":
      return resolveDistribution(resolver, declaration);
    case "relaxation":
      return resolveRelaxation(resolver, declaration);
    case "kernel":
      return resolveKernel(resolver, declaration);
    case "experiment":
      for (const model of [declaration.model, ...modelsOf(declaration.clauses)]) resolveModelName(resolver, model);
  }
}

/** Models that variants name, those of scales included. */
function modelsOf(clauses: readonly ExperimentClause[]): Identifier[] {
  return clauses.flatMap((clause) => {
    if (clause.kind === "scale") return modelsOf(clause.clauses);
    return clause.kind === "variant" && clause.model !== undefined ? [clause.model] : [];
  });
}

function resolveModelName(resolver: Resolver, { name, span }: Identifier): void {
  const { names, source } = resolver;
  if (resolver.kindOf(name) === "model" || names.unread(name, source)) return;
  const models = [...names.visible(source)].filter((each) => resolver.kindOf(each) === "model");
  const near = didYouMean(name, models);
  const known = models.length === 0 ? "declare one with model NAME { … }" : `it has ${models.join(", ")}`;
  const help = near === undefined ? known : `did you mean ${near}?`;
  resolver.report(span, "unknown-model", `there is no model ${name} in this file`, help);
}
