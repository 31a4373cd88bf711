/** Functions of whole numbers that data hold, such as words and classes: rows of a table, and one-hot vectors. */
import type { Span } from "../../../grammar/ast.ts";
import { Failure } from "../../failure.ts";
import { nodesInOrder } from "../../ir/tensor/order.ts";
import type { Context } from "../context.ts";
import { checkRank, tensor } from "../tensors.ts";
import { type BoundArgument, describe, describeShape, type TensorValue } from "../values.ts";
import { type Builtin, builtin, sizesOf, tensorOf } from "./builtin.ts";

/**
 * A tensor of i32, every element of which comes from data: these are then checked to be less than `count` when they are
 * read, so that no device ever reads beyond a table.
 */
function indicesOf(context: Context, argument: BoundArgument, count: number): TensorValue | undefined {
  const value = tensorOf(context, argument);
  if (value === undefined) return undefined;
  if (value.node.type.dtype !== "i32") {
    throw new Failure(argument.span, "type-mismatch", `indices are whole numbers, but this is ${describe(value)}`, {
      help: "declare data of whole numbers: data words: i32[n]",
    });
  }
  for (const leaf of nodesInOrder([value.node])) {
    if (leaf.op !== "input") continue;
    const name = String(leaf.attributes.name);
    context.limits.set(name, Math.min(count, context.limits.get(name) ?? count));
  }
  return value;
}

const embedding = builtin("embedding", ["table", "indices"], (context, { table, indices }, span) => {
  const rows = tensorOf(context, table);
  if (rows === undefined) return undefined;
  const [count, ...row] = rows.dimensions;
  if (count === undefined || rows.node.type.batched || rows.node.type.dtype !== "f32") {
    throw new Failure(
      table!.span,
      "type-mismatch",
      `a table has rows that are the same for all examples, \
but this is ${describe(rows)}`,
      { help: "declare a parameter: param table: f32[words, size] ~ normal" },
    );
  }
  const value = indicesOf(context, indices!, count.size);
  if (value === undefined) return undefined;
  const dimensions = [...value.dimensions, ...row];
  if (!checkRank(context, dimensions, span)) return undefined;
  return tensor(context.builder.node("lookup", [rows.node, value.node]), dimensions);
});

const oneHot = builtin("one_hot", ["indices", "count"], (context, { indices, count }, span) => {
  const classes = oneSize(count!, span);
  const value = indicesOf(context, indices!, classes.size);
  if (value === undefined) return undefined;
  const dimensions = [...value.dimensions, classes];
  if (!checkRank(context, dimensions, span)) return undefined;
  const build = context.builder;
  const shape = dimensions.map(({ size }) => size);
  const numbers = build.constant([...Array(classes.size).keys()], [classes.size], "i32");
  const each = build.reshape(value.node, [...value.dimensions.map(({ size }) => size), 1]);
  const chosen = build.equal(build.broadcast(each, shape), build.broadcast(numbers, shape));
  return tensor(build.cast(chosen, "f32"), dimensions);
});

function oneSize(argument: BoundArgument, span: Span) {
  const [size, ...others] = sizesOf(argument);
  if (size !== undefined && others.length === 0) return size;
  throw new Failure(span, "type-mismatch", `the count is one number, not ${describeShape(sizesOf(argument))}`);
}

export const indexFunctions: readonly [string, Builtin][] = [embedding, oneHot];
