/** The functions of the language itself that work on tensors. Compile-time functions are in static-functions.ts. */
import type { Span } from "../../grammar/ast.ts";
import { Failure } from "../failure.ts";
import { assignArguments } from "../static-evaluate.ts";
import type { StaticGraph } from "../static-value.ts";
import type { Context } from "./context.ts";
import { asTensor, binary, broadcastTo, numeric, sameSizes, stack, tensor, unary } from "./tensors.ts";
import { type BoundArgument, type Dimension, describe, describeShape, type TensorValue, type Value } from "./values.ts";

export interface Builtin {
  /** How it is called; `?` marks what may be left out. */
  readonly usage: string;
  call(context: Context, given: readonly BoundArgument[], span: Span): Value | undefined;
}

type Bound = { readonly [name: string]: BoundArgument | undefined };

/** A builtin with named parameters; those ending in `?` are optional. */
function builtin(
  name: string,
  parameters: readonly string[],
  call: (context: Context, args: Bound, span: Span) => Value | undefined,
): [string, Builtin] {
  const names = parameters.map((parameter) => parameter.replace("?", ""));
  const usage = `${name}(${parameters.join(", ")})`;
  return [
    name,
    {
      usage,
      call: (context, given, span) => {
        const bound: Record<string, BoundArgument | undefined> = {};
        const assigned = assignArguments(names, given, name);
        names.forEach((parameter, i) => {
          bound[parameter] = assigned.get(parameter);
          if (bound[parameter] === undefined && !parameters[i]!.endsWith("?"))
            throw new Failure(span, "missing-argument", `${name} needs ${parameter}`, { help: usage });
        });
        return call(context, bound, span);
      },
    },
  ];
}

const elementwise = (name: string, op = name) =>
  builtin(name, ["x"], (context, { x }) => {
    const value = asTensor(context, x!.value, x!.span);
    return value === undefined ? undefined : unary(context, op, { ...value, node: numeric(context, value.node) });
  });

/** `min(a, b)` of two is elementwise; `max(x)` of one reduces. */
const extreme = (name: string, op: string) =>
  builtin(name, ["a", "b"], (context, { a, b }, span) => {
    const [left, right] = [asTensor(context, a!.value, a!.span), asTensor(context, b!.value, b!.span)];
    return left === undefined || right === undefined ? undefined : binary(context, op, left, right, span);
  });

function axisOf(argument: BoundArgument, rank: number): number {
  const { value } = argument;
  if (value.kind !== "number" || !Number.isInteger(value.value) || value.value < -rank || value.value >= rank)
    throw new Failure(
      argument.span,
      "bad-axis",
      `an axis is an integer between ${-rank} and ${rank - 1} here, but this is ${describe(value)}`,
    );
  return value.value < 0 ? value.value + rank : value.value;
}

const reduction = (name: string, op: string) =>
  builtin(name, ["x", "axis?", "keep?"], (context, { x, axis, keep }) => {
    const value = asTensor(context, x!.value, x!.span);
    if (value === undefined) return undefined;
    const rank = value.dimensions.length;
    const axes = axis === undefined ? value.dimensions.map((_, i) => i) : [axisOf(axis, rank)];
    const kept = keep?.value.kind === "boolean" && keep.value.value;
    const dimensions = value.dimensions.flatMap((dimension, i) =>
      axes.includes(i) ? (kept ? [{ size: 1 }] : []) : [dimension],
    );
    return tensor(
      context.builder.node(op, [numeric(context, value.node)], kept ? { axes, keep: true } : { axes }),
      dimensions,
    );
  });

function graphOf(argument: BoundArgument): StaticGraph {
  if (argument.value.kind !== "graph")
    throw new Failure(argument.span, "type-mismatch", `expected a graph but got ${describe(argument.value)}`);
  return argument.value;
}

/** Arcs of a graph: (source, target) pairs; those of an undirected graph are its edges, then its edges turned around. */
function arcsOf(graph: StaticGraph): readonly (readonly [number, number])[] {
  return graph.directed ? graph.edges : [...graph.edges, ...graph.edges.map(([a, b]) => [b, a] as const)];
}

