/** The script that draws what the models of a run chose: of a short run, and where there is none. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { run } from "../cli/harness.ts";

const folder = mkdtempSync(join(tmpdir(), "sstc-draw-"));
afterAll(() => rmSync(folder, { recursive: true }));

const root = join(import.meta.dirname, "..", "..");
const draw = (...args: readonly string[]) =>
  spawnSync(process.execPath, [join(root, "examples", "l2x", "draw.js"), ...args], { encoding: "utf8" });

beforeAll(async () => {
  const settings = ["data.train=40", "data.valid=10", "data.test=6", "train.steps=2", "train.batch=4"];
  const { status, stderr } = await run(
    ...["run", join(root, "examples", "l2x", "l2x.sst"), "--scale", "demo", "--out", folder],
    ...["--variant", "E.F. ent. top k", "--variant", "Corr. top k", ...settings.flatMap((each) => ["--set", each])],
  );
  expect(status, stderr).toBe(0);
});

test("draws as many reviews as asked for, once for each model of the run", () => {
  const { status, stdout, stderr } = draw(folder, "3");
  expect(stderr.replace(/^l2x data: .*\n/gm, "")).toBe("");
  expect([status, stdout]).toEqual([0, `picture  ${join(folder, "reviews.html")}\n`]);
  const page = readFileSync(join(folder, "reviews.html"), "utf8");
  expect([...page.matchAll(/<p class="text">/g)].length).toBe(6);
  expect(page).toContain("E.F. ent. top k");
  expect(page).toContain("Corr. top k");
  // Ten words of each review are chosen, in one piece or more.
  for (const [, text] of page.matchAll(/<p class="text">(.*?)<\/p>/gs)) expect(text).toContain("<mark");
});

test.each([
  [[], "say which run: node examples/l2x/draw.js runs/aspects-demo"],
  [[join(folder, "nowhere")], "has no models; give a folder that sstc run examples/l2x/l2x.sst has left"],
  [[folder, "7"], "cannot show 7 reviews: give a whole number from 1 to 6, as many as are for testing"],
  [[folder, "some"], "cannot show NaN reviews: give a whole number from 1 to 6, as many as are for testing"],
] as const)("with %j it says what is wrong", (args, message) => {
  const { status, stdout, stderr } = draw(...args);
  expect([status, stdout]).toEqual([1, ""]);
  expect(stderr).toContain(message);
  expect(stderr).not.toContain("    at ");
});
