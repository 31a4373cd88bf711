/**
 * Prints tensor programs as straight-line JavaScript over tfjs: no tape, and every tensor disposed right after the step
 * that reads it last. What each op prints as is in its record; this file decides nothing but names and lifetimes.
 */
import { kernelOf, runKey } from "../ir/tensor/kernel-node.ts";
import { type Loop, type Loops, NO_LOOPS, operandName } from "../ir/tensor/loop.ts";
import { LASTING, ownerOf } from "../ir/tensor/owner.ts";
import { type Operand, type Step, schedule } from "../ir/tensor/schedule.ts";
import { type Node, sizeOf, type TensorProgram, type TensorType } from "../ir/tensor/tensor.ts";
import type { PrimitiveOp, TfjsContext } from "../ops/op.ts";
import { ops } from "../ops/registry.generated.ts";
import { stringLiteral } from "./literal.ts";
import { Hoisted } from "./tfjs-hoisted.ts";
import { commentText, Identifiers } from "./tfjs-names.ts";

export interface PrintedProgram {
  /** The expression that `Artifact.program` holds. */
  readonly text: string;
  /** The loops in it by their names. */
  readonly loops: ReadonlyMap<string, Loop>;
}

/** Programs with the loops that were found in each. */
export function printProgram(
  entries: readonly { readonly program: TensorProgram; readonly loops: Loops }[],
  kernels: readonly { readonly name: string; readonly text: string }[],
): PrintedProgram {
  const hoisted = new Hoisted();
  const functions = entries.map(
    ({ program, loops }) => `${propertyText(program.name)}: ${printEntry(program, hoisted, loops)}`,
  );
  const table = kernels.map((kernel) => indent(`${propertyText(kernel.name)}: ${kernel.text},`, "    "));
  const lines = [
    "(tf, runKernel, runLoop) => {",
    ...(table.length === 0 ? ["  const kernels = {};"] : ["  const kernels = {", ...table, "  };"]),
    ...hoisted.lines().map((line) => indent(line, "  ")),
    "  return {",
    ...functions.map((text) => indent(`${text},`, "    ")),
    "    kernels,",
    indent(`dispose: ${hoisted.disposal()},`, "    "),
    "  };",
    "}",
  ];
  return { text: lines.join("\n"), loops: hoisted.loops() };
}

function indent(text: string, by: string): string {
  return text
    .split("\n")
    .map((line) => (line === "" ? line : by + line))
    .join("\n");
}

/** The text of one entry: `(batch, inputs, parameters, states, hypers, noise) => outputs`. */
export function printEntry(program: TensorProgram, hoisted: Hoisted, loops: Loops): string {
  return new EntryPrinter(program, hoisted, loops).print();
}

class EntryPrinter {
  private readonly program: TensorProgram;
  private readonly hoisted: Hoisted;
  private readonly names: Identifiers;
  private readonly steps: readonly Step[];
  private readonly lines: string[] = [];
  /** The tensors of kernel runs, by their keys. */
  private readonly runs = new Map<string, string[]>();
  /** The shape, as text, in which memory serves as the right operand of products. */
  private readonly packed = new Map<Node, string>();
  private temporaries: string[] = [];

  constructor(program: TensorProgram, hoisted: Hoisted, loops: Loops) {
    this.program = program;
    this.hoisted = hoisted;
    this.names = new Identifiers(program.labels);
    this.steps = schedule(program, loops);
  }

  print(): string {
    for (const step of this.steps) {
      this.temporaries = [];
      if (step.node.op === "kernel") this.kernelRun(step);
      else if (step.loop !== undefined) this.loop(step, step.loop);
      else this.step(step);
      this.dispose([
        ...this.temporaries,
        ...step.dies.filter((node) => !LASTING.has(node.op)).map((node) => this.names.of(node)),
      ]);
    }
    return [
      "(batch, inputs, parameters, states, hypers, noise) => {",
      ...this.lines.map((line) => `  ${line}`),
      "  return {",
      ...this.results().map((line) => `    ${line}`),
      "  };",
      "}",
    ].join("\n");
  }

