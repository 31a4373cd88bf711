/** `sstc gallery`: a figure for every structure of the library, well formed, showing what the layers compute. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EXAMPLES } from "../../cli/gallery/examples.ts";
import { drawFigure } from "../../cli/gallery/figure.ts";
import { drawSample, drawUtilities, heightOf, type View, viewOf } from "../../cli/gallery/panels.ts";
import { compileLayer } from "../../compiler/layer.ts";
import { parse } from "../../grammar/parse.ts";
import { library } from "../../stdlib/library.ts";
import { elementsOf, parseXml } from "../runtime/xml.ts";
import { run } from "./harness.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sstc-gallery-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const structures = [...library.files.values()]
  .flatMap((text) => parse(text).file.declarations)
  .flatMap((each) => (each.kind === "structure" ? [each.name.name] : []));

test("every structure of the library is drawn, each as XML, and a page shows them all", async () => {
  const { status, stdout, stderr } = await run("gallery", "--out", folder);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const files = readdirSync(folder).sort();
  expect(files.filter((name) => name.endsWith(".svg"))).toHaveLength(structures.length);
  expect(files).toContain("k-subset.svg");
  expect(files).toContain("top-k-edges.svg");
  expect(stdout.trim().split("\n")).toHaveLength(structures.length + 1);
  for (const name of files.filter((each) => each.endsWith(".svg"))) {
    const drawn = parseXml(readFileSync(join(folder, name), "utf8"));
    expect(elementsOf(drawn, "g").length, name).toBeGreaterThan(5);
  }
  const page = readFileSync(join(folder, "gallery.html"), "utf8");
  expect(page.match(/<svg /g)).toHaveLength(structures.length);
}, 60_000);

test("examples are of structures that there are, and their views fit them", () => {
  for (const [name, { structure, view }] of Object.entries(EXAMPLES)) {
    if (!structures.includes(name)) continue;
    const layer = compileLayer({ structure }, library);
    const drawn = view?.(layer) ?? viewOf(layer);
    expect(drawSample(drawn, new Float64Array(layer.size).fill(1)).length).toBeGreaterThanOrEqual(layer.size / 2);
    expect(heightOf(drawn)).toBeGreaterThan(40);
  }
});

test("one structure by name, with the relaxations that it has", async () => {
  const out = join(folder, "one");
  expect((await run("gallery", "KSubset", "--out", out)).status).toBe(0);
  expect(readdirSync(out).sort()).toEqual(["gallery.html", "k-subset.svg"]);
  const svg = readFileSync(join(out, "k-subset.svg"), "utf8");
  for (const name of ["ExpFamily", "Euclidean", "CategoricalEntropy", "BinaryEntropy"]) expect(svg).toContain(name);
  const unknown = await run("gallery", "KSubsets", "--out", out);
  expect(unknown.status).toBe(2);
  expect(unknown.stderr).toContain("there is no structure KSubsets: did you mean KSubset?");
});

test("structures of a file of one's own", async () => {
  const source = join(folder, "own.sst");
  writeFileSync(
    source,
    "/// A <pair> & more.\nstructure Pair(n) {\n  embedding x: binary[n]\n  argmax top_k(k = 2)\n" +
      "  automaton over i in 0..n {\n    state (count: 0..2) from (0) to (2)\n" +
      "    (c) -> (c)\n    (c) -> (c + 1) emits x[i]\n  }\n}\n",
  );
  const out = join(folder, "own");
  expect((await run("gallery", "Pair", "--source", source, "--out", out)).status).toBe(0);
  const svg = readFileSync(join(out, "pair.svg"), "utf8");
  // Utilities and hard sample, and for each relaxation a panel for each temperature.
  expect(elementsOf(parseXml(svg), "g").length % 4).toBe(2);
  expect(svg).toContain("forward_backward");
  expect(svg).not.toContain("<pair>");
});

const opacities = (drawn: readonly string[]) =>
  drawn.map((each) => /-opacity="([\d.]+)"/.exec(each)?.[1]).filter(Boolean);

test("what is drawn is as strong as the values say", () => {
  const cells: View = { kind: "cells", rows: 1, columns: 3 };
  expect(opacities(drawSample(cells, [0, 0.25, 1]))).toEqual(["0", "0.25", "1"]);
  expect(opacities(drawUtilities(cells, [-2, 1, 4]))).toEqual(["0.5", "0.25", "1"]);
  expect(drawUtilities(cells, [-2, 1, 4])[0]).not.toBe(drawUtilities(cells, [2, 1, 4])[0]);
  const graph: View = {
    kind: "graph",
    graph: {
      vertices: 3,
      directed: true,
      edges: [
        [0, 1],
        [1, 0],
        [1, 2],
      ],
    },
    root: 0,
  };
  // A line and a head for each arc that can be seen, and a dot for each vertex.
  expect(drawSample(graph, [1, 0.5, 0])).toHaveLength(2 * 2 + 3);
  const arcs: View = { kind: "arcs", words: ["∗", "a", "b"] };
  expect(drawSample(arcs, [0, 1, 0, 0, 0, 1, 0, 0, 0])).toHaveLength(2 * 2 + 3);
  const trellis: View = { kind: "trellis", columns: 2, states: 2 };
  expect(drawSample(trellis, [1, 0, 0, 1, 0, 1, 0, 0])).toHaveLength(1 + 2 * 4);
  const linked: View = { kind: "linked", size: 3 };
  expect(drawSample(linked, [1, 1, 0, 1, 0])).toHaveLength(3 + 1);
});

test("the view is read off the parts of the embedding", () => {
  const part = (...shape: number[]) => ({ name: "x", shape });
  const view = (...parts: { name: string; shape: number[] }[]) => viewOf({ parts, size: 9 }).kind;
  expect(view(part(9))).toBe("bars");
  expect(view(part(3, 3))).toBe("cells");
  expect(view(part(5), part(4))).toBe("linked");
  expect(view(part(3, 2), part(2, 2, 2))).toBe("trellis");
  expect(view(part(3), part(6))).toBe("bars");
});

test("a figure has a column for each temperature and a row for each relaxation", () => {
  const row = { relaxation: "R", algorithm: "kernel", soft: [[0], [0], [0], [0]] };
  const svg = drawFigure({
    title: "T",
    subtitle: "S",
    view: { kind: "bars", size: 1 },
    groups: [{ utilities: [1], hard: [1], rows: [row, row] }],
  });
  expect(elementsOf(parseXml(svg), "g")).toHaveLength(2 * 4 + 2);
});
