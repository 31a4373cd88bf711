/** Simplified programs compute what the programs computed that were written: on random graphs, and on whole models. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Builder } from "../../compiler/ir/tensor/builder.ts";
import { evaluate, interpret } from "../../compiler/ir/tensor/interpret.ts";
import { nodesInOrder } from "../../compiler/ir/tensor/order.ts";
import { printTensorProgram } from "../../compiler/ir/tensor/print.ts";
import { formatType, type Node, type TensorProgram } from "../../compiler/ir/tensor/tensor.ts";
import { verify } from "../../compiler/ir/tensor/verify.ts";
import { enlarges } from "../../compiler/laws/helpers.ts";
import { gradients } from "../../compiler/passes/differentiate.ts";
import { simplify } from "../../compiler/passes/simplify.ts";
import { difference, environmentFor, programOf } from "../tensor/harness.ts";
import { cases, compiled, elaborated, environmentOf } from "./programs.ts";
import { randomProgram } from "./random-program.ts";

describe("random graphs", () => {
  test("evaluate to the same before and after, and a second simplification changes nothing", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 }), fc.integer({ min: 3, max: 30 }), (seed, size) => {
        const program = randomProgram(seed, size);
        const { program: simplified } = simplify(program, "final");
        expect(verify(simplified, "final")).toEqual([]);
        expect(printTensorProgram(simplify(simplified, "final").program)).toBe(printTensorProgram(simplified));
        const environment = environmentFor(program.outputs.values(), 3, seed, [-1.5, 1.5]);
        expectSame(interpret(program, environment), interpret(simplified, environment), 1e-9);
        for (const [name, node] of program.outputs) {
          expect(formatType(simplified.outputs.get(name)!.type), name).toBe(formatType(node.type));
        }
      }),
      { numRuns: 400 },
    );
  });

  test("have the same gradients before and after", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 }), fc.integer({ min: 3, max: 20 }), (seed, size) => {
        const program = randomProgram(seed, size);
        const { program: simplified, build } = simplify(program, "differentiable");
        const written = new Builder();
        const copy = (node: Node): Node => written.node(node.op, node.inputs.map(copy), node.attributes);
        const leaves = nodesInOrder(program.outputs.values()).filter((node) => node.op === "parameter");
        const wanted = gradients(loss(written, [...program.outputs.values()].map(copy)), leaves.map(copy), written);
        const got = gradients(
          loss(build, [...simplified.outputs.values()]),
          leaves.map((leaf) => build.node(leaf.op, [], leaf.attributes)),
          build,
        );
        const environment = environmentFor(program.outputs.values(), 3, seed, [-1.5, 1.5]);
        const before = evaluate(wanted, environment);
        const after = evaluate(got, environment);
        leaves.forEach((leaf, i) => {
          const name = String(leaf.attributes.name);
          expect(difference(before.get(wanted[i]!)!, after.get(got[i]!)!), name).toBeLessThan(1e-9);
        });
      }),
      { numRuns: 200 },
    );
  });
});

/** Bounded, and steep in every element. */
function loss(build: Builder, nodes: readonly Node[]): Node {
  return nodes
    .map((node) => build.sum(build.unary("sin", node)))
    .map((sum) => (sum.type.batched ? build.batchSum(sum) : sum))
    .reduce((a, b) => build.add(a, b), build.constant(0));
}

type Results = ReturnType<typeof interpret>;

function expectSame(wanted: Results, got: Results, tolerance: number): void {
  expect([...got.keys()]).toEqual([...wanted.keys()]);
  for (const [name, values] of wanted) expect(difference(values, got.get(name)!), name).toBeLessThan(tolerance);
}

