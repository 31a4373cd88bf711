import { test } from "vitest";
import { compile } from "../../compiler/compile.ts";
import { evaluate } from "../../compiler/ir/tensor/interpret.ts";
import { nodesInOrder } from "../../compiler/ir/tensor/order.ts";
import { fuse } from "../../compiler/passes/fuse.ts";
import { library } from "../../stdlib/library.ts";
import { cases, environmentOf } from "../passes/programs.ts";
import { difference } from "../tensor/harness.ts";
import { runOnDevice } from "./harness.ts";

test("debug", async () => {
  const each = cases[2]!;
  const { programs, kernels } = compile(each.source, { library, target: "webgpu", arguments: each.arguments });
  const program = programs.find((p) => p.name === "evaluate")!;
  const environment = environmentOf([...program.outputs.values()], kernels, 3, 11);
  const values = evaluate([...program.outputs.values()], environment);
  const { groups } = fuse(program);
  console.log(nodesInOrder(program.outputs.values()).length, groups.length);
  let bad = 0;
  for (const g of groups) {
    const node = g.root;
    const got = (await runOnDevice(
      { name: "evaluate", labels: program.labels, outputs: new Map([["x", node]]) },
      environment,
      kernels,
    ))!.get("x")!;
    const d = difference(values.get(node)!, got);
    if (d > 1e-4) {
      const { printed } = await import("./harness.ts");
      const c = printed({ name: "evaluate", labels: program.labels, outputs: new Map([["x", node]]) }, kernels);
      console.log(Object.values(c.modules).at(-1));
      console.log(
        node.op,
        program.labels.get(node),
        node.type,
        JSON.stringify(node.attributes).slice(0, 100),
        node.inputs.map((i) => i.op + JSON.stringify(i.type.shape) + i.type.batched),
        d,
        g.anchor?.op,
        values.get(node)!.data.slice(0, 6),
        got.data.slice(0, 6),
      );
      if (++bad > 2) break;
    }
  }
}, 300000);
