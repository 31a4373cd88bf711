/** Exact samplers of trees against the probabilities of all members, listed by definition. Seeds are fixed. */
import { describe, expect, test } from "vitest";
import { declarationsFor } from "../../compiler/declarations.ts";
import { Names } from "../../compiler/names.ts";
import { selectSampler } from "../../compiler/passes/select-sampler.ts";
import { applyStructure } from "../../compiler/structure.ts";
import { printJavaScriptKernel } from "../../compiler/targets/javascript-kernel.ts";
import { parseExpression } from "../../grammar/parse.ts";
import { library } from "../../stdlib/library.ts";
import { random } from "../tensor/harness.ts";
import { ExactFamily, type Vector } from "./enumeration.ts";
import { chiSquare } from "./statistics.ts";
import { TREE_EXAMPLES } from "./tree-examples.ts";

type Draw = (u: Vector, noise: () => number) => Vector;

function applied(structure: string, files = library.files) {
  const source = { name: "<test>", text: structure };
  const declarations = declarationsFor(new Names({ ...library, files }, () => undefined), source);
  return { declarations, structure: applyStructure(parseExpression(structure).value!, declarations, declarations) };
}
const declaresSampler = (structure: string) => applied(structure).structure.samplers.length > 0;

/** The library's sampler of a structure, as it is printed. */
function samplerOf(text: string, files = library.files): Draw {
  const { declarations, structure } = applied(text, files);
  const span = { start: 0, end: text.length };
  const { value: kernel } = selectSampler(structure, declarations, "host", span);
  const run = new Function(`return ${printJavaScriptKernel(kernel)};`)();
  const sizes = new Map(kernel.inputs.map(({ name, shape }) => [name, shape.reduce((a, b) => a * b, 1)]));
  return (u, noise) => {
    const drawn = Float64Array.from({ length: sizes.get("noise")! }, noise);
    const x = new Float64Array(structure.size);
    const given = new Map([
      ["u", Float64Array.from(u)],
      ["noise", drawn],
    ]);
    const inputs = kernel.inputs.map(({ name }) => given.get(name));
    run(1, inputs, [x], (_: number, ...words: unknown[]) => {
      throw new Error(words.join(" "));
    });
    return [...x];
  };
}

const EXAMPLES = Object.values(TREE_EXAMPLES)
  .flat()
  .filter(({ structure, members }) => members.length > 1 && declaresSampler(structure));

const DRAWS = 10_000;

/** Pearson's statistic over its bound, for utilities within a range. */
function excess(draw: Draw, members: readonly Vector[], range: number, seed: number): number {
  const next = random(seed);
  const u = members[0]!.map(() => range * (next() - 0.5));
  const { probabilities } = new ExactFamily(members, u, 1);
  const numbers = new Map(members.map((member, i) => [String(member), i]));
  const counts = members.map(() => 0);
  for (let i = 0; i < DRAWS; i++) {
    const number = numbers.get(String(draw(u, next)));
    if (number === undefined) return Number.POSITIVE_INFINITY;
    counts[number]!++;
  }
  const { statistic, bound } = chiSquare(counts, probabilities);
  return statistic / bound;
}

describe.each(EXAMPLES)("$structure", ({ structure, members }) => {
  test.each([0, 4, 2000])("draws members as often as their probabilities say, utilities within %d", (range) => {
    expect(excess(samplerOf(structure), members, range, 7)).toBeLessThan(1);
  });
});

describe("faults in the samplers are found", () => {
  const arborescence = "Arborescence(complete_directed(4), root = 0)";
  test.each([
    ["structures/elimination.sst", "rest -= straight", "rest -= 0.9 * straight", arborescence],
    ["structures/elimination.sst", "if rooted[j] == 1 and remaining >= 0", "if remaining >= 0", arborescence],
    [
      "structures/projective-arborescence.sst",
      "score[k] = chart[4, s, k] +",
      "score[k] = 0.9 * chart[4, s, k] +",
      "ProjectiveArborescence(5, root = 0)",
    ],
  ])("%s: %s → %s", (path, from, to, structure) => {
    const text = library.files.get(path)!;
    expect(text, "the text has changed: plant the fault anew").toContain(from);
    const { members } = EXAMPLES.find((example) => example.structure === structure)!;
    const faulty = samplerOf(structure, new Map([...library.files, [path, text.replace(from, to)]]));
    expect(excess(faulty, members, 3, 7)).toBeGreaterThan(1);
  });
});
