/** Text in columns, for people. */

/** Rows as lines, each column as wide as its widest cell but for the last. */
export function columns(rows: readonly (readonly string[])[], indent = "  "): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, [...cell].length);
  }
  return rows.map((row) =>
    `${indent}${row.map((cell, i) => cell + " ".repeat(widths[i]! - [...cell].length)).join("  ")}`.trimEnd(),
  );
}

/** `1,234,567`; beyond a million millions as a power of ten. */
export function writeCount(value: number): string {
  if (!Number.isInteger(value) || value >= 1e12) return value.toPrecision(3);
  return value.toLocaleString("en-US");
}

/** `24 tensors`, `1 tensor`. */
export function plural(count: number, noun: string, several = `${noun}s`): string {
  return `${writeCount(count)} ${count === 1 ? noun : several}`;
}
