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

/** One mutation of a text; `others` are texts to take pieces from. */
export function mutate(text: string, others: readonly string[], random: Random): string {
  const tokens = tokensOf(text);
  const solid = tokens.flatMap((token, i) => (/^\s*$/.test(token) || token.startsWith("//") ? [] : [i]));
  if (solid.length === 0) return text;
  const pick = () => solid[random(solid.length)]!;
  const ofKind = (pattern: RegExp) => {
    const fitting = solid.filter((i) => pattern.test(tokens[i]!));
    return fitting.length === 0 ? pick() : fitting[random(fitting.length)]!;
  };
  const at = pick();
  switch (random(14)) {
    case 0:
      tokens.splice(at, 1 + random(3));
      break;
    case 1:
      tokens.splice(at, 0, ...tokens.slice(at, at + 1 + random(4)));
      break;
    case 2: {
      const other = pick();
      [tokens[at], tokens[other]] = [tokens[other]!, tokens[at]!];
      break;
    }
    case 3: {
      const from = tokensOf(others[random(others.length)]!);
      const start = random(from.length);
      tokens.splice(at, random(3), ...from.slice(start, start + 1 + random(6)));
      break;
    }
    case 4:
      return text.slice(0, random(text.length));
    case 5:
    case 6:
      tokens[ofKind(/^\d/)] = NUMBERS[random(NUMBERS.length)]!;
      break;
    case 7:
      tokens[ofKind(/^[A-Za-z_]/)] = WORDS[random(WORDS.length)]!;
      break;
    case 8:
    case 9: {
      // A name for another one of the same text: this gives the most programs that can be read but mean nothing.
      tokens[ofKind(/^[A-Za-z_]/)] = tokens[ofKind(/^[A-Za-z_]/)]!;
      break;
    }
    case 10:
      if (random(4) === 0) tokens[at] = deep(random);
      else
        tokens[ofKind(/^[A-Za-z_\d]/)] = ["[x, x]", "x[0]", "(x > 0)", "2 * x", "soft(z)", "hard(z)", "K", "z"][
          random(8)
        ]!;
      break;
    case 11: {
      // A whole line elsewhere, or gone.
      const lines = text.split("\n");
      const [line] = lines.splice(random(lines.length), 1);
      if (random(3) > 0) lines.splice(random(lines.length + 1), 0, line!);
      return lines.join("\n");
    }
    case 12: {
      const lines = others[random(others.length)]!.split("\n");
      const own = text.split("\n");
      own.splice(random(own.length), random(2), lines[random(lines.length)]!);
      return own.join("\n");
    }
    default: {
      const operators = ["+", "-", "*", "/", "^", "@", "%", "==", "<", "and", "or", "..", "=", "~", ",", ".", ":"];
      tokens[ofKind(/^[^\w\s"]/)] = operators[random(operators.length)]!;
    }
  }
  return tokens.join("");
}
