/** Who may import whom. */
import {
  type Files,
  type Import,
  importsOf,
  isCode,
  type Rule,
  type SyntaxNode,
  treeOf,
  walk,
  written,
} from "./rule.ts";

/** What the files of a room may import: packages, and files (a folder's name, or a path) as values or only as types. */
interface Permit {
  readonly packages: readonly string[];
  readonly files: readonly string[];
  readonly types?: readonly string[];
}

/** The rooms of the house. A file belongs to the first room that its path begins with. */
const ROOMS: { readonly [room: string]: Permit } = {
  "grammar/": { packages: ["chevrotain"], files: ["grammar/"] },
  "compiler/": { packages: [], files: ["compiler/", "grammar/"] },
  "stdlib/": { packages: [], files: ["stdlib/"], types: ["compiler/names.ts"] },
  "runtime/": {
    packages: ["@tensorflow/"],
    files: ["runtime/"],
    types: ["compiler/artifact.ts", "compiler/artifact-webgpu.ts"],
  },
  "certify/": { packages: [], files: ["certify/", "compiler/", "grammar/", "runtime/"] },
  "sstc.ts": {
    packages: ["@tensorflow/"],
    files: ["grammar/", "compiler/", "runtime/", "stdlib/"],
  },
  "cli.ts": { packages: ["node:"], files: ["cli/"] },
  "cli/": {
    packages: ["node:", "commander", "@tensorflow/"],
    files: ["cli/", "certify/", "grammar/", "compiler/", "runtime/", "stdlib/", "sstc.ts"],
  },
  "scripts/": { packages: ["node:", "rolldown"], files: ["scripts/"] },
  "examples/browser/vite.config.ts": { packages: ["vite", "node:"], files: [] },
  "examples/browser/": { packages: ["sstc", "@tensorflow/tfjs-backend-wasm/"], files: ["examples/"] },
  "examples/": { packages: ["sstc", "node:"], files: ["examples/"] },
  "vitest.config.ts": { packages: ["vitest/"], files: [] },
  "test/": { packages: [""], files: [""] },
};

const within = (target: string, places: readonly string[]) => places.some((place) => target.startsWith(place));

const rooms: Rule = {
  says: "a file imports only what its room may import",
  find: (files) =>
    written(files, isCode).flatMap(([path, text]) => {
      const permit = Object.entries(ROOMS).find(([room]) => path.startsWith(room))?.[1];
      if (permit === undefined) return [`${path}: stands in no known room`];
      return importsOf(path, text).flatMap(({ target, isFile, typeOnly, line }) => {
        const fine = isFile
          ? within(target, permit.files) || (typeOnly && within(target, permit.types ?? []))
          : within(target, permit.packages);
        return fine ? [] : [`${path}:${line}: may not import ${typeOnly ? "types of " : ""}${target}`];
      });
    }),
  wrong: [
    { "grammar/parse.ts": 'import { readFileSync } from "node:fs";' },
    { "grammar/parse.ts": 'import type { Artifact } from "../compiler/artifact.ts";' },
    { "compiler/a.ts": 'import { files } from "../stdlib/library.ts";' },
    { "compiler/a.ts": 'import type { Model } from "../runtime/runtime.ts";' },
    { "compiler/ir/a.ts": 'import * as tf from "@tensorflow/tfjs-core";' },
    { "compiler/passes/a.ts": 'export const a = () => import("node:fs");' },
    { "compiler/a.ts": 'export type A = import("node:fs").Stats;' },
    { "runtime/a.ts": 'import { version } from "../compiler/artifact.ts";' },
    { "runtime/a.ts": 'import { type Artifact, version } from "../compiler/artifact.ts";' },
    { "runtime/a.ts": 'import type { Failure } from "../compiler/failure.ts";' },
    { "runtime/a.ts": 'export * from "node:fs";' },
    { "runtime/a.ts": 'import { cpus } from "node:os";' },
    { "sstc.ts": 'import { readFileSync } from "node:fs";' },
    { "stdlib/library.ts": 'import { compile } from "../compiler/compile.ts";' },
    { "cli/run.ts": 'import { tiny } from "../test/runtime/tiny.ts";' },
    { "examples/nri/data.js": 'import { Random } from "../../runtime/random.ts";' },
    { "tools/a.ts": "export {};" },
  ],
  right: {
    "grammar/parse.ts": 'import { EmbeddedActionsParser } from "chevrotain";',
    "runtime/a.ts":
      'import type { Artifact } from "../compiler/artifact.ts";\nimport * as tf from "@tensorflow/tfjs-core";',
    "runtime/runtime.ts":
      'export type { Artifact } from "../compiler/artifact.ts";\nexport type A = typeof import("./a.ts");',
    "cli/run.ts": 'import { readFileSync } from "node:fs";\nimport { compile } from "../compiler/compile.ts";',
    "compiler/a.ts": '// import { readFileSync } from "node:fs";\nexport const a = `import "node:fs"`;',
  },
};

