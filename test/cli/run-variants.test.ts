/** `sstc run` of an experiment that names its variants, and what `--variant` and `--data` say. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { run } from "./harness.ts";
import { treesFolder } from "./trees.ts";

const PLAIN = `
/// Edges on their own, told by their weights alone.
model Plain(V = 3) {
  graph K = complete(V)
  data x: f32[edges(K)]
  data truth: f32[edges(K)]
  param w: f32[] ~ zeros
  minimize sum((sigmoid(w * x) - truth) ^ 2)
}
`;

const { folder, file } = treesFolder(
  (text) =>
    `${PLAIN}${text
      .replace("vary Edges in { IndependentEdges, SpanningTree }", "")
      .replace("hyper t = 0.4", "")
      .replace(
        "report",
        'variant "a tree" { hyper t = 0.4 }\n  variant "any" { model Edges = IndependentEdges }\n  report',
      )
      .replace("scale tiny", 'variant "plain" for Plain { train steps 3 }\n  scale tiny')}`,
);
afterAll(() => rmSync(folder, { recursive: true }));
const newOut = () => mkdtempSync(join(folder, "out-"));

const rows = (stdout: string) =>
  stdout
    .split("\n")
    .slice(3)
    .map((line) => line.split(/ {2,}/));

describe("named variants", () => {
  test("are rows of one table, each with its own model, clauses and folder", async () => {
    const out = newOut();
    const { status, stdout, stderr } = await run("run", file, "--device", "cpu", "--scale", "tiny", "--out", out);
    expect(status, stderr).toBe(0);
    expect(stdout.split("\n")[1]).toMatch(/^variant +test\.loss +test\.edges\.precision +test\.edges\.recall$/);
    const [tree, any, plain, guessing] = rows(stdout);
    expect([tree![0], any![0], plain![0], guessing![0]]).toEqual(["a tree", "any", "plain", "guessing"]);
    expect(plain!.slice(2)).toEqual(["–", "–"]);
    expect(Number(plain![1])).toBeGreaterThan(0);
    const settings = (name: string) => JSON.parse(readFileSync(join(out, name, "settings.json"), "utf8"));
    expect(settings("a_tree")).toMatchObject({ model: "Trees", hypers: { t: 0.4 }, train: { steps: 2 } });
    expect(settings("any")).toMatchObject({ model: "Trees", arguments: { Edges: "IndependentEdges" } });
    expect(settings("plain")).toMatchObject({ model: "Plain", train: { steps: 3 } });
    expect(stderr).toContain("\n3/3 plain  step 3/3  loss ");
  });

  test("are the same alone, by --variant", async () => {
    const [all, one] = [newOut(), newOut()];
    await run("run", file, "--device", "cpu", "--scale", "tiny", "--out", all);
    const { stdout } = await run(
      ...["run", file, "--device", "cpu", "--scale", "tiny", "--variant", "plain", "--out", one],
    );
    expect(rows(stdout).map(([name]) => name)).toContain("plain");
    expect(rows(stdout).map(([name]) => name)).not.toContain("any");
    const model = (out: string) => readFileSync(join(out, "plain", "best.safetensors"));
    expect(model(one).equals(model(all))).toBe(true);
  });

  test("that are not there are told, with what there is", async () => {
    const { status, stderr } = await run("run", file, "--variant", "a trea", "--out", newOut());
    expect(status).toBe(1);
    expect(stderr).toContain("the experiment fit has no variant a trea");
    expect(stderr).toContain("did you mean a tree?");
  });
});

describe("--data", () => {
  const echo = join(folder, "data.js");
  const original = readFileSync(echo, "utf8");

  test("hands the function an absolute path, and is a setting", async () => {
    writeFileSync(
      echo,
      original
        .replace("test, seed })", "test, seed, path })")
        .replace("let state", "console.error(`path`, path);\n  let state"),
    );
    const out = newOut();
    const { status, stderr } = await run(
      ...["run", file, "--device", "cpu", "--scale", "tiny", "--variant", "plain", "--data", folder, "--out", out],
    );
    expect(status, stderr).toBe(0);
    const { data } = JSON.parse(readFileSync(join(out, "plain", "settings.json"), "utf8"));
    expect(data.named.path).toBe(folder);
    writeFileSync(echo, original);
  });

  test("that is not there is told", async () => {
    const { status, stderr } = await run("run", file, "--data", join(folder, "nowhere"), "--out", newOut());
    expect(status).toBe(2);
    expect(stderr).toContain("there is no such file or directory");
  });
});
