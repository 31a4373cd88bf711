/**
 * Name resolution of a whole file, used or not: every name in a function, module or model must mean something. Elaboration finds
 * the rest, but only in what a model reaches; this pass finds a misspelt name anywhere.
 */
import type { Declaration, Expression, Identifier, Parameter, SourceFile } from "../../grammar/ast.ts";
import { type Diagnostic, didYouMean, type Source } from "../diagnostic.ts";
import { builtins } from "../elaborate/builtins/registry.ts";
import type { Names } from "../names.ts";
import { staticFunctions } from "../static-functions.ts";

const ALWAYS: readonly string[] = ["training", "pi", "inf", "_"];

export function resolve(file: SourceFile, source: Source, names: Names): Diagnostic[] {
  const resolver = new Resolver(source, names);
  for (const declaration of file.declarations) resolver.declaration(declaration);
  return resolver.diagnostics;
}

class Resolver {
  readonly diagnostics: Diagnostic[] = [];
  private readonly source: Source;
  private readonly names: Names;

  constructor(source: Source, names: Names) {
    this.source = source;
    this.names = names;
  }

  declaration(declaration: Declaration): void {
    switch (declaration.kind) {
      case "function": {
        const scope = this.parameters(declaration.parameters);
        return this.expression(declaration.body, scope);
      }
      case "module": {
        const scope = this.parameters(declaration.parameters);
        for (const statement of declaration.body) scope.add(statement.kind === "require" ? "" : statement.name.name);
        for (const statement of declaration.body) {
          if (statement.kind === "let" || statement.kind === "graph") this.expression(statement.value, scope);
          else if (statement.kind === "method")
            this.expression(statement.body, new Set([...scope, ...this.parameters(statement.parameters)]));
        }
        return;
      }
      case "experiment":
        if (this.names.find(declaration.model.name, this.source)?.declaration.kind !== "model")
          this.report(declaration.model, [], `there is no model ${declaration.model.name} in this file`);
        return;
      case "model":
      case "structure":
      case "distribution":
      case "relaxation":
      case "kernel":
        return; // Elaborated with their arguments.
    }
  }

  /** Names that parameters bind, dimensions of their types included. */
  private parameters(list: readonly Parameter[]): Set<string> {
    const scope = new Set<string>();
    for (const parameter of list) {
      if (scope.has(parameter.name.name))
        this.report(parameter.name, [], `the parameter ${parameter.name.name} is declared twice`, "duplicate-name");
      scope.add(parameter.name.name);
      if (parameter.type?.kind === "tensor-type")
        for (const item of parameter.type.dimensions) if (item.kind === "name") scope.add(item.name);
    }
    return scope;
  }

  private expression(e: Expression, scope: ReadonlySet<string>): void {
    const inner = (...list: (Expression | { kind: "range" | "ellipsis" } | undefined)[]) => {
      for (const item of list)
        if (item !== undefined && item.kind !== "range" && item.kind !== "ellipsis")
          this.expression(item as Expression, scope);
    };
    switch (e.kind) {
      case "name":
        if (
          !scope.has(e.name) &&
          !ALWAYS.includes(e.name) &&
          !builtins.has(e.name) &&
          !staticFunctions.has(e.name) &&
          this.names.find(e.name, this.source) === undefined
        ) {
          const hint = this.names.importHint(e.name);
          this.report(
            { name: e.name, span: e.span },
            scope,
            `there is no ${e.name} here`,
            "unknown-name",
            hint === undefined ? undefined : `import it: import { ${e.name} } from "${hint}"`,
          );
        }
        return;
      case "call":
        return inner(e.callee, ...e.arguments.map((argument) => argument.value));
      case "member":
        return inner(e.object);
      case "index":
        return inner(e.object, ...e.items);
      case "unary":
        return inner(e.operand);
      case "binary":
        return inner(e.left, e.right);
      case "conditional":
        return inner(e.condition, e.consequent, e.alternative);
      case "list":
      case "tuple":
        return inner(...e.items);
      case "comprehension":
        return this.expression(e.body, new Set([...scope, e.variable.name]));
      case "scan":
        inner(e.initial);
        return this.expression(e.body, new Set([...scope, e.state.name, e.variable.name]));
      case "block": {
        const own = new Set(scope);
        for (const statement of e.statements) {
          if (statement.kind !== "require") this.expression(statement.value, own);
          if (statement.kind === "let") own.add(statement.name.name);
        }
        return this.expression(e.result, own);
      }
      case "number":
      case "string":
      case "boolean":
        return;
    }
  }

  private report(at: Identifier, scope: Iterable<string>, message: string, code = "unknown-name", hint?: string): void {
    const near = didYouMean(at.name, [
      ...scope,
      ...this.names.visible(this.source),
      ...builtins.keys(),
      ...staticFunctions.keys(),
    ]);
    const help = hint ?? (near === undefined || code === "duplicate-name" ? undefined : `did you mean ${near}?`);
    this.diagnostics.push({
      code,
      severity: "error",
      source: this.source,
      span: at.span,
      message,
      ...(help === undefined ? {} : { help }),
    });
  }
}
