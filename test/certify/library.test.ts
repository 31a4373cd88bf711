/** Every structure of the library has its certificates, with every relaxation and every legal backward. */
import { describe, expect, test } from "vitest";
import { certifyStructures } from "../../certify/certify.ts";
import { catalogue } from "../../compiler/catalogue.ts";
import { Names } from "../../compiler/names.ts";
import { library } from "../../stdlib/library.ts";

const source = { name: "<none>", text: "" };
const { structures } = catalogue(new Names(library, () => undefined), source);

describe.each(structures.map((entry) => [entry.declaration.name.name, entry] as const))("%s", (name, entry) => {
  const reports = certifyStructures({ library, source }, name, 1);
  const supported = entry.combinations.flatMap((each) => (each.kind === "supported" ? [each] : []));
  test("is certified with every relaxation that it has", () => {
    expect(reports.map((report) => report.relaxation)).toEqual(supported.map((each) => each.relaxation));
  });
  test.each(supported.map((each, i) => [each.relaxation, each, reports[i]!] as const))("%s", (_, each, report) => {
    expect(report.outOfReach).toBeUndefined();
    expect(report.at!.members).toBeGreaterThan(1);
    expect(report.certificates.filter(({ passed }) => !passed)).toEqual([]);
    const backwards = report.certificates.flatMap(({ of }) => /^backward (\w+)/.exec(of)?.[1] ?? []);
    expect([...new Set(backwards)].sort()).toEqual([...each.backwards].sort());
  });
});
