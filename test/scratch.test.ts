import { test } from "vitest"; import { parse } from "/work/main/grammar/parse.ts"; import { readFileSync } from "fs";
test("x", () => { const t=readFileSync("/tmp/all.sst","utf8"); const t0=performance.now(); const r = parse(t); console.log(performance.now()-t0);
 for (const p of r.problems) console.log(t.slice(0,p.span.start).split("\n").length, p.message);
 console.log(r.file.declarations.map(d=>d.kind+" "+d.name.name)); });
