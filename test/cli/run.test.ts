/** `sstc run`: what it prints and writes, interruption and resumption bit for bit. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ownName } from "../../cli/run.ts";
import { openRunDirectory } from "../../cli/run-directory.ts";
import { elementsOf, parseXml } from "../runtime/xml.ts";
import { run, runWatched } from "./harness.ts";
import { treesFolder } from "./trees.ts";

const NRI = "examples/nri/nri.sst";
const TINY_NRI = ["V=3", "T=3", "hidden=4", "data.vertices=3", "data.train=24", "data.valid=6", "data.test=5"].concat([
  ...["batch=8", "steps=12", "validate=5", "Edges=SpanningTree"],
]);

const { folder, file } = treesFolder();
afterAll(() => rmSync(folder, { recursive: true }));
let outs = 0;
const newOut = () => join(folder, `out${outs++}`);
const settings = (texts: readonly string[]) => texts.flatMap((text) => ["--set", text]);

/** Everything in a directory: paths and bytes. */
function contentOf(directory: string): Map<string, Buffer> {
  const names = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = names.map((entry) => join(entry.parentPath, entry.name));
  return new Map(paths.map((path) => [path.slice(directory.length + 1), readFileSync(path)]));
}
const withoutSeconds = (json: Buffer | undefined) => ({ ...JSON.parse(String(json)), seconds: 0 });