function leading(context: Context, argument: BoundArgument, size: number, what: string): TensorValue | undefined {
  const value = asTensor(context, argument.value, argument.span);
  if (value !== undefined && value.dimensions[0]?.size !== size)
    throw new Failure(
      argument.span,
      "shape-mismatch",
      `${what} must have ${size} rows, but this is ${describe(value)}`,
    );
  return value;
}

const endpoint = (name: string, end: 0 | 1) =>
  builtin(name, ["graph", "h"], (context, { graph, h }) => {
    const g = graphOf(graph!);
    const value = leading(context, h!, g.vertices, "the vertices' features");
    if (value === undefined) return undefined;
    const indices = arcsOf(g).map((arc) => arc[end]);
    return tensor(context.builder.gather(value.node, indices, 0), [
      { size: indices.length, label: `arcs(${g.label})` },
      ...value.dimensions.slice(1),
    ]);
  });

const graphFunctions: [string, Builtin][] = [
  endpoint("from", 0),
  endpoint("into", 1),
  builtin("gather_sum", ["graph", "messages"], (context, { graph, messages }) => {
    const g = graphOf(graph!);
    const arcs = arcsOf(g);
    const value = leading(context, messages!, arcs.length, "messages");
    return value === undefined
      ? undefined
      : tensor(
          context.builder.scatterAdd(
            value.node,
            arcs.map((arc) => arc[1]),
            0,
            g.vertices,
          ),
          [{ size: g.vertices }, ...value.dimensions.slice(1)],
        );
  }),
  builtin("to_arcs", ["graph", "x"], (context, { graph, x }) => {
    const g = graphOf(graph!);
    const value = leading(context, x!, g.edges.length, "values of edges");
    if (value === undefined || g.directed) return value;
    return tensor(context.builder.concat([value.node, value.node], 0), [
      { size: 2 * g.edges.length },
      ...value.dimensions.slice(1),
    ]);
  }),
  builtin("symmetrize", ["graph", "x"], (context, { graph, x }, span) => {
    const g = graphOf(graph!);
    const value = leading(context, x!, arcsOf(g).length, "values of arcs");
    if (value === undefined || g.directed) return value;
    const n = g.edges.length;
    const rest = value.node.type.shape.slice(1);
    const half = (begin: number) =>
      tensor(context.builder.slice(value.node, [begin, ...rest.map(() => 0)], [n, ...rest]), [
        { size: n, label: `edges(${g.label})` },
        ...value.dimensions.slice(1),
      ]);
    const total = binary(context, "add", half(0), half(n), span);
    return total === undefined
      ? undefined
      : binary(context, "multiply", total, tensor(context.builder.constant(0.5)), span);
  }),
];

function sizesOf(argument: BoundArgument): Dimension[] {
  const { value } = argument;
  const items = value.kind === "list" ? value.items : value.kind === "number" ? [value] : undefined;
  if (items === undefined)
    throw new Failure(
      argument.span,
      "type-mismatch",
      `expected a list of sizes such as [2, n], but got ${describe(value)}`,
    );
  return items.map((item) => {
    if (item.kind !== "number" || !Number.isInteger(item.value) || item.value < 0)
      throw new Failure(argument.span, "bad-size", "sizes are non-negative integers known at compile time");
    return { size: item.value, ...(item.label === undefined ? {} : { label: item.label }) };
  });
}

