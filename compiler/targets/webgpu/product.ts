/**
 * Products of matrices as WGSL: a workgroup computes a tile of the result from tiles of the operands that its lanes bring
 * into workgroup memory, each lane a small block. What follows the product is made of each element before it is stored.
 * Where the terms are those of all examples, workgroups take chunks of them, and a second pass adds these up.
 */
import type { Extent } from "../../artifact.ts";
import type { Node } from "../../ir/tensor/tensor.ts";
import type { PrimitiveOp, WgslProduct } from "../../ops/op.ts";
import { ops } from "../../ops/registry.generated.ts";
import { extentText, fixed, plus, times } from "./extent.ts";
import { Place, product, sum } from "./place.ts";
import { resultPlace } from "./reduction.ts";
import type { Located, Shader } from "./shader.ts";
import { type Surroundings, Values } from "./values.ts";

/** Lanes of a workgroup: what every adapter has. */
const LANES = 256;
/** Terms that are in workgroup memory at once. */
const DEPTH = 16;
const TYPICAL_BATCH = 64;

export interface ProductShape extends WgslProduct {
  /** Rows and columns of a workgroup's tile; a lane has a square of `block` by `block`. */
  readonly tile: number;
  readonly block: number;
  readonly rowsOfAll: Extent;
  readonly termsOfAll: Extent;
  readonly problemsOfAll: Extent;
  readonly results: Extent;
  readonly chunks: number;
}

export function productShape(node: Node): ProductShape {
  const form = (ops.get(node.op) as PrimitiveOp).wgsl;
  if (form.form !== "product") throw new Error(`${node.op} is no product`);
  const extents = form.product(node);
  const { batch, rows, columns, terms, problems } = extents;
  const manyRows = batch === "rows" ? rows * TYPICAL_BATCH : rows;
  const block = columns >= 48 && manyRows >= 48 ? 4 : columns >= 24 && manyRows >= 24 ? 2 : 1;
  const tile = 16 * block;
  const tiles = Math.ceil(manyRows / tile) * Math.ceil(columns / tile);
  const typical = batch === "terms" ? terms * TYPICAL_BATCH : terms;
  const wanted = batch === "terms" ? Math.min(Math.ceil(64 / tiles), Math.floor(typical / (4 * DEPTH))) : 1;
  return {
    ...extents,
    tile,
    block,
    rowsOfAll: times(batch === "rows", rows),
    termsOfAll: times(batch === "terms", terms),
    problemsOfAll: times(batch === "problems", problems),
    results: times(batch === "rows" || batch === "problems", problems * rows * columns),
    chunks: Math.max(1, Math.min(32, wanted)),
  };
}

export function productWorkgroups(shape: ProductShape): readonly { extent: Extent; per: number }[] {
  return [
    { extent: fixed(Math.ceil(shape.columns / shape.tile)), per: 1 },
    { extent: shape.rowsOfAll, per: shape.tile },
    { extent: shape.chunks > 1 ? fixed(shape.chunks) : shape.problemsOfAll, per: 1 },
  ];
}

