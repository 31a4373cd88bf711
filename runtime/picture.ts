/**
 * Samples of a latent as an SVG: a row for each example, a column for each way of seeing it (the truth, soft samples,
 * hard samples). Edges of a graph are lines between vertices; anything else is a grid of cells.
 */
import type { LatentSummary } from "../compiler/artifact.ts";

/** What one panel shows: one value for each element of the latent's embedding, in row-major order. */
export interface Panel {
  readonly values: ArrayLike<number>;
  /** Hard samples are coloured by whether they agree with the truth; soft ones are shaded. */
  readonly kind: "truth" | "soft" | "hard";
}
export interface PictureRow {
  readonly label: string;
  readonly panels: readonly Panel[];
  /** Where the vertices of a graph are: x and y of each in turn; on a circle by default. */
  readonly positions?: ArrayLike<number>;
}
export interface Picture {
  readonly title: string;
  readonly latent: LatentSummary;
  /** Each in a line or two. */
  readonly columns: readonly (readonly [string] | readonly [string, string])[];
  readonly rows: readonly PictureRow[];
}

const PANEL = 150;
const GAP = 16;
const LEFT = 46;
const TOP = 78;
const BOTTOM = 40;
/** Blue and orange are told apart by people who do not see red and green. */
const COLOURS = { right: "#1d4ed8", wrong: "#ea580c", missed: "#9ca3af", vertex: "#111827", frame: "#e5e7eb" } as const;

/** A whole SVG document. Texts of the user's are escaped. */
export function drawPicture(picture: Picture): string {
  const { columns, rows, latent } = picture;
  const width = Math.max(420, LEFT + columns.length * (PANEL + GAP) + GAP);
  const height = TOP + rows.length * (PANEL + GAP) + BOTTOM;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="Helvetica, Arial, sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    text(LEFT, 24, picture.title, { size: 15 }),
    ...columns.flatMap((lines, i) =>
      lines.map((title, j) =>
        text(LEFT + i * (PANEL + GAP) + PANEL / 2, TOP - 10 - 15 * (lines.length - 1 - j), title, { anchor: "middle" }),
      ),
    ),
  ];
  for (const [i, row] of rows.entries()) {
    const y = TOP + i * (PANEL + GAP);
    parts.push(text(LEFT - 10, y + PANEL / 2, row.label, { anchor: "end" }));
    const truth = row.panels.find((panel) => panel.kind === "truth")?.values;
    for (const [j, panel] of row.panels.entries()) {
      const inner = latent.graph === undefined ? cells(latent, panel, truth) : graph(latent.graph, row, panel, truth);
      const x = LEFT + j * (PANEL + GAP);
      parts.push(
        `<g transform="translate(${x} ${y})">`,
        `<rect width="${PANEL}" height="${PANEL}" rx="6" fill="none" stroke="${COLOURS.frame}"/>`,
        ...inner,
        "</g>",
      );
    }
  }
  const hasTruth = rows.some((row) => row.panels.some((panel) => panel.kind === "truth"));
  return `${[...parts, ...legend(height - 14, hasTruth, latent.graph !== undefined), "</svg>"].join("\n")}\n`;
}

function legend(y: number, hasTruth: boolean, isGraph: boolean): string[] {
  const what = isGraph ? "edge" : "element";
  const entries: (readonly [string, string, boolean])[] = hasTruth
    ? [
        [COLOURS.right, `true ${what}`, false],
        [COLOURS.wrong, `false ${what}`, false],
        ...(isGraph ? [[COLOURS.missed, `missed ${what}`, true] as const] : []),
      ]
    : [[COLOURS.right, `chosen ${what}`, false]];
  return entries.flatMap(([colour, name, dashed], i) => [
    line([LEFT + i * 120, y - 4, LEFT + i * 120 + 22, y - 4], colour, 3, 1, dashed),
    text(LEFT + i * 120 + 28, y, name),
  ]);
}

