/** `sstc check`: files, formats, exit status. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { run } from "./harness.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sstc-check-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const GOOD = "model M(n = 3) {\n  data x: f32[n]\n  minimize sum(x)\n}\n";
const BAD = "fn f(x) = y\nmodel M(n = 3) {\n  data x: f32[n]\n  minimize x\n}\nmodel N(n = 2) {\n  minimize z\n}\n";

test("the example has no problems", async () => {
  expect(await run("check", "examples/nri/nri.sst")).toEqual({ status: 0, stdout: "", stderr: "" });
});

test("all problems of all models of all files come in one run, as text on standard output", async () => {
  const [good, bad, other] = [file("good.sst", GOOD), file("bad.sst", BAD), file("other.sst", "model M( {")];
  const { status, stdout, stderr } = await run("check", good, bad, other);
  expect({ status, stderr }).toEqual({ status: 1, stderr: "" });
  const heads = stdout.split("\n").filter((line) => /^(error|warning|note)/.test(line));
  expect(heads).toEqual([
    "error[unknown-name]: there is no y here",
    "error[shape-mismatch]: an objective is one number for each example, but this is f32[n = 3]",
    "error[unknown-name]: there is no z here",
    "error[syntax]: expected a parameter's name but found '{'",
  ]);
  expect(stdout).toContain(`--> ${bad}:4:12`);
});

test("--format json is a list of diagnostics with file, line and column", async () => {
  const path = file("json.sst", "model M() {\n  minimize lost\n}\n");
  const { status, stdout } = await run("check", path, "--format", "json");
  expect(status).toBe(1);
  expect(JSON.parse(stdout)).toEqual([
    {
      code: "unknown-name",
      severity: "error",
      message: "there is no lost here",
      file: path,
      line: 2,
      column: 12,
      endLine: 2,
      endColumn: 16,
      span: { start: 23, end: 27 },
    },
  ]);
  expect(JSON.parse((await run("check", file("fine.sst", GOOD), "--format", "json")).stdout)).toEqual([]);
});

test("warnings and notes are told, but are no errors", async () => {
  const text = "model M(n) {\n  param w: f32[3] ~ zeros\n  latent z: OneHot(3) ~ Gumbel(w)\n  minimize sum(z)\n}\n";
  const { status, stdout } = await run("check", file("warn.sst", text));
  expect(status).toBe(0);
  expect(stdout).toContain("note[unchecked]: M was checked without values for n");
  expect(stdout).toContain("warning[no-estimator]: no gradient reaches the utilities of z");
});

test("imports are read beside the importing file", async () => {
  file("layers.sst", "fn twice(x) = 2 * x\n");
  const path = file(
    "imports.sst",
    'import { twice, thrice } from "./layers.sst"\nmodel M() {\n  minimize twice(1)\n}\n',
  );
  const { status, stdout } = await run("check", path);
  expect(status).toBe(1);
  expect(stdout).toContain('error[unknown-import]: "./layers.sst" has no thrice');
  expect(stdout.match(/error/g)).toHaveLength(1);
});

test("a problem in an imported file is shown there", async () => {
  const layers = file("wrong.sst", "fn twice(x) = x + [1, 2]\n");
  const path = file(
    "uses.sst",
    'import { twice } from "./wrong.sst"\nmodel M() {\n  data x: f32[3]\n  minimize sum(twice(x))\n}\n',
  );
  const { stdout } = await run("check", path);
  expect(stdout).toContain(`--> ${layers}:1:15`);
  expect(stdout).toContain("reached from line 4 of");
});

test("an imported file is checked too, and told of once", async () => {
  const parts = file("parts.sst", "fn good(x) = x\nfn bad(x) = lost\n");
  const first = file("first.sst", 'import { good } from "./parts.sst"\nmodel M() {\n  minimize good(1)\n}\n');
  const second = file("second.sst", 'import { good } from "./parts.sst"\nmodel M() {\n  minimize good(2)\n}\n');
  const { status, stdout } = await run("check", first, second, parts);
  expect(status).toBe(1);
  expect(stdout.match(/there is no lost here/g)).toHaveLength(1);
});

test("files that import each other", async () => {
  const a = file("a.sst", 'import { g } from "./b.sst"\nfn f(x) = g(x)\nmodel M() {\n  minimize f(1)\n}\n');
  file("b.sst", 'import { f } from "./a.sst"\nfn g(x) = f(x)\n');
  const { status, stdout } = await run("check", a);
  expect(status).toBe(1);
  expect(stdout).toContain("error[recursion]: f uses itself through g");
});

const CERTIFIED = `model M(n = 6) {
  param theta: f32[n] ~ zeros
  latent z: KSubset(n, 2) ~ Gumbel(theta) relax ExpFamily at 0.5
  minimize sum(z)
}
`;

test("--gradients certifies each latent of the files without errors", async () => {
  const [fine, bad] = [file("fine.sst", CERTIFIED), file("broken.sst", "model N() {\n  minimize lost\n}\n")];
  const { status, stdout } = await run("check", "--gradients", fine);
  expect(status).toBe(0);
  expect(stdout).toContain("M.z: KSubset(6, 2) relax ExpFamily at 0.5\n  at KSubset(6, 2): 15 members of 6 elements\n");
  expect(stdout).toMatch(/✓ backward dual +its error against the covariance by enumeration( +\de-\d\d){3} +≤ 1e-8\n/);
  expect(stdout).toMatch(/relaxed at 0\.5 +[\d.]+ ± [\d.]+ +\d+ % +[\d.]+\n/);
  expect(stdout).toMatch(/\d+ certificates, all hold\n$/);
  const mixed = await run("check", "--gradients", fine, bad);
  expect(mixed.status).toBe(1);
  expect(mixed.stdout).toContain("there is no lost here");
  expect(mixed.stdout).toContain("all hold");
  const nothing = await run("check", "--gradients", file("nothing.sst", GOOD));
  expect(nothing).toMatchObject({ status: 0 });
  expect(nothing.stdout).toContain("there are no gradients to certify");
});

test("--gradients ends with status 1 where a certificate fails, and shows the worst example", async () => {
  const wrong = file(
    "wrong-backward.sst",
    `structure One(n) {
  embedding x: binary[n]
  argmax largest
  relax ExpFamily by softmax_kernel symmetric backward halved
}
kernel halved(n, x: f32[n], cotangent: f32[n]) -> vjp: f32[n] {
  let mean = sum(x[i] * cotangent[i] for i in 0..n)
  for i in 0..n { vjp[i] = x[i] * (cotangent[i] - mean) / 2 }
}
model M(n = 4) {
  data theta: f32[n]
  latent z: One(n) ~ Fixed(theta) relax ExpFamily at 1
  minimize sum(z)
}
`,
  );
  const { status, stdout } = await run("check", "--gradients", wrong, "--seed", "7");
  expect(status).toBe(1);
  const [, failure] = stdout.split("✗ backward custom: its error against the covariance by enumeration\n");
  expect(failure!.split("\n").map((line) => line.trim().split(" ")[0])).toEqual(
    expect.arrayContaining(["utilities", "temperature", "cotangent", "gradient", "exact"]),
  );
  expect(stdout).toMatch(/certificates, 1 failed\n$/);
  const json = await run("check", "--gradients", wrong, "--seed", "7", "--format", "json");
  expect(json.status).toBe(1);
  const { diagnostics, certificates } = JSON.parse(json.stdout) as {
    diagnostics: unknown[];
    certificates: { name: string; passed: boolean; certificates: { of: string; passed: boolean }[] }[];
  };
  expect(diagnostics).toEqual([]);
  expect(certificates.filter(({ passed }) => !passed).map(({ name }) => name)).toEqual(["M.z"]);
  const failed = certificates[0]!.certificates.filter((each) => !each.passed);
  expect(failed.map((each) => each.of)).toEqual(["backward custom"]);
});

test("wrong command lines", async () => {
  const good = file("again.sst", GOOD);
  expect((await run("check", good, "--gradients", "--seed", "x")).status).toBe(2);
  expect((await run("check", good, "--format", "xml")).status).toBe(2);
  expect((await run("check", join(folder, "missing.sst"))).status).toBe(2);
  expect((await run("check", folder)).stderr).toContain("it is a folder");
  expect((await run("check")).status).toBe(2);
});
