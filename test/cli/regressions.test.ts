/** What went wrong on the command line once, and must not again. Each test is called by the fault. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "./harness.ts";

const folder = mkdtempSync(join(tmpdir(), "sstc-cli-regressions-"));
afterAll(() => rmSync(folder, { recursive: true }));

const place = (name: string) => join(folder, name);

const TEXTS = `model Texts(n = 3, label = "a", title: text = "b", Choice: Structure = OneHot) {
  data x: f32[n]
  latent z: Choice(n) ~ Gumbel(x) relax ExpFamily at 0.5
  minimize sum(z * x)
}
`;

/** What a command says, with its exit status. */
async function told(...args: readonly string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const { status, stdout, stderr } = await run(...args);
  return { status, stdout, stderr: stderr.replaceAll(folder, "D") };
}

test("only the first example had samples where utilities do not depend on data", async () => {
  const { status, stdout, stderr } = await told("sample", "examples/quickstart/model.sst", "--device", "cpu");
  expect(status, stderr).toBe(0);
  const { examples } = JSON.parse(stdout) as { examples: { z: { hard: number[][]; soft: number[][] } }[] };
  expect(examples).toHaveLength(4);
  const sums = examples.map(({ z }) => [z.hard, z.soft].map(([row]) => row!.reduce((total, value) => total + value)));
  for (const [hard, soft] of sums) {
    expect(hard).toBe(3);
    expect(soft).toBeCloseTo(3, 5);
  }
  expect(new Set(examples.map(({ z }) => String(z.soft))).size).toBe(4);
});

test("samples at a temperature too small were null, and all was well", async () => {
  const input = join(folder, "u.json");
  writeFileSync(input, '{"u": [[0, 1, 2]]}');
  const { status, stdout, stderr } = await told(
    ...["eval", "OneHot(3)", "--relax", "ExpFamily", "--at", "1e-320", "--input", input],
  );
  expect([status, stdout]).toEqual([1, ""]);
  expect(stderr).toContain("sstc: the utilities of OneHot(3) divided by the temperature 1e-320 hold an infinite value");
  expect(stderr).toContain(
    "at example 0, position 1\n  why: a solver needs finite numbers, and the largest utility is 2\n  help: raise the",
  );
});

test("input with a mark of its byte order was no JSON, and a source with one had an error", async () => {
  const input = place("marked.json");
  writeFileSync(input, '\uFEFF{"u": [[0, 1, 2]]}');
  expect(await told("eval", "OneHot(3)", "--input", input)).toEqual({
    status: 0,
    stdout: '{"argmax":[[0,0,1]]}\n',
    stderr: "",
  });
  writeFileSync(place("marked.sst"), `\uFEFF${TEXTS}`);
  expect(await told("check", place("marked.sst"))).toEqual({ status: 0, stdout: "", stderr: "" });
});

describe("settings that are texts", () => {
  const file = place("texts.sst");
  beforeAll(() => writeFileSync(file, TEXTS));
  const compiled = async (setting: string) => {
    const { status, stderr } = await told("compile", file, "--out", folder, "--set", setting);
    return status === 0 ? /"arguments": (\{[^}]*\})/.exec(readFileSync(place("texts.js"), "utf8"))?.[1] : stderr;
  };

  test.each(["label", "title"])("%s took no text in quotes, or a name without", async (name) => {
    expect(await compiled(`${name}="OneHot"`)).toContain(`"${name}": "OneHot"`);
    expect(await compiled(`${name}=OneHot`)).toContain(`${name} is a text, but this is a name`);
  });
  test("a structure in quotes was its name", async () => {
    expect(await compiled('Choice="Subset"')).toContain("Choice takes no text");
    expect(await compiled("Choice=Subset")).toContain('"Choice": "Subset"');
  });
});

test.each([["fmt", "a.sst", "--check"], ["report", "runs", "--html", "r.html"], ["lsp"], ["lsp", "--stdio"]])(
  "%s was an unknown command",
  async (...args) => {
    const { status, stdout, stderr } = await told(...args);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toBe(`sstc: the command ${args[0]} comes in a later version of sstc\n`);
  },
);

test("an import read any file, and told its first line", async () => {
  const secret = place("passwd");
  writeFileSync(secret, "root:x:0:0\n");
  const file = place("thief.sst");
  writeFileSync(file, `import { N } from "./passwd"\n${TEXTS}`);
  const { status, stdout } = await told("check", file);
  expect(status).toBe(1);
  expect(stdout).toContain('"./passwd" is no source file');
  expect(stdout).not.toContain("root");
});

test("an experiment gave the name of a structure to an argument that is a text", async () => {
  const file = place("experiment.sst");
  const experiment = (value: string) => `experiment e for Texts {
  model title = ${value}
  data from "./data.js" load()
  train adam(0.1) batch 4 steps 2
  report test.loss
}`;
  writeFileSync(file, `${TEXTS}${experiment('"OneHot"')}`);
  expect((await told("check", file)).stdout).toBe("");
  writeFileSync(file, `${TEXTS}${experiment("OneHot")}`);
  expect((await told("check", file)).stdout).toContain("title must be a text, but this is OneHot");
});