const shapeFunctions: [string, Builtin][] = [
  builtin("reshape", ["x", "shape"], (context, { x, shape }) => {
    const value = asTensor(context, x!.value, x!.span);
    if (value === undefined) return undefined;
    const dimensions = sizesOf(shape!);
    const total = (list: readonly Dimension[]) => list.reduce((product, dimension) => product * dimension.size, 1);
    if (total(dimensions) !== total(value.dimensions))
      throw new Failure(
        shape!.span,
        "shape-mismatch",
        `${describe(value)} has ${total(value.dimensions)} elements, but ${describeShape(dimensions)} has ${total(dimensions)}`,
      );
    return tensor(
      context.builder.reshape(
        value.node,
        dimensions.map((dimension) => dimension.size),
      ),
      dimensions,
    );
  }),
  builtin("transpose", ["x", "permutation?"], (context, { x, permutation }) => {
    const value = asTensor(context, x!.value, x!.span);
    if (value === undefined) return undefined;
    const rank = value.dimensions.length;
    const order =
      permutation === undefined
        ? [...Array(rank).keys()].reverse()
        : sizesOf(permutation).map((dimension) => dimension.size);
    if ([...order].sort((a, b) => a - b).some((axis, i) => axis !== i) || order.length !== rank)
      throw new Failure(permutation!.span, "bad-axis", `a permutation of ${rank} axes lists each of 0..${rank} once`);
    return tensor(
      context.builder.transpose(value.node, order),
      order.map((axis) => value.dimensions[axis]!),
    );
  }),
  builtin("broadcast", ["x", "like?", "shape?"], (context, { x, like, shape }, span) => {
    const value = asTensor(context, x!.value, x!.span);
    const target = like === undefined ? undefined : asTensor(context, like.value, like.span);
    if (value === undefined || (like !== undefined && target === undefined)) return undefined;
    if (target === undefined && shape === undefined)
      throw new Failure(span, "missing-argument", "broadcast needs like = a tensor, or shape = a list of sizes");
    return broadcastTo(context, value, target?.dimensions ?? sizesOf(shape!), span);
  }),
  builtin("stack", ["items"], (context, { items }) => asTensor(context, items!.value, items!.span)),
  ["concat", { usage: "concat(a, b, …, axis = -1)", call: concat }],
];

function concat(context: Context, given: readonly BoundArgument[], span: Span): Value | undefined {
  const parts = given
    .filter((argument) => argument.name === undefined)
    .map((argument) => asTensor(context, argument.value, argument.span));
  const first = parts[0];
  if (first === undefined || parts.some((part) => part === undefined)) return undefined;
  const rank = first.dimensions.length;
  const named = given.find((argument) => argument.name === "axis");
  const axis = named === undefined ? rank - 1 : axisOf(named, rank);
  for (const part of parts) {
    const fits =
      part!.dimensions.length === rank &&
      part!.dimensions.every((dimension, i) => i === axis || dimension.size === first.dimensions[i]!.size);
    if (!fits)
      throw new Failure(
        span,
        "shape-mismatch",
        `${describeShape(first.dimensions)} and ${describeShape(part!.dimensions)} cannot be joined along axis ${axis}`,
      );
  }
  const size = parts.reduce((total, part) => total + part!.dimensions[axis]!.size, 0);
  return tensor(
    context.builder.concat(
      parts.map((part) => part!.node),
      axis,
    ),
    first.dimensions.map((dimension, i) => (i === axis ? { size } : dimension)),
  );
}

const batchFunctions: [string, Builtin][] = [
  builtin("batch_mean", ["x"], (context, { x }) => {
    const value = asTensor(context, x!.value, x!.span);
    return value === undefined
      ? undefined
      : value.node.type.batched
        ? tensor(context.builder.batchMean(value.node), value.dimensions)
        : value;
  }),
  builtin("batch_size", [], (context) => tensor(context.builder.batchSize())),
  builtin("mean_of_items", ["x"], (context, { x }) => {
    // The mean over the batch and over all dimensions but the last: one value for each feature.
    const value = asTensor(context, x!.value, x!.span);
    if (value === undefined) return undefined;
    const axes = value.dimensions.slice(0, -1).map((_, i) => i);
    const mean = axes.length === 0 ? value.node : context.builder.mean(value.node, axes);
    return tensor(mean.type.batched ? context.builder.batchMean(mean) : mean, value.dimensions.slice(-1));
  }),
  builtin("items", ["x"], (context, { x }) => {
    const value = asTensor(context, x!.value, x!.span);
    if (value === undefined) return undefined;
    const each = value.dimensions.slice(0, -1).reduce((product, dimension) => product * dimension.size, 1);
    return tensor(context.builder.multiply(context.builder.batchSize(), each));
  }),
  builtin("uniform_like", ["x"], (context, { x }) => {
    const value = asTensor(context, x!.value, x!.span);
    if (value === undefined) return undefined;
    const stream = 65536 + context.nextStream();
    const node = context.builder.noise(
      `uniform_${stream - 65536}`,
      stream,
      "uniform",
      value.node.type.shape,
      value.node.type.batched,
    );
    context.noise.push({ stream, base: "uniform", node });
    return tensor(node, value.dimensions);
  }),
];

