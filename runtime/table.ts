/** Tables for results, as text or markdown, with no more digits than a number deserves. */

export type Cell = string | number | undefined;
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/**
 * A number with `digits` significant digits (4): 0.8812, −1532, 3.000e-7. Whole numbers below a million are written
 * whole; digits before the point are never rounded away.
 */
export function writeNumber(value: number, digits = 4): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e7 || size < 1e-4)) return minus(value.toExponential(digits - 1));
  if (Number.isInteger(value)) return minus(String(value));
  const before = size < 1 ? 1 : Math.floor(Math.log10(size)) + 1;
  // Below 1, places after the point rather than significant digits, so that a column of rates lines up.
  const places = size < 0.1 ? digits + 1 : size < 1 ? digits : Math.max(0, digits - before);
  return minus(value.toFixed(Math.min(places, 20)));
}

function minus(text: string): string {
  return text.replace(/^-/, "−");
}

/**
 * Markdown where asked for, otherwise columns parted by two spaces; numbers are aligned to the right, text to the left.
 */
export function formatTable(table: Table, format: "text" | "markdown" = "text"): string {
  const cells = table.rows.map((row) => table.columns.map((_, i) => writeCell(row[i])));
  const numeric = table.columns.map((_, i) => table.rows.some((row) => typeof row[i] === "number"));
  const titles = table.columns.map((title) => escapeCell(title, format));
  const escaped = cells.map((row) => row.map((cell) => escapeCell(cell, format)));
  const widths = titles.map((title, i) => Math.max(3, title.length, ...escaped.map((row) => row[i]!.length)));
  const align = (cell: string, i: number) =>
    numeric[i] === true ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!);
  if (format === "markdown") {
    const rule = widths.map((width, i) => (numeric[i] === true ? `${"-".repeat(width - 1)}:` : "-".repeat(width)));
    const line = (row: readonly string[]) => `| ${row.join(" | ")} |`;
    return [line(titles.map(align)), line(rule), ...escaped.map((row) => line(row.map(align)))].join("\n");
  }
  const line = (row: readonly string[]) => row.map(align).join("  ").trimEnd();
  return [line(titles), line(widths.map((width) => "─".repeat(width))), ...escaped.map(line)].join("\n");
}

function writeCell(cell: Cell): string {
  if (cell === undefined) return "–";
  return typeof cell === "number" ? writeNumber(cell) : cell;
}

function escapeCell(cell: string, format: "text" | "markdown"): string {
  const oneLine = cell.replace(/\s*\n\s*/g, " ");
  return format === "markdown" ? oneLine.replaceAll("|", "\\|") : oneLine;
}
