/**
 * One value for each element of an embedding as a drawing: bars, cells, graphs, arcs over words, layered paths. Samples
 * are drawn by how much of each element they have, utilities by sign and size.
 */
import type { CompiledLayer } from "../../compiler/artifact.ts";
import { type Attributes, element, line, polygon, text } from "../../runtime/svg.ts";

/** How the elements of an embedding are laid out. */
export type View =
  | { readonly kind: "bars"; readonly size: number }
  | { readonly kind: "cells"; readonly rows: number; readonly columns: number }
  | { readonly kind: "graph"; readonly graph: Graph; readonly root: number | undefined; readonly grid?: number }
  | { readonly kind: "arcs"; readonly words: readonly string[] }
  /** Elements in a row, and links between neighbours. */
  | { readonly kind: "linked"; readonly size: number }
  /** States in columns, and steps from one column to the next. */
  | { readonly kind: "trellis"; readonly columns: number; readonly states: number };

type Graph = NonNullable<CompiledLayer["graph"]>;

export const WIDTH = 116;
const MARGIN = 10;
/** Blue and orange are told apart by people who do not see red and green. */
export const COLOURS = { chosen: "#1d4ed8", negative: "#d9580b", ink: "#1f2937", faint: "#e5e7eb", paper: "#ffffff" };
/** Fainter than this cannot be seen. */
const FAINTEST = 0.015;

/** What one element looks like. */
interface Mark {
  readonly colour: string;
  /** 0 to 1. */
  readonly weight: number;
  /** For bars: −1 to 1. */
  readonly height: number;
}

/** Which view fits an embedding of these parts. */
export function viewOf({ parts, size, graph }: Pick<CompiledLayer, "parts" | "size" | "graph">): View {
  if (graph !== undefined) return { kind: "graph", graph, root: undefined };
  const [first, second] = parts.map((part) => part.shape);
  if (second === undefined && first?.length === 2) return { kind: "cells", rows: first[0]!, columns: first[1]! };
  if (first?.length === 1 && second?.length === 1 && second[0] === first[0]! - 1) {
    return { kind: "linked", size: first[0]! };
  }
  if (first?.length === 2 && second?.length === 3 && second[0] === first[0]! - 1) {
    return { kind: "trellis", columns: first[0]!, states: first[1]! };
  }
  return { kind: "bars", size };
}

/** How high a panel of the given width is. */
export function heightOf(view: View): number {
  switch (view.kind) {
    case "bars":
      return 56;
    case "linked":
      return 62;
    case "arcs":
      return 94;
    case "trellis":
      return Math.min(WIDTH, 22 * view.states + 2 * MARGIN);
    case "cells":
      return Math.min(WIDTH, (view.rows * (WIDTH - 2 * MARGIN)) / view.columns + 2 * MARGIN);
    case "graph":
      return WIDTH;
  }
}

/** A sample, hard or soft. */
export function drawSample(view: View, values: ArrayLike<number>): string[] {
  return draw(view, (i) => {
    const share = Math.min(1, Math.max(0, values[i] ?? 0));
    return { colour: COLOURS.chosen, weight: share, height: share };
  });
}

/** Utilities: positive ones blue, negative ones orange. */
export function drawUtilities(view: View, values: ArrayLike<number>): string[] {
  const most = Math.max(1e-12, ...Array.from(values, Math.abs));
  const signed = (i: number): Mark => {
    const height = (values[i] ?? 0) / most;
    return { colour: height < 0 ? COLOURS.negative : COLOURS.chosen, weight: Math.abs(height), height };
  };
  // Of arcs between all words nothing could be seen.
  if (view.kind === "arcs") return cells(view.words.length, view.words.length, signed, heightOf(view));
  return draw(view, signed, true);
}

type Marks = (i: number) => Mark;

function draw(view: View, marks: Marks, signed = false): string[] {
  switch (view.kind) {
    case "bars":
      return bars(view.size, marks, signed);
    case "cells":
      return cells(view.rows, view.columns, marks, heightOf(view));
    case "graph":
      return graph(view, marks);
    case "arcs":
      return arcs(view.words, marks);
    case "linked":
      return linked(view.size, marks);
    case "trellis":
      return trellis(view.columns, view.states, marks);
  }
}

