/**
 * Measures WebGPU: training steps of NRI, and forward and backward of structured layers whose utilities and gradients
 * stay on the device. The adapter is named; steps overlap as in training, so a time is that of many in a row.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { compile } from "../../compiler/compile.ts";
import { openGpu } from "../../runtime/webgpu/gpu.ts";
import { openWebGpuModel } from "../../runtime/webgpu/open.ts";
import { layer } from "../../sstc.ts";
import { library } from "../../stdlib/library.ts";
import { root } from "./compilation.ts";
import { type Row, type Timing, time } from "./measure.ts";
import { exampleBatch, nameOf, type Size, sizes, VERTICES } from "./training.ts";

/** Steps or calls that are asked for before the first is waited for. */
const AHEAD = 8;
const STORAGE = 0x80 | 0x4 | 0x8;

/** What the adapter calls itself. */
export async function adapterName(): Promise<string> {
  const gpu = await openGpu();
  const { description } = gpu;
  gpu.destroy();
  return description;
}

export async function webGpuTrainingRows(seconds: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const size of sizes) {
    const model = await openWebGpuModel(artifactOf(size));
    const data = exampleBatch(size);
    await model.step(data);
    const several = async () => void (await Promise.all(Array.from({ length: AHEAD }, () => model.step(data))));
    const timing = await time(several, 4 * seconds);
    model.dispose();
    rows.push({ name: nameOf(size), timing: perCall(timing) });
  }
  return rows;
}

function artifactOf({ T, hidden }: Size) {
  const name = join(root, "examples", "nri", "nri.sst");
  const source = { name, text: readFileSync(name, "utf8") };
  return compile(source, { library, target: "webgpu", arguments: { V: VERTICES, T, hidden } }).artifact!;
}

/** The paper's sizes. */
const workloads = [
  ["SpanningTree(complete(10)) relax ExpFamily at 0.5", 128],
  ["Arborescence(complete_directed(50)) relax ExpFamily at 0.5", 100],
  ["KSubset(350, 5) relax ExpFamily at 0.5", 100],
  ["KSubset(350, 10) relax ExpFamily at 0.5", 100],
  ["KSubset(350, 15) relax ExpFamily at 0.5", 100],
  ["CorrelatedKSubset(350, 10) relax ExpFamily at 0.5", 100],
] as const;

/** Soft forward and exact backward; and the argmax. */
export async function webGpuLayerRows(seconds: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [text, batch] of workloads) {
    const structure = await layer(text, { device: "webgpu" });
    const bufferOf = (width: number) => {
      const buffer = structure.device.createBuffer({ size: 4 * batch * width, usage: STORAGE });
      const values = Float32Array.from({ length: batch * width }, (_, i) => 2 * Math.sin(12.9898 * i));
      structure.device.queue.writeBuffer(buffer, 0, values);
      return buffer;
    };
    const [u, cotangent] = [bufferOf(structure.inputSize), bufferOf(structure.size)];
    const measured = async (call: () => Promise<GPUBuffer>) => {
      const many = async () => {
        const made = await Promise.all(Array.from({ length: AHEAD }, call));
        await structure.settled();
        for (const buffer of made) buffer.destroy();
      };
      await many();
      return perCall(await time(many, seconds));
    };
    // The program of the backward runs the forward, too.
    rows.push({ name: `${text}, batch ${batch}: both`, timing: await measured(() => structure.vjp(u, cotangent)) });
    rows.push({ name: `${text}, batch ${batch}: hard`, timing: await measured(() => structure.argmax(u)) });
    structure.dispose();
  }
  return rows;
}

function perCall({ median, least, processor, repetitions }: Timing): Timing {
  return {
    median: median / AHEAD,
    least: least / AHEAD,
    processor: processor === undefined ? undefined : processor / AHEAD,
    repetitions: repetitions * AHEAD,
  };
}
