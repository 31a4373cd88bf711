/**
 * The state of one elaboration: the graph being built, everything declared so far, and where in the user's text we are.
 * A model is elaborated once for each entry point, because what a latent variable or dropout means differs between
 * them.
 */

import type { Declaration, Expression, Span } from "../../grammar/ast.ts";
import type { Decision, Initializer, NoiseBase, Target } from "../artifact.ts";
import type { Code } from "../codes.ts";
import { type Diagnostic, position, type Severity, type Source } from "../diagnostic.ts";
import { Failure } from "../failure.ts";
import type { Kernel } from "../ir/kernel/kernel.ts";
import { Builder } from "../ir/tensor/builder.ts";
import type { Node } from "../ir/tensor/tensor.ts";
import { isLibrary, type Names } from "../names.ts";
import type { StaticRelaxation } from "../static-value.ts";
import type { Structure } from "../structure.ts";
import { Scope } from "./scope.ts";
import {
  type Dimension,
  type DistributionValue,
  ERROR,
  type ModuleValue,
  type ScoreEstimator,
  type TensorValue,
  type Value,
} from "./values.ts";

/** Expressions evaluated for one entry point; loops, functions and modules count each time they are expanded. */
const MOST_STEPS = 2_000_000;
/** Operations of one entry point before differentiation. */
const MOST_OPERATIONS = 100_000;
/** Expressions within expressions, through functions and modules; more would risk the host's stack. */
const DEEPEST = 500;

/** Streams of noise that no latent variable uses begin here. */
const FIRST_UNIFORM_STREAM = 65536;

/** Unwinds to the statement being elaborated; what is wrong has been reported. */
export class Aborted extends Error {}

/**
 * The meaning of expressions; it is handed to the context so that everything else can use it without depending on it.
 */
export type Evaluator = (context: Context, scope: Scope, e: Expression) => Value;

export type EntryName = "train" | "evaluate" | "sample" | "sample_soft";

/** A piece of a file's text. */
export interface Place {
  readonly source: Source;
  readonly span: Span;
}

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
  readonly binary: boolean;
}
export interface DeclaredParameter {
  readonly name: string;
  readonly node: Node;
  readonly initializer: Initializer;
  /** Where it is declared, or where the user's text instantiates what declares it. */
  readonly place: Place;
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
  readonly base: NoiseBase;
  readonly node: Node;
}
export interface DeclaredLatent {
  readonly name: string;
  readonly span: Span;
  readonly structure: Structure;
  readonly label: string;
  readonly copies: readonly Dimension[];
  /** What the utilities are drawn from: one distribution for all of the embedding, or one for each part. */
  readonly utilities: readonly {
    /** Undefined where several parts are drawn from one distribution. */
    readonly part: string | undefined;
    readonly distribution: DistributionValue;
    readonly dimensions: readonly Dimension[];
    /** Whether they are the input of a relaxation that takes one of its own. */
    readonly isTaken: boolean;
    /** What was drawn. */
    readonly drawn: TensorValue;
  }[];
  readonly dimensions: readonly Dimension[];
  /** The relaxation and the temperature of its estimator, where it has one. */
  readonly relaxed: { readonly relaxation: StaticRelaxation; readonly temperature: Node } | undefined;
  /** The sizes of examples, where they have some: a number, or one for each copy. */
  readonly size: TensorValue | undefined;
  /** Parameters by which training would change the utilities, where no gradient reaches them. */
  readonly stuck: readonly Node[];
  /** Whether a gradient reaches its utilities, by whatever estimator. */
  readonly isEstimated: boolean;
  /** What its score function needs, where that is its estimator. */
  readonly score: ScoredLatent | undefined;
}
export interface ScoredLatent {
  readonly estimator: ScoreEstimator;
  /** The utilities, which are the action (paper, C.1): what a gradient of the objective is not taken through. */
  readonly action: Node;
  /** log p(action) of an example, as a function of what the utilities are drawn from. */
  readonly logProbability: Node;
  /** The exponential moving average of the loss, where the baseline has one. */
  readonly average: DeclaredState | undefined;
}