  private step(step: Step): void {
    const { node } = step;
    const text = (ops.get(node.op) as PrimitiveOp).tfjs(this.context(step));
    // A hoisted constant is used under its own name.
    if (node.op === "constant") this.names.alias(node, text);
    else this.lines.push(`const ${this.names.of(node)} = ${text};${this.names.comment(node)}`);
  }

  private loop({ node }: Step, loop: Loop): void {
    const name = this.hoisted.loop(loop, (program) => printEntry(program, this.hoisted, NO_LOOPS));
    const operands = loop.operands.map((operand, i) => `"${operandName(i)}": ${this.names.of(operand)}`);
    const key = JSON.stringify(name);
    this.lines.push(
      `const ${this.names.of(node)} = runLoop(${key}, loops[${key}], { ${operands.join(", ")} }, ` +
        `${shapeText(node.type)}, batch);${this.names.comment(node)}`,
    );
  }

  private context(step: Step): TfjsContext {
    const { node } = step;
    return {
      inputs: step.operands.map((operand) => this.names.of(operand.node)),
      node,
      shape: shapeText,
      constant: (values, shape, dtype) => this.hoisted.constant(values, shape, dtype),
      helper: (name) => this.hoisted.helper(name),
      temporary: (expression) => this.temporary(expression),
      rows: (indices, stride, perExample, batched) => {
        const blocks = batched ? (perExample === 1 ? "batch" : `batch * ${perExample}`) : String(perExample);
        return `${this.hoisted.rows(indices, stride)}(${blocks})`;
      },
      aligned: (index) => this.aligned(step.operands[index]!, node),
      rightOperand: (index, shape) => this.rightOperand(step.operands[index]!.node, shape),
    };
  }

  /** tfjs aligns axes from the right, so a batched operand of lower rank needs axes after its batch axis. */
  private aligned(operand: Operand, node: Node): string {
    const name = this.names.of(operand.node);
    const rank = node.type.shape.length;
    if (!operand.node.type.batched || operand.node.type.shape.length === rank) return name;
    const shape = [...Array(rank - operand.shape.length).fill(1), ...operand.shape];
    return this.temporary(`tf.reshape(${name}, ${shapeText({ ...operand.node.type, shape })})`);
  }

  private rightOperand(node: Node, shape: string): string {
    const owner = ownerOf(node);
    // What outlives the call serves as a right operand in its own shape only.
    const packed = this.packed.get(owner) ?? (LASTING.has(owner.op) ? shapeText(owner.type) : shape);
    this.packed.set(owner, packed);
    const name = this.names.of(node);
    const view = shape === shapeText(node.type) ? name : this.temporary(`tf.reshape(${name}, ${shape})`);
    return packed === shape ? view : this.temporary(`tf.add(${view}, ${this.hoisted.constant([0], [], "float32")})`);
  }

  private temporary(expression: string): string {
    const name = this.names.fresh("t");
    this.lines.push(`const ${name} = ${expression};`);
    this.temporaries.push(name);
    return name;
  }

  /** One run of a kernel yields all its outputs; those that no node reads are disposed at once. */
  private kernelRun(step: Step): void {
    const { node } = step;
    const kernel = kernelOf(node.attributes);
    const key = runKey(node);
    if (!this.runs.has(key)) this.firstRun(step, key);
    const index = kernel.outputs.findIndex((array) => array.name === node.attributes.output);
    this.names.alias(node, this.runs.get(key)![index]!);
  }

