/** The rules of the house (ARCHITECTURE.md), held against the repository's own files, and against planted faults. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { EXCEPTIONS } from "./tidy/exceptions.ts";
import { importRules } from "./tidy/imports.ts";
import { type Files, filesOf, type Rule } from "./tidy/rule.ts";
import { textRules } from "./tidy/texts.ts";

const root = join(import.meta.dirname, "..");
/** What stands in a checkout without being of the project. */
const FOREIGN = /^(node_modules|dist|runs|coverage|shared|\.git)$/;

function read(folder: string, files: Map<string, string> = new Map()): Files {
  for (const name of readdirSync(join(root, folder))) {
    const path = folder === "" ? name : `${folder}/${name}`;
    if (FOREIGN.test(name)) continue;
    if (statSync(join(root, path)).isDirectory()) read(path, files);
    else if (/\.(ts|js|mjs|sst|md|json)$/.test(name)) files.set(path, readFileSync(join(root, path), "utf8"));
  }
  return files;
}

const rules: readonly Rule[] = [...importRules, ...textRules];
const repository = read("");

test("the repository is read", () => {
  expect(repository.size).toBeGreaterThan(100);
  expect([...repository.keys()]).toContain("compiler/compile.ts");
});

describe.each(rules.map((rule) => [rule.says, rule] as const))("%s", (says, rule) => {
  test("holds everywhere but in the exceptions, and each exception is one", () => {
    const exceptions = EXCEPTIONS[says] ?? {};
    const found = rule.find(repository);
    const pathOf = (finding: string) => finding.slice(0, finding.indexOf(":"));
    expect(found.filter((finding) => exceptions[pathOf(finding)] === undefined)).toEqual([]);
    expect(new Set(found.map(pathOf))).toEqual(new Set(Object.keys(exceptions)));
  });
  test("finds each planted fault, once", () => {
    for (const planted of rule.wrong) expect(rule.find(filesOf(planted)), JSON.stringify(planted)).toHaveLength(1);
  });
  test.runIf(rule.right !== undefined)("finds nothing in what is right", () => {
    expect(rule.find(filesOf(rule.right!))).toEqual([]);
  });
});

test("exceptions are of rules that there are", () => {
  expect(Object.keys(EXCEPTIONS).filter((says) => !rules.some((rule) => rule.says === says))).toEqual([]);
});
