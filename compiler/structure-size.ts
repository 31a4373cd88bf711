/**
 * The parameter `size` of a structure: how many of its items or vertices take part, the first ones. It is a number, or
 * one of each example, and its default is the largest that it may be.
 */
import type { CallExpression, Expression, RequireStatement, StructureDeclaration } from "../grammar/ast.ts";
import { printExpression } from "../grammar/format.ts";
import { mentions } from "../grammar/walk.ts";
import { Failure } from "./failure.ts";
import { assignArguments, type Environment, environment, evaluateStatic } from "./static-evaluate.ts";
import { describeStatic, type StaticPerExample, type StaticValue, staticNumber } from "./static-value.ts";

/** What a parameter must be called to be the size. */
export const SIZE = "size";

/** Sizes that the examples bring. */
export interface ExampleSizes {
  /** They lie between 1 and this. */
  readonly most: number;
  /** As written: `length`. */
  readonly label: string;
  /** What else they must fulfil. */
  readonly requirements: readonly RequireStatement[];
}

type Values = Map<string, StaticValue>;

/** Checks the size against its default; one of each example learns its bound. */
export function boundSize(
  declaration: StructureDeclaration,
  values: Values,
  inner: Environment,
  e: CallExpression,
): void {
  const value = values.get(SIZE);
  const name = declaration.name.name;
  const parameter = declaration.parameters.find((each) => each.name.name === SIZE);
  const written = sizeArgument(declaration, e);
  if (parameter === undefined || written === undefined) return;
  if (value?.kind !== "number" && value?.kind !== "per-example") return;
  const others = new Map([...values].filter(([each]) => each !== SIZE));
  const largest = parameter.default && evaluateStatic(parameter.default, environment(others, inner));
  if (largest?.kind !== "number") {
    if (value.kind === "number") return;
    const found = largest === undefined ? "it has no default" : `its default is ${describeStatic(largest)}`;
    throw new Failure(e.span, "missing-argument", `the largest size of ${name} is not known: ${found}`, {
      help: "declare it as in structure Mine(n, size = n)",
    });
  }
  const most = largest.value;
  if (value.kind === "per-example") {
    if (most >= 1) values.set(SIZE, { ...value, most: Math.min(most, value.most) });
    return;
  }
  if (value.value >= 1 && value.value <= most) return;
  throw new Failure(
    written.span,
    "bad-size",
    `size of ${name} must lie between 1 and ${most}, but it is ${value.value}`,
    {
      why: `it says how many of the ${most} take part`,
    },
  );
}

/** The argument that a call of a structure gives as its size. */
export function sizeArgument(declaration: StructureDeclaration, e: CallExpression): Expression | undefined {
  const names = declaration.parameters.map((parameter) => parameter.name.name);
  const given = e.arguments.map(({ name, value }) => ({
    name: name?.name,
    nameSpan: name?.span,
    span: value.span,
    value,
  }));
  return assignArguments(names, given, declaration.name.name).get(SIZE)?.value;
}

/** The arguments but for a size that is not given: the structure has the same without it. */
export function withoutDefaultSize(
  declaration: StructureDeclaration,
  values: ReadonlyMap<string, StaticValue>,
  e: CallExpression,
): ReadonlyMap<string, StaticValue> {
  if (sizeArgument(declaration, e) !== undefined) return values;
  return new Map([...values].filter(([name]) => name !== SIZE));
}

/** What is written as the size in an expression that names a structure, whether the rest of it is right or not. */
export function writtenSize(e: Expression, scope: Environment): Expression | undefined {
  if (e.kind !== "call" || e.callee.kind !== "name") return undefined;
  const named = e.arguments.find((argument) => argument.name?.name === SIZE);
  if (named !== undefined) return named.value;
  const found = scope.lookup(e.callee.name);
  if (found?.kind !== "structure-name") return undefined;
  try {
    return sizeArgument(found.declaration, e);
  } catch (problem) {
    // Arguments that do not fit are told of when the structure is applied.
    if (problem instanceof Failure) return undefined;
    throw problem;
  }
}

/** A size of each example, before it is known what it is a size of. */
export function perExample(e: Expression): StaticPerExample {
  return { kind: "per-example", most: Number.POSITIVE_INFINITY, label: printExpression(e) };
}

/** Arguments with the largest size in the place of one of each example: what shapes and costs are computed with. */
export function atLargest(values: ReadonlyMap<string, StaticValue>): ReadonlyMap<string, StaticValue> {
  const size = values.get(SIZE);
  return size?.kind === "per-example" ? new Map([...values, [SIZE, staticNumber(size.most)]]) : values;
}

/** Sizes of examples and what they must fulfil; undefined where the size is a number. */
export function exampleSizes(
  declaration: StructureDeclaration,
  values: ReadonlyMap<string, StaticValue>,
): ExampleSizes | undefined {
  const size = values.get(SIZE);
  if (size?.kind !== "per-example" || declaration.body.kind !== "clauses") return undefined;
  const requirements = declaration.body.clauses.filter((clause) => clause.kind === "require");
  const own = requirements.filter(({ condition }) => mentions(condition, new Set([SIZE])));
  return { most: size.most, label: size.label, requirements: own };
}
