#!/usr/bin/env node
/** The command line `sstc`: reads the arguments, runs a command, and turns its outcome into text and an exit status. */
import { runCommandLine } from "./cli/program.ts";

// A reader that has seen enough, such as head, closes the pipe.
process.stdout.on("error", (problem: NodeJS.ErrnoException) => {
  if (problem.code === "EPIPE") process.exit(0);
  throw problem;
});

process.exitCode = await runCommandLine(process.argv.slice(2));
