/** Measures training steps of NRI on the device `wasm`: forward, backward and Adam, data upload and checks included. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { compile } from "../../compiler/compile.ts";
import { render } from "../../compiler/diagnostic.ts";
import { instantiate } from "../../runtime/instantiate.ts";
import type { Batch } from "../../runtime/validate.ts";
import { library } from "../../stdlib/library.ts";
import { root } from "./compilation.ts";
import { type Row, time } from "./measure.ts";

export interface Size {
  readonly T: number;
  readonly hidden: number;
  readonly batch: number;
  readonly goal?: number;
  readonly quoted?: Row["quoted"];
}

export const VERTICES = 10;
const EDGES = (VERTICES * (VERTICES - 1)) / 2;

/** The paper's size, and what the scales of examples/nri train. */
export const sizes: readonly Size[] = [
  { T: 10, hidden: 256, batch: 128, goal: 3500, quoted: { what: "PyTorch, AVX-512 BLAS", milliseconds: 2290 } },
  { T: 20, hidden: 64, batch: 64 },
  { T: 10, hidden: 32, batch: 32 },
];

/** One step at each size. */
export async function trainingRows(seconds: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const size of sizes) {
    const { goal, quoted } = size;
    const model = await instantiate(compiled(size), { device: "wasm" });
    const data = exampleBatch(size);
    // A step at the paper's size takes seconds: five of them are enough.
    const timing = await time(async () => void (await model.step(data)), 4 * seconds);
    model.dispose();
    rows.push({
      name: nameOf(size),
      timing,
      ...(goal === undefined ? {} : { goal }),
      ...(quoted === undefined ? {} : { quoted }),
    });
  }
  return rows;
}

export function nameOf({ T, hidden, batch }: Size): string {
  return `NRI(V = ${VERTICES}, T = ${T}, hidden = ${hidden}), batch ${batch}`;
}

function compiled({ T, hidden }: Size) {
  const name = join(root, "examples", "nri", "nri.sst");
  const source = { name, text: readFileSync(name, "utf8") };
  const { artifact, diagnostics } = compile(source, { library, arguments: { V: VERTICES, T, hidden } });
  if (artifact === undefined) throw new Error(diagnostics.map(render).join("\n"));
  return artifact;
}

/** Smooth positions between −0.8 and 0.8: the time does not depend on the values. */
export function exampleBatch({ T, batch }: Size): Batch {
  const positions = Float32Array.from({ length: batch * T * VERTICES * 2 }, (_, i) => 0.8 * Math.sin(12.9898 * i));
  return {
    x: { shape: [batch, T, VERTICES, 2], data: positions },
    truth: { shape: [batch, EDGES], data: new Float32Array(batch * EDGES) },
  };
}