export class Context {
  readonly builder = new Builder();
  readonly diagnostics: Diagnostic[] = [];
  readonly data = new Map<string, DeclaredData>();
  /** Of data that are used as indices: what they must be less than. */
  readonly limits = new Map<string, number>();
  readonly parameters = new Map<string, DeclaredParameter>();
  readonly states = new Map<string, DeclaredState>();
  readonly hypers = new Map<string, DeclaredHyper>();
  readonly latents = new Map<string, DeclaredLatent>();
  /** Latent variables that have a prior. */
  readonly priors = new Set<string>();
  readonly noise: DeclaredNoise[] = [];
  /** What was selected, each with the name of the kernel that carries it out. */
  readonly decisions: { readonly decision: Decision; readonly kernel: string }[] = [];
  readonly kernels = new Map<string, Kernel>();
  /** Modules applied where they stand, by the place of the call. */
  readonly inlineModules = new Map<string, ModuleValue>();
  readonly objectives: { readonly logLikelihood: Node[]; readonly divergence: Node[] } = {
    logLikelihood: [],
    divergence: [],
  };
  readonly entry: EntryName;
  readonly target: Target;
  readonly names: Names;
  readonly root: Source;
  source: Source;
  /** Path of the module instance whose body is being elaborated, such as `encoder.first`. */
  path = "";
  /** The name that a `let` is about to give: what a module instantiated now will be called. */
  pendingName: string | undefined;
  /** Whether the model has grown beyond all measure: nothing more will come of it. */
  exhausted = false;
  /** Calls between the innermost module method and here: they tell inline modules apart. */
  callTrail: string[] = [];
  private readonly callSites: Place[] = [];
  private readonly scopes = new Map<Source, Scope>();
  private readonly reported = new Set<string>();
  private readonly evaluator: Evaluator;
  /** The next streams of noise: entries of a model that draw for `uniform_like` or not are to draw latents alike. */
  private readonly streams = { latent: 0, uniform: FIRST_UNIFORM_STREAM };
  private steps = 0;
  private level = 0;

  /** `target`: for which solvers are selected. */
  constructor(names: Names, root: Source, entry: EntryName, evaluator: Evaluator, target: Target = "tfjs") {
    this.names = names;
    this.target = target;
    this.root = root;
    this.source = root;
    this.entry = entry;
    this.evaluator = evaluator;
  }

  /**
   * The value of an expression, `ERROR` when a problem was reported; throws `Aborted` when there is no end in sight.
   */
  evaluate(scope: Scope, e: Expression): Value {
    if (this.steps++ >= MOST_STEPS) this.tooLarge(e.span);
    if (this.level >= DEEPEST) {
      this.abort(e.span, "too-deep", {
        message: `this is more than ${DEEPEST} expressions deep, through functions and modules`,
        help: "name parts of it with let",
      });
    }
    this.level++;
    try {
      const value = this.evaluator(this, scope, e);
      if (value.kind === "tensor" && value.node.id > MOST_OPERATIONS) this.tooLarge(e.span);
      if (value.kind === "graph" && e.kind === "call") this.steps += value.edges.length;
      return value;
    } finally {
      this.level--;
    }
  }

  /** Said at the call that all of it came from, which says more than the place where it became too much. */
  private tooLarge(span: Span): never {
    if (!this.exhausted) this.record(this.callSites[0] ?? { source: this.source, span }, "too-large", MODEL_TOO_LARGE);
    this.exhausted = true;
    throw new Aborted(MODEL_TOO_LARGE.message);
  }

  /** Reports what makes it pointless to go on with a statement, and unwinds to it. */
  abort(span: Span, code: Code, problem: Problem): never {
    this.report(span, code, problem);
    throw new Aborted(problem.message);
  }

  get training(): boolean {
    return this.entry === "train";
  }

  /** Whether anything is wrong so far. */
  get failed(): boolean {
    return this.diagnostics.some((diagnostic) => diagnostic.severity === "error");
  }

