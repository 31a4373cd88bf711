/** Colours for texts in the language: enough to read by, no parser. */

const KEYWORDS = [
  ...["model", "module", "fn", "structure", "distribution", "relaxation", "kernel", "experiment", "import"],
  ...["graph", "hyper", "data", "param", "state", "let", "latent", "prior", "observe", "update", "require", "metric"],
  ...["maximize", "minimize", "relax", "at", "backward", "straight_through", "if", "then", "else", "for", "in"],
];
const PIECES = new RegExp(
  [
    "(?<comment>//[^\\n]*)",
    '(?<string>"[^"\\n]*")',
    `(?<keyword>\\b(?:${KEYWORDS.join("|")})\\b)`,
    "(?<name>\\b[A-Z]\\w*)",
    "(?<number>\\b\\d[\\d.]*(?:e-?\\d+)?)",
  ].join("|"),
  "g",
);

/** Fills `element` with the text, its pieces in spans whose classes say what they are. */
export function highlight(element: HTMLElement, text: string): void {
  const parts: (Node | string)[] = [];
  let end = 0;
  for (const match of text.matchAll(PIECES)) {
    const [kind] = Object.entries(match.groups ?? {}).find(([, found]) => found !== undefined) ?? [];
    const span = document.createElement("span");
    span.className = kind ?? "";
    span.textContent = match[0];
    parts.push(text.slice(end, match.index), span);
    end = match.index + match[0].length;
  }
  // A text that ends with a line break shows an empty last line only if something stands on it.
  element.replaceChildren(...parts, `${text.slice(end)}\n`);
}
