/**
 * Which declaration a top-level name means in a given file: the file's own, one it imports, or one of the standard
 * library. Files of the library are parsed when one of their names is first asked for, so a small model compiles fast.
 */

import type { Declaration, ImportDeclaration, ParseResult, SourceFile } from "../grammar/ast.ts";
import { parse } from "../grammar/parse.ts";
import type { Code } from "./codes.ts";
import type { Diagnostic, Source } from "./diagnostic.ts";
import { didYouMean } from "./diagnostic.ts";

/** The standard library as the compiler sees it: texts by path, and the path that declares each name. */
export interface Library {
  readonly files: ReadonlyMap<string, string>;
  readonly index: ReadonlyMap<string, string>;
}

/** Fetches the file that an import with a relative path means; undefined when there is none. */
export type ImportResolver = (path: string, from: string) => Source | undefined;

/** What the texts of a library parse to. */
const PARSED = new WeakMap<Library, Map<string, ParseResult>>();

export interface Found {
  readonly declaration: Declaration;
  readonly source: Source;
}

interface LoadedFile {
  readonly source: Source;
  /** Names that would be there if all could be read; that they are missing is not said again. */
  readonly unread: Set<string>;
  readonly file: SourceFile;
  readonly own: ReadonlyMap<string, Declaration>;
  readonly imported: Map<string, Found>;
}

export class Names {
  readonly diagnostics: Diagnostic[] = [];
  private readonly library: Library;
  private readonly resolveImport: ImportResolver;
  private readonly loaded = new Map<string, LoadedFile>();

  constructor(library: Library, resolveImport: ImportResolver) {
    this.library = library;
    this.resolveImport = resolveImport;
  }

  /** Parses a file and everything it imports; problems are added to `diagnostics`. */
  load(source: Source): SourceFile {
    return this.open(source).file;
  }

  find(name: string, from: Source): Found | undefined {
    const file = this.open(from);
    const own = file.own.get(name);
    if (own !== undefined) return { declaration: own, source: file.source };
    return file.imported.get(name) ?? this.findInLibrary(name, isLibrary(from));
  }

  /** The user's files read so far: the first one and what it imports, with their texts. */
  userFiles(): { readonly file: SourceFile; readonly source: Source }[] {
    return [...this.loaded.values()].filter(({ source }) => !isLibrary(source));
  }

  /** Whether a name is missing only because its statement or declaration could not be read, or imported. */
  unread(name: string, from: Source): boolean {
    return this.open(from).unread.has(name);
  }

  /** Names visible at the top level of a file. */
  *visible(from: Source): Iterable<string> {
    const file = this.open(from);
    yield* file.own.keys();
    yield* file.imported.keys();
    for (const [name, path] of this.library.index) if (isLibrary(from) || !needsImport(path)) yield name;
  }

  /** Where an unimported name could be imported from, for a hint. */
  importHint(name: string): string | undefined {
    const path = this.library.index.get(name);
    return path !== undefined && needsImport(path) ? importName(path) : undefined;
  }

  private findInLibrary(name: string, everything: boolean): Found | undefined {
    const path = this.library.index.get(name);
    if (path === undefined || (!everything && needsImport(path))) return undefined;
    return this.findInFile(path, name);
  }

  private findInFile(path: string, name: string): Found | undefined {
    const text = this.library.files.get(path);
    if (text === undefined) return undefined;
    const file = this.open({ name: `std/${path}`, text });
    const declaration = file.own.get(name);
    return declaration === undefined ? undefined : { declaration, source: file.source };
  }

  private open(source: Source): LoadedFile {
    const known = this.loaded.get(source.name);
    if (known !== undefined) return known;
    const { file, problems } = this.read(source);
    for (const problem of problems) {
      this.report(source, problem.span, "syntax", problem.message, undefined, problem.help);
    }
    const own = new Map<string, Declaration>();
    for (const declaration of file.declarations) {
      const { name, span } = declaration.name;
      if (own.has(name)) {
        const message = `${name} is declared twice in this file`;
        this.report(source, span, "duplicate-name", message, undefined, "rename or remove one of them");
      } else own.set(name, declaration);
    }
    const loaded: LoadedFile = { source, file, own, imported: new Map(), unread: new Set(file.unread) };
    this.loaded.set(source.name, loaded);
    for (const statement of file.imports) this.bindImport(loaded, statement);
    return loaded;
  }

