/**
 * Modules and functions of sequences against the same written out by hand in float64, their gradients against central
 * differences, and that what padding holds changes nothing.
 */
import { describe, expect, test } from "vitest";
import { interpreted } from "../distributions/models.ts";
import { random } from "../tensor/harness.ts";
import {
  affine,
  convolution,
  crossEntropy,
  type Gru,
  gruStep,
  lstm,
  type Matrix,
  relu,
  rows,
  slices,
} from "./sequences-reference.ts";

const [batch, n, words, size, classes] = [3, 5, 7, 4, 3];

/** A model that has its result as metrics: what is in `body` ends with a `let y` of this shape. */
function modelOf(body: string, uses: string, shape: readonly number[]): string {
  const count = shape.reduce((a, b) => a * b, 1);
  const metrics = Array.from({ length: count }, (_, k) => `  metric y${k} = flat[${k}]`).join("\n");
  return `
import { ${uses} } from "std/nn"
model Sequences(n = ${n}) {
  data x: f32[n, ${size}]
  data word: i32[n]
  data length: i32
  data label: i32
${body}
  let flat = reshape(y, [${count}])
  minimize sum(flat * [sin(k + 1.0) for k in 0..${count}])
${metrics}
}`;
}

interface Given {
  readonly inputs: { [name: string]: number[] };
  readonly parameters: { [name: string]: number[] };
}

function given(parameters: { readonly [name: string]: number }, seed = 1): Given {
  const next = random(seed);
  const draw = (count: number) => Array.from({ length: count }, () => 2 * next() - 1);
  return {
    inputs: {
      x: draw(batch * n * size),
      word: Array.from({ length: batch * n }, () => Math.floor(words * next())),
      length: [2, n, 4],
      label: [0, 2, 1],
    },
    parameters: Object.fromEntries(Object.entries(parameters).map(([name, count]) => [name, draw(count)])),
  };
}

/** Results of each example, flat. */
function results(text: string, { inputs, parameters }: Given): number[][] {
  const found = interpreted(text, "evaluate", { batch, inputs, parameters });
  const names = Object.keys(found).filter((name) => /^metric:y\d+$/.test(name));
  names.sort((a, b) => Number(a.slice(8)) - Number(b.slice(8)));
  return Array.from({ length: batch }, (_, example) => names.map((name) => found[name]![example]!));
}

function expectRows(found: readonly (readonly number[])[], wanted: readonly Matrix[]): void {
  found.forEach((row, example) => {
    const flat = wanted[example]!.flat();
    expect(row.length).toBe(flat.length);
    for (const [k, value] of row.entries()) {
      expect(Math.abs(value - flat[k]!), `${example}, ${k}`).toBeLessThan(1e-12);
    }
  });
}

/** Gradients of a model's loss against central differences in every parameter. */
function expectGradients(text: string, { inputs, parameters }: Given): void {
  const loss = () => interpreted(text, "train", { batch, inputs, parameters }).loss![0]!;
  const found = interpreted(text, "train", { batch, inputs, parameters });
  for (const [name, values] of Object.entries(parameters)) {
    values.forEach((value, k) => {
      const step = 1e-5;
      const lossAt = (moved: number) => {
        values[k] = moved;
        const result = loss();
        values[k] = value;
        return result;
      };
      const slope = (lossAt(value + step) - lossAt(value - step)) / (2 * step);
      expect(Math.abs(found[`gradient:${name}`]![k]! - slope), `${name}[${k}]`).toBeLessThan(1e-8);
    });
  }
}

const examples = ({ inputs }: Given) => slices(inputs.x!, n, size);