function graph(
  { vertices, edges }: NonNullable<LatentSummary["graph"]>,
  row: PictureRow,
  { values, kind }: Panel,
  truth: ArrayLike<number> | undefined,
): string[] {
  const places = fitted(row.positions ?? circle(vertices));
  const parts: string[] = [];
  const isRight = (e: number) => truth === undefined || truth[e]! > 0.5;
  // What is right is drawn last, on top.
  const order = [...edges.entries()].sort(([a], [b]) => Number(isRight(a)) - Number(isRight(b)));
  for (const [e, [a, b]] of order) {
    const value = Math.min(1, Math.max(0, values[e] ?? 0));
    const ends: Ends = [places[2 * a]!, places[2 * a + 1]!, places[2 * b]!, places[2 * b + 1]!];
    const colour = isRight(e) ? COLOURS.right : COLOURS.wrong;
    if (kind === "hard" && value < 0.5 && truth !== undefined && isRight(e)) {
      parts.push(line(ends, COLOURS.missed, 1.5, 1, true));
    }
    // Fainter than this cannot be seen, and a soft sample has all the edges there are.
    if (value >= 0.02) parts.push(line(ends, colour, 0.5 + 2 * value, value, false));
  }
  for (let v = 0; v < vertices; v++) {
    parts.push(
      `<circle cx="${round(places[2 * v]!)}" cy="${round(places[2 * v + 1]!)}" r="3.5" fill="${COLOURS.vertex}"/>`,
    );
  }
  return parts;
}

function cells({ shape }: LatentSummary, { values, kind }: Panel, truth: ArrayLike<number> | undefined): string[] {
  const total = shape.reduce((product, length) => product * length, 1);
  const last = shape.at(-1) ?? 1;
  // Matrices as they are written; long vectors are wrapped into a square.
  const across = shape.length > 1 ? last : Math.ceil(Math.sqrt(total));
  const side = (PANEL - 16) / Math.max(across, Math.ceil(total / across));
  return Array.from({ length: total }, (_, i) => {
    const value = Math.min(1, Math.max(0, values[i] ?? 0));
    const colour = kind === "hard" && truth !== undefined && truth[i]! < 0.5 ? COLOURS.wrong : COLOURS.right;
    const [x, y] = [8 + (i % across) * side, 8 + Math.floor(i / across) * side];
    return `<rect x="${round(x)}" y="${round(y)}" width="${round(side - 1)}" height="${round(side - 1)}" fill="${colour}" fill-opacity="${round(value)}" stroke="${COLOURS.frame}"/>`;
  });
}

function circle(vertices: number): number[] {
  return Array.from({ length: vertices }, (_, v) => (2 * Math.PI * v) / vertices).flatMap((angle) => [
    Math.sin(angle),
    -Math.cos(angle),
  ]);
}

/** Positions moved and scaled into the panel, the same scale for both axes. */
function fitted(positions: ArrayLike<number>): number[] {
  const margin = 14;
  const axis = (from: number) => Array.from(positions).filter((_, i) => i % 2 === from);
  const [xs, ys] = [axis(0), axis(1)];
  const middle = (values: number[]) => (Math.min(...values) + Math.max(...values)) / 2;
  const extent = (values: number[]) => Math.max(...values) - Math.min(...values);
  const scale = (PANEL - 2 * margin) / Math.max(extent(xs), extent(ys), 1e-9);
  const [cx, cy] = [middle(xs), middle(ys)];
  return xs.flatMap((x, v) => [PANEL / 2 + (x - cx) * scale, PANEL / 2 + (ys[v]! - cy) * scale]);
}

type Ends = readonly [number, number, number, number];

function line([x1, y1, x2, y2]: Ends, colour: string, width: number, opacity: number, dashed: boolean): string {
  const dash = dashed ? ' stroke-dasharray="4 4"' : "";
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${colour}" stroke-width="${round(width)}" stroke-opacity="${round(opacity)}" stroke-linecap="round"${dash}/>`;
}

function text(x: number, y: number, content: string, style: { size?: number; anchor?: "middle" | "end" } = {}): string {
  const size = style.size === undefined ? "" : ` font-size="${style.size}"`;
  const anchor = style.anchor === undefined ? "" : ` text-anchor="${style.anchor}"`;
  return `<text x="${round(x)}" y="${round(y)}"${size}${anchor}>${escapeText(content)}</text>`;
}

/** Text that a user wrote can never become markup; characters that XML forbids are left out. */
function escapeText(content: string): string {
  return Array.from(content)
    .filter((character) => character >= " " && !/[\u007f-\u009f\ufffe\uffff\ud800-\udfff]/.test(character))
    .join("")
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
