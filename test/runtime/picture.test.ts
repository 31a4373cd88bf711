/** Pictures: well-formed whatever the names are, and as many marks as the values say, seen in the SVG's own tree. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LatentSummary } from "../../compiler/artifact.ts";
import type { Dataset } from "../../runtime/dataset.ts";
import { drawPicture, type Panel, type Picture } from "../../runtime/picture.ts";
import { drawSamples } from "../../runtime/sample-picture.ts";
import { tinyArtifact } from "./tiny.ts";
import { elementsOf, parseXml, type XmlElement } from "./xml.ts";

const EDGES = [
  [0, 1],
  [0, 2],
  [0, 3],
  [1, 2],
  [1, 3],
  [2, 3],
] as const;
const complete: LatentSummary = {
  name: "z",
  structure: "SpanningTree(complete(4))",
  shape: [6],
  graph: { vertices: 4, directed: false, edges: EDGES },
};
const arrows: LatentSummary = {
  name: "z",
  structure: "Arborescence(digraph(3, …), root = 0)",
  shape: [4],
  graph: {
    vertices: 3,
    directed: true,
    edges: [
      [0, 1],
      [0, 2],
      [1, 2],
      [2, 1],
    ],
  },
};
const subset: LatentSummary = { name: "s", structure: "KSubset(6, 2)", shape: [6] };
const matrix: LatentSummary = { name: "m", structure: "Matching(3)", shape: [3, 3] };

function picture(latent: LatentSummary, panels: readonly Panel[], changes: Partial<Picture> = {}): Picture {
  const columns = panels.map(({ kind }) => [kind] as const);
  return { title: "A picture", latent, columns, rows: [{ label: "1", panels }], ...changes };
}

/** The panels' own elements, in order: each `g` of the picture. */
function drawn(given: Picture): XmlElement[] {
  const text = drawPicture(given);
  expect(text).not.toMatch(/NaN|Infinity|undefined|e[+-]\d/);
  return elementsOf(parseXml(text), "g");
}
const lines = (panel: XmlElement) => elementsOf(panel, "line");
const solid = (panel: XmlElement) => lines(panel).filter((line) => line.attributes["stroke-dasharray"] === undefined);
/** Cells; the first rectangle is the panel's frame. */
const cells = (panel: XmlElement) => elementsOf(panel, "rect").slice(1);

const TRUTH = [1, 1, 0, 0, 0, 1];
const SOFT = [0.9, 0.5, 0.015, 0.3, 0, 1];
const HARD = [1, 0, 1, 0, 0, 1];

describe("a graph", () => {
  const panels: readonly Panel[] = [
    { kind: "truth", values: TRUTH },
    { kind: "soft", values: SOFT },
    { kind: "hard", values: HARD },
  ];
  test("has a line for each edge whose value can be seen, and a dashed one for each that is missed", () => {
    const [truth, soft, hard] = drawn(picture(complete, panels));
    const visible = (values: readonly number[]) => values.filter((value) => value >= 0.02).length;
    expect([truth, soft, hard].map((panel) => solid(panel!).length)).toEqual([TRUTH, SOFT, HARD].map(visible));
    const missed = TRUTH.filter((value, e) => value === 1 && HARD[e] === 0).length;
    expect([truth, soft, hard].map((panel) => lines(panel!).length - solid(panel!).length)).toEqual([0, 0, missed]);
    for (const panel of [truth, soft, hard]) expect(elementsOf(panel!, "circle")).toHaveLength(4);
  });
  test("shows right edges in one colour and wrong ones in another, as opaque as their values", () => {
    const [, soft, hard] = drawn(picture(complete, panels));
    const colours = (panel: XmlElement) => solid(panel).map(({ attributes }) => attributes.stroke);
    const [right] = colours(drawn(picture(complete, panels))[0]!);
    expect(colours(hard!).filter((colour) => colour === right)).toHaveLength(2);
    expect(colours(hard!).filter((colour) => colour !== right)).toHaveLength(1);
    const opacities = solid(soft!).map(({ attributes }) => Number(attributes["stroke-opacity"]));
    expect(opacities.sort()).toEqual(SOFT.filter((value) => value >= 0.02).sort());
  });
  test("without a truth calls nothing wrong", () => {
    const text = drawPicture(picture(complete, panels.slice(1)));
    expect(text).not.toContain("false");
    expect(new Set(elementsOf(parseXml(text), "line").map(({ attributes }) => attributes.stroke)).size).toBe(1);
  });
  test("stands where its positions are, not turned and not stretched", () => {
    const positions = [0, 0, 2, 0, 2, 1, 0, 1].map((value) => 1000 + value);
    const rows = [{ label: "1", panels, positions }];
    const [panel] = drawn(picture(complete, panels, { rows }));
    const places = elementsOf(panel!, "circle").map(({ attributes }) => [Number(attributes.cx), Number(attributes.cy)]);
    const [a, b, c, d] = places as [number[], number[], number[], number[]];
    expect([a[1], b[0], c[1]]).toEqual([b[1], c[0], d[1]]);
    expect((b[0]! - a[0]!) / (c[1]! - b[1]!)).toBeCloseTo(2, 5);
    for (const place of places.flat()) expect(place).toBeGreaterThanOrEqual(0);
    for (const place of places.flat()) expect(place).toBeLessThanOrEqual(150);
  });
  test("whose vertices are all in one place, or nowhere, is drawn on a circle", () => {
    const circle = drawPicture(picture(complete, panels));
    for (const positions of [Array(8).fill(3), Array(8).fill(Number.NaN), [1, 2, 3], Array(8).fill(1e300)]) {
      const rows = [{ label: "1", panels, positions }];
      expect(drawPicture(picture(complete, panels, { rows }))).toBe(circle);
    }
  });
  test("of values that are no numbers, too few or out of range is still a picture", () => {
    const values = [Number.NaN, -3, 7, Number.POSITIVE_INFINITY];
    const [panel] = drawn(picture(complete, [{ kind: "hard", values }]));
    expect(solid(panel!)).toHaveLength(2);
  });
  test("that is directed has a head at the target of each edge, and opposite edges do not hide each other", () => {
    const values = [1, 0, 1, 1];
    const [panel] = drawn(picture(arrows, [{ kind: "hard", values }]));
    const heads = elementsOf(panel!, "polygon");
    expect(heads).toHaveLength(3);
    const ends = solid(panel!).map(({ attributes }) => ["x1", "y1", "x2", "y2"].map((key) => Number(attributes[key])));
    const places = elementsOf(panel!, "circle").map(({ attributes }) => [Number(attributes.cx), Number(attributes.cy)]);
    const near = ([x, y]: readonly number[]) => {
      const distances = places.map(([px, py]) => Math.hypot(px! - x!, py! - y!));
      return distances.indexOf(Math.min(...distances));
    };
    const shown = arrows.graph!.edges.filter((_, e) => values[e] === 1);
    expect(ends.map(([x1, y1, x2, y2]) => [near([x1!, y1!]), near([x2!, y2!])])).toEqual(shown);
    const tips = heads.map(({ attributes }) => attributes.points!.split(" ").slice(0, 2).map(Number));
    expect(tips).toEqual(ends.map(([, , x2, y2]) => [x2, y2]));
    const [, there, back] = ends as [number[], number[], number[]];
    expect(Math.hypot(there[0]! - back[2]!, there[1]! - back[3]!)).toBeGreaterThan(4);
    expect(elementsOf(parseXml(drawPicture(picture(complete, panels))), "polygon")).toEqual([]);
  });
});

