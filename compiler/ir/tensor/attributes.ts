/**
 * Attributes of nodes: their canonical text, by which nodes are interned and printed, and typed access for the op
 * records.
 */
import type { Attributes, AttributeValue, ElementType } from "./tensor.ts";

/** JSON with sorted keys; numbers that JSON lacks are written `{"$number": "Infinity"}`. */
export function attributesKey(value: AttributeValue): string {
  if (typeof value === "number") {
    return Number.isFinite(value) ? `${value}` : `{"$number":"${value}"}`;
  }
  if (typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) {
    // Lists of numbers are long: the rows of a gather, the values of a constant.
    const plain = value.every(Number.isFinite);
    return `[${(plain ? value : value.map(attributesKey)).join(",")}]`;
  }
  const fields = Object.entries(value as { readonly [key: string]: AttributeValue });
  fields.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${attributesKey(field)}`).join(",")}}`;
}

const keys = new WeakMap<Attributes, string>();

/** The key of a node's attributes, which passes hand on from node to node: made once for each object. */
export function keyOf(attributes: Attributes): string {
  const known = keys.get(attributes);
  if (known !== undefined) return known;
  const key = attributesKey(attributes);
  keys.set(attributes, key);
  return key;
}

/** The inverse of `attributesKey`. */
export function parseAttributes(text: string): Attributes {
  return JSON.parse(text, (_, value: unknown) =>
    typeof value === "object" && value !== null && "$number" in value ? Number(value.$number) : value,
  ) as Attributes;
}

function wrong(name: string, wanted: string): never {
  throw new TypeError(`the attribute ${name} must be ${wanted}`);
}

export function numberOf(attributes: Attributes, name: string): number {
  const value = attributes[name];
  return typeof value === "number" ? value : wrong(name, "a number");
}

export function integersOf(attributes: Attributes, name: string): readonly number[] {
  const value = attributes[name];
  if (Array.isArray(value) && value.every((item) => Number.isInteger(item))) return value as readonly number[];
  return wrong(name, "a list of integers");
}

export function numbersOf(attributes: Attributes, name: string): readonly number[] {
  const value = attributes[name];
  if (Array.isArray(value) && value.every((item) => typeof item === "number")) return value as readonly number[];
  return wrong(name, "a list of numbers");
}

export function stringOf(attributes: Attributes, name: string): string {
  const value = attributes[name];
  return typeof value === "string" ? value : wrong(name, "a string");
}

export function flagOf(attributes: Attributes, name: string): boolean {
  return attributes[name] === true;
}

export function dtypeOf(attributes: Attributes, name = "dtype"): ElementType {
  const value = attributes[name];
  return value === "f32" || value === "i32" || value === "bool" ? value : wrong(name, "f32, i32 or bool");
}
