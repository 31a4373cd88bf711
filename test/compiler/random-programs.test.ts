/** Random programs, of which few mean anything: those of the ten thousand that are no mutations. */
import { expect, test } from "vitest";
import { examineAll } from "./examine.ts";
import { randomFrom } from "./mutate.ts";
import { randomModel } from "./random-program.ts";

test.each([1, 2])("5,800 random programs, part %i of 2", (part) => {
  const random = randomFrom(10 + part);
  const tally = examineAll(2_900, () => randomModel(random));
  expect(tally.artifacts).toBeGreaterThan(100);
  expect(tally.codes.size).toBeGreaterThan(15);
});
