/** Texts, comments and letters of any kind: they stay data, or are refused with a message that a terminal can show. */
import { describe, expect, test } from "vitest";
import { check } from "../../compiler/check.ts";
import { compile } from "../../compiler/compile.ts";
import { render } from "../../compiler/diagnostic.ts";
import { readExperiment } from "../../compiler/experiment.ts";
import { openDevice } from "../../runtime/devices.ts";
import { library } from "../../stdlib/library.ts";
import { findHoles } from "./program-text.ts";

const cpu = await openDevice("cpu");
const functions = new Set([...Object.keys(cpu.tf), ...Object.getOwnPropertyNames(Math)]);

const TEXTS = [
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it must not become a template
  "`${globalThis.leak = 1}`",
  '"); globalThis.leak = 1; ("',
  "'); globalThis.leak = 1; ('",
  "*/ globalThis.leak = 1 /*",
  "</script><script>globalThis.leak = 1</script>",
  "\n globalThis.leak = 1 \n",
  "\r\u2028\u2029 globalThis.leak = 1",
  "\\",
  "\\u0022",
  "//",
  "\u0000\u001b[31m\u202e",
  "🌲 größer ｘ а",
  "__proto__",
];

/** A model whose every text and comment is hostile. */
const modelWith = (text: string) => {
  const quoted = JSON.stringify(text);
  const comment = text.replace(/[\r\n]/g, " ");
  return `/// ${comment}
/// ${comment}
fn f(x) = x * 2  // ${comment}
/// ${comment}
kernel k(n, u: f32[n]) -> x: f32[n] {
  // ${comment}
  require n > 0 else ${quoted}
  for i in 0..n { x[i] = 1 / n }
}
/// ${comment}
structure S(n) {
  embedding x: binary[n]
  require n > 0 else ${quoted}
  argmax largest
  relax ExpFamily by k symmetric
  relax Euclidean refused ${quoted}
}
/// ${comment}
model M(title: text = ${quoted}, n = 3) {  // ${comment}
  data x: f32[n]
  require n > 2 else ${quoted}
  latent z: S(n) ~ Gumbel(x) relax ExpFamily at 1
  minimize sum(f(x) * z)  // ${comment}
}
`;
};

describe("texts of a source stay data", () => {
  for (const text of TEXTS) {
    test(JSON.stringify(text), () => {
      const { artifact, diagnostics } = compile({ name: "texts.sst", text: modelWith(text) }, { library });
      expect(diagnostics.map(render)).toEqual([]);
      expect(check({ name: "texts.sst", text: modelWith(text) }, { library }).map(render)).toEqual([]);
      expect(findHoles(artifact!.program, functions)).toEqual([]);
      expect(artifact!.program).not.toContain("leak");
      expect(artifact!.program).toMatch(/^[\n\x20-\x7e]*$/);
      expect(artifact!.program).toBe(
        compile({ name: "texts.sst", text: modelWith("plain") }, { library }).artifact!.program,
      );
      expect(JSON.parse(JSON.stringify(artifact)).arguments).toEqual({ title: text, n: 3 });
    });
  }
});

describe("a message with any text is lines that a terminal can show", () => {
  for (const text of TEXTS) {
    test(JSON.stringify(text), () => {
      const source = `model M(n = 1) {\n  require n > 2 else ${JSON.stringify(text)}\n  minimize 0\n}\n`;
      const [diagnostic, ...others] = compile({ name: "texts.sst", text: source }, { library }).diagnostics;
      expect(others).toEqual([]);
      expect(diagnostic!.message).toBe(text);
      const lines = render(diagnostic!).split("\n");
      expect(lines).toHaveLength(6);
      for (const line of lines) expect(line).not.toMatch(/[\p{Cc}\u2028\u2029\u202e]/u);
      expect(lines[4]).toBe("  |           ^^^^^");
    });
  }
});