describe.each(cases.map((each) => [each.name, each] as const))("%s", (_, each) => {
  const { programs, kernels } = compiled(each);
  const models = elaborated(each);

  test.each(programs.map((program) => [program.name, program] as const))("%s is final", (__, program) => {
    expect(verify(program, "final")).toEqual([]);
    expect(printTensorProgram(simplify(program, "final").program)).toBe(printTensorProgram(program));
  });

  test("the loss, its gradients and new states are those of the program as written", () => {
    const train = programs.find((program) => program.name === "train")!;
    const { context, loss: written } = models.get("train")!;
    const outputs = new Map<string, Node>([["loss", written!]]);
    for (const [name, { next }] of context.states) if (next !== undefined) outputs.set(`state:${name}`, next);
    const parameters = [...context.parameters.values()];
    const found = gradients(
      written!,
      parameters.map((parameter) => parameter.node),
      context.builder,
    );
    parameters.forEach(({ name }, i) => {
      outputs.set(`gradient:${name}`, found[i]!);
    });
    expect(verify({ name: "train", outputs, labels: context.builder.labels }, "built")).toEqual([]);
    expectEqualPrograms(outputs, train);
  });

  test("metrics in evaluation are those of the program as written", () => {
    expectEqualPrograms(models.get("evaluate")!.metrics, programs.find((program) => program.name === "evaluate")!);
  });

  function expectEqualPrograms(written: ReadonlyMap<string, Node>, program: TensorProgram): void {
    const leaves = [...written.values(), ...program.outputs.values()];
    const environment = environmentOf(leaves, kernels, 2, 3);
    const wanted = interpret({ name: "written", outputs: written, labels: new Map() }, environment);
    const got = interpret(program, environment);
    for (const [name, values] of wanted) expect(difference(values, got.get(name)!), name).toBeLessThan(1e-9);
  }
});

describe("the law of products on graphs, on NRI", () => {
  const train = compiled(cases.find((each) => each.name.startsWith("NRI of"))!).programs[0]!;
  const nodes = nodesInOrder(train.outputs.values());

  test("no product reads rows that repeat", () => {
    const products = nodes.filter((node) => node.op === "matmul" && node.inputs[1]!.type.shape.length === 2);
    expect(products.length).toBeGreaterThan(100);
    const parts = products.flatMap((node) =>
      node.inputs[0]!.op === "concat" ? node.inputs[0]!.inputs : [node.inputs[0]!],
    );
    expect(parts.filter((part) => part.op === "gather" && enlarges(part))).toEqual([]);
  });

  test("first layers work on vertices: 10 rows where there are 90 arcs", () => {
    // Each of the decoder's two message networks has one product of arcs with a square matrix at each of 9 steps,
    // forward and backward; the encoder has three, and one for the last layer.
    const rows = (node: Node) => node.type.shape.at(-2)!;
    const onArcs = nodes.filter((node) => node.op === "matmul" && rows(node) === 90);
    expect(onArcs.length).toBe(2 * (2 * 9 + 3 + 1));
  });

  test("names stay", () => {
    const labels = new Set(train.labels.values());
    for (const name of ["theta", "z_utilities", "messages", "skip"]) expect(labels).toContain(name);
  });
});

test("what is thrown away is not computed", () => {
  const build = new Builder();
  const a = build.input("a", { dtype: "f32", shape: [4, 3], batched: true });
  const parts = build.concat([build.exp(a), build.unary("tanh", a)], 0);
  const { program } = simplify(programOf({ result: build.slice(parts, [4, 0], [4, 3]) }), "final");
  expect(nodesInOrder(program.outputs.values()).map((node) => node.op)).toEqual(["input", "tanh"]);
});

test("a stopped gradient stays as long as there are gradients to come", () => {
  const build = new Builder();
  const a = build.stopGradient(build.input("a", { dtype: "f32", shape: [], batched: false }));
  expect(simplify(programOf({ result: a }), "differentiable").program.outputs.get("result")!.op).toBe("stop_gradient");
  expect(simplify(programOf({ result: a }), "final").program.outputs.get("result")!.op).toBe("input");
});

test("shared additions take a law as long as they are many, not as their paths are, and as little of the stack", () => {
  const build = new Builder();
  const each = (i: number) => build.batchSum(build.input(`x${i}`, { dtype: "f32", shape: [3], batched: true }));
  let shared = each(0);
  for (let i = 0; i < 60; i++) shared = build.add(shared, shared);
  let long = each(0);
  for (let i = 0; i < 8000; i++) long = build.add(long, each(i));
  const { program } = simplify(programOf({ shared: build.sum(shared), long: build.sum(long) }), "final");
  expect(program.outputs.get("long")!.type.shape).toEqual([]);
});
