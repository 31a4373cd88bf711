/** The data of the ListOps example: values and parents by another evaluation, the generator by the plain one, files. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { listops } from "../../examples/listops/data.js";
import { CODES, parse, VOCABULARY } from "../../examples/listops/expressions.js";
import { Generator } from "../../examples/listops/generator.js";
import { readExpressions } from "../../examples/listops/tsv.js";
import { Random } from "../../examples/random.js";
import { golden, shared } from "../golden.ts";

/** The value of an expression as a person would find it: an innermost bracket at a time. */
function rewritten(tokens: readonly string[]): number {
  let text = ` ${tokens.join(" ")} `;
  for (;;) {
    const next = text.replace(/ \[(MIN|MAX|MED)((?: \d)+) \] /, (_, operator: string, list: string) => {
      const values = list
        .trim()
        .split(" ")
        .map(Number)
        .sort((a, b) => a - b);
      const n = values.length;
      const median = n % 2 === 1 ? values[(n - 1) / 2]! : Math.trunc((values[n / 2 - 1]! + values[n / 2]!) / 2);
      return ` ${operator === "MIN" ? values[0] : operator === "MAX" ? values[n - 1] : median} `;
    });
    if (next === text) return Number(text);
    text = next;
  }
}

/** What a call throws, whoever throws it. */
async function failure(work: () => Promise<unknown>): Promise<Error> {
  try {
    await work();
  } catch (problem) {
    return problem as Error;
  }
  throw new Error("nothing was thrown");
}

const codesOf = (text: string) => text.split(" ").map((token) => CODES.get(token)!);
const tokensOf = (codes: ArrayLike<number>) => Array.from(codes, (code) => VOCABULARY[code]!);

const cases = golden("listops");
describe.skipIf(cases === undefined)("expressions of the golden file (needs the shared folder)", () => {
  test.each((cases ?? []).map((each) => [each.name, each] as const))("%s", (_, { inputs, outputs }) => {
    const { tokens } = inputs as unknown as { tokens: string[] };
    const found = parse(tokens.map((token) => CODES.get(token)!));
    expect(found.value).toBe(outputs.value);
    expect(found.parents).toEqual(outputs.parent);
    expect(found.nesting).toBe(outputs.depth);
    expect(tokens.length).toBe(outputs.n_tokens);
    expect(3 * tokens.length - 2).toBe(outputs.n_spinn);
  });
});

describe("the generator", () => {
  /** The rule as it is told: a digit with probability 3/4, else an operator with 2 to 5 operands. */
  function plain(random: Random): number[] {
    if (random.uniform() < 0.75) return [1 + random.below(10)];
    const count = 2 + random.below(4);
    const operator = 11 + random.below(3);
    return [operator, ...Array.from({ length: count }, () => plain(random)).flat(), 14];
  }

  test.each([1, 2, 3])("draws as the plain rule does, given the nesting %i and the lengths", (nesting) => {
    const [least, most] = [5, 14];
    const key = (codes: readonly number[]) =>
      `${codes.length}:${codes.filter((code) => code >= 11 && code <= 13).length}`;
    const count = 4000;
    const tally = (draw: () => number[]) => {
      const counts = new Map<string, number>();
      for (let i = 0; i < count; i++) {
        const name = key(draw());
        counts.set(name, (counts.get(name) ?? 0) + 1);
      }
      return counts;
    };
    const [a, b] = [new Random(1, 0), new Random(2, 0)];
    const wanted = tally(() => {
      for (;;) {
        const codes = plain(a);
        if (codes.length >= least && codes.length <= most && parse(codes).nesting === nesting) return codes;
      }
    });
    const generator = new Generator(nesting, most);
    const found = tally(() => {
      const codes = generator.draw(nesting, least, b);
      expect(parse(codes).nesting).toBe(nesting);
      expect(codes.length).toBeGreaterThanOrEqual(least);
      expect(codes.length).toBeLessThanOrEqual(most);
      return codes;
    });
    // Two samples of one size: χ² = Σ (x − y)² / (x + y), of which this is the 1 − 10⁻⁶ quantile, roughly.
    const kinds = [...new Set([...wanted.keys(), ...found.keys()])];
    const chi = kinds.reduce((sum, name) => {
      const [x, y] = [wanted.get(name) ?? 0, found.get(name) ?? 0];
      return sum + (x - y) ** 2 / (x + y);
    }, 0);
    const freedom = kinds.length - 1;
    expect(chi).toBeLessThan(freedom + 4.75 * Math.sqrt(2 * freedom) + 15);
  });
});

