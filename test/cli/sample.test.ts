/** `sstc sample`: members and points of the polytope, examples from data and from JSON, checkpoints, pictures. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LatentSummary } from "../../compiler/artifact.ts";
import { elementsOf, parseXml } from "../runtime/xml.ts";
import { run } from "./harness.ts";
import { treesFolder } from "./trees.ts";

interface Sampled {
  readonly model: string;
  readonly latents: readonly LatentSummary[];
  readonly examples: readonly { readonly z: { readonly hard: number[][]; readonly soft: number[][] } }[];
}

const second = `
model Other(n = 3) {
  data x: f32[n]
  data count: i32[]
  param w: f32[n] ~ zeros
  latent z: OneHot(n) ~ Gumbel(x * w) relax ExpFamily at 0.5
  minimize sum(z * x)
}
experiment other for Other {
  data from "./data.js" trees(V = 3, train = 8, valid = 4, test = 4, seed = 1)
  train adam(0.1) batch 4 steps 1
  report test.loss
}
`;
const { folder, file } = treesFolder((model) => model + second);
const place = (name: string) => join(folder, name);
const put = (name: string, text: string) => {
  writeFileSync(place(name), text);
  return place(name);
};
const input = put(
  "input.json",
  JSON.stringify({
    x: [
      [1, 1, 0],
      [0, 1, 1],
      [5, 5, -5],
    ],
  }),
);
let checkpoint = "";
beforeAll(async () => {
  const run4 = ["--set", "V=4", "--set", "data.V=4", "--set", "hidden=3", "--set", "Edges=SpanningTree"];
  const out = place("out");
  const { status, stderr } = await run("run", file, "--scale", "tiny", ...run4, "--device", "cpu", "--out", out);
  expect(status, stderr).toBe(0);
  checkpoint = join(out, "Edges=SpanningTree", "best.safetensors");
});
afterAll(() => rmSync(folder, { recursive: true }));

async function sample(...flags: readonly string[]): Promise<Sampled & { readonly stderr: string }> {
  const { status, stdout, stderr } = await run("sample", file, "--device", "cpu", ...flags);
  expect(status, stderr).toBe(0);
  expect(stdout.split("\n")).toHaveLength(2);
  return { ...(JSON.parse(stdout) as Sampled), stderr };
}

/** Whether edges connect all vertices without a cycle, by joining components. */
function isTree({ vertices, edges }: NonNullable<LatentSummary["graph"]>, chosen: readonly number[]): boolean {
  const component = Array.from({ length: vertices }, (_, v) => v);
  for (const [e, [a, b]] of edges.entries()) {
    if (chosen[e] === 0) continue;
    if (chosen[e] !== 1 || component[a] === component[b]) return false;
    const [from, to] = [component[a], component[b]!];
    for (let v = 0; v < vertices; v++) if (component[v] === from) component[v] = to;
  }
  return new Set(component).size === 1;
}
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

describe("samples", () => {
  test("hard ones are trees, soft ones points of their polytope, of the model of the checkpoint", async () => {
    const { model, latents, examples, stderr } = await sample(
      "--checkpoint",
      checkpoint,
      "--set",
      "data.V=4",
      "--draw",
      "20",
    );
    expect(stderr).toBe("");
    expect([model, latents[0]!.structure, latents[0]!.shape]).toEqual(["Trees", "SpanningTree(complete(4))", [6]]);
    expect(examples).toHaveLength(4);
    for (const { z } of examples) {
      expect([z.hard.length, z.soft.length]).toEqual([20, 20]);
      for (const row of z.hard) expect(isTree(latents[0]!.graph!, row), String(row)).toBe(true);
      for (const row of z.soft) {
        expect(row).toHaveLength(6);
        expect(sum(row)).toBeCloseTo(4 - 1, 5);
        expect(Math.min(...row)).toBeGreaterThanOrEqual(0);
        expect(Math.max(...row)).toBeLessThanOrEqual(1 + 1e-6);
      }
    }
    // Sixteen trees, twenty draws: more than one of them is seen, and a soft sample leans to the hard one of its noise.
    expect(new Set(examples[0]!.z.hard.map(String)).size).toBeGreaterThan(1);
    const agree = (soft: readonly number[], hard: readonly number[]) => sum(soft.map((value, e) => value * hard[e]!));
    for (const { z } of examples) {
      const [own, other] = [
        z.soft.map((row, i) => agree(row, z.hard[i]!)),
        z.soft.map((row) => agree(row, z.hard[0]!)),
      ];
      expect(sum(own)).toBeGreaterThan(sum(other));
    }
  });

  test("depend on the seed alone: the checkpoint's own unless one is given", async () => {
    const flags = ["--checkpoint", checkpoint, "--set", "data.V=4", "--draw", "3"];
    const { examples } = await sample(...flags);
    expect((await sample(...flags)).examples).toEqual(examples);
    expect((await sample(...flags, "--seed", "0")).examples).toEqual(examples);
    const other = await sample(...flags, "--seed", "9");
    expect(other.examples).not.toEqual(examples);
    expect((await sample(...flags, "--seed", "9")).examples).toEqual(other.examples);
    // The first draws are the same, however many there are.
    const [one] = (await sample(...flags.slice(0, 4))).examples;
    expect(one!.z.hard).toEqual(examples[0]!.z.hard.slice(0, 1));
  });

  test("of an untrained model, which says so, are those of the experiment's first variant with its hypers", async () => {
    const { latents, examples, stderr } = await sample("--set", "Edges=SpanningTree", "--examples", "2");
    expect(stderr).toBe("sstc: no --checkpoint: these are samples of an untrained model\n");
    expect([latents[0]!.structure, examples.length]).toEqual(["SpanningTree(complete(3))", 2]);
    expect((await sample()).latents[0]!.structure).toContain("IndependentEdges");
    // Hypers of the experiment were passed over: the same noise is nearer to a member at a lower temperature.
    const cold = await sample("--set", "Edges=SpanningTree", "--examples", "2", "--set", "t=0.01");
    expect(cold.examples.map(({ z }) => z.hard)).toEqual(examples.map(({ z }) => z.hard));
    const inside = (all: Sampled["examples"]) => sum(all.flatMap(({ z }) => z.soft[0]!.map((p) => p * (1 - p))));
    expect(inside(cold.examples)).toBeLessThan(inside(examples));
  });

  test("are of as many examples as there are", async () => {
    expect((await sample("--examples", "100")).examples).toHaveLength(5);
  });
});

