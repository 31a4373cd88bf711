/** Certificates of a text without errors. */
import { expect } from "vitest";
import { certify, type LatentReport } from "../../certify/certify.ts";
import { check } from "../../compiler/check.ts";
import { library } from "../../stdlib/library.ts";

export function reports(text: string, seed = 0): LatentReport[] {
  const source = { name: "pairs.sst", text };
  const errors = check(source, { library }).filter((each) => each.severity === "error");
  expect(errors.map(({ message }) => message)).toEqual([]);
  return certify({ library, source }, seed);
}
