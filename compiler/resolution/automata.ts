/** Names in automata: positions, states, and what transitions emit. */
import type { AutomatonClause, Transition } from "../../grammar/ast.ts";
import { Locals } from "./locals.ts";
import type { Resolver } from "./resolver.ts";

/** `parts` are the names of the embedding, all of which stand above. */
export function resolveAutomaton(resolver: Resolver, clause: AutomatonClause, locals: Locals, parts: Locals): void {
  resolver.expression(clause.range, locals, "static");
  const variables = new Locals();
  for (const { name, domain } of clause.state) {
    resolver.declare(name, variables, "state");
    if (domain.kind === "range") resolver.expression(domain, locals, "static");
  }
  for (const e of [...clause.from, ...clause.to]) {
    if (e.kind !== "name" || e.name !== "_") resolver.expression(e, locals, "static");
  }
  if (clause.transitions.length === 0) {
    const message = "an automaton without transitions has no paths";
    resolver.report(clause.span, "missing-clause", message, "add a transition such as (c) -> (c + 1) emits x[i]");
  }
  for (const each of clause.transitions) transition(resolver, each, clause, locals, parts);
}

function transition(
  resolver: Resolver,
  { from, to, when, emits }: Transition,
  { variable }: AutomatonClause,
  locals: Locals,
  parts: Locals,
): void {
  const inner = new Locals(locals);
  resolver.declare(variable, inner, "automaton");
  for (const name of from) if (name.name !== "_") resolver.declare(name, inner, "transition");
  // A name that means nothing else on the right stands for every value of its variable.
  const every = new Locals();
  for (const e of to) {
    if (e.kind !== "name" || inner.has(e.name) || resolver.kindOf(e.name) !== undefined) {
      resolver.expression(e, inner, "static");
    } else if (e.name !== "_") resolver.declare(e, every, "transition");
  }
  for (const name of every.names()) inner.declare(name);
  if (when !== undefined) resolver.expression(when, inner, "static");
  for (const { target, condition } of emits) {
    if (condition !== undefined) resolver.expression(condition, inner, "static");
    // What is emitted is a part of the embedding; its indices are numbers.
    if (target.kind !== "index" || target.object.kind !== "name") continue;
    if (!parts.has(target.object.name) && resolver.names.unread(target.object.name, resolver.source)) continue;
    for (const item of target.items) resolver.expression(item, inner, "static");
  }
}