  /** Texts of the library are parsed once, however many files are compiled with it. */
  private read(source: Source): ParseResult {
    if (!isLibrary(source)) return parse(source.text);
    const known = PARSED.get(this.library) ?? new Map<string, ParseResult>();
    PARSED.set(this.library, known);
    const result = known.get(source.text) ?? parse(source.text);
    known.set(source.text, result);
    return result;
  }

  private bindImport(into: LoadedFile, statement: ImportDeclaration): void {
    const from = statement.from.value;
    const relative = from.startsWith("./") || from.startsWith("../");
    const target = relative ? this.resolveRelative(into.source, statement) : undefined;
    if (relative && target === undefined) {
      for (const { name } of statement.names) into.unread.add(name);
      return;
    }
    for (const { name, span } of statement.names) {
      const found = target === undefined ? this.fromLibrary(from, name) : this.fromFile(target, name);
      if (into.own.has(name) || into.imported.has(name)) {
        this.report(into.source, span, "duplicate-name", `${name} is already declared in this file`);
      } else if (found !== undefined) into.imported.set(name, found);
      else {
        into.unread.add(name);
        this.reportMissing(into.source, statement, name, span, target);
      }
    }
  }

  /** The file that an import means; undefined after a problem was reported. The resolver is the caller's own code. */
  private resolveRelative(source: Source, { from: { value: path, span } }: ImportDeclaration): Source | undefined {
    const written = JSON.stringify(path);
    const refuse = (message: string, help?: string) =>
      this.report(source, span, "unknown-import", message, undefined, help);
    if (!path.endsWith(".sst")) {
      refuse(`${written} is no source file`, 'imports are of files whose names end in ".sst"');
      return undefined;
    }
    try {
      const found: unknown = this.resolveImport(path, source.name);
      if (isSource(found)) return found;
      if (found === undefined) refuse(`there is no file ${written}`, "paths are relative to the importing file");
      else refuse(`${written} could not be read`, "resolveImport returns { name, text }, or undefined");
    } catch (problem) {
      const why = problem instanceof Error ? problem.message : String(problem);
      refuse(`${written} could not be read: ${why}`);
    }
    return undefined;
  }

  private fromFile(target: Source, name: string): Found | undefined {
    const file = this.open(target);
    const declaration = file.own.get(name);
    return declaration === undefined ? undefined : { declaration, source: file.source };
  }

  private fromLibrary(from: string, name: string): Found | undefined {
    const path = this.library.index.get(name);
    return path !== undefined && importName(path) === from ? this.findInFile(path, name) : undefined;
  }

  private reportMissing(
    source: Source,
    statement: ImportDeclaration,
    name: string,
    span: { start: number; end: number },
    target: Source | undefined,
  ): void {
    const from = statement.from.value;
    const offered =
      target === undefined
        ? [...this.library.index].filter(([, path]) => importName(path) === from).map(([candidate]) => candidate)
        : [...this.open(target).own.keys()];
    if (offered.length === 0) {
      const modules = [...new Set([...this.library.index.values()].map(importName))].join(", ");
      const help = `the standard library has ${modules}; your own files start with "./"`;
      this.report(
        source,
        statement.from.span,
        "unknown-import",
        `there is no module ${JSON.stringify(from)}`,
        undefined,
        help,
      );
      return;
    }
    const near = didYouMean(name, offered);
    const help = near === undefined ? `it has ${offered.join(", ")}` : `did you mean ${near}?`;
    this.report(source, span, "unknown-import", `${JSON.stringify(from)} has no ${name}`, undefined, help);
  }

  private report(
    source: Source,
    span: { start: number; end: number },
    code: Code,
    message: string,
    why?: string,
    help?: string,
  ): void {
    this.diagnostics.push({
      code,
      severity: "error",
      source,
      span,
      message,
      ...(why === undefined ? {} : { why }),
      ...(help === undefined ? {} : { help }),
    });
  }
}

/** Whether a value is a text with its name, as programs pass them. */
export function isSource(value: unknown): value is Source {
  const { name, text } = (value ?? {}) as Partial<Source>;
  return typeof name === "string" && typeof text === "string";
}

/** Library sources are named `std/…`; a user's file is a path or `<stdin>`. */
export function isLibrary(source: Source): boolean {
  return source.name.startsWith("std/");
}

/** Neural modules are imported by name; structures, distributions, relaxations and functions are always there. */
function needsImport(path: string): boolean {
  return path.startsWith("nn/");
}

/** `nn/linear.sst` is imported as `std/nn`. */
function importName(path: string): string {
  return `std/${path.slice(0, path.indexOf("/"))}`;
}
