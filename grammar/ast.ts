/**
 * The abstract syntax tree: what a source file says, without comments, layout or meaning. Every node carries the
 * span of source it came from, so that every later diagnostic can point at text. The doc comment of each node shows
 * the syntax that it stands for; docs/language.md is the guide for people.
 */

/** Half-open range of UTF-16 offsets into the source text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A name as written, with its place. */
export interface Identifier {
  readonly name: string;
  readonly span: Span;
}

// ── Expressions ─────────────────────────────────────────────────────────────────────────────────────────────────

/** `2`, `0.5`, `1e-4` */
export interface NumberLiteral {
  readonly kind: "number";
  readonly value: number;
  /** As written: `5` is an integer, `5.0` is not. */
  readonly text: string;
  readonly span: Span;
}
/** `"text"`; escapes are JSON's. */
export interface StringLiteral {
  readonly kind: "string";
  readonly value: string;
  readonly span: Span;
}
/** `true`, `false` */
export interface BooleanLiteral {
  readonly kind: "boolean";
  readonly value: boolean;
  readonly span: Span;
}
/** `theta`; `_` is the wildcard of automaton patterns. */
export interface NameExpression {
  readonly kind: "name";
  readonly name: string;
  readonly span: Span;
}
/** `value`, or `name = value`, in a call. */
export interface Argument {
  readonly name?: Identifier;
  readonly value: Expression;
  readonly span: Span;
}
/** `f(a, b, size = c)` */
export interface CallExpression {
  readonly kind: "call";
  readonly callee: Expression;
  readonly arguments: readonly Argument[];
  readonly span: Span;
}
/** `decoder.rollout` */
export interface MemberExpression {
  readonly kind: "member";
  readonly object: Expression;
  readonly property: Identifier;
  readonly span: Span;
}
/** `x[1.., :]`-like selection: each item is an index, a range (either end may be missing) or `...`. */
export interface IndexExpression {
  readonly kind: "index";
  readonly object: Expression;
  readonly items: readonly (Expression | RangeExpression | EllipsisExpression)[];
  readonly span: Span;
}
/** `a..b`, `a..`, `..b`, `..`: from a up to, not including, b. */
export interface RangeExpression {
  readonly kind: "range";
  readonly from?: Expression;
  readonly to?: Expression;
  readonly span: Span;
}
/** `...`: all the leading dimensions, in a shape or an index. */
export interface EllipsisExpression {
  readonly kind: "ellipsis";
  readonly span: Span;
}
/** `-x`, `not x` */
export interface UnaryExpression {
  readonly kind: "unary";
  readonly operator: "-" | "not";
  readonly operand: Expression;
  readonly span: Span;
}
export type BinaryOperator =
  | "+"
  | "-"
  | "*"
  | "/"
  | "%"
  | "^"
  | "@"
  | "=="
  | "!="
  | "<"
  | "<="
  | ">"
  | ">="
  | "and"
  | "or";
/**
 * `a + b`. From loose to tight: `or`; `and`; comparisons (not chained); `+ -`; `* / % @`; unary `-`, `not`;
 * `^` (right-associative, binds tighter than unary minus, so `-x ^ 2` is `-(x ^ 2)`); then postfix call, member, index.
 */
export interface BinaryExpression {
  readonly kind: "binary";
  readonly operator: BinaryOperator;
  readonly left: Expression;
  readonly right: Expression;
  readonly span: Span;
}
/** `if training then 10 else 1` */
export interface ConditionalExpression {
  readonly kind: "conditional";
  readonly condition: Expression;
  readonly consequent: Expression;
  readonly alternative: Expression;
  readonly span: Span;
}
/** `[a, b, c]`; also set-like lists in experiments. */
export interface ListExpression {
  readonly kind: "list";
  readonly items: readonly Expression[];
  readonly span: Span;
}
/**
 * `(a, b)`: a tuple, in kernels' `for (i, j) in …` ranges and automata. A parenthesised single expression is not a
 * node.
 */
export interface TupleExpression {
  readonly kind: "tuple";
  readonly items: readonly Expression[];
  readonly span: Span;
}
/**
 * `w[i, j] for j in 0..n if j != i`, only as the sole argument of a call such as `sum(…)`, `max(…)`, or as a list `[…
 * for i in …]`.
 */
