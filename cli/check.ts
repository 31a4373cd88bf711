/** `sstc check`: all problems of source files in one run, and with `--gradients` certificates of their latents. */
import type { LatentReport } from "../certify/certify.ts";
import { check } from "../compiler/check.ts";
import { type Diagnostic, hasErrors, inOrder, position, render, type Source } from "../compiler/diagnostic.ts";
import { library } from "../stdlib/library.ts";
import { importFromFiles, readText } from "./files.ts";
import { UsageError } from "./usage-error.ts";
import { readSeed } from "./values.ts";

export interface CheckCommandOptions {
  readonly format: string;
  readonly gradients?: boolean;
  readonly seed?: string;
}

/** Prints what is wrong with files; the exit status is 1 when something is, or when a certificate fails. */
export async function checkCommand(files: readonly string[], options: CheckCommandOptions): Promise<number> {
  const { format, gradients = false } = options;
  if (format !== "text" && format !== "json") throw new UsageError(`--format ${format}: choose text or json`);
  const seed = readSeed(options.seed ?? "0");
  const found = files.map((path) => {
    const source = { name: path === "-" ? "<stdin>" : path, text: readText(path) };
    return { source, diagnostics: check(source, { library, resolveImport: importFromFiles }) };
  });
  // A file that others import may be told of more than once.
  const diagnostics = inOrder(...found.map((each) => each.diagnostics));
  const sound = found.flatMap((each) => (hasErrors(each.diagnostics) ? [] : [each.source]));
  const certificates = gradients ? await certifyAll(sound, seed) : [];
  if (format === "json") {
    const told = diagnostics.map(plain);
    process.stdout.write(`${JSON.stringify(gradients ? { diagnostics: told, certificates } : told)}\n`);
  } else {
    for (const diagnostic of diagnostics) process.stdout.write(`${render(diagnostic)}\n\n`);
    if (gradients && sound.length > 0) await printCertificates(certificates);
  }
  return hasErrors(diagnostics) || certificates.some((report) => !report.passed) ? 1 : 0;
}

async function certifyAll(sources: readonly Source[], seed: number): Promise<LatentReport[]> {
  const { certify } = await import("../certify/certify.ts");
  return sources.flatMap((source) => certify({ library, source, resolveImport: importFromFiles }, seed));
}

async function printCertificates(certificates: readonly LatentReport[]): Promise<void> {
  const { certificateLines } = await import("./certificates.ts");
  for (const line of certificateLines(certificates)) process.stdout.write(`${line}\n`);
}

/** A diagnostic as data for other programs: lines and columns count from 1. */
function plain({ source, span, ...rest }: Diagnostic) {
  const start = position(source.text, span.start);
  const end = position(source.text, span.end);
  return { ...rest, file: source.name, ...start, endLine: end.line, endColumn: end.column, span };
}
