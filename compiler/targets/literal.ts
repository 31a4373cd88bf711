/** Plain data as the text of a JavaScript literal, laid out for people. */

/** Lists and records that fit into a line of this width stand on one. */
const WIDTH = 120;

type Plain = string | number | boolean | null | undefined | readonly Plain[] | { readonly [key: string]: Plain };

/**
 * The literal of data that JSON could hold. It is printable ASCII, whatever the data hold, and evaluates to the same
 * data: unlike JSON it may be pasted into a program, where a plain key `__proto__` would set the prototype.
 */
export function literal(value: object, indent = ""): string {
  return print(value as Plain, indent, indent.length);
}

/** `used`: the width that stands before the value on its line. */
function print(value: Plain, indent: string, used: number): string {
  if (typeof value === "string") return stringLiteral(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null);
  const inner = `${indent}  `;
  const isList = isArray(value);
  const parts = isList
    ? value.map((each) => ({ key: "", each }))
    : Object.entries(value).flatMap(([key, each]) => (each === undefined ? [] : [{ key: keyText(key), each }]));
  const [open, close] = isList ? ["[", "]"] : ["{", "}"];
  if (parts.length === 0) return `${open}${close}`;
  const items = parts.map(({ key, each }) => `${key}${print(each, inner, inner.length + key.length)}`);
  const space = isList ? "" : " ";
  const line = `${open}${space}${items.join(", ")}${space}${close}`;
  if (used + line.length < WIDTH && !line.includes("\n")) return line;
  if (isList && value.every((each) => typeof each !== "object")) return `${open}\n${filled(items, inner)}\n${indent}]`;
  return `${open}\n${items.map((item) => `${inner}${item},\n`).join("")}${indent}${close}`;
}

function isArray(value: readonly Plain[] | { readonly [key: string]: Plain }): value is readonly Plain[] {
  return Array.isArray(value);
}

/** As many items on each line as fit. */
function filled(items: readonly string[], indent: string): string {
  const lines: string[] = [];
  let line = indent;
  for (const item of items) {
    if (line !== indent && line.length + item.length + 1 > WIDTH) {
      lines.push(line.trimEnd());
      line = indent;
    }
    line += `${item}, `;
  }
  return [...lines, line.trimEnd()].join("\n");
}

function keyText(key: string): string {
  return key === "__proto__" ? `["__proto__"]: ` : `${stringLiteral(key)}: `;
}

/**
 * A string literal of printable ASCII. `<` is escaped too, so that a module pasted into a page cannot end its script.
 */
export function stringLiteral(text: string): string {
  return JSON.stringify(text).replace(
    /[^\x20-\x7e]|</g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