describe("--input", () => {
  test("gives the examples, without data of an experiment", async () => {
    const { examples } = await sample("--input", input, "--set", "Edges=SpanningTree");
    expect(examples).toHaveLength(3);
    expect((await sample("--input", input, "--examples", "1")).examples).toHaveLength(1);
  });
  test("is enough for a file without an experiment; arguments come from --set", async () => {
    const text = readFileSync(file, "utf8").slice(0, readFileSync(file, "utf8").indexOf("/// Edges of two kinds."));
    const alone = put("alone.sst", text);
    const { status, stdout } = await run("sample", alone, "--input", input, "--device", "cpu", "--set", "hidden=4");
    expect([status, (JSON.parse(stdout) as Sampled).examples.length]).toEqual([0, 3]);
    const without = await run("sample", alone, "--device", "cpu");
    expect([without.status, without.stderr]).toEqual([1, expect.stringContaining("this file declares no experiment")]);
  });
  test("with a checkpoint samples the checkpoint's model", async () => {
    const six = put("six.json", JSON.stringify({ x: [[1, 1, 1, 0, 0, 0]], truth: [[true, true, true, 0, 0, 0]] }));
    const { latents, examples } = await sample("--input", six, "--checkpoint", checkpoint);
    expect([latents[0]!.shape, examples.length]).toEqual([[6], 1]);
    expect(sum(examples[0]!.z.hard[0]!)).toBe(3);
  });

  const bad: readonly (readonly [json: string, said: string])[] = [
    ['{"x": [[1, 2', "bad.json is not JSON: "],
    ["[1, 2]", 'bad.json must hold an object such as {"x"'],
    ["{}", "the input: `x` is missing"],
    ['{"y": [[1, 2, 3]]}', "Trees has no data called `y`; it has `x` and `truth`"],
    ['{"x": 3}', "bad.json: x is not a list of examples, but the model declares `x: f32[edges(K)]`, here f32[3]"],
    ['{"x": []}', "the input: `x` holds no examples"],
    ['{"x": [[1, 2]]}', "x[0] is a list of 2, not of 3"],
    ['{"x": [[1, 2, 3], 4]}', "x[1] is not a list of 3"],
    ['{"x": [[1, 2, null]]}', "x[0][2] is null"],
    ['{"x": [[1, 2, "3"]]}', 'x[0][2] is "3"'],
    ['{"x": [[1, 2, 1e999]]}', "the input: `x` holds an infinite value at example 0, position [2]"],
    ['{"x": [[1, 2, 3]], "truth": [[1, 0, 1], [1, 0, 1]]}', "`x` holds 1 examples and `truth` holds 2"],
    ['{"__proto__": [[1, 2, 3]]}', "Trees has no data called `__proto__`"],
  ];
  test.each(bad)("%s is refused", async (json, said) => {
    const outcome = await run("sample", file, "--device", "cpu", "--input", put("bad.json", json));
    expect(outcome.stderr).toContain(said);
    expect([outcome.status, outcome.stdout]).toEqual([1, ""]);
  });
  test("whole numbers were rounded into being such", async () => {
    const half = put("half.json", '{"x": [[1, 2, 3], [1, 2, 3]], "count": [1, 2.5]}');
    const { status, stderr } = await run("sample", file, "--experiment", "other", "--device", "cpu", "--input", half);
    expect([status, stderr]).toEqual([1, expect.stringContaining("count[1] is no whole number at 2.5, but the model")]);
  });
  test("only one of two files can be standard input", async () => {
    const { status, stderr } = await run("sample", "-", "--input", "-");
    expect([status, stderr]).toEqual([2, expect.stringContaining("cannot both be standard input")]);
  });
});

