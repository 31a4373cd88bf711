/** Reading what the user names on the command line, with messages that say what is wrong with it. */
import { readFileSync } from "node:fs";
import { UsageError } from "./usage-error.ts";

/** The text of a file, or of standard input for `-`. */
export function readText(path: string): string {
  try {
    return readFileSync(path === "-" ? 0 : path, "utf8");
  } catch (problem) {
    const code = (problem as NodeJS.ErrnoException).code;
    const reason = code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? "it is a folder" : String(code);
    throw new UsageError(`cannot read ${path}: ${reason}`);
  }
}
