/** What is kept for equal compile-time values is never taken for others. */
import { expect, test } from "vitest";
import { compile } from "../../compiler/compile.ts";
import { render } from "../../compiler/diagnostic.ts";
import { Memo, type StaticValues } from "../../compiler/memo.ts";
import { type StaticValue, staticNumber } from "../../compiler/static-value.ts";
import { library } from "../../stdlib/library.ts";

const triangle: StaticValue = {
  kind: "graph",
  vertices: 3,
  directed: false,
  edges: [
    [0, 1],
    [1, 2],
    [0, 2],
  ],
  label: "G",
};
const values = (value: StaticValue): StaticValues => new Map([["a", value]]);

test("values are compared by content", () => {
  const different: readonly StaticValue[] = [
    staticNumber(0),
    staticNumber(-0),
    staticNumber(1),
    { kind: "boolean", value: true },
    { kind: "string", value: "1" },
    { kind: "list", items: [staticNumber(1)] },
    { kind: "list", items: [staticNumber(1), staticNumber(2)] },
    triangle,
    { ...triangle, directed: true },
    {
      ...triangle,
      edges: [
        [0, 1],
        [1, 2],
        [1, 0],
      ],
    },
  ];
  for (const first of different) {
    for (const second of different) {
      const memo = new Memo<object, number>();
      const subject = {};
      memo.get(subject, values(first), () => 1);
      expect(memo.get(subject, values(structuredClone(second)), () => 2)).toBe(first === second ? 1 : 2);
    }
  }
});

test("subjects are apart, what is thrown is not kept, and the oldest result goes first", () => {
  const memo = new Memo<object, number>();
  const subject = {};
  expect(() =>
    memo.get(subject, values(staticNumber(0)), () => {
      throw new Error("no");
    }),
  ).toThrow("no");
  for (let n = 0; n < 9; n++) memo.get(subject, values(staticNumber(n)), () => n);
  expect(memo.get(subject, values(staticNumber(8)), () => -1)).toBe(8);
  expect(memo.get({}, values(staticNumber(8)), () => -1)).toBe(-1);
  expect(memo.get(subject, values(staticNumber(0)), () => -1)).toBe(-1);
});

test("graphs that are written alike but differ, in one model and in two", () => {
  const model = (latents: string) => `model M() {\n${latents}\n  param w: f32[3] ~ zeros\n  minimize sum(w)\n}\n`;
  const latent = (name: string, edges: string) =>
    `  graph G${name} = graph(4, ${edges})\n  latent ${name}: SpanningTree(G${name}) ~ Gumbel(0) relax ExpFamily at 1`;
  const [a, b] = [latent("a", "[[0, 1], [1, 2], [2, 3]]"), latent("b", "[[0, 1], [0, 2], [0, 3]]")];
  const program = (text: string) => {
    const { artifact, diagnostics } = compile({ name: "graphs.sst", text }, { library });
    expect(diagnostics.map(render)).toEqual([]);
    return artifact!.program;
  };
  const solvers = (text: string) => new Set(text.match(/kruskal_\w*/g));
  const both = solvers(program(model(`${a}\n${b}`)));
  expect(both.size).toBe(2 * solvers(program(model(a))).size);
  expect(new Set([...solvers(program(model(a))), ...solvers(program(model(b)))])).toEqual(both);
});