describe("modules equal what is written out by hand", () => {
  test("LSTM", () => {
    const text = modelOf(`  let m = LSTM(${size}, 2)\n  let y = m(x)`, "LSTM", [n, 2]);
    const data = given({ "m.W": size * 8, "m.R": 2 * 8, "m.b": 8 });
    const { parameters: p } = data;
    const wanted = examples(data).map((x) => lstm(x, rows(p["m.W"]!, 8), rows(p["m.R"]!, 8), p["m.b"]!));
    expectRows(results(text, data), wanted);
    expectGradients(text, data);
  });

  test("GRU", () => {
    const text = modelOf(`  let m = GRU(${size}, 2)\n  let y = m(x)`, "GRU", [n, 2]);
    const gates = ["reset", "keep", "candidate"] as const;
    const sizes = gates.map((name) => ({ [`m.${name}.W`]: size * 2, [`m.${name}.R`]: 4, [`m.${name}.b`]: 2 }));
    const data = given(Object.assign({ "m.offset": 2 }, ...sizes));
    const { parameters: p } = data;
    const gate = (name: string) => ({
      W: rows(p[`m.${name}.W`]!, 2),
      R: rows(p[`m.${name}.R`]!, 2),
      b: p[`m.${name}.b`]!,
    });
    const weights: Gru = {
      reset: gate("reset"),
      keep: gate("keep"),
      candidate: gate("candidate"),
      offset: p["m.offset"]!,
    };
    const wanted = examples(data).map((x) => {
      let h = [0, 0];
      return x.map((row) => {
        h = gruStep(row, h, weights);
        return h;
      });
    });
    expectRows(results(text, data), wanted);
    expectGradients(text, data);
  });

  test.each([
    [1, "same"],
    [2, "same"],
    [3, "same"],
    [4, "same"],
    [2, "valid"],
    [5, "valid"],
  ] as const)("Conv1D of width %i, %s", (width, padding) => {
    const places = padding === "same" ? n : n - width + 1;
    const body = `  let m = Conv1D(${size}, 2, ${width}, "${padding}")\n  let y = m(x)`;
    const text = modelOf(body, "Conv1D", [places, 2]);
    const data = given({ "m.W": width * size * 2, "m.b": 2 });
    const W = slices(data.parameters["m.W"]!, size, 2);
    expectRows(
      results(text, data),
      examples(data).map((x) => convolution(x, W, data.parameters["m.b"]!, padding)),
    );
    expectGradients(text, data);
  });

  test("Embedding", () => {
    const body = `  let m = Embedding(${words}, ${size})\n  let y = m(word) * x`;
    const text = modelOf(body, "Embedding", [n, size]);
    const data = given({ "m.table": words * size });
    const table = rows(data.parameters["m.table"]!, size);
    const wanted = examples(data).map((x, example) =>
      x.map((row, i) => row.map((value, k) => value * table[data.inputs.word![example * n + i]!]![k]!)),
    );
    expectRows(results(text, data), wanted);
    expectGradients(text, data);
  });

  test("LayerNorm", () => {
    const text = modelOf(`  let m = LayerNorm(${size})\n  let y = m(x)`, "LayerNorm", [n, size]);
    const data = given({ "m.scale": size, "m.offset": size });
    const { "m.scale": scale, "m.offset": offset } = data.parameters;
    const wanted = examples(data).map((x) =>
      x.map((row) => {
        const mean = row.reduce((a, b) => a + b) / size;
        const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / size;
        return row.map((value, k) => ((value - mean) / Math.sqrt(variance + 1e-5)) * scale![k]! + offset![k]!);
      }),
    );
    expectRows(results(text, data), wanted);
    expectGradients(text, data);
  });
});

