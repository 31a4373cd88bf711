/**
 * Names and texts of a source in generated modules and their declarations: the module is an import, two constants and
 * an export, whatever a source holds; the declarations are types and comments.
 */
import { describe, expect, test } from "vitest";
import { parseAst } from "vitest/node";
import type { TfjsArtifact } from "../../compiler/artifact.ts";
import { compile } from "../../compiler/compile.ts";
import { render } from "../../compiler/diagnostic.ts";
import { literal } from "../../compiler/targets/literal.ts";
import { printModule } from "../../compiler/targets/module.ts";
import { library } from "../../stdlib/library.ts";
import { DECLARATIONS, ROLES } from "./hostile-roles.ts";

const NAMES = [
  "__proto__",
  "constructor",
  "toString",
  "class",
  "default",
  "await",
  "data",
  "program",
  "artifact",
  "create",
];
const TEXTS = [
  "*/ globalThis.leak = 1 /*",
  "**/ globalThis.leak = 1 /*",
  "*\u2028/ globalThis.leak = 1 /*",
  '"); globalThis.leak = 1; ("',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it must not become a template
  "`${globalThis.leak = 1}`",
  "</script><script>globalThis.leak = 1</script>",
  "<!-- globalThis.leak = 1",
  "\n globalThis.leak = 1 \n",
  "\r\u2028\u2029 globalThis.leak = 1",
  "\\",
  "\\u0022",
  "//",
  "\u0000\u001b[31m\u202e\ud800",
  "🌲 größer",
  "__proto__",
];

interface Tree {
  readonly type: string;
  readonly [key: string]: unknown;
}

function artifactOf(text: string, given: { readonly [name: string]: string } = {}): TfjsArtifact {
  const { artifact, diagnostics } = compile({ name: "hostile.sst", text }, { library, arguments: given });
  expect(diagnostics.map(render)).toEqual([]);
  return artifact!;
}

/** Checks the module's form and returns what its first constant holds. */
function dataOf(javascript: string, runtime: string): unknown {
  expect(javascript).toMatch(/^[\n\x20-\x7e]*$/);
  expect(javascript).not.toMatch(/<\/|<!--/);
  const body = parseAst(javascript).body as unknown as readonly Tree[];
  expect(body.map(({ type }) => type)).toEqual([
    "ImportDeclaration",
    "VariableDeclaration",
    "VariableDeclaration",
    "ExportNamedDeclaration",
  ]);
  expect((body[0]!.source as Tree).value).toBe(runtime);
  const [data, program] = body.slice(1, 3).map((each) => (each.declarations as Tree[])[0]!.init as Tree);
  expect(program!.type).toBe("ArrowFunctionExpression");
  return plainOf(data!);
}

/** The value of a literal; anything but a literal is a hole. */
function plainOf(node: Tree): unknown {
  switch (node.type) {
    case "Literal":
      expect(node.regex ?? null).toBeNull();
      return node.value;
    case "UnaryExpression":
      expect(node.operator).toBe("-");
      return -(plainOf(node.argument as Tree) as number);
    case "ArrayExpression":
      return (node.elements as Tree[]).map(plainOf);
    case "ObjectExpression":
      return Object.fromEntries(
        (node.properties as Tree[]).map(({ type, key, value, computed }) => {
          expect(type).toBe("Property");
          const name = plainOf(key as Tree);
          // A plain key would set the prototype.
          if (name === "__proto__") expect(computed).toBe(true);
          return [name, plainOf(value as Tree)];
        }),
      );
    default:
      throw new Error(`the form ${node.type}`);
  }
}

/** Equality of plain data by own properties. */
function expectSame(a: unknown, b: unknown): void {
  if (typeof a !== "object" || a === null || typeof b !== "object" || b === null) return expect(a).toBe(b);
  expect(Object.keys(a)).toEqual(Object.keys(b));
  const right = Object.values(b);
  for (const [i, value] of Object.values(a).entries()) expectSame(value, right[i]);
}