export interface ComprehensionExpression {
  readonly kind: "comprehension";
  readonly body: Expression;
  readonly variable: Identifier;
  readonly source: Expression | RangeExpression;
  readonly condition?: Expression;
  readonly span: Span;
}
/** `{ let a = …  let b = …  update s = …  a + b }`: definitions, then the value. */
export interface BlockExpression {
  readonly kind: "block";
  readonly statements: readonly (LetStatement | UpdateStatement | RequireStatement)[];
  readonly result: Expression;
  readonly span: Span;
}
/**
 * `scan frame = x[0] for s in 0..T - 1 { advance(frame, s) }`: the state after each step, stacked along a new first
 * axis.
 */
export interface ScanExpression {
  readonly kind: "scan";
  readonly state: Identifier;
  readonly initial: Expression;
  readonly variable: Identifier;
  readonly source: Expression | RangeExpression;
  readonly body: BlockExpression;
  readonly span: Span;
}

export type Expression =
  | ScanExpression
  | NumberLiteral
  | StringLiteral
  | BooleanLiteral
  | NameExpression
  | CallExpression
  | MemberExpression
  | IndexExpression
  | UnaryExpression
  | BinaryExpression
  | ConditionalExpression
  | ListExpression
  | TupleExpression
  | ComprehensionExpression
  | BlockExpression;

// ── Types and parameters ────────────────────────────────────────────────────────────────────────────────────────

/**
 * `f32[T, V, D]`, `f32` (a scalar), `i32[n]`, `bool`, `binary[edges(G)]`; dimensions are integer expressions or `...`.
 */
export interface TensorTypeExpression {
  readonly kind: "tensor-type";
  readonly element: "f32" | "i32" | "bool" | "binary";
  readonly dimensions: readonly (Expression | EllipsisExpression)[];
  readonly span: Span;
}
/** `Graph`, `Structure`, `Relaxation`, `int`, … : a type known by its name. */
export interface NamedTypeExpression {
  readonly kind: "named-type";
  readonly name: string;
  readonly span: Span;
}
export type TypeExpression = TensorTypeExpression | NamedTypeExpression;

/** `V = 10`, `Edges: Structure = SpanningTree`, `x: f32[..., inputs]`, `inputs`. Untyped means a compile-time value. */
export interface Parameter {
  readonly name: Identifier;
  readonly type?: TypeExpression;
  readonly default?: Expression;
  readonly span: Span;
}

// ── Statements of models and modules ────────────────────────────────────────────────────────────────────────────

/** `let theta = encoder(x)`, `let theta: f32[n] = …` */
export interface LetStatement {
  readonly kind: "let";
  readonly name: Identifier;
  readonly type?: TypeExpression;
  readonly value: Expression;
  readonly span: Span;
}
/** `graph K = complete(V)` */
export interface GraphStatement {
  readonly kind: "graph";
  readonly name: Identifier;
  readonly value: Expression;
  readonly span: Span;
}
/** `hyper t = 0.5`: a number that can be set from outside without recompiling. */
export interface HyperStatement {
  readonly kind: "hyper";
  readonly name: Identifier;
  readonly value: Expression;
  readonly span: Span;
}
/** `data x: f32[T, V, D]` */
export interface DataStatement {
  readonly kind: "data";
  readonly name: Identifier;
  readonly type: TypeExpression;
  readonly span: Span;
}
/** `param W: f32[inputs, outputs] ~ glorot_normal` (a name or a call such as `constant(0.1)`). */
export interface ParamStatement {
  readonly kind: "param";
  readonly name: Identifier;
  readonly type: TypeExpression;
  readonly initializer: Expression;
  readonly span: Span;
}
/** `state running_mean: f32[features] = 0`: carried between training steps, not trained. */
export interface StateStatement {
  readonly kind: "state";
  readonly name: Identifier;
  readonly type: TypeExpression;
  readonly value: Expression;
  readonly span: Span;
}
/** `update running_mean = 0.9 * running_mean + 0.1 * mean`: the new value of a state after a training step. */
export interface UpdateStatement {
  readonly kind: "update";
  readonly name: Identifier;
  readonly value: Expression;
  readonly span: Span;
}
/** `require 1 <= k and k <= n else "k must lie between 1 and n"` */
export interface RequireStatement {
  readonly kind: "require";
  readonly condition: Expression;
  readonly message?: StringLiteral;
  readonly span: Span;
}
/** `at 0.5`, `at t`, or `at anneal(1.0 -> 0.1 over 10000)`. */
export type Temperature =
  | { readonly kind: "value"; readonly value: Expression; readonly span: Span }
  | {
      readonly kind: "anneal";
      readonly from: Expression;
      readonly to: Expression;
      readonly steps: Expression;
      readonly span: Span;
    };
