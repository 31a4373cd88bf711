/** The commands about one model: `compile`, `explain` and `new`, with their options. */
import type { Command } from "commander";
import type { CompileCommandOptions } from "./compile.ts";
import type { ExplainCommandOptions } from "./explain.ts";
import type { GalleryOptions } from "./gallery.ts";
import { expectShortRun } from "./short-run.ts";
import type { StructuresOptions } from "./structures.ts";
import { collect } from "./values.ts";

/** Adds the commands to `program`; each hands its exit status to `finish`. */
export function registerModelCommands(program: Command, finish: (status: number) => void): void {
  program
    .command("compile <file>")
    .description("writes a model as a JavaScript module, NAME.js, with its types, NAME.d.ts")
    .option("--out <folder>", "where to write", ".")
    .option("--target <target>", "tfjs or webgpu", "tfjs")
    .option("--emit <stage>", "prints tokens, ast, model, tensor, kernel, js or wgsl instead of writing files")
    .option("--model <name>", "which model of the file; the first by default")
    .option("--set <name=value>", "an argument or hyper of the model, such as V=5 or Edges=TopKEdges", collect)
    .option("--runtime <module>", "what the module imports the runtime from; sstc/runtime, or a file written beside it")
    .action(async (file: string, options: CompileCommandOptions) => {
      expectShortRun();
      finish((await import("./compile.ts")).compileCommand(file, options));
    });
  program
    .command("explain <file>")
    .description("tells what was chosen for each latent variable, at what cost, and what was rejected and why")
    .option("--json", "the same as data")
    .option("--target <target>", "tfjs or webgpu", "tfjs")
    .option("--model <name>", "which model of the file; the first by default")
    .option("--set <name=value>", "an argument or hyper of the model, such as V=5 or Edges=TopKEdges", collect)
    .action(async (file: string, options: ExplainCommandOptions) => {
      expectShortRun();
      finish((await import("./explain.ts")).explainCommand(file, options));
    });
  program
    .command("gallery [structures...]")
    .description(
      "draws structures with all their relaxations at falling temperatures: an SVG each, and a page of them all",
    )
    .option("--out <folder>", "where to write", "gallery")
    .option("--source <file>", "a .sst file with structures of your own")
    .option("--seed <number>", "decides the utilities", "0")
    .action(async (structures: string[], options: GalleryOptions) => {
      finish((await import("./gallery.ts")).galleryCommand(structures, options));
    });
  program
    .command("structures")
    .description("prints what structures there are, with algorithms, costs, backwards and references, as Markdown")
    .option("--source <file>", "a .sst file with structures of your own")
    .option("--out <file>", "writes it to a file")
    .action(async (options: StructuresOptions) => {
      finish((await import("./structures.ts")).structuresCommand(options));
    });
  program
    .command("new <name>")
    .description("makes a folder with a small model, its data and an experiment, to begin from")
    .action(async (name: string) => {
      finish((await import("./new.ts")).newCommand(name));
    });
}
