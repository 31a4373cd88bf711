/** The reference of structures: up to date, complete, and telling what the selection passes say. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { structuresPage } from "../../cli/structures-page.ts";
import { catalogue } from "../../compiler/catalogue.ts";
import type { Diagnostic } from "../../compiler/diagnostic.ts";
import { DiagnosticError } from "../../compiler/failure.ts";
import { compileLayer } from "../../compiler/layer.ts";
import type { LayerRequest } from "../../compiler/layer-request.ts";
import { Names } from "../../compiler/names.ts";
import { parse } from "../../grammar/parse.ts";
import { library } from "../../stdlib/library.ts";
import { run } from "../cli/harness.ts";

const none = { name: "<none>", text: "" };
const found = catalogue(new Names(library, () => undefined), none);
const page = structuresPage(new Names(library, () => undefined), none);
const declared = (kind: "structure" | "relaxation") =>
  [...library.files.values()]
    .flatMap((text) => parse(text).file.declarations)
    .flatMap((each) => (each.kind === kind ? [each.name.name] : []))
    .sort();

function problemsOf(request: LayerRequest): readonly Diagnostic[] {
  try {
    compileLayer(request, library);
  } catch (problem) {
    if (problem instanceof DiagnosticError) return problem.diagnostics;
    throw problem;
  }
  return [];
}

test("docs/structures.md is up to date (npm run docs writes it)", async () => {
  await expect(page).toMatchFileSnapshot(join(import.meta.dirname, "../../docs/structures.md"));
});

test("every structure and every relaxation of the library is there", () => {
  expect(found.structures.map(({ declaration }) => declaration.name.name)).toEqual(declared("structure"));
  expect(found.relaxations.map(({ declaration }) => declaration.name.name)).toEqual(declared("relaxation"));
  for (const name of declared("structure")) expect(page).toContain(`\n## ${name}\n`);
});

test("a combination is supported where it compiles, with the backwards that are legal, and only there", () => {
  for (const { sample, combinations } of found.structures) {
    for (const each of combinations) {
      const compile = (backward?: string) =>
        compileLayer(
          { structure: sample.label, relaxation: each.kind === "supported" ? each.relaxation : each.name, backward },
          library,
        );
      if (each.kind === "refused") {
        expect(() => compile(), `${sample.label} ${each.name}`).toThrow(DiagnosticError);
        continue;
      }
      expect(compile().backward!.strategy).toBe(each.backwards[0]);
      for (const backward of ["custom", "dual", "finite_difference", "autodiff"]) {
        const legal = each.backwards.includes(backward);
        if (legal) expect(compile(backward).backward!.strategy).toBe(backward);
        else expect(() => compile(backward), `${sample.label} ${each.name} ${backward}`).toThrow(DiagnosticError);
      }
    }
  }
});

test("structures of a file of one's own, with what they refuse and cite", () => {
  const text = `
/// Two of them (Nobody 1999; paper, B.9).
structure Two(n) {
  embedding x: binary[n]
  require n >= 2
  count binomial(n, 2)
  argmax two_best cost n
  automaton over i in 0..n {
    state (count: 0..2) from (0) to (2)
    (c) -> (c)
    (c) -> (c + 1) emits x[i]
  }
  relax Euclidean refused "nobody wrote it"
}
/// The two best, after Somebody and Else 1987.
kernel two_best(n, u: f32[n]) -> x: f32[n] {
  let top = kth_largest(n, 2, u)
  for i in 0..n { x[i] = if u[i] >= top[1] then 1.0 else 0.0 }
}
`;
  const own = structuresPage(new Names(library, () => undefined), { name: "own.sst", text });
  const section = own.slice(own.indexOf("\n## Two\n"));
  expect(section).toContain("- requires `n >= 2`");
  expect(section).toContain("- members: `binomial(n, 2)`; `Two(6)` has 15");
  expect(section).toContain("- argmax by `two_best` in `n`: The two best, after Somebody and Else 1987");
  expect(section).toContain(
    "| `ExpFamily` | `forward_backward` | `2 * positions * moves` | `dual`, `finite_difference` |",
  );
  expect(section).toContain("- refused: `Euclidean`, nobody wrote it");
  expect(section).toContain("References: Nobody 1999; the paper, B.9; Somebody and Else 1987.");
  const cells = (start: string) =>
    own
      .split("\n")
      .find((line) => line.startsWith(start))!
      .split(" | ");
  const row = cells("| [`Two`]");
  const cellOf = new Map(cells("| structure").map((name, i) => [name.replace(" |", ""), row[i]!.replace(" |", "")]));
  expect(cellOf.get("Euclidean")).toBe("refused");
  expect(cellOf.get("ExpFamily")).toBe("dual");
  // What a structure says nothing of, its relaxation does, once for all.
  expect(cellOf.get("BinaryEntropy")).toBe("refused");
  expect(cellOf.get("NeuralSort")).toBe("refused");
  expect(section).not.toContain("BinaryEntropy");
  expect(own).toMatch(/\| `NeuralSort` \|.*\| refused: it sorts scores, so it is for Matching \|/);
  expect(own).toContain("- where `n <= 10`: log-partition by `matching_log_partition`");
});

test("each combination is there, or is refused with a reason and with what there is instead", () => {
  for (const { sample, combinations, declaration } of found.structures) {
    for (const each of combinations) {
      if (each.kind === "supported") continue;
      expect(each.reason, `${declaration.name.name} ${each.name}`).toMatch(/\w/);
      const relaxation = each.name === "Tsallis" ? "Tsallis(1.5)" : each.name;
      const [problem] = problemsOf({ structure: sample.label, relaxation });
      expect([problem?.code, problem?.why], `${sample.label} ${each.name}`).toEqual(["no-relaxation", each.reason]);
      expect(problem?.help).toContain("it has ");
    }
  }
});

test("sstc structures prints the page", async () => {
  expect(await run("structures")).toEqual({ status: 0, stdout: page, stderr: "" });
});
