/**
 * The update of a training step as WGSL: the largest absolute value of each gradient and new state, a verdict on
 * whether the step may count, and then Adam (Kingma and Ba 2015; AdamW: Loshchilov and Hutter 2019) on all parameters
 * in one kernel, and the new states. Largest values are compared as the bits that they are, so that NaN and infinities
 * are seen whatever a compiler assumes of floating-point numbers.
 */
import type { WebGpuBuffer, WebGpuLocation, WebGpuStep, WebGpuUpdate } from "../../artifact-webgpu.ts";
import { fixed } from "./extent.ts";
import { Shader } from "./shader.ts";
import type { Tables } from "./tables.ts";

/** Numbers of the optimiser in the uniform `Call`, after the hypers. */
export const OPTIMIZER = [
  "rate",
  "rate_of_means",
  "rate_of_squares",
  "correction_of_squares",
  "epsilon",
  "coupled_decay",
  "kept",
] as const;

/** Gradients beyond this have squares that float32 cannot hold: √(2 − 2⁻²³) · 2⁶³·⁵, as bits. */
const LARGEST_GRADIENT = 0x5f7fffff;
const INFINITE = 0x7f800000;
/** Words of the verdict before those of parameters and states. */
export const VERDICT_HEAD = 3;
const LANES = 256;

export interface UpdateContext {
  readonly tables: Tables;
  readonly hypers: readonly string[];
  readonly parameters: readonly { readonly begin: number; readonly size: number }[];
  readonly states: readonly { readonly begin: number; readonly size: number }[];
  readonly loss: WebGpuLocation;
  module(wanted: string, code: string): string;
}

export function printUpdate(context: UpdateContext): WebGpuUpdate {
  const steps = [
    largest(context, "gradients", context.parameters, VERDICT_HEAD),
    largest(context, "new_states", context.states, VERDICT_HEAD + context.parameters.length),
    judge(context),
    adam(context),
    keepStates(context),
  ];
  return { steps: steps.filter((step) => step !== undefined) };
}

function sizeOfAll(parts: UpdateContext["parameters"]): number {
  return parts.reduce((total, { size }) => total + size, 0);
}

interface UpdateStep {
  readonly label: string;
  readonly comment: string;
  readonly lanes: number;
  /** Elements, or workgroups where each has one piece. */
  readonly pieces: number;
  readonly per: number;
  readonly reads: number;
  readonly writes: number;
  readonly changes?: readonly WebGpuBuffer[];
}

/** A step of the update, whose statements `write` writes. */
function step(context: UpdateContext, about: UpdateStep, write: (shader: Shader) => void): WebGpuStep {
  const shader = new Shader(context.tables, [...context.hypers, ...OPTIMIZER], about.changes);
  const workgroups = [{ extent: fixed(about.pieces), per: about.per }];
  shader.part({ label: about.label, comment: [about.comment], workgroups, atOnce: 1 }, () => write(shader));
  const { code, bindings } = shader.module(about.lanes);
  const module = context.module(`update_${about.label}`, code);
  const work = [{ pieces: workgroups, atOnce: 1 }];
  return { module, bindings, work, label: about.label, reads: fixed(about.reads), writes: fixed(about.writes) };
}

/** Of each part of a buffer the largest absolute value, as bits: a workgroup for each. */
function largest(
  context: UpdateContext,
  buffer: "gradients" | "new_states",
  parts: UpdateContext["parameters"],
  first: number,
): WebGpuStep | undefined {
  if (parts.length === 0) return undefined;
  const about = {
    label: `largest ${buffer}`,
    comment: `the largest absolute values of ${buffer}`,
    lanes: LANES,
    pieces: parts.length,
    per: 1,
    reads: sizeOfAll(parts),
    writes: parts.length,
  };
  return step(context, about, (shader) => {
    const { writer } = shader;
    const values = shader.bind(buffer, buffer);
    const verdict = shader.bind("verdict", "verdict", "u32");
    const begin = shader.entry(
      parts.map((part) => part.begin),
      "workgroup",
    );
    const size = shader.entry(
      parts.map((part) => part.size),
      "workgroup",
    );
    const most = shader.fresh("most");
    shader.declare(`var<workgroup> ${most}: array<u32, ${LANES}>;`);
    writer.line("var bits = 0u;");
    writer.block(`for (var k = lane; k < ${size}; k += ${LANES}u)`, () => {
      writer.line(`bits = max(bits, bitcast<u32>(${values}[${begin} + k]) & 0x7fffffffu);`);
    });
    writer.line(`${most}[lane] = bits;`);
    writer.line("workgroupBarrier();");
    writer.block(`for (var half = ${LANES / 2}u; half > 0u; half /= 2u)`, () => {
      writer.line(`if (lane < half) { ${most}[lane] = max(${most}[lane], ${most}[lane + half]); }`);
      writer.line("workgroupBarrier();");
    });
    writer.line(`if (lane == 0u) { ${verdict}[${first}u + workgroup] = ${most}[0]; }`);
  });
}