describe("a run", () => {
  test("prints its table, tells its progress, and keeps settings, checkpoints, results, table and picture", async () => {
    const out = newOut();
    const { status, stdout, stderr } = await run("run", file, "--device", "cpu", "--out", out);
    expect(status).toBe(0);
    const lines = stdout.split("\n");
    expect(lines[1]).toMatch(/^Edges +test\.loss +test\.edges\.precision +test\.edges\.recall$/);
    expect(lines.slice(3, 6).map((line) => line.split(/ +/)[0])).toEqual([
      "IndependentEdges",
      "SpanningTree",
      "guessing",
    ]);
    expect(lines[5]).toMatch(/^guessing +– +0\.6667 +–$/);
    expect(stdout).toContain(`table    ${join(out, "table.md")}\n`);
    expect(stdout).toContain(`picture  ${join(out, "picture.svg")}\n`);
    expect(stderr).toContain("fit for Trees: 2 trainings of 12 steps with batches of 8, device cpu\n");
    expect(stderr).toContain(`\nkeeps the model with the smallest valid.loss\neverything is kept in ${out}\n`);
    expect(stderr).toMatch(/\n2\/2 SpanningTree {2}step {2}5\/12 {2}loss .* valid\.loss .* edges\.precision .*★ best/);
    expect(stderr).not.toContain("\r");
    for (const line of stderr.split("\n")) expect(line.length, line).toBeLessThanOrEqual(140);

    const content = contentOf(out);
    const each = ["best.safetensors", "last.safetensors", "result.json", "settings.json"];
    const variants = ["Edges=IndependentEdges", "Edges=SpanningTree"];
    expect([...content.keys()].sort()).toEqual(
      [...variants.flatMap((variant) => each.map((name) => `${variant}/${name}`)), "picture.svg", "table.md"].sort(),
    );
    expect(String(content.get("table.md")).split("\n")[0]).toMatch(/^\| Edges +\| test\.loss \|/);
    const texts = JSON.stringify(parseXml(String(content.get("picture.svg"))));
    for (const said of ["fit: z, 4 test examples", "truth", "IndependentEdges", "SpanningTree"]) {
      expect(texts).toContain(said);
    }
    const result = withoutSeconds(content.get("Edges=SpanningTree/result.json"));
    expect(result).toMatchObject({ seed: 0, steps: 12, checkpoint: "Edges=SpanningTree/best.safetensors" });
    const splits = Object.keys(result.metrics).map((path) => path.slice(0, path.indexOf(".")));
    expect(new Set(splits)).toEqual(new Set(["valid", "test"]));
  });

  test("of the same seed is the same run; of another seed it is another", async () => {
    const [a, b, c] = [newOut(), newOut(), newOut()];
    const flags = (out: string, seed: string) =>
      run(
        "run",
        file,
        "--scale",
        "tiny",
        "--set",
        "Edges=SpanningTree",
        "--device",
        "cpu",
        "--seed",
        seed,
        "--out",
        out,
      );
    for (const [out, seed] of [
      [a, "7"],
      [b, "7"],
      [c, "8"],
    ] as const)
      expect((await flags(out, seed)).status).toBe(0);
    const last = (out: string) => readFileSync(join(out, "Edges=SpanningTree", "last.safetensors"));
    expect(last(b)).toEqual(last(a));
    expect(last(c)).not.toEqual(last(a));
    expect(withoutSeconds(contentOf(c).get("Edges=SpanningTree/result.json")).seed).toBe(8);
  });

  test("what is wrong with a later variant is told before the first is trained", async () => {
    const out = newOut();
    const { status, stderr } = await run(
      "run",
      file,
      "--device",
      "cpu",
      "--set",
      "Edges=SpanningTree,KSubset",
      "--out",
      out,
    );
    expect(status).toBe(1);
    expect(stderr).not.toContain("step ");
    expect(existsSync(out)).toBe(false);
  });

  test("on data of several kinds draws a picture for each", async () => {
    const varied = (model: string) =>
      model
        .replace("vary Edges in { IndependentEdges, SpanningTree }", "vary V in { 3, 4 }")
        .replace("V = 3, train", "V = V, train");
    const { folder, file } = treesFolder(varied);
    const out = join(folder, "out");
    const { status, stdout, stderr } = await run("run", file, "--scale", "tiny", "--device", "cpu", "--out", out);
    expect(status, stderr).toBe(0);
    for (const [i, edges] of [3, 6].entries()) {
      expect(stdout).toContain(`picture  ${join(out, `picture-${i + 1}.svg`)}\n`);
      const root = parseXml(readFileSync(join(out, `picture-${i + 1}.svg`), "utf8"));
      expect(elementsOf(root, "text")[0]!.text).toBe(`fit: z, V = ${i + 3}, 4 test examples`);
      const [truth] = elementsOf(root, "g");
      expect(elementsOf(truth!, "line")).toHaveLength(edges - 1);
    }
    rmSync(folder, { recursive: true });
  });

  test("of the NRI example with sizes of one's own", async () => {
    const out = newOut();
    const args = settings([...TINY_NRI.slice(0, 7), "batch=8", "steps=2", "Edges=TopKEdges,SpanningTree"]);
    const { status, stdout, stderr } = await run("run", NRI, "--scale", "demo", ...args, "--out", out);
    expect(stderr).toContain("graph_layout for NRI at scale demo: 2 trainings of 2 steps");
    expect(status).toBe(0);
    expect(stdout).toMatch(/\nTopKEdges +3 .*\nSpanningTree +3 .*\nminimum spanning tree +3 /);
    expect(readdirSync(out).sort()).toEqual(
      ["Edges=SpanningTree,T=3", "Edges=TopKEdges,T=3", "picture.svg", "table.md"].sort(),
    );
  });
});

