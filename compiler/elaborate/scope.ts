/**
 * Lexical scopes: names to values, innermost first. A scope remembers which source its names were written in, because a
 * function of the standard library is elaborated in its own file's scope.
 */
import type { Bindings, Value } from "./values.ts";

export class Scope implements Bindings {
  readonly parent: Bindings | undefined;
  private readonly values = new Map<string, Value>();

  constructor(parent?: Bindings) {
    this.parent = parent;
  }

  define(name: string, value: Value): void {
    this.values.set(name, value);
  }

  lookup(name: string): Value | undefined {
    return this.values.get(name) ?? this.parent?.lookup(name);
  }

  /** Names of this scope alone. */
  own(): ReadonlyMap<string, Value> {
    return this.values;
  }

  /** Every visible name, for suggestions. */
  *names(): Iterable<string> {
    yield* this.values.keys();
    if (this.parent !== undefined) yield* this.parent.names();
  }
}
