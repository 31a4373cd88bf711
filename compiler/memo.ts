/**
 * Work done once for the same compile-time values: the four entry points of a model ask for the same kernels, and so do
 * programs that are compiled one after the other.
 */
import type { StaticValue } from "./static-value.ts";

export type StaticValues = ReadonlyMap<string, StaticValue>;

/** How many results are kept for each subject; the oldest goes first. */
const KEPT = 8;

/** Results by a subject, such as a declaration, and compile-time values. They live as long as the subject. */
export class Memo<Subject extends object, Result> {
  private readonly results = new WeakMap<Subject, { readonly values: StaticValues; readonly result: Result }[]>();

  /** The result of `work`, or the one that it had for equal values. What `work` throws is not kept. */
  get(subject: Subject, values: StaticValues, work: () => Result): Result {
    const known = this.results.get(subject) ?? [];
    const found = known.find((each) => sameValues(each.values, values));
    if (found !== undefined) return found.result;
    const result = work();
    this.results.set(subject, [...known.slice(1 - KEPT), { values, result }]);
    return result;
  }
}

function sameValues(a: StaticValues, b: StaticValues): boolean {
  return a === b || (a.size === b.size && [...a].every(([name, value]) => isSame(value, b.get(name))));
}

/** Whether two values are one to whatever is computed from them. */
function isSame(a: StaticValue, b: StaticValue | undefined): boolean {
  if (a === b) return true;
  if (b === undefined) return false;
  switch (a.kind) {
    case "number":
      return b.kind === "number" && Object.is(a.value, b.value) && a.label === b.label;
    case "per-example":
      return b.kind === a.kind && a.most === b.most && a.label === b.label;
    case "boolean":
    case "string":
      return b.kind === a.kind && a.value === b.value;
    case "graph":
      return (
        b.kind === "graph" &&
        a.label === b.label &&
        a.vertices === b.vertices &&
        a.directed === b.directed &&
        a.edges.length === b.edges.length &&
        a.edges.every(([from, to], i) => from === b.edges[i]![0] && to === b.edges[i]![1])
      );
    case "list":
      return (
        b.kind === "list" && a.items.length === b.items.length && a.items.every((item, i) => isSame(item, b.items[i]))
      );
    case "relaxation":
      return (
        b.kind === "relaxation" &&
        a.declaration === b.declaration &&
        a.forward === b.forward &&
        sameValues(a.arguments, b.arguments) &&
        sameValues(a.options, b.options)
      );
    case "applied-structure":
      return (
        b.kind === "applied-structure" &&
        a.declaration === b.declaration &&
        a.target === b.target &&
        sameValues(a.arguments, b.arguments)
      );
    case "structure-name":
    case "distribution-class":
      return b.kind === a.kind && a.declaration === b.declaration;
  }
}