  private firstRun(step: Step, key: string): void {
    const { node } = step;
    const kernel = kernelOf(node.attributes);
    const readers = this.steps.map((each) => each.node).filter((each) => each.op === "kernel" && runKey(each) === key);
    const lead = node.type.shape.slice(
      0,
      node.type.shape.length - kernel.outputs.find((array) => array.name === node.attributes.output)!.shape.length,
    );
    const inputs = step.operands.map(({ node: input }) => this.wholeBatch(input, node.type.batched));
    const variables = kernel.outputs.map((output) => {
      const reader = readers.find((each) => each.attributes.output === output.name);
      return this.names.fresh((reader === undefined ? undefined : this.program.labels.get(reader)) ?? output.name);
    });
    const perExample = sizeOf(lead);
    const rows = node.type.batched ? (perExample === 1 ? "batch" : `batch * ${perExample}`) : String(perExample);
    const sizes = kernel.outputs.map((output) => sizeOf(output.shape));
    const shapes = kernel.outputs.map((output) => shapeText({ ...node.type, shape: [...lead, ...output.shape] }));
    const name = stringLiteral(String(node.attributes.latent ?? kernel.name));
    const { temperature } = node.attributes;
    const kept = kernel.outputs.flatMap(({ name }, i) => (this.staysOnHost(readers, name) ? [i] : []));
    const options = [
      JSON.stringify(kernel.inputs.map((input) => input.name)),
      node.type.batched ? "true" : "false",
      temperature === undefined ? "undefined" : temperatureText(temperature as string | number),
      kept.length === 0 ? "[]" : JSON.stringify(kept),
    ];
    // Those at the end that say what is assumed without them are left out.
    const assumed = [undefined, "true", "undefined", "[]"];
    while (options.at(-1) === assumed[options.length - 1]) options.pop();
    const names = options.join(", ");
    this.lines.push(
      `const [${variables.join(", ")}] = runKernel(${name}, kernels[${JSON.stringify(kernel.name)}], ${rows}, ` +
        `[${inputs.join(", ")}], ${JSON.stringify(sizes)}, [${shapes.join(", ")}], ${names}); ` +
        `// ${commentText(kernel.name)}`,
    );
    this.runs.set(key, variables);
    kernel.outputs.forEach((output, i) => {
      if (!readers.some((each) => each.attributes.output === output.name)) this.temporaries.push(variables[i]!);
    });
  }

  /** Whether an output is only handed to other kernels: then it needs to be no tensor, and keeps its float64. */
  private staysOnHost(readers: readonly Node[], output: string): boolean {
    const node = readers.find((each) => each.attributes.output === output);
    if (node === undefined || [...this.program.outputs.values()].includes(node)) return false;
    const uses = this.steps.filter((step) => step.operands.some((operand) => operand.node === node));
    return uses.every(({ node: user }) => user.op === "kernel" && user.type.batched === node.type.batched);
  }

  /** A kernel's input with a batch axis, if the run has one. */
  private wholeBatch(input: Node, batched: boolean): string {
    const name = this.names.of(input);
    if (!batched || input.type.batched) return name;
    return this.temporary(
      `tf.add(${name}, ${this.temporary(`tf.zeros(${shapeText({ ...input.type, batched: true })})`)})`,
    );
  }

  private dispose(names: readonly string[]): void {
    if (names.length > 0) this.lines.push(names.map((name) => `${name}.dispose();`).join(" "));
  }

  /** Outputs belong to the caller: what is borrowed or returned twice is cloned. */
  private results(): string[] {
    const returned = new Set<Node>();
    return [...this.program.outputs].map(([name, node]) => {
      const variable = this.names.of(node);
      const own = !LASTING.has(node.op) && !returned.has(node);
      returned.add(node);
      return `${propertyText(name)}: ${own ? variable : `tf.clone(${variable})`},`;
    });
  }
}

/** A temperature, for messages: a hyper, or a number. */
function temperatureText(temperature: string | number): string {
  return typeof temperature === "string" ? `hypers[${JSON.stringify(temperature)}]` : String(temperature);
}

/** A property name; as a plain key `__proto__` would set the prototype. */
function propertyText(name: string): string {
  return name === "__proto__" ? `[${JSON.stringify(name)}]` : JSON.stringify(name);
}

/** JavaScript text of a shape. */
function shapeText(type: TensorType): string {
  return `[${[...(type.batched ? ["batch"] : []), ...type.shape].join(", ")}]`;
}