/** `backward dual`, `backward finite_difference(1e-2)`; the name is checked later. */
export interface BackwardClause {
  readonly strategy: Identifier;
  readonly arguments: readonly Argument[];
  readonly span: Span;
}
/**
 * `relax ExpFamily at t straight_through backward dual`, `score reinforce(baseline = ema)`, or `imle(lambda = 10)`.
 */
export type Estimator =
  | {
      readonly kind: "relax";
      /** A name or a call: `ExpFamily`, `ExpFamily(clip = 15)`. */
      readonly relaxation: Expression;
      readonly temperature: Temperature;
      readonly straightThrough: boolean;
      readonly backward?: BackwardClause;
      readonly span: Span;
    }
  | {
      readonly kind: "score";
      readonly method: Identifier;
      readonly arguments: readonly Argument[];
      readonly span: Span;
    }
  | {
      readonly kind: "imle";
      readonly arguments: readonly Argument[];
      readonly span: Span;
    };
/** One distribution, or one for each of an embedding's parts: `x: Gumbel(a), pair: Fixed(b)`. */
export type Distributions = Expression | readonly { readonly part: Identifier; readonly value: Expression }[];
/**
 * `latent z: Edges(K) ~ Gumbel(theta) relax ExpFamily at t`;
 * `latent z[edges(K)]: OneHot(2) ~ …` is an array of independent copies;
 * `~ x: Gumbel(a), pair: Fixed(b)` gives a composite embedding's parts their own utilities.
 */
export interface LatentStatement {
  readonly kind: "latent";
  readonly name: Identifier;
  readonly copies: readonly Expression[];
  readonly structure: Expression;
  readonly utilities: Distributions;
  /** Where the utilities are written. */
  readonly utilitiesSpan: Span;
  readonly estimator?: Estimator;
  readonly span: Span;
}
/**
 * `SpanningTree(complete(10)) relax ExpFamily at 0.5`: a structure on its own, outside of any model. Without an
 * estimator there is only its argmax.
 */
export interface LayerExpression {
  readonly structure: Expression;
  readonly estimator?: Estimator;
  readonly span: Span;
}
/** `prior z ~ Gumbel(0)`, `prior z ~ x: Gumbel(0)`: adds the KL divergence with respect to the utilities. */
export interface PriorStatement {
  readonly kind: "prior";
  readonly name: Identifier;
  readonly distribution: Distributions;
  readonly span: Span;
}
/** `observe x[1..] ~ Normal(mean, variance = 5e-5)` */
export interface ObserveStatement {
  readonly kind: "observe";
  readonly value: Expression;
  readonly distribution: Expression;
  readonly span: Span;
}
/** `maximize elbo`, `minimize cross_entropy(logits, label)` */
export interface ObjectiveStatement {
  readonly kind: "objective";
  readonly direction: "maximize" | "minimize";
  readonly value: Expression;
  readonly span: Span;
}
/** `metric edges = structure_recovery(z, truth)` */
export interface MetricStatement {
  readonly kind: "metric";
  readonly name: Identifier;
  readonly value: Expression;
  readonly span: Span;
}
export type ModelStatement =
  | GraphStatement
  | HyperStatement
  | DataStatement
  | ParamStatement
  | StateStatement
  | UpdateStatement
  | LetStatement
  | RequireStatement
  | LatentStatement
  | PriorStatement
  | ObserveStatement
  | ObjectiveStatement
  | MetricStatement;

/** A method of a module: `forward(x: f32[..., inputs]): f32[..., outputs] = …`. */
export interface Method {
  readonly kind: "method";
  readonly doc?: string;
  readonly name: Identifier;
  readonly parameters: readonly Parameter[];
  readonly result?: TypeExpression;
  readonly body: Expression;
  readonly span: Span;
}
export type ModuleStatement =
  | ParamStatement
  | StateStatement
  | LetStatement
  | GraphStatement
  | RequireStatement
  | Method;

