/** What a temperature must be, wherever one is known at compile time. */
import type { Span } from "../grammar/ast.ts";
import { Failure } from "./failure.ts";

/** Throws a Failure at `span` unless `value` is a temperature; `name` is that of the hyper that holds it. */
export function requireTemperature(value: number, span: Span, name?: string): void {
  if (value > 0 && Number.isFinite(value)) return;
  const what = name === undefined ? "this" : name;
  const message = `a temperature must be finite and greater than 0, but ${what} is ${value}`;
  throw new Failure(span, "bad-temperature", message, {
    why: "X_t is defined for t > 0; it tends to the hard sample as t tends to 0",
    help: "for hard samples with the relaxed gradient add straight_through",
  });
}
