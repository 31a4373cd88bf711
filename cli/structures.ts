/** `sstc structures`: the reference of all structures with their relaxations, as Markdown. */
import { writeFileSync } from "node:fs";
import { Names } from "../compiler/names.ts";
import { library } from "../stdlib/library.ts";
import { importFromFiles, openSource } from "./files.ts";
import { structuresPage } from "./structures-page.ts";

export interface StructuresOptions {
  readonly source?: string;
  readonly out?: string;
}

/** Prints the page, or writes it to a file. */
export function structuresCommand({ source, out }: StructuresOptions): number {
  const from = source === undefined ? { name: "<none>", text: "" } : openSource(source);
  const page = structuresPage(new Names(library, importFromFiles), from);
  if (out === undefined) process.stdout.write(page);
  else writeFileSync(out, page);
  return 0;
}
