/** `sstc new`: the folder it makes, and that everything its README says works there. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { newCommand } from "../../cli/new.ts";
import { UsageError } from "../../cli/usage-error.ts";
import { check, compile, readExperiment, render } from "../../sstc.ts";
import { run } from "./harness.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sstc-new-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Makes a project and returns what was printed. */
function make(name: string): string {
  const written: string[] = [];
  const spy = vi.spyOn(process.stdout, "write").mockImplementation((text) => written.push(String(text)) > 0);
  try {
    expect(newCommand(name, folder)).toBe(0);
    return written.join("");
  } finally {
    spy.mockRestore();
  }
}

test("a new project holds a model, data, a README and a package, and tells what to do next", () => {
  const told = make("my-model");
  expect(told).toContain("cd my-model");
  expect(told).toContain("npx sstc run model.sst");
  const made = join(folder, "my-model");
  expect(readdirSync(made).sort()).toEqual(["README.md", "data.js", "model.sst", "package.json"]);
  const { version } = JSON.parse(readFileSync("package.json", "utf8"));
  expect(JSON.parse(readFileSync(join(made, "package.json"), "utf8"))).toMatchObject({
    name: "my-model",
    private: true,
    type: "module",
    dependencies: { sstc: `^${version}` },
  });
});

test("the commands of its README work, and what it learns is what it says", async () => {
  make("quick");
  const made = join(folder, "quick");
  const readme = readFileSync(join(made, "README.md"), "utf8");
  const commands = [...readme.matchAll(/^sstc ([^#\n]+)/gm)].map((match) => match[1]!.trim().split(" "));
  expect(commands.map(([command]) => command)).toEqual(["run", "explain", "sample", "compile"]);
  for (const [command, ...args] of commands) {
    const here = args.map((each) => each.replace("model.sst", join(made, "model.sst")));
    const paths = here.map((each) => each.replace("runs/features", join(made, "runs")));
    const out = command === "run" ? ["--out", join(made, "runs")] : command === "compile" ? ["--out", made] : [];
    const { status, stdout } = await run(command!, ...paths, ...out);
    expect(status, command).toBe(0);
    if (command !== "run") continue;
    const row = (name: string) =>
      stdout
        .split("\n")
        .find((line) => line.startsWith(name))!
        .trim()
        .split(/ {2,}/);
    const [, loss, found] = row("Select");
    // The noise of the data has variance 0.01; three of twelve features matter.
    expect(Number(loss)).toBeLessThan(0.05);
    expect(Number(found)).toBeGreaterThan(0.95);
    expect(Number(row("any subset")[2])).toBe(0.25);
  }
  expect(readdirSync(made)).toEqual(expect.arrayContaining(["model.js", "model.d.ts"]));
});

test("what its README suggests to try compiles", () => {
  make("tries");
  const readme = readFileSync(join(folder, "tries", "README.md"), "utf8");
  const model = readFileSync(join(folder, "tries", "model.sst"), "utf8");
  expect(check(model).map(render)).toEqual([]);
  const replaced: readonly (readonly [from: string, to: string])[] = [
    ["relax ExpFamily at t", "relax Euclidean at t"],
    ["relax ExpFamily at t", "relax ExpFamily at t straight_through"],
    ["KSubset(n, k)", "KSubset(n, 2)"],
    ["hyper t = 0.5\n  data from", "vary k in { 2, 3, 4 }\n  data from"],
  ];
  for (const [from, to] of replaced) {
    expect(readme).toContain(to.split("\n", 1)[0]);
    expect(model).toContain(from);
    const changed = model.replace(from, to);
    expect(compile(changed).diagnostics.map(render)).toEqual([]);
    expect(readExperiment(changed).diagnostics.map(render)).toEqual([]);
  }
  expect(readExperiment(model.replace(...replaced[3]!)).spec!.vary).toEqual([{ name: "k", values: [2, 3, 4] }]);
});

test("an existing folder is refused, and so is what is no name of a package", async () => {
  mkdirSync(join(folder, "taken"));
  expect(() => newCommand("taken", folder)).toThrow(new UsageError("taken exists already: choose another name"));
  expect(readdirSync(join(folder, "taken"))).toEqual([]);
  for (const name of [
    "..",
    "../up",
    "/absolute",
    "a/b",
    "Upper",
    "",
    " ",
    ".hidden",
    "node_modules",
    "é",
    "a".repeat(215),
  ]) {
    expect(() => newCommand(name, folder), name).toThrow("cannot be the name of a package");
  }
  const { status, stderr } = await run("new", "test");
  expect({ status, stderr }).toEqual({ status: 2, stderr: "sstc: test exists already: choose another name\n" });
});
