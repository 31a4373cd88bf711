/**
 * Reductions as WGSL. The lanes of a workgroup take several results at once and several terms of each, so that
 * neighbouring lanes read neighbouring words, and then add up by a tree. Over the batch, where results are few and
 * terms are many, workgroups take chunks of the terms, and a second pass combines these.
 */
import type { Extent } from "../../artifact-webgpu.ts";
import { type Node, sizeOf } from "../../ir/tensor/tensor.ts";
import type { PrimitiveOp, WgslForm } from "../../ops/op.ts";
import { ops } from "../../ops/registry.generated.ts";
import { extentText, fixed, plus, times } from "./extent.ts";
import { Place, product, sum } from "./place.ts";
import type { Located, Shader } from "./shader.ts";
import { combined, type Surroundings, startOf, Values } from "./values.ts";

/** Lanes of a workgroup: few, since each step of a tree is a barrier for all of them. */
export const REDUCTION_LANES = 64;
const LANES = REDUCTION_LANES;
/** Batches are thought to be of this size where that decides how work is divided. */
const TYPICAL_BATCH = 64;

export interface ReductionShape {
  readonly operator: "sum" | "max";
  /** Results, and terms of each. */
  readonly results: Extent;
  readonly terms: Extent;
  /** Lanes that share the terms of a result; so many results has a workgroup at once. */
  readonly lanes: number;
  readonly resultsAtOnce: number;
  /** Whether neighbouring lanes take neighbouring results, or neighbouring terms. */
  readonly byResult: boolean;
  readonly chunks: number;
}

type Form = Extract<WgslForm, { form: "reduction" }>;

function formOf(node: Node): Form {
  return (ops.get(node.op) as PrimitiveOp).wgsl as Form;
}

export function reductionShape(node: Node): ReductionShape {
  const form = formOf(node);
  const { shape } = node.inputs[0]!.type;
  const axes = form.axes(node);
  const count = axes.reduce((total, axis) => total * shape[axis]!, 1);
  const kept = sizeOf(shape) / count;
  const batched = node.type.batched;
  const byResult = kept > 1 && !axes.includes(shape.length - 1);
  const terms = times(form.overBatch, count);
  const typical = form.overBatch ? count * TYPICAL_BATCH : count;
  const most = byResult ? LANES / Math.min(32, powerOfTwo(kept)) : LANES;
  const lanes = Math.min(most, powerOfTwo(Math.ceil(typical / 4)));
  const resultsAtOnce = LANES / lanes;
  const groups = Math.ceil((batched ? kept * TYPICAL_BATCH : kept) / resultsAtOnce);
  const wanted = Math.min(Math.ceil(64 / groups), Math.floor(typical / (8 * lanes)));
  const chunks = Math.max(1, Math.min(32, wanted));
  return { operator: form.operator, results: times(batched, kept), terms, lanes, resultsAtOnce, byResult, chunks };
}

function powerOfTwo(least: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, least)));
}

/**
 * Writes the reduction `anchor` and what `root` makes of its results. With chunks the results of each go to `partials`,
 * one chunk after the other, and nothing is made of them yet.
 */
export function writeReduction(
  shader: Shader,
  anchor: Node,
  root: Node,
  around: Surroundings,
  to: { readonly result: Located } | { readonly partials: Located },
): void {
  const shape = reductionShape(anchor);
  const { writer } = shader;
  const { lanes, resultsAtOnce, chunks } = shape;
  const total = writer.share("results", extentText(shape.results));
  const tile = chunks === 1 ? "workgroup" : writer.share("tile", `workgroup % ${extentTextOfTiles(shape)}`);
  // A plane of workgroups may have more than are needed.
  if (chunks > 1) writer.line(`if (workgroup / ${extentTextOfTiles(shape)} >= ${chunks}u) { return; }`);
  const own = shape.byResult ? `lane % ${resultsAtOnce}u` : `lane / ${lanes}u`;
  const share = writer.share("share", shape.byResult ? `lane / ${resultsAtOnce}u` : `lane % ${lanes}u`);
  const result = writer.share("result", `${product(tile, resultsAtOnce)} + ${resultsAtOnce === 1 ? "0u" : own}`);
  const [first, last] = writeTerms(shader, shape);
  const accumulated = writer.fresh(around.nameOf(anchor));
  writer.line(`var ${accumulated} = ${startOf(shape.operator)};`);
  writer.open(`if (${result} < ${total})`);
  const term = writer.fresh("term");
  writer.open(`for (var ${term} = ${sum(first, share)}; ${term} < ${last}; ${term} += ${lanes}u)`);
  const operand = anchor.inputs[0]!;
  const value = new Values(shader, around).value(operand, operandPlace(shader, anchor, result, term));
  writer.line(`${accumulated} = ${combined(shape.operator, accumulated, value)};`);
  writer.close();
  writer.close();
  writeTree(shader, shape, accumulated, share);
  writer.open(`if (${share} == 0u && ${result} < ${total})`);
  if ("partials" in to) {
    const chunk = writer.share("chunk", `workgroup / ${extentTextOfTiles(shape)}`);
    shader.store(to.partials, sum(`${chunk} * ${total}`, result), accumulated);
  } else {
    const place = resultPlace(shader, root, result);
    const made = new Values(shader, around, { anchor, text: accumulated, root }).value(root, place);
    shader.storeAt(to.result, place, made);
  }
  writer.close();
}

