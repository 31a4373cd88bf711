/** Names in structures, distributions and relaxations, and the clauses that they must have. */
import type {
  ArgmaxClause,
  CountClause,
  DistributionDeclaration,
  Expression,
  Identifier,
  KBestClause,
  KernelDeclaration,
  RelaxationDeclaration,
  RelaxClause,
  SamplerClause,
  StructureClause,
  StructureDeclaration,
} from "../../grammar/ast.ts";
import { didYouMean } from "../diagnostic.ts";
import { unknownName } from "../later.ts";
import { resolveAutomaton } from "./automata.ts";
import { Locals } from "./locals.ts";
import { repeatedInDistribution, repeatedInStructure } from "./repeats.ts";
import type { Resolver } from "./resolver.ts";

const GRAPH_WORDS: readonly string[] = ["vertices", "edges"];
const TARGETS: readonly string[] = ["tfjs", "host", "webgpu"];
/** Families of graphs that a count may hold for. */
const COUNTED: readonly string[] = ["complete", "complete_directed"];

export function resolveStructure(resolver: Resolver, declaration: StructureDeclaration): void {
  const locals = new Locals();
  resolver.parameters(declaration.parameters, locals, "structure", "static");
  const { body, name } = declaration;
  if (body.kind === "alias") {
    if (body.value.kind === "call" && body.value.callee.kind === "name") {
      return resolver.expression(body.value, locals, "static");
    }
    const message = "a structure is defined as another one with arguments";
    return resolver.report(body.value.span, "type-mismatch", message, "such as KSubset(edges(G), 3)");
  }
  const has = (kind: StructureClause["kind"]) => body.clauses.some((clause) => clause.kind === kind);
  const need = (what: string, help: string) =>
    resolver.report(name.span, "missing-clause", `the structure ${name.name} declares no ${what}`, help);
  if (!has("embedding") && declaration.incomplete !== true) need("embedding", "add embedding x: binary[n]");
  if (!has("argmax") && !has("automaton") && declaration.incomplete !== true) need("argmax", "add argmax KERNEL");
  const parts = new Locals();
  const costs = new Locals(locals);
  const graphs = declaration.parameters.some((each) => each.type?.kind === "named-type" && each.type.name === "Graph");
  if (graphs) for (const word of GRAPH_WORDS) costs.declare(word);
  repeatedInStructure(resolver, body.clauses);
  for (const clause of body.clauses) structureClause(resolver, clause, { locals, parts, costs });
}

interface Scopes {
  readonly locals: Locals;
  readonly parts: Locals;
  readonly costs: Locals;
}

function structureClause(resolver: Resolver, clause: StructureClause, { locals, parts, costs }: Scopes): void {
  const cost = (e: Expression | undefined) => {
    if (e !== undefined) resolver.expression(e, costs, "static");
  };
  switch (clause.kind) {
    case "embedding":
      for (const part of clause.parts) {
        resolver.type(part.type, locals, "static");
        resolver.declare(part.name, parts, "structure");
      }
      return;
    case "require":
      return resolver.expression(clause.condition, locals, "static");
    case "count":
      return count(resolver, clause, locals);
    case "argmax":
    case "sampler":
    case "k-best":
      return solver(resolver, clause, { locals, costs });
    case "relax":
      return relaxClause(resolver, clause, { locals, costs });
    case "log-partition":
      kernelCall(resolver, clause.algorithm, locals);
      if (clause.when !== undefined) resolver.expression(clause.when, locals, "static");
      return cost(clause.cost);
    case "automaton":
      return resolveAutomaton(resolver, clause, locals, parts);
  }
}

/** In a clause `k_best` the name `best` is how many members are asked for. */
function solver(
  resolver: Resolver,
  clause: ArgmaxClause | SamplerClause | KBestClause,
  { locals, costs }: Pick<Scopes, "locals" | "costs">,
): void {
  const within = (outer: Locals) => {
    const inner = new Locals(outer);
    if (clause.kind === "k-best") inner.declare("best");
    return inner;
  };
  kernelCall(resolver, clause.solver, within(locals));
  target(resolver, clause.target);
  if (clause.when !== undefined) resolver.expression(clause.when, locals, "static");
  if (clause.cost !== undefined) resolver.expression(clause.cost, within(costs), "static");
}

