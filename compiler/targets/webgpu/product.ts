/**
 * Products of matrices as WGSL: a workgroup computes a tile of the result from tiles of the operands that its lanes
 * bring into workgroup memory, each lane a small block. What follows the product is made of each element before it is
 * stored. Where the terms are those of all examples, workgroups take chunks of them, and a second pass adds these up.
 */
import type { Node } from "../../ir/tensor/tensor.ts";
import { extentText, fixed, plus } from "./extent.ts";
import { Place, product, sum } from "./place.ts";
import { DEPTH, type ProductShape, productLanes, productShape } from "./product-shape.ts";
import { resultPlace } from "./reduction.ts";
import type { Located, Shader } from "./shader.ts";
import { type Surroundings, Values } from "./values.ts";

type Target = { readonly result: Located } | { readonly partials: Located };

/** Each lane a block of the result, from operands that it reads for itself. */
export function writeDirectProduct(shader: Shader, anchor: Node, root: Node, around: Surroundings, to: Target): void {
  const shape = productShape(anchor);
  const { writer } = shader;
  const { block, columns, chunks } = shape;
  const across = Math.ceil(columns / block.columns);
  const rows = writer.share("rows", extentText(shape.rowsOfAll));
  const down = writer.share("blocks_down", tilesDown(shape));
  const number = writer.share("block", `workgroup * ${productLanes(shape)}u + lane`);
  const column = across === 1 ? "0u" : writer.share("column", `(${number} % ${across}u) * ${block.columns}u`);
  const line = across === 1 ? number : writer.share("line", `${number} / ${across}u`);
  const row = writer.share("row", product(writer.share("down", `${line} % ${down}`), block.rows));
  const part = writer.share(chunks > 1 ? "chunk" : "problem", `${line} / ${down}`);
  const parts = chunks > 1 ? `${chunks}u` : extentText(shape.problemsOfAll);
  writer.open(`if (${part} < ${parts})`);
  const [from, end] = chunkOf(shader, shape, part);
  const problem = chunks > 1 ? "0u" : part;
  const list = (count: number) => Array.from({ length: count }, (_, i) => i);
  // Beyond the last row or column the last one is computed again, and not stored.
  const at = (first: string, i: number, last: string | undefined) => {
    const place = sum(first, i === 0 ? "0u" : `${i}u`);
    return last === undefined ? place : `min(${place}, ${last} - 1u)`;
  };
  const even = shape.rowsOfAll.perExample % block.rows === 0 && shape.rowsOfAll.fixed % block.rows === 0;
  const rowsAt = list(block.rows).map((i) => writer.share("row", at(row, i, even ? undefined : rows)));
  const wide = columns % block.columns === 0 ? undefined : `${columns}u`;
  const columnsAt = list(block.columns).map((j) => writer.share("column", at(column, j, wide)));
  const sums = rowsAt.flatMap(() => columnsAt.map(() => writer.fresh("sum")));
  for (const name of sums) writer.line(`var ${name} = 0.0;`);
  const term = writer.fresh("term");
  writer.open(`for (var ${term} = ${from}; ${term} < ${end}; ${term}++)`);
  const values = new Values(shader, around);
  const [a, b] = anchor.inputs as readonly [Node, Node];
  const left = rowsAt.map((each) => values.value(a, leftPlace(shader, a, shape, problem, each, term)));
  const right = columnsAt.map((each) => values.value(b, rightPlace(shader, b, shape, problem, term, each)));
  sums.forEach((name, k) => {
    writer.line(`${name} += ${left[Math.floor(k / block.columns)]} * ${right[k % block.columns]};`);
  });
  writer.close();
  writeResults(shader, { anchor, root, around, to, shape, sums, row, column, rows, part, problem });
  writer.close();
}

interface Results {
  readonly anchor: Node;
  readonly root: Node;
  readonly around: Surroundings;
  readonly to: Target;
  readonly shape: ProductShape;
  readonly sums: readonly string[];
  /** Where the block begins. */
  readonly row: string;
  readonly column: string;
  readonly rows: string;
  readonly part: string;
  readonly problem: string;
}

/** Stores a lane's block, or what is made of it. */
function writeResults(shader: Shader, results: Results): void {
  const { anchor, root, around, to, shape, sums, part, problem } = results;
  const { writer } = shader;
  const { block, columns } = shape;
  const done = writer.fresh("sums");
  const k = writer.fresh("k");
  writer.line(`var ${done} = array<f32, ${sums.length}>(${sums.join(", ")});`);
  writer.open(`for (var ${k} = 0u; ${k} < ${sums.length}u; ${k}++)`);
  const row = writer.share("row", sum(results.row, block.columns === 1 ? k : `${k} / ${block.columns}u`));
  const column = writer.share("column", sum(results.column, block.columns === 1 ? "0u" : `${k} % ${block.columns}u`));
  writer.open(`if (${row} < ${results.rows} && ${column} < ${columns}u)`);
  const inProblem = sum(product(row, columns), column);
  if ("partials" in to) {
    shader.store(to.partials, `${part} * ${extentText(shape.results)} + ${inProblem}`, `${done}[${k}]`);
  } else {
    const many = shape.problemsOfAll.perExample > 0 || shape.problems > 1;
    const line = `(${problem} * ${shape.rows}u + ${row}) * ${columns}u + ${column}`;
    const result = writer.share("result", many ? line : inProblem);
    const text = writer.share(around.nameOf(anchor), `${done}[${k}]`);
    const values = new Values(shader, around, { anchor, text, root });
    const place = resultPlace(shader, root, result);
    shader.storeAt(to.result, place, values.value(root, place));
  }
  writer.close();
  writer.close();
}

