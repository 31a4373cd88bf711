/**
 * A figure of one structure: utilities, soft samples at falling temperatures, a row for each relaxation, and the hard
 * sample (in the manner of the paper's Figures 2 and 3).
 */
import { element, line, text } from "../../runtime/svg.ts";
import { COLOURS, drawSample, drawUtilities, heightOf, type View, WIDTH } from "./panels.ts";

/** The temperatures of soft samples, from left to right. */
export const TEMPERATURES = [2, 1, 0.5, 0.1] as const;

export interface FigureRow {
  /** The relaxation, as a model writes it. */
  readonly relaxation: string;
  /** The kernel that computes it. */
  readonly algorithm: string;
  /** One for each of the temperatures. */
  readonly soft: readonly ArrayLike<number>[];
}

/** Rows that begin at the same utilities and end at the same hard sample. */
export interface FigureGroup {
  readonly utilities: ArrayLike<number>;
  /** How the utilities are laid out where they are not those of the embedding. */
  readonly utilitiesView?: View;
  readonly hard: ArrayLike<number>;
  readonly rows: readonly FigureRow[];
}

export interface Figure {
  readonly title: string;
  readonly subtitle: string;
  readonly view: View;
  readonly groups: readonly FigureGroup[];
}

/** Room for the names of relaxations, in pixels and in characters. */
const LABEL = 138;
const LABEL_LENGTH = 20;
const GAP = 12;
const ROW_GAP = 12;
/** Where rows begin, below a subtitle of one line; the height of another. */
const TOP = 92;
const LINE = 16;
/** Characters of a line of the subtitle. */
const LONGEST = 125;
const LEFT = 18;
const FONT = "Helvetica, Arial, sans-serif";
const GREY = "#6b7280";

/** A whole SVG document. */
export function drawFigure({ title, subtitle, view, groups }: Figure): string {
  const columns = TEMPERATURES.length + 2;
  const width = LEFT + LABEL + columns * (WIDTH + GAP) + LEFT;
  const height = heightOf(view);
  const count = groups.reduce((total, group) => total + group.rows.length, 0);
  const between = (groups.length - 1) * ROW_GAP;
  const words = wrapped(subtitle);
  const first = TOP + (words.length - 1) * LINE;
  const tall = first + count * (height + ROW_GAP) + between + 6;
  const size = { width, height: tall };
  let y = first;
  const drawn = groups.flatMap((group) => {
    const top = y;
    y += group.rows.length * (height + ROW_GAP) + ROW_GAP;
    return drawGroup(group, view, height, top);
  });
  const parts = [
    element("rect", { ...size, fill: COLOURS.paper }),
    text(LEFT, 30, title, { "font-size": 17, "font-weight": "bold", fill: COLOURS.ink }),
    ...words.map((each, i) => text(LEFT, 50 + i * LINE, each, { "font-size": 12, fill: GREY })),
    ...headings(first),
    ...drawn,
  ];
  const root = { xmlns: "http://www.w3.org/2000/svg", ...size, viewBox: `0 0 ${width} ${tall}`, "font-family": FONT };
  return `${element("svg", { ...root, "font-size": 12 }, parts)}\n`;
}

const columnAt = (column: number) => LEFT + LABEL + column * (WIDTH + GAP);

/** Lines of a text. */
function wrapped(content: string): string[] {
  const lines = [""];
  for (const word of content.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (longer.length <= LONGEST) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

function headings(top: number): string[] {
  const names = [
    "utilities U",
    ...TEMPERATURES.map((t, i) => (i === 0 ? `soft sample, t = ${t}` : `t = ${t}`)),
    "hard sample X",
  ];
  const rule = line([columnAt(0), top - 8, columnAt(names.length) - GAP, top - 8], { stroke: COLOURS.faint });
  return [
    ...names.map((name, i) =>
      text(columnAt(i) + WIDTH / 2, top - 15, name, { "text-anchor": "middle", fill: COLOURS.ink }),
    ),
    rule,
  ];
}

function drawGroup(group: FigureGroup, view: View, height: number, top: number): string[] {
  const tall = group.rows.length * (height + ROW_GAP) - ROW_GAP;
  const ends = top + (tall - height) / 2;
  const utilitiesView = group.utilitiesView ?? view;
  return [
    panel(columnAt(0), top + (tall - heightOf(utilitiesView)) / 2, drawUtilities(utilitiesView, group.utilities)),
    panel(columnAt(TEMPERATURES.length + 1), ends, drawSample(view, group.hard)),
    ...group.rows.flatMap((row, i) => {
      const y = top + i * (height + ROW_GAP);
      return [
        ...label(row, y + height / 2),
        ...row.soft.map((values, j) => panel(columnAt(j + 1), y, drawSample(view, values))),
      ];
    }),
  ];
}

/** A relaxation and its algorithm; options have a line of their own where one is too short for both. */
function label({ relaxation, algorithm }: FigureRow, middle: number): string[] {
  const at = relaxation.length <= LABEL_LENGTH ? -1 : relaxation.indexOf("(");
  const names = at < 0 ? [relaxation] : [relaxation.slice(0, at), relaxation.slice(at)];
  const top = middle - 2 - 15 * (names.length - 1);
  return [
    ...names.map((name, i) => text(LEFT, top + 15 * i, name, { "font-size": 12.5, fill: COLOURS.ink })),
    text(LEFT, middle + 13, algorithm, { "font-size": 10, fill: GREY }),
  ];
}

function panel(x: number, y: number, inner: readonly string[]): string {
  return element("g", { transform: `translate(${Math.round(x)} ${Math.round(y)})` }, inner);
}