/** `count complete(n) = …` binds n. */
function count(resolver: Resolver, { when, value }: CountClause, locals: Locals): void {
  const inner = new Locals(locals);
  if (when !== undefined) {
    const family = when.callee.kind === "name" ? when.callee.name : "";
    const variable = when.arguments[0]?.value;
    if (!COUNTED.includes(family) || when.arguments.length !== 1 || variable?.kind !== "name") {
      const help = "write count complete(n) = …";
      return resolver.report(when.span, "bad-clause", "a count holds for complete(n) or complete_directed(n)", help);
    }
    inner.declare(variable.name);
  }
  resolver.expression(value, inner, "static");
}

function target(resolver: Resolver, name: Identifier | undefined): void {
  if (name === undefined || TARGETS.includes(name.name)) return;
  const near = didYouMean(name.name, TARGETS);
  const help = near === undefined ? `targets are ${TARGETS.join(", ")}` : `did you mean ${near}?`;
  resolver.report(name.span, "unknown-name", `there is no target ${name.name}`, help);
}

/** The kernel that a clause names, with compile-time arguments. */
function kernelCall(resolver: Resolver, e: Expression, locals: Locals): void {
  const callee = e.kind === "call" ? e.callee : e;
  for (const argument of e.kind === "call" ? e.arguments : []) resolver.expression(argument.value, locals, "static");
  if (callee.kind !== "name") {
    return resolver.report(callee.span, "type-mismatch", "a kernel is called by its name", "such as top_k(k)");
  }
  const { names, source } = resolver;
  const declaration = names.find(callee.name, source)?.declaration;
  const kind = declaration?.kind;
  if (declaration?.kind === "kernel") return settings(resolver, e, declaration);
  if (names.unread(callee.name, source)) return;
  if (kind !== undefined) {
    const message = `expected a kernel, but ${callee.name} is a ${kind}`;
    return resolver.report(callee.span, "type-mismatch", message);
  }
  const candidates = [...names.visible(source)].filter((name) => resolver.kindOf(name) === "kernel");
  resolver.fail(unknownName(callee.name, callee.span, { candidates, what: "kernel" }));
}

/** Named arguments of a kernel are its compile-time ones; missing ones come from the structure. */
function settings(resolver: Resolver, e: Expression, declaration: KernelDeclaration): void {
  const parameters = declaration.parameters.filter((parameter) => parameter.type?.kind !== "tensor-type");
  const known = parameters.map((parameter) => parameter.name.name);
  for (const { name } of e.kind === "call" ? e.arguments : []) {
    if (name === undefined || known.includes(name.name)) continue;
    const near = didYouMean(name.name, known);
    const help = near === undefined ? `it has ${known.join(", ") || "none"}` : `did you mean ${near}?`;
    const message = `${declaration.name.name} has no compile-time argument ${name.name}`;
    resolver.report(name.span, "unknown-argument", message, help);
  }
}

function relaxClause(
  resolver: Resolver,
  clause: RelaxClause,
  { locals, costs }: Pick<Scopes, "locals" | "costs">,
): void {
  const { name, span } = clause.relaxation;
  // Separable stands for all separable regularisers.
  if (name !== "Separable" && resolver.kindOf(name) !== "relaxation") {
    const visible = [...resolver.names.visible(resolver.source)];
    const candidates = ["Separable", ...visible.filter((each) => resolver.kindOf(each) === "relaxation")];
    resolver.fail(unknownName(name, span, { candidates, what: "relaxation" }));
  }
  const inner = new Locals(locals);
  resolver.parameters(clause.parameters, inner, "clause", "static");
  for (const each of ["R", "S"]) inner.declare(each);
  target(resolver, clause.target);
  if (clause.when !== undefined) resolver.expression(clause.when, locals, "static");
  if (clause.cost !== undefined) resolver.expression(clause.cost, costs, "static");
  const { algorithm, backward, preparation } = clause;
  for (const kernel of [algorithm, backward, preparation?.kernel, preparation?.transpose]) {
    if (kernel !== undefined) kernelCall(resolver, kernel, inner);
  }
  if (preparation?.when !== undefined) resolver.expression(preparation.when, inner, "static");
  if (clause.takes === undefined) return;
  const { name: input, type, argmax } = clause.takes;
  resolver.type(type, inner, "static");
  kernelCall(resolver, argmax, inner);
  if (input.name === "u" && type.element === "f32") return;
  const message = "the input that a relaxation takes is u, of type f32";
  resolver.report(input.span, "bad-clause", message, "such as takes u: f32[k, n]");
}

