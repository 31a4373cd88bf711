/** Measures training steps of the ListOps and L2X examples at the paper's sizes on the device `wasm`. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { compile } from "../../compiler/compile.ts";
import { render } from "../../compiler/diagnostic.ts";
import { instantiate } from "../../runtime/instantiate.ts";
import type { Batch } from "../../runtime/validate.ts";
import { library } from "../../stdlib/library.ts";
import { root } from "./compilation.ts";
import { type Row, time } from "./measure.ts";

const BATCH = 100;
const TOKENS = 50;
const WORDS = 350;
const VOCABULARY = 5000;

interface Workload {
  readonly name: string;
  readonly file: string;
  readonly model: string;
  readonly batch: () => Batch;
  readonly goal?: number;
  readonly quoted: number;
}

export const workloads: readonly Workload[] = [
  {
    name: `ListOps, arborescence, ${TOKENS} tokens, batch ${BATCH}`,
    file: "listops/listops.sst",
    model: "ListOps",
    batch: () => expressions(BATCH),
    goal: 1620,
    quoted: 1620,
  },
  {
    name: `L2X complex, ${WORDS} words, 10 of them by ExpFamily, batch ${BATCH}`,
    file: "l2x/l2x.sst",
    model: "Explain",
    batch: () => reviews(BATCH),
    quoted: 515,
  },
  {
    name: `L2X complex, ${WORDS} words, 10 of them correlated, batch ${BATCH}`,
    file: "l2x/l2x.sst",
    model: "ExplainCorrelated",
    batch: () => reviews(BATCH),
    quoted: 573,
  },
];

/** One step of each. */
export async function exampleRows(seconds: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { name, file, model: wanted, batch, goal, quoted } of workloads) {
    const model = await instantiate(compiled(file, wanted), { device: "wasm" });
    const data = batch();
    const timing = await time(async () => void (await model.step(data)), 4 * seconds);
    model.dispose();
    rows.push({
      name,
      timing,
      ...(goal === undefined ? {} : { goal }),
      quoted: { what: "PyTorch, AVX-512 BLAS", milliseconds: quoted },
    });
  }
  return rows;
}

function compiled(file: string, model: string) {
  const name = join(root, "examples", file);
  const source = { name, text: readFileSync(name, "utf8") };
  const { artifact, diagnostics } = compile(source, { library, model });
  if (artifact === undefined) throw new Error(diagnostics.map(render).join("\n"));
  return artifact;
}

/** A number from 0 to below `count` that depends on nothing but its place. */
const pick = (place: number, count: number) =>
  Math.floor(count * (0.5 + 0.5 * Math.sin(12.9898 * (place + 1))) * 0.999);

/** Sequences of the full length: the time does not depend on whether they are expressions. */
export function expressions(batch: number): Batch {
  const places = batch * TOKENS;
  return {
    tokens: { shape: [batch, TOKENS], data: Int32Array.from({ length: places }, (_, i) => 1 + pick(i, 14)) },
    length: { shape: [batch], data: new Int32Array(batch).fill(TOKENS) },
    parent: { shape: [batch, TOKENS], data: new Float32Array(places).fill(-2) },
    answer: { shape: [batch], data: Int32Array.from({ length: batch }, (_, i) => pick(i, 10)) },
  };
}

export function reviews(batch: number): Batch {
  const places = batch * WORDS;
  return {
    tokens: { shape: [batch, WORDS], data: Int32Array.from({ length: places }, (_, i) => 2 + pick(i, VOCABULARY - 2)) },
    length: { shape: [batch], data: new Int32Array(batch).fill(WORDS) },
    rating: { shape: [batch], data: Float32Array.from({ length: batch }, (_, i) => pick(i, 10) / 10) },
    evidence: { shape: [batch, WORDS], data: new Float32Array(places) },
    held_out: { shape: [batch], data: new Float32Array(batch).fill(1) },
    annotated: { shape: [batch], data: new Float32Array(batch).fill(1) },
  };
}
