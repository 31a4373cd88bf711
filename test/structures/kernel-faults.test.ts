/** What kernels of the user's own do wrong only when they run: an error, and never the numbers of another example. */
import { expect, test } from "vitest";
import { compile } from "../../compiler/compile.ts";
import { render } from "../../compiler/diagnostic.ts";
import { compileLayer } from "../../compiler/layer.ts";
import { instantiate } from "../../runtime/instantiate.ts";
import { StructureLayer } from "../../runtime/layer.ts";
import { library } from "../../stdlib/library.ts";

function textOf(body: string, more = ""): string {
  return `structure Mine(n) { embedding x: binary[n]  argmax solve  ${more} }
kernel solve(n, u: f32[n]) -> x: f32[n] {
  for i in 0..n { x[i] = 0 }
  ${body}
}
`;
}

function layerOf(body: string, more = "", relaxation?: string): StructureLayer {
  const source = { name: "mine.sst", text: textOf(body, more) };
  const temperature = relaxation === undefined ? undefined : "1";
  return new StructureLayer(compileLayer({ structure: "Mine(3)", relaxation, temperature, source }, library));
}

test("an index beyond the row read the next example", () => {
  const layer = layerOf("for i in 0..n { if u[i] > 0 { x[i] = if u[i + 1] > 0 then 1.0 else 0.0 } }");
  expect(layer.argmax([[1, 2, -1]])).toEqual([[1, 0, 0]]);
  const rows = [
    [1, 2, -1],
    [1, 2, 3],
    [1, 2, -1],
  ];
  expect(() => layer.argmax(rows)).toThrow(/the kernel solve used index 3 of u, which has 3, in example 1$/);
});

test("an index beyond the row wrote into the next example", () => {
  const layer = layerOf("for i in 0..n { x[i + i32(u[i])] = 1 }");
  expect(layer.argmax([[2, 0, -1]])).toEqual([[0, 1, 1]]);
  for (const u of [3, -1, 1e12, -1e12]) {
    expect(() => layer.argmax([[u, 0, 0]])).toThrow(`used index ${u} of x, which has 3, in example 0`);
  }
});

test("an index from another array, from a table of edges or in a second dimension is guarded", () => {
  const message = (body: string) => () => layerOf(body).argmax([[1, 4, 2]]);
  expect(message("shared at: i32[n]\n for i in 0..n { at[i] = i32(u[i]) }\n x[at[1]] = 1")).toThrow("index 4 of x");
  expect(message("shared w: f32[n, n]\n w[0, i32(u[1])] = 1\n x[0] = w[1, 1]")).toThrow("index 4 of w, which has 3");
  expect(message("shared w: f32[n, n]\n w[i32(u[1]), 0] += 1\n x[0] = w[1, 1]")).toThrow("index 4 of w, which has 3");
});

test("the derivative of a kernel keeps the guards of the kernel", () => {
  const more = "relax ExpFamily by spread symmetric";
  const source = textOf("x[0] = 1", more);
  const kernel = "kernel spread(n, u: f32[n]) -> x: f32[n] { for i in 0..n { x[i] = u[i] * u[i32(abs(u[i]))] } }";
  const request = { structure: "Mine(3)", relaxation: "ExpFamily", temperature: "1", backward: "dual" };
  const layer = new StructureLayer(
    compileLayer({ ...request, source: { name: "mine.sst", text: source + kernel } }, library),
  );
  expect(layer.vjp([[1, 0, 2]], [[1, 1, 1]])).toEqual([[1, 1, 4]]);
  expect(() => layer.vjp([[1, 0, 5]], [[1, 1, 1]])).toThrow("used index 5 of u, which has 3, in example 0");
});

test("a loop without end hung", () => {
  const layer = layerOf("var i = 0\n while u[0] > x[0] or i >= 0 { i = i + 1 - 1\n x[1] = sum(u[j] for j in 0..n) }");
  expect(() => layer.argmax([[1, 1, 1]])).toThrow(/the kernel solve took more than \d+ steps: .* in example 0$/);
}, 60_000);

test("a loop as long as a number of the input says hung", () => {
  const layer = layerOf("for i in 0..i32(u[0]) { for j in 0..100000 { x[1] = 1 } }");
  expect(layer.argmax([[2, 1, 1]])).toEqual([[0, 1, 0]]);
  expect(() => layer.argmax([[1e15, 1, 1]])).toThrow("it has a loop that does not come to an end, in example 0");
}, 60_000);

test("a loop that counts down is known to end, and from where it starts how soon", () => {
  const down = (start: string) => `var j = ${start}\n while j > 0 {\n j -= 1\n x[min(j, n - 1)] = 1 }`;
  const source = (start: string) => ({ name: "mine.sst", text: textOf(down(start)) });
  const printed = (start: string) => compileLayer({ structure: "Mine(3)", source: source(start) }, library).argmax.text;
  expect(printed("n")).not.toContain("steps");
  expect(printed("i32(u[0])")).toContain("steps");
  expect(layerOf(down("n")).argmax([[1, 1, 1]])).toEqual([[1, 1, 1]]);
  expect(() => layerOf(down("i32(u[0])")).argmax([[1e15, 1, 1]])).toThrow("does not come to an end, in example 0");
}, 60_000);

test("an argmax that gave no member was taken for one", () => {
  const layer = layerOf("if u[0] > 0 { x[0] = 0.3 }\n if u[1] > 0 { x[1] = 7 }");
  expect(layer.argmax([[-1, -1, -1]])).toEqual([[0, 0, 0]]);
  const rows = [
    [-1, -1, 0],
    [-1, 1, 0],
  ];
  expect(() => layer.argmax(rows)).toThrow(/gave what is no member of Mine: argmax solve .* in example 1$/);
});

test("a model told nothing of the faults of its kernels", async () => {
  const model = `model M() {
  data theta: f32[2, 3]
  latent z[2]: Mine(3) ~ Fixed(theta)
  minimize sum(z)
}`;
  const text = textOf("x[i32(u[1])] = 1") + model;
  const { artifact, diagnostics } = compile({ name: "mine.sst", text }, { library });
  expect(diagnostics.map(render)).toEqual([]);
  const instance = await instantiate(artifact!, { device: "cpu", seed: 1 });
  const theta = Float32Array.of(0, 1, 0, 0, 2, 0, 0, 0, 0, 0, 1, 0, 0, 2, 0, 0, 3, 0);
  const sampled = instance.sample({ theta });
  await expect(sampled).rejects.toThrow("used index 3 of x, which has 3, in example 2");
  instance.dispose();
});

test("a remainder of a negative number was negative in kernels, but not at compile time", () => {
  const layer = layerOf("x[(i32(u[0]) - 1) % n] = 1  x[i32((u[1] - 2.5) % 2)] = 1");
  expect(layer.argmax([[0, 1.5, 0]])).toEqual([[0, 1, 1]]);
});

test("a float argument was an integer where its value was whole", () => {
  const source = {
    name: "halved.sst",
    text: `structure Halved(n, a: float) { embedding x: binary[n]  argmax solve }
kernel solve(n, a: float, u: f32[n]) -> x: f32[n] {
  var b = a
  b = b * 0.5
  for i in 0..n { x[i] = if u[i] > b then 1.0 else 0.0 }
}`,
  };
  for (const [a, wanted] of [
    ["2", [0, 1]],
    ["2.5", [0, 1]],
    ["8", [0, 0]],
  ] as const) {
    const layer = new StructureLayer(compileLayer({ structure: `Halved(2, ${a})`, source }, library));
    expect(layer.argmax([[1, 2]]), a).toEqual([wanted]);
  }
});
