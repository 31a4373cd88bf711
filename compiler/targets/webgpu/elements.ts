/** Kernels in which each lane computes one element: elementwise operations, rearrangements, and draws of noise. */
import type { NoiseBase } from "../../artifact.ts";
import { numberOf, stringOf } from "../../ir/tensor/attributes.ts";
import { type Node, sizeOf } from "../../ir/tensor/tensor.ts";
import { elementsOf, extentText, times } from "./extent.ts";
import { Place } from "./place.ts";
import { resultPlace } from "./reduction.ts";
import type { Located, Shader } from "./shader.ts";
import { literalText, type Surroundings, Values } from "./values.ts";

/** As few as keep a device busy, so that such jobs share dispatches with reductions and products. */
export const ELEMENT_LANES = 64;

function writeGuarded(shader: Shader, elements: string, body: (index: string) => void): void {
  const { writer } = shader;
  const i = writer.share("i", `workgroup * ${ELEMENT_LANES}u + lane`);
  writer.block(`if (${i} < ${elements})`, () => body(i));
}

/** The elements of `root`; of one that is in memory already, a copy, if it is not `computed`. */
export function writeElements(shader: Shader, root: Node, around: Surroundings, to: Located, computed = true): void {
  writeGuarded(shader, extentText(elementsOf(root.type)), (i) => {
    const values = new Values(shader, around, computed ? { root } : {});
    const place = resultPlace(shader, root, i);
    shader.storeAt(to, place, values.value(root, place));
  });
}

/** Some operands of a concatenation; returns how many elements of an example they have. */
export function writePart(
  shader: Shader,
  root: Node,
  part: { readonly first: number; readonly count: number },
  around: Surroundings,
  to: Located,
): number {
  const { writer } = shader;
  const axis = numberOf(root.attributes, "axis");
  const extent = (from: number, end: number) =>
    root.inputs.slice(from, end).reduce((total, input) => total + input.type.shape[axis]!, 0);
  const before = extent(0, part.first);
  const shape = root.type.shape.map((size, k) => (k === axis ? extent(part.first, part.first + part.count) : size));
  const size = sizeOf(shape);
  writeGuarded(shader, extentText(times(root.type.batched, size)), (i) => {
    const place = new Place(shape, root.type.batched ? { whole: i } : { flat: i }, writer);
    const at = place.coordinates();
    const value = writer.fresh(around.nameOf(root));
    writer.line(`var ${value}: ${root.type.dtype};`);
    let begin = 0;
    for (let k = 0; k < part.count; k++) {
      const operand = root.inputs[part.first + k]!;
      const own = at.map((each, a) => (a === axis && begin > 0 ? `(${each} - ${begin}u)` : each));
      begin += operand.type.shape[axis]!;
      const head = k + 1 < part.count ? `if (${at[axis]} < ${begin}u)` : "";
      if (k === 0) writer.open(head);
      else writer.close(head === "" ? "else" : `else ${head}`);
      const from = place.moved(operand.type.shape, { coordinates: own });
      writer.line(`${value} = ${new Values(shader, around).value(operand, from)};`);
    }
    writer.close();
    const whole = new Place(
      root.type.shape,
      {
        ...(root.type.batched ? { example: place.example() } : {}),
        coordinates: at.map((each, a) => (a === axis && before > 0 ? `(${each} + ${before}u)` : each)),
      },
      writer,
    );
    shader.storeAt(to, whole, value);
  });
  return size;
}

/** Draws as runtime/random.ts makes them: bit for bit, normal ones up to the rounding of float32. */
export function writeNoise(shader: Shader, node: Node, to: Located): void {
  const { writer } = shader;
  const stream = `${numberOf(node.attributes, "stream")}u`;
  writeGuarded(shader, extentText(elementsOf(node.type)), (i) => {
    const base = stringOf(node.attributes, "base") as NoiseBase;
    const perBlock = base === "kept" ? 4 : 2;
    writer.line(
      `let words = threefry(vec2<u32>(call.seed, call.streams + ${stream}), vec2<u32>(call.draw, ${i} / ${perBlock}u));`,
    );
    if (base === "kept") {
      const rate = numberOf(node.attributes, "rate");
      const half = `((words[(${i} / 2u) % 2u] >> (16u * (${i} % 2u))) & 0xffffu)`;
      const kept = literalText(1 / (1 - rate), "f32");
      shader.store(to, i, `select(0.0, ${kept}, ${half} >= ${rate * 65536}u)`);
      return;
    }
    const unit = (word: string) => `(f32(${word} >> 9u) + 0.5) * 1.1920929e-7`;
    if (base === "uniform") {
      shader.store(to, i, unit(`words[${i} % 2u]`));
      return;
    }
    writer.line(`let radius = sqrt(-2.0 * log(${unit("words.x")}));`);
    writer.line(`let angle = 6.2831855 * ${unit("words.y")};`);
    shader.store(to, i, `radius * select(cosine(angle), sine(angle), ${i} % 2u == 1u)`);
  });
}
