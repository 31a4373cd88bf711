/** `sstc gallery`: draws every structure with all its relaxations, an SVG for each, and a page that shows them all. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { catalogue, type StructureEntry } from "../compiler/catalogue.ts";
import { didYouMean, type Source } from "../compiler/diagnostic.ts";
import { compileLayer } from "../compiler/layer.ts";
import { Names } from "../compiler/names.ts";
import { HostLayer } from "../runtime/host-layer.ts";
import { normal } from "../runtime/random.ts";
import { library } from "../stdlib/library.ts";
import { importFromFiles, openSource } from "./files.ts";
import { EXAMPLES } from "./gallery/examples.ts";
import { drawFigure, type Figure, type FigureGroup, type FigureRow, TEMPERATURES } from "./gallery/figure.ts";
import { viewOf } from "./gallery/panels.ts";
import { UsageError } from "./usage-error.ts";
import { readSeed } from "./values.ts";

export interface GalleryOptions {
  readonly out: string;
  readonly source?: string;
  readonly seed: string;
}

/** Utilities are normal with this deviation: at t = 2 soft samples are spread out, at t = 0.1 nearly hard. */
const DEVIATION = 1.6;
/** Draws to choose among. */
const DRAWS = 12;

/** Draws the structures of these names, or all of them; tells the files that it wrote. */
export function galleryCommand(wanted: readonly string[], options: GalleryOptions): number {
  const source = options.source === undefined ? { name: "<none>", text: "" } : openSource(options.source);
  const seed = readSeed(options.seed);
  const entries = catalogue(new Names(library, importFromFiles), source).structures;
  const chosen = wanted.length === 0 ? entries : wanted.map((name) => find(name, entries));
  mkdirSync(options.out, { recursive: true });
  const drawn = chosen.map((entry) => {
    const figure = figureOf(entry, source, seed);
    const svg = drawFigure(figure);
    const path = join(options.out, `${fileName(entry.declaration.name.name)}.svg`);
    writeFileSync(path, svg);
    process.stdout.write(`${path}\n`);
    return { figure, svg };
  });
  const page = join(options.out, "gallery.html");
  writeFileSync(page, pageOf(drawn));
  process.stdout.write(`${page}\n`);
  return 0;
}

function find(name: string, entries: readonly StructureEntry[]): StructureEntry {
  const found = entries.find((entry) => entry.declaration.name.name === name);
  if (found !== undefined) return found;
  const names = entries.map((entry) => entry.declaration.name.name);
  const near = didYouMean(name, names);
  throw new UsageError(
    `there is no structure ${name}: ${near === undefined ? `choose among ${names.join(", ")}` : `did you mean ${near}?`}`,
  );
}

/** `spanning-tree` */
function fileName(name: string): string {
  return name.replace(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, "-").toLowerCase();
}

/** All relaxations of a structure at one draw of the utilities. */
function figureOf({ declaration, sample, combinations }: StructureEntry, source: Source, seed: number): Figure {
  const example = EXAMPLES[declaration.name.name];
  const structure = example?.structure ?? sample.label;
  const request = { structure, source, resolveImport: importFromFiles };
  const compiled = compileLayer(request, library);
  const solver = new HostLayer(compiled);
  const supported = combinations.flatMap((each) => (each.kind === "supported" ? [each] : [])).sort(familyFirst);
  const layers = supported.map(({ relaxation, algorithm }): Drawn => {
    const compiled = compileLayer({ ...request, relaxation, temperature: "1" }, library);
    return { relaxation, algorithm, layer: new HostLayer(compiled), shape: compiled.inputShape };
  });
  const own = layers.filter(({ shape }) => shape !== undefined);
  return {
    title: structure,
    subtitle: firstSentence(declaration.doc ?? ""),
    view: example?.view?.(compiled) ?? viewOf(compiled),
    groups: [
      groupOf(
        solver,
        layers.filter((each) => !own.includes(each)),
        seed,
      ),
      // What takes an input of its own begins at that, and has a hard sample for it.
      ...own.map((each) => groupOf(each.layer, [each], seed)),
    ],
  };
}

/** A relaxation that is drawn, and the shape of its own input if it takes one. */
interface Drawn {
  readonly relaxation: string;
  readonly algorithm: string;
  readonly layer: HostLayer;
  readonly shape: readonly number[] | undefined;
}

/** Relaxations at one draw of the utilities, whose hard sample the solver gives. */
function groupOf(solver: HostLayer, layers: readonly Drawn[], seed: number): FigureGroup {
  const utilities = clearUtilities(solver.inputSize, seed, (u) => {
    const hard = solver.argmax(u);
    return Math.max(0, ...layers.map(({ layer }) => distance(layer.soft(u, TEMPERATURES.at(-1)!), hard)));
  });
  const rows = layers.map(({ relaxation, algorithm, layer }): FigureRow => {
    return { relaxation, algorithm, soft: TEMPERATURES.map((t) => layer.soft(utilities, t)) };
  });
  const group = { utilities, hard: solver.argmax(utilities), rows };
  const shape = layers[0]?.shape;
  if (shape === undefined) return group;
  const view = viewOf({ parts: [{ name: "u", shape }], size: solver.inputSize });
  return { ...group, utilitiesView: view };
}

/** Of several draws the one at which soft samples are nearest to the hard one when it is cold: no near ties. */
function clearUtilities(size: number, seed: number, blur: (u: Float64Array) => number): Float64Array {
  const draws = Array.from({ length: DRAWS }, (_, i) =>
    Float64Array.from(normal(seed, 0, i, size), (z) => DEVIATION * z),
  );
  const blurs = draws.map(blur);
  return draws[blurs.indexOf(Math.min(...blurs))]!;
}

function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)));
}

/** What most structures have comes first; the rest stays in order. */
function familyFirst(a: { readonly name: string }, b: { readonly name: string }): number {
  return Number(b.name === "ExpFamily") - Number(a.name === "ExpFamily");
}

function firstSentence(doc: string): string {
  // What begins with no capital goes on: `Lafferty et al. 2001`.
  return doc
    .replaceAll("\n", " ")
    .replaceAll("`", "")
    .split(/(?<=\.)\s(?=\p{Lu})/u)[0]!;
}

function pageOf(drawn: readonly { readonly figure: Figure; readonly svg: string }[]): string {
  const style =
    "body { margin: 2em auto; max-width: 960px; font-family: Helvetica, Arial, sans-serif; } svg { width: 100%; height: auto; }";
  const figures = drawn.map(({ svg }) => `<figure>\n${svg}</figure>`);
  return [
    "<!doctype html>",
    '<html lang="en">',
    `<head><meta charset="utf-8"><title>Structures of sstc</title><style>${style}</style></head>`,
    "<body>",
    "<h1>Structures and their relaxations</h1>",
    "<p>Utilities, soft samples X_t at falling temperatures, a row for each relaxation, and the hard sample X.</p>",
    ...figures,
    "</body>",
    "</html>",
    "",
  ].join("\n");
}
