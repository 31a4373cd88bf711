/**
 * Marginals of trees are computed in one of several ways, as utilities allow. Each way is right for utilities for which
 * another would be chosen: the thresholds between them are moved here.
 */
import { describe, expect, test } from "vitest";
import type { Library } from "../../compiler/names.ts";
import { library } from "../../stdlib/library.ts";
import { checkBackward, checkSoft } from "./conform.ts";
import { TREE_EXAMPLES } from "./tree-examples.ts";

/** The library with one text changed. */
function changed(path: string, changes: readonly (readonly [from: string, to: string])[]): Library {
  const text = changes.reduce((before, [from, to]) => {
    expect(before, "the text has changed: move the threshold anew").toContain(from);
    return before.replace(from, to);
  }, library.files.get(path)!);
  return { ...library, files: new Map([...library.files, [path, text]]) };
}

const PROJECTIVE = "structures/projective-arborescence.sst";
const ARBORESCENCE = "structures/arborescence.sst";
const BY_ESCAPES = ["largest < min(", "largest < -min("] as const;
const WAYS: readonly (readonly [way: string, structure: string, library: () => Library])[] = [
  ["by chances of escape", "Arborescence", () => changed(ARBORESCENCE, [BY_ESCAPES])],
  [
    "by logarithms of chances",
    "Arborescence",
    () => changed(ARBORESCENCE, [BY_ESCAPES, ["least < sqrt(f32.smallest)", "least < 1e300"]]),
  ],
  [
    "by logarithms of charts",
    "ProjectiveArborescence",
    () => changed(PROJECTIVE, [["if least > f32.smallest", "if least > 1e300"]]),
  ],
  [
    "by charts relative to the best tree",
    "ProjectiveArborescence",
    () => changed(PROJECTIVE, [["if least > f32.smallest", "if attempt == 1 and least > f32.smallest"]]),
  ],
  [
    "by bottlenecks",
    "SpanningTree",
    () => changed("structures/spanning-tree.sst", [["least < sqrt(f32.smallest)", "least < 2"]]),
  ],
];

test("a fault in a way that is seldom taken is found", () => {
  const path = "structures/elimination.sst";
  const [from, to] = ["out[level, i] += a * out[level, k] + b", "out[level, i] += 0.99 * a * out[level, k] + b"];
  const files = new Map(changed(ARBORESCENCE, [BY_ESCAPES]).files);
  files.set(path, changed(path, [[from!, to!]]).files.get(path)!);
  const example = TREE_EXAMPLES.Arborescence!.find(({ structure }) => structure.includes("complete_directed(5)"))!;
  expect(() => checkSoft({ ...example, library: { ...library, files } }, "ExpFamily")).toThrow();
});

test("a fault in the backward of such a way is found", () => {
  const example = TREE_EXAMPLES.Arborescence!.find(({ structure }) => structure.includes("complete_directed(5)"))!;
  const check = (own: Library) => () => checkBackward({ ...example, library: own }, "ExpFamily", "custom");
  expect(check(changed(ARBORESCENCE, [BY_ESCAPES]))).not.toThrow();
  expect(check(changed(ARBORESCENCE, [BY_ESCAPES, ["vjp[e] = exact[e]", "vjp[e] = 0.9 * exact[e]"]]))).toThrow();
});

describe.each(WAYS)("%s", (_, structure, altered) => {
  test.each(TREE_EXAMPLES[structure]!.filter(({ members }) => members[0]!.length <= 25))("$structure", (example) => {
    checkSoft({ ...example, library: altered() }, "ExpFamily");
    checkBackward({ ...example, library: altered() }, "ExpFamily", "dual");
    if (structure === "Arborescence") checkBackward({ ...example, library: altered() }, "ExpFamily", "custom");
  });
});