// ── Structures, automata, distributions, relaxations ────────────────────────────────────────────────────────────

/** `embedding x: binary[n], pair: binary[n - 1]` */
export interface EmbeddingClause {
  readonly kind: "embedding";
  readonly parts: readonly { readonly name: Identifier; readonly type: TensorTypeExpression }[];
  readonly span: Span;
}
/**
 * `count binomial(n, k)`, or, for one shape of argument only, `count complete(n) = n ^ (n - 2)`: the number of members.
 */
export interface CountClause {
  readonly kind: "count";
  /** The argument shape for which the formula holds; absent when it always holds. */
  readonly when?: CallExpression;
  readonly value: Expression;
  readonly span: Span;
}
/** `argmax prim on webgpu cost vertices ^ 2`, or `sample` or `k_best` in its place: a kernel with static arguments. */
export interface SolverClause<Kind extends "argmax" | "sampler" | "k-best"> {
  readonly kind: Kind;
  readonly solver: Expression;
  readonly target?: Identifier;
  /** As of a relax clause. */
  readonly when?: Expression;
  readonly cost?: Expression;
  readonly span: Span;
}
/** `argmax top_k(k)`: from utilities to the most valuable member. */
export type ArgmaxClause = SolverClause<"argmax">;
/** `sample wilson cost vertices ^ 2`: from u / t and uniform noise to a member drawn from p(x) ∝ exp(uᵀx / t). */
export type SamplerClause = SolverClause<"sampler">;
/** `k_best heaps cost n * best`: from utilities to the `best` most valuable members, in order of falling value. */
export type KBestClause = SolverClause<"k-best">;
/**
 * `relax ExpFamily by matrix_tree symmetric cost vertices ^ 3`;
 * `relax Separable by capped_simplex(total = k) symmetric backward capped_simplex_vjp(total = k)`;
 * `relax ExpFamily(clip = inf) by …`: parameters with defaults, visible in the arguments;
 * `relax ExpFamily(clip = inf) by … after clip_range(range = clip) transpose clip_range_vjp(range = clip) when clip <
 * inf`: the utilities pass through a kernel first, of which the transpose of the derivative is another kernel; `relax
 * ExpFamily refused "marginals of permutations need a permanent, which is #P-hard; use CategoricalEntropy"`. The
 * clauses after `by` may come in any order.
 */
export interface RelaxClause {
  readonly kind: "relax";
  readonly relaxation: Identifier;
  readonly parameters: readonly Parameter[];
  readonly algorithm?: Expression;
  readonly refused?: StringLiteral;
  /** The derivative of the algorithm itself is symmetric; what happens to the utilities before is not meant. */
  readonly symmetric: boolean;
  readonly backward?: Expression;
  readonly takes?: TakenInput;
  readonly preparation?: Preparation;
  readonly target?: Identifier;
  /** On the structure's arguments: where it does not hold, the clause is not there. */
  readonly when?: Expression;
  readonly cost?: Expression;
  readonly repeated: readonly RepeatedPart[];
  readonly span: Span;
}
/** A part of a clause, such as `batch 5`, that stands there a second time. */
export interface RepeatedPart {
  readonly word: string;
  readonly span: Span;
}
/** `takes u: f32[k, n] argmax one_for_each_row`, inside a `relax` clause: its own input, and the hard sample for it. */
export interface TakenInput {
  readonly name: Identifier;
  readonly type: TensorTypeExpression;
  readonly argmax: Expression;
}
/** `after clip_range(range = clip) transpose clip_range_vjp(range = clip) when clip < inf`, inside a `relax` clause. */
export interface Preparation {
  readonly kernel: Expression;
  readonly transpose: Expression;
  readonly when?: Expression;
}
/** `log_partition by matrix_tree_log_partition`: log Σ_x exp(uᵀx) over the members, u already divided by t. */
export interface LogPartitionClause {
  readonly kind: "log-partition";
  readonly algorithm: Expression;
  readonly when?: Expression;
  readonly cost?: Expression;
  readonly span: Span;
}
/** `(count: 0..k, previous: bool)` in an automaton's state. */
export interface StateVariable {
  readonly name: Identifier;
  readonly domain: RangeExpression | NamedTypeExpression;
}
/** `(c, p) -> (c + 1, true) emits x[i], pair[i - 1] if p`, optionally `when c < k` before `emits`. */
export interface Transition {
  readonly from: readonly Identifier[];
  readonly to: readonly Expression[];
  readonly when?: Expression;
  readonly emits: readonly { readonly target: Expression; readonly condition?: Expression }[];
  readonly span: Span;
}
/** `automaton over i in 0..n { state (count: 0..k) from (0) to (k)  (c) -> (c)  (c) -> (c + 1) emits x[i] }` */
export interface AutomatonClause {
  readonly kind: "automaton";
  readonly variable: Identifier;
  readonly range: RangeExpression;
  readonly state: readonly StateVariable[];
  readonly from: readonly Expression[];
  readonly to: readonly Expression[];
  readonly transitions: readonly Transition[];
  readonly span: Span;
}
export type StructureClause =
  | EmbeddingClause
  | RequireStatement
  | CountClause
  | ArgmaxClause
  | RelaxClause
  | LogPartitionClause
  | SamplerClause
  | KBestClause
  | AutomatonClause;