describe("an interruption", () => {
  /** Runs until `mark` is told, then interrupts as Ctrl-C does. */
  async function interrupted(mark: string, ...args: readonly string[]) {
    const own = process.listeners("SIGINT");
    let done = false;
    const outcome = await runWatched(
      (text) => {
        if (done || !text.includes(mark)) return;
        done = true;
        // Only the command's own listeners: the test runner has its own.
        for (const listener of process.listeners("SIGINT")) if (!own.includes(listener)) listener("SIGINT");
      },
      ...args,
    );
    expect(done).toBe(true);
    expect(process.listeners("SIGINT")).toEqual(own);
    return outcome;
  }

  const args = [NRI, "--scale", "demo", ...settings(TINY_NRI), "--seed", "3"];
  const variant = "Edges=SpanningTree,T=3";

  test("loses nothing: resumed, the run is the uninterrupted one to the last bit, wherever it was stopped", async () => {
    const whole = newOut();
    const uninterrupted = await run("run", ...args, "--out", whole);
    expect(uninterrupted.status, uninterrupted.stderr).toBe(0);
    // Between validations, at one, and between the last one and the end.
    for (const mark of ["  3/12", "step  5/12", " 11/12"]) {
      const out = newOut();
      const first = await interrupted(mark, "run", ...args, "--out", out);
      expect(first.status).toBe(130);
      expect(first.stdout).toBe("");
      expect(first.stderr).toContain("stopping after this step");
      expect(existsSync(join(out, variant, "result.json"))).toBe(false);
      const second = await run("run", ...args, "--out", out, "--resume");
      expect(second.status).toBe(0);
      expect(second.stdout.replaceAll(out, whole)).toBe(uninterrupted.stdout);
      const [a, b] = [contentOf(whole), contentOf(out)];
      expect([...b.keys()].sort()).toEqual([...a.keys()].sort());
      for (const [path, bytes] of a) {
        if (path.endsWith("result.json")) expect(withoutSeconds(b.get(path))).toEqual(withoutSeconds(bytes));
        else expect(b.get(path)!.equals(bytes), `${mark} ${path}`).toBe(true);
      }
    }
  });

  test("prints a command that goes on with the run", async () => {
    const { folder, file } = treesFolder();
    const spaced = join(folder, "it's a place");
    const flags = ["--experiment", "fit", "--scale", "tiny", "--set", "steps=12", "--set", "Edges={SpanningTree}"];
    const first = await interrupted(" 4/12", "run", file, ...flags, "--device", "cpu", "--seed", "5", "--out", spaced);
    expect(first.status).toBe(130);
    const command = /stopped; go on with: (.*)\n/.exec(first.stderr)![1]!;
    const words = [...command.matchAll(/(?:'[^']*'|\\'|[^\s'\\])+/g)].map(([word]) =>
      word.replace(
        /'([^']*)'|\\(')/g,
        (_, quoted: string | undefined, escaped: string | undefined) => quoted ?? escaped!,
      ),
    );
    expect(words.slice(0, 2)).toEqual(["sstc", "run"]);
    const second = await run(...words.slice(1));
    expect(second.stderr).not.toContain(" 3/12");
    expect(second.status, second.stderr).toBe(0);
    expect(existsSync(join(spaced, "table.md"))).toBe(true);
    rmSync(folder, { recursive: true });
  });

  test("before anything was trained leaves nothing behind", async () => {
    const out = newOut();
    const first = await interrupted("everything is kept", "run", file, "--device", "cpu", "--out", out);
    expect(first.status).toBe(130);
    expect(first.stdout).toBe("");
    const command = `sstc run ${file} --device cpu --out ${out}\n`;
    expect(first.stderr).toContain(`stopped before anything was trained; begin again with: ${command}`);
    expect(existsSync(out)).toBe(false);
    expect((await run("run", file, "--scale", "tiny", "--device", "cpu", "--out", out)).status).toBe(0);
  });
});

