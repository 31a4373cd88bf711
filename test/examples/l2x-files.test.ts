/**
 * The loaders of the L2X example on small files made here: BeerAdvocate's formats, film reviews, word vectors, and
 * every mistake that they tell of, with file and line. The real film reviews are read where they are.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { reviews } from "../../examples/l2x/data.js";
import { shared } from "../golden.ts";

type Files = Readonly<Record<string, string | Uint8Array>>;

let path = "";
const told = vi.spyOn(console, "error");
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), "l2x-"));
  told.mockImplementation(() => {});
});
afterEach(() => {
  rmSync(path, { recursive: true });
  told.mockReset();
});
const lines = () => told.mock.calls.map(([line]) => String(line));

/** Writes the files, and reads them as reviews of at most ten words. */
function load(files: Files, options: object = {}) {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return reviews({ L: 10, vocabulary: 30, train: 100, valid: 100, test: 100, path, ...options });
}

const annotation = {
  x: ["The", "smell", "is", "foul"],
  y: [0.9, 0.1, 0.5, 0.5, 0.5],
  "0": [],
  "1": [
    [0, 2],
    [1, 4],
  ],
};
const BEER: Files = {
  "reviews.aspect1.train.txt.gz": gzipSync("0.2 0.4 0.6 0.8 1\tA fine Smell\n1.0 0.8 0 0 0\ta smell , a taste\n"),
  "reviews.aspect1.heldout.txt": ["0.1 0.2 0.3 0.4 0.5\tone smell\n", "0.1 0.7 0.3 0.4 0.5\ta second smell\n"].join(""),
  "annotations.json": `${JSON.stringify(annotation)}\n`,
};
const film = (id: string, label: number, tokens: string[], evidence: number[][]) =>
  `${JSON.stringify({ id, tokens, label, evidence })}\n`;
const FILMS: Files = {
  "train.jsonl": film("a-orig", 1, ["Good", "film"], [[0, 1]]) + film("a-revised", 0, ["Bad", "film"], [[0, 1]]),
  "dev.jsonl": [0, 1, 2, 3, 4, 5]
    .map((i) => film(`b${i}-orig`, 1, ["fine", `${i}`], [[0, 1]]) + film(`b${i}-revised`, 0, ["poor", `${i}`, "."], []))
    .join(""),
};

