/**
 * Recursion: functions, modules, structures and kernels are expanded where they are used, so none may use itself,
 * directly or through others. This finds the cycles among what files declare.
 */
import type { Declaration, Method, ModuleDeclaration, Span } from "../../grammar/ast.ts";
import type { Source } from "../diagnostic.ts";
import { Failure } from "../failure.ts";
import { isLibrary, type Names } from "../names.ts";

/** Something that is expanded where it is used: a declaration, or a method of a module. */
type Unit = Declaration | Method;

interface Use {
  readonly unit: Unit;
  readonly source: Source;
  readonly span: Span;
}

/** A cycle found, as a failure at the use that closes it. */
export function findRecursion(declarations: readonly Declaration[], source: Source, names: Names): Failure[] {
  const search = new Search(names);
  for (const declaration of declarations) {
    search.visit(declaration, source);
    if (declaration.kind !== "module") continue;
    for (const method of methodsOf(declaration)) search.visit(method, source, declaration);
  }
  return search.found;
}

class Search {
  readonly found: Failure[] = [];
  private readonly names: Names;
  private readonly done = new Set<Unit>();
  private readonly path: Unit[] = [];
  /** The modules that methods belong to. */
  private readonly owners = new Map<Method, ModuleDeclaration>();

  constructor(names: Names) {
    this.names = names;
  }

  visit(unit: Unit, source: Source, owner?: ModuleDeclaration): void {
    if (this.done.has(unit) || isLibrary(source)) return;
    if (unit.kind === "method" && owner !== undefined) this.owners.set(unit, owner);
    this.path.push(unit);
    for (const use of this.usesOf(unit, source, owner)) {
      const at = this.path.indexOf(use.unit);
      if (at >= 0) this.report(this.path.slice(at), source, use.span);
      else this.visit(use.unit, use.source, use.unit.kind === "method" ? this.owners.get(use.unit) : undefined);
    }
    this.path.pop();
    this.done.add(unit);
  }

  private usesOf(unit: Unit, source: Source, owner: ModuleDeclaration | undefined): Use[] {
    const words = new Words();
    if (unit.kind === "module") words.collect({ ...unit, body: unit.body.filter((each) => each.kind !== "method") });
    else words.collect(unit);
    if (owner !== undefined) words.bind(owner);
    return [...words.used].flatMap(([name, span]): Use[] => {
      const method = owner === undefined ? undefined : methodsOf(owner).find((each) => each.name.name === name);
      if (method !== undefined && owner !== undefined) {
        this.owners.set(method, owner);
        return [{ unit: method, source, span }];
      }
      if (words.bound.has(name)) return [];
      const found = this.names.find(name, source);
      if (found === undefined) return [];
      const use = { unit: found.declaration, source: found.source, span };
      if (found.declaration.kind !== "module") return [use];
      // Whoever makes an instance may call it.
      const { declaration } = found;
      const forward = methodsOf(declaration).filter((each) => each.name.name === "forward");
      for (const each of forward) this.owners.set(each, declaration);
      return [use, ...forward.map((each) => ({ unit: each, source: found.source, span }))];
    });
  }

  private nameOf(unit: Unit): string {
    const owner = unit.kind === "method" ? this.owners.get(unit) : undefined;
    return owner === undefined ? unit.name.name : `${owner.name.name}.${unit.name.name}`;
  }

  private report(cycle: readonly Unit[], source: Source, span: Span): void {
    const [first, ...others] = cycle.map((unit) => this.nameOf(unit));
    const through = others.length === 0 ? "" : ` through ${others.join(", ")}`;
    const why = "it is expanded where it is used, so recursion has no end";
    const help = cycle.every((unit) => ["function", "module", "method"].includes(unit.kind))
      ? "for steps in time use scan"
      : undefined;
    this.found.push(new Failure(span, "recursion", `${first} uses itself${through}`, { why, help, source }));
  }
}

function methodsOf(declaration: ModuleDeclaration): Method[] {
  return declaration.body.filter((statement) => statement.kind === "method");
}

/** The names that a piece of the tree mentions, and those that it gives. */
class Words {
  /** Where each name is mentioned first. */
  readonly used = new Map<string, Span>();
  readonly bound = new Set<string>();

  /** Parameters, definitions and loop variables of a unit; its own name is not meant. */
  collect(unit: object): void {
    for (const [key, value] of Object.entries(unit)) if (key !== "name") this.walk(value);
  }

  /** What a module's methods see of it. */
  bind(owner: ModuleDeclaration): void {
    for (const parameter of owner.parameters) this.bound.add(parameter.name.name);
    for (const statement of owner.body) {
      if (statement.kind !== "require" && statement.kind !== "method") this.bound.add(statement.name.name);
    }
  }

  private walk(value: unknown): void {
    if (Array.isArray(value)) for (const item of value) this.walk(item);
    else if (typeof value === "object" && value !== null) this.node(value as { readonly [key: string]: unknown });
  }

  private node(node: { readonly [key: string]: unknown }): void {
    const { kind, name, span } = node;
    if (kind === "name") {
      if (!this.used.has(name as string)) this.used.set(name as string, span as Span);
      return;
    }
    if (kind === undefined && typeof name === "string") {
      this.bound.add(name);
      return;
    }
    const argument = kind === undefined && "value" in node;
    for (const [key, value] of Object.entries(node)) {
      if (key === "property" || key === "span" || (argument && key === "name")) continue;
      this.walk(value);
    }
  }
}
