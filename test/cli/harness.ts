/** Runs a command line in this process and captures what it writes. */
import { vi } from "vitest";
import { runCommandLine } from "../../cli/program.ts";

export interface Run {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export function run(...args: readonly string[]): Promise<Run> {
  return runWatched(() => undefined, ...args);
}

/** Tells `watch` every piece that is written to standard error, at the moment it is. */
export async function runWatched(watch: (text: string) => void, ...args: readonly string[]): Promise<Run> {
  const written = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((stream) =>
    vi.spyOn(process[stream], "write").mockImplementation((text) => {
      written[stream] += String(text);
      if (stream === "stderr") watch(String(text));
      return true;
    }),
  );
  try {
    return { status: await runCommandLine(args), ...written };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
