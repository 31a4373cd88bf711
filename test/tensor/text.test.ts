/**
 * The text form of tensor programs: what is printed reads back as the same program, and what is wrong is told by line.
 */
import { describe, expect, test } from "vitest";
import { Builder } from "../../compiler/ir/tensor/builder.ts";
import { printTensorProgram } from "../../compiler/ir/tensor/print.ts";
import { readTensorProgram } from "../../compiler/ir/tensor/read.ts";
import { verify } from "../../compiler/ir/tensor/verify.ts";
import { cases, compiled } from "../passes/programs.ts";
import { randomProgram } from "../passes/random-program.ts";
import { programOf } from "./harness.ts";

describe.each(cases.map((each) => [each.name, each] as const))("%s", (_, each) => {
  test.each(compiled(each).programs.map((program) => [program.name, program] as const))("%s", (__, program) => {
    const text = printTensorProgram(program);
    const again = readTensorProgram(text, new Builder());
    expect(printTensorProgram(again)).toBe(text);
    expect([...again.outputs.keys()]).toEqual([...program.outputs.keys()]);
    expect(verify(again, "final")).toEqual([]);
  });
});

test("random programs read back", () => {
  for (let seed = 0; seed < 50; seed++) {
    const text = printTensorProgram(randomProgram(seed, 20));
    expect(printTensorProgram(readTensorProgram(text, new Builder()))).toBe(text);
  }
});

test("the form is one line a node, as documented", () => {
  const build = new Builder();
  const w = build.parameter("W", [2, 3]);
  const scale = build.label(build.exp(w), "scale");
  expect(printTensorProgram(programOf({ loss: build.sum(scale) }, build.labels, "train"))).toBe(
    [
      'program "train"',
      '%0 = parameter {"name":"W","shape":[2,3]} : f32[2, 3]',
      '%1 = exp(%0) : f32[2, 3] "scale"',
      '%2 = sum(%1) {"axes":[0,1]} : f32[]',
      'output "loss" = %2',
      "",
    ].join("\n"),
  );
});

test("names with quotes, line ends and braces, and numbers that JSON lacks, read back", () => {
  const build = new Builder();
  const name = 'a "quoted"\n{ name } : f32[2]';
  const node = build.label(build.minimum(build.parameter(name, [2]), Number.POSITIVE_INFINITY), name);
  const text = printTensorProgram(programOf({ [name]: node }, build.labels, name));
  const again = readTensorProgram(text, new Builder());
  expect(printTensorProgram(again)).toBe(text);
  expect(again.name).toBe(name);
  expect([...again.outputs.keys()]).toEqual([name]);
  expect([...again.labels.values()]).toEqual([name]);
});

test.each([
  ["%0 = exp(%1) : f32[2]", "line 2: %1 is not defined"],
  ['%0 = parameter {"name":"W","shape":[2]} : f32[3]', "line 2: parameter has the type f32[2], not f32[3]"],
  ["nonsense", "line 2: neither a node nor an output: nonsense"],
  ['output "loss" = %0', "line 2: %0 is not defined"],
])("%s is refused", (line, message) => {
  expect(() => readTensorProgram(`program "train"\n${line}\n`, new Builder())).toThrow(message);
});

test("a text without a program is refused", () => {
  expect(() => readTensorProgram("", new Builder())).toThrow("line 1: a tensor program starts with program NAME");
});
