/** Seeded mutations of sources: what typing slips, bad merges and hostile hands make of a valid text. */

/** A generator of integers below n, the same for the same seed (a linear congruence modulo 2³²). */
export type Random = (n: number) => number;

export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

/** A text in pieces that join to it again: words, numbers, texts, marks, and what is between them. */
export function tokensOf(text: string): string[] {
  return (
    text.match(
      /\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|[A-Za-z_]\w*|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\s+|\.\.\.?|->|[<>=!]=|./gu,
    ) ?? []
  );
}

const NUMBERS = [
  ...["0", "1", "2", "3", "-1", "0.5", "2.5", "7", "64", "1000", "100000", "1e9", "1e12", "1e308", "1e400"],
  ...["9007199254740993", "0.0000001", "(1 / 3)", "inf", "4294967296"],
];
const WORDS = [
  ...["x", "n", "z", "t", "inf", "pi", "training", "elbo", "kl", "true", "false", "not", "and", "constructor"],
  ...["__proto__", "toString", "hasOwnProperty", "batch", "tf", "complete", "edges", "sum", "soft", "hard"],
  ...["scan", "if", "then", "else", "for", "in", "let", "update", "require", "fn", "model", "kernel"],
];

/** What is put around or into a text to make it deep. */
function deep(random: Random): string {
  const depth = [10, 100, 250, 1000][random(4)]!;
  const [open, close] = [
    ["(", ")"],
    ["[", "]"],
    ["-", ""],
    ["not ", ""],
    ["sum(", ")"],
    ["{ let a = 1 ", "}"],
    ["if true then 1 else ", ""],
    ["x + ", ""],
    ["x[0]", ""],
    ["2 ^ ", ""],
    ["max(x, ", ")"],
    ["soft(", ")"],
  ][random(12)] as [string, string];
  return `${open.repeat(depth)}1${close.repeat(depth)}`;
}

/** A text in pieces, with ways of picking some of them. */
class Pieces {
  readonly tokens: string[];
  private readonly solid: readonly number[];
  private readonly random: Random;

  constructor(text: string, random: Random) {
    this.random = random;
    this.tokens = tokensOf(text);
    // Neither space nor comments.
    this.solid = this.tokens.flatMap((token, i) => (/^(\s*$|\/\/)/.test(token) ? [] : [i]));
  }

  /** The place of any piece that fits, or of any at all where none does. */
  pick(fits: RegExp = /./): number {
    const fitting = this.solid.filter((i) => fits.test(this.tokens[i]!));
    const list = fitting.length === 0 ? this.solid : fitting;
    return list[this.random(list.length)] ?? 0;
  }
}

const WORD = /^[A-Za-z_]/;
const OPERATORS = ["+", "-", "*", "/", "^", "@", "%", "==", "<", "and", "or", "..", "=", "~", ",", ".", ":"];
const EXPRESSIONS = ["[x, x]", "x[0]", "(x > 0)", "2 * x", "soft(z)", "hard(z)", "K", "z"];

type Mutation = (pieces: Pieces, others: readonly string[], random: Random) => void;

/** Changes of pieces; what stands here twice comes twice as often. */
const MUTATIONS: readonly Mutation[] = [
  // Some pieces are gone, or there twice.
  (pieces, _, random) => {
    pieces.tokens.splice(pieces.pick(), 1 + random(3));
  },
  (pieces, _, random) => {
    const at = pieces.pick();
    pieces.tokens.splice(at, 0, ...pieces.tokens.slice(at, at + 1 + random(4)));
  },
  // Two pieces change places.
  (pieces) => {
    const [a, b] = [pieces.pick(), pieces.pick()];
    [pieces.tokens[a], pieces.tokens[b]] = [pieces.tokens[b]!, pieces.tokens[a]!];
  },
  // Pieces of another text.
  (pieces, others, random) => {
    const from = tokensOf(others[random(others.length)]!);
    const start = random(from.length);
    pieces.tokens.splice(pieces.pick(), random(3), ...from.slice(start, start + 1 + random(6)));
  },
  // Another number, huge ones too.
  ...Array<Mutation>(2).fill((pieces, _, random) => {
    pieces.tokens[pieces.pick(/^\d/)] = NUMBERS[random(NUMBERS.length)]!;
  }),
  // Another word, or another name of the same text: that gives the most programs that can be read but mean nothing.
  (pieces, _, random) => {
    pieces.tokens[pieces.pick(WORD)] = WORDS[random(WORDS.length)]!;
  },
  ...Array<Mutation>(2).fill((pieces) => {
    pieces.tokens[pieces.pick(WORD)] = pieces.tokens[pieces.pick(WORD)]!;
  }),
  // Another expression, sometimes a deep one.
  (pieces, _, random) => {
    const at = pieces.pick(/^[A-Za-z_\d]/);
    pieces.tokens[at] = random(4) === 0 ? deep(random) : EXPRESSIONS[random(EXPRESSIONS.length)]!;
  },
  // Another operator.
  (pieces, _, random) => {
    pieces.tokens[pieces.pick(/^[^\w\s"]/)] = OPERATORS[random(OPERATORS.length)]!;
  },
];

/** A line gone, elsewhere, or from another text. */
function mutateLines(text: string, others: readonly string[], random: Random): string {
  const lines = text.split("\n");
  if (random(2) === 0) {
    const [line] = lines.splice(random(lines.length), 1);
    if (random(3) > 0) lines.splice(random(lines.length + 1), 0, line!);
  } else {
    const other = others[random(others.length)]!.split("\n");
    lines.splice(random(lines.length), random(2), other[random(other.length)]!);
  }
  return lines.join("\n");
}

/** One mutation of a text; `others` are texts to take pieces from. */
export function mutate(text: string, others: readonly string[], random: Random): string {
  const kind = random(MUTATIONS.length + 3);
  if (kind === MUTATIONS.length) return text.slice(0, random(text.length));
  if (kind > MUTATIONS.length) return mutateLines(text, others, random);
  const pieces = new Pieces(text, random);
  MUTATIONS[kind]!(pieces, others, random);
  return pieces.tokens.join("");
}
