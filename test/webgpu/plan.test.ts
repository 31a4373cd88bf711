/**
 * What `sstc explain --target webgpu` says of a call is what the runtime does; and kernels do the work of several
 * operations.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { compile } from "../../compiler/compile.ts";
import { explain } from "../../compiler/explain.ts";
import { UserError } from "../../runtime/user-error.ts";
import { WebGpuEngine } from "../../runtime/webgpu/engine.ts";
import { Gpu } from "../../runtime/webgpu/gpu.ts";
import { library } from "../../stdlib/library.ts";
import { testDevice } from "./device.ts";

const source = { name: "nri.sst", text: readFileSync("examples/nri/nri.sst", "utf8") };

describe("NRI", () => {
  const small = { V: 4, T: 3, hidden: 8 };
  test("dispatches and bytes are those of the plan", async () => {
    const { artifact, operations } = compile(source, { library, target: "webgpu", arguments: small });
    const { entries } = explain(source, artifact!, operations);
    const { gpu } = await testDevice();
    const engine = new WebGpuEngine(artifact!, new Gpu(gpu.device, "shared", undefined, true), { seed: 1 });
    const batch = 3;
    for (const { name, dispatches, bytesMoved } of entries) {
      const entry = artifact!.entries.find((each) => each.name === name)!;
      const inputs = Object.fromEntries(
        artifact!.data.map(({ name, shape }) => [
          name,
          { shape: [batch, ...shape], data: new Float32Array(batch * shape.reduce((a, b) => a * b, 1)).fill(0.5) },
        ]),
      );
      const call = { batch, inputs, hypers: { t: 0.5 }, seed: 1, purpose: "train", draw: 0 } as const;
      const before = { ...engine.executor.tally };
      const run = name === "train" ? engine.train(entry, call, () => false, 0) : engine.run(entry, call, () => false);
      // Without a driver nothing is computed, and the loss is nothing that training goes on with.
      await run.catch((problem: unknown) => expect(problem).toBeInstanceOf(UserError));
      const { tally } = engine.executor;
      expect(tally.dispatches - before.dispatches, name).toBe(dispatches);
      expect(tally.bytes - before.bytes, name).toBe(bytesMoved!.fixed + batch * bytesMoved!.perExample);
      expect(tally.submissions - before.submissions, name).toBe(1);
    }
    engine.executor.destroy();
  });

  test("of the paper's size takes at least four times fewer dispatches than it has operations", () => {
    const { artifact, operations } = compile(source, { library, target: "webgpu" });
    for (const { name, dispatches, operations: counted } of explain(source, artifact!, operations).entries) {
      expect(counted.generated / dispatches!, name).toBeGreaterThan(4);
    }
  });
});
