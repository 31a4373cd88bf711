/** What the language has words for but this version does not carry out: each is named, none is a crash. */
import { expect, test } from "vitest";
import { builtins } from "../../compiler/elaborate/builtins/registry.ts";
import { LATER } from "../../compiler/later.ts";
import { library } from "../../stdlib/library.ts";
import { cases, only, runCheck } from "./harness.ts";

cases({
  "search and bootstrap": `
model M() {
  data x: f32[3]
  hyper t = 1
  minimize sum(x) * t
}
experiment e for M {
  data from "./data.js" load
  train adam(1e-3) batch 128 steps 50000
  search random 20 { t in uniform(0.1, 2) }
  //~^ not-yet «search random 20 { t in uniform(0.1, 2) }»: search is not available in this version of sstc yet
  report test.loss bootstrap 100000
  //~^ not-yet «100000»: bootstrap is not available in this version of sstc yet
  scale small { search random 2 }            //~ not-yet «search random 2»: search is not available
}`,
  "what is searched has a value": `
model M() {
  data x: f32[3]
  hyper t = 1
  minimize sum(x) * t
}
experiment e for M {
  data from "./data.js" load
  train adam(lr) batch 128 steps 50000
  search random 20 { lr in log(1e-5, 1e-2)   t in uniform(0.1, 2) }
  //~^ not-yet: search is not available in this version of sstc yet
  report test.loss
}`,
  "names of later versions": `
model M() {
  data x: f32[4]
  let e = conv2d(x)          //~ not-yet «conv2d»: the function conv2d is not available
  let f = Attention(4, 4)    //~ not-yet «Attention»: the module Attention is not available
  minimize cumulative_sum(x)           //~ not-yet «cumulative_sum»: the function cumulative_sum is not available
}`,
});

for (const [name, kind] of LATER) {
  test(`${kind} ${name} is named as not yet available`, () => {
    const text = `model M() {\n  data x: f32[3]\n  let y = ${name}(x)\n  minimize sum(x)\n}\n`;
    expect(only(runCheck(text))).toMatchObject({
      code: "not-yet",
      message: `the ${kind} ${name} is not available in this version of sstc yet`,
    });
  });
  test(`${name} is not available after all`, () => {
    expect(library.index.has(name) || builtins.has(name)).toBe(false);
  });
}