describe.each([
  [1, 30, 10, 30],
  [2, 17, 4, 17],
])("reading %i", (reading, N, least, most) => {
  test("is balanced, right, unique across splits, and does not change with other sizes", async () => {
    const sizes = { train: 250, valid: 50, test: 55 };
    const data = await listops({ N, ...sizes, seed: 3, reading });
    const seen = new Set<string>();
    for (const name of ["train", "valid", "test"] as const) {
      const { tokens, length, parent, answer } = data[name].columns;
      expect(tokens.shape).toEqual([sizes[name], N]);
      const depths = new Map<number, number>();
      for (let i = 0; i < sizes[name]; i++) {
        const size = length.data[i]!;
        const codes = Array.from(tokens.data.subarray(i * N, i * N + size));
        expect(size >= least && size <= most).toBe(true);
        expect(tokens.data.subarray(i * N + size, (i + 1) * N).every((code) => code === 0)).toBe(true);
        expect(answer.data[i]).toBe(rewritten(tokensOf(codes)));
        const { nesting, parents } = parse(codes);
        const padded = [...parents, ...new Array<number>(N - size).fill(-2)];
        expect(Array.from(parent.data.subarray(i * N, (i + 1) * N))).toEqual(padded);
        depths.set(nesting, (depths.get(nesting) ?? 0) + 1);
        seen.add(codes.join(" "));
      }
      const first = reading === 1 ? 2 : 1;
      expect([...depths.keys()].sort()).toEqual([0, 1, 2, 3, 4].map((depth) => first + depth));
      expect(new Set(depths.values())).toEqual(new Set([sizes[name] / 5]));
    }
    expect(seen.size).toBe(355);
    const again = await listops({ N, train: 20, valid: 50, test: 5, seed: 3, reading });
    expect(again.valid).toEqual(data.valid);
  });

  test("names baselines that are what they say", async () => {
    const { baselines, train, test: tested } = await listops({ N, train: 100, valid: 10, test: 50, reading });
    const counts = new Array<number>(10).fill(0);
    for (const value of train.columns.answer.data) counts[value]!++;
    const most = counts.indexOf(Math.max(...counts));
    const share = tested.columns.answer.data.filter((value) => value === most).length / 50;
    expect(baselines[0]).toEqual({ name: "most frequent answer", metrics: { "test.accuracy": share } });
  });
});

const FILE = join(shared, "data", "listops", "test_d20a.tsv");
describe.skipIf(!existsSync(FILE))("the original test file (needs the shared folder)", () => {
  test("has 10,000 expressions, of which 4,405 have 10 to 50 tokens and nesting 1 to 5", () => {
    const all = readExpressions(FILE);
    expect(all.length).toBe(10_000);
    const fits = all.filter(({ codes, nesting }) => codes.length >= 10 && codes.length <= 50 && nesting <= 5);
    expect(fits.length).toBe(4405);
    for (const { codes, value } of all.slice(0, 300)) expect(value).toBe(rewritten(tokensOf(codes)));
  });

  test("is the test split, told what is left out, with training data that are not in it", async () => {
    const told = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    const data = await listops({ N: 50, train: 20, valid: 5, test: 10_000, path: FILE });
    expect(told.mock.calls.join("")).toContain("of 10000 expressions");
    told.mockRestore();
    expect(data.test.columns.length.shape).toEqual([4760]);
    expect(data.train.columns.length.shape).toEqual([20]);
  });
});

describe("files that are not as they should be", () => {
  const folder = mkdtempSync(join(tmpdir(), "sstc-listops-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const good = "3\t( ( ( [MAX 1 ) 3 ) ] )";

  test.each([
    ["", "an empty file", "a.tsv: the file is empty"],
    [`${good}\n\n${good}`, "an empty line", "a.tsv:2: the line is empty"],
    [
      `${good}\n3 ( [MAX 1 )`,
      "no tab",
      "a.tsv:2: a line is a label, one tab, and an expression, but this one has 0 tabs",
    ],
    ["x\t1", "no label", 'a.tsv:1: the label is "x", but it must be a digit'],
    ["3\t( [SUM 1 )", "a token that there is none of", 'a.tsv:1: there is no token "[SUM"'],
    ["3\t[SM 1 2 ]", "the sum modulo 10", "a.tsv:1: [SM, the sum modulo 10, is not among the operators here"],
    ["3\t[MAX 1 3", "an open bracket", "a.tsv:1: the expression has no end: 1 brackets are not closed"],
    ["3\t[MAX 1 3 ] ]", "a bracket too many", "a.tsv:1: token 5 of 5, ]: the expression is over before it"],
    ["3\t]", "a lone bracket", "a.tsv:1: token 1 of 1, ]: nothing is open that it could close"],
    ["3\t[MAX ]", "no operands", "a.tsv:1: token 2 of 2, ]: the operator at token 1 has no operands"],
    ["4\t[MAX 1 3 ]", "another label", "a.tsv:1: the label is 4, but the value of the expression is 3"],
    ["3\t", "no expression", "a.tsv:1: the expression has no end: there are no tokens"],
    [good, "nothing of the sizes asked for", "has no expression of 10 to 30 tokens and nesting 2 to 6"],
  ])("%s: %s", async (text, _, message) => {
    const path = join(folder, "a.tsv");
    writeFileSync(path, text);
    vi.spyOn(process.stderr, "write").mockReturnValue(true);
    const problem = await failure(() => listops({ N: 30, train: 5, valid: 5, test: 5, path }));
    vi.restoreAllMocks();
    expect(problem.message).toContain(message);
  });

  test("folders without the test file, and paths that are not there", async () => {
    const empty = join(folder, "empty");
    mkdirSync(empty);
    const load = (path: string) => failure(() => listops({ N: 30, train: 5, valid: 5, test: 5, path }));
    expect((await load(empty)).message).toContain("holds no .tsv files; expected are test*.tsv");
    expect((await load(join(folder, "lost"))).message).toContain("there is no file or directory");
  });
});

test.each([
  [{ N: 12 }, "listops: N must be an integer of at least 19, but it is 12"],
  [{ train: 0 }, "listops: train must be an integer of at least 1, but it is 0"],
  [{ reading: 3 }, "listops: reading is 1 or 2, but it is 3"],
])("options that cannot be: %j", async (given, message) => {
  const problem = await failure(() => listops({ N: 50, train: 5, valid: 5, test: 5, ...given }));
  expect(problem.message).toContain(message);
});

test("MED of an even number is the mean of the middle two, without its fraction", () => {
  expect(parse(codesOf("[MED 1 4 ]")).value).toBe(2);
  expect(parse(codesOf("[MED 9 1 8 2 ]")).value).toBe(5);
});