const others: [string, Builtin][] = [
  builtin("where", ["condition", "a", "b"], (context, { condition, a, b }, span) => {
    const [test, left, right] = [
      asTensor(context, condition!.value, condition!.span),
      asTensor(context, a!.value, a!.span),
      asTensor(context, b!.value, b!.span),
    ];
    if (test === undefined || left === undefined || right === undefined) return undefined;
    const largest = [test, left, right].reduce((best, each) =>
      each.dimensions.length > best.dimensions.length ? each : best,
    );
    const odd = [test, left, right].find(
      (each) => each.dimensions.length > 0 && !sameSizes(each.dimensions, largest.dimensions),
    );
    if (odd !== undefined)
      throw new Failure(
        span,
        "shape-mismatch",
        `where needs one shape, or scalars, but it meets ${describeShape(largest.dimensions)} and ${describeShape(odd.dimensions)}`,
      );
    if (test.node.type.dtype !== "bool")
      throw new Failure(
        condition!.span,
        "type-mismatch",
        `the condition of where must be bool, but it is ${describe(test)}`,
      );
    const spread = (value: TensorValue) => broadcastTo(context, value, largest.dimensions, span)!;
    return tensor(
      context.builder.select(
        spread(test).node,
        numeric(context, spread(left).node),
        numeric(context, spread(right).node),
      ),
      largest.dimensions,
    );
  }),
  builtin("soft", ["latent"], (_context, { latent }) => {
    if (latent!.value.kind !== "latent")
      throw new Failure(
        latent!.span,
        "type-mismatch",
        `soft takes a latent variable, but this is ${describe(latent!.value)}`,
      );
    if (latent!.value.soft === undefined)
      throw new Failure(latent!.span, "no-relaxation", `${latent!.value.name} has no relaxation`, {
        help: "add relax ExpFamily at t to its declaration",
      });
    return latent!.value.soft;
  }),
  builtin("hard", ["latent"], (_context, { latent }) => {
    if (latent!.value.kind !== "latent")
      throw new Failure(
        latent!.span,
        "type-mismatch",
        `hard takes a latent variable, but this is ${describe(latent!.value)}`,
      );
    return latent!.value.hard;
  }),
  builtin("stop_gradient", ["x"], (context, { x }) => {
    const value = asTensor(context, x!.value, x!.span);
    return value === undefined ? undefined : unary(context, "stop_gradient", value);
  }),
  [
    "record",
    {
      usage: "record(precision = p, recall = r)",
      call: (_context, given, span) => ({ kind: "record", fields: named(given, span) }),
    },
  ],
  [
    "better_by_precision",
    {
      usage: "better_by_precision(graph = a, complement = b)",
      call: (_context, given, span) => ({ kind: "best", by: "precision", readings: named(given, span) }),
    },
  ],
  builtin("rank", ["x"], (context, { x }) => {
    const value = asTensor(context, x!.value, x!.span);
    return value === undefined ? undefined : { kind: "number", value: value.dimensions.length };
  }),
  builtin("size", ["x", "axis"], (context, { x, axis }) => {
    const value = asTensor(context, x!.value, x!.span);
    if (value === undefined) return undefined;
    const dimension = value.dimensions[axisOf(axis!, value.dimensions.length)]!;
    return {
      kind: "number",
      value: dimension.size,
      ...(dimension.label === undefined ? {} : { label: dimension.label }),
    };
  }),
];

function named(given: readonly BoundArgument[], span: Span): Map<string, Value> {
  return new Map(
    given.map((argument) => {
      if (argument.name === undefined)
        throw new Failure(span, "missing-argument", "every part needs a name: record(precision = p)");
      return [argument.name, argument.value] as const;
    }),
  );
}

export const builtins: ReadonlyMap<string, Builtin> = new Map([
  ...[
    "exp",
    "log",
    "log1p",
    "expm1",
    "sqrt",
    "abs",
    "sign",
    "floor",
    "sigmoid",
    "tanh",
    "softplus",
    "sin",
    "cos",
    "relu",
    "elu",
  ].map((name) => elementwise(name)),
  extreme("min", "minimum"),
  extreme("max", "maximum"),
  reduction("sum", "sum"),
  reduction("mean", "mean"),
  reduction("maximum", "maximum_reduce"),
  ...shapeFunctions,
  ...graphFunctions,
  ...batchFunctions,
  ...others,
]);

export { stack };