function bars(size: number, marks: Marks, signed: boolean): string[] {
  const height = heightOf({ kind: "bars", size }) - 2 * MARGIN;
  const side = (WIDTH - 2 * MARGIN) / size;
  const zero = MARGIN + (signed ? height / 2 : height);
  const unit = signed ? height / 2 : height;
  const drawn = Array.from({ length: size }, (_, i) => {
    const { colour, height: value } = marks(i);
    const [top, tall] = [zero - unit * Math.max(0, value), unit * Math.abs(value)];
    const x = MARGIN + i * side + 0.12 * side;
    return element("rect", { x, y: top, width: 0.76 * side, height: tall, fill: colour, rx: Math.min(1.5, tall / 2) });
  });
  const base = line([MARGIN, zero, WIDTH - MARGIN, zero], { stroke: COLOURS.ink, "stroke-width": 0.7 });
  const level = line([MARGIN, MARGIN, WIDTH - MARGIN, MARGIN], { stroke: COLOURS.faint, "stroke-dasharray": "2 2" });
  return [...(signed ? [] : [level]), ...drawn, base];
}

function cells(rows: number, columns: number, marks: Marks, height: number): string[] {
  const side = Math.min((WIDTH - 2 * MARGIN) / columns, (height - 2 * MARGIN) / rows);
  const [left, top] = [(WIDTH - side * columns) / 2, (height - side * rows) / 2];
  return Array.from({ length: rows * columns }, (_, i) => {
    const at = { x: left + (i % columns) * side, y: top + Math.floor(i / columns) * side };
    return square(at.x, at.y, side, marks(i));
  });
}

function square(x: number, y: number, side: number, { colour, weight }: Mark): string {
  const inner = side - Math.min(2, side / 6);
  const fill = { fill: colour, "fill-opacity": weight, stroke: COLOURS.faint, "stroke-width": 0.8 };
  return element("rect", {
    x: x + (side - inner) / 2,
    y: y + (side - inner) / 2,
    width: inner,
    height: inner,
    ...fill,
    rx: side / 8,
  });
}

type Point = readonly [x: number, y: number];

function graph(
  { graph: { vertices, edges, directed }, root, grid }: Extract<View, { kind: "graph" }>,
  marks: Marks,
): string[] {
  const middle = WIDTH / 2;
  const places: Point[] = Array.from({ length: vertices }, (_, v) => {
    if (grid !== undefined) {
      const rows = Math.ceil(vertices / grid);
      const step = (WIDTH - 3 * MARGIN) / Math.max(1, grid - 1, rows - 1);
      const [column, row] = [v % grid, Math.floor(v / grid)];
      return [middle + (column - (grid - 1) / 2) * step, middle + (row - (rows - 1) / 2) * step];
    }
    const angle = (2 * Math.PI * v) / vertices;
    return [middle + (middle - 1.1 * MARGIN) * Math.sin(angle), middle - (middle - 1.1 * MARGIN) * Math.cos(angle)];
  });
  const ordered = [...edges.keys()].map((e) => ({ e, mark: marks(e) })).sort((a, b) => a.mark.weight - b.mark.weight);
  const drawn = ordered.flatMap(({ e, mark }) => {
    if (mark.weight < FAINTEST) return [];
    const [a, b] = [places[edges[e]![0]]!, places[edges[e]![1]]!];
    return directed ? arrow(a, b, mark) : [line([...a, ...b], stroke(mark))];
  });
  const dots = places.map(([cx, cy], v) => {
    const ring = v === root ? { fill: COLOURS.paper, stroke: COLOURS.ink, "stroke-width": 2.2 } : { fill: COLOURS.ink };
    return element("circle", { cx, cy, r: v === root ? 4.2 : 3.4, ...ring });
  });
  return [...drawn, ...dots];
}

function stroke({ colour, weight }: Mark): Attributes {
  const look = { stroke: colour, "stroke-width": 0.7 + 2.1 * weight, "stroke-opacity": weight };
  return { ...look, "stroke-linecap": "round", fill: "none" };
}

/** From a to b, bent so that it is not covered by the one from b to a. */
function arrow(a: Point, b: Point, mark: Mark): string[] {
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
  const [ux, uy] = [(b[0] - a[0]) / length, (b[1] - a[1]) / length];
  const bend = Math.min(9, 0.13 * length);
  const control: Point = [(a[0] + b[0]) / 2 - 2 * bend * uy, (a[1] + b[1]) / 2 + 2 * bend * ux];
  const towards = Math.hypot(b[0] - control[0], b[1] - control[1]) || 1;
  const [tx, ty] = [(b[0] - control[0]) / towards, (b[1] - control[1]) / towards];
  const tip: Point = [b[0] - 4.6 * tx, b[1] - 4.6 * ty];
  const head = headAt(tip, [tx, ty], mark);
  const end: Point = [tip[0] - head.length * tx, tip[1] - head.length * ty];
  const d = `M${fixed(a)} Q${fixed(control)} ${fixed(end)}`;
  return [element("path", { d, ...stroke(mark), "stroke-linecap": "butt" }), head.drawn];
}

const fixed = (point: Point) => point.map((value) => Math.round(100 * value) / 100).join(" ");

