/**
 * The documents say what is true: their sources compile, their lists of names are the compiler's, their command lines
 * have options that exist, the programs of docs/api.md run.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { builtins } from "../compiler/elaborate/builtins/registry.ts";
import { NAMED_TYPES } from "../compiler/elaborate/types.ts";
import { INITIALIZER_NAMES } from "../compiler/elaborate/variables.ts";
import { KERNEL_FUNCTIONS } from "../compiler/kernel-language/expressions.ts";
import { LATER } from "../compiler/later.ts";
import { FLOAT32, FLOAT64, PRECISION_OWNER } from "../compiler/precision.ts";
import { staticFunctions } from "../compiler/static-functions.ts";
import { RESERVED } from "../grammar/tokens.ts";
import * as runtime from "../runtime/runtime.ts";
import * as sstc from "../sstc.ts";
import { library } from "../stdlib/library.ts";
import { run } from "./cli/harness.ts";
import { registerGradients } from "./runtime/gradients.ts";

const { check, render } = sstc;
const root = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const documents = ["README.md", "ARCHITECTURE.md", ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`)]
  .filter((path) => path.endsWith(".md") && existsSync(join(root, path)))
  .sort();

interface Block {
  readonly language: string;
  readonly text: string;
  /** `docs/language.md:12`: where the text begins. */
  readonly place: string;
}