/** A declaration file's lines: types made of JSON strings and known words, and comments of one line. */
const STRING = String.raw`"(?:[^"\\<]|\\["\\bfnrtu])*"`;
const ARRAY = "(?:Float32Array|Int32Array|Uint8Array)";
const LINES = [
  /^\/\/ [\x20-\x7e]*$/,
  /^ *\/\*\*(?:(?!\*\/)[\x20-\x7e])*\*\/$/,
  new RegExp(`^import type \\{ [A-Za-z, ]+ \\} from ${STRING};$`),
  /^export (?:interface \w+ \{|type Instance = GeneratedModel<\{|type \w+ = \{ readonly \[name in never\]: never \};)$/,
  new RegExp(`^export type Hyper = (?:never|${STRING}(?: \\| ${STRING})*);$`),
  new RegExp(`^ *readonly ${STRING}: (?:${ARRAY}|number|HostTensor|${ARRAY} \\| HostTensor|\\{\\});$`),
  new RegExp(`^ *readonly ${STRING}: \\{$`),
  /^ *\};?$/,
  new RegExp(
    `^ {2}(?:step|evaluate|sample): (?:never|Partial<Data>|Pick<Data, ${STRING}(?: \\| ${STRING})*> & Partial<Data>);$`,
  ),
  /^ {2}(?:samples: Samples|metrics: Metrics|parameters: Parameters|hyper: Hyper);$/,
  /^\}>;$/,
  /^export declare (?:const artifact: Artifact|function create\(options\?: CreateOptions\): Promise<Instance>);$/,
  /^$/,
];

function expectDeclarations(text: string): void {
  for (const line of text.split("\n")) {
    expect(
      LINES.some((form) => form.test(line)),
      line,
    ).toBe(true);
  }
}

describe("any name", () => {
  for (const role of [...Object.keys(ROLES), ...Object.keys(DECLARATIONS)]) {
    test(`for a ${role}`, () => {
      for (const name of NAMES) {
        const text = DECLARATIONS[role] ?? `model M() {\n  ${ROLES[role]}\n}`;
        const artifact = artifactOf(text.replaceAll("▲", name));
        const { javascript, declarations } = printModule(artifact, { source: `${name}.sst` });
        const { program, ...data } = artifact;
        expectSame(dataOf(javascript, "sstc/runtime"), JSON.parse(JSON.stringify(data)));
        expect(javascript).toContain(`\nconst program = ${program};\n`);
        expectDeclarations(declarations);
      }
    });
  }
});

describe("any text, in an argument, the name of a file or of the runtime", () => {
  for (const text of TEXTS) {
    test(JSON.stringify(text), () => {
      const source = `model M(title: text = "a", n = 3) {\n  data x: f32[n]\n  minimize sum(x)\n}\n`;
      const artifact = artifactOf(source, { title: text });
      expect(artifact.arguments.title).toBe(text);
      const { javascript, declarations } = printModule(artifact, { source: text, runtime: text });
      const { program, ...data } = artifact;
      expectSame(dataOf(javascript, text), data);
      expect(javascript.split("\n")[0]).toMatch(/^\/\/ Generated by sstc from /);
      expectDeclarations(declarations);
    });
  }
});

test("the checks find what they should", () => {
  const around = (data: string) =>
    [
      'import { createModule } from "r";',
      `const data = ${data};`,
      "const program = (tf) => tf;",
      "export const { create } = createModule(data, program);",
    ].join("\n");
  expect(dataOf(around('{ "a": [1, -2] }'), "r")).toEqual({ a: [1, -2] });
  for (const hole of ['{ "__proto__": {} }', "{ a: leak }", "[`a`]", "[...[1]]", "(() => 1)()", "1; leak()"]) {
    expect(() => dataOf(around(hole), "r"), hole).toThrow();
  }
  for (const line of [
    "/** a */ leak */",
    "  readonly x: number;",
    'export type Hyper = "a"; leak;',
    "declare const a: 1;",
  ]) {
    expect(() => expectDeclarations(line), line).toThrow();
  }
});

test("literals are laid out within the width of a page and evaluate to the same", () => {
  const value = {
    list: Array.from({ length: 200 }, (_, i) => i / 7),
    pairs: Array.from({ length: 40 }, (_, i) => [i, -i]),
    nothing: { empty: [], none: {}, no: null, yes: true },
    text: TEXTS.join(""),
    ["__proto__"]: { constructor: "a" },
  };
  const text = literal(value);
  const own = new Function(`return ${text};`)() as unknown;
  expectSame(own, JSON.parse(JSON.stringify(value)));
  const longest = text.split("\n").filter((line) => !line.includes('"text"'));
  expect(Math.max(...longest.map((line) => line.length))).toBeLessThanOrEqual(120);
  expect(longest.length).toBeLessThan(100);
});