export function writeProduct(
  shader: Shader,
  anchor: Node,
  root: Node,
  around: Surroundings,
  to: { readonly result: Located } | { readonly partials: Located },
): void {
  const shape = productShape(anchor);
  const { writer } = shader;
  const { tile, block, columns, chunks } = shape;
  const across = Math.ceil(columns / tile);
  const rows = writer.share("rows", extentText(shape.rowsOfAll));
  const down = writer.share("tiles_down", tilesDown(shape));
  const firstColumn = across === 1 ? "0u" : writer.share("first_column", `(workgroup % ${across}u) * ${tile}u`);
  const line = across === 1 ? "workgroup" : writer.share("line", `workgroup / ${across}u`);
  const firstRow = writer.share("first_row", `(${line} % ${down}) * ${tile}u`);
  const part = writer.share(chunks > 1 ? "chunk" : "problem", `${line} / ${down}`);
  const [from, end] = chunkOf(shader, shape, part);
  const sums = Array.from({ length: block * block }, () => writer.fresh("sum"));
  for (const name of sums) writer.line(`var ${name} = 0.0;`);
  const [left, right] = [shader.fresh("left"), shader.fresh("right")];
  for (const name of [left, right]) shader.declare(`var<workgroup> ${name}: array<f32, ${DEPTH * tile}>;`);
  const begin = writer.fresh("begin");
  writer.open(`for (var ${begin} = ${from}; ${begin} < ${end}; ${begin} += ${DEPTH}u)`);
  const problem = chunks > 1 ? "0u" : part;
  writeTiles(shader, anchor, around, { left, right, begin, end, firstRow, firstColumn, rows, problem, shape });
  writer.line("workgroupBarrier();");
  writeTerms(shader, shape, left, right, sums);
  writer.line("workgroupBarrier();");
  writer.close();
  const done = writer.fresh("sums");
  writer.line(`var ${done} = array<f32, ${block * block}>(${sums.join(", ")});`);
  writer.open(`for (var k = 0u; k < ${block * block}u; k++)`);
  const row = writer.share("row", `${firstRow} + (lane / 16u) * ${block}u + k / ${block}u`);
  const column = writer.share("column", `${firstColumn} + (lane % 16u) * ${block}u + k % ${block}u`);
  writer.open(`if (${row} < ${rows} && ${column} < ${columns}u)`);
  const inProblem = sum(product(row, columns), column);
  if ("partials" in to) {
    shader.store(to.partials, `${part} * ${extentText(shape.results)} + ${inProblem}`, `${done}[k]`);
  } else {
    const many = shape.problemsOfAll.perExample > 0 || shape.problems > 1;
    const result = writer.share(
      "result",
      many ? `(${problem} * ${shape.rows}u + ${row}) * ${columns}u + ${column}` : inProblem,
    );
    const text = writer.share(around.nameOf(anchor), `${done}[k]`);
    const values = new Values(shader, around, { anchor, text, root });
    shader.store(to.result, result, values.value(root, resultPlace(shader, root, result)));
  }
  writer.close();
  writer.close();
}

function tilesDown({ rowsOfAll, tile }: ProductShape): string {
  if (rowsOfAll.perExample === 0) return `${Math.ceil(rowsOfAll.fixed / tile)}u`;
  return `${extentText(plus(rowsOfAll, fixed(tile - 1)))} / ${tile}u`;
}

/** From which term to which this workgroup goes. */
function chunkOf(shader: Shader, shape: ProductShape, chunk: string): readonly [string, string] {
  const { writer } = shader;
  const terms = writer.share("terms", extentText(shape.termsOfAll));
  if (shape.chunks === 1) return ["0u", terms];
  const whole = DEPTH * shape.chunks;
  const length = writer.share("length", `((${terms} + ${whole - 1}u) / ${whole}u) * ${DEPTH}u`);
  const first = writer.share("first", `${chunk} * ${length}`);
  return [first, writer.share("last", `min(${terms}, ${first} + ${length})`)];
}

interface Tiles {
  readonly left: string;
  readonly right: string;
  readonly begin: string;
  readonly end: string;
  readonly firstRow: string;
  readonly firstColumn: string;
  readonly rows: string;
  readonly problem: string;
  readonly shape: ProductShape;
}