/** Folders whose files are alternatives, and do not know one another. */
const APART: readonly { readonly folder: string; readonly shared: RegExp }[] = [
  { folder: "compiler/passes/", shared: /^$/ },
  { folder: "compiler/ops/", shared: /^(op\.ts|helpers(-\w+)*\.ts)$/ },
  { folder: "compiler/laws/", shared: /^(law\.ts|helpers(-\w+)*\.ts)$/ },
];

const apart: Rule = {
  says: "no pass imports a pass, no op an op, no law a law (but what the folder shares)",
  find: (files) =>
    written(files, isCode).flatMap(([path, text]) => {
      const home = APART.find(({ folder }) => path.startsWith(folder));
      if (home === undefined) return [];
      const neighbours = importsOf(path, text).filter(
        ({ target }) => target.startsWith(home.folder) && !home.shared.test(target.slice(home.folder.length)),
      );
      return neighbours.map(({ target, line }) => `${path}:${line}: imports its neighbour ${target}`);
    }),
  wrong: [
    { "compiler/passes/fuse.ts": 'import { simplify } from "./simplify.ts";' },
    { "compiler/ops/add.ts": 'import type { op } from "./multiply.ts";' },
    { "compiler/ops/add.ts": 'import { ops } from "./registry.generated.ts";' },
    { "compiler/laws/a.ts": 'import { law } from "../laws/b.ts";' },
  ],
  right: {
    "compiler/ops/add.ts": 'import type { Op } from "./op.ts";\nimport { same } from "./helpers.ts";',
    "compiler/passes/simplify.ts": 'import { laws } from "../laws/registry.generated.ts";',
  },
};

/** Types that close a loop on purpose: the record of an op speaks of the builder, and the builder asks the records. */
function isMutual(from: string, { target, typeOnly }: Import): boolean {
  return typeOnly && from.startsWith("compiler/ops/") && target === "compiler/ir/tensor/builder.ts";
}

/** The files of one cycle in the order of their imports; a cycle is found once. */
function cyclesOf(files: Files): string[][] {
  const targets = new Map(
    [...files]
      .filter(([path]) => isCode(path))
      .map(([path, text]) => [
        path,
        importsOf(path, text)
          .filter((each) => !isMutual(path, each))
          .map(({ target }) => target)
          .filter((target) => files.has(target)),
      ]),
  );
  const cycles: string[][] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) {
      cycles.push(trail.slice(start));
      return;
    }
    if (done.has(path)) return;
    for (const target of targets.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of targets.keys()) visit(path, []);
  return cycles;
}

const cycles: Rule = {
  says: "no import cycles, those of types included (but that of the ops and their builder)",
  find: (files) => cyclesOf(files).map((cycle) => `${cycle[0]}: imports itself by ${[...cycle, cycle[0]].join(" → ")}`),
  wrong: [
    { "compiler/a.ts": 'import { b } from "./b.ts";', "compiler/b.ts": 'import { a } from "./a.ts";' },
    {
      "compiler/a.ts": 'import type { B } from "./x/b.ts";',
      "compiler/x/b.ts": 'export * from "./c.ts";',
      "compiler/x/c.ts": 'export const c = () => import("../a.ts");',
    },
    {
      "compiler/ir/tensor/builder.ts": 'import { op } from "../../ops/op.ts";',
      "compiler/ops/op.ts": 'import { Builder } from "../ir/tensor/builder.ts";',
    },
  ],
  right: {
    "compiler/a.ts": 'import "./b.ts";\nimport "./c.ts";',
    "compiler/b.ts": 'import "./c.ts";',
    "compiler/c.ts": "",
    "compiler/ir/tensor/builder.ts": 'import { op } from "../../ops/op.ts";',
    "compiler/ops/op.ts": 'import type { Builder } from "../ir/tensor/builder.ts";',
  },
};