describe("functions equal what is written out by hand", () => {
  const logits = (data: Given) =>
    examples(data).map((x) => affine(x[0]!, rows(data.parameters["out.W"]!, classes), data.parameters["out.b"]!));
  const output = `  let out = Linear(${size}, ${classes})\n  let logits = out(x)[0]`;

  test("cross_entropy and is_correct", () => {
    const body = `${output}\n  let y = stack([cross_entropy(logits, label), is_correct(logits, label)])`;
    const text = modelOf(body, "Linear", [2]);
    const data = given({ "out.W": size * classes, "out.b": classes });
    const wanted = logits(data).map((row, example) => {
      const label = data.inputs.label![example]!;
      return [[crossEntropy(row, label), row[label] === Math.max(...row) ? 1 : 0]];
    });
    expect(new Set(wanted.map(([row]) => row![1])).size).toBe(2);
    expectRows(results(text, data), wanted);
    expectGradients(text, data);
  });

  test("log_softmax far from 0", () => {
    const text = modelOf(`${output}\n  let y = log_softmax(800 * logits)`, "Linear", [classes]);
    const data = given({ "out.W": size * classes, "out.b": classes });
    const wanted = logits(data).map((row) => [
      row.map(
        (_, k) =>
          -crossEntropy(
            row.map((each) => 800 * each),
            k,
          ),
      ),
    ]);
    results(text, data).forEach((row, example) => {
      for (const [k, value] of row.entries()) expect(value).toBeCloseTo(wanted[example]![0]![k]!, 9);
    });
  });

  test("max_pool1d, with windows that overlap and that do not", () => {
    const body =
      "  param w: f32[1] ~ ones\n  let y = concat(max_pool1d(w[0] * x, 2), max_pool1d(w[0] * x, 3, stride = 1), axis = 0)";
    const text = modelOf(body, "Linear", [2 + 3, size]);
    const data = given({ w: 1 });
    const largest = (x: Matrix, from: number, width: number) =>
      x[0]!.map((_, k) => Math.max(...x.slice(from, from + width).map((row) => row[k]! * data.parameters.w![0]!)));
    const wanted = examples(data).map((x) => [
      ...[0, 2].map((from) => largest(x, from, 2)),
      ...[0, 1, 2].map((from) => largest(x, from, 3)),
    ]);
    expectRows(results(text, data), wanted);
    expectGradients(text, data);
  });

  test("means and largest of the first places", () => {
    const body = "  let y = stack([mean_of_first(x, length), maximum_of_first(x, length)])";
    const text = modelOf(body, "Linear", [2, size]);
    const data = given({});
    const wanted = examples(data).map((x, example) => {
      const first = x.slice(0, data.inputs.length![example]!);
      const column = (k: number) => first.map((row) => row[k]!);
      return [
        x[0]!.map((_, k) => column(k).reduce((a, b) => a + b) / first.length),
        x[0]!.map((_, k) => Math.max(...column(k))),
      ];
    });
    expectRows(results(text, data), wanted);
  });
});

test("padding changes nothing: an example by itself, cut to its length, has the same results", () => {
  const body = (length: number) => `
import { Conv1D, LSTM, Embedding } from "std/nn"
model Padded(n = ${length}) {
  data word: i32[n]
  data length: i32
  let words = Embedding(${words}, ${size})
  let forwards = LSTM(${size}, ${size})
  let convolution = Conv1D(${size}, ${size}, 3)
  let again = Conv1D(${size}, ${size}, 3)
  let x = only_first(words(word), length)
  let h = only_first(relu(convolution(only_first(forwards(x), length))), length)
  let y = maximum_of_first(again(h), length) + mean_of_first(h, length)
  minimize sum(y * y)
}`;
  const next = random(3);
  const draw = (count: number) => Array.from({ length: count }, () => 2 * next() - 1);
  const parameters = {
    "words.table": draw(words * size),
    "forwards.W": draw(size * 4 * size),
    "forwards.R": draw(size * 4 * size),
    "forwards.b": draw(4 * size),
    "convolution.W": draw(3 * size * size),
    "convolution.b": draw(size),
    "again.W": draw(3 * size * size),
    "again.b": draw(size),
  };
  const lengths = [2, n, 4];
  const word = Array.from({ length: batch * n }, () => Math.floor(words * next()));
  const padded = interpreted(body(n), "evaluate", { batch, inputs: { word, length: lengths }, parameters });
  const apart = lengths.map((length, example) => {
    const own = word.slice(example * n, example * n + length);
    return interpreted(body(length), "evaluate", { batch: 1, inputs: { word: own, length: [length] }, parameters });
  });
  const losses = apart.map((found) => found["metric:loss"]![0]!);
  for (const [example, value] of padded["metric:loss"]!.entries()) expect(value).toBeCloseTo(losses[example]!, 12);
  // The reference by hand, for the shortest.
  const table = rows(parameters["words.table"], size);
  const x = word.slice(0, 2).map((index) => table[index]!);
  const h = lstm(x, rows(parameters["forwards.W"], 16), rows(parameters["forwards.R"], 16), parameters["forwards.b"]);
  const inner = relu(convolution(h, slices(parameters["convolution.W"], size, size), parameters["convolution.b"]));
  const outer = convolution(inner, slices(parameters["again.W"], size, size), parameters["again.b"]);
  const y = outer[0]!.map((_, k) => Math.max(...outer.map((row) => row[k]!)) + (inner[0]![k]! + inner[1]![k]!) / 2);
  expect(losses[0]).toBeCloseTo(
    y.reduce((sum, value) => sum + value * value, 0),
    12,
  );
});