describe("BeerAdvocate's files", () => {
  test("give ratings and words of the aspect, packed by gzip or not", async () => {
    const { train, valid, vocabulary } = await load(BEER);
    const rows = Array.from(train.columns.rating.data, (rating, i) => [
      rating,
      Array.from(train.columns.tokens.data.subarray(10 * i, 10 * i + 10), (code) => vocabulary[code]).join(" "),
    ]);
    const pad = (words: string) => [...words.split(" "), ...Array(10).fill("<padding>")].slice(0, 10).join(" ");
    const expected = [
      [Math.fround(0.4), pad("a fine smell")],
      [Math.fround(0.8), pad("a smell , a taste")],
    ];
    expect(rows.sort()).toEqual(expected);
    // By frequency: three times, twice, and once each in the order of their letters.
    expect(vocabulary).toEqual(["<padding>", "<unknown>", "a", "smell", ",", "fine", "taste"]);
    expect(valid.columns.evidence.data.every((value) => value === 0)).toBe(true);
    expect([...valid.columns.held_out.data, ...valid.columns.annotated.data]).toEqual([1, 0]);
  });

  test("halve held-out reviews; annotated ones follow in the test split, for precision alone", async () => {
    const { valid, test, baselines } = await load(BEER);
    const { length, rating, evidence, held_out, annotated } = test.columns;
    const heldOut = Math.fround(rating.data[0]!);
    expect([heldOut, Math.fround(valid.columns.rating.data[0]!)].sort()).toEqual([Math.fround(0.2), Math.fround(0.7)]);
    expect([...held_out.data]).toEqual([2, 0]);
    expect([...annotated.data]).toEqual([0, 2]);
    expect([length.data[1], rating.data[1]]).toEqual([4, Math.fround(0.1)]);
    expect([...evidence.data]).toEqual([...Array(10).fill(0), 1, 1, 1, 1, ...Array(6).fill(0)]);
    expect(baselines[0]!.metrics["test.mse"]).toBeCloseTo((heldOut - 0.6) ** 2, 6);
    expect(baselines[1]!.metrics["test.precision"]).toBeCloseTo(1, 9);
    expect(lines()).toContain("l2x data: 1 annotated reviews follow the test reviews, for precision alone");
  });

  test("cut what is longer than allowed, evidence with it, and tell how much", async () => {
    const x = Array.from({ length: 13 }, (_, i) => `w${i}`);
    const long = JSON.stringify({ ...annotation, x, "1": [[8, 12]] });
    const { test } = await load({ ...BEER, "annotations.json": long });
    expect(test.columns.length.data[1]).toBe(10);
    expect([...test.columns.evidence.data.subarray(10)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
    expect(lines().filter((line) => line.includes("cut"))).toEqual([
      "l2x data: reviews longer than 10 words are cut: train 0 (and 0 of 0 words of evidence), " +
        "valid 0 (and 0 of 0 words of evidence), test 1 (and 2 of 4 words of evidence)",
    ]);
  });

  const train = "reviews.aspect1.train.txt";
  const broken = (text: string): Files => ({ ...BEER, "reviews.aspect1.train.txt": text, [`${train}.gz`]: "" });
  const annotated = (change: object): Files => ({
    ...BEER,
    "annotations.json": `${JSON.stringify(annotation)}\n${JSON.stringify({ ...annotation, ...change })}\n`,
  });
  const GOOD = "0 0 0 0 0\tgood\n";
  test.each<[string, Files, string]>([
    ["no tab", broken(`${GOOD}0 0 0 0 0 good\n`), `${train}:2: this line has no tab behind its ratings. A line is`],
    ["an empty line", broken(`${GOOD}\n${GOOD}`), `${train}:2: this line has no tab behind its ratings`],
    ["four ratings", broken("0 0 0 0\tgood\n"), `${train}:1: there are 4 ratings instead of 5. They are those of`],
    ["a word as rating", broken("0 0 x 0 0\tgood\n"), `${train}:1: the rating "x" (of palate) is no number. A line is`],
    [
      "stars",
      broken("0 0 0 0 4.5\tgood\n"),
      `${train}:1: the rating 4.5 (of all together) is outside of [0, 1]. Divide`,
    ],
    ["a negative rating", broken("-0.1 0 0 0 0\tgood\n"), `${train}:1: the rating -0.1 (of appearance) is outside of`],
    [
      "no words",
      broken(`${GOOD}${GOOD}0 0 0 0 0\t \n`),
      `${train}:3: this review is empty. Mend the file, choose fewer`,
    ],
    [
      "no UTF-8",
      { ...BEER, [train]: Uint8Array.of(0x30, 0xff, 10) },
      `${train}:1: this line is no UTF-8 text. Convert`,
    ],
    ["no JSON", { ...BEER, "annotations.json": "{]\n" }, "annotations.json:1: this line is no JSON; "],
    [
      "a list",
      { ...BEER, "annotations.json": "[1]\n" },
      "annotations.json:1: this line is JSON, but no object. It must",
    ],
    [
      "no aspect",
      annotated({ "1": undefined }),
      "annotations.json:2: this annotation has nothing for the aspect 1 (aroma);",
    ],
    ["no spans", annotated({ "1": [[0, 1.5]] }), "annotations.json:2: `1` is no list of spans. It must be such as"],
    [
      "a span outside",
      annotated({ "1": [[2, 5]] }),
      "annotations.json:2: the span [2, 5] of `1` leaves the review; the review",
    ],
    [
      "a span before",
      annotated({ "1": [[-1, 2]] }),
      "annotations.json:2: the span [-1, 2] of `1` leaves the review; the",
    ],
    [
      "an empty span",
      annotated({ "1": [[2, 2]] }),
      "annotations.json:2: the span [2, 2] of `1` is empty; its end is not",
    ],
    ["no words", annotated({ x: "smell" }), "annotations.json:2: `x` is no list of words. It must be such as"],
    ["no ratings", annotated({ y: 0.5 }), "annotations.json:2: `y` is no list of ratings. It must be such as"],
    [
      "text as rating",
      annotated({ y: ["0", 0, 0, 0, 0] }),
      'annotations.json:2: the rating "0" (of appearance) is no number',
    ],
    ["two ratings", annotated({ y: [0, 1] }), "annotations.json:2: there are 2 ratings instead of 5"],
    ["an empty annotation", annotated({ x: [], "1": [] }), "annotations.json:2: this review is empty"],
  ])("with %s are refused", async (_, files, message) => {
    await expect(load(files)).rejects.toThrow(join(path, message));
  });

  test("must all be there, unbroken, with reviews for each split", async () => {
    await expect(load(BEER, { aspect: 0 })).rejects.toThrow(
      `the BeerAdvocate files in ${path} lack reviews.aspect0.train.txt and reviews.aspect0.heldout.txt; the aspect 0 (appearance)`,
    );
    const name = "reviews.aspect1.train.txt.gz";
    const cut = gzipSync("0 0 0 0 0\tgood\n").subarray(0, 20);
    await expect(load({ ...BEER, [name]: cut })).rejects.toThrow(`${join(path, name)}: this file is damaged`);
    const single = { ...BEER, "reviews.aspect1.heldout.txt": GOOD };
    await expect(load(single)).rejects.toThrow("reviews: test gets no review; the files have 0 for it");
  });

  test("with reviews shorter than k words are refused, or they are left out and counted", async () => {
    const message = "reviews.aspect1.heldout.txt:1: this review has 2 words, and k = 3 of them are to be chosen";
    const files = {
      ...BEER,
      "reviews.aspect1.heldout.txt": "0 0 0 0 0\tone smell\n0 0 0 0 0\ta b c\n0 0 0 0 0\td e f\n",
    };
    await expect(load(files, { k: 3 })).rejects.toThrow(message);
    const { valid, test } = await load(files, { k: 3, skip_short: true });
    expect([valid.columns.length.data.length, test.columns.length.data.length]).toEqual([1, 2]);
    expect(lines().some((line) => line.includes("left out 1 reviews that are empty or have fewer than 3 words"))).toBe(
      true,
    );
  });
});

describe("word vectors", () => {
  const vectors = "smell 1 2 -3e-1\n<unk> 9 9 9\nunheard 0 0 0\nsmell 4 4 4\n";
  test("begin the table of embeddings: the file's, zeros for padding, small random numbers for others", async () => {
    const file = gzipSync(vectors);
    const { initial, vocabulary } = await load({ ...BEER, "review+wiki.filtered.200.txt.gz": file });
    const table = initial!["words.table"];
    expect(table.shape).toEqual([30, 3]);
    const row = (code: number) => [...table.data.subarray(3 * code, 3 * code + 3)];
    expect(row(vocabulary.indexOf("smell"))).toEqual([1, 2, Math.fround(-0.3)]);
    expect(row(0)).toEqual([0, 0, 0]);
    const others = [1, 2, 4, 5, 6, 29].flatMap(row);
    expect(Math.max(...others.map(Math.abs))).toBeLessThanOrEqual(0.05);
    expect(new Set(others).size).toBe(others.length);
    const again = await load({}, {});
    expect(again.initial).toEqual(initial);
    expect((await load({}, { seed: 1 })).initial).not.toEqual(initial);
    expect(lines().some((line) => /: 1 of 5 words have a vector in .*; 1 lines repeat a word/.test(line))).toBe(true);
  });

  test.each([
    ["smell 1 2 3\ntaste 1 2\n", ':2: the word "taste" has 2 numbers; the first line of '],
    ["1000 3\nsmell 1 2 3\n", ':2: the word "smell" has 3 numbers; the first line of '],
    ["smell 1 x 3\n", ':1: "x" is no number'],
    ["smell\n", ":1: this line is no word with its numbers"],
    ["", ": this file of word vectors is empty"],
  ])("%j are refused", async (text, message) => {
    const file = join(path, "vectors.txt");
    await expect(load({ ...BEER, "vectors.txt": text }, { embeddings: file })).rejects.toThrow(`${file}${message}`);
  });
  test("that are not there are refused", async () => {
    const file = join(path, "none.txt");
    await expect(load(BEER, { embeddings: file })).rejects.toThrow(`${file}: this file cannot be read; ENOENT`);
  });
});

describe("film reviews with their counterfactual rewrites", () => {
  test("keep both versions in one split; sizes are upper bounds", async () => {
    const { train, valid, test, vocabulary, baselines } = await load(FILMS);
    expect(vocabulary.slice(2)).toEqual(["film", "bad", "good"]);
    expect([...train.columns.rating.data].sort()).toEqual([0, 1]);
    expect(train.columns.evidence.data.filter((_, i) => i % 10 < 2).join()).toBe("1,0,1,0");
    for (const { columns } of [valid, test]) {
      expect(columns.rating.data.reduce((sum, label) => sum + label)).toBe(3);
      expect([...columns.rating.data].sort()).toEqual([0, 0, 0, 1, 1, 1]);
      expect([...columns.held_out.data, ...columns.annotated.data]).toEqual(Array(12).fill(1));
    }
    expect(Object.keys(baselines[0]!.metrics)).toEqual(["test.mse", "test.accuracy"]);
    expect(baselines[0]!.metrics["test.mse"]).toBeCloseTo(0.25, 9);
    expect(baselines[0]!.metrics["test.accuracy"]).toBeCloseTo(0.5, 9);
    expect(baselines[1]!.metrics["test.precision"]).toBeCloseTo(0.25, 9);
    expect(lines().slice(0, 3)).toEqual([
      "l2x data: train has all 2 reviews that there are for it, not the 100 asked for",
      "l2x data: valid has all 6 reviews that there are for it, not the 100 asked for",
      "l2x data: test has all 6 reviews that there are for it, not the 100 asked for",
    ]);
    const fewer = await load(FILMS, { valid: 3, test: 4 });
    expect([fewer.valid, fewer.test].map(({ columns }) => columns.length.data.length)).toEqual([2, 4]);
  });

  const trained = (text: string): Files => ({ ...FILMS, "train.jsonl": film("a-orig", 1, ["x"], []) + text });
  test.each<[string, Files, string]>([
    ["a third label", trained(film("c", 2, ["x"], [])), "train.jsonl:2: `label` is 2 instead of 0 or 1. It is 1 for"],
    ["no id", trained('{"tokens": ["x"], "label": 1, "evidence": []}\n'), "train.jsonl:2: `id` is no text"],
    ["an id twice", trained(film("a-orig", 0, ["x"], [])), "train.jsonl:2: the id a-orig was at "],
    ["evidence outside", trained(film("c", 1, ["x"], [[0, 2]])), "train.jsonl:2: the span [0, 2] of `evidence` leaves"],
    [
      "no evidence",
      trained('{"id": "c", "tokens": ["x"], "label": 1}\n'),
      "train.jsonl:2: `evidence` is no list of spans",
    ],
    ["an empty word", trained(film("c", 1, [""], [])), "train.jsonl:2: `tokens` is no list of words"],
    ["no words", trained(film("c", 1, [], [])), "train.jsonl:2: this review is empty"],
    ["an empty line", trained("\n"), "train.jsonl:2: this line is no JSON; "],
    ["a twin in training", trained(film("b3", 1, ["x"], [])), "dev.jsonl:7: another version of this review is in the"],
  ])("with %s are refused", async (_, files, message) => {
    await expect(load(files)).rejects.toThrow(join(path, message));
  });

  test("too few for a pair, or without a file, or beside other files, are refused", async () => {
    await expect(load(FILMS, { valid: 1 })).rejects.toThrow(
      "valid gets no review; the files have 6 for it in groups that",
    );
    await expect(load({ ...FILMS, ...BEER })).rejects.toThrow(
      `${path} has files of two sources. A directory must have`,
    );
    rmSync(join(path, "annotations.json"));
    for (const name of Object.keys(BEER)) rmSync(join(path, name), { force: true });
    rmSync(join(path, "dev.jsonl"));
    await expect(load({})).rejects.toThrow(
      `the film reviews in ${path} lack dev.jsonl; they are train.jsonl and dev.jsonl`,
    );
  });
});

test("a directory without files that are known, or that is none, is refused with what is expected", async () => {
  const expected =
    "reviews.aspect1.train.txt, reviews.aspect1.heldout.txt, annotations.json (BeerAdvocate) or train.jsonl, dev.jsonl";
  await expect(load({ "a.txt": "" })).rejects.toThrow(
    `${path} has none of the files that are known. A directory must have either ${expected}`,
  );
  await expect(load({}, { path: join(path, "a.txt") })).rejects.toThrow(
    `${join(path, "a.txt")} is no directory; the path is`,
  );
  await expect(load({}, { path: join(path, "b") })).rejects.toThrow(`It must have the files ${expected}`);
});

const films = join(shared, "data", "cad_imdb");
describe.skipIf(!existsSync(films))("the real film reviews (need the shared folder)", () => {
  test("are 3,414 and 490, of 174 words in the middle, cut where they are longer than 350", async () => {
    const data = await reviews({ L: 350, vocabulary: 20000, train: 5000, valid: 245, test: 245, path: films });
    const { length, rating, evidence } = data.train.columns;
    const sorted = length.data.toSorted();
    expect(sorted).toHaveLength(3414);
    expect((sorted[1706]! + sorted[1707]!) / 2).toBe(174);
    expect(rating.data.reduce((sum, label) => sum + label)).toBe(1707);
    expect([data.valid, data.test].map(({ columns }) => columns.length.data.length)).toEqual([244, 244]);
    const raw = readFileSync(join(films, "train.jsonl"), "utf8").trimEnd().split("\n");
    const spans = raw.flatMap((line) => (JSON.parse(line) as { evidence: [number, number][] }).evidence);
    const clipped = spans.reduce(
      (sum, [start, end]) => sum + Math.max(0, Math.min(end, 350) - Math.min(start, 350)),
      0,
    );
    expect(evidence.data.reduce((sum, word) => sum + word)).toBe(clipped);
    expect(lines().some((line) => line.includes("reviews longer than 350 words are cut: train 105 (and 295 of "))).toBe(
      true,
    );
  });
});