describe("--resume", () => {
  test("of a finished run trains nothing, and prints the same", async () => {
    const out = newOut();
    const flags = ["run", file, "--scale", "tiny", "--device", "cpu", "--out", out];
    const first = await run(...flags);
    const before = contentOf(out);
    const second = await run(...flags, "--resume");
    expect([second.status, second.stdout]).toEqual([0, first.stdout]);
    expect(second.stderr).not.toMatch(/loss \S/);
    expect(contentOf(out)).toEqual(before);
  });

  test("adds variants that were not there, and trains none again", async () => {
    const out = newOut();
    const flags = ["run", file, "--scale", "tiny", "--device", "cpu", "--out", out];
    expect((await run(...flags, "--set", "Edges=SpanningTree")).status).toBe(0);
    const { status, stderr } = await run(...flags, "--resume");
    expect(status).toBe(0);
    expect(stderr).toContain("1/2 IndependentEdges  step 2/2");
    expect(stderr).not.toContain("2/2 SpanningTree");
  });

  test("refuses settings that differ: those of an unfinished run were passed over", async () => {
    const out = newOut();
    const flags = ["run", file, "--scale", "tiny", "--device", "cpu", "--out", out];
    expect((await run(...flags)).status).toBe(0);
    for (const variant of ["IndependentEdges", "SpanningTree"]) rmSync(join(out, `Edges=${variant}`, "result.json"));
    const cases: readonly (readonly [flags: readonly string[], said: string])[] = [
      [["--set", "steps=3"], "train.steps was 2 and now is 3"],
      [["--set", "batch=4"], "train.batch was 8 and now is 4"],
      [["--set", "lr=0.1"], "train.optimizer.arguments.learning_rate was 0.05 and now is 0.1"],
      [["--set", "t=0.6"], "hypers.t was 0.4 and now is 0.6"],
      [["--set", "hidden=3"], "arguments.hidden was not given and now is 3"],
      [["--set", "data.seed=2"], "data.named.seed was 1 and now is 2"],
      [["--seed", "1"], "seed was 0 and now is 1"],
    ];
    const before = contentOf(out);
    for (const [extra, said] of cases) {
      const { status, stderr } = await run(...flags, "--resume", ...extra);
      expect(stderr).toContain("settings.json belongs to a run with other settings");
      expect(stderr).toContain(said);
      expect(status).toBe(1);
    }
    expect(contentOf(out)).toEqual(before);
  });

  test("refuses a model whose text has changed", async () => {
    const { folder, file } = treesFolder();
    const flags = ["run", file, "--scale", "tiny", "--device", "cpu", "--out", join(folder, "out")];
    expect((await run(...flags)).status).toBe(0);
    writeFileSync(file, readFileSync(file, "utf8").replace("(z - truth) ^ 2", "2 * (z - truth) ^ 2"));
    const { status, stderr } = await run(...flags, "--resume");
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining("the model's text, or the compiler, has changed since"),
    ]);
    rmSync(folder, { recursive: true });
  });
});

describe("the directory", () => {
  const spec = { name: "fit", scale: "demo" };
  test("is a new one for each run, numbered from 2, and the newest for --resume", () => {
    const runs = join(folder, "runs");
    const open = (resume: boolean) => openRunDirectory(spec, { resume }, runs).path;
    expect(() => open(true)).toThrow(`there is no ${join(runs, "fit-demo")} to resume`);
    expect([open(false), open(false), open(false)]).toEqual(
      ["", "-2", "-3"].map((end) => join(runs, `fit-demo${end}`)),
    );
    expect(open(true)).toBe(join(runs, "fit-demo-3"));
    // Gaps are not filled: the newest has the highest number.
    rmSync(join(runs, "fit-demo-2"), { recursive: true });
    mkdirSync(join(runs, "fit-demo-x"));
    expect(open(false)).toBe(join(runs, "fit-demo-4"));
    expect(openRunDirectory({ name: "fit" }, {}, runs).path).toBe(join(runs, "fit"));
  });
  test("is removed again when nothing came of the run, unless it was there", () => {
    const out = newOut();
    openRunDirectory(spec, { out }).close();
    expect(existsSync(out)).toBe(false);
    mkdirSync(out);
    openRunDirectory(spec, { out }).close();
    expect(existsSync(out)).toBe(true);
    const made = openRunDirectory(spec, { out: join(out, "deep", "er") });
    writeFileSync(join(made.path, "a"), "");
    made.close();
    expect(existsSync(join(made.path, "a"))).toBe(true);
  });
  test("cannot be a file, or hold something already", async () => {
    const { status, stderr } = await run("run", file, "--out", file);
    expect([status, stderr]).toEqual([2, `sstc: ${file} is a file, not a directory for results\n`]);
    expect(() => openRunDirectory(spec, { out: join(file, "inner") })).toThrow(
      /is a file|a file is in the way|ENOTDIR/,
    );
    expect(() => openRunDirectory(spec, { out: folder })).toThrow("already holds something: add --resume");
  });
});

test("the program is named as it was called", () => {
  expect(ownName("/usr/local/bin/sstc")).toEqual(["sstc"]);
  expect(ownName("/home/me/project/node_modules/.bin/sstc")).toEqual(["npx", "sstc"]);
  expect(ownName(join(process.cwd(), "dist", "cli.js"))).toEqual(["node", join("dist", "cli.js")]);
});
