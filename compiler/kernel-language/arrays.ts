/** Arrays of kernels: what their types come to at given sizes, and whether one can stand for another. */
import type { Span, TensorTypeExpression } from "../../grammar/ast.ts";
import { Failure } from "../failure.ts";
import type { KernelArray } from "../ir/kernel/kernel.ts";
import { type Environment, evaluateStatic } from "../static-evaluate.ts";

/** Elements of one array; more than this is always a slip. */
const LARGEST_ARRAY = 2 ** 27;

/** An array of a kernel, with its sizes. */
export function arrayOf(name: string, type: TensorTypeExpression, statics: Environment): KernelArray {
  const shape = type.dimensions.map((item) => {
    const value = item.kind === "ellipsis" ? undefined : evaluateStatic(item, statics);
    if (value?.kind === "number" && Number.isInteger(value.value) && value.value >= 0) return value.value;
    throw new Failure(type.span, "bad-size", "the sizes of a kernel's arrays must be integers known at compile time");
  });
  const size = shape.reduce((a, b) => a * b, 1);
  if (size > LARGEST_ARRAY) {
    throw new Failure(type.span, "too-large", `the array ${name} has ${size} elements, more than ${LARGEST_ARRAY}`);
  }
  return { name, element: type.element === "binary" ? "f32" : type.element, shape };
}

/** Refuses an array that is not what a kernel takes. */
export function checkArray(given: KernelArray, wanted: KernelArray, what: string, span: Span): void {
  const same = given.element === wanted.element && given.shape.join() === wanted.shape.join();
  if (same) return;
  const describe = (array: KernelArray) => `${array.element}[${array.shape.join(", ")}]`;
  throw new Failure(span, "type-mismatch", `${what} must be ${describe(wanted)}, but it is ${describe(given)}`);
}
