/** Kernels in float32, as a device computes them, against the golden files, with the tolerances of float32. */
import { describe, expect, test } from "vitest";
import { expectClose, type GoldenCase, golden, type Tolerance } from "../golden.ts";
import { ANSWERS, type Check, FILES, inputsOf, LAYOUTS, rowsOf, type Vector } from "./golden-questions.ts";
import { DEVICE, MachineLayer } from "./single.ts";

/** Relative to 1, or to the largest; and what several utilities together are rounded to in float32. */
const ALLOWED = 1e-5;
const ROUNDINGS = 32 * 2 ** -24;

/** Finite differences are of float64; rows that share an input are for the test of float64. */
const isAsked = ({ question, answer }: Check) => !(answer === "vjp" && question.backward?.startsWith("finite"));
const flat = (value: unknown): number[] => [value].flat(3) as number[];

/** Utilities are divided by t before the kernel sees them, and its derivatives after. */
function answerTo({ question, answer }: Check, item: GoldenCase, row: Vector, cotangent: Vector | undefined): number[] {
  const { t = 1 } = inputsOf(item);
  const layer = new MachineLayer(DEVICE, question.structure, question.relaxation, t);
  const u = row.map((value) => Math.fround(Math.fround(value) / t));
  switch (answer) {
    case "argmax":
      return layer.argmax(u);
    case "soft":
      return layer.soft(u);
    case "vjp":
      return layer
        .vjp(question.backward ?? layer.backwards[0]!, u, cotangent!.map(Math.fround))
        .map((each) => each / t);
    case "log_partition":
      return [layer.logPartition(u)!];
  }
}

/** What reaches rows that were drawn about one vector, added up where the file speaks of that vector. */
function overRows(values: Vector, length: number): Vector {
  if (values.length === length || values.length % length !== 0) return values;
  return Array.from({ length }, (_, i) => values.filter((_, at) => at % length === i).reduce((a, b) => a + b));
}

function compare(
  item: GoldenCase,
  checks: readonly (Check & { readonly key: string; readonly wanted: Vector })[],
): void {
  const { u, cotangent, t = 1 } = inputsOf(item);
  for (const check of checks) {
    const rows = rowsOf(u).map((row, i) => answerTo(check, item, row, cotangent && rowsOf(cotangent)[i]));
    const found = overRows(rows.flat(), check.wanted.length);
    const scale = Math.max(1, ...check.wanted.map(Math.abs));
    const range = Math.max(...rowsOf(u).flatMap((row) => row.map(Math.abs).filter((each) => each < 1e20)));
    const tolerance: Tolerance = { abs: (ALLOWED + (ROUNDINGS * range) / t) * scale, rel: 0 };
    expectClose(found, check.wanted, tolerance, `${check.key}`);
  }
}

for (const [name, question] of Object.entries(FILES)) {
  const cases = golden(name)?.flatMap(LAYOUTS[name] ?? ((item) => [item]));
  describe.skipIf(cases === undefined)(`golden ${name} in float32`, () => {
    test.each(cases ?? [])("$name", (item) => {
      const checks = Object.entries(item.outputs).flatMap(([key, expected]) => {
        const check = ANSWERS[key]?.(question(item), item);
        return check === undefined || !isAsked(check) ? [] : [{ ...check, key, wanted: flat(expected) }];
      });
      compare(item, checks);
      expect(inputsOf(item).u.length).toBeGreaterThan(0);
    });
  });
}
