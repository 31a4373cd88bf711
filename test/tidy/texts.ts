/** How long files, functions and lines may be, and what every file says or never says. */
import { isCode, lineAt, linesThat, type Rule, type SyntaxNode, treeOf, walk, written } from "./rule.ts";

const FILE_LINES = 400;
const FUNCTION_LINES = 60;

const files: Rule = {
  says: `a file of code has at most ${FILE_LINES} lines`,
  find: (all) =>
    written(all, (path) => isCode(path) || path.endsWith(".sst")).flatMap(([path, text]) => {
      const lines = text.split("\n").length - 1;
      return lines > FILE_LINES ? [`${path}: has ${lines} lines`] : [];
    }),
  wrong: [{ "compiler/a.ts": "\n".repeat(401) }, { "stdlib/a.sst": "\n".repeat(401) }],
  right: { "compiler/a.ts": "\n".repeat(400), "README.md": "\n".repeat(1000) },
};

/** The function that a node is, by name; undefined for what is no function, or the suite that `describe` is given. */
function functionName(node: SyntaxNode, parent: SyntaxNode | undefined): string | undefined {
  if (!/^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type)) return undefined;
  if (parent?.type === "CallExpression" && isDescribe(parent.callee as SyntaxNode)) return undefined;
  const named = [node.id, parent?.id, parent?.key] as (SyntaxNode | null | undefined)[];
  const name = named.find((each) => each?.type === "Identifier" || each?.type === "PrivateIdentifier")?.name;
  return typeof name === "string" ? name : "a function without a name";
}

/** `describe`, `describe.skipIf(…)`, `describe.each(…)`. */
function isDescribe(callee: SyntaxNode): boolean {
  if (callee.type === "CallExpression") return isDescribe(callee.callee as SyntaxNode);
  if (callee.type === "MemberExpression") return isDescribe(callee.object as SyntaxNode);
  return callee.type === "Identifier" && callee.name === "describe";
}

const lines = (count: number, line: string) => `${line}\n`.repeat(count);

const functions: Rule = {
  says: `a function has at most ${FUNCTION_LINES} lines`,
  find: (all) =>
    written(all, isCode).flatMap(([path, text]) => {
      const found: string[] = [];
      walk(treeOf(path, text), (node, parent) => {
        const name = functionName(node, parent);
        if (name === undefined) return;
        const first = lineAt(text, node.start);
        const length = lineAt(text, node.end) - first + 1;
        if (length > FUNCTION_LINES) found.push(`${path}:${first}: ${name} has ${length} lines`);
      });
      return found;
    }),
  wrong: [
    { "a.ts": `export function long() {\n${lines(59, "  // x")}}\n` },
    { "a.ts": `class A {\n  long(a: { b: 1 }): { c: 1 } {\n${lines(59, "  f();")}}\n}` },
    { "a.ts": `const long = async () =>\n  [\n${lines(59, "  1,")}];\n` },
    { "a.test.ts": `describe("a", () => {\n test("b", () => {\n${lines(59, "  f();")}});\n});` },
  ],
  right: {
    "a.ts": `function a() {\n${lines(58, "  f();")}}\nclass B {\n${lines(80, "  b = 1;")}}\n`,
    "a.test.ts": `describe.each([1])("a", () => {\n${lines(80, "  f();")}});`,
  },
};

const width: Rule = {
  says: "a line has at most 120 characters in code, 140 around a text and in .sst and .md",
  find: (all) =>
    written(all, (path) => /\.(ts|js|mjs|sst|md)$/.test(path)).flatMap(([path, text]) => {
      const texts = isCode(path) ? linesOfTexts(path, text) : undefined;
      return text.split("\n").flatMap((line, i) => {
        const most = texts === undefined || texts.has(i + 1) ? 140 : 120;
        return line.length > most && !isUnbreakable(line) ? [`${path}:${i + 1}: longer than ${most}`] : [];
      });
    }),
  wrong: [
    { "a.ts": `// ${"word ".repeat(24)}` },
    { "a.ts": `/** ${'"a text of words" '.repeat(8)}*/` },
    { "a.ts": `const a = [${"1, ".repeat(40)}];` },
    { "a.ts": `f("${"word ".repeat(28)}");` },
    { "a.md": `${"word ".repeat(29)}` },
    { "a.sst": `/// ${"word ".repeat(28)}` },
  ],
  right: {
    "a.ts": `// ${"x".repeat(117)}\nf("${"word ".repeat(26)}");`,
    "a.md": `| ${"table ".repeat(40)} |\n${"x".repeat(141)}`,
  },
};

