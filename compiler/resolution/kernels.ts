/** Names in kernels. */
import type { Expression, KernelDeclaration, KernelStatement, RangeExpression } from "../../grammar/ast.ts";
import { Locals } from "./locals.ts";
import type { Resolver } from "./resolver.ts";

export function resolveKernel(resolver: Resolver, declaration: KernelDeclaration): void {
  const locals = new Locals();
  resolver.parameters(declaration.parameters, locals, "kernel", "kernel");
  for (const output of declaration.outputs) {
    resolver.type(output.type, locals, "kernel");
    resolver.declare(output.name, locals, "kernel");
  }
  block(resolver, declaration.body, new Locals(locals));
}

function block(resolver: Resolver, body: readonly KernelStatement[], locals: Locals): void {
  for (const statement of body) if ("name" in statement) locals.announce(statement.name.name);
  for (const each of body) statement(resolver, each, locals);
}

function statement(resolver: Resolver, s: KernelStatement, locals: Locals): void {
  const expression = (e: Expression | RangeExpression, scope = locals) => resolver.expression(e, scope, "kernel");
  switch (s.kind) {
    case "kernel-let":
      expression(s.value);
      return resolver.declare(s.name, locals, "block");
    case "kernel-var":
      expression(s.value);
      return resolver.declare(s.name, locals, "block");
    case "kernel-shared":
      resolver.type(s.type, locals, "kernel");
      if (s.fill !== undefined) expression(s.fill);
      return resolver.declare(s.name, locals, "block");
    case "kernel-assign":
      expression(s.target);
      return expression(s.value);
    case "kernel-for": {
      const inner = new Locals(locals);
      s.variables.forEach((variable, i) => {
        expression(s.sources[i]!, inner);
        resolver.declare(variable, inner, "loop");
      });
      return block(resolver, s.body, new Locals(inner));
    }
    case "kernel-if":
      expression(s.condition);
      block(resolver, s.consequent, new Locals(locals));
      return block(resolver, s.alternative, new Locals(locals));
    case "kernel-while":
      expression(s.condition);
      return block(resolver, s.body, new Locals(locals));
    case "require":
      return expression(s.condition);
    case "kernel-break":
      return;
  }
}
