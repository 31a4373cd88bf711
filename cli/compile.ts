/**
 * `sstc compile`: a model as a JavaScript module with type declarations, or what one stage of the compiler made of it.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
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
import { type Compiled, compileSource, type ModelOptions } from "./model.ts";
import { UsageError } from "./usage-error.ts";

export interface CompileCommandOptions extends ModelOptions {
  readonly target: string;
  readonly out: string;
  readonly emit?: string;
  readonly runtime: string;
}

const TARGETS = ["tfjs", "webgpu"] as const;
const STAGES = ["tokens", "ast", "model", "tensor", "kernel", "js", "wgsl"] as const;
type Stage = (typeof STAGES)[number];

/** Writes the module, or prints a stage to standard output; throws a DiagnosticError when the source has errors. */
export function compileCommand(file: string, options: CompileCommandOptions): number {
  const target = choose(TARGETS, options.target, "--target");
  const stage = options.emit === undefined ? undefined : choose(STAGES, options.emit, "--emit");
  const source = openSource(file);
  if (stage !== undefined) return emit(stage, source, options, target);
  const compiled = compileSource(source, options, target);
  const { javascript, declarations } = printModule(compiled.artifact, moduleOptions(source, options));
  const name = file === "-" ? compiled.artifact.model : basename(file).replace(/\.sst$/, "");
  const paths = [join(options.out, `${name}.js`), join(options.out, `${name}.d.ts`)] as const;
  for (const path of paths) refuseForeign(path);
  write(options.out, paths[0], javascript);
  write(options.out, paths[1], declarations);
  for (const path of paths) process.stdout.write(`${path}\n`);
  return 0;
}

function choose<T extends string>(known: readonly T[], given: string, flag: string): T {
  const found = known.find((each) => each === given);
  if (found !== undefined) return found;
  throw new UsageError(`${flag} ${given}: choose one of ${known.join(", ")}`);
}

function moduleOptions(source: Source, options: CompileCommandOptions) {
  return { source: source.name === "<stdin>" ? "standard input" : basename(source.name), runtime: options.runtime };
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

function emit(stage: Stage, source: Source, options: CompileCommandOptions, target: "tfjs" | "webgpu"): number {
  switch (stage) {
    case "tokens":
      print(tokenLines(source));
      return reportSyntax(source);
    case "ast":
      print([JSON.stringify(parse(source.text).file, null, 2)]);
      return reportSyntax(source);
    case "wgsl":
      // This target's programs are WGSL; asking for it tells that it comes later.
      compileSource(source, options, "webgpu");
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
      return [printModule(compiled.artifact, moduleOptions(source, options)).javascript.trimEnd()];
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
