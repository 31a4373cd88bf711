/**
 * NRI trains on WebGPU with the loss curve that it has on the device wasm: the same seed gives the same parameters,
 * noise and order of batches. Rounding differs, and training magnifies that; so the first steps must agree closely, and
 * later ones as means of twenty. The curves lie over one another in test/artefacts/training.svg.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compile } from "../../compiler/compile.ts";
import { callDataModule } from "../../runtime/data-module.ts";
import { createDataset, gatherBatch, Shuffler } from "../../runtime/dataset.ts";
import { instantiate } from "../../runtime/instantiate.ts";
import type { Model } from "../../runtime/model.ts";
import { openWebGpuModel } from "../../runtime/webgpu/open.ts";
import { library } from "../../stdlib/library.ts";
import { NOT_RUN, testDevice } from "./device.ts";

const ARTEFACTS = join(import.meta.dirname, "../artefacts");
/** The demo's: examples/nri/nri.sst, `scale demo`. */
const [STEPS, BATCH, SEED] = [200, 32, 0];
const optimizer = { name: "adam", learningRate: 3e-3 } as const;
const source = { name: "nri.sst", text: readFileSync("examples/nri/nri.sst", "utf8") };
const request = { library, arguments: { hidden: 32, T: 10, teacher_forcing: 1 } };

async function lossesOf(model: Model): Promise<number[]> {
  const call = {
    path: "./data.js",
    function: "graph_layout",
    positional: [10],
    named: { train: 640, valid: 1, test: 1 },
  };
  const data = await callDataModule(await import("../../examples/nri/data.js"), call);
  const training = createDataset(model.artifact, data.train, "train data");
  const shuffler = new Shuffler(SEED, training.size, BATCH);
  const losses: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    const { loss } = await model.step(gatherBatch(model.artifact, training, shuffler.at(step)));
    losses.push(loss);
  }
  model.dispose();
  return losses;
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

/** The largest relative difference of means over so many steps. */
function apart(a: readonly number[], b: readonly number[], width: number): number {
  let most = 0;
  for (let i = 0; i + width <= a.length; i += width) {
    const [one, other] = [mean(a.slice(i, i + width)), mean(b.slice(i, i + width))];
    most = Math.max(most, Math.abs(one - other) / Math.abs(one));
  }
  return most;
}

function drawing(
  curves: readonly { readonly name: string; readonly colour: string; readonly losses: readonly number[] }[],
): string {
  const logs = curves.flatMap(({ losses }) => losses.map(Math.log10));
  const [low, high] = [Math.min(...logs), Math.max(...logs)];
  const [width, height] = [640, 320];
  const lines = curves.map(({ name, colour, losses }, k) => {
    const points = losses.map((loss, i) => {
      const y = 20 + (height - 40) * (1 - (Math.log10(loss) - low) / (high - low));
      return `${(40 + ((width - 60) * i) / (losses.length - 1)).toFixed(1)},${y.toFixed(1)}`;
    });
    const stroke = `fill="none" stroke="${colour}" stroke-width="${k === 0 ? 3 : 1.2}"`;
    return `<polyline ${stroke} points="${points.join(" ")}"/><text x="${width - 120}" y="${40 + 18 * k}" fill="${colour}">${name}</text>`;
  });
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13">`;
  return `${head}<rect width="100%" height="100%" fill="white"/>${lines.join("")}</svg>\n`;
}

test(`${STEPS} steps at the demo's scale`, { timeout: 1_500_000 }, async ({ skip }) => {
  const { gpu, computes } = await testDevice();
  skip(!computes, NOT_RUN);
  const { artifact } = compile(source, { ...request, target: "webgpu" });
  const device = await openWebGpuModel(artifact!, { seed: SEED, optimizer, gpu: { device: gpu.device } });
  const onDevice = await lossesOf(device);
  const host = await instantiate(compile(source, request).artifact!, { device: "wasm", seed: SEED, optimizer });
  const onHost = await lossesOf(host);
  mkdirSync(ARTEFACTS, { recursive: true });
  const curves = [
    { name: "wasm", colour: "#c9d6ea", losses: onHost },
    { name: "webgpu", colour: "#2a5ea8", losses: onDevice },
  ];
  writeFileSync(join(ARTEFACTS, "training.svg"), drawing(curves));
  const [first, all] = [apart(onHost.slice(0, 10), onDevice.slice(0, 10), 1), apart(onHost, onDevice, 20)];
  console.log(
    `loss curves: first ten steps within ${first.toExponential(1)}, means of twenty within ${all.toExponential(1)}`,
  );
  expect(first).toBeLessThan(1e-3);
  expect(all).toBeLessThan(0.05);
  expect(mean(onDevice.slice(-20))).toBeLessThan(0.7 * onDevice[0]!);
});