function judge(context: UpdateContext): WebGpuStep {
  const parameters = context.parameters.length;
  const words = VERDICT_HEAD + parameters + context.states.length;
  const comment = "whether parameters and states may change";
  const about = { label: "verdict", comment, lanes: 1, pieces: 1, per: 1, reads: words, writes: 3 };
  return step(context, about, (shader) => {
    const { writer } = shader;
    const verdict = shader.bind("verdict", "verdict", "u32");
    const faults = shader.bind("faults", "faults", "atomic<u32>");
    const loss = { ...context.loss, name: "loss", type: { dtype: "f32", shape: [], batched: false } } as const;
    const { variable, at } = shader.addressed(loss);
    writer.open("if (lane == 0u)");
    writer.line(`let loss_bits = bitcast<u32>(${variable}[${at}]);`);
    writer.line(`var fine = ${verdict}[0] == 0u && atomicLoad(&${faults}[0]) == 0u;`);
    writer.line(`fine = fine && (loss_bits & 0x7fffffffu) < ${INFINITE}u;`);
    const each = (from: number, count: number, bound: number) => {
      if (count === 0) return;
      const head = `for (var k = ${from}u; k < ${from + count}u; k++)`;
      writer.line(`${head} { fine = fine && ${verdict}[k] <= ${bound}u; }`);
    };
    each(VERDICT_HEAD, parameters, LARGEST_GRADIENT);
    each(VERDICT_HEAD + parameters, context.states.length, INFINITE - 1);
    writer.line(`if (!fine) { ${verdict}[0] = 1u; }`);
    writer.line(`${verdict}[1] = select(0u, 1u, fine);`);
    writer.line(`${verdict}[2] = loss_bits;`);
    writer.close();
  });
}

function adam(context: UpdateContext): WebGpuStep | undefined {
  const size = sizeOfAll(context.parameters);
  if (size === 0) return undefined;
  const moved = { reads: 4 * size, writes: 3 * size };
  const changes = ["parameters"] as const;
  const about = {
    label: "adam",
    comment: "Adam on all parameters",
    lanes: LANES,
    pieces: size,
    per: LANES,
    ...moved,
    changes,
  };
  return step(context, about, (shader) => {
    const { writer } = shader;
    const verdict = shader.bind("verdict", "verdict", "u32");
    const parameters = shader.bind("parameters", "parameters");
    const gradients = shader.bind("gradients", "gradients");
    const moments = shader.bind("moments", "moments");
    const number = (name: (typeof OPTIMIZER)[number]) => shader.hyper(name);
    writer.line(`let i = workgroup * ${LANES}u + lane;`);
    writer.open(`if (i < ${size}u && ${verdict}[1] == 1u)`);
    writer.line(`let old = ${parameters}[i];`);
    writer.line(`let gradient = ${gradients}[i] + ${number("coupled_decay")} * old;`);
    writer.line(`let mean = ${moments}[i] + ${number("rate_of_means")} * (gradient - ${moments}[i]);`);
    const square = `${moments}[${size}u + i]`;
    writer.line(`let square = ${square} + ${number("rate_of_squares")} * (gradient * gradient - ${square});`);
    writer.line(`${moments}[i] = mean;`);
    writer.line(`${square} = square;`);
    const root = `(sqrt(square * ${number("correction_of_squares")}) + ${number("epsilon")})`;
    writer.line(`${parameters}[i] = ${number("kept")} * old - ${number("rate")} * mean / ${root};`);
    writer.close();
  });
}

function keepStates(context: UpdateContext): WebGpuStep | undefined {
  const size = sizeOfAll(context.states);
  if (size === 0) return undefined;
  const changes = ["states"] as const;
  const about = {
    label: "new states",
    comment: "the new states",
    lanes: LANES,
    pieces: size,
    per: LANES,
    reads: size,
    writes: size,
    changes,
  };
  return step(context, about, (shader) => {
    const { writer } = shader;
    const verdict = shader.bind("verdict", "verdict", "u32");
    const [states, next] = [shader.bind("states", "states"), shader.bind("new_states", "new_states")];
    writer.line(`let i = workgroup * ${LANES}u + lane;`);
    writer.line(`if (i < ${size}u && ${verdict}[1] == 1u) { ${states}[i] = ${next}[i]; }`);
  });
}