describe("what is no graph", () => {
  test("has a cell for each element, as opaque as its value", () => {
    const values = [0, 1, 0.25, 0, 0.5, 0];
    const [panel] = drawn(picture(subset, [{ kind: "soft", values }]));
    expect(cells(panel!).map(({ attributes }) => Number(attributes["fill-opacity"]))).toEqual(values);
    const row = cells(panel!).map(({ attributes }) => attributes.y);
    expect(new Set(row).size).toBe(1);
  });
  test("tells right, wrong and missed elements apart", () => {
    const [truth, hard] = drawn(
      picture(subset, [
        { kind: "truth", values: [1, 1, 0, 0, 0, 0] },
        { kind: "hard", values: [1, 0, 1, 0, 0, 0] },
      ]),
    );
    const fills = cells(hard!).map(({ attributes }) => attributes.fill);
    expect(fills[0]).toBe(cells(truth!)[0]!.attributes.fill);
    expect(fills[2]).not.toBe(fills[0]);
    const dashed = (panel: XmlElement) =>
      cells(panel).flatMap(({ attributes }, i) => (attributes["stroke-dasharray"] === undefined ? [] : [i]));
    expect([dashed(truth!), dashed(hard!)]).toEqual([[], [1]]);
  });
  test.each([[[3, 3]], [[45, 2]], [[350]], [[1]], [[]], [[2, 3, 4]], [[30, 10]], [[12]], [[1, 200]]])(
    "stands within its panel, no two cells in one place: shape %j",
    (shape) => {
      const total = shape.reduce((product, length) => product * length, 1);
      const [panel] = drawn(picture({ ...matrix, shape }, [{ kind: "soft", values: Array(total).fill(1) }]));
      const places = cells(panel!).map(({ attributes }) =>
        ["x", "y", "width", "height"].map((key) => Number(attributes[key])),
      );
      expect(places).toHaveLength(total);
      expect(new Set(places.map(String)).size).toBe(total);
      for (const [x, y, width, height] of places as [number, number, number, number][]) {
        expect(Math.min(x, y, width)).toBeGreaterThan(0);
        expect(Math.max(x + width, y + height)).toBeLessThan(150);
      }
    },
  );
});

