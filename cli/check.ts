/** `sstc check`: all problems of source files in one run. */
import { type Diagnostic, position, render } from "../compiler/diagnostic.ts";
import { Names } from "../compiler/names.ts";
import { library } from "../stdlib/library.ts";
import { readText } from "./files.ts";
import { UsageError } from "./usage-error.ts";

export function checkCommand(files: readonly string[], format: string): number {
  if (format !== "text" && format !== "json") throw new UsageError(`--format ${format}: choose text or json`);
  const diagnostics: Diagnostic[] = [];
  for (const path of files) {
    const names = new Names(library, () => undefined);
    names.load({ name: path === "-" ? "<stdin>" : path, text: readText(path) });
    diagnostics.push(...names.diagnostics);
  }
  if (format === "json") {
    const plain = diagnostics.map(({ source, ...rest }) => ({
      ...rest,
      file: source.name,
      ...position(source.text, rest.span.start),
    }));
    process.stdout.write(`${JSON.stringify(plain)}\n`);
  } else for (const diagnostic of diagnostics) process.stdout.write(`${render(diagnostic)}\n\n`);
  return diagnostics.some((diagnostic) => diagnostic.severity === "error") ? 1 : 0;
}
