/** What a rule of the house is, and what rules ask of the repository's files: their imports, functions and texts. */
import { posix } from "node:path";
import { parseAst } from "vitest/node";

/** The texts of files by their paths from the root, with forward slashes. */
export type Files = ReadonlyMap<string, string>;

/** A rule, what breaks it, and what does not. */
export interface Rule {
  readonly says: string;
  /** What breaks the rule: `path: what`, or `path:line: what`. */
  readonly find: (files: Files) => readonly string[];
  /** Sets of files that break the rule, each in exactly one place. */
  readonly wrong: readonly Planted[];
  /** Files that come near to breaking it, and do not. */
  readonly right?: Planted;
}

type Planted = { readonly [path: string]: string };

export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

export interface Import {
  /** The path of a file of this repository, or the name of a package. */
  readonly target: string;
  readonly isFile: boolean;
  readonly typeOnly: boolean;
  readonly line: number;
}

/** Whether a file is TypeScript or JavaScript. */
export const isCode = (path: string) => /\.(ts|js|mjs)$/.test(path);
export const isGenerated = (path: string) => path.includes(".generated.");

/** The files that people write, of those that fit. */
export function written(files: Files, fits: (path: string) => boolean): (readonly [path: string, text: string])[] {
  return [...files].filter(([path]) => fits(path) && !isGenerated(path));
}

const trees = new Map<string, SyntaxNode>();

export function treeOf(path: string, text: string): SyntaxNode {
  const known = trees.get(text);
  if (known !== undefined) return known;
  const tree = parseAst(text, { lang: path.endsWith(".ts") ? "ts" : "js" }, path) as unknown as SyntaxNode;
  trees.set(text, tree);
  return tree;
}

/** Visits a tree from the root, each node with the node that holds it and the key it stands under. */
export function walk(node: SyntaxNode, visit: (node: SyntaxNode, parent?: SyntaxNode, key?: string) => void): void {
  const go = (each: SyntaxNode, parent?: SyntaxNode, key?: string): void => {
    visit(each, parent, key);
    for (const [name, value] of Object.entries(each)) {
      for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) {
        if (typeof child === "object" && child !== null && "type" in child) go(child as SyntaxNode, each, name);
      }
    }
  };
  go(node);
}

export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

/** The lines of a text that fit, as findings. */
export function linesThat(path: string, text: string, fits: (line: string) => boolean, what: string): string[] {
  return text.split("\n").flatMap((line, i) => (fits(line) ? [`${path}:${i + 1}: ${what}`] : []));
}

/** Everything a file imports: by statements, by `export … from`, and by `import(…)` of a literal name. */
export function importsOf(path: string, text: string): Import[] {
  const found: Import[] = [];
  const add = (node: SyntaxNode, typeOnly: boolean) => {
    const name = (node.source as SyntaxNode | null)?.value;
    if (typeof name !== "string") return;
    const isFile = name.startsWith(".");
    const target = isFile ? posix.join(posix.dirname(path), name) : name;
    found.push({ target, isFile, typeOnly, line: lineAt(text, node.start) });
  };
  walk(treeOf(path, text), (node) => {
    switch (node.type) {
      case "ImportDeclaration":
      case "ExportNamedDeclaration":
      case "ExportAllDeclaration":
        return add(node, isTypeOnly(node));
      case "ImportExpression":
      case "TSImportType":
        return add(node, node.type === "TSImportType");
      default:
        return;
    }
  });
  return found;
}

/** Whether nothing is left of an import when the types are gone. */
function isTypeOnly(node: SyntaxNode): boolean {
  if (node.importKind === "type" || node.exportKind === "type") return true;
  const specifiers = (node.specifiers ?? []) as readonly SyntaxNode[];
  return specifiers.length > 0 && specifiers.every((each) => each.importKind === "type" || each.exportKind === "type");
}

export const filesOf = (planted: Planted): Files => new Map(Object.entries(planted));