describe("names", () => {
  const hostile = [
    "</text><script>alert(1)</script>",
    '"><image href="x" onerror="y"/>',
    "a & b &amp; c &#60;",
    "]]><!-- --><?pi?>",
    "\u0000\u0007\u001b[2J\ud800 lone \uffff\ufffe",
    "'single' `back` {x}",
  ];
  const withNames = (name: string): Picture => ({
    title: name,
    latent: { ...subset, name, structure: name },
    columns: [[name], [name, name]],
    rows: [
      {
        label: name,
        panels: [
          { kind: "soft", values: SOFT },
          { kind: "hard", values: HARD },
        ],
      },
    ],
  });
  const tagsOf = (root: XmlElement): string[] => [root.name, ...root.children.flatMap(tagsOf)];
  const plain = tagsOf(parseXml(drawPicture(withNames("plain"))));

  test.each(hostile)("never become markup: %j", (name) => {
    const root = parseXml(drawPicture(withNames(name)));
    expect(tagsOf(root)).toEqual(plain);
    // What XML can hold at all is shown as it was written.
    const kept = name.replace(/[^ -\ud7ff\ue000-\ufffd]/gu, "");
    expect(elementsOf(root, "text")[0]!.text).toBe(kept);
  });
  test("never become markup: any text", () => {
    const property = fc.property(fc.string({ unit: "binary" }), (name) => {
      expect(tagsOf(parseXml(drawPicture(withNames(name))))).toEqual(plain);
    });
    fc.assert(property, { numRuns: 50 });
  });
  test("of any alphabet are shown: letters outside of the basic plane were left out", () => {
    expect(drawPicture(withNames("θ 模型 𝒳 🌲"))).toContain("θ 模型 𝒳 🌲");
  });
  test("that are long stay within their column", () => {
    const text = drawPicture({ ...withNames("short"), columns: [["x".repeat(200)], ["b"]] });
    expect(text).not.toContain("x".repeat(30));
    expect(text).toContain(`${"x".repeat(23)}…`);
  });
});

describe("samples of a model", () => {
  const f32 = (...values: number[]) => Float32Array.from(values);
  const signature = (name: string, shape: readonly number[]) => ({ name, dtype: "f32", shape, batched: true }) as const;
  const artifact = tinyArtifact({
    latents: [complete],
    data: [signature("weights", [6]), signature("x", [2, 4, 2]), signature("tree", [6])],
  });
  const weights = { shape: [2, 6], data: f32(...SOFT, ...SOFT) };
  const examples: Dataset = {
    size: 2,
    columns: {
      weights,
      x: { shape: [2, 2, 4, 2], data: f32(...Array.from({ length: 32 }, (_, i) => i % 7)) },
      tree: { shape: [2, 6], data: f32(...TRUTH, ...TRUTH) },
    },
  };
  const samples = { title: "m", soft: weights, hard: { shape: [2, 6], data: f32(...HARD, ...HARD) } };
  const titles = (text: string) => elementsOf(parseXml(text), "text").map((each) => each.text);

  test("data of the latent's shape that are not zeros and ones were taken for the truth", () => {
    const text = drawSamples("t", artifact, complete, examples, [samples]);
    expect(titles(text).slice(0, 4)).toEqual(["t", "truth", "soft", "hard"]);
    const panels = elementsOf(parseXml(text), "g");
    expect(panels).toHaveLength(2 * 3);
    expect(solid(panels[0]!)).toHaveLength(3);
    const { tree: _, ...rest } = examples.columns;
    const without = drawSamples("t", artifact, complete, { size: 2, columns: rest }, [samples]);
    expect(titles(without).slice(0, 3)).toEqual(["t", "soft", "hard"]);
  });
  test("several models stand side by side, with their names", () => {
    const text = drawSamples("t", artifact, complete, examples, [samples, { ...samples, title: "other" }]);
    expect(titles(text).slice(0, 10)).toEqual([
      "t",
      "truth",
      "m",
      "soft",
      "m",
      "hard",
      "other",
      "soft",
      "other",
      "hard",
    ]);
  });
  test("that chose the edges which are absent are read the other way round, and the picture says so", () => {
    const turned = f32(...[...TRUTH, ...TRUTH].map((value) => 1 - value));
    const text = drawSamples("t", artifact, complete, examples, [
      { ...samples, hard: { shape: [2, 6], data: turned } },
    ]);
    expect(titles(text).slice(0, 4)).toEqual(["t", "truth", "soft (complement)", "hard (complement)"]);
    const [truth, , hard] = elementsOf(parseXml(text), "g");
    expect(lines(hard!)).toEqual(lines(truth!));
  });
  test("rows choose example and sample", () => {
    const rows = [{ label: "2.1", example: 1, sample: 0 }];
    const text = drawSamples("t", artifact, complete, examples, [samples], rows);
    expect(elementsOf(parseXml(text), "g")).toHaveLength(3);
    expect(titles(text)).toContain("2.1");
  });
});

test("the reader of XML finds what is not well-formed", () => {
  const wrong = [
    "<a>",
    "<a></b>",
    "<a/><b/>",
    "<a x=1/>",
    "<a>&</a>",
    "<a>\u0001</a>",
    '<a x="1" x="2"/>',
    "a",
    "<a>< </a>",
  ];
  for (const text of wrong) expect(() => parseXml(text), text).toThrow();
  expect(parseXml('<a x="1"><b/>t&#38;</a>').text).toBe("t&");
});