describe("letters that are not the language's are refused where they stand", () => {
  const letters: { readonly [name: string]: string } = {
    "a Cyrillic homoglyph": "а",
    "a full-width letter": "ｘ",
    "a Greek letter": "θ",
    "an emoji": "🌲",
    "a line separator": "\u2028",
    "a zero-width space": "\u200b",
    "a right-to-left override": "\u202e",
    "a combining accent": "\u0301",
    "a lone surrogate": "\ud800",
    "a null": "\u0000",
    "an escaped name": "\\u0061",
    "a backtick": "`",
    "a dollar sign": "$",
    "a private name": "#x",
  };
  for (const [name, letter] of Object.entries(letters)) {
    test(name, () => {
      for (const text of [
        `model M() {\n  let x${letter} = 1\n  minimize 0\n}\n`,
        `model M() {\n  let ${letter}x = 1\n  minimize x\n}\n`,
        `model ${letter}() {\n  minimize 0\n}\n`,
        `${letter}`,
      ]) {
        const { artifact, diagnostics } = compile({ name: "letters.sst", text }, { library });
        expect(artifact).toBeUndefined();
        expect(diagnostics[0]!.code).toBe("syntax");
        expect(diagnostics[0]!.message).toContain("unexpected character");
        const at = text.indexOf(letter);
        expect(diagnostics[0]!.span.start).toBeGreaterThanOrEqual(at);
        expect(diagnostics[0]!.span.start).toBeLessThan(at + Math.max(1, letter.length));
        for (const line of render(diagnostics[0]!).split("\n")) expect(line).not.toMatch(/[\p{Cc}\p{Cf}\u2028]/u);
      }
    });
  }
});

describe("experiments with hostile names are plain data", () => {
  for (const name of ["constructor", "__proto__", "toString", "hasOwnProperty", "vary", "prototype"]) {
    test(name, () => {
      const text = `model M(${name} = 3) {
  hyper t = 1
  data x: f32[${name}]
  minimize sum(x) * t
  metric m = record(${name} = sum(x))
}
experiment ${name}2 for M {
  vary ${name} in { 3, 4 }
  hyper t = 2
  data from "./\${x}.js" ${name}(${name}, ${name} = ${name}, other = "__proto__")
  train adam(1e-3) batch 8 steps 10 keep best valid.m.${name}
  report test.loss, test.m.${name}
  scale ${name} { model ${name} = 5 }
}
`;
      const source = { name: "experiment.sst", text };
      expect(check(source, { library }).map(render)).toEqual([]);
      const { spec } = readExperiment(source, { library, experiment: `${name}2`, scale: name });
      const stored = JSON.parse(JSON.stringify(spec));
      expect(Object.entries(stored.data.named)).toEqual([
        [name, { vary: name }],
        ["other", "__proto__"],
      ]);
      expect(Object.entries(stored.modelArguments)).toEqual([[name, { vary: name }]]);
      // One value in a scale is all that it is varied over there.
      expect(stored.vary).toEqual([{ name, values: [5] }]);
      expect(stored.report[1]).toEqual({ split: "test", metric: `m.${name}` });
      // What is not in the text is not found in a prototype.
      expect(readExperiment(source, { library, scale: "valueOf" }).diagnostics.map(({ code }) => code)).toEqual([
        "unknown-scale",
      ]);
      expect(readExperiment(source, { library, experiment: "valueOf" }).spec).toBeUndefined();
    });
  }
});

test("the walk over programs finds what it should", () => {
  const program = (body: string) =>
    `(tf, runKernel) => {\n  const kernels = {};\n  return { train: (batch, inputs) => ${body} };\n}`;
  expect(findHoles(program('tf.add(inputs["x"], 1)'), functions)).toEqual([]);
  const holes: { readonly [body: string]: string } = {
    globalThis: "the global globalThis",
    "eval(batch)": "the global eval",
    "tf.constructor": "the member tf.constructor",
    "inputs.constructor": "the member inputs.constructor",
    'batch["constructor"]': "batch[constructor]",
    "`${batch}`": "the form TemplateLiteral",
    "tf.add`x`": "the form TaggedTemplateExpression",
    '({ "__proto__": batch })': "a key that sets the prototype",
    "new Function()": "new Function",
    "(() => { throw batch; })()": "the form ThrowStatement",
    'import("x")': "the form ImportExpression",
    this: "the form ThisExpression",
    "/x/": "a regular expression",
    "(batch, inputs)": "the form SequenceExpression",
  };
  for (const [body, hole] of Object.entries(holes)) expect(findHoles(program(body), functions), body).toContain(hole);
  expect(findHoles("1); globalThis.leak = (1", functions)).toContain("it is not one expression");
});