/** The head of an arrow that points along a unit vector. */
function headAt([x, y]: Point, [ux, uy]: Point, { colour, weight }: Mark) {
  const length = 5 + 3 * weight;
  const half = 0.45 * length;
  const [bx, by] = [x - length * ux, y - length * uy];
  const corners = [x, y, bx - half * uy, by + half * ux, bx + half * uy, by - half * ux];
  return { length: 0.8 * length, drawn: polygon(corners, { fill: colour, "fill-opacity": weight }) };
}

/** A head is joined to each of its modifiers by an arc over the words. */
function arcs(words: readonly string[], marks: Marks): string[] {
  const count = words.length;
  const height = heightOf({ kind: "arcs", words });
  const base = height - 18;
  const at = (i: number) => MARGIN + 4 + (i * (WIDTH - 2 * MARGIN - 8)) / (count - 1);
  const all = Array.from({ length: count * count }, (_, e) => ({ e, mark: marks(e) }));
  const drawn = all
    .sort((a, b) => a.mark.weight - b.mark.weight)
    .flatMap(({ e, mark }) => {
      const [from, to] = [Math.floor(e / count), e % count];
      if (from === to || mark.weight < FAINTEST) return [];
      return arc(at(from), at(to), base, (base - 6) * (0.24 + (0.76 * (Math.abs(from - to) - 1)) / (count - 2)), mark);
    });
  const written = words.map((word, i) =>
    text(at(i), height - 6, word, { "font-size": 8.5, "text-anchor": "middle", fill: COLOURS.ink }),
  );
  return [...drawn, ...written];
}

/** Half an ellipse from one word to another, moved a little towards its head's side, with an arrow down at the end. */
function arc(from: number, to: number, base: number, rise: number, mark: Mark): string[] {
  const side = Math.sign(to - from);
  const [start, end] = [from + 2.2 * side, to - 1.2 * side];
  const head = headAt([end, base], [0, 1], mark);
  const bottom = base - head.length;
  const [up, radius] = [base - rise, Math.min(10, Math.abs(end - start) / 2)];
  const d =
    `M${fixed([start, base])} V${fixed1(up + radius)} Q${fixed([start, up])} ${fixed([start + side * radius, up])} ` +
    `H${fixed1(end - side * radius)} Q${fixed([end, up])} ${fixed([end, Math.min(bottom, up + radius)])} V${fixed1(bottom)}`;
  return [element("path", { d, ...stroke(mark), "stroke-linecap": "butt" }), head.drawn];
}

const fixed1 = (value: number) => Math.round(100 * value) / 100;

/** Elements as cells in a row, links as bows above them. */
function linked(size: number, marks: Marks): string[] {
  const side = (WIDTH - 2 * MARGIN) / size;
  const top = heightOf({ kind: "linked", size }) - MARGIN - side;
  const squares = Array.from({ length: size }, (_, i) => square(MARGIN + i * side, top, side, marks(i)));
  const bows = Array.from({ length: size - 1 }, (_, i) => {
    const mark = marks(size + i);
    if (mark.weight < FAINTEST) return "";
    const [left, right] = [MARGIN + (i + 0.5) * side, MARGIN + (i + 1.5) * side];
    const d = `M${fixed([left, top - 2])} C${fixed([left, top - 17])} ${fixed([right, top - 17])} ${fixed([right, top - 2])}`;
    return element("path", { d, ...stroke(mark) });
  });
  return [...squares, ...bows.filter((each) => each !== "")];
}

/** A column for each position, a dot for each of its states, lines for steps between them. */
function trellis(columns: number, states: number, marks: Marks): string[] {
  const height = heightOf({ kind: "trellis", columns, states });
  const place = (column: number, state: number): Point => [
    MARGIN + 5 + (column * (WIDTH - 2 * MARGIN - 10)) / Math.max(1, columns - 1),
    MARGIN + 5 + (state * (height - 2 * MARGIN - 10)) / Math.max(1, states - 1),
  ];
  const steps = Array.from({ length: (columns - 1) * states * states }, (_, e) => {
    const mark = marks(columns * states + e);
    const [column, from, to] = [Math.floor(e / states ** 2), Math.floor(e / states) % states, e % states];
    if (mark.weight < FAINTEST) return "";
    return line([...place(column, from), ...place(column + 1, to)], stroke(mark));
  });
  const dots = Array.from({ length: columns * states }, (_, i) => {
    const [cx, cy] = place(Math.floor(i / states), i % states);
    const { colour, weight } = marks(i);
    const blank = element("circle", { cx, cy, r: 4.6, fill: COLOURS.paper, stroke: "#d1d5db", "stroke-width": 0.8 });
    return [blank, element("circle", { cx, cy, r: 4.6, fill: colour, "fill-opacity": weight })];
  });
  return [...steps.filter((each) => each !== ""), ...dots.flat()];
}
