/** The page of the L2X example: which words it marks, that nothing of a text becomes markup, and what it refuses. */
import { describe, expect, test } from "vitest";
import { reviewPage, type ShownReview } from "../../examples/l2x/picture.js";

const words = ["the", "nose", "is", "superb", ".", "next"];
const review: ShownReview = {
  words,
  chosen: [0, 1, 1, 1, 1, 0],
  evidence: [1, 1, 1, 1, 0, 0],
  target: 0.9,
  predicted: 0.8333,
};
const page = (...shown: ShownReview[]) => reviewPage({ title: "Aroma", models: [{ name: "Top k", reviews: shown }] });

/** What stands in the paragraphs of words, one for each review and model. */
const texts = (html: string) => Array.from(html.matchAll(/<p class="text">(.*?)<\/p>/gs), ([, text]) => text);
const MARK = (share: number) => `<mark style="--share:${share}%">`;

describe("a page", () => {
  test("fills chosen words and underlines evidence, in whole pieces with the blanks between", () => {
    expect(texts(page(review))).toEqual([`<u>the </u>${MARK(100)}<u>nose is superb</u>.</mark> next`]);
  });
  test("marks scattered words one by one, and soft choices by their share; what is next to nothing is not marked", () => {
    const scattered = { ...review, chosen: [1, 0, 0.25, 0.01, 0, 1], evidence: [0, 0, 0, 0, 0, 0] };
    expect(texts(page(scattered))).toEqual([
      `${MARK(100)}the</mark> nose ${MARK(25)}is</mark> superb. ${MARK(100)}next</mark>`,
    ]);
  });
  test("does not join two spans of evidence that a word is between, and shows every word once", () => {
    const spans = { ...review, chosen: Array(6).fill(0), evidence: [1, 0, 1, 1, 0, 1] };
    expect(texts(page(spans))).toEqual(["<u>the</u> nose <u>is superb</u>. <u>next</u>"]);
  });
  test("shows ratings, and how much of the choice is evidence", () => {
    const html = page(review, { ...review, chosen: Array(6).fill(0) });
    expect(html).toContain("rated <b>0.90</b>");
    expect(html).toContain("predicted <b>0.83</b>");
    expect(html).toContain("75 % of the choice is evidence");
    expect(html).toContain("nothing chosen");
  });
  test("has a row for each review and in it each model once, in order", () => {
    const other = { ...review, words: ["a", "b", "c", "d", "e", "f"] };
    const models = ["one", "two", "three"].map((name) => ({ name, reviews: [review, other] }));
    const sections = reviewPage({ title: "t", models }).split("<section").slice(1);
    expect(sections).toHaveLength(2);
    for (const section of sections) {
      expect(Array.from(section.matchAll(/<h2>(.*?)<\/h2>/g), ([, name]) => name)).toEqual(["one", "two", "three"]);
      expect(new Set(Array.from(section.matchAll(/--hue:(\d+)/g), ([, hue]) => hue)).size).toBe(3);
    }
    expect(sections.map((section) => section.includes("nose"))).toEqual([true, false]);
  });
  test("makes no markup of what it is given", () => {
    const nasty = `<script>"&'</script>`;
    const models = [{ name: nasty, reviews: [{ ...review, words: words.map(() => nasty) }] }];
    const html = reviewPage({ title: nasty, models });
    expect(html).not.toContain("<script");
    // In the title, the heading, the model's name, and six words.
    expect(html.split("&lt;script&gt;&quot;&amp;&#39;&lt;/script&gt;")).toHaveLength(10);
  });
  test("needs nothing from elsewhere", () => {
    expect(page(review)).not.toMatch(/https?:|src=|@import|url\(|<link/);
  });
});

test.each<[string, readonly ShownReview[][], string]>([
  ["no model", [], "reviewPage: there is no model to show; give at least one"],
  ["unequal models", [[review], []], "reviewPage: the model 1 shows 0 reviews, but 0 shows 1; rows compare one review"],
  [
    "a value too few",
    [[{ ...review, chosen: [1] }]],
    "review 0 of the model 0 has 6 words, but 1 values in chosen; give one",
  ],
  ["too much evidence", [[{ ...review, evidence: Array(7).fill(0) }]], "has 6 words, but 7 values in evidence"],
  [
    "a share above 1",
    [[review, { ...review, chosen: [0, 0, 0, 0, 0, 1.5] }]],
    "review 1 of the model 0 has 1.5 in chosen;",
  ],
  ["no number", [[{ ...review, chosen: [NaN, 0, 0, 0, 0, 0] }]], "has NaN in chosen; values are in 0 to 1"],
  ["no prediction", [[{ ...review, predicted: NaN }]], "review 0 of the model 0 has NaN as predicted; give a number"],
])("%s is refused", (_, models, message) => {
  const shown = models.map((all, i) => ({ name: String(i), reviews: all }));
  expect(() => reviewPage({ title: "t", models: shown })).toThrow(message);
});
