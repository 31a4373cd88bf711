/**
 * The update of a training step as WGSL: the largest absolute value of each gradient and new state, a verdict on whether
 * the step may count, and then Adam (Kingma and Ba 2015; AdamW: Loshchilov and Hutter 2019) on all parameters in one
 * kernel, and the new states. Largest values are compared as the bits that they are, so that NaN and infinities are
 * seen whatever a compiler assumes of floating-point numbers.
 */
import type { WebGpuBuffer, WebGpuLocation, WebGpuStep, WebGpuUpdate } from "../../artifact.ts";
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

function shaderFor(context: UpdateContext, changes: readonly WebGpuBuffer[] = []): Shader {
  return new Shader(context.tables, [...context.hypers, ...OPTIMIZER], changes);
}

function sizeOfAll(parts: UpdateContext["parameters"]): number {
  return parts.reduce((total, { size }) => total + size, 0);
}

/** Of each part of a buffer the largest absolute value, as bits: a workgroup for each. */
function largest(
  context: UpdateContext,
  buffer: "gradients" | "new_states",
  parts: UpdateContext["parameters"],
  first: number,
): WebGpuStep | undefined {
  if (parts.length === 0) return undefined;
  const shader = shaderFor(context);
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
  const text = shader.module([`the largest absolute values of ${buffer}`], LANES);
  const module = context.module(`update_largest_${buffer}`, text.code);
  const workgroups = [{ extent: fixed(parts.length), per: 1 }];
  const reads = fixed(sizeOfAll(parts));
  return {
    module,
    bindings: text.bindings,
    workgroups,
    label: `largest ${buffer}`,
    reads,
    writes: fixed(parts.length),
  };
}

function judge(context: UpdateContext): WebGpuStep {
  const shader = shaderFor(context);
  const { writer } = shader;
  const verdict = shader.bind("verdict", "verdict", "u32");
  const faults = shader.bind("faults", "faults", "atomic<u32>");
  const { variable, at } = shader.addressed({
    ...context.loss,
    name: "loss",
    type: { dtype: "f32", shape: [], batched: false },
  });
  const parameters = context.parameters.length;
  writer.open("if (lane == 0u)");
  writer.line(`let loss_bits = bitcast<u32>(${variable}[${at}]);`);
  writer.line(`var fine = ${verdict}[0] == 0u && atomicLoad(&${faults}[0]) == 0u;`);
  writer.line(`fine = fine && (loss_bits & 0x7fffffffu) < ${INFINITE}u;`);
  const each = (from: number, count: number, bound: number) => {
    if (count === 0) return;
    writer.line(`for (var k = ${from}u; k < ${from + count}u; k++) { fine = fine && ${verdict}[k] <= ${bound}u; }`);
  };
  each(VERDICT_HEAD, parameters, LARGEST_GRADIENT);
  each(VERDICT_HEAD + parameters, context.states.length, INFINITE - 1);
  writer.line(`if (!fine) { ${verdict}[0] = 1u; }`);
  writer.line(`${verdict}[1] = select(0u, 1u, fine);`);
  writer.line(`${verdict}[2] = loss_bits;`);
  writer.close();
  const text = shader.module(["whether parameters and states may change"], 1);
  const module = context.module("update_judge", text.code);
  const words = fixed(VERDICT_HEAD + parameters + context.states.length);
  return {
    module,
    bindings: text.bindings,
    workgroups: [{ extent: fixed(1), per: 1 }],
    label: "verdict",
    reads: words,
    writes: fixed(3),
  };
}

function adam(context: UpdateContext): WebGpuStep | undefined {
  const size = sizeOfAll(context.parameters);
  if (size === 0) return undefined;
  const shader = shaderFor(context, ["parameters"]);
  const { writer } = shader;
  const [verdict, parameters, gradients, moments] = [
    shader.bind("verdict", "verdict", "u32"),
    shader.bind("parameters", "parameters"),
    shader.bind("gradients", "gradients"),
    shader.bind("moments", "moments"),
  ];
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
  const text = shader.module(["Adam on all parameters"], LANES);
  const module = context.module("update_adam", text.code);
  const workgroups = [{ extent: fixed(size), per: LANES }];
  return {
    module,
    bindings: text.bindings,
    workgroups,
    label: "adam",
    reads: fixed(4 * size),
    writes: fixed(3 * size),
  };
}

function keepStates(context: UpdateContext): WebGpuStep | undefined {
  const size = sizeOfAll(context.states);
  if (size === 0) return undefined;
  const shader = shaderFor(context, ["states"]);
  const { writer } = shader;
  const verdict = shader.bind("verdict", "verdict", "u32");
  const [states, next] = [shader.bind("states", "states"), shader.bind("new_states", "new_states")];
  writer.line(`let i = workgroup * ${LANES}u + lane;`);
  writer.line(`if (i < ${size}u && ${verdict}[1] == 1u) { ${states}[i] = ${next}[i]; }`);
  const text = shader.module(["the new states"], LANES);
  const module = context.module("update_states", text.code);
  const workgroups = [{ extent: fixed(size), per: LANES }];
  return { module, bindings: text.bindings, workgroups, label: "new states", reads: fixed(size), writes: fixed(size) };
}