/** Brings a tile of each operand into workgroup memory, with zeros beyond its ends; in both a term is a row. */
function writeTiles(shader: Shader, anchor: Node, around: Surroundings, tiles: Tiles): void {
  const { writer } = shader;
  const { shape, begin, end } = tiles;
  const { tile } = shape;
  const [a, b] = anchor.inputs as readonly [Node, Node];
  const sides = [
    { node: a, name: tiles.left, first: tiles.firstRow, extent: tiles.rows, isLeft: true },
    { node: b, name: tiles.right, first: tiles.firstColumn, extent: `${shape.columns}u`, isLeft: false },
  ];
  for (const { node, name, first, extent, isLeft } of sides) {
    // Neighbouring lanes read neighbouring words: along the terms of a row, or across the columns of a term.
    const alongTerms = isLeft ? !shape.transposedLeft : isTransposed(node);
    const slot = writer.fresh("slot");
    writer.open(`for (var ${slot} = lane; ${slot} < ${DEPTH * tile}u; ${slot} += ${LANES}u)`);
    const term = writer.share("term", alongTerms ? `${begin} + ${slot} % ${DEPTH}u` : `${begin} + ${slot} / ${tile}u`);
    const across = alongTerms ? `${slot} / ${DEPTH}u` : `${slot} % ${tile}u`;
    const offset = writer.share("offset", across);
    const at = writer.share(isLeft ? "row" : "column", sum(first, offset));
    const element = writer.fresh("element");
    writer.line(`var ${element} = 0.0;`);
    writer.open(`if (${term} < ${end} && ${at} < ${extent})`);
    const place = isLeft ? leftPlace(shader, node, tiles, at, term) : rightPlace(shader, node, tiles, term, at);
    writer.line(`${element} = ${new Values(shader, around).value(node, place)};`);
    writer.close();
    writer.line(`${name}[(${term} - ${begin}) * ${tile}u + ${offset}] = ${element};`);
    writer.close();
  }
}

function leftPlace(shader: Shader, node: Node, { shape, problem }: Tiles, row: string, term: string): Place {
  const { writer } = shader;
  const at = shape.transposedLeft ? sum(product(term, shape.rows), row) : sum(product(row, shape.terms), term);
  if (shape.batch === "rows" || shape.batch === "terms") {
    return new Place(node.type.shape, { whole: writer.share("at", at) }, writer);
  }
  return inProblem(shader, node, shape, problem, shape.rows * shape.terms, at);
}

function rightPlace(shader: Shader, node: Node, { shape, problem }: Tiles, term: string, column: string): Place {
  const { writer } = shader;
  const at = sum(product(term, shape.columns), column);
  if (shape.batch === "terms") return new Place(node.type.shape, { whole: writer.share("at", at) }, writer);
  return inProblem(shader, node, shape, problem, shape.terms * shape.columns, at);
}

/** An element of the matrix of one problem, of `size` elements. */
function inProblem(shader: Shader, node: Node, shape: ProductShape, problem: string, size: number, at: string): Place {
  const { writer } = shader;
  const perExample = shape.batch === "problems";
  const own = perExample
    ? shape.problems === 1
      ? "0u"
      : writer.share("own", `${problem} % ${shape.problems}u`)
    : shape.problems === 1
      ? "0u"
      : problem;
  const flat = writer.share("at", sum(product(own, size), at));
  if (!perExample) return new Place(node.type.shape, { flat }, writer);
  const example = shape.problems === 1 ? problem : writer.share("example", `${problem} / ${shape.problems}u`);
  return new Place(node.type.shape, { example, flat }, writer);
}

/** Whether the words of an operand lie along its columns. */
function isTransposed(node: Node): boolean {
  return node.op === "transpose";
}

function writeTerms(shader: Shader, shape: ProductShape, left: string, right: string, sums: readonly string[]): void {
  const { writer } = shader;
  const { tile, block } = shape;
  writer.open(`for (var k = 0u; k < ${DEPTH}u; k++)`);
  const numbers = Array.from({ length: block }, (_, i) => i);
  const base = (name: string, position: string) => `${name}[k * ${tile}u + ${position} * ${block}u`;
  const a = numbers.map((i) => writer.share("a", `${base(left, "(lane / 16u)")} + ${i}u]`));
  const b = numbers.map((j) => writer.share("b", `${base(right, "(lane % 16u)")} + ${j}u]`));
  sums.forEach((name, k) => {
    writer.line(`${name} += ${a[Math.floor(k / block)]} * ${b[k % block]};`);
  });
  writer.close();
}
