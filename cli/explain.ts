/** `sstc explain`: what the compiler chose for each latent variable, at what cost, and why not something else. */
import type { Decision, EntryPoint } from "../compiler/artifact.ts";
import { type Explanation, explain, type LatentExplanation, type Temperature } from "../compiler/explain.ts";
import { writeBytes } from "../runtime/memory-estimate.ts";
import { columns, plural, writeCount } from "./columns.ts";
import { openSource } from "./files.ts";
import { compileSource, type ModelOptions, TARGETS } from "./model.ts";
import { choose } from "./values.ts";

export interface ExplainCommandOptions extends ModelOptions {
  readonly json?: boolean;
  readonly target: string;
}

/** Prints to standard output; throws a DiagnosticError when the source has errors. */
export function explainCommand(file: string, options: ExplainCommandOptions): number {
  const source = openSource(file);
  const { artifact, operations } = compileSource(source, options, choose(TARGETS, options.target, "--target"));
  const explanation = explain(source, artifact, operations);
  const lines = options.json === true ? [JSON.stringify(explanation, null, 2)] : explanationLines(explanation);
  for (const line of lines) process.stdout.write(`${line}\n`);
  return 0;
}

/** The explanation as text. */
export function explanationLines(explanation: Explanation): string[] {
  const { model, target, latents, queries, parameters, states, entries } = explanation;
  const given = Object.entries(explanation.arguments).map(([name, value]) => `${name} = ${value}`);
  const all = entries.map((entry) => entry.name);
  const numbers = ({ tensors, numbers }: Explanation["parameters"]) =>
    tensors === 0 ? "none" : `${writeCount(numbers)} numbers in ${plural(tensors, "tensor")}`;
  const bytes = writeBytes(4 * parameters.numbers);
  return [
    `${model}(${given.join(", ")}) for ${target}`,
    ...latents.flatMap((latent) => ["", ...latentLines(latent, all)]),
    ...queries.flatMap(({ name, decisions }) => [
      "",
      `query ${name}`,
      ...decisions.flatMap((decision, i) => [...(i === 0 ? [] : [""]), ...decisionLines(decision, [], all)]),
    ]),
    ...(latents.length + queries.length === 0 ? ["", "no latent variables: there is nothing to choose"] : []),
    "",
    "sizes",
    ...columns([
      ["parameters", numbers(parameters) + (parameters.tensors === 0 ? "" : `, ${bytes}`)],
      ["states", numbers(states)],
    ]),
    "",
    ...columns([
      ["entry point", "memory, at most", "", "operations written", "generated"],
      ...entries.map(({ name, memory, operations }) => [
        name,
        writeBytes(memory.fixed),
        `+ ${writeBytes(memory.perExample)} for each example`,
        writeCount(operations.written),
        writeCount(operations.generated) + (name === "train" ? ", the backward included" : ""),
      ]),
    ]),
    ...dispatchLines(entries),
  ];
}

/** What a call is on the device: known from the plan, whatever the adapter. */
function dispatchLines(entries: Explanation["entries"]): string[] {
  const rows = entries.flatMap(({ name, dispatches, bytesMoved, operations }) => {
    if (dispatches === undefined || bytesMoved === undefined) return [];
    const fewer = (operations.generated / dispatches).toFixed(1);
    const moved = `${writeBytes(bytesMoved.fixed)} + ${writeBytes(bytesMoved.perExample)} for each example`;
    return [[name, writeCount(dispatches), `${fewer} operations in each`, moved]];
  });
  return rows.length === 0 ? [] : ["", ...columns([["entry point", "dispatches", "", "bytes moved"], ...rows])];
}

function latentLines(latent: LatentExplanation, all: readonly EntryPoint["name"][]): string[] {
  const { name, structure, shape, utilities, prior, relaxation, temperature, straightThrough, decisions } = latent;
  const estimator =
    relaxation === undefined
      ? (latent.estimator ?? "none: hard samples in training too, and no gradient to the utilities")
      : `relax ${relaxation} at ${temperatureText(temperature)}${straightThrough === true ? ", straight through" : ""}`;
  return [
    `latent ${name}`,
    ...columns([
      ["structure", [structure, ...structureFacts(latent)].join(", ")],
      ["shape", `[batch, ${shape.join(", ")}]`],
      ["utilities", utilities],
      ["prior", prior ?? "none"],
      ["estimator", estimator],
    ]),
    ...decisions.flatMap((decision) => ["", ...decisionLines(decision, latent.shape.slice(0, -1), all)]),
  ];
}

function structureFacts({ graph, count }: LatentExplanation): string[] {
  const facts: string[] = [];
  if (graph !== undefined) {
    const vertices = plural(graph.vertices, "vertex", "vertices");
    facts.push(`${plural(graph.edges, graph.directed ? "arc" : "edge")} among ${vertices}`);
  }
  if (count !== undefined) facts.push(plural(count, "member"));
  return facts;
}

function temperatureText(temperature: Temperature | undefined): string {
  if (temperature === undefined) return "an unknown temperature";
  const { written, value, anneal } = temperature;
  if (anneal !== undefined || value === undefined || written === String(value)) return written;
  return `${written} = ${value}`;
}

/** `copies`: how many solutions each example takes, along several axes. */
function decisionLines(decision: Decision, copies: readonly number[], all: readonly EntryPoint["name"][]): string[] {
  const { pass, chosen, reason, cost, costFormula, rejected, entries } = decision;
  const rows: string[][] = [["why", reason]];
  if (cost !== undefined) {
    const formula = costFormula === undefined ? "" : ` (${costFormula})`;
    const solutions = copies.reduce((a, b) => a * b, 1);
    const each = solutions === 1 ? "each example" : `each of ${writeCount(solutions)} copies in each example`;
    rows.push(["cost", `${plural(Math.round(cost), "step")} for ${each}${formula}`]);
  } else rows.push(["cost", "undeclared"]);
  if (entries !== undefined) rows.push(["runs in", placesText(entries, all)]);
  const lines = [`  ${pass}: ${chosen}`, ...columns(rows, "    ")];
  if (rejected.length === 0) return [...lines, "    nothing else is declared"];
  return [
    ...lines,
    "    rejected",
    ...columns(
      rejected.map(({ option, reason: why }) => [option, why]),
      "      ",
    ),
  ];
}

function placesText(entries: readonly string[], all: readonly string[]): string {
  if (entries.length === 0) return "no entry point: nothing that is returned needs it";
  return entries.length === all.length ? "all entry points" : entries.join(", ");
}
