/**
 * Central differences as a kernel (paper, eq. 56): where the Jacobian is symmetric, the difference of two forward runs
 * along the cotangent is the vector–Jacobian product, up to a step size.
 */
import { Composition } from "./compose.ts";
import { binary, integer, load, real } from "./expression.ts";
import type { KernelExpression as Expression, Kernel, KernelArray, KernelBinary } from "./kernel.ts";

/**
 * Inputs: those of `kernel`, then `cotangent`; output: `vjp`, for the first output. The step is `epsilon` long,
 * whatever the cotangent's length: a step of epsilon · cotangent is far too long for large cotangents and drowns small
 * ones in rounding.
 */
export function difference(kernel: Kernel, active: string, epsilon: number): Kernel {
  const input = kernel.inputs.find((array) => array.name === active);
  const output = kernel.outputs[0];
  if (input === undefined || output === undefined) throw new Error(`kernel ${kernel.name} has no input ${active}`);
  const cotangent: KernelArray = { ...output, name: "cotangent" };
  const vjp: KernelArray = { ...input, name: "vjp" };
  const composition = new Composition([...kernel.inputs, cotangent], [vjp]);
  const length = input.shape.reduce((a, b) => a * b, 1);
  const norm = cotangentNorm(composition, length);
  const step = composition.fresh("step");
  composition.push({
    kind: "declare",
    name: step,
    type: "f32",
    mutable: false,
    value: {
      kind: "select",
      condition: { kind: "binary", operator: "greater", left: norm, right: real(0), type: "bool" },
      consequent: binary("divide", real(epsilon), norm),
      alternative: real(0),
      type: "f32",
    },
  });
  const shifted = (operator: KernelBinary): KernelArray => {
    const moved = composition.array(input, "moved");
    const i = variable(composition.fresh("i"), "i32");
    const direction = binary("multiply", variable(step), load(cotangent, i));
    composition.push({
      ...loop(i, length),
      body: [{ kind: "store", array: moved.name, index: i, value: binary(operator, load(input, i), direction) }],
    });
    const result = composition.array(output, "shifted");
    const others = kernel.inputs.filter((array) => array !== input);
    const rest = kernel.outputs
      .slice(1)
      .map((array) => [array.name, composition.array(array, array.name).name] as const);
    const arrays = [...others.map((array) => [array.name, array.name] as const), ...rest];
    composition.call(kernel, new Map([[active, moved.name], [output.name, result.name], ...arrays]));
    return result;
  };
  const [up, down] = [shifted("add"), shifted("subtract")];
  const i = variable(composition.fresh("i"), "i32");
  const scale = binary("divide", norm, real(2 * epsilon));
  const value = binary("multiply", binary("subtract", load(up, i), load(down, i)), scale);
  composition.push({ ...loop(i, length), body: [{ kind: "store", array: vjp.name, index: i, value }] });
  return composition.finish(`${kernel.name}_difference_${String(epsilon).replace(/[^0-9a-z]/g, "_")}`, kernel.doc);
}

/** The Euclidean length of the cotangent, as a name. */
function cotangentNorm(composition: Composition, length: number): Expression {
  const square = composition.fresh("square");
  const norm = composition.fresh("norm");
  const i = variable(composition.fresh("i"), "i32");
  const component: Expression = { kind: "load", array: "cotangent", index: i, type: "f32" };
  composition.push(
    {
      kind: "reduce",
      name: square,
      operator: "sum",
      variable: i.name,
      from: integer(0),
      to: integer(length),
      value: binary("multiply", component, component),
      type: "f32",
    },
    {
      kind: "declare",
      name: norm,
      type: "f32",
      mutable: false,
      value: { kind: "unary", operator: "sqrt", operand: variable(square), type: "f32" },
    },
  );
  return variable(norm);
}

function loop(i: { readonly name: string }, length: number) {
  const range = { from: integer(0), to: integer(length), reversed: false, parallel: true };
  return { kind: "for", variable: i.name, ...range } as const;
}
function variable(name: string, type: "f32" | "i32" = "f32") {
  return { kind: "variable", name, type } as const;
}
