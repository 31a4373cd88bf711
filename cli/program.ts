/** The commands and their options. Results go to standard output, everything else to standard error. */
import { createRequire } from "node:module";
import { Command, CommanderError } from "commander";
import { render } from "../compiler/diagnostic.ts";
import { DiagnosticError, Failure } from "../compiler/failure.ts";
import { UserError } from "../runtime/user-error.ts";
import type { CheckCommandOptions } from "./check.ts";
import type { EvalOptions } from "./eval.ts";
import { registerModelCommands } from "./model-commands.ts";
import type { RunOptions } from "./run.ts";
import type { SampleOptions } from "./sample.ts";
import { expectShortRun } from "./short-run.ts";
import { UsageError } from "./usage-error.ts";
import { collect } from "./values.ts";

// The package by its own name: its package.json lies elsewhere seen from dist/.
const { version } = createRequire(import.meta.url)("sstc/package.json") as { version: string };

/**
 * Runs one command line and returns the exit status: 0 fine, 1 the input has errors, 2 the command line is wrong, 70 a
 * compiler bug.
 */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  let status = 0;
  const program = new Command("sstc")
    .description("Compiles models with structured discrete latent variables.")
    .version(version)
    .exitOverride()
    .showSuggestionAfterError();
  const finish = (result: number) => {
    status = result;
  };
  registerModelCommands(program, finish);
  registerChecks(program, finish);
  registerExperiments(program, finish);
  registerLater(program);
  try {
    await program.parseAsync([...args], { from: "user" });
    return status;
  } catch (problem) {
    return report(problem);
  }
}

function registerChecks(program: Command, finish: (status: number) => void): void {
  program
    .command("eval <structure>")
    .description(
      'hard and soft samples, gradients and log-partitions of a structure, such as "KSubset(6, 2)"; ' +
        'reads {"u": [[…]], "cotangent": [[…]]}',
    )
    .option(
      "--relax <relaxation>",
      "such as ExpFamily, Euclidean or CategoricalEntropy(sweeps=20): `sstc structures` lists them; without it, argmax only",
    )
    .option("--at <temperature>", "the temperature t, greater than 0")
    .option(
      "--query <questions>",
      'log_partition, entropy, log_prob (of members "x" in the input), marginals, sample, k_best: ' +
        "of p(x) ∝ exp(uᵀx / t), with commas between them",
    )
    .option("--draws <number>", "how many samples of each example; 1 by default")
    .option("--best <number>", "how many best members; 3 by default")
    .option("--seed <number>", "decides the samples; 0 by default")
    .option("--input <file>", "JSON file, or - for standard input", "-")
    .option("--backward <strategy>", "custom, dual, autodiff or finite_difference(eps)")
    .option("--device <name>", "host (float64), or in float32 wasm, cpu, tensorflow, cuda, webgpu", "host")
    .option("--set <name=expression>", "a name for the texts above, such as n=6 or G=complete(n)", collect)
    .option("--source <file>", "a .sst file with structures of your own")
    .action(async (structure: string, options: EvalOptions) => {
      finish(await (await import("./eval.ts")).evalCommand(structure, options));
    });
  program
    .command("check <files...>")
    .description("reports everything that is wrong with source files")
    .option("--format <format>", "text or json", "text")
    .option("--gradients", "certifies each latent: gradients against enumeration and differences, bias of estimators")
    .option("--seed <number>", "decides the random utilities of certificates", "0")
    .action(async (files: string[], options: CheckCommandOptions) => {
      if (options.gradients !== true) expectShortRun();
      finish(await (await import("./check.ts")).checkCommand(files, options));
    });
}

function registerExperiments(program: Command, finish: (status: number) => void): void {
  program
    .command("run <file>")
    .description("carries out an experiment: trains every variant, and prints a table of its results")
    .option("--experiment <name>", "which experiment of the file; the first by default")
    .option("--scale <name>", "one of its scales, such as demo or small")
    .option("--variant <name>", "of named variants only this one; may be given again", collect)
    .option("--set <key=value>", "lays a setting over it, such as hidden=64, steps=100 or data.train=1000", collect)
    .option("--data <path>", "a file or directory that the data function is given as its option path")
    .option("--device <name>", "wasm, cpu, tensorflow, cuda or webgpu", "wasm")
    .option("--seed <number>", "decides first parameters, noise and the order of batches", "0")
    .option("--out <directory>", "where results go; runs/EXPERIMENT-SCALE by default")
    .option("--resume", "goes on with a run that was interrupted")
    .action(async (file: string, options: RunOptions) => {
      finish(await (await import("./run.ts")).runCommand(file, options));
    });
  program
    .command("sample <file>")
    .description("draws soft and hard samples of a model's latents, as JSON and as a picture")
    .option("--checkpoint <file>", "a trained model, such as runs/…/best.safetensors; untrained without it")
    .option("--draw <number>", "samples of each example", "1")
    .option("--examples <number>", "how many examples", "4")
    .option("--input <file>", 'examples as JSON, {"x": [[…], …]}; by default the test data of the experiment')
    .option("--svg <file>", "writes a picture")
    .option("--experiment <name>", "whose data; the first of the file by default")
    .option("--scale <name>", "one of its scales")
    .option("--variant <name>", "of named variants only this one", collect)
    .option("--set <key=value>", "lays a setting over the experiment", collect)
    .option("--data <path>", "a file or directory that the data function is given as its option path")
    .option("--device <name>", "wasm, cpu, tensorflow, cuda or webgpu", "wasm")
    .option("--seed <number>", "decides the noise; the checkpoint's by default")
    .action(async (file: string, options: SampleOptions) => {
      finish(await (await import("./sample.ts")).sampleCommand(file, options));
    });
}

/** Commands that a later version has: none of them is a slip of the pen. */
function registerLater(program: Command): void {
  for (const name of ["report", "fmt", "lsp"]) {
    program
      .command(`${name} [arguments...]`, { hidden: true })
      .allowUnknownOption()
      .action(() => {
        throw new UsageError(`the command ${name} comes in a later version of sstc`);
      });
  }
}

function report(problem: unknown): number {
  if (problem instanceof CommanderError) return problem.exitCode === 0 ? 0 : 2;
  if (problem instanceof UsageError) {
    process.stderr.write(`sstc: ${problem.message}\n`);
    return problem.status;
  }
  if (problem instanceof UserError) {
    process.stderr.write(`sstc: ${problem.report()}\n`);
    return 1;
  }
  if (problem instanceof DiagnosticError) {
    for (const diagnostic of problem.diagnostics) process.stderr.write(`${render(diagnostic)}\n\n`);
    return 1;
  }
  if (problem instanceof Failure) {
    const lines = [`error[${problem.code}]: ${problem.message}`];
    if (problem.why !== undefined) lines.push(`  = why: ${problem.why}`);
    if (problem.help !== undefined) lines.push(`  = help: ${problem.help}`);
    process.stderr.write(`${lines.join("\n")}\n`);
    return 1;
  }
  const trace = problem instanceof Error ? problem.stack : String(problem);
  const what = "sstc: this is a bug in the compiler. Please report it with the command and the source.";
  process.stderr.write(`${what}\n${trace}\n`);
  return 70;
}