  /**
   * Records an error. One that arises inside the standard library is shown where the user's text called it: that is the
   * text that the reader can change. One inside a function or module says where that was called.
   */
  report(span: Span, code: Code, problem: Problem, severity: Severity = "error"): void {
    const here = { source: this.source, span };
    const site = isLibrary(this.source) ? this.callOutside(() => true) : undefined;
    this.record(site ?? here, code, problem, severity, () =>
      site === undefined ? this.reachedFrom(here) : `found inside ${this.source.name}`,
    );
  }

  /** Records a warning about what was elaborated before. */
  warn(place: Place, code: Code, problem: Problem): void {
    this.record(place, code, problem, "warning");
  }

  /** Where the reader can change a piece of the current file: there, or where the library is called. */
  placeOf(span: Span): Place {
    const here = { source: this.source, span };
    return isLibrary(this.source) ? (this.callOutside(() => true) ?? here) : here;
  }

  /** The innermost call, from a file of the user's, that fits. */
  private callOutside(fits: (place: Place) => boolean): Place | undefined {
    return this.callSites.findLast((site) => !isLibrary(site.source) && fits(site));
  }

  /** Which line an expansion came from, where that is another one. */
  private reachedFrom(here: Place): string | undefined {
    const lineOf = ({ source, span }: Place) => position(source.text, span.start).line;
    const own = lineOf(here);
    const site = this.callOutside((each) => each.source !== here.source || lineOf(each) !== own);
    if (site === undefined) return undefined;
    return `reached from line ${lineOf(site)}${site.source === here.source ? "" : ` of ${site.source.name}`}`;
  }

  private record(
    place: Place,
    code: Code,
    problem: Problem,
    severity: Severity = "error",
    note: () => string | undefined = () => undefined,
  ): void {
    const key = `${code}:${place.source.name}:${place.span.start}:${problem.message}`;
    if (this.reported.has(key)) return;
    this.reported.add(key);
    const added = note();
    const why = added === undefined ? problem.why : problem.why === undefined ? added : `${problem.why} (${added})`;
    this.diagnostics.push({
      code,
      severity,
      source: place.source,
      span: place.span,
      message: problem.message,
      ...(why === undefined ? {} : { why }),
      ...(problem.help === undefined ? {} : { help: problem.help }),
    });
  }

  /** Records a failure in the file that it names, or here. */
  fail(problem: Failure): void {
    for (const other of problem.others) this.fail(other);
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
    if (found !== undefined) return declarationValue(found.declaration, found.source);
    return this.names.unread(name, this.source) ? ERROR : undefined;
  }

  /** The noise that latent variables are drawn from. */
  latentNoise(): readonly DeclaredNoise[] {
    return this.noise.filter(({ stream }) => stream < FIRST_UNIFORM_STREAM);
  }

  /** The same noise drawn anew, for another sample of the latent variables. */
  anotherNoise({ node, base }: DeclaredNoise, sample: number): Node {
    const stream = this.nextStream("latent");
    const { batched, shape } = node.type;
    // A name that no latent variable can have.
    if (base === "kept") throw new Error("latent variables are drawn from uniform or normal noise");
    const fresh = this.builder.noise(`${String(node.attributes.name)}.${sample}`, stream, base, shape, batched);
    this.noise.push({ stream, base, node: fresh });
    return fresh;
  }

  nextStream(purpose: "latent" | "uniform"): number {
    return this.streams[purpose]++;
  }
}

/** Runs a part of a statement; what is wrong with it is recorded, and the other parts go on. */
export function attempt<T>(context: Context, work: () => T): T | undefined {
  try {
    return work();
  } catch (problem) {
    if (!(problem instanceof Failure)) throw problem;
    context.fail(problem);
    return undefined;
  }
}

const MODEL_TOO_LARGE: Problem = {
  message: `the model expands to more than ${MOST_OPERATIONS} operations or ${MOST_STEPS} expressions`,
  why: "loops, functions and modules are expanded where they stand",
  help: "check the model's arguments and the ranges of its loops",
};

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
      return { kind: "relaxation", declaration, source, arguments: new Map(), options: new Map() };
    case "model":
    case "kernel":
    case "experiment":
      return undefined;
  }
}