/** What the package offers under its names; only these files pass on what others declare. */
const ENTRIES = new Set(["sstc.ts", "runtime/runtime.ts"]);

const barrels: Rule = {
  says: "no barrel files: only the package's entries pass on what other files declare",
  find: (files) =>
    written(files, (path) => isCode(path) && !ENTRIES.has(path)).flatMap(([path, text]) => {
      const statements = treeOf(path, text).body as SyntaxNode[];
      const imported = new Set(
        statements
          .filter(({ type }) => type === "ImportDeclaration")
          .flatMap(({ specifiers }) => specifiers as SyntaxNode[])
          .map(({ local }) => (local as SyntaxNode).name),
      );
      const passesOn = statements.filter(
        ({ type, source, specifiers }) =>
          type === "ExportAllDeclaration" ||
          (type === "ExportNamedDeclaration" &&
            (source !== null ||
              (specifiers as SyntaxNode[]).some(({ local }) => imported.has((local as SyntaxNode).name)))),
      );
      return passesOn.length > 0 ? [`${path}: passes on what other files declare`] : [];
    }),
  wrong: [
    { "compiler/index.ts": 'export { compile } from "./compile.ts";' },
    { "compiler/ir/index.ts": 'export * from "./tensor.ts";' },
    { "runtime/all.ts": 'import { train } from "./train.ts";\nexport { train };' },
  ],
  right: { "sstc.ts": 'export { compile } from "./compiler/compile.ts";', "a.ts": "const a = 1;\nexport { a };" },
};

/** Names of what is outside of a program: clocks, chance, the machine. */
const OUTSIDE = new Set([
  ...["process", "console", "Date", "performance", "setTimeout", "setInterval", "setImmediate", "fetch", "crypto"],
  ...["globalThis", "window", "document", "eval", "Function"],
]);
/** Rooms whose functions depend on their arguments alone. */
const PURE = ["grammar/", "compiler/", "stdlib/"];
/** Keys under which an identifier is a name of its own, not a use of a variable. */
const NAME_KEYS = new Set(["key", "property", "imported", "exported", "local", "label"]);

const pure: Rule = {
  says: "the compiler is pure: no clock, no chance, no globals of the machine",
  find: (files) =>
    written(files, (path) => isCode(path) && within(path, PURE)).flatMap(([path, text]) => {
      const found: string[] = [];
      walk(treeOf(path, text), (node, parent, key) => {
        if (node.type === "MemberExpression" && isMathRandom(node)) found.push(`${path}: uses Math.random`);
        if (node.type !== "Identifier" || !OUTSIDE.has(node.name as string)) return;
        if (NAME_KEYS.has(key ?? "") && parent?.computed !== true) return;
        found.push(`${path}: uses ${node.name as string}`);
      });
      return found;
    }),
  wrong: [
    { "compiler/a.ts": "export const a = () => Date.now();" },
    { "compiler/a.ts": "export const a = Math.random();" },
    { "grammar/a.ts": "export const a = process.env.A;" },
    { "stdlib/a.ts": 'export const a = () => { console.log("a"); };' },
    { "compiler/a.ts": 'export const a = new Function("return 1");' },
  ],
  right: {
    "compiler/a.ts": "export const a = (b: { process: number }) => ({ console: b.process + Math.max(1, 2) });",
    "runtime/a.ts": "export const a = () => performance.now();",
  },
};

function isMathRandom(node: SyntaxNode): boolean {
  const [object, property] = [node.object, node.property] as [SyntaxNode, SyntaxNode];
  return object.name === "Math" && property.name === "random";
}

export const importRules: readonly Rule[] = [rooms, apart, cycles, barrels, pure];
