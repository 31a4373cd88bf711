/** What kernels of a relaxation read: utilities of members or an input of its own, and the temperature. */
import type { RelaxClause, Span } from "../grammar/ast.ts";
import { type Declarations, located } from "./declarations.ts";
import { Failure } from "./failure.ts";
import { structureKernel } from "./kernel-language/structure-kernel.ts";
import type { Relaxed } from "./selected.ts";
import { type Environment, environment, evaluateStatic } from "./static-evaluate.ts";
import { describeStatic, type StaticValue } from "./static-value.ts";
import { headName, type Structure } from "./structure.ts";

/** The input that is the temperature: what a relaxation does with it besides dividing the utilities. */
export const TEMPERATURE = "temperature";

/** Inputs of more elements than this are always a slip. */
const LARGEST_INPUT = 2 ** 24;

/** The inputs that a relaxation's kernels may have; the first must be there. `taken` is its own input's shape. */
export function relaxationInputs(names: readonly string[], taken: readonly number[] | undefined) {
  const sizes = new Map([[TEMPERATURE, 1]]);
  if (taken !== undefined) sizes.set("u", sizeOf(taken));
  return { inputs: [...names, TEMPERATURE], sizes };
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** The clause's own input, if it takes one, with the solver for its hard sample. */
export function takenInput(
  structure: Structure,
  clause: RelaxClause,
  declarations: Declarations,
  span: Span,
  options: ReadonlyMap<string, StaticValue>,
): Relaxed["takes"] {
  const { takes } = clause;
  if (takes === undefined) return undefined;
  const name = clause.relaxation.name;
  located(structure.source, declarations.source, span, () => checkAlone(clause));
  const scope = environment(options, structure.scope);
  const shape = located(structure.source, declarations.source, span, () =>
    takes.type.dimensions.map((item) => dimension(item, scope)),
  );
  const wanted = { inputs: ["u"], sizes: new Map([["u", sizeOf(shape)]]), output: structure.size };
  const kernel = structureKernel(takes.argmax, structure, declarations, span, wanted, options);
  const rejected = structure.argmax.map(({ name: option }) => ({
    option,
    reason: `it takes utilities of members, and ${name} an input of its own`,
  }));
  const chosen = headName(takes.argmax);
  const reason = `declared for the input of ${name}`;
  return { shape, solver: { value: kernel, decision: { pass: "solver", chosen, reason, rejected } } };
}

/** What has no meaning where the input is none of utilities of members. */
function checkAlone({ symmetric, preparation, span }: RelaxClause): void {
  if (!symmetric && preparation === undefined) return;
  const what = symmetric ? "symmetric" : "after";
  const message = `a relaxation that takes an input of its own cannot be declared with ${what}`;
  const why = symmetric ? "its Jacobian is no square matrix" : "what comes after is for utilities of members";
  throw new Failure(span, "bad-clause", message, { why, help: `leave ${what} out` });
}

function dimension(item: NonNullable<RelaxClause["takes"]>["type"]["dimensions"][number], scope: Environment): number {
  if (item.kind === "ellipsis") {
    throw new Failure(item.span, "unknown-shape", "the shape of a relaxation's input must be written in full");
  }
  const value = evaluateStatic(item, scope);
  if (value.kind === "number" && Number.isInteger(value.value) && value.value >= 1 && value.value <= LARGEST_INPUT) {
    return value.value;
  }
  throw new Failure(item.span, "bad-size", `a size must be a positive integer, but it is ${describeStatic(value)}`);
}
