/** What cannot be read: the message, its place, and that everything else of the file is still told. */
import { expect, test } from "vitest";
import { render } from "../../compiler/diagnostic.ts";
import { cases, expectDiagnostics, expectRendering, runCheck } from "./harness.ts";

cases({
  "statements that end too soon": `
model M() {
  data x f32[3]              //~ syntax «f32»: expected ':' and a type but found 'f32'
  let = 3                    //~ syntax «=»: expected a name after 'let' but found '='
  let a =
  let b = 3                  //~ syntax «let»: expected an expression but found 'let'
  param w: f32[3]
  hyper t = 3                //~ syntax «hyper»: expected '~' and an initialiser such as glorot_normal but found 'hyper'
  latent z OneHot(3)         //~ syntax «OneHot»: expected ':' and a structure
  minimize x + a + w + z
}`,
  "words of the language are no names": `
model M() {
  let for = 3
  //~^ syntax «for»: expected a name after 'let'; 'for' is a word of the language but found 'for'
  let x = if 1 > 0 then 2
  minimize 0                 //~ syntax «minimize»: expected 'else' (an expression has a value in both cases)
}`,
  "characters and texts": `
model M() {
  let a = 3 # 4              //~ syntax «#»: unexpected character "#"
  require 1 > 0 else "no
  //~^ syntax «"»: this text does not end on its line, or holds a bad escape => with the escapes of JSON
  let b = $
  let c = "a\\qb"
  //~^^ syntax «$»: unexpected character "$"
  //~^^ syntax «"»: this text does not end on its line, or holds a bad escape
  //~^^^ syntax «\\»: unexpected character
  //~^^^^ syntax «"»: this text does not end on its line
  minimize a + b + c
}`,
  "comparisons do not chain": `
model M(n = 3) {
  require 0 < n < 5          //~ syntax «<»: comparisons do not chain => write a < b and b < c
  minimize 0
}`,
  "unknown statements and declarations": `
model M() {
  print(3)                   //~ syntax «print»: expected a statement of a model (graph, hyper, data
  minimize 0
}
function f(x) = x            //~ syntax «function»: expected a declaration (import, model, module, fn
kernel k(n) { }              //~ syntax «{»: expected '->' and the kernel's outputs
structure S(n) { size n }    //~ syntax «size»: expected a clause of a structure
distribution D(a) { mean a } //~ syntax «mean»: expected a clause of a distribution
relaxation R { map = 3 }     //~ syntax «=»: expected '(' but found '='
experiment e { }             //~ syntax «{»: expected 'for' and the model's name`,
  "a closing brace that is missing costs nothing but itself": `
model M() {
  data x: f32[3]
  minimize sum(y)            //~ unknown-name «y»: there is no y here
model N() {                  //~ syntax «model»: expected '}' at the end of the model but found 'model'
  minimize sum(z)            //~ unknown-name «z»: there is no z here
}
experiment e for M {         //~ missing-clause: does not train
  //~^ missing-clause: has no data
  //~^^ missing-clause: reports nothing
}`,
  "what an unreadable statement would have given is not called unknown": `
import { Linear, for } from "std/nn"       //~ syntax «for»: expected a name to import
fn broken(x) = x +
fn whole(x) = broken(x) + lost       //~ syntax «fn»: expected an expression but found 'fn'
//~^ unknown-name «lost»: there is no lost here
structure Broken(n { }       //~ syntax «{»: expected ')' after the parameters
model M() {
  data x: f32[3]
  graph K = complete(
  let h = Linear(3, 4)       //~ syntax «let»: expected an expression but found 'let'
  latent z: Broken(3) ~ Gumbel(0) relax ExpFamily at 1
  minimize sum(h(x)) + sum(from(K, x)) + gone         //~ unknown-name «gone»: there is no gone here
}`,
  "deep nesting": `
model M() {
  let a = ${"(".repeat(300)}1${")".repeat(300)}
  //~^ syntax «(»: this is nested more than 200 levels deep => name a part of it with let
  let b = ${Array(600).fill("1").join(" + ")}
  //~^ syntax: this expression has more than 500 levels of operators => name a part of it with let
  let c = a${".b".repeat(600)}                    //~ syntax: more than 500 levels of operators
  let d = ${"-".repeat(600)}1                     //~ syntax: nested more than 200 levels deep
  minimize 0
}
kernel k(n, u: f32[n]) -> x: f32[n] {
  ${"if u[0] > 0 { x[0] = 1 } else ".repeat(300)} { }   //~ syntax: nested more than 200 levels deep
}
experiment e for M {
  ${"scale s { ".repeat(300)}                     //~ syntax: nested more than 200 levels deep
}`,
  "a long chain that fits": `
model M() {
  data x: f32[3]
  minimize sum(x) + ${Array(400).fill("1").join(" + ")}
}`,
});

test("forty mistakes in one file are all told in one run", () => {
  const text = Array.from(
    { length: 10 },
    (_, i) => `
model M${i}() {
  data x: f32[3]
  let a = x +                
  let b = x + [1, 2]         //~ syntax «let»: expected an expression but found 'let'
  //~^ shape-mismatch «x + [1, 2]»: the operands of + have different shapes: [3] and [2]
  let c = b${i}              //~ unknown-name «b${i}»: there is no b${i} here
  minimize x                 //~ shape-mismatch «x»: an objective is one number for each example
}`,
  ).join("\n");
  const found = runCheck(text);
  expectDiagnostics(text, found);
  expect(found).toHaveLength(40);
});

test("diagnostics come in the order of the text, each once", () => {
  const text = "fn f(x) = y\nmodel M() {\n  let a = f(1) + f(2)\n  minimize a + z\n  metric m = f(3)\n}\n";
  expect(runCheck(text).map(({ message }) => message)).toEqual(["there is no y here", "there is no z here"]);
});

test("carets stand under the text after tabs, wide characters and on long lines", () => {
  const lines = [
    "model M() {",
    '\trequire 1 > 0 else "größer 🌲🌲"\tlet a = lost',
    `  let b = ${" ".repeat(5000)}gone${" ".repeat(5000)}`,
    `  let c = ${"x".repeat(500)}`,
    "  minimize 0",
    "}",
  ];
  for (const newline of ["\n", "\r\n"]) {
    const found = runCheck(lines.join(newline));
    expect(found.map(({ code }) => code)).toEqual(["unknown-name", "unknown-name", "unknown-name"]);
    const [tabs, long, wide] = found.map((each) => render(each).split("\n"));
    expect(tabs![3]).toBe(`2 | ${lines[1]}`);
    expect(tabs![4]).toBe(`  | \t${" ".repeat([...'require 1 > 0 else "größer 🌲🌲"'].length)}\t${" ".repeat(8)}^^^^`);
    expect(long![3]!.length).toBeLessThan(250);
    expect(long![3]!.slice(long![4]!.indexOf("^"), long![4]!.lastIndexOf("^") + 1)).toBe("gone");
    expect(wide![3]).toContain("…");
    expectRendering(found[2]!);
  }
});

test("a problem at the very end of a file is shown", () => {
  for (const text of ["model M() {", "model M() {\n", "model", "", "fn f(x) ="]) {
    for (const diagnostic of runCheck(text)) expect(render(diagnostic)).toMatch(/\^/);
  }
  expect(runCheck("model M() {").map(({ message }) => message)).toEqual([
    "expected '}' at the end of the model but found the end of the file",
  ]);
});
