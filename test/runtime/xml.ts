/** A reader of XML as far as pictures need it: throws where a text is not well-formed. */
import { expect } from "vitest";

export interface XmlElement {
  readonly name: string;
  readonly attributes: { readonly [name: string]: string };
  readonly children: readonly XmlElement[];
  readonly text: string;
}

const NAME = "[A-Za-z_][\\w:.-]*";
const TAG = new RegExp(`<(/?)(${NAME})((?:\\s+${NAME}="[^"<]*")*)\\s*(/?)>`, "y");

function plainText(text: string): string {
  expect(text.replace(/&(#\d+|amp|lt|gt|quot|apos);/g, "")).not.toMatch(/[&<]/);
  return text.replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));
}

/** The root element; everything must be nested, closed and escaped, and no character may be one that XML forbids. */
export function parseXml(source: string): XmlElement {
  expect(source).not.toMatch(/[^\t\n\r -\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u);
  const top = { name: "", attributes: {}, children: [] as XmlElement[], text: "" };
  const open = [top];
  for (let at = 0; at < source.length; ) {
    const inner = open.at(-1)!;
    if (source[at] !== "<") {
      const end = source.indexOf("<", at);
      inner.text += plainText(source.slice(at, end === -1 ? undefined : end));
      at = end === -1 ? source.length : end;
      continue;
    }
    TAG.lastIndex = at;
    const found = TAG.exec(source);
    if (found === null) throw new Error(`no tag at ${source.slice(at, at + 60)}`);
    const [whole, closing, name, attributes, alone] = found;
    at += whole.length;
    if (closing === "/") {
      if (inner.name !== name) throw new Error(`</${name}> closes <${inner.name}>`);
      open.pop();
      continue;
    }
    const pairs = [...attributes!.matchAll(new RegExp(`(${NAME})="([^"]*)"`, "g"))].map(
      ([, key, value]) => [key!, plainText(value!)] as const,
    );
    if (new Set(pairs.map(([key]) => key)).size !== pairs.length) throw new Error(`twice the same attribute: ${whole}`);
    const element = { name: name!, attributes: Object.fromEntries(pairs), children: [], text: "" };
    inner.children.push(element);
    if (alone !== "/") open.push(element);
  }
  const [root, ...others] = top.children;
  if (open.length !== 1 || root === undefined || others.length > 0 || top.text.trim() !== "") {
    throw new Error("not one element, closed");
  }
  return root;
}

/** All elements of a name, in the order of the text. */
export function elementsOf(root: XmlElement, name: string): XmlElement[] {
  return [...(root.name === name ? [root] : []), ...root.children.flatMap((child) => elementsOf(child, name))];
}
