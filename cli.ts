#!/usr/bin/env node
/** The command line `sstc`: reads the arguments, runs a command, and turns its outcome into text and an exit status. */
import { runCommandLine } from "./cli/program.ts";

process.exitCode = await runCommandLine(process.argv.slice(2));
