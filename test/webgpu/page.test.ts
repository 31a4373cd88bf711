/** The page of examples/browser as people open it: built, served, in a browser, on WebGPU and without. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FileServer, noBrowser, openBrowser, openPage, serve, type Watched } from "./browser.ts";

const root = join(import.meta.dirname, "../..");
const artefacts = join(root, "test/artefacts");
const folder = mkdtempSync(join(tmpdir(), "sstc-page-"));
/** Small enough for a WebGPU driver that runs on the CPU. */
const SMALL = "batch=8&hidden=16";
const STEPS = 50;
/** A browser on a busy machine takes its time. */
const PATIENCE = 100_000;

let server: FileServer;
let browser: Browser;

const values = (page: Page, picture: "soft" | "hard") =>
  page
    .locator(`#${picture} line`)
    .evaluateAll((lines) =>
      lines.map((line) => ({ value: Number(line.dataset.value), width: Number(line.getAttribute("stroke-width")) })),
    );
const numbersOf = async (page: Page, picture: "soft" | "hard") =>
  (await values(page, picture)).map(({ value }) => value);
const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
const mean = (numbers: readonly number[]) => sum(numbers) / numbers.length;
const setTemperature = (page: Page, t: number) => page.locator("#temperature").fill(Math.log10(t).toFixed(3));

/** The page, once it has drawn. `query`: of its address. */
async function open(query: string, options: Parameters<typeof openPage>[1] = {}): Promise<Watched> {
  const watched = await openPage(browser, { viewport: { width: 1280, height: 900 }, ...options });
  watched.page.setDefaultTimeout(PATIENCE);
  // What the training tells the page is written down.
  await watched.page.addInitScript(() => {
    const losses: number[] = [];
    Object.assign(globalThis, { losses });
    globalThis.Worker = class extends Worker {
      constructor(address: string | URL, given?: WorkerOptions) {
        super(address, given);
        this.addEventListener("message", ({ data }) => {
          if (data.kind === "step") losses.push(data.loss);
        });
      }
    };
  });
  await watched.page.goto(`${server.address}?${query}`);
  await watched.page.locator("#soft line[data-value]").first().waitFor({ state: "attached" });
  return watched;
}

/** Trains for some steps, and pauses; returns the losses. */
async function trained(page: Page): Promise<number[]> {
  const lossesOf = () => page.evaluate(() => (globalThis as unknown as { losses: number[] }).losses);
  await page.locator("#train:enabled").click();
  await expect.poll(async () => (await lossesOf()).length, { timeout: PATIENCE, interval: 500 }).toBeGreaterThan(STEPS);
  await page.locator("#train").click();
  return lossesOf();
}

async function expectLearning(page: Page): Promise<void> {
  const losses = (await trained(page)).slice(0, STEPS);
  expect(losses.every(Number.isFinite)).toBe(true);
  expect(mean(losses.slice(-10))).toBeLessThan(mean(losses.slice(0, 10)));
  expect(await page.locator("#curve .mean").count()).toBe(1);
  expect(await page.locator("#precision").textContent()).toMatch(/^\d+ %$/);
  expect(Number(await page.locator("#rate").textContent())).toBeGreaterThan(0);
  expect(await page.locator("#training-problem").isHidden()).toBe(true);
}

const picture = async (page: Page, name: string) =>
  page.screenshot({ path: join(artefacts, `page-${name}.png`), fullPage: true });

/** Nothing but the page itself was loaded, and nothing went wrong. */
function expectPeace({ foreign, errors }: Watched): void {
  expect(foreign).toEqual([]);
  expect(errors).toEqual([]);
}

describe.skipIf(noBrowser !== undefined)(
  `the page in a browser${noBrowser === undefined ? "" : `: ${noBrowser}`}`,
  () => {
    beforeAll(async () => {
      await build({
        configFile: join(root, "examples/browser/vite.config.ts"),
        logLevel: "error",
        build: { outDir: folder },
      });
      mkdirSync(artefacts, { recursive: true });
      [server, browser] = await Promise.all([serve(folder), openBrowser()]);
    }, PATIENCE);

    afterAll(async () => {
      await browser?.close();
      await server?.close();
      rmSync(folder, { recursive: true });
    });

    test("compiles and draws a tree on WebGPU, and follows the slider, the button and the text", async () => {
      const watched = await open(SMALL);
      const { page } = watched;
      expect(await page.evaluate(async () => (await navigator.gpu.requestAdapter()) !== null)).toBe(true);
      expect(await page.locator("#device").textContent()).toMatch(/^WebGPU/);
      expect(await page.locator("#banner").isHidden()).toBe(true);
      await expectTree(page);
      await expectFollowing(page);
      await expectVariations(page);
      await expectMistakesToldOf(page);
      expectPeace(watched);
      await page.close();
    });

    test("trains on WebGPU, and can be looked at by day and by night", async () => {
      const watched = await open(SMALL);
      const { page } = watched;
      await expectLearning(page);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        await picture(page, colorScheme);
      }
      expectPeace(watched);
      await page.close();
    });

    test("says that it is without WebGPU, and does the same on WebAssembly", async () => {
      const watched = await open(`${SMALL}&device=wasm`);
      const { page } = watched;
      expect(await page.locator("#banner").isVisible()).toBe(true);
      expect(await page.locator("#banner").textContent()).toContain("device=wasm");
      await expectTree(page);
      await expectFollowing(page);
      await expectLearning(page);
      expectPeace(watched);
      await page.close();
    });

    test("where the browser has no WebGPU, it says so, and works", async () => {
      const watched = await openPage(browser);
      await watched.page.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, "gpu"));
      await watched.page.goto(server.address);
      await watched.page.locator("#soft line[data-value]").first().waitFor({ state: "attached", timeout: PATIENCE });
      expect(await watched.page.locator("#banner").textContent()).toContain("no navigator.gpu");
      await expectTree(watched.page);
      expectPeace(watched);
      await watched.page.close();
    });

    test("has room on a telephone", async () => {
      const watched = await open(SMALL, { viewport: { width: 390, height: 844 } });
      await picture(watched.page, "narrow");
      expect(await watched.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
      await watched.page.close();
    });
  },
);

