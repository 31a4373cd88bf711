/**
 * Whatever names a source has, its kernels are WGSL that a device takes, and their texts stand in a generated module as
 * texts: nothing of a source can become code.
 */
import { parseAst } from "vite";
import { describe, expect, test } from "vitest";
import { compile } from "../../compiler/compile.ts";
import { printModule } from "../../compiler/targets/module.ts";
import { library } from "../../stdlib/library.ts";
import { DECLARATIONS, ROLES } from "../compiler/hostile-roles.ts";
import { testDevice } from "./device.ts";

/** Words of WGSL, names of its builtins, of the host language and of printed modules. */
const NAMES = [
  "struct",
  "loop",
  "override",
  "array",
  "call",
  "main",
  "part_1",
  "lane",
  "atomic",
  "__proto__",
  "constructor",
];

interface Tree {
  readonly type: string;
  readonly [key: string]: unknown;
}

function nodesOf(tree: unknown): Tree[] {
  if (Array.isArray(tree)) return tree.flatMap(nodesOf);
  if (typeof tree !== "object" || tree === null) return [];
  const own = "type" in tree ? [tree as Tree] : [];
  return [...own, ...Object.values(tree).flatMap(nodesOf)];
}

describe("any name", () => {
  for (const role of [...Object.keys(ROLES), ...Object.keys(DECLARATIONS)]) {
    test(`for a ${role}`, async () => {
      const { gpu } = await testDevice();
      let compiled = 0;
      for (const name of NAMES) {
        const text = (DECLARATIONS[role] ?? `model M() {\n  ${ROLES[role]}\n}`).replaceAll("▲", name);
        const source = { name: `${name}*/\n.sst`, text };
        const { artifact } = compile(source, { library, target: "webgpu" });
        // Some names mean something to the language in some roles.
        if (artifact === undefined) continue;
        compiled++;
        for (const code of Object.values(artifact.modules)) {
          expect(code).toMatch(/^[\n\x20-\x7e]*$/);
          const module = gpu.device.createShaderModule({ code });
          const { messages } = await module.getCompilationInfo();
          expect(messages.map(({ message, lineNum }) => `${lineNum}: ${message}\n${code}`)).toEqual([]);
        }
        const tree = nodesOf(parseAst(printModule(artifact).javascript));
        const templates = tree.filter(({ type }) => type === "TemplateLiteral");
        expect(templates.length).toBe(Object.keys(artifact.modules).length);
        expect(templates.flatMap(({ expressions }) => expressions as unknown[])).toEqual([]);
      }
      expect(compiled).toBeGreaterThan(NAMES.length / 2);
    });
  }
});