/** Each workgroup a tile of the result, from tiles of the operands in workgroup memory. */
export function writeProduct(shader: Shader, anchor: Node, root: Node, around: Surroundings, to: Target): void {
  const shape = productShape(anchor);
  const { writer } = shader;
  const { tile, block, columns, chunks } = shape;
  const across = Math.ceil(columns / tile.columns);
  const rows = writer.share("rows", extentText(shape.rowsOfAll));
  const down = writer.share("tiles_down", tilesDown(shape));
  const firstColumn = across === 1 ? "0u" : writer.share("first_column", `(workgroup % ${across}u) * ${tile.columns}u`);
  const line = across === 1 ? "workgroup" : writer.share("line", `workgroup / ${across}u`);
  const firstRow = writer.share("first_row", `(${line} % ${down}) * ${tile.rows}u`);
  const part = writer.share(chunks > 1 ? "chunk" : "problem", `${line} / ${down}`);
  // A plane of workgroups may have more than are needed.
  writer.line(`if (${part} >= ${chunks > 1 ? `${chunks}u` : extentText(shape.problemsOfAll)}) { return; }`);
  const [from, end] = chunkOf(shader, shape, part);
  const sums = Array.from({ length: block.rows * block.columns }, () => writer.fresh("sum"));
  for (const name of sums) writer.line(`var ${name} = 0.0;`);
  const [left, right] = [shader.fresh("left"), shader.fresh("right")];
  for (const name of [left, right]) shader.declare(`var<workgroup> ${name}: array<f32, ${DEPTH * tile.rows}>;`);
  const begin = writer.fresh("begin");
  writer.open(`for (var ${begin} = ${from}; ${begin} < ${end}; ${begin} += ${DEPTH}u)`);
  const problem = chunks > 1 ? "0u" : part;
  writeTiles(shader, anchor, around, { left, right, begin, end, firstRow, firstColumn, rows, problem, shape });
  writer.line("workgroupBarrier();");
  writeTerms(shader, shape, left, right, sums);
  writer.line("workgroupBarrier();");
  writer.close();
  const row = writer.share("row", `${firstRow} + (lane / 16u) * ${block.rows}u`);
  const column = writer.share("column", `${firstColumn} + (lane % 16u) * ${block.columns}u`);
  writeResults(shader, { anchor, root, around, to, shape, sums, row, column, rows, part, problem });
}

function tilesDown({ rowsOfAll, tile }: ProductShape): string {
  if (rowsOfAll.perExample === 0) return `${Math.ceil(rowsOfAll.fixed / tile.rows)}u`;
  return `${extentText(plus(rowsOfAll, fixed(tile.rows - 1)))} / ${tile.rows}u`;
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
  const tile = shape.tile.rows;
  const [a, b] = anchor.inputs as readonly [Node, Node];
  const sides = [
    { node: a, name: tiles.left, first: tiles.firstRow, extent: tiles.rows, isLeft: true },
    { node: b, name: tiles.right, first: tiles.firstColumn, extent: `${shape.columns}u`, isLeft: false },
  ];
  for (const { node, name, first, extent, isLeft } of sides) {
    // Neighbouring lanes read neighbouring words: along the terms of a row, or across the columns of a term.
    const alongTerms = isLeft ? !shape.transposedLeft : isTransposed(node);
    const slot = writer.fresh("slot");
    writer.open(`for (var ${slot} = lane; ${slot} < ${DEPTH * tile}u; ${slot} += ${productLanes(shape)}u)`);
    const term = writer.share("term", alongTerms ? `${begin} + ${slot} % ${DEPTH}u` : `${begin} + ${slot} / ${tile}u`);
    const across = alongTerms ? `${slot} / ${DEPTH}u` : `${slot} % ${tile}u`;
    const offset = writer.share("offset", across);
    const at = writer.share(isLeft ? "row" : "column", sum(first, offset));
    const element = writer.fresh("element");
    writer.line(`var ${element} = 0.0;`);
    writer.open(`if (${term} < ${end} && ${at} < ${extent})`);
    const place = isLeft
      ? leftPlace(shader, node, shape, tiles.problem, at, term)
      : rightPlace(shader, node, shape, tiles.problem, term, at);
    writer.line(`${element} = ${new Values(shader, around).value(node, place)};`);
    writer.close();
    writer.line(`${name}[(${term} - ${begin}) * ${tile}u + ${offset}] = ${element};`);
    writer.close();
  }
}

function leftPlace(shader: Shader, node: Node, shape: ProductShape, problem: string, row: string, term: string): Place {
  const { writer } = shader;
  const at = shape.transposedLeft ? sum(product(term, shape.rows), row) : sum(product(row, shape.terms), term);
  if (shape.batch === "rows" || shape.batch === "terms") {
    return new Place(node.type.shape, { whole: writer.share("at", at) }, writer);
  }
  return inProblem(shader, node, shape, problem, shape.rows * shape.terms, at);
}

function rightPlace(
  shader: Shader,
  node: Node,
  shape: ProductShape,
  problem: string,
  term: string,
  column: string,
): Place {
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
  const [tile, block] = [shape.tile.rows, shape.block.rows];
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
