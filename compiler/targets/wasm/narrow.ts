/** Numbers of 64 bits become numbers of 32, where they stand: the host then copies bytes, which takes half the time. */
import { Code, I32 } from "./instructions.ts";
import type { OwnFunction } from "./module.ts";

/** `narrow(offset, length)`, of at least one number; two at once, since arrays end at multiples of 16 bytes. */
export function narrowing(): OwnFunction {
  const [from, left, to] = [0, 1, 2];
  const code = new Code().get(from).set(to);
  const step = (local: number, by: number) => code.get(local).integer(by).plain("i32.add").set(local);
  code.loop(() => {
    const again = code.depth;
    code.get(to).get(from).memory("v128.load", 0).plain("f32x4.demote_f64x2_zero").storeLowHalf(0);
    step(from, 16);
    step(to, 8);
    step(left, -2);
    code.get(left).integer(0).plain("i32.gt_s").branch(again, true);
  });
  return { parameters: [I32, I32], results: [], locals: [I32], body: code, exported: "narrow" };
}
