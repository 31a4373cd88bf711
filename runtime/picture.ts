/**
 * Samples of a latent as an SVG: a row for each example, a column for each way of seeing it (the truth, soft samples,
 * hard samples). Edges of a graph are lines between vertices; anything else is a grid of cells.
 */
import type { LatentSummary } from "../compiler/artifact.ts";
import { sizeOf } from "./host-tensor.ts";
import { type Attributes, element, line, polygon, text } from "./svg.ts";

/** What one panel shows: one value for each element of the latent's embedding, in row-major order. */
export interface Panel {
  readonly values: ArrayLike<number>;
  /** What a hard sample lacks of the truth is shown as missed; a soft one has a little of everything. */
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
/** Between a panel's frame and its cells. */
const MARGIN = 8;
/** Room for a column's title, in characters. */
const TITLE = 24;
/** Fainter than this cannot be seen, and a soft sample has all the edges there are. */
const FAINTEST = 0.02;
/** Radius of a vertex, and how long the head of an arrow is. */
const VERTEX = 3.5;
const HEAD = 9;
/** Blue and orange are told apart by people who do not see red and green. */
const COLOURS = { right: "#1d4ed8", wrong: "#ea580c", missed: "#9ca3af", vertex: "#111827", frame: "#e5e7eb" } as const;

type Truth = ArrayLike<number> | undefined;

/** A whole SVG document. Texts of the user's are escaped. */
export function drawPicture(picture: Picture): string {
  const { columns, rows, latent, title } = picture;
  const titleWidth = LEFT + 9 * title.length + GAP;
  const width = Math.max(460, titleWidth, LEFT + columns.length * (PANEL + GAP) + GAP);
  const panelHeight = heightOf(latent);
  const height = TOP + rows.length * (panelHeight + GAP) + BOTTOM;
  const size = { width, height };
  const hasTruth = rows.some((row) => row.panels.some((panel) => panel.kind === "truth"));
  const parts = [
    element("rect", { ...size, fill: "white" }),
    text(LEFT, 24, title, { "font-size": 15 }),
    ...columns.flatMap((lines, i) => heading(lines, LEFT + i * (PANEL + GAP) + PANEL / 2)),
    ...rows.flatMap((row, i) => drawRow(latent, row, TOP + i * (panelHeight + GAP), panelHeight)),
    ...legend(height - 14, hasTruth, latent.graph !== undefined),
  ];
  const font = { "font-family": "Helvetica, Arial, sans-serif", "font-size": 12 };
  const root = { xmlns: "http://www.w3.org/2000/svg", ...size, viewBox: `0 0 ${width} ${height}`, ...font };
  return `${element("svg", root, parts)}\n`;
}

function heading(lines: readonly string[], x: number): string[] {
  return lines.map((words, i) => {
    const short = words.length <= TITLE ? words : `${words.slice(0, TITLE - 1)}…`;
    return text(x, TOP - 10 - 15 * (lines.length - 1 - i), short, { "text-anchor": "middle" });
  });
}

function drawRow(latent: LatentSummary, row: PictureRow, y: number, height: number): string[] {
  const truth = row.panels.find((panel) => panel.kind === "truth")?.values;
  return [
    text(LEFT - 10, y + height / 2 + 4, row.label, { "text-anchor": "end" }),
    ...row.panels.map((panel, i) => {
      const inner = latent.graph === undefined ? cells(latent, panel, truth) : graph(latent.graph, row, panel, truth);
      const frame = element("rect", { width: PANEL, height, rx: 6, fill: "none", stroke: COLOURS.frame });
      return element("g", { transform: `translate(${LEFT + i * (PANEL + GAP)} ${y})` }, [frame, ...inner]);
    }),
  ];
}

function legend(y: number, hasTruth: boolean, isGraph: boolean): string[] {
  const what = isGraph ? "edge" : "element";
  const entries: (readonly [string, Attributes])[] = hasTruth
    ? [
        [`true ${what}`, { stroke: COLOURS.right }],
        [`false ${what}`, { stroke: COLOURS.wrong }],
        [`missed ${what}`, { stroke: COLOURS.missed, "stroke-dasharray": "4 4" }],
      ]
    : [[`chosen ${what}`, { stroke: COLOURS.right }]];
  return entries.flatMap(([name, style], i) => {
    const x = LEFT + i * 135;
    const key = element("path", { d: `M${x} ${y - 4} h22`, "stroke-width": 3, ...style });
    return [key, text(x + 28, y, name)];
  });
}

/** How much of an element a panel shows: 0 to 1, whatever the numbers are. */
function share(values: ArrayLike<number>, i: number): number {
  const value = values[i] ?? 0;
  return value > 0 ? Math.min(1, value) : 0;
}

const isTrue = (truth: Truth, i: number): boolean => truth === undefined || truth[i]! > 0.5;

/** Whether a hard sample lacks an element that it should have. */
function isMissed({ kind, values }: Panel, truth: Truth, i: number): boolean {
  return kind === "hard" && truth !== undefined && isTrue(truth, i) && share(values, i) < 0.5;
}

function graph(
  { vertices, edges, directed }: NonNullable<LatentSummary["graph"]>,
  row: PictureRow,
  panel: Panel,
  truth: Truth,
): string[] {
  const places = fitted(row.positions, vertices);
  const both = new Set(directed ? edges.map(([a, b]) => `${a} ${b}`) : []);
  const parts: string[] = [];
  // What is right is drawn last, on top.
  const order = [...edges.keys()].sort((a, b) => Number(isTrue(truth, a)) - Number(isTrue(truth, b)));
  for (const e of order) {
    const [a, b] = edges[e]!;
    const ends = endsOf(places, a, b, directed, both.has(`${b} ${a}`));
    if (isMissed(panel, truth, e)) {
      const style = { stroke: COLOURS.missed, "stroke-width": 1.5, "stroke-dasharray": "4 4" };
      parts.push(line(ends, style), ...(directed ? [head(ends, COLOURS.missed, 1)] : []));
    }
    const value = share(panel.values, e);
    if (value < FAINTEST) continue;
    const colour = isTrue(truth, e) ? COLOURS.right : COLOURS.wrong;
    const style = { stroke: colour, "stroke-width": 0.5 + 2 * value, "stroke-opacity": value };
    parts.push(line(ends, { ...style, "stroke-linecap": "round" }), ...(directed ? [head(ends, colour, value)] : []));
  }
  for (let v = 0; v < vertices; v++) {
    parts.push(element("circle", { cx: places[2 * v]!, cy: places[2 * v + 1]!, r: VERTEX, fill: COLOURS.vertex }));
  }
  return parts;
}

type Ends = readonly [number, number, number, number];

/** From vertex a to vertex b; an arrow stops before its target, and one that has an opposite gives way to it. */
function endsOf(places: readonly number[], a: number, b: number, directed: boolean, aside: boolean): Ends {
  const [x1, y1, x2, y2] = [places[2 * a]!, places[2 * a + 1]!, places[2 * b]!, places[2 * b + 1]!];
  const length = Math.hypot(x2 - x1, y2 - y1);
  if (!directed || length === 0) return [x1, y1, x2, y2];
  const [ux, uy] = [(x2 - x1) / length, (y2 - y1) / length];
  const [sx, sy] = aside ? [-3 * uy, 3 * ux] : [0, 0];
  const short = Math.min(VERTEX + 1, length / 3);
  return [x1 + sx + short * ux, y1 + sy + short * uy, x2 + sx - short * ux, y2 + sy - short * uy];
}

function head([x1, y1, x2, y2]: Ends, colour: string, opacity: number): string {
  const length = Math.hypot(x2 - x1, y2 - y1);
  const [ux, uy] = length === 0 ? [0, 0] : [(x2 - x1) / length, (y2 - y1) / length];
  const [bx, by] = [x2 - HEAD * ux, y2 - HEAD * uy];
  const half = 0.4 * HEAD;
  const corners = [x2, y2, bx - half * uy, by + half * ux, bx + half * uy, by - half * ux];
  return polygon(corners, { fill: colour, "fill-opacity": opacity });
}

/** Rows of cells; what is long and thin is wrapped. */
function cells({ shape }: LatentSummary, panel: Panel, truth: Truth): string[] {
  const { across, side, place } = arrangement(shape);
  const [left, top] = [(PANEL - side * across) / 2, MARGIN];
  const inner = Math.max(side - 1, side / 2);
  return Array.from({ length: sizeOf(shape) }, (_, i) => {
    const [column, row] = place(i);
    const at = { x: left + column * side, y: top + row * side, width: inner, height: inner };
    const fill = { fill: isTrue(truth, i) ? COLOURS.right : COLOURS.wrong, "fill-opacity": share(panel.values, i) };
    const missed = isMissed(panel, truth, i);
    return element("rect", {
      ...at,
      ...fill,
      stroke: missed ? COLOURS.missed : COLOURS.frame,
      ...(missed ? { "stroke-width": 1.5, "stroke-dasharray": side / 5 } : {}),
    });
  });
}

/** A panel is as high as it is wide, and less where a few rows of cells are all that it holds. */
function heightOf({ graph, shape }: LatentSummary): number {
  if (graph !== undefined) return PANEL;
  const { down, side } = arrangement(shape);
  return down * side + 2 * MARGIN;
}

/**
 * Where each element stands, in cells from the corner: a vector in a row, or in several where it is long; a matrix as
 * it is written, in blocks of rows side by side where it has many.
 */
function arrangement(shape: readonly number[]) {
  const total = sizeOf(shape);
  const isVector = shape.length < 2;
  const wrapped = total <= 12 ? Math.max(1, total) : Math.ceil(Math.sqrt(total));
  const last = isVector ? wrapped : Math.max(1, shape.at(-1)!);
  const rows = Math.max(1, Math.ceil(total / last));
  const blocks = isVector || rows <= 10 ? 1 : Math.max(1, Math.round(Math.sqrt(rows / (last + 1))));
  const down = Math.ceil(rows / blocks);
  const across = blocks * (last + 1) - 1;
  const side = Math.min(28, (PANEL - 2 * MARGIN) / Math.max(across, down));
  const place = (i: number) => {
    const row = Math.floor(i / last);
    return [Math.floor(row / down) * (last + 1) + (i % last), row % down] as const;
  };
  return { across, down, side, place };
}

function circle(vertices: number): number[] {
  return Array.from({ length: vertices }, (_, v) => (2 * Math.PI * v) / vertices).flatMap((angle) => [
    Math.sin(angle),
    -Math.cos(angle),
  ]);
}

/** Positions moved and scaled into the panel, the same scale for both axes; on a circle where they tell nothing. */
function fitted(given: ArrayLike<number> | undefined, vertices: number): number[] {
  const margin = 14;
  const listed = Array.from(given ?? []).slice(0, 2 * vertices);
  const usable = listed.length === 2 * vertices && listed.every(Number.isFinite);
  const positions = usable && extentOf(listed) > 0 ? listed : circle(vertices);
  const middle = (from: number) => {
    const values = axis(positions, from);
    return (Math.min(...values) + Math.max(...values)) / 2;
  };
  const scale = (PANEL - 2 * margin) / (extentOf(positions) || 1);
  const [cx, cy] = [middle(0), middle(1)];
  return positions.map((value, i) => PANEL / 2 + (value - (i % 2 === 0 ? cx : cy)) * scale);
}

function axis(positions: readonly number[], from: number): number[] {
  return positions.filter((_, i) => i % 2 === from);
}

/** The larger side of the box around the positions. */
function extentOf(positions: readonly number[]): number {
  const extent = (values: readonly number[]) => Math.max(...values) - Math.min(...values);
  return positions.length === 0 ? 0 : Math.max(extent(axis(positions, 0)), extent(axis(positions, 1)));
}
