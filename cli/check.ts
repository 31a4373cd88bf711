/** `sstc check`: all problems of source files in one run. */
import { check } from "../compiler/check.ts";
import { type Diagnostic, hasErrors, inOrder, position, render } from "../compiler/diagnostic.ts";
import { library } from "../stdlib/library.ts";
import { importFromFiles, readText } from "./files.ts";
import { UsageError } from "./usage-error.ts";

export interface CheckCommandOptions {
  readonly format: string;
  readonly gradients?: boolean;
}

/** Prints the diagnostics of files; the exit status is 1 when one of them is an error. */
export function checkCommand(files: readonly string[], options: CheckCommandOptions): number {
  const { format } = options;
  if (format !== "text" && format !== "json") throw new UsageError(`--format ${format}: choose text or json`);
  if (options.gradients === true) {
    throw new UsageError("--gradients comes in a later version of sstc; without it, check finds everything else");
  }
  // A file that others import may be told of more than once.
  const diagnostics = inOrder(
    ...files.map((path) => {
      const source = { name: path === "-" ? "<stdin>" : path, text: readText(path) };
      return check(source, { library, resolveImport: importFromFiles });
    }),
  );
  if (format === "json") process.stdout.write(`${JSON.stringify(diagnostics.map(plain))}\n`);
  else for (const diagnostic of diagnostics) process.stdout.write(`${render(diagnostic)}\n\n`);
  return hasErrors(diagnostics) ? 1 : 0;
}

/** A diagnostic as data for other programs: lines and columns count from 1. */
function plain({ source, span, ...rest }: Diagnostic) {
  const start = position(source.text, span.start);
  const end = position(source.text, span.end);
  return { ...rest, file: source.name, ...start, endLine: end.line, endColumn: end.column, span };
}