/** The fenced blocks of a document. */
function blocksOf(document: string, path: string): Block[] {
  const blocks: Block[] = [];
  let open: { language: string; lines: string[]; line: number } | undefined;
  document.split("\n").forEach((content, index) => {
    const fence = /^\s*```([\w-]*)$/.exec(content);
    if (fence === null) open?.lines.push(content);
    else if (open === undefined) open = { language: fence[1]!, lines: [], line: index + 2 };
    else {
      blocks.push({ language: open.language, text: `${open.lines.join("\n")}\n`, place: `${path}:${open.line}` });
      open = undefined;
    }
  });
  return blocks;
}

const blocks = documents.flatMap((path) => blocksOf(read(path), path));
const sources = blocks.filter((block) => block.language === "sst");

test.each(sources.map((block) => [block.place, block] as const))("%s compiles", (place, { text }) => {
  expect(check({ name: place, text }).map(render)).toEqual([]);
});

const language = read("docs/language.md");
const uses = blocksOf(language, "docs/language.md")
  .filter((block) => block.language === "sst")
  .map((block) => block.text)
  .join("\n");

/** The text between a heading and the next of its rank or above. */
function section(heading: string): string {
  const lines = language.split("\n");
  const start = lines.indexOf(`## ${heading}`);
  if (start < 0) throw new Error(`there is no section ${heading}`);
  const end = lines.findIndex((line, i) => i > start && line.startsWith("## "));
  return lines.slice(start + 1, end < 0 ? undefined : end).join("\n");
}

/** What stands as code in the first column of each table of a text, a list for each table. */
function tables(text: string): string[][] {
  const found: string[][] = [];
  let rows: string[] | undefined;
  for (const line of text.split("\n")) {
    if (!line.startsWith("|")) rows = undefined;
    else if (rows === undefined) {
      rows = [];
      found.push(rows);
    } else rows.push(...code(line.split(" | ")[0]!));
  }
  return found;
}

const code = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
const nameOf = (usage: string) => /^\w+/.exec(usage)?.[0] ?? usage;
const sorted = (names: Iterable<string>) => [...names].sort();
/** The words of a text that follow a phrase, as code, up to the end of its paragraph. */
const after = (text: string, phrase: string) => code(text.slice(text.indexOf(phrase)).split(/\n\n|\n- /)[0]!);

const [ofTensors, ofNumbers] = tables(section("Built-in functions")) as [string[], string[]];
const [always, imported] = tables(section("The standard library")) as [string[], string[]];

test("the functions of tensors are those that there are, each as it is called", () => {
  const usages = [...builtins.values()].map(({ usage }) => usage.replace("write ", ""));
  expect(sorted(ofTensors)).toEqual(sorted(usages));
});

test("the compile-time functions are those that there are, each as it is called", () => {
  const usages = [...staticFunctions].map(([name, { parameters }]) => `${name}(${parameters.join(", ")})`);
  expect(sorted(ofNumbers)).toEqual(sorted(usages));
});

test("the standard library is what there is, each thing as it is declared", () => {
  const text = section("The standard library");
  const kernels = after(text, "Kernels that your own");
  expect(sorted([...always, ...imported].map(nameOf).concat(kernels))).toEqual(sorted(library.index.keys()));
  for (const name of imported.map(nameOf)) expect(library.index.get(name)).toMatch(/^nn\//);
  for (const name of always.map(nameOf)) expect(library.index.get(name)).not.toMatch(/^nn\//);
  for (const usage of [...always, ...imported]) {
    const declared = new RegExp(`^\\w+ ${nameOf(usage)}\\b(?:\\((.*?)\\)(?=[: ]))?`, "m");
    const parameters = declared.exec(library.files.get(library.index.get(nameOf(usage))!)!)?.[1] ?? "";
    const plain = parameters.replace(/: (Graph|f32\[[^\]]*\])/g, "");
    expect(usage).toBe(plain === "" ? nameOf(usage) : `${nameOf(usage)}(${plain})`);
  }
});

test("every function and every name of the library but kernels stands in a source that compiles", () => {
  const names = [...ofTensors, ...ofNumbers, ...always, ...imported].map(nameOf);
  expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(uses))).toEqual([]);
});

test("a kernel of the language shows every function that kernels have", () => {
  const kernel = blocksOf(section("Kernels"), "")[0]!.text;
  expect([...KERNEL_FUNCTIONS].filter((name) => !new RegExp(`\\b${name}\\(`).test(kernel))).toEqual([]);
});

test("the reference tells every number of the precision, with its values", () => {
  const text = section("Kernels");
  for (const name of Object.keys(FLOAT64.numbers)) expect(text).toContain(`\`${PRECISION_OWNER}.${name}\``);
  const { rounding, smallest, largest, exponent } = FLOAT32.numbers;
  expect([rounding, smallest, largest, exponent]).toEqual([2 ** -24, 1e-30, 1e30, 80]);
});

test("reserved words, types, initialisers and names of later versions are those that there are", () => {
  expect(sorted(after(section("A file"), "These are never names"))).toEqual(sorted(RESERVED));
  const types = tables(section("Types and shapes"))[0]!.filter((type) => /^\w+$/.test(type));
  expect(sorted(types.filter((type) => type !== "f32"))).toEqual(sorted(NAMED_TYPES.keys()));
  expect(sorted(after(section("Models"), "Initialisers:").map(nameOf))).toEqual(
    sorted([...INITIALIZER_NAMES, "fan_in_uniform"]),
  );
  const later = section("Not available yet").split("\n- ").slice(-2).flatMap(code);
  expect(sorted(later)).toEqual(sorted(LATER.keys()));
});

/** The commands of a line of a shell, as words, of which the first is `sstc`. */
function commandsOf(line: string): string[][] {
  const words: readonly string[] = line.match(/"[^"]*"|'[^']*'|[^\s"'|&#]+|[|&#]/g) ?? [];
  const comment = words.indexOf("#");
  const commands: string[][] = [[]];
  for (const word of words.slice(0, comment < 0 ? undefined : comment)) {
    if (word === "|" || word === "&") commands.push([]);
    else commands.at(-1)!.push(word.replace(/^["']|["']$/g, ""));
  }
  return commands
    .map((command) => (command[0] === "npx" ? command.slice(1) : command))
    .filter((command) => command[0] === "sstc" || command.slice(0, 2).join(" ") === "node dist/cli.js");
}

const helps = new Map<string, string>();

async function helpOf(command: string): Promise<string> {
  const known = helps.get(command) ?? (await run(command, "--help")).stdout;
  helps.set(command, known);
  return known;
}

/** What is wrong with a command line: a command or an option that does not exist, an option without its value. */
async function faultsOf(words: readonly string[]): Promise<string[]> {
  const [command = "", ...given] = words.slice(words[0] === "node" ? 2 : 1);
  if (command.startsWith("-")) return /^--(help|version)$/.test(command) ? [] : [`${command} is no option of sstc`];
  const help = await helpOf(command);
  if (!help.includes(`Usage: sstc ${command} `)) return [`${command} is no command`];
  return given.flatMap((word, i) => {
    if (!/^--?\w/.test(word)) return [];
    const option = new RegExp(`^ +(?:-\\w, )?${word}(?= )( <)?`, "m").exec(help);
    if (option === null) return [`${command} has no option ${word}`];
    const value = given[i + 1];
    return option[1] !== undefined && (value === undefined || value.startsWith("--")) ? [`${word} needs a value`] : [];
  });
}

const lines = blocks
  .filter(({ language: name }) => ["sh", "bash", "shell", "console", ""].includes(name))
  .flatMap(({ text, place }) => text.split("\n").map((line) => [place, line] as const))
  .filter(([, line]) => commandsOf(line.replace(/\\$/, "")).length > 0);

test.each(lines)("%s: the command line %s is one that there is", async (_, line) => {
  for (const command of commandsOf(line)) expect(await faultsOf(command)).toEqual([]);
});

test("the check of command lines finds what is wrong with them", async () => {
  const faults = async (line: string) => (await Promise.all(commandsOf(line).map(faultsOf))).flat();
  expect(await faults("npx sstc run m.sst --scale demo # --wrong")).toEqual([]);
  expect(await faults('echo \'{"u": [[1 | 2]]}\' | sstc eval "KSubset(6, 2)" --at 1 --input -')).toEqual([]);
  expect(await faults("sstc run m.sst --scales demo && sstc check m.sst --seeds 1")).toEqual([
    "run has no option --scales",
    "check has no option --seeds",
  ]);
  expect(await faults("npx sstc runs m.sst")).toEqual(["runs is no command"]);
  expect(await faults("sstc run m.sst --scale --resume")).toEqual(["--scale needs a value"]);
});

test("the check of sources finds what is wrong with them, and reads every block", () => {
  const [block] = blocksOf("text\n```sst\nmodel M() {\n  data x: f32[n]\n}\n```\n```sh\nls\n```\n", "a.md");
  expect(block!.place).toBe("a.md:3");
  expect(check({ name: block!.place, text: block!.text }).map(({ code: found }) => found)).toEqual(["unknown-name"]);
  expect(sources.length).toBeGreaterThan(10);
  expect(lines.length).toBeGreaterThan(4);
});

/** A program whose imports are taken from `modules`; what it declares is not seen outside but by `returned`. */
async function runProgram(
  text: string,
  modules: Readonly<Record<string, object>>,
  given: Readonly<Record<string, unknown>>,
  returned: readonly string[],
): Promise<Readonly<Record<string, unknown>>> {
  const body = text
    .replace(/^import \* as (\w+) from "(.*?)";.*$/gm, (_, name, from) => `const ${name} = modules["${from}"];`)
    .replace(/^import (\{.*\}) from "(.*)";$/gm, (_, names, from) => `const ${names} = modules["${from}"];`);
  const AsyncFunction = (async () => {}).constructor as new (
    ...texts: string[]
  ) => (...values: unknown[]) => Promise<Readonly<Record<string, unknown>>>;
  const program = new AsyncFunction("modules", ...Object.keys(given), `${body}\nreturn { ${returned.join(", ")} };`);
  return program(modules, ...Object.values(given));
}

test("the programs of docs/api.md run, and give what is said of them", async () => {
  const found = blocksOf(read("docs/api.md"), "docs/api.md");
  const text = found.find((block) => block.language === "sst")!.text;
  const program = found
    .filter((block) => block.language === "js")
    .map((block) => block.text)
    .join("\n");
  const { artifact } = sstc.compile(text, { arguments: { n: 8 } });
  const { program: printed, ...data } = artifact!;
  const modules = {
    sstc,
    "sstc/runtime": runtime,
    "@tensorflow/tfjs": tf,
    // biome-ignore lint/security/noGlobalEval: it is the program that the compiler printed
    "./select.js": runtime.createModule(data, globalThis.eval(printed)),
  };
  registerGradients();
  const written: unknown[][] = [];
  const console = {
    log: (...words: unknown[]) => written.push(words),
    error: (...words: unknown[]) => written.push(words),
  };
  const names = [
    ...["diagnostics", "loss", "step", "evaluation", "z", "soft", "result", "tree", "gradient"],
    ...["first", "drawn", "best"],
  ];
  const values = await runProgram(program, modules, { text, console }, names);
  expect(values).toMatchObject({
    diagnostics: [],
    step: 1,
    evaluation: { metrics: { size: 2 } },
    z: { shape: [1, 8] },
  });
  expect(values.result).toMatchObject({ finished: true, steps: 40, best: { metric: "valid.loss" } });
  expect(written[0]).toEqual(["unknown-name", "there is no m here"]);
  expect(written[1]![0]).toHaveLength(3);
  expect(values.best).toMatchObject({ values: [2, 1], found: 2 });
  expect(values.drawn).toHaveLength(3);
  const tree = values.tree as sstc.Layer;
  expect(tree.argmax([1.2, 0.3, -0.5, 0.9, 0.1, 2])).toEqual([1, 0, 0, 1, 0, 1]);
  const [soft, gradient] = [tree.soft([1.2, 0.3, -0.5, 0.9, 0.1, 2]), values.gradient as tf.Tensor];
  const expected = tree.vjp([1.2, 0.3, -0.5, 0.9, 0.1, 2], [1, 0, 0, 0, 0, 0]);
  expect(gradient.shape).toEqual([1, 6]);
  for (const [i, value] of gradient.dataSync().entries()) expect(value).toBeCloseTo(expected[i]!, 6);
  expect(soft.reduce((sum, value) => sum + value)).toBeCloseTo(3, 9);
  expect((values.first as { loss: number }).loss).toBeGreaterThan(0);
});

test("paths in ARCHITECTURE.md are of files and folders that there are", () => {
  const text = read("ARCHITECTURE.md").replace(/^```[^`]*```$/gm, "");
  const paths = code(text).filter((each) =>
    /^(grammar|compiler|runtime|stdlib|examples|cli|test|scripts|docs)\/[\w./*-]*$/.test(each),
  );
  expect(paths.length).toBeGreaterThan(50);
  const there = (path: string) =>
    path.includes("*")
      ? readdirSync(join(root, dirname(path))).some((name) => name.startsWith(basename(path).split("*")[0]!))
      : existsSync(join(root, path));
  expect(paths.filter((path) => !there(path))).toEqual([]);
});

test("links from one document to another lead somewhere", () => {
  const broken = documents.flatMap((path) =>
    [...read(path).matchAll(/\]\((?!https?:)([^)#\s]+)(#[^)]*)?\)/g)]
      .map((match) => match[1]!)
      .filter((target) => !existsSync(join(root, path, "..", target)))
      .map((target) => `${path}: ${target}`),
  );
  expect(broken).toEqual([]);
});
