/**
 * `npm run bench`: measures what the project promises about speed, prints a table and writes JSON. Nothing here is
 * asserted: a time says something about a machine and what else it did, and a test must not.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { compilationRows } from "./compilation.ts";
import { exampleRows } from "./examples.ts";
import type { Row } from "./measure.ts";
import { backwardRows, growthRows, solverRows, structureRows } from "./structures.ts";
import { trainingRows } from "./training.ts";
import { adapterName, webGpuLayerRows, webGpuTrainingRows } from "./webgpu.ts";

interface Group {
  readonly title: string;
  measure(seconds: number): Promise<readonly Row[]>;
}

const groups: Readonly<Record<string, Group>> = {
  compile: { title: "Cold start: a fresh process until it ends", measure: compilationRows },
  structures: { title: "Soft forward and exact backward of a batch, one core", measure: structureRows },
  solvers: { title: "Hard solvers of a batch, one core", measure: solverRows },
  backward: { title: "Exact backward of a dynamic program against its forward", measure: backwardRows },
  train: { title: "A training step of NRI on the device wasm", measure: trainingRows },
  examples: { title: "A training step of ListOps and L2X on the device wasm", measure: exampleRows },
  growth: { title: "Growth of forward and backward with a size", measure: growthRows },
};

/** With `--device webgpu`, in the place of those. */
const onWebGpu: typeof groups = {
  train: { title: "A training step of NRI on WebGPU", measure: webGpuTrainingRows },
  structures: {
    title: "Soft forward and exact backward of a batch, and the hard solver, on WebGPU",
    measure: webGpuLayerRows,
  },
};

const usage = `npm run bench -- [--only NAME]... [--device webgpu] [--seconds S] [--json FILE]
  --only      one of ${Object.keys(groups).join(", ")}; all of them by default
  --device    webgpu: ${Object.keys(onWebGpu).join(", ")} on a GPU instead
  --seconds   how long to measure a line; 1 by default
  --json      where the results go as data; runs/bench/TIME.json by default`;

async function main(): Promise<number> {
  const options = readOptions();
  if (typeof options === "string") {
    process.stderr.write(`${options}\n${usage}\n`);
    return 2;
  }
  const adapter = options.groups === onWebGpu ? `, ${await adapterName()}` : "";
  const machine = `${cpus()[0]?.model.trim() ?? "an unknown processor"}, Node ${process.version}${adapter}`;
  process.stdout.write(`${machine}; milliseconds; medians, and the least time where others use the machine, too\n`);
  const results: Record<string, readonly Row[]> = {};
  for (const name of options.only) {
    const { title, measure } = options.groups[name]!;
    process.stdout.write(`\n${title}\n`);
    const rows = await measure(options.seconds);
    results[name] = rows;
    process.stdout.write(`${table(rows)}\n`);
  }
  process.stdout.write(
    "\nquoted: PyTorch on such a machine, one thread (NRI: 3490 ms with a stock BLAS), measured by others, not here\n",
  );
  mkdirSync(dirname(options.json), { recursive: true });
  writeFileSync(options.json, `${JSON.stringify({ machine, time: new Date().toISOString(), results }, null, 2)}\n`);
  process.stdout.write(`written to ${options.json}\n`);
  return 0;
}

interface Options {
  readonly groups: typeof groups;
  readonly only: readonly string[];
  readonly seconds: number;
  readonly json: string;
}

/** The options, or what is wrong with them. */
function readOptions(): Options | string {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: "string", multiple: true, default: [] },
        device: { type: "string" },
        seconds: { type: "string", default: "1" },
        json: { type: "string" },
      },
    });
    if (values.device !== undefined && values.device !== "webgpu") return `--device ${values.device}: choose webgpu`;
    const chosen = values.device === undefined ? groups : onWebGpu;
    const unknown = values.only.find((name) => !Object.hasOwn(chosen, name));
    if (unknown !== undefined) return `there is nothing called ${unknown} to measure`;
    const seconds = Number(values.seconds);
    if (!(seconds > 0 && Number.isFinite(seconds))) return `--seconds ${values.seconds}: expected a number above 0`;
    const stamp = new Date().toISOString().slice(0, 19).replaceAll(":", "-");
    const only = values.only.length === 0 ? Object.keys(chosen) : values.only;
    return { groups: chosen, only, seconds, json: values.json ?? `runs/bench/${stamp}.json` };
  } catch (problem) {
    return problem instanceof Error ? problem.message : String(problem);
  }
}

const HEADINGS = ["", "median", "least", "processor", "goal", "quoted", "", ""] as const;

function table(rows: readonly Row[]): string {
  const cells = [HEADINGS, ...rows.map(cellsOf)];
  const widths = HEADINGS.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  return cells
    .map((row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  "))
    .map((line) => `  ${line.trimEnd()}`)
    .join("\n");
}

function cellsOf({ name, timing, goal, ratio, quoted, note }: Row): readonly string[] {
  const goalText = goal === undefined ? "" : ratio === undefined ? `< ${digits(goal)}` : `<= ${goal} times`;
  return [
    name,
    digits(timing.median),
    digits(timing.least),
    timing.processor === undefined ? "" : digits(timing.processor),
    goalText,
    quoted === undefined ? "" : `${quoted.what} ${digits(quoted.milliseconds)}`,
    ratio === undefined ? "" : `${ratio.value.toFixed(2)} times ${ratio.to}`,
    note ?? "",
  ];
}

/** Three digits that count. */
function digits(milliseconds: number): string {
  return milliseconds >= 100 ? milliseconds.toFixed(0) : milliseconds.toPrecision(3);
}

process.exitCode = await main();
