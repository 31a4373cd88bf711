/**
 * The state of one elaboration: the graph being built, everything declared so far, and where in the user's text we are.
 * A model is elaborated once for each entry point, because what a latent variable or dropout means differs between them.
 */
import type { Declaration, Span } from "../../grammar/ast.ts";
import type { Decision, Initializer } from "../artifact.ts";
import type { Diagnostic, Source } from "../diagnostic.ts";
import type { Failure } from "../failure.ts";
import type { Kernel } from "../ir/kernel/kernel.ts";
import { Builder } from "../ir/tensor/builder.ts";
import type { Node } from "../ir/tensor/tensor.ts";
import type { Names } from "../names.ts";
import type { Structure } from "../structure.ts";
import { Scope } from "./scope.ts";
import type { Dimension, DistributionValue, ModuleValue, Value } from "./values.ts";

export type EntryName = "train" | "evaluate" | "sample" | "sample_soft";

/** What is said about a problem besides its place and code. */
export interface Problem {
  readonly message: string;
  readonly why?: string | undefined;
  readonly help?: string | undefined;
}

export interface DeclaredData {
  readonly name: string;
  readonly node: Node;
  readonly written: string;
}
export interface DeclaredParameter {
  readonly name: string;
  readonly node: Node;
  readonly initializer: Initializer;
}
export interface DeclaredState {
  readonly name: string;
  readonly node: Node;
  readonly value: number;
  next: Node | undefined;
}
export interface DeclaredHyper {
  readonly name: string;
  readonly node: Node;
  readonly value: number;
  anneal?: { readonly from: number; readonly to: number; readonly steps: number };
  positive: boolean;
}
export interface DeclaredNoise {
  readonly stream: number;
  readonly base: "uniform" | "normal";
  readonly node: Node;
}
export interface DeclaredLatent {
  readonly name: string;
  readonly span: Span;
  readonly structure: Structure;
  readonly label: string;
  readonly copies: readonly Dimension[];
  readonly distribution: DistributionValue;
  readonly dimensions: readonly Dimension[];
}

export class Context {
  readonly builder = new Builder();
  readonly diagnostics: Diagnostic[] = [];
  readonly data = new Map<string, DeclaredData>();
  readonly parameters = new Map<string, DeclaredParameter>();
  readonly states = new Map<string, DeclaredState>();
  readonly hypers = new Map<string, DeclaredHyper>();
  readonly latents = new Map<string, DeclaredLatent>();
  readonly noise: DeclaredNoise[] = [];
  readonly decisions: Decision[] = [];
  readonly kernels = new Map<string, Kernel>();
  /** Modules applied where they stand, by the place of the call. */
  readonly inlineModules = new Map<string, ModuleValue>();
  readonly objectives: { readonly logLikelihood: Node[]; readonly divergence: Node[] } = {
    logLikelihood: [],
    divergence: [],
  };
  readonly entry: EntryName;
  readonly names: Names;
  readonly root: Source;
  source: Source;
  /** Path of the module instance whose body is being elaborated, such as `encoder.first`. */
  path = "";
  /** The name that a `let` is about to give: what a module instantiated now will be called. */
  pendingName: string | undefined;
  /** Calls between the innermost module method and here: they tell inline modules apart. */
  callTrail: string[] = [];
  private readonly callSites: { readonly source: Source; readonly span: Span }[] = [];
  private readonly scopes = new Map<Source, Scope>();
  private readonly reported = new Set<string>();
  private streams = 0;

  constructor(names: Names, root: Source, entry: EntryName) {
    this.names = names;
    this.root = root;
    this.source = root;
    this.entry = entry;
  }

  get training(): boolean {
    return this.entry === "train";
  }

  /**
   * Records an error. One that arises inside the standard library is shown where the user's text called it: that is the
   * text that the reader can change.
   */
  report(span: Span, code: string, problem: Problem): void {
    let place = { source: this.source, span };
    let why = problem.why;
    if (this.source !== this.root) {
      const site = [...this.callSites].reverse().find((candidate) => candidate.source === this.root);
      if (site !== undefined) {
        const inside = `found inside ${this.source.name}`;
        why = why === undefined ? inside : `${why} (${inside})`;
        place = site;
      }
    }
    const key = `${code}:${place.source.name}:${place.span.start}:${problem.message}`;
    if (this.reported.has(key)) return;
    this.reported.add(key);
    this.diagnostics.push({
      code,
      severity: "error",
      source: place.source,
      span: place.span,
      message: problem.message,
      ...(why === undefined ? {} : { why }),
      ...(problem.help === undefined ? {} : { help: problem.help }),
    });
  }

  /** Records a failure in the file that it names, or here. */
  fail(problem: Failure): void {
    const { source, span, code, message, why, help } = problem;
    if (source === undefined || source.name === this.source.name)
      return this.report(span, code, { message, why, help });
    const known = this.diagnostics.some((each) => each.source.name === source.name && each.span.start === span.start);
    if (!known) this.diagnostics.push(problem.diagnostic(source));
  }

  /** Runs `body` in another file, remembering the call for messages. */
  inside<T>(source: Source, span: Span, body: () => T): T {
    const caller = this.source;
    this.callSites.push({ source: caller, span });
    this.callTrail.push(`${caller.name}:${span.start}`);
    this.source = source;
    try {
      return body();
    } finally {
      this.source = caller;
      this.callSites.pop();
      this.callTrail.pop();
    }
  }

  get depth(): number {
    return this.callSites.length;
  }

  /** The scope of a file's top level; declarations are looked up by `declaration`. */
  fileScope(source: Source): Scope {
    let scope = this.scopes.get(source);
    if (scope === undefined) {
      scope = new Scope();
      this.scopes.set(source, scope);
    }
    return scope;
  }

  /** What a name means at the top level of the current file, as a value. */
  declaration(name: string): Value | undefined {
    const found = this.names.find(name, this.source);
    return found === undefined ? undefined : declarationValue(found.declaration, found.source);
  }

  nextStream(): number {
    return this.streams++;
  }
}

function declarationValue(declaration: Declaration, source: Source): Value | undefined {
  switch (declaration.kind) {
    case "function":
      return { kind: "function", declaration, source };
    case "module":
      return { kind: "module-class", declaration, source };
    case "distribution":
      return { kind: "distribution-class", declaration, source };
    case "structure":
      return { kind: "structure-name", declaration, source };
    case "relaxation":
      return { kind: "relaxation", declaration, arguments: new Map(), options: new Map() };
    case "model":
    case "kernel":
    case "experiment":
      return undefined;
  }
}
