/**
 * `sstc compile`: a model as a JavaScript module with type declarations, or what one stage of the compiler made of it.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Target } from "../compiler/artifact.ts";
import { type Diagnostic, position, printable, type Source } from "../compiler/diagnostic.ts";
import { DiagnosticError } from "../compiler/failure.ts";
import { printKernel } from "../compiler/ir/kernel/print.ts";
import { printTensorProgram } from "../compiler/ir/tensor/print.ts";
import { GENERATED, printModule } from "../compiler/targets/module.ts";
import type { SyntaxProblem } from "../grammar/ast.ts";
import { parse } from "../grammar/parse.ts";
import { tokenize } from "../grammar/tokens.ts";
import { openSource } from "./files.ts";
import { listModel } from "./listing.ts";
import { type Compiled, compileSource, type ModelOptions, TARGETS } from "./model.ts";
import { UsageError } from "./usage-error.ts";
import { choose } from "./values.ts";

export interface CompileCommandOptions extends ModelOptions {
  readonly target: string;
  readonly out: string;
  readonly emit?: string;
  readonly runtime?: string;
}

/** The file that modules for WebGPU import. */
const HOST = "sstc-webgpu.js";
const STAGES = ["tokens", "ast", "model", "tensor", "kernel", "js", "wgsl"] as const;
type Stage = (typeof STAGES)[number];

/** Writes the module, or prints a stage to standard output; throws a DiagnosticError when the source has errors. */
export function compileCommand(file: string, options: CompileCommandOptions): number {
  const target = choose(TARGETS, options.target, "--target");
  const stage = options.emit === undefined ? undefined : choose(STAGES, options.emit, "--emit");
  const source = openSource(file);
  if (stage !== undefined) return emit(stage, source, options, target);
  const compiled = compileSource(source, options, target);
  const { javascript, declarations } = printModule(compiled.artifact, moduleOptions(source, options, target));
  const name = file === "-" ? compiled.artifact.model : basename(file).replace(/\.sst$/, "");
  const written = new Map([
    [join(options.out, `${name}.js`), javascript],
    [join(options.out, `${name}.d.ts`), declarations],
  ]);
  // The module for WebGPU needs nothing but this file beside it.
  if (target === "webgpu" && options.runtime === undefined) written.set(join(options.out, HOST), hostText());
  for (const path of written.keys()) refuseForeign(path);
  for (const [path, text] of written) write(options.out, path, text);
  for (const path of written.keys()) process.stdout.write(`${path}\n`);
  return 0;
}

function moduleOptions(source: Source, options: CompileCommandOptions, target: Target) {
  const name = source.name === "<stdin>" ? "standard input" : basename(source.name);
  if (options.runtime !== undefined || target === "tfjs")
    return { source: name, runtime: options.runtime ?? "sstc/runtime" };
  // Types are needed by those who compile, and they have the package.
  return { source: name, runtime: `./${HOST}`, types: "sstc/webgpu" };
}

/** The WebGPU host, one file without dependencies, as the build made it. */
function hostText(): string {
  const places = ["./webgpu.js", "../webgpu.js", "../dist/webgpu.js"].map((path) => new URL(path, import.meta.url));
  const found = places.find((place) => existsSync(place));
  if (found === undefined) throw new UsageError("the WebGPU host was not built: run `npm run build`");
  return `${GENERATED}: the host of modules for WebGPU.\n${readFileSync(found, "utf8")}`;
}

/** What an earlier compilation wrote may be replaced, and nothing else. */
function refuseForeign(path: string): void {
  if (!existsSync(path) || readFileSync(path, "utf8").startsWith(GENERATED)) return;
  throw new UsageError(`${path} was not written by sstc compile: move it, or choose another folder with --out`);
}

function write(folder: string, path: string, text: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, text);
  } catch (problem) {
    throw new UsageError(`cannot write ${path}: ${(problem as Error).message}`);
  }
}

function emit(stage: Stage, source: Source, options: CompileCommandOptions, target: Target): number {
  switch (stage) {
    case "tokens":
      print(tokenLines(source));
      return reportSyntax(source);
    case "ast":
      print([JSON.stringify(parse(source.text).file, null, 2)]);
      return reportSyntax(source);
    case "wgsl":
      print(Object.values(compileSource(source, options, "webgpu").artifact.modules));
      return 0;
    default:
      print(compiledLines(stage, source, compileSource(source, options, target), options));
      return 0;
  }
}

function compiledLines(
  stage: "model" | "tensor" | "kernel" | "js",
  source: Source,
  compiled: Compiled,
  options: CompileCommandOptions,
): readonly string[] {
  switch (stage) {
    case "model":
      return listModel(source, compiled.artifact);
    case "tensor":
      return [compiled.programs.map(printTensorProgram).join("\n").trimEnd()];
    case "kernel":
      return [compiled.kernels.map(printKernel).join("\n\n")];
    case "js":
      return [
        printModule(compiled.artifact, moduleOptions(source, options, compiled.artifact.target)).javascript.trimEnd(),
      ];
  }
}

function print(lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}

/** `3:11  Word  hidden`, documentation among the tokens. */
function tokenLines({ text }: Source): string[] {
  const { tokens, docs } = tokenize(text);
  return [...tokens, ...docs]
    .sort((a, b) => a.startOffset - b.startOffset)
    .map((token) => {
      const { line, column } = position(text, token.startOffset);
      return `${`${line}:${column}`.padEnd(8)} ${token.tokenType.name.padEnd(6)} ${printable(token.image)}`;
    });
}

/** Throws what could not be read, after what could be was printed. */
function reportSyntax(source: Source): number {
  const { problems } = parse(source.text);
  if (problems.length > 0) throw new DiagnosticError(problems.map((problem) => asDiagnostic(problem, source)));
  return 0;
}

function asDiagnostic({ span, message, help }: SyntaxProblem, source: Source): Diagnostic {
  return { code: "syntax", severity: "error", source, span, message, ...(help === undefined ? {} : { help }) };
}
