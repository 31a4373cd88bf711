/** Reading what the user names on the command line, with messages that say what is wrong with it. */
import { readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Source } from "../compiler/diagnostic.ts";
import { UsageError } from "./usage-error.ts";

/** The text of a file, or of standard input for `-`. */
export function readText(path: string): string {
  try {
    // Some editors begin a file with a mark of its byte order, which belongs to no text.
    return readFileSync(path === "-" ? 0 : path, "utf8").replace(/^\uFEFF/, "");
  } catch (problem) {
    const code = (problem as NodeJS.ErrnoException).code;
    const reason = code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? "it is a folder" : String(code);
    throw new UsageError(`cannot read ${path}: ${reason}`);
  }
}

/** The source text that FILE or `-` names. */
export function openSource(file: string): Source {
  return { name: file === "-" ? "<stdin>" : file, text: readText(file) };
}

/** The file that `import { … } from "./other.sst"` means in the file `from`; undefined when there is none. */
export function importFromFiles(path: string, from: string): Source | undefined {
  const name = join(from === "<stdin>" ? "." : dirname(from), path);
  return statSync(name, { throwIfNoEntry: false })?.isFile() === true ? { name, text: readText(name) } : undefined;
}
