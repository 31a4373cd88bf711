/** Safetensors and checkpoints: what is written reads back, and every damaged or foreign file is told apart. */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { HostTensor } from "../../runtime/host-tensor.ts";
import { instantiate } from "../../runtime/instantiate.ts";
import type { Model } from "../../runtime/model.ts";
import { readSafetensors, writeSafetensors } from "../../runtime/safetensors.ts";
import { UserError } from "../../runtime/user-error.ts";
import { tinyArtifact } from "./tiny.ts";

function failure(action: () => unknown): UserError {
  try {
    action();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error("expected a UserError");
}

/** A file with this header and so many bytes of data. */
function file(header: unknown, dataBytes: number): Uint8Array {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}
const f32 = (shape: number[], begin: number, end: number) => ({ dtype: "F32", shape, data_offsets: [begin, end] });

const tensor: fc.Arbitrary<HostTensor> = fc.array(fc.nat(4), { maxLength: 3 }).chain((shape) => {
  const size = shape.reduce((a, b) => a * b, 1);
  const exactly = { minLength: size, maxLength: size };
  return fc.oneof(
    fc.float32Array(exactly).map((data) => ({ shape, data })),
    fc.int32Array(exactly).map((data) => ({ shape, data })),
    fc.uint8Array(exactly).map((data) => ({ shape, data })),
  );
});

describe("safetensors", () => {
  it("reads back what it writes", () => {
    const name = fc.string().filter((text) => text !== "__metadata__" && text !== "__proto__");
    const strings = fc.dictionary(
      fc.string().filter((text) => text !== "__proto__"),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(name, tensor)), strings, (entries, metadata) => {
        const tensors = new Map(entries);
        const read = readSafetensors(writeSafetensors({ tensors, metadata }));
        expect(new Map([...read.tensors].sort())).toEqual(new Map([...tensors].sort()));
        expect({ ...read.metadata }).toEqual({ ...metadata });
      }),
    );
  });

  it("reads what Node reads from a file: a Buffer, whose slices share its memory", () => {
    const data = new Float32Array([1, 2, 3]);
    const tensors = new Map<string, HostTensor>([
      ["a", { shape: [3], data }],
      ["b", { shape: [3], data: data.map((x) => -x) }],
    ]);
    const read = readSafetensors(Buffer.from(writeSafetensors({ tensors, metadata: {} }))).tensors;
    expect(read.get("b")!.data).toEqual(new Float32Array([-1, -2, -3]));
  });

  it("never fails but with a UserError, whatever bytes are changed, cut or added", () => {
    const bytes = writeSafetensors({
      tensors: new Map([["a", { shape: [2], data: new Float32Array([1, 2]) }]]),
      metadata: { k: "v" },
    });
    const edit = fc.record({
      at: fc.nat(bytes.length - 1),
      value: fc.nat(255),
      keep: fc.nat(bytes.length),
      extra: fc.uint8Array({ maxLength: 9 }),
    });
    fc.assert(
      fc.property(edit, fc.boolean(), ({ at, value, keep, extra }, cut) => {
        const changed = Uint8Array.from([...bytes.subarray(0, cut ? keep : bytes.length), ...(cut ? [] : extra)]);
        if (at < changed.length) changed[at] = value;
        try {
          readSafetensors(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("notices every truncation", () => {
    const bytes = writeSafetensors({
      tensors: new Map([["a", { shape: [3], data: new Float32Array(3) }]]),
      metadata: {},
    });
    for (let length = 0; length < bytes.length; length++)
      expect(() => readSafetensors(bytes.slice(0, length))).toThrow(UserError);
  });

  const hostile: [string, Uint8Array, string][] = [
    [
      "an empty file",
      new Uint8Array(0),
      "F is not a safetensors file: it has 0 bytes, and the length of the header alone takes 8",
    ],
    [
      "a PyTorch archive",
      new TextEncoder().encode("PK\u0003\u0004 archive of tensors"),
      "F is not a safetensors file: its header would have",
    ],
    ["a header that is cut off", file({ a: f32([1], 0, 4) }, 0).slice(0, 20), "F is truncated: its header should have"],
    [
      "data that are cut off",
      file({ a: f32([2], 0, 8) }, 4),
      "F is truncated: the tensor `a` ends at byte 8 of the data, which has 4",
    ],
    ["a header that is no JSON", file("{oops", 0), "F is not a safetensors file: its header is not JSON"],
    ["a header that is no object", file("[1]", 0), "F is not a safetensors file: its header is not a JSON object"],
    [
      "overlapping tensors",
      file({ a: f32([2], 0, 8), b: f32([1], 4, 8) }, 8),
      "F has a bad header: the tensors `a` and `b` overlap",
    ],
    [
      "a hole",
      file({ a: f32([1], 0, 4), b: f32([1], 8, 12) }, 12),
      "F has a bad header: bytes 4 to 8 of the data, before `b`, belong to no tensor",
    ],
    ["trailing bytes", file({ a: f32([1], 0, 4) }, 7), "F has 3 bytes behind its last tensor"],
    [
      "offsets that are missing",
      file({ a: { dtype: "F32", shape: [1] } }, 4),
      "F has a bad header: the tensor `a` has no valid `data_offsets`, two non-negative integers",
    ],
    [
      "offsets that run backwards",
      file({ a: f32([1], 4, 0) }, 4),
      "F has a bad header: the tensor `a` ends at byte 0 before it begins at 4",
    ],
    [
      "a size that does not fit",
      file({ a: f32([3], 0, 4) }, 4),
      "F has a bad header: the tensor `a` takes 4 bytes, but F32 of shape [3] takes 12",
    ],
    [
      "a negative shape",
      file({ a: f32([-1], 0, 4) }, 4),
      "F has a bad header: the tensor `a` has no valid `shape`, a list of non-negative integers",
    ],
    [
      "a type of elsewhere",
      file({ a: { dtype: "F64", shape: [1], data_offsets: [0, 8] } }, 8),
      "F: the tensor `a` has elements of type F64",
    ],
    [
      "a type of nowhere",
      file({ a: { dtype: "toString", shape: [1], data_offsets: [0, 8] } }, 8),
      'F has a bad header: the tensor `a` has the unknown element type "toString"',
    ],
    [
      "metadata that are no strings",
      file({ __metadata__: { a: 1 } }, 0),
      "F has a bad header: `__metadata__` must map strings to strings",
    ],
    ["a tensor that is null", file({ a: null }, 0), "F has a bad header: the tensor `a` is not described by an object"],
  ];
  it.each(hostile)("refuses %s", (_, bytes, message) => {
    expect(failure(() => readSafetensors(bytes, "F")).message).toContain(message);
  });
});

describe("checkpoints", () => {
  let model: Model;
  let bytes: Uint8Array;
  beforeAll(async () => {
    model = await instantiate(tinyArtifact(), { device: "cpu" });
    bytes = await model.save();
  });

  /** The checkpoint, read, changed and written again. */
  function changed(
    change: (tensors: Map<string, HostTensor>, metadata: { [key: string]: string }) => unknown,
  ): Uint8Array {
    const read = readSafetensors(bytes);
    const tensors = new Map(read.tensors);
    const metadata = { ...read.metadata };
    change(tensors, metadata);
    return writeSafetensors({ tensors, metadata });
  }

  const cases: [string, () => Uint8Array, string][] = [
    ["a truncated file", () => bytes.slice(0, -4), "C is truncated: the tensor `adam.square:b` ends at byte"],
    [
      "another model's",
      () => changed((_, m) => Object.assign(m, { model: "NRI" })),
      "C holds the model `NRI`, not `Tiny`",
    ],
    ["one without a parameter", () => changed((t) => t.delete("w")), "C lacks the parameter `w` of shape [3, 1]"],
    ["one without a state", () => changed((t) => t.delete("state:running")), "C lacks the state `running` of shape []"],
    [
      "one without optimiser state",
      () => changed((t) => t.delete("adam.mean:w")),
      "C lacks the optimiser state of `w` of shape [3, 1]",
    ],
    [
      "one of another shape",
      () => changed((t) => t.set("w", { shape: [4, 1], data: new Float32Array(4) })),
      "C holds the parameter `w` with shape [4, 1], and the model needs [3, 1]",
    ],
    [
      "one of another type",
      () => changed((t) => t.set("b", { shape: [1], data: new Int32Array(1) })),
      "C holds the parameter `b` with elements that are not F32",
    ],
    [
      "one with more tensors",
      () => changed((t) => t.set("extra", { shape: [1], data: new Float32Array(1) })),
      "C holds `extra`, which `Tiny` does not have",
    ],
    [
      "one with a bad step",
      () => changed((_, m) => Object.assign(m, { step: "-1" })),
      "C has bad metadata: `step` is not a count",
    ],
    [
      "one with bad metadata",
      () => changed((_, m) => Object.assign(m, { optimizer: "{" })),
      "C has bad metadata: `optimizer` is not a JSON object",
    ],
    [
      "a PyTorch model",
      () =>
        writeSafetensors({
          tensors: new Map([["encoder.fc1.weight", { shape: [1], data: new Float32Array(1) }]]),
          metadata: { format: "pt" },
        }),
      "C is a safetensors file, but not a checkpoint of sstc",
    ],
  ];
  it.each(cases)("refuses %s", async (_, make, message) => {
    const before = await model.save();
    expect(failure(() => model.load(make(), "C")).message).toContain(message);
    expect(await model.save()).toEqual(before);
  });

  it("says what another tool's file looks like", () => {
    const tensors = new Map([["encoder.fc1.weight", { shape: [1], data: new Float32Array(1) }]]);
    const error = failure(() => model.load(writeSafetensors({ tensors, metadata: {} }), "C"));
    expect(error.why).toBe("it looks like a PyTorch model; it holds `encoder.fc1.weight`");
  });

  it("serves other arguments of the model, but not to continue a run", async () => {
    const other = await instantiate(tinyArtifact({ arguments: { D: 3, hidden: 9 } }), { device: "cpu" });
    other.load(bytes);
    expect(failure(() => other.load(bytes, "C", true)).message).toContain("with other arguments");
  });

  it("keeps hyperparameters that were set", async () => {
    const tuned = await instantiate(tinyArtifact(), { device: "cpu" });
    tuned.setHyper("t", 0.25);
    expect(model.load(await tuned.save()).hypers).toEqual({ t: 0.25 });
  });
});
