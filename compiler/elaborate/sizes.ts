/**
 * Sizes of examples in models: `size = length` of a structure, where `length` is a whole number of each example, as the
 * kernels' input.
 */
import type { Expression } from "../../grammar/ast.ts";
import { Failure } from "../failure.ts";
import type { Node } from "../ir/tensor/tensor.ts";
import { environment } from "../static-evaluate.ts";
import { applyStructure, type Structure } from "../structure.ts";
import { perExample, writtenSize } from "../structure-size.ts";
import { neededSizes } from "../taking-part.ts";
import { mentionsError, staticEnvironment } from "./binding.ts";
import type { Context, DeclaredLatent } from "./context.ts";
import { declarationsOf } from "./declarations.ts";
import type { Scope } from "./scope.ts";
import { asTensor } from "./tensors.ts";
import { type Dimension, describe, describeShape, isStatic, type TensorValue } from "./values.ts";

/** A structure of a latent variable, and the sizes of its examples where they have some. */
export interface SizedStructure {
  readonly structure: Structure;
  readonly size: { readonly value: TensorValue; readonly written: Expression } | undefined;
}

/** The structure that a latent variable names; undefined when what it is made of was reported. */
export function sizedStructure(context: Context, scope: Scope, e: Expression): SizedStructure | undefined {
  if (mentionsError(scope, e)) return undefined;
  const declarations = declarationsOf(context);
  const outer = staticEnvironment(context, scope);
  const written = writtenSize(e, outer);
  const value = written && dynamicSize(context, scope, written);
  if (value === undefined) return { structure: applyStructure(e, outer, declarations), size: undefined };
  if (value === "error" || e.kind !== "call") return undefined;
  // A size of each example is known to the structure by its text alone.
  const known = perExample(written!);
  const name = ` ${known.label}`;
  const list = e.arguments.map((each) =>
    each.value === written ? { ...each, value: { kind: "name", name, span: each.value.span } as const } : each,
  );
  const inner = environment(new Map([[name, known]]), outer);
  const structure = applyStructure({ ...e, arguments: list }, inner, declarations);
  return { structure, size: { value, written: written! } };
}

/** A size that only each example knows; undefined for one that is known when the model is compiled. */
function dynamicSize(context: Context, scope: Scope, e: Expression): TensorValue | "error" | undefined {
  const found = context.evaluate(scope, e);
  if (found.kind === "error") return "error";
  if (isStatic(found)) return undefined;
  const value = asTensor(context, found, e.span);
  if (value === undefined) return "error";
  if (value.node.type.dtype === "i32") return value;
  throw new Failure(e.span, "type-mismatch", `a size is a whole number, but this is ${describe(value)}`, {
    help: "declare it as data length: i32",
  });
}

/** The sizes as the input of kernels, one for each copy of the latent; undefined where the size is a number. */
export function sizeInput(
  context: Context,
  { size }: SizedStructure,
  copies: readonly Dimension[],
  name: string,
): Node | undefined {
  if (size === undefined) return undefined;
  const { value, written } = size;
  const { dimensions } = value;
  const lead = copies.map((copy) => copy.size);
  const each = dimensions.length > 0;
  if (each && dimensions.map((dimension) => dimension.size).join() !== lead.join()) {
    const one = lead.length === 0 ? "one" : "one for all, or one for each copy";
    const message = `${name} has shape ${describeShape(copies)}, but its sizes have ${describeShape(dimensions)}`;
    throw new Failure(written.span, "shape-mismatch", message, { help: `an example has ${one}` });
  }
  const build = context.builder;
  const node = build.reshape(build.cast(value.node, "f32"), each ? [...lead, 1] : [1]);
  return each || lead.length === 0 ? node : build.broadcast(node, [...lead, 1]);
}

/** Which coordinates of a part of a latent variable take part; undefined where all of them do. */
export function takingPart(context: Context, latent: DeclaredLatent, part: number): Node | undefined {
  const { structure, copies, size } = latent;
  if (size === undefined) return undefined;
  const build = context.builder;
  const lead = copies.map((copy) => copy.size);
  const { shape } = structure.parts[part]!;
  const all = [...lead, ...shape];
  const needed = build.constant(neededSizes(structure, part), shape);
  const given = build.cast(size.node, "f32");
  const each = size.dimensions.length === 0 ? given : build.reshape(given, [...lead, ...shape.map(() => 1)]);
  const least = lead.length === 0 ? needed : build.broadcast(needed, all);
  return build.lessEqual(least, size.dimensions.length === 0 ? each : build.broadcast(each, all));
}
