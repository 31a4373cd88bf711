/**
 * Kernels that are derived from an automaton know of no sizes: for an example of which not all takes part, the
 * utilities of the rest mean never. That is the structure of the size where its members are those that have nothing of
 * the rest.
 */
import { Composition } from "../ir/kernel/compose.ts";
import type { KernelExpression as Expression, Kernel, KernelStatement } from "../ir/kernel/kernel.ts";
import type { Structure } from "../structure.ts";
import { SIZE } from "../structure-size.ts";
import { largestSize, neededSizes } from "../taking-part.ts";
import { SIZE_INPUT } from "./sizes.ts";

/** Utilities at or below this mean never. */
const NEVER = -1e30;

/** The kernel with utilities of what takes no part masked; the same one where all of it does. */
export function ofWhatTakesPart(kernel: Kernel, structure: Structure): Kernel {
  const size = structure.scope.lookup(SIZE);
  const u = kernel.inputs.find((input) => input.name === "u");
  const all = size?.kind === "number" && size.value >= (largestSize(structure) ?? 0);
  if (size === undefined || u === undefined || all) return kernel;
  const sized = size.kind === "per-example" && !kernel.inputs.some((input) => input.name === SIZE);
  const composition = new Composition(sized ? [...kernel.inputs, SIZE_INPUT] : kernel.inputs, kernel.outputs);
  const masked = composition.array(u, "masked");
  const given = composition.fresh("size");
  const e = composition.fresh("e");
  const needed = structure.parts.flatMap((_, part) => neededSizes(structure, part));
  const table = { name: composition.fresh("needed"), element: "i32", values: needed } as const;
  const index: Expression = { kind: "variable", name: e, type: "i32" };
  const value: Expression = {
    kind: "select",
    condition: {
      kind: "binary",
      operator: "less-equal",
      left: { kind: "load", array: table.name, index, type: "i32" },
      right: { kind: "variable", name: given, type: "i32" },
      type: "bool",
    },
    consequent: { kind: "load", array: u.name, index, type: "f32" },
    alternative: { kind: "constant", value: NEVER, type: "f32" },
    type: "f32",
  };
  const body: KernelStatement[] = [{ kind: "store", array: masked.name, index, value }];
  const [from, to] = [integer(0), integer(needed.length)];
  composition.push(
    { kind: "declare", name: given, type: "i32", mutable: false, value: sizeOf(size) },
    { kind: "for", variable: e, from, to, reversed: false, parallel: true, body },
  );
  const own = [...kernel.inputs, ...kernel.outputs].map(({ name }) => [name, name] as const);
  composition.call(kernel, new Map([...own, [u.name, masked.name]]));
  const finished = composition.finish(kernel.name, kernel.doc);
  return { ...finished, tables: [...finished.tables, table] };
}

function sizeOf(size: { readonly kind: string; readonly value?: unknown }): Expression {
  if (size.kind === "number") return integer(size.value as number);
  const read: Expression = { kind: "load", array: SIZE, index: integer(0), type: "f32" };
  return { kind: "unary", operator: "to-i32", operand: read, type: "i32" };
}

function integer(value: number): Expression {
  return { kind: "constant", value, type: "i32" };
}