/** The lines of code on which texts or patterns stand: the formatter breaks neither. */
function linesOfTexts(path: string, text: string): Set<number> {
  const found = new Set<number>();
  walk(treeOf(path, text), (node) => {
    const isText = node.type === "TemplateLiteral" || (node.type === "Literal" && node.end - node.start > 20);
    if (!isText) return;
    const last = lineAt(text, node.end);
    for (let line = lineAt(text, node.start); line <= last; line++) found.add(line);
  });
  return found;
}

/** Rows of tables, and lines that are one word (addresses). */
function isUnbreakable(line: string): boolean {
  return /^\s*\|.*\|\s*$/.test(line) || !/\s/.test(line.trim());
}

const opening: Rule = {
  says: "a file of code opens with a doc comment",
  find: (all) =>
    written(all, isCode).flatMap(([path, text]) =>
      /^(#!.*\n)?\/\*\* ?\S?/.test(text) ? [] : [`${path}: opens without a doc comment`],
    ),
  wrong: [{ "a.ts": 'import "b";' }, { "a.js": "// a\nf();" }],
  right: { "a.ts": "/** A file. */", "b.mjs": "#!/usr/bin/env node\n/**\n * A file.\n */" },
};

const DECLARATION = /^(model|module|fn|structure|distribution|relaxation|kernel|experiment)\b/;

const documented: Rule = {
  says: "a declaration of the standard library or of an example has a doc comment",
  find: (all) =>
    written(all, (path) => path.endsWith(".sst")).flatMap(([path, text]) => {
      const rows = text.split("\n");
      return rows.flatMap((row, i) =>
        DECLARATION.test(row) && !rows[i - 1]?.startsWith("///") ? [`${path}:${i + 1}: without a doc comment`] : [],
      );
    }),
  wrong: [
    { "stdlib/a.sst": "fn a(x) = x\n" },
    { "stdlib/a.sst": "/// A.\n\nkernel a(n, u: f32[n]) -> x: f32[n] {\n}\n" },
  ],
  right: { "stdlib/a.sst": "/// A.\nfn a(x) = x\n" },
};

const types: Rule = {
  says: "no any",
  find: (all) =>
    written(all, isCode).flatMap(([path, text]) => {
      const found: string[] = [];
      walk(treeOf(path, text), (node) => {
        if (node.type === "TSAnyKeyword") found.push(`${path}:${lineAt(text, node.start)}: any`);
      });
      return [...found, ...linesThat(path, text, (line) => /@(type|param|returns)\s+\{.*\bany\b/.test(line), "any")];
    }),
  wrong: [
    { "a.ts": "export const a = (b: any[]) => b;" },
    { "a.ts": "export const a = JSON.parse(b) as any;" },
    { "a.js": `/** @type {${"an"}y} */ let a;` },
  ],
  right: { "a.ts": "/** Takes any number. */ const any = 1;" },
};

/** Words of which a text says what it must not; in pieces, so that this file does not hold them. */
const FORBIDDEN: { readonly [what: string]: RegExp } = {
  "unfinished work": new RegExp(`\\b(${["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"].join("|")})\\b`),
  "a silenced type error": new RegExp(`@ts-(${["ignore", "nocheck", "expect-error"].join("|")})\\b`),
  "a silenced rule of the linter": new RegExp(`${"biome"}-ignore(-all|-start)?(?! lint/[\\w/]+: \\w)`),
  "a path of one machine": new RegExp(`(^|[\\s"'\`(=:])/(${["work", "home", "root", "Users"].join("|")})/(?!me/)\\w`),
};

const words: Rule = {
  says: "no unfinished work, no silenced errors, no paths of one machine",
  find: (all) =>
    written(all, (path) => !path.endsWith(".json")).flatMap(([path, text]) =>
      Object.entries(FORBIDDEN).flatMap(([what, pattern]) => linesThat(path, text, (line) => pattern.test(line), what)),
    ),
  wrong: [
    { "a.ts": `// ${"TO"}DO: finish` },
    { "a.md": `${"FIX"}ME later` },
    { "a.ts": `// @ts-${"ignore"}` },
    { "a.ts": `// @ts-${"expect-error"} wrong` },
    { "a.ts": `// ${"biome"}-ignore-all lint/style/useConst` },
    { "README.md": `see ${"/"}home/somebody/sstc` },
  ],
  right: {
    "a.ts": `// ${"biome"}-ignore lint/style/useConst: it is set below\n// the homework of todo lists, in ${"/"}home/me/lists`,
  },
};

export const textRules: readonly Rule[] = [files, functions, width, opening, documented, types, words];
