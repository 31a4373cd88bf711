/** Structures on WebGPU against the golden files, with the tolerances of float32. */
import { describe, expect, test } from "vitest";
import { compileWebGpuLayer } from "../../compiler/layer-webgpu.ts";
import { WebGpuLayer } from "../../runtime/webgpu/layer.ts";
import { library } from "../../stdlib/library.ts";
import { expectClose, type GoldenCase, golden } from "../golden.ts";
import {
  ANSWERS,
  type Check,
  FILES,
  inputsOf,
  LAYOUTS,
  type Question,
  rowsOf,
  type Vector,
} from "../structures/golden-questions.ts";
import { NOT_RUN, testDevice } from "./device.ts";

/** As test/structures/float32-golden.test.ts, but exp, log and division may err by some units in the last place. */
const ALLOWED = 3e-5;
const ROUNDINGS = 128 * 2 ** -24;

/** Finite differences are of float64. */
const isAsked = ({ question, answer }: Check) => !(answer === "vjp" && question.backward?.startsWith("finite"));
const flat = (value: unknown): number[] => [value].flat(3) as number[];

async function layerOf({ structure, relaxation, backward }: Question, t = 1): Promise<WebGpuLayer> {
  const relaxed = relaxation === undefined ? {} : { relaxation, temperature: String(t), ...(backward && { backward }) };
  const { gpu } = await testDevice();
  return new WebGpuLayer(compileWebGpuLayer({ structure, ...relaxed }, library), gpu);
}

async function answerTo(layer: WebGpuLayer, { answer }: Check, item: GoldenCase): Promise<number[]> {
  const { u, cotangent } = inputsOf(item);
  const floats = (values: Vector | readonly Vector[]) => Float32Array.from(rowsOf(values).flat());
  switch (answer) {
    case "argmax":
      return [...(await layer.argmax(floats(u)))];
    case "soft":
      return [...(await layer.soft(floats(u)))];
    case "vjp":
      return [...(await layer.vjp(floats(u), floats(cotangent!)))];
    case "log_partition":
      return [...(await layer.logPartition(floats(u)))];
  }
}

/** What reaches rows that were drawn about one vector, added up where the file speaks of that vector. */
function overRows(values: Vector, length: number): Vector {
  if (values.length === length || values.length % length !== 0) return values;
  return Array.from({ length }, (_, i) => values.filter((_, at) => at % length === i).reduce((a, b) => a + b));
}

for (const [name, question] of Object.entries(FILES)) {
  const cases = golden(name)?.flatMap(LAYOUTS[name] ?? ((item) => [item]));
  describe.skipIf(cases === undefined)(`golden ${name} on WebGPU`, () => {
    test.for(cases ?? [])("$name", async (item, { skip }) => {
      const layers = new Map<string, WebGpuLayer>();
      const { u, t = 1 } = inputsOf(item);
      for (const [key, expected] of Object.entries(item.outputs)) {
        const check = ANSWERS[key]?.(question(item), item);
        if (check === undefined || !isAsked(check)) continue;
        const text = JSON.stringify(check.question);
        const layer = layers.get(text) ?? (await layerOf(check.question, inputsOf(item).t));
        layers.set(text, layer);
        await layer.prepare([check.answer]);
        if (!(await testDevice()).computes) continue;
        const wanted = flat(expected);
        const found = overRows(await answerTo(layer, check, item), wanted.length);
        const scale = Math.max(1, ...wanted.map(Math.abs));
        const range = Math.max(...rowsOf(u).flatMap((row) => row.map(Math.abs).filter((each) => each < 1e20)));
        expectClose(found, wanted, { abs: (ALLOWED + (ROUNDINGS * range) / t) * scale, rel: 0 }, key);
      }
      expect(rowsOf(u).length).toBeGreaterThan(0);
      skip(!(await testDevice()).computes, NOT_RUN);
    });
  });
}
