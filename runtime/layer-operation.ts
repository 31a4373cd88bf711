/**
 * A solver on the host as an operation of tfjs with a gradient of its own, on whatever backend the tensors are. First
 * derivatives only: a backward solver has no derivative, and asking for it is an error, not a zero.
 */
import type * as core from "@tensorflow/tfjs-core";
import { type Reading, readRows, readValues, toFloat32 } from "./layer-rows.ts";
import { UserError } from "./user-error.ts";

/** What a layer needs of tfjs. */
export type LayerTensorflow = Pick<typeof core, "tensor" | "customGrad"> & Partial<Pick<typeof core, "getBackend">>;

export interface Operation {
  readonly tf: LayerTensorflow;
  readonly utilities: Reading;
  /** Cotangents of what `forward` returns. */
  readonly cotangents: Reading;
  /** From rows of utilities to as many rows, or to one number for each. */
  readonly forward: (u: Float64Array) => Float64Array;
  /** From utilities, what `forward` made of them, and its cotangent, to the cotangent of the utilities. */
  readonly backward: (u: Float64Array, value: Float64Array, cotangent: Float64Array) => Float64Array;
}

/** The operation on `u`; what it returns has `shape`. */
export function operate(operation: Operation, u: core.Tensor, shape: readonly number[]): core.Tensor {
  return operation.tf.customGrad((...given) => {
    const [input, save] = given as [core.Tensor, (tensors: core.Tensor[]) => void];
    const rows = readRows(input, operation.utilities);
    const value = operation.forward(rows);
    save([input]);
    return {
      value: asTensor(operation, value, shape),
      gradFunc: (cotangent, saved) =>
        pullBack(operation, saved[0]!, cotangent, (given) => operation.backward(rows, value, given)),
    };
  })(u);
}

/** What `backward` makes of a cotangent of the operation's result: a cotangent of `u`. */
export function pullBack(
  operation: Omit<Operation, "forward" | "backward">,
  u: core.Tensor,
  cotangent: core.Tensor,
  backward: (cotangent: Float64Array) => Float64Array,
): core.Tensor {
  return operation.tf.customGrad((...given) => {
    // The utilities are an input, so that second derivatives find the way here and are refused.
    const values = readValues(given[1] as core.Tensor, operation.cotangents);
    return {
      value: asTensor(operation, backward(values), u.shape),
      gradFunc: () => {
        throw new UserError(`${operation.utilities.structure} has no second derivatives`, {
          why: "its backward is a solver of its own, which has no derivative",
        });
      },
    };
  })(u, cotangent);
}

function asTensor(
  { tf, utilities }: Pick<Operation, "tf" | "utilities">,
  values: Float64Array,
  shape: readonly number[],
): core.Tensor {
  return tf.tensor(toFloat32(values, utilities), [...shape], "float32");
}
