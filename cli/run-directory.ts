/** Where `sstc run` keeps what a run learns. Nothing is ever written over the results of an earlier run. */
import { existsSync, mkdirSync, readdirSync, rmdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ExperimentSpec } from "../compiler/artifact.ts";
import { UsageError } from "./usage-error.ts";

export interface RunDirectory {
  readonly path: string;
  isEmpty(): boolean;
  /** Removes the directory where it was made for this run and nothing came of it. */
  close(): void;
}

/**
 * `--out`, or EXPERIMENT-SCALE in `folder`, with a number from the second on. `--resume` takes one that is there, the
 * newest by default; otherwise it is made here, so that two runs begun at the same time do not share it.
 */
export function openRunDirectory(
  spec: Pick<ExperimentSpec, "name" | "scale">,
  { out, resume = false }: { readonly out?: string; readonly resume?: boolean },
  folder = "runs",
): RunDirectory {
  if (out !== undefined) return resume ? existing(out) : fresh(out);
  const name = spec.scale === undefined ? spec.name : `${spec.name}-${spec.scale}`;
  const numbers = numbersOf(folder, name);
  const newest = Math.max(0, ...numbers);
  const pathOf = (number: number) => join(folder, number === 1 ? name : `${name}-${number}`);
  if (resume) {
    if (newest > 0) return existing(pathOf(newest));
    throw new UsageError(`there is no ${pathOf(1)} to resume: run it without --resume first`);
  }
  for (let number = newest + 1; ; number++) if (make(pathOf(number))) return directory(pathOf(number), true);
}

/** Numbers of the runs of this name that a folder holds; the first has none in its name. */
function numbersOf(folder: string, name: string): number[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((entry) => {
    if (entry === name) return [1];
    const rest = entry.startsWith(`${name}-`) ? entry.slice(name.length + 1) : "";
    return /^[1-9]\d{0,8}$/.test(rest) ? [Number(rest)] : [];
  });
}

function existing(path: string): RunDirectory {
  if (contentOf(path) === undefined) throw new UsageError(`there is no ${path} to resume`);
  return directory(path, false);
}

function fresh(path: string): RunDirectory {
  const content = contentOf(path) ?? [];
  if (content.length === 0) return directory(path, make(path));
  throw new UsageError(`${path} already holds something: add --resume to continue that run, or name another --out`);
}

function directory(path: string, made: boolean): RunDirectory {
  const isEmpty = () => (contentOf(path) ?? []).length === 0;
  const close = () => {
    if (made && isEmpty()) rmdirSync(path);
  };
  return { path, isEmpty, close };
}

/** The names in a directory; undefined where there is none. */
function contentOf(path: string): string[] | undefined {
  try {
    return readdirSync(path);
  } catch (problem) {
    const { code } = problem as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    if (code === "ENOTDIR") throw new UsageError(`${path} is a file, not a directory for results`);
    throw new UsageError(`cannot read ${path}: ${code}`);
  }
}

/** False where it was there already. */
function make(path: string): boolean {
  try {
    mkdirSync(dirname(path), { recursive: true });
    mkdirSync(path);
    return true;
  } catch (problem) {
    const { code, message } = problem as NodeJS.ErrnoException;
    if (code === "EEXIST" && contentOf(path) !== undefined) return false;
    throw new UsageError(`cannot make the directory ${path}: ${code === "EEXIST" ? "a file is in the way" : message}`);
  }
}
