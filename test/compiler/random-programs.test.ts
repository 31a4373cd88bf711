/** Random programs, of which few mean anything: those of the ten thousand that are no mutations. */
import { expect, test } from "vitest";
import { examineAll } from "./examine.ts";
import { randomFrom } from "./mutate.ts";
import { randomModel } from "./random-program.ts";

test("5,800 random programs", () => {
  const random = randomFrom(2);
  const tally = examineAll(5_800, () => randomModel(random));
  expect(tally.artifacts).toBeGreaterThan(200);
  expect(tally.codes.size).toBeGreaterThan(15);
});
