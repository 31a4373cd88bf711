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
  /** What the tensors hold that it takes, the utilities first. */
  readonly inputs: readonly Reading[];
  /** Cotangents of what `forward` returns. */
  readonly cotangents: Reading;
  /** From rows of each input to the values. */
  readonly forward: (...rows: Float64Array[]) => Float64Array;
  /** From rows, what `forward` made of them, and its cotangent, to the cotangent of each input. */
  readonly backward: (
    rows: readonly Float64Array[],
    value: Float64Array,
    cotangent: Float64Array,
  ) => readonly Float64Array[];
}

/** The operation on tensors; what it returns has `shape`. */
export function operate(operation: Operation, tensors: readonly core.Tensor[], shape: readonly number[]): core.Tensor {
  const { tf, inputs, cotangents } = operation;
  const [utilities] = inputs as readonly [Reading, ...Reading[]];
  return tf.customGrad((...given) => {
    const save = given.pop() as unknown as (tensors: core.Tensor[]) => void;
    const rows = given.map((tensor, i) => readRows(tensor as core.Tensor, inputs[i]!));
    const value = operation.forward(...rows);
    save(given as core.Tensor[]);
    return {
      value: asTensor({ tf, utilities }, value, shape),
      gradFunc: (cotangent, saved) => {
        const gradients = saved.map((tensor, i) =>
          pullBack(
            { tf, utilities, cotangents },
            tensor,
            cotangent,
            (numbers) => operation.backward(rows, value, numbers)[i]!,
          ),
        );
        return gradients.length === 1 ? gradients[0]! : gradients;
      },
    };
  })(...tensors);
}

/** What `backward` makes of a cotangent of the operation's result: a cotangent of `u`. */
export function pullBack(
  operation: Pick<Operation, "tf" | "cotangents"> & { readonly utilities: Reading },
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
  { tf, utilities }: { readonly tf: LayerTensorflow; readonly utilities: Reading },
  values: Float64Array,
  shape: readonly number[],
): core.Tensor {
  return tf.tensor(toFloat32(values, utilities), [...shape], "float32");
}
