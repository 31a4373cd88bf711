/** Elements of an SVG as text. Whatever a user wrote can become content, never markup. */

export interface Attributes {
  readonly [name: string]: string | number;
}

/** An element with attributes and inner elements; names and inner elements are the program's own. */
export function element(name: string, attributes: Attributes, inner: readonly string[] = []): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${attribute(value)}"`);
  const open = `<${name}${written.join("")}`;
  return inner.length === 0 ? `${open}/>` : `${open}>\n${inner.join("\n")}\n</${name}>`;
}

export function line([x1, y1, x2, y2]: readonly [number, number, number, number], style: Attributes): string {
  return element("line", { x1, y1, x2, y2, ...style });
}

/** `corners`: x and y of each in turn. */
export function polygon(corners: readonly number[], style: Attributes): string {
  return element("polygon", { points: corners.map(attribute).join(" "), ...style });
}

export function text(x: number, y: number, content: string, style: Attributes = {}): string {
  const written = Object.entries({ x, y, ...style }).map(([key, value]) => ` ${key}="${attribute(value)}"`);
  return `<text${written.join("")}>${escapeText(content)}</text>`;
}

function attribute(value: string | number): string {
  return typeof value === "number" ? String(Math.round(value * 100) / 100) : escapeText(value);
}

/** Characters that XML forbids are left out. */
function escapeText(content: string): string {
  return content
    .replace(/[^\t\n\r -\u007e\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "")
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
