/** How a product of matrices is divided among workgroups and lanes, by its shape. */
import type { Extent } from "../../artifact-webgpu.ts";
import type { Node } from "../../ir/tensor/tensor.ts";
import type { PrimitiveOp, WgslProduct } from "../../ops/op.ts";
import { ops } from "../../ops/registry.generated.ts";
import { fixed, times } from "./extent.ts";

/** Terms of a tiled product that are in workgroup memory at once. */
export const DEPTH = 16;
const TILED_LANES = 256;
const DIRECT_LANES = 64;
/** A right operand of no more elements stays in the caches, and needs no workgroup memory. */
const SMALL_OPERAND = 4096;
const TYPICAL_BATCH = 64;

export interface ProductShape extends WgslProduct {
  /** Whether each lane reads operands for itself, a block of rows by columns, without workgroup memory. */
  readonly direct: boolean;
  /** What a lane computes, and what the lanes of a workgroup compute together. */
  readonly block: { readonly rows: number; readonly columns: number };
  readonly tile: { readonly rows: number; readonly columns: number };
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
  const summed = batch === "terms";
  const direct = (summed ? rows : terms) * columns <= SMALL_OPERAND;
  const side = columns >= 48 && manyRows >= 48 ? 4 : columns >= 24 && manyRows >= 24 ? 2 : 1;
  const block = direct ? { rows: Math.min(4, manyRows), columns: Math.min(8, columns) } : { rows: side, columns: side };
  const tile = direct ? block : { rows: 16 * side, columns: 16 * side };
  const tiles = Math.ceil(manyRows / tile.rows) * Math.ceil(columns / tile.columns);
  const typical = summed ? terms * TYPICAL_BATCH : terms;
  // Workgroups, or lanes where each has a block of its own, that keep a device busy.
  const busy = direct ? 32 * DIRECT_LANES : 64;
  const wanted = summed ? Math.min(Math.ceil(busy / tiles), Math.floor(typical / (4 * DEPTH))) : 1;
  return {
    ...extents,
    direct,
    tile,
    block,
    rowsOfAll: times(batch === "rows", rows),
    termsOfAll: times(summed, terms),
    problemsOfAll: times(batch === "problems", problems),
    results: times(batch === "rows" || batch === "problems", problems * rows * columns),
    chunks: Math.max(1, Math.min(32, wanted)),
  };
}

export function productLanes({ direct }: ProductShape): number {
  return direct ? DIRECT_LANES : TILED_LANES;
}

export function productWorkgroups(shape: ProductShape): readonly { extent: Extent; per: number }[] {
  const across = { extent: fixed(Math.ceil(shape.columns / shape.tile.columns)), per: 1 };
  const down = { extent: shape.rowsOfAll, per: shape.tile.rows };
  const parts = { extent: shape.chunks > 1 ? fixed(shape.chunks) : shape.problemsOfAll, per: 1 };
  return [across, down, parts];
}
