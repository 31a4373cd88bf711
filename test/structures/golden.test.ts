/**
 * Structures against the golden files, in three ways: `layer()` in float64, `layer()` on tensors, and `sstc eval`.
 * Every output that a file holds is compared, follows from what is compared, or is listed here with the reason why not.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openDevice } from "../../runtime/devices.ts";
import { type Layer, layer } from "../../sstc.ts";
import { run } from "../cli/harness.ts";
import { expectClose, type GoldenCase, golden } from "../golden.ts";
import {
  ANSWERS,
  type Answer,
  FILES,
  type Inputs,
  inputsOf,
  LAYOUTS,
  type Question,
  rowsOf,
  type Vector,
} from "./golden-questions.ts";

/** Outputs that follow from x, which is compared with sstc's answer. */
const PROPERTIES: Readonly<Record<string, (x: Vector, item: GoldenCase, expected: never) => void>> = {
  value: (x, item, value: number) =>
    expectClose(
      [x.reduce((sum, xi, i) => sum + xi * rowsOf(inputsOf(item).u).flat()[i]!, 0)],
      [value],
      { abs: 1e-9, rel: 1e-12 },
      "value",
    ),
  perm: (x, _, columns: Vector) =>
    expect(columns.map((column, i) => x[i * columns.length + column])).toEqual(columns.map(() => 1)),
  // Where the solution touches a bound without leaning on it, either reading is right.
  support: (x, _, support: Vector) =>
    expect(x.every((xi, i) => (xi > 1e-9 ? support[i] === 1 : support[i] === 0 || xi > 0))).toBe(true),
  saturated: (x, _, saturated: Vector) =>
    expect(x.every((xi, i) => (xi < 1 - 1e-9 ? saturated[i] === 0 : true))).toBe(true),
  fractional: (x, _, fractional: Vector) =>
    expect(x.every((xi, i) => (xi > 1e-9 && xi < 1 - 1e-9 ? fractional[i] === 1 : true))).toBe(true),
};

const TORCH_STRUCT = "a fault of another library, which adds 1e-5 to its matrix and so no longer sums over trees";
/** Outputs that nothing is compared with. */
const REASONS: Readonly<Record<string, string>> = {
  near_saturation: "whether 1 − a is next to nothing in some round: why a case has the tolerance that it has",
  gap: "how much more the best member is worth than the second: of the inputs, and nothing that sstc says",
  multi_eps1e_5: TORCH_STRUCT,
  multi_vjp_wrt_w_eps1e_5: TORCH_STRUCT,
  single_root_eps1e_5: TORCH_STRUCT,
};

type Answers = Readonly<Partial<Record<Answer, number | Vector | readonly Vector[]>>>;
const flat = (value: number | Vector | readonly Vector[] | undefined) => [value].flat(2) as number[];

/** What reaches rows that were drawn about one vector, added up where the file speaks of that vector. */
function overRows(value: Answers[Answer], { length }: Vector): number[] {
  const values = flat(value);
  return values.length === length || values.length % length !== 0
    ? values
    : Array.from({ length }, (_, i) => values.filter((_, at) => at % length === i).reduce((a, b) => a + b));
}

