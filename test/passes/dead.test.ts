/** What is left of kernels when dead code is gone: what outputs depend on, and what decides about it. */
import { expect, test } from "vitest";
import { removeDead } from "../../compiler/ir/kernel/dead.ts";
import type { Kernel, KernelArray, KernelExpression, KernelStatement } from "../../compiler/ir/kernel/kernel.ts";
import { printKernel } from "../../compiler/ir/kernel/print.ts";

const array = (name: string): KernelArray => ({ name, element: "f32", shape: [2] });
const number = (value: number): KernelExpression => ({ kind: "constant", value, type: "f32" });
const index: KernelExpression = { kind: "constant", value: 0, type: "i32" };
const load = (name: string): KernelExpression => ({ kind: "load", array: name, index, type: "f32" });
const variable = (name: string): KernelExpression => ({ kind: "variable", name, type: "f32" });
const store = (name: string, value: KernelExpression): KernelStatement => ({
  kind: "store",
  array: name,
  index,
  value,
});
const positive = (left: KernelExpression): KernelExpression => ({
  kind: "binary",
  operator: "greater",
  left,
  right: number(0),
  type: "bool",
});

function kernel(scratch: readonly string[], ...body: readonly KernelStatement[]): Kernel {
  return { name: "k", inputs: [array("u")], outputs: [array("x")], scratch: scratch.map(array), tables: [], body };
}

const output = store("x", load("u"));

test("values that only feed each other go", () => {
  const found = removeDead(kernel(["a", "b"], store("a", load("b")), store("b", load("a")), output));
  expect(printKernel(found)).toBe(printKernel(kernel([], output)));
});

test("what decides about an output stays, and what decides about nothing goes", () => {
  const declare = (name: string): KernelStatement => ({
    kind: "declare",
    name,
    type: "f32",
    mutable: false,
    value: load("u"),
  });
  const choice = (name: string, then: KernelStatement): KernelStatement => ({
    kind: "if",
    condition: positive(variable(name)),
    consequent: [then],
    alternative: [],
  });
  const needed = [declare("p"), choice("p", output)];
  const found = removeDead(kernel(["a"], declare("q"), choice("q", store("a", number(1))), ...needed));
  expect(printKernel(found)).toBe(printKernel(kernel([], ...needed)));
});

test("a loop that ends by itself keeps what ends it", () => {
  const body: readonly KernelStatement[] = [
    { kind: "declare", name: "left", type: "f32", mutable: true, value: load("u") },
    {
      kind: "while",
      condition: positive(variable("left")),
      body: [
        {
          kind: "assign",
          name: "left",
          value: { kind: "binary", operator: "subtract", left: variable("left"), right: number(1), type: "f32" },
        },
        { kind: "if", condition: positive(load("a")), consequent: [{ kind: "break" }], alternative: [] },
      ],
    },
    output,
  ];
  expect(printKernel(removeDead(kernel(["a"], ...body)))).toBe(printKernel(kernel(["a"], ...body)));
});
