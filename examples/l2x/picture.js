/**
 * Reviews with the words that models chose, side by side (paper, Figure 5), as a page of HTML that needs no other file:
 * chosen words are filled, words of evidence underlined.
 */

/**
 * `chosen` is a number in 0 to 1 for each word (1: chosen; what is between fills it lighter); `evidence` is 0 or 1 for
 * each word; `target` and `predicted` are ratings.
 * @typedef {{
 *   words: readonly string[], chosen: ArrayLike<number>, evidence: ArrayLike<number>, target: number, predicted: number
 * }} ShownReview
 * @typedef {{ name: string, reviews: readonly ShownReview[] }} ShownModel
 */

/** Less than this of a word is not shown as chosen. */
const LEAST_SHOWN = 0.02;
/** No blank stands before these. */
const CLOSING = /^([.,!?;:)\]}%]|'s|n't|'[a-z]{1,2})$/i;

/**
 * A self-contained page: a row for each review, a column for each model, in light or dark as the reader's system is.
 * @param {{ title: string, models: readonly ShownModel[] }} picture every model shows the same reviews in one order
 * @returns {string} HTML
 * @throws {RangeError} if there is no model, if models show different numbers of reviews, or a review has not one value
 *   in 0 to 1 for each of its words
 */
export function reviewPage({ title, models }) {
  const count = models[0]?.reviews.length;
  if (count === undefined) throw new RangeError("reviewPage: there is no model to show; give at least one");
  for (const { name, reviews } of models) {
    if (reviews.length !== count)
      throw new RangeError(
        `reviewPage: the model ${name} shows ${reviews.length} reviews, but ${models[0]?.name} shows ${count}; ` +
          "rows compare one review, so give each model the same ones",
      );
    reviews.forEach((review, i) => {
      checkReview(review, `review ${i} of the model ${name}`);
    });
  }
  const rows = Array.from({ length: count }, (_, i) => {
    const cells = models.map(({ name, reviews }, m) => card(/** @type {ShownReview} */ (reviews[i]), name, m));
    return `<section aria-label="Review ${i + 1}">\n${cells.join("\n")}\n</section>`;
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${style(models.length)}</style>
</head>
<body>
<header>
<h1>${escaped(title)}</h1>
<p class="key"><span><mark style="--share:100%">chosen</mark> by the model</span><span><u>evidence</u> marked by people,
or known</span><span><mark style="--share:100%"><u>both</u></mark></span></p>
</header>
<main>
${rows.join("\n")}
</main>
</body>
</html>
`;
}

/** @param {ShownReview} review @param {string} where */
function checkReview({ words, chosen, evidence, target, predicted }, where) {
  for (const [name, values] of /** @type {const} */ ([
    ["chosen", chosen],
    ["evidence", evidence],
  ])) {
    if (values.length !== words.length)
      throw new RangeError(
        `reviewPage: ${where} has ${words.length} words, but ${values.length} values in ${name}; give one for each word`,
      );
    const wrong = Array.from(values).find((value) => !(value >= 0 && value <= 1));
    if (wrong !== undefined) throw new RangeError(`reviewPage: ${where} has ${wrong} in ${name}; values are in 0 to 1`);
  }
  for (const [name, value] of /** @type {const} */ ([
    ["target", target],
    ["predicted", predicted],
  ])) {
    if (!Number.isFinite(value)) throw new RangeError(`reviewPage: ${where} has ${value} as ${name}; give a number`);
  }
}

/** One review as one model sees it. @param {ShownReview} review @param {string} name @param {number} model */
function card(review, name, model) {
  const { chosen, evidence, target, predicted } = review;
  const total = Array.from(chosen).reduce((sum, share) => sum + share, 0);
  const hits = Array.from(chosen).reduce((sum, share, i) => sum + share * Number(evidence[i]), 0);
  const precision = total === 0 ? "nothing chosen" : `${Math.round((100 * hits) / total)} % of the choice is evidence`;
  return `<article style="--hue:${hueOf(model)}">
<h2>${escaped(name)}</h2>
<p class="text">${markedText(review)}</p>
<p class="facts"><span>rated <b>${target.toFixed(2)}</b></span><span>predicted <b>${predicted.toFixed(2)}</b></span>
<span>${precision}</span></p>
</article>`;
}

/**
 * Blue and red first, as in the paper's figure; then steps around the circle that do not soon come back.
 * @param {number} model
 */
function hueOf(model) {
  return [225, 12, 150, 285, 45][model] ?? Math.round((model * 137.5) % 360);
}

/**
 * The words, with the blanks between them. A blank between two words that are marked alike belongs to the mark, so that
 * neighbours show as one piece; underlines are inside of marks, so that the end of evidence does not cut a mark.
 * @param {ShownReview} review
 */
function markedText({ words, chosen, evidence }) {
  /** @type {{ text: string, share: number, evident: boolean }[]} */
  const pieces = [];
  words.forEach((word, i) => {
    const value = Number(chosen[i]);
    const share = value < LEAST_SHOWN ? 0 : Math.round(value * 100);
    const evident = Number(evidence[i]) > 0;
    const before = pieces.at(-1);
    if (before !== undefined && !CLOSING.test(word))
      pieces.push({ text: " ", share: before.share === share ? share : 0, evident: before.evident && evident });
    pieces.push({ text: word, share, evident });
  });
  return runs(pieces, ({ share }) => share)
    .map((marked) => {
      const html = runs(marked, ({ evident }) => evident).map((run) => {
        const text = escaped(run.map((piece) => piece.text).join(""));
        return run[0]?.evident ? `<u>${text}</u>` : text;
      });
      const share = marked[0]?.share;
      return share === 0 ? html.join("") : `<mark style="--share:${share}%">${html.join("")}</mark>`;
    })
    .join("");
}

/**
 * Neighbours with the same key, together.
 * @template T @template K @param {readonly T[]} items @param {(item: T) => K} key @returns {T[][]}
 */
function runs(items, key) {
  /** @type {T[][]} */
  const all = [];
  for (const item of items) {
    const last = all.at(-1);
    if (last?.[0] !== undefined && key(last[0]) === key(item)) last.push(item);
    else all.push([item]);
  }
  return all;
}

/** @param {string} text */
function escaped(text) {
  const entities = new Map([
    ["&", "&amp;"],
    ["<", "&lt;"],
    [">", "&gt;"],
    ['"', "&quot;"],
    ["'", "&#39;"],
  ]);
  return text.replace(/[&<>"']/g, (sign) => entities.get(sign) ?? sign);
}

/** @param {number} models columns of a wide page */
function style(models) {
  return `
:root { color-scheme: light dark; --paper: #fbfaf7; --card: #fff; --ink: #1d1c1a; --soft: #6b675f; --line: #e3dfd6;
  --light: 72%; --depth: 85%; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #16171a; --card: #1f2125; --ink: #e8e6e1; --soft: #a09c94; --line: #34363b; --light: 40%; --depth: 60%; }
}
* { box-sizing: border-box; }
body { margin: 0; padding: 2rem clamp(1rem, 3vw, 3rem); background: var(--paper); color: var(--ink);
  font: 16px/1.7 Georgia, "Times New Roman", serif; }
header, .facts, h2 { font-family: system-ui, sans-serif; }
h1 { margin: 0 0 .4rem; font-size: 1.5rem; line-height: 1.25; }
.key { display: flex; flex-wrap: wrap; gap: .3rem 1.6rem; margin: 0 0 1.6rem;
  color: var(--soft); font-size: .85rem; --hue: 225; }
section { display: grid; gap: 1.2rem; margin-bottom: 1.2rem; grid-template-columns: repeat(${models}, minmax(0, 1fr)); }
@media (max-width: ${Math.max(1, models) * 300}px) { section { grid-template-columns: minmax(0, 1fr); } }
article { display: flex; flex-direction: column; padding: 1.1rem 1.3rem; border: 1px solid var(--line); border-radius: .6rem;
  background: var(--card); }
h2 { margin: 0 0 .6rem; font-size: .95rem; color: hsl(var(--hue) var(--depth) 45%); }
@media (prefers-color-scheme: dark) { h2 { color: hsl(var(--hue) 80% 74%); } }
.text, .key { isolation: isolate; }
.text { flex: 1; margin: 0; overflow-wrap: anywhere; }
/* Behind the text around it, into which it reaches. */
mark { position: relative; z-index: -1; padding: .08em .14em; margin: 0 -.14em; border-radius: .25em;
  color: var(--ink); -webkit-box-decoration-break: clone;
  box-decoration-break: clone;
  background: color-mix(in srgb, hsl(var(--hue) var(--depth) var(--light)) var(--share), transparent); }
u { text-decoration: underline; text-decoration-thickness: 2px; text-underline-offset: .28em;
  text-decoration-color: var(--ink); text-decoration-skip-ink: none; }
.facts { display: flex; flex-wrap: wrap; gap: .1rem 1.2rem; margin: .9rem 0 0; padding-top: .6rem; color: var(--soft);
  border-top: 1px solid var(--line); font-size: .82rem; font-variant-numeric: tabular-nums; }
.facts b { color: var(--ink); }
@media print { body { background: none; padding: 0; } article { break-inside: avoid; } mark { print-color-adjust: exact; } }
`;
}