/**
 * `noise v: uniform`: the parameter-free random variable that a sample is computed from (`uniform` on (0, 1) or
 * `normal`); `noise v[count]: uniform` are several for each coordinate, along a first axis.
 */
export interface NoiseClause {
  readonly kind: "noise";
  readonly name: Identifier;
  readonly count?: Expression;
  readonly base: Identifier;
  readonly span: Span;
}
/** `sample = location - log(-log(v))` */
export interface SampleClause {
  readonly kind: "sample";
  readonly value: Expression;
  readonly span: Span;
}
/** `log_density(u) = …`: per coordinate. */
export interface LogDensityClause {
  readonly kind: "log-density";
  readonly variable: Identifier;
  readonly value: Expression;
  readonly span: Span;
}
/** `kl(prior: Gumbel) = …`: KL(this ‖ prior) per coordinate; the prior's parameters are `prior.location` and so on. */
export interface DivergenceClause {
  readonly kind: "kl";
  readonly variable: Identifier;
  readonly family: Identifier;
  readonly value: Expression;
  readonly span: Span;
}
export type DistributionClause = NoiseClause | SampleClause | LogDensityClause | DivergenceClause | RequireStatement;

/** Functions of a separable regulariser: `map(s) = exp(s)`, `slope(x) = x`; see stdlib/relaxations. */
export interface RelaxationClause {
  readonly kind: "relaxation-function";
  readonly name: Identifier;
  readonly parameters: readonly Identifier[];
  readonly value: Expression;
  readonly span: Span;
}

// ── Kernels ─────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * `let a = x`, `let order = descending_order(u)`: a scalar that never changes, or the array that another kernel
 * returns.
 */
export interface KernelLet {
  readonly kind: "kernel-let";
  readonly name: Identifier;
  readonly value: Expression;
  readonly span: Span;
}
/** `var best = 0`: a scalar that changes; its type is that of the first value (`0` is i32, `0.0` is f32). */
export interface KernelVar {
  readonly kind: "kernel-var";
  readonly name: Identifier;
  readonly type?: TypeExpression;
  readonly value: Expression;
  readonly span: Span;
}
/** `shared w: f32[n, n] = 0`: an array in workgroup memory, filled with a scalar (default 0). */
export interface KernelShared {
  readonly kind: "kernel-shared";
  readonly name: Identifier;
  readonly type: TensorTypeExpression;
  readonly fill?: Expression;
  readonly span: Span;
}
/** `mu[e] = …`, `total += …`; target is a name or an index expression. */
export interface KernelAssign {
  readonly kind: "kernel-assign";
  readonly target: Expression;
  readonly operator: "=" | "+=" | "-=" | "*=" | "/=";
  readonly value: Expression;
  readonly span: Span;
}
/**
 * `for k in 0..n { … }`, `for k in reversed(0..n) { … }`, `parallel for e in edges(G) { … }`,
 * `parallel for (i, j) in (0..n, 0..n) { … }` (all pairs, row-major).
 */