/** The second pass over `chunks` partial results of `anchor`. */
export function writeCombination(
  shader: Shader,
  group: { readonly anchor: Node; readonly root: Node },
  pass: { readonly operator: "sum" | "max"; readonly results: Extent; readonly chunks: number },
  around: Surroundings,
  partials: Located,
  to: Located,
): void {
  const { writer } = shader;
  const result = writer.share("result", `workgroup * ${LANES}u + lane`);
  const total = writer.share("results", extentText(pass.results));
  writer.open(`if (${result} < ${total})`);
  const accumulated = writer.fresh(around.nameOf(group.anchor));
  writer.line(`var ${accumulated} = ${startOf(pass.operator)};`);
  const { variable, at } = shader.addressed(partials);
  const chunk = writer.fresh("chunk");
  writer.block(`for (var ${chunk} = 0u; ${chunk} < ${pass.chunks}u; ${chunk}++)`, () => {
    const partial = `${variable}[${sum(at, `${chunk} * ${total} + ${result}`)}]`;
    writer.line(`${accumulated} = ${combined(pass.operator, accumulated, partial)};`);
  });
  const place = resultPlace(shader, group.root, result);
  const values = new Values(shader, around, { anchor: group.anchor, text: accumulated, root: group.root });
  shader.storeAt(to, place, values.value(group.root, place));
  writer.close();
}

export function reductionWorkgroups(shape: ReductionShape): readonly { extent: Extent; per: number }[] {
  const groups = { extent: shape.results, per: shape.resultsAtOnce };
  return shape.chunks === 1 ? [groups] : [groups, { extent: fixed(shape.chunks), per: 1 }];
}

/** The place of a result that is numbered over all examples. */
export function resultPlace(shader: Shader, root: Node, result: string): Place {
  return new Place(root.type.shape, root.type.batched ? { whole: result } : { flat: result }, shader.writer);
}

function extentTextOfTiles({ results, resultsAtOnce }: ReductionShape): string {
  if (results.perExample === 0) return `${Math.ceil(results.fixed / resultsAtOnce)}u`;
  return `(${extentText(plus(results, fixed(resultsAtOnce - 1)))} / ${resultsAtOnce}u)`;
}

/** From which term to which this workgroup goes. */
function writeTerms(shader: Shader, shape: ReductionShape): readonly [string, string] {
  const { writer } = shader;
  const terms = writer.share("terms", extentText(shape.terms));
  if (shape.chunks === 1) return ["0u", terms];
  const chunk = writer.share("chunk", `workgroup / ${extentTextOfTiles(shape)}`);
  const length = writer.share("length", `(${terms} + ${shape.chunks - 1}u) / ${shape.chunks}u`);
  const first = writer.share("first", `${chunk} * ${length}`);
  return [first, writer.share("last", `min(${terms}, ${first} + ${length})`)];
}

function operandPlace(shader: Shader, anchor: Node, result: string, term: string): Place {
  const { writer } = shader;
  const form = formOf(anchor);
  const operand = anchor.inputs[0]!;
  const { shape } = operand.type;
  const axes = form.axes(anchor);
  const count = axes.reduce((total, axis) => total * shape[axis]!, 1);
  const kept = sizeOf(shape) / count;
  const numbered = (at: string) => new Place(shape, operand.type.batched ? { whole: at } : { flat: at }, writer);
  if (form.overBatch) return numbered(writer.share("at", sum(product(term, kept), kept === 1 ? "0u" : result)));
  if (axes.every((axis) => axis >= shape.length - axes.length)) {
    return numbered(writer.share("at", sum(product(result, count), term)));
  }
  const own = shape.filter((_, axis) => !axes.includes(axis));
  const among = new Place(own, operand.type.batched ? { whole: result } : { flat: result }, writer);
  const along = new Place(
    axes.map((axis) => shape[axis]!),
    { flat: term },
    writer,
  );
  const [at, of] = [among.coordinates(), along.coordinates()];
  let next = 0;
  const coordinates = shape.map((_, axis) => (axes.includes(axis) ? of[axes.indexOf(axis)]! : at[next++]!));
  return new Place(shape, { ...(operand.type.batched ? { example: among.example() } : {}), coordinates }, writer);
}

/** Combines the lanes of each result. */
function writeTree(shader: Shader, shape: ReductionShape, accumulated: string, share: string): void {
  const { lanes, resultsAtOnce, byResult, operator } = shape;
  if (lanes === 1) return;
  const { writer } = shader;
  const partials = shader.fresh("partials");
  shader.declare(`var<workgroup> ${partials}: array<f32, ${LANES}>;`);
  writer.line(`${partials}[lane] = ${accumulated};`);
  writer.line("workgroupBarrier();");
  writer.open(`for (var half = ${lanes / 2}u; half > 0u; half /= 2u)`);
  const other = byResult ? `lane + ${product("half", resultsAtOnce)}` : "lane + half";
  writer.block(`if (${share} < half)`, () => {
    writer.line(`${partials}[lane] = ${combined(operator, `${partials}[lane]`, `${partials}[${other}]`)};`);
  });
  writer.line("workgroupBarrier();");
  writer.close();
  writer.line(`${accumulated} = ${partials}[lane];`);
}
