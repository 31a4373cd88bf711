/** Metrics of several parts: records, and readings of which the better one is reported. */
import type { Span } from "../../../grammar/ast.ts";
import { Failure } from "../../failure.ts";
import { type BoundArgument, describe, type Value } from "../values.ts";
import type { Builtin } from "./builtin.ts";

const RECORD = "record(precision = p, recall = r)";
const BETTER = "better_by_precision(graph = a, complement = b)";

/** The parts by name. */
function named(given: readonly BoundArgument[], usage: string, span: Span): Map<string, Value> {
  const parts = new Map<string, Value>();
  const help = `write ${usage}`;
  if (given.length === 0) throw new Failure(span, "missing-argument", "a group of metrics needs parts", { help });
  for (const argument of given) {
    if (argument.name === undefined) {
      throw new Failure(argument.span, "missing-argument", "every part of a group of metrics needs a name", { help });
    }
    if (parts.has(argument.name)) {
      throw new Failure(argument.span, "duplicate-argument", `${argument.name} is given twice`);
    }
    parts.set(argument.name, argument.value);
  }
  return parts;
}

/** Readings are compared by their part of that name. */
function readings(given: readonly BoundArgument[], by: string, span: Span): Map<string, Value> {
  const parts = named(given, BETTER, span);
  for (const argument of given) {
    const { value } = argument;
    if (value.kind === "record" && value.fields.has(by)) continue;
    const message = `each reading must be a record with a part ${by}, but this is ${describe(value)}`;
    throw new Failure(argument.span, "type-mismatch", message, { help: `write ${RECORD}` });
  }
  return parts;
}

export const metricFunctions: readonly [string, Builtin][] = [
  [
    "record",
    {
      usage: RECORD,
      parameters: undefined,
      required: [],
      call: (_context, given, span) => ({ kind: "record", fields: named(given, RECORD, span) }),
    },
  ],
  [
    "better_by_precision",
    {
      usage: BETTER,
      parameters: undefined,
      required: [],
      call: (_context, given, span) => ({
        kind: "best",
        by: "precision",
        readings: readings(given, "precision", span),
      }),
    },
  ],
];