export interface KernelFor {
  readonly kind: "kernel-for";
  readonly parallel: boolean;
  readonly variables: readonly Identifier[];
  /** One source a variable: a range, `reversed(range)`, or an integer expression n standing for 0..n. */
  readonly sources: readonly (Expression | RangeExpression)[];
  readonly body: readonly KernelStatement[];
  readonly span: Span;
}
/** `if a < b { … } else if … { … } else { … }` */
export interface KernelIf {
  readonly kind: "kernel-if";
  readonly condition: Expression;
  readonly consequent: readonly KernelStatement[];
  readonly alternative: readonly KernelStatement[];
  readonly span: Span;
}
/** `while gap > tolerance { … }` */
export interface KernelWhile {
  readonly kind: "kernel-while";
  readonly condition: Expression;
  readonly body: readonly KernelStatement[];
  readonly span: Span;
}
/** `break`, out of the innermost loop. */
export interface KernelBreak {
  readonly kind: "kernel-break";
  readonly span: Span;
}
export type KernelStatement =
  | RequireStatement
  | KernelLet
  | KernelVar
  | KernelShared
  | KernelAssign
  | KernelFor
  | KernelIf
  | KernelWhile
  | KernelBreak;

// ── Experiments ─────────────────────────────────────────────────────────────────────────────────────────────────

/** `vary Edges in { IndependentEdges, TopKEdges, SpanningTree }` */
export interface VaryClause {
  readonly kind: "vary";
  readonly name: Identifier;
  readonly values: readonly Expression[];
  readonly span: Span;
}
/**
 * `data from "./data.js" graph_layout(T, train = 50000)`; in a scale, `data train = 5000 valid = 500` overrides
 * arguments.
 */
export interface ExperimentDataClause {
  readonly kind: "experiment-data";
  readonly source?: { readonly path: StringLiteral; readonly function: Identifier };
  readonly arguments: readonly Argument[];
  readonly span: Span;
}
/**
 * How long something takes: `steps 50000`, `epochs 10`, `every 500`, `every 2 epochs`, `every epoch` (whose count is
 * undefined: it is 1).
 */
export interface TrainingLength {
  readonly unit: "steps" | "epochs";
  readonly count?: Expression;
  readonly span: Span;
}
/**
 * `train adam(lr) batch 128 steps 50000 validate every 500 keep best valid.elbo`; each setting may be missing
 * (a scale overrides some).
 */
export interface TrainClause {
  readonly kind: "train";
  readonly optimizer?: CallExpression;
  readonly batch?: Expression;
  readonly length?: TrainingLength;
  readonly validateEvery?: TrainingLength;
  readonly keepBest?: MemberExpression;
  readonly repeated: readonly RepeatedPart[];
  readonly span: Span;
}
/** `lr in log(1e-5, 1e-2)`, inside `search random 20 { … }` */
export interface SearchClause {
  readonly kind: "search";
  readonly strategy: Identifier;
  readonly trials: Expression;
  readonly space: readonly { readonly name: Identifier; readonly distribution: Expression }[];
  readonly span: Span;
}
/** `report test.elbo, test.edges.precision bootstrap 100000` */
export interface ReportClause {
  readonly kind: "report";
  readonly columns: readonly Expression[];
  readonly bootstrap?: Expression;
  readonly span: Span;
}
/** `model hidden = 64`, in a scale: arguments of the model. */
export interface ModelArgumentsClause {
  readonly kind: "model-arguments";
  readonly arguments: readonly Argument[];
  readonly span: Span;
}
/** `scale small { … }` */
export interface ScaleClause {
  readonly kind: "scale";
  readonly name: Identifier;
  readonly clauses: readonly ExperimentClause[];
  readonly span: Span;
}
/** `variant "LSTM" for Baseline { … }`: one row of the table, with clauses of its own, and a model of its own. */
export interface VariantClause {
  readonly kind: "variant";
  readonly label: StringLiteral;
  readonly model?: Identifier;
  readonly clauses: readonly ExperimentClause[];
  readonly span: Span;
}
export type ExperimentClause =
  | VaryClause
  | ExperimentDataClause
  | TrainClause
  | SearchClause
  | ReportClause
  | ModelArgumentsClause
  | HyperStatement
  | VariantClause
  | ScaleClause;