describe("a checkpoint", () => {
  const refused = async (...flags: readonly string[]) => {
    const { status, stdout, stderr } = await run("sample", file, "--device", "cpu", ...flags);
    expect(stdout).toBe("");
    return [status, stderr] as const;
  };
  test("of another model is refused by its name", async () => {
    const [status, stderr] = await refused("--experiment", "other", "--checkpoint", checkpoint);
    expect(stderr).toContain("best.safetensors holds the model `Trees`, not `Other`");
    expect(stderr).toContain("the experiment other is for Other");
    expect(status).toBe(1);
  });
  test("of a model that the file does not have is refused", async () => {
    const text = readFileSync(file, "utf8").slice(readFileSync(file, "utf8").indexOf("model Other"));
    const alone = put("other.sst", text);
    const { status, stderr } = await run("sample", alone, "--device", "cpu", "--checkpoint", checkpoint);
    expect([status, stderr]).toEqual([1, expect.stringContaining("holds the model `Trees`, not `Other`")]);
  });
  test("needs data of its sizes", async () => {
    const [status, stderr] = await refused("--checkpoint", checkpoint);
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining("test data: `x` has shape [5, 3], not [examples, 6]"),
    ]);
  });
  test("that is none, or not there", async () => {
    expect(await refused("--checkpoint", file)).toEqual([1, expect.stringContaining("is not a safetensors file")]);
    const [status, stderr] = await refused("--checkpoint", place("none"));
    expect([status, stderr]).toEqual([
      2,
      expect.stringContaining("there is no such file; sstc run writes best.safetens"),
    ]);
    expect((await refused("--checkpoint", folder))[0]).toBe(2);
  });
});

describe("--svg", () => {
  test("draws a row for each draw of each example, with the truth where the data have it", async () => {
    const path = place("picture.svg");
    const flags = ["--set", "Edges=SpanningTree", "--examples", "2", "--draw", "3"];
    const { examples, stderr } = await sample(...flags, "--svg", path);
    expect(stderr).toContain(`picture  ${path}\n`);
    const root = parseXml(readFileSync(path, "utf8"));
    const panels = elementsOf(root, "g");
    expect(panels).toHaveLength(2 * 3 * 3);
    const labels = elementsOf(root, "text").map(({ text }) => text);
    expect(labels).toContain("Trees: z ~ SpanningTree(complete(3))");
    expect(labels.filter((label) => /^\d\.\d$/.test(label))).toEqual(["1.1", "1.2", "1.3", "2.1", "2.2", "2.3"]);
    // A hard panel draws its edges solid, whichever way round they are read.
    const reading = labels.includes("hard (complement)") ? 0 : 1;
    const drawn = panels
      .filter((_, i) => i % 3 === 2)
      .map((panel) => {
        const lines = elementsOf(panel, "line");
        return lines.filter(({ attributes }) => attributes["stroke-dasharray"] === undefined).length;
      });
    const hard = examples.flatMap(({ z }) => z.hard);
    expect(drawn).toEqual(hard.map((row) => row.filter((value) => value === reading).length));
  });
  test("without a truth draws what was sampled", async () => {
    const path = place("without.svg");
    await sample("--input", input, "--svg", path);
    const root = parseXml(readFileSync(path, "utf8"));
    expect(elementsOf(root, "g")).toHaveLength(3 * 2);
  });
  test("cannot be written where there is no folder", async () => {
    const { status, stderr } = await run("sample", file, "--device", "cpu", "--svg", place("none/a.svg"));
    expect([status, stderr]).toEqual([1, expect.stringContaining("cannot write ")]);
  });
});

describe("flags", () => {
  test.each([
    [["--draw", "0"], "--draw 0: expected a whole number of at least 1"],
    [["--examples", "-1"], "--examples -1: expected a whole number of at least 1"],
    [["--seed", "1.5"], "--seed 1.5: expected a whole number"],
    [["--seed", "4294967296"], "expected a whole number from 0 to 4294967295"],
  ])("%j are refused", async (flags, said) => {
    const { status, stdout, stderr } = await run("sample", file, ...flags);
    expect([status, stdout, stderr]).toEqual([2, "", expect.stringContaining(said)]);
  });
});
