/**
 * Every law keeps its promises: it fires on its examples, where both sides have one type and evaluate to the same, and
 * not on graphs that are near.
 */
import { describe, expect, test } from "vitest";
import { Builder } from "../../compiler/ir/tensor/builder.ts";
import { evaluate } from "../../compiler/ir/tensor/interpret.ts";
import { printTensorProgram } from "../../compiler/ir/tensor/print.ts";
import { formatType, type Node } from "../../compiler/ir/tensor/tensor.ts";
import { verify } from "../../compiler/ir/tensor/verify.ts";
import type { Law } from "../../compiler/laws/law.ts";
import { laws } from "../../compiler/laws/registry.generated.ts";
import { gradients } from "../../compiler/passes/differentiate.ts";
import { simplify } from "../../compiler/passes/simplify.ts";
import { difference, environmentFor, programOf } from "../tensor/harness.ts";

/** Both sides are evaluated in float64; laws may reorder sums. */
const tolerance = 1e-12;
const batch = 3;

/** One name for each graph that a law says it fires on. */
function examplesOf(law: Law): readonly (readonly [string, (build: Builder) => Node])[] {
  const more = law.more?.(new Builder()) ?? [];
  return [
    ["its example", law.example],
    ...more.map((node, i) => [`its ${node.op}, example ${i + 2}`, (build: Builder) => law.more!(build)[i]!] as const),
  ];
}

/** Laws about a class of operations are the same for all of them. */
const MOST_ROOTS = 8;

describe.each([...laws.values()].map((law) => [law.name, law] as const))("%s", (_, law) => {
  test("has an example for each root, unless it is about a class of operations", () => {
    const roots = new Set(examplesOf(law).map(([, make]) => make(new Builder()).op));
    for (const root of roots) expect(law.roots).toContain(root);
    if (law.roots.length <= MOST_ROOTS) expect([...roots].sort()).toEqual([...law.roots].sort());
  });

  test("does not fire on graphs that are near", () => {
    const build = new Builder();
    for (const node of law.near?.(build) ?? []) {
      expect(law.roots).toContain(node.op);
      expect(law.apply(node, build)).toBeUndefined();
    }
  });

  describe.each(examplesOf(law))("on %s", (__, make) => {
    test("fires and keeps type and value", () => {
      const build = new Builder();
      const left = make(build);
      const right = law.apply(left, build);
      expect(right).toBeDefined();
      expect(right).not.toBe(left);
      expect(formatType(right!.type)).toBe(formatType(left.type));
      for (const seed of [1, 2, 3]) {
        const environment = environmentFor([left, right!], batch, seed);
        const values = evaluate([left, right!], environment);
        expect(difference(values.get(left)!, values.get(right!)!)).toBeLessThan(tolerance);
      }
    });

    test("simplification ends, and a second one changes nothing", () => {
      const left = make(new Builder());
      const { program } = simplify(programOf({ result: left }), "final");
      const again = simplify(program, "final");
      expect(printTensorProgram(again.program)).toBe(printTensorProgram(program));
      expect(verify(program, "final")).toEqual([]);
      const environment = environmentFor([left], batch, 4);
      const now = program.outputs.get("result")!;
      const wanted = evaluate([left], environment).get(left)!;
      expect(difference(wanted, evaluate([now], environment).get(now)!)).toBeLessThan(tolerance);
    });

    // A law that gradients would not survive waits until they are made.
    if (law.final === true) test("waits until gradients are made", () => waits(make));
    else test("keeps the gradients", () => keepsGradients(law, make));
  });
});

function waits(make: (build: Builder) => Node): void {
  const left = make(new Builder());
  const { program } = simplify(programOf({ result: left }), "differentiable");
  expect(printTensorProgram(program)).toBe(printTensorProgram(programOf({ result: left })));
}

function keepsGradients(law: Law, make: (build: Builder) => Node): void {
  const build = new Builder();
  const left = make(build);
  if (left.type.dtype !== "f32") return;
  const right = law.apply(left, build)!;
  const loss = (node: typeof left) => {
    const sum = build.sum(build.multiply(node, build.unary("cos", node)));
    return sum.type.batched ? build.batchSum(sum) : sum;
  };
  const environment = environmentFor([left], batch, 5);
  const leaves = [
    ...Object.keys(environment.inputs).map((leaf) => ["input", leaf] as const),
    ...Object.keys(environment.parameters).map((leaf) => ["parameter", leaf] as const),
  ].map(([op, leaf]) => find(left, op, leaf));
  // A gradient that is zero for all examples comes without a batch axis.
  const spread = (gradient: Node, i: number) =>
    leaves[i]!.type.batched && !gradient.type.batched ? build.batchBroadcast(gradient) : gradient;
  const wanted = gradients(loss(left), leaves, build).map(spread);
  const got = gradients(loss(right), leaves, build).map(spread);
  const values = evaluate([...wanted, ...got], environment);
  leaves.forEach((_, i) => {
    expect(difference(values.get(wanted[i]!)!, values.get(got[i]!)!), law.name).toBeLessThan(tolerance);
  });
}

function find(root: Node, op: string, name: string): Node {
  const waiting = [root];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (node.op === op && node.attributes.name === name) return node;
    waiting.push(...node.inputs);
  }
  throw new Error(`no leaf ${name}`);
}