// ── Declarations ────────────────────────────────────────────────────────────────────────────────────────────────

/** `import { GraphEncoder, MLP } from "std/nn"` */
export interface ImportDeclaration {
  readonly kind: "import";
  readonly names: readonly Identifier[];
  readonly from: StringLiteral;
  readonly span: Span;
}
interface DeclarationBase {
  /** The `///` lines directly above, joined by newlines. */
  readonly doc?: string;
  readonly name: Identifier;
  /** Parts of it could not be read, so that what is missing may be no mistake. */
  readonly incomplete?: boolean;
  readonly span: Span;
}
/** `model NRI(V = 10) { … }` */
export interface ModelDeclaration extends DeclarationBase {
  readonly kind: "model";
  readonly parameters: readonly Parameter[];
  readonly body: readonly ModelStatement[];
}
/** `module MLP(inputs, hidden) { let first = …  forward(x: …): … = … }` */
export interface ModuleDeclaration extends DeclarationBase {
  readonly kind: "module";
  readonly parameters: readonly Parameter[];
  readonly body: readonly ModuleStatement[];
}
/** `fn elu(x: f32[...]): f32[...] = …` */
export interface FunctionDeclaration extends DeclarationBase {
  readonly kind: "function";
  readonly parameters: readonly Parameter[];
  readonly result?: TypeExpression;
  readonly body: Expression;
}
/**
 * `structure SpanningTree(G: Graph) { … }`, or `structure TopKEdges(G: Graph) = KSubset(edges(G), vertices(G) - 1)`.
 */
export interface StructureDeclaration extends DeclarationBase {
  readonly kind: "structure";
  readonly parameters: readonly Parameter[];
  readonly body:
    | { readonly kind: "clauses"; readonly clauses: readonly StructureClause[] }
    | { readonly kind: "alias"; readonly value: Expression };
}
/** `distribution Gumbel(location = 0) { noise v: uniform  sample = …  log_density(u) = …  kl(prior: Gumbel) = … }` */
export interface DistributionDeclaration extends DeclarationBase {
  readonly kind: "distribution";
  readonly parameters: readonly Parameter[];
  readonly body: readonly DistributionClause[];
}
/** `relaxation CategoricalEntropy { map(s) = exp(s)  slope(x) = x }`, or `relaxation ExpFamily` without a body. */
export interface RelaxationDeclaration extends DeclarationBase {
  readonly kind: "relaxation";
  readonly parameters: readonly Parameter[];
  readonly requirements: readonly RequireStatement[];
  readonly body: readonly RelaxationClause[];
  /** `for any structure by active_set symmetric`: the algorithms for structures that say nothing of this relaxation. */
  readonly general: readonly RelaxClause[];
}
/** `kernel top_k(n, k, u: f32[n]) -> x: f32[n] { … }`; tensor parameters are inputs, the others are static. */
export interface KernelDeclaration extends DeclarationBase {
  readonly kind: "kernel";
  readonly parameters: readonly Parameter[];
  readonly outputs: readonly { readonly name: Identifier; readonly type: TensorTypeExpression }[];
  readonly body: readonly KernelStatement[];
}
/** `experiment graph_layout for NRI { … }` */
export interface ExperimentDeclaration extends DeclarationBase {
  readonly kind: "experiment";
  readonly model: Identifier;
  readonly clauses: readonly ExperimentClause[];
}

export type Declaration =
  | ModelDeclaration
  | ModuleDeclaration
  | FunctionDeclaration
  | StructureDeclaration
  | DistributionDeclaration
  | RelaxationDeclaration
  | KernelDeclaration
  | ExperimentDeclaration;

/** One source file. */
export interface SourceFile {
  readonly imports: readonly ImportDeclaration[];
  readonly declarations: readonly Declaration[];
  /** Names that unreadable statements and declarations would have given. */
  readonly unread: readonly string[];
  readonly span: Span;
}

/** What the lexer or parser could not accept; `expected` holds readable alternatives where they are few. */
export interface SyntaxProblem {
  readonly message: string;
  readonly span: Span;
  readonly help?: string;
}

/** What `parse` returns: the tree of everything that could be read, and all problems of the file. */
export interface ParseResult {
  readonly file: SourceFile;
  readonly problems: readonly SyntaxProblem[];
}