/** Twelve vertices: a tree has 11 edges, and so have means of trees. */
async function expectTree(page: Page): Promise<void> {
  const [soft, hard] = [await numbersOf(page, "soft"), await numbersOf(page, "hard")];
  expect(soft).toHaveLength(66);
  expect(hard.filter((value) => value === 1)).toHaveLength(11);
  expect(hard.filter((value) => value === 0)).toHaveLength(55);
  expect(sum(soft)).toBeCloseTo(11, 3);
  expect(soft.some((value) => value > 0.05 && value < 0.95)).toBe(true);
}

async function expectFollowing(page: Page): Promise<void> {
  const [warm, hard] = [await values(page, "soft"), await numbersOf(page, "hard")];
  await setTemperature(page, 5);
  await expect.poll(() => values(page, "soft"), { timeout: PATIENCE }).not.toEqual(warm);
  const hot = await values(page, "soft");
  expect(hot.map(({ width }) => width)).not.toEqual(warm.map(({ width }) => width));
  expect(Math.max(...hot.map(({ value }) => value))).toBeLessThan(Math.max(...warm.map(({ value }) => value)));
  // The same noise: as it gets cold, the soft sample becomes the hard one, which has not moved. Edges whose utilities
  // nearly agree still share a little.
  await setTemperature(page, 0.05);
  const distance = async () => mean((await numbersOf(page, "soft")).map((value, e) => Math.abs(value - hard[e]!)));
  await expect.poll(distance, { timeout: PATIENCE }).toBeLessThan(0.01);
  expect((await numbersOf(page, "soft")).map(Math.round)).toEqual(hard);
  expect(await numbersOf(page, "hard")).toEqual(hard);
  await page.locator("#again").click();
  await expect.poll(() => numbersOf(page, "hard"), { timeout: PATIENCE }).not.toEqual(hard);
  await setTemperature(page, 0.5);
}

/** Other words in the text, by the buttons under it; and another place for a vertex. */
async function expectVariations(page: Page): Promise<void> {
  for (const word of ["TopKEdges", "Euclidean", "SpanningTree"]) {
    const before = await values(page, "soft");
    await page.getByRole("button", { name: word }).click();
    await expect.poll(() => values(page, "soft"), { timeout: PATIENCE }).not.toEqual(before);
    expect(await page.locator("#problems").isHidden()).toBe(true);
    expect(sum(await numbersOf(page, "soft"))).toBeCloseTo(11, 2);
  }
  await page.getByRole("button", { name: "ExpFamily" }).click();
  const vertex = page.locator("#hard circle").first();
  const [before, box] = [await values(page, "soft"), (await vertex.boundingBox())!];
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + 60, box.y + 60, { steps: 4 });
  await page.mouse.up();
  await expect.poll(async () => (await vertex.boundingBox())!.x, { timeout: PATIENCE }).toBeGreaterThan(box.x + 40);
  expect(await values(page, "soft")).not.toEqual(before);
}

async function expectMistakesToldOf(page: Page): Promise<void> {
  const before = await values(page, "hard");
  const source = page.locator("#source");
  const text = await source.inputValue();
  await source.fill(text.replace("SpanningTree", "SpaningTree"));
  await expect
    .poll(() => page.locator("#problems").textContent(), { timeout: PATIENCE })
    .toContain("error[unknown-name]");
  expect(await page.locator("#problems").textContent()).toContain("tree.sst:11:");
  expect(await page.locator("#problems").textContent()).toContain("SpanningTree");
  await picture(page, "mistake");
  expect(await values(page, "hard")).toEqual(before);
  // A model that compiles and cannot be run by the page: it has no data of that name.
  await source.fill(text.replace("f32[V, 2]", "f32[V, 3]"));
  await expect.poll(() => page.locator("#problems").textContent(), { timeout: PATIENCE }).toContain("`place`");
  expect(await values(page, "hard")).toEqual(before);
  await source.fill(text.replace("V = 12", "V = 5").replace("SpanningTree", "IndependentEdges"));
  await expect.poll(() => page.locator("#soft line").count(), { timeout: PATIENCE }).toBe(10);
  expect(await page.locator("#problems").isHidden()).toBe(true);
}