const folder = mkdtempSync(join(tmpdir(), "sstc-golden-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What `sstc eval` prints. */
async function throughCommand({ structure, relaxation, backward }: Question, inputs: Inputs): Promise<Answers> {
  const input = join(folder, "input.json");
  const { u, cotangent, t } = inputs;
  writeFileSync(input, JSON.stringify({ u: rowsOf(u), ...(cotangent && { cotangent: rowsOf(cotangent) }) }));
  const relaxed = relaxation === undefined ? [] : ["--relax", relaxation, "--at", String(t)];
  const chosen = backward === undefined ? [] : ["--backward", backward];
  const { status, stdout, stderr } = await run("eval", structure, ...relaxed, ...chosen, "--input", input);
  expect([status, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout) as Answers;
}

function textOf({ structure, relaxation, backward }: Question, t: number | undefined): string {
  if (relaxation === undefined) return structure;
  return `${structure} relax ${relaxation} at ${t}${backward === undefined ? "" : ` backward ${backward}`}`;
}

/** Compiled once for the forms of one question. */
let latest: { readonly text: string; readonly layer: Layer } | undefined;
async function layerOf(text: string): Promise<Layer> {
  if (latest?.text !== text) latest = { text, layer: await layer(text, { tf }) };
  return latest.layer;
}

/** What `layer()` says of one form of utilities, read back by `numbers`. */
async function throughLayer<U extends Float64Array | tf.Tensor>(
  question: Question,
  inputs: Inputs,
  form: (rows: readonly Vector[]) => U,
  numbers: (value: never) => number[],
): Promise<Answers> {
  const solver = await layerOf(textOf(question, inputs.t));
  const u = form(rowsOf(inputs.u));
  const given = inputs.cotangent && form(rowsOf(inputs.cotangent));
  const read = (value: unknown) => numbers(value as never);
  const answers: Answers = { argmax: read(solver.argmax(u)) };
  if (question.relaxation === undefined) return answers;
  return {
    ...answers,
    soft: read(solver.soft(u)),
    vjp: read(solver.vjp(u, given!)),
    ...(question.relaxation.startsWith("ExpFamily") && { log_partition: read(solver.logPartition(u)) }),
  };
}
const inDouble = (question: Question, inputs: Inputs) =>
  throughLayer(
    question,
    inputs,
    (rows) => Float64Array.from(rows.flat()),
    (value: Float64Array) => [...value],
  );
const onTensors = (question: Question, inputs: Inputs) =>
  throughLayer(
    question,
    inputs,
    (rows) => tf.tensor2d(rows.map((row) => [...row])),
    (value: tf.Tensor) => [...value.dataSync()],
  );
const single = (rows: readonly Vector[]) => rows.map((row) => row.map(Math.fround));

async function compare(item: GoldenCase, asked: Question): Promise<void> {
  const inputs = inputsOf(item);
  const outputs = Object.entries(item.outputs as Readonly<Record<string, never>>);
  const checks = outputs.flatMap(([key, expected]) => {
    const check = ANSWERS[key]?.(asked, item);
    return check === undefined ? [] : [{ key, expected, ...check }];
  });
  const questions = new Map(checks.map(({ question }) => [JSON.stringify(question), question]));
  for (const [written, question] of questions) {
    const printed = await throughCommand(question, inputs);
    const double = await inDouble(question, inputs);
    for (const { key, expected, answer, tolerance } of checks.filter((c) => JSON.stringify(c.question) === written)) {
      const wanted = flat(expected);
      expectClose(overRows(double[answer], wanted), wanted, tolerance ?? item.tolerance, `layer(): ${key}`);
      expectClose(overRows(printed[answer], wanted), wanted, tolerance ?? item.tolerance, `eval: ${key}`);
    }
    // Tensors hold float32; the solver computes in float64 between reading and writing them, and nothing else differs.
    const { u, cotangent } = inputs;
    const rounded = { ...inputs, u: single(rowsOf(u)), ...(cotangent && { cotangent: single(rowsOf(cotangent)) }) };
    const exact = await inDouble(question, rounded);
    const tensors = await onTensors(question, inputs);
    for (const [answer, value] of Object.entries(exact)) {
      expect(flat(tensors[answer as Answer]), `tensors: ${answer}`).toEqual(flat(value).map(Math.fround));
    }
  }
  for (const [key, expected] of outputs) PROPERTIES[key]?.(flat(item.outputs.x ?? item.outputs.heads), item, expected);
}

beforeAll(async () => {
  await openDevice("wasm");
});

for (const [name, question] of Object.entries(FILES)) {
  const cases = golden(name)?.flatMap(LAYOUTS[name] ?? ((item) => [item]));
  const title = `golden ${name}${cases === undefined ? " (the shared folder is absent)" : ""}`;
  describe.skipIf(cases === undefined)(title, () => {
    test("has cases, and says nothing that is passed over", () => {
      expect(cases?.length).toBeGreaterThan(0);
      const keys = new Set(cases?.flatMap((item) => Object.keys(item.outputs)));
      const known = [ANSWERS, PROPERTIES, REASONS].flatMap(Object.keys);
      expect([...keys].filter((key) => !known.includes(key))).toEqual([]);
    });
    for (const item of cases ?? []) {
      test(item.name, async () => {
        await compare(item, question(item));
      });
    }
  });
}