export function resolveDistribution(resolver: Resolver, declaration: DistributionDeclaration): void {
  const locals = new Locals();
  resolver.parameters(declaration.parameters, locals, "distribution", "tensor");
  repeatedInDistribution(resolver, declaration);
  const noise = new Locals(locals);
  const once = new Locals();
  for (const clause of declaration.body) {
    if (clause.kind === "noise") {
      // A parameter of the same name could not be read.
      resolver.declare(clause.name, locals.has(clause.name.name) ? locals : noise, "distribution");
      if (!["uniform", "normal"].includes(clause.base.name)) {
        const message = `there is no noise ${clause.base.name}`;
        resolver.report(clause.base.span, "unknown-name", message, "choose uniform or normal");
      }
    } else if (clause.kind === "sample" || clause.kind === "log-density") {
      const name = clause.kind === "sample" ? "sample" : "log_density";
      if (!once.declare(name)) {
        resolver.report(clause.span, "duplicate-name", `${name} is already declared in this distribution`);
      }
    }
  }
  for (const clause of declaration.body) {
    const inner = new Locals(locals);
    switch (clause.kind) {
      case "noise":
        if (clause.count !== undefined) resolver.expression(clause.count, locals, "tensor");
        break;
      case "require":
        resolver.expression(clause.condition, locals, "tensor");
        break;
      case "sample":
        resolver.expression(clause.value, noise, "tensor");
        break;
      case "log-density":
        inner.declare(clause.variable.name);
        resolver.expression(clause.value, inner, "tensor");
        break;
      case "kl":
        inner.declare(clause.variable.name);
        family(resolver, clause.family);
        resolver.expression(clause.value, inner, "tensor");
        break;
    }
  }
}

function family(resolver: Resolver, { name, span }: Identifier): void {
  if (resolver.kindOf(name) === "distribution") return;
  const candidates = [...resolver.names.visible(resolver.source)].filter(
    (each) => resolver.kindOf(each) === "distribution",
  );
  resolver.fail(unknownName(name, span, { candidates, what: "distribution" }));
}

/** Functions of a separable regulariser, with how many arguments they take. */
const REGULARISER: ReadonlyMap<string, number> = new Map([
  ["map", 1],
  ["slope", 1],
]);

export function resolveRelaxation(resolver: Resolver, declaration: RelaxationDeclaration): void {
  const locals = new Locals();
  resolver.parameters(declaration.parameters, locals, "relaxation", "static");
  for (const { condition } of declaration.requirements) resolver.expression(condition, locals, "static");
  const costs = new Locals(locals);
  costs.declare("S");
  repeatedInStructure(resolver, declaration.general);
  for (const clause of declaration.general) relaxClause(resolver, clause, { locals, costs });
  const own = new Locals();
  for (const clause of declaration.body) {
    const wanted = REGULARISER.get(clause.name.name);
    const known = [...REGULARISER.keys()].join(" and ");
    if (wanted === undefined) {
      const near = didYouMean(clause.name.name, REGULARISER.keys());
      const help = near === undefined ? `it has ${known}` : `did you mean ${near}?`;
      resolver.report(clause.name.span, "unknown-name", `a relaxation has no function ${clause.name.name}`, help);
    } else if (clause.parameters.length !== wanted) {
      const message = `${clause.name.name} of a relaxation takes ${wanted} argument, not ${clause.parameters.length}`;
      resolver.report(clause.name.span, "bad-clause", message);
    }
    resolver.declare(clause.name, own, "relaxation");
    const inner = new Locals(locals);
    for (const parameter of clause.parameters) resolver.declare(parameter, inner, "function");
    resolver.expression(clause.value, inner, "kernel");
  }
}
