/** What tests of examples share that hold a model against a computation by hand: random parameters, runs, padding. */
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { compile } from "../../compiler/compile.ts";
import { render, type Source } from "../../compiler/diagnostic.ts";
import { interpretKernel } from "../../compiler/ir/kernel/interpret.ts";
import { interpret } from "../../compiler/ir/tensor/interpret.ts";
import { library } from "../../stdlib/library.ts";
import { random } from "../tensor/harness.ts";

/** Row-major values by name. */
export type Values = Record<string, number[]>;
export type Arguments = Readonly<Record<string, number | boolean | string>>;

export interface Batch {
  readonly inputs: Values;
  readonly noise: Values;
  /** Examples. */
  readonly size: number;
}

export function exampleSource(name: string): Source {
  return { name: `${name}.sst`, text: readFileSync(`examples/${name}/${name}.sst`, "utf8") };
}

/** A model with parameters uniform on ±0.8, and its entry points in float64, by the interpreter. */
export function modelByHand(source: Source, model: string, given: Arguments, t: number) {
  const { artifact, programs, kernels, diagnostics } = compile(source, { library, model, arguments: given });
  expect(diagnostics.map(render)).toEqual([]);
  const byName = new Map(kernels.map((kernel) => [kernel.name, kernel]));
  const next = random(7);
  const parameters: Values = {};
  for (const { name, shape } of artifact!.parameters) {
    const count = shape.reduce((a, b) => a * b, 1);
    parameters[name] = Array.from({ length: count }, () => 1.6 * next() - 0.8);
  }
  const run = (entry: string, { inputs, noise, size }: Batch): Values => {
    const outputs = interpret(programs.find(({ name }) => name === entry)!, {
      batch: size,
      inputs,
      noise,
      parameters,
      hypers: { t },
      runKernel: (name, values) => interpretKernel(byName.get(name)!, values),
    });
    return Object.fromEntries([...outputs].map(([name, { data }]) => [name, Array.from(data)]));
  };
  return { parameters, run };
}

export function padded(list: readonly number[], length: number, value: number): number[] {
  return [...list, ...new Array<number>(length - list.length).fill(value)];
}

/**
 * Metrics of a batch of two are those of its examples alone, and its gradients their mean. `except` tells of metrics
 * of the second, which was run without padding, that count padding.
 */
export function expectApart(both: Values, first: Values, second: Values, except: (metric: string) => boolean): void {
  const gradients = Object.keys(both).filter((name) => name.startsWith("gradient:"));
  for (const name of Object.keys(both).filter((each) => each.startsWith("metric:"))) {
    expect(both[name]![0], name).toBeCloseTo(first[name]![0]!, 9);
    if (!except(name)) expect(both[name]![1], name).toBeCloseTo(second[name]![0]!, 9);
  }
  for (const name of gradients) {
    for (const [k, value] of both[name]!.entries()) {
      expect(value, `${name} ${k}`).toBeCloseTo((first[name]![k]! + second[name]![k]!) / 2, 8);
    }
  }
}
