/** `sstc run --set`: settings laid over an experiment, each in its own text. */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { run } from "./harness.ts";
import { treesFolder } from "./trees.ts";

const { folder, file } = treesFolder();
afterAll(() => rmSync(folder, { recursive: true }));
let outs = 0;
const newOut = () => join(folder, `out${outs++}`);
const settings = (texts: readonly string[]) => texts.flatMap((text) => ["--set", text]);

describe("--set", () => {
  /** The settings that a run of these flags was made with. */
  async function made(...texts: readonly string[]) {
    const out = newOut();
    const { status, stderr } = await run(
      "run",
      file,
      "--device",
      "cpu",
      "--scale",
      "tiny",
      ...settings(texts),
      "--out",
      out,
    );
    expect(status, stderr).toBe(0);
    const variants = readdirSync(out, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const read = (name: string) => JSON.parse(readFileSync(join(out, name, "settings.json"), "utf8"));
    return { variants: variants.map(({ name }) => name).sort(), ...read(variants[0]!.name) };
  }
  const both = ["Edges=IndependentEdges", "Edges=SpanningTree"];

  test("gives an argument of the model, with or without its room", async () => {
    expect(await made("hidden=5")).toMatchObject({ variants: both, arguments: { hidden: 5 } });
    expect(await made("model.hidden = 2 + 1")).toMatchObject({ arguments: { hidden: 3 } });
    expect(await made("V=4", "data.V=4")).toMatchObject({ arguments: { V: 4 }, data: { named: { V: 4, train: 16 } } });
  });
  test("gives hypers of the model and of the optimiser", async () => {
    const { hypers, train } = await made("t=0.9", "hyper.lr=0.02");
    expect([hypers, train.optimizer.arguments]).toEqual([{ t: 0.9 }, { learning_rate: 0.02 }]);
  });
  test("gives steps, batch and validation", async () => {
    expect((await made("steps=3", "train.batch=5", "validate=2")).train).toMatchObject({
      steps: 3,
      batch: 5,
      validateEvery: 2,
    });
  });
  test("gives epochs in the place of steps", async () => {
    expect((await made("epochs=2")).train.steps).toEqual({ epochs: 2 });
    const args = ["--device", "cpu", "--scale", "tiny", "--set", "epochs=1", "--out", newOut()];
    const { stderr } = await run("run", file, ...args);
    expect(stderr).toContain("2 trainings of 1 epoch with batches of 8");
  });
  test("gives arguments of the data, those too that the experiment does not mention", async () => {
    expect((await made("data.train=11", "test=3", "data.shape=2")).data.named).toEqual({
      V: 3,
      train: 11,
      valid: 6,
      test: 3,
      seed: 1,
      shape: 2,
    });
  });
  test("chooses what is varied", async () => {
    expect((await made("Edges=SpanningTree")).variants).toEqual(["Edges=SpanningTree"]);
    expect((await made("vary.Edges={TopKEdges, SpanningTree}")).variants).toEqual([
      "Edges=SpanningTree",
      "Edges=TopKEdges",
    ]);
  });
  test("given twice, the last one counts", async () => {
    expect((await made("steps=3", "steps=1")).train.steps).toBe(1);
  });

  const wrong: readonly (readonly [text: string, ...said: string[]])[] = [
    ["hiden=3", "there is nothing called hiden to set", "did you mean hidden?"],
    ["data.trian=3", "there is nothing called data.trian to set", "did you mean train?"],
    ["train.hidden=3", "there is nothing called train.hidden to set"],
    ["a.b.c=3", "there is nothing called a.b.c to set"],
    ["steps=1,2", "steps is not varied: give it one value", "it varies Edges"],
    ["Edges=SpaningTree", "did you mean SpanningTree?"],
    ["steps=", "expected"],
    ["=3", "expected a name"],
    ["", "expected a name"],
    ["steps=3 4", "expected"],
    ["steps=(3", "expected"],
    ["hidden=SpanningTree", "hidden"],
    ["lr=fast", "there is no fast here"],
    ["epochs=0", "epochs must be a positive integer, but it is 0"],
    ["batch=0", "batch must be a positive integer, but it is 0"],
    ["validate=0.5", "validate every must be a positive integer, but it is 0.5"],
  ];
  test.each(wrong)("%j is refused under its own text", async (text, ...said) => {
    const out = newOut();
    const { status, stdout, stderr } = await run("run", file, "--set", text, "--device", "cpu", "--out", out);
    for (const each of said) expect(stderr).toContain(each);
    expect(stderr).toContain(`--set ${text}:1:`);
    expect([status, stdout, existsSync(out)]).toEqual([1, "", false]);
  });
});
