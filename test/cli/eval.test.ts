/** `sstc eval`: options, devices, and what it says of bad input. That its numbers are right is in test/structures. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { expectClose } from "../golden.ts";
import { run as runCommand } from "./harness.ts";

const folder = mkdtempSync(join(tmpdir(), "sstc-eval-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** Runs `sstc eval ARGS --input FILE`, the file holding `input`. */
function run(args: readonly string[], input: unknown) {
  const text = typeof input === "string" ? input : JSON.stringify(input);
  return runCommand("eval", ...args, "--input", file("input.json", text));
}

const u = [[0.3, -1.2, 0.8, 0.1, 1.5, -0.4]];
const cotangent = [[1, -2, 0.5, 3, -1, 0.25]];
const EXP_FAMILY = ["--relax", "ExpFamily", "--at", "0.5"];
const EUCLIDEAN = ["--relax", "Euclidean", "--at", "0.5"];

describe("what it prints", () => {
  const keys = async (args: readonly string[], input: unknown) => {
    const { status, stdout, stderr } = await run(args, input);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout.endsWith("}\n")).toBe(true);
    return JSON.parse(stdout) as Record<string, number[][]>;
  };
  test("the keys that apply, and no others", async () => {
    expect(Object.keys(await keys(["KSubset(6, 2)"], { u, cotangent }))).toEqual(["argmax"]);
    expect(Object.keys(await keys(["KSubset(6, 2)", ...EXP_FAMILY], { u }))).toEqual([
      "argmax",
      "soft",
      "log_partition",
    ]);
    const euclidean = ["KSubset(6, 2)", "--relax", "Euclidean", "--at", "1"];
    expect(Object.keys(await keys(euclidean, { u, cotangent }))).toEqual(["argmax", "soft", "vjp"]);
    expect(Object.keys(await keys(["KSubset(6, 2)", ...EXP_FAMILY], { u, cotangent }))).toEqual([
      "argmax",
      "soft",
      "vjp",
      "log_partition",
    ]);
  });
  test("settings are names for the other texts, and see one another", async () => {
    const plain = await keys(["KSubset(6, 2)", ...EXP_FAMILY, "--backward", "finite_difference(1e-3)"], {
      u,
      cotangent,
    });
    const set = ["--set", "n=6", "--set", "k = n / 3", "--set", "T=1/2", "--set", "R=ExpFamily", "--set", "eps=1e-3"];
    const named = ["KSubset(n, k)", "--relax", "R", "--at", "T", "--backward", "finite_difference(eps)", ...set];
    expect(await keys(named, { u, cotangent })).toEqual(plain);
    const graph = ["SpanningTree(G)", "--set", "G=graph(3, [[0, 1], [1, 2]])"];
    expect((await keys(graph, { u: [[5, -5]] })).argmax).toEqual([[1, 1]]);
  });
  test("the estimator may stand in the structure's text, as in a model", async () => {
    const apart = await keys(["KSubset(6, 2)", ...EXP_FAMILY, "--backward", "dual"], { u, cotangent });
    expect(await keys(["KSubset(6, 2) relax ExpFamily at 0.5 backward dual"], { u, cotangent })).toEqual(apart);
  });
  test.each(["wasm", "cpu"])("device %s computes the same on float32 tensors", async (device) => {
    const args = ["SpanningTree(complete(4))", ...EXP_FAMILY];
    const host = await keys(args, { u, cotangent });
    const there = await keys([...args, "--device", device], { u, cotangent });
    expect(Object.keys(there)).toEqual(Object.keys(host));
    for (const [key, value] of Object.entries(there)) {
      expect(value.flat()).toEqual(value.flat().map(Math.fround));
      expectClose(value.flat(), host[key]!.flat(), { abs: 1e-6, rel: 1e-6 }, key);
    }
  });
  test("structures of one's own come from --source", async () => {
    const source = file("own.sst", "structure Two(n) = KSubset(n, 2)\n");
    expect(await keys(["Two(6)", "--source", source], { u })).toEqual({ argmax: [[0, 0, 1, 0, 1, 0]] });
  });
});

describe("--query", () => {
  const rows = [
    [0, 1, 2],
    [3, 1, 2],
  ];
  const x = [
    [0, 0, 1],
    [1, 0, 0],
  ];
  const asked = async (args: readonly string[], input: unknown) => {
    const { status, stdout, stderr } = await run(args, input);
    expect([status, stderr]).toEqual([0, ""]);
    return JSON.parse(stdout);
  };
  const all = "log_partition,entropy, log_prob,marginals,sample,k_best";

  test("prints what is asked for, and nothing else", async () => {
    const args = ["OneHot(3)", "--at", "0.5", "--query", all, "--draws", "4", "--best", "2", "--seed", "3"];
    const found = await asked(args, { u: rows, x, cotangent: rows });
    expect(Object.keys(found)).toEqual(["log_partition", "entropy", "log_prob", "marginals", "sample", "k_best"]);
    const weights = [1, Math.exp(2), Math.exp(4)];
    const total = weights[0]! + weights[1]! + weights[2]!;
    const p = weights.map((weight) => weight / total);
    expectClose([found.log_partition[0]], [Math.log(total)], { abs: 1e-12, rel: 1e-12 }, "log Z");
    expectClose(found.marginals[0], p, { abs: 1e-12, rel: 1e-12 }, "marginals");
    expectClose([found.log_prob[0]], [Math.log(p[2]!)], { abs: 1e-12, rel: 1e-12 }, "log p");
    const entropy = -p.reduce((sum, each) => sum + each * Math.log(each), 0);
    expectClose([found.entropy[0]], [entropy], { abs: 1e-12, rel: 1e-12 }, "entropy");
    expect(found.sample.map((draws: number[][]) => draws.map((row) => row.length))).toEqual([
      [3, 3, 3, 3],
      [3, 3, 3, 3],
    ]);
    expect(found.k_best).toEqual({
      members: [
        [x[0], [0, 1, 0]],
        [x[1], [0, 0, 1]],
      ],
      values: [
        [2, 1],
        [3, 2],
      ],
      found: [2, 2],
    });
    expect((await asked([...args.slice(0, -1), "4"], { u: rows, x })).entropy).toEqual(found.entropy);
  });
  test("the relaxation may be named, and a list of best members needs no temperature", async () => {
    const named = await asked(["OneHot(3)", "--relax", "ExpFamily", "--at", "2", "--query", "entropy"], { u: rows });
    expect(named).toEqual(await asked(["OneHot(3) relax ExpFamily at 2", "--query", "entropy"], { u: rows }));
    expect(named).toEqual(await asked(["OneHot(3)", "--at", "2", "--query", "entropy"], { u: rows }));
    expect(Object.keys(await asked(["Subset(3)", "--query", "k_best"], { u: rows }))).toEqual(["k_best"]);
  });
  test("device cpu answers the same", async () => {
    const args = ["OneHot(3)", "--at", "0.5", "--query", all, "--draws", "2"];
    const [host, there] = [
      await asked(args, { u: rows, x }),
      await asked([...args, "--device", "cpu"], { u: rows, x }),
    ];
    for (const key of ["log_partition", "entropy", "log_prob", "marginals"]) {
      expectClose(there[key].flat(), host[key].flat(), { abs: 1e-6, rel: 1e-6 }, key);
    }
    expect([there.sample, there.k_best]).toEqual([host.sample, host.k_best]);
  });
});

describe("bad input has one clear message", () => {
  const K = ["KSubset(6, 2)"];
  const cases: readonly (readonly [args: readonly string[], input: unknown, status: number, said: string])[] = [
    [K, "u: 1", 1, "is not JSON: "],
    [K, "", 1, "is not JSON: "],
    [K, [1, 2], 1, 'must hold an object such as {"u"'],
    [K, {}, 1, 'the input has no "u": expected {"u": [[…], …]'],
    [K, { U: u }, 1, 'the input has no "u", only "U"'],
    [K, { u: 3 }, 1, '"u" is not a list of rows'],
    [K, { u: u[0] }, 1, '"u" is not a list of rows'],
    [K, { u: [] }, 1, '"u" has no rows'],
    [K, { u: [[]] }, 1, "example 0 of the utilities of KSubset(6, 2) has 0 numbers"],
    [K, { u: [...u, [1]] }, 1, "example 1 of the utilities of KSubset(6, 2) has 1 number, but an example of"],
    [K, { u: [[0, 0, 0, 0, 0]] }, 1, "has 5 numbers, but an example of KSubset(6, 2) has 6"],
    [[...K, "--device", "cpu"], { u: [[0], [0, 1]] }, 1, 'example 0 of the numbers of "u" has 1 number'],
    [K, { u: [[0, 0, null, 0, 0, 0]] }, 1, "hold null at example 0, position 2"],
    [K, { u: [[0, 0, "1", 0, 0, 0]] }, 1, 'hold "1" at example 0, position 2'],
    [K, '{"u": [[0, 0, 0, 0, 0, 0], [0, 0, 0, 1e999, 0, 0]]}', 1, "hold an infinite value at example 1, position 3"],
    [K, '{"u": [[0, 0, NaN, 0, 0, 0]]}', 1, "is not JSON: "],
    [[...K, "--device", "cpu"], { u: [[0, 0, 0, 0, 0, 1e200]] }, 1, "hold an infinite value at example 0, position 5"],
    [[...K, ...EXP_FAMILY], { u, cotangent: [[1]] }, 1, "example 0 of the cotangents of KSubset(6, 2) has 1 number"],
    [
      [...K, ...EXP_FAMILY],
      { u, cotangent: [...u, ...u] },
      1,
      "a list of 1 lists, but the cotangents a list of 2 lists",
    ],
    [["KSubset(6, 7)"], { u }, 1, "k must lie between 1 and n"],
    [["KSubset(6, 0)"], { u }, 1, "k must lie between 1 and n"],
    [["SpanningTree(graph(4, [[0, 1], [2, 3]]))"], { u }, 1, "a spanning tree needs a connected graph"],
    [["KSubsett(6, 2)"], { u }, 1, "did you mean KSubset?"],
    [["Matching(11)", "--relax", "ExpFamily", "--at", "1"], { u }, 1, "a permanent, which is #P-hard"],
    [["KSubset(6"], { u }, 1, "expected ')'"],
    [[...K, "--relax", "ExpFamily"], { u }, 2, "--relax needs a temperature: add --at T"],
    [[...K, "--at", "1"], { u }, 1, "this is for a relaxation, and there is none"],
    [[...K, "--backward", "dual"], { u }, 1, "this is for a relaxation, and there is none"],
    [[...K, "--relax", "ExpFamily", "--at", "0"], { u }, 1, "finite and greater than 0, but this is 0"],
    [[...K, "--relax", "ExpFamily", "--at", "-1"], { u }, 1, "finite and greater than 0, but this is -1"],
    [[...K, "--relax", "ExpFamily", "--at", "inf"], { u }, 1, "finite and greater than 0, but this is Infinity"],
    [[...K, "--relax", "ExpFamily", "--at", "warm"], { u }, 1, "there is no warm here"],
    [[...K, "--relax", "ExpFamly", "--at", "1"], { u }, 1, "did you mean ExpFamily?"],
    [["Subset(6)", "--relax", "OneHot", "--at", "1"], { u }, 1, "expected a relaxation, but got"],
    [[...K, ...EXP_FAMILY, "--backward", "custom"], { u }, 1, "why: the structure declares no closed-form backward"],
    [[...K, ...EUCLIDEAN, "--backward", "autodiff"], { u }, 1, "a while loop computes what is differentiated"],
    [[...K, ...EXP_FAMILY, "--backward", "duall"], { u }, 1, "there is no backward duall"],
    [[...K, ...EXP_FAMILY, "--backward", "finite_difference(0)"], { u }, 1, "must be a number greater than 0"],
    [[...K, "--device", "gpu"], { u }, 2, "--device gpu: choose one of host, wasm, cpu, tensorflow, cuda"],
    [["KSubset(n, 2)", "--set", "n"], { u }, 1, "expected '=' and a value, as in n = 6"],
    [["KSubset(n, 2)", "--set", "n=m"], { u }, 1, "there is no m here"],
    [["KSubset(n, 2)", "--set", "m=6"], { u }, 1, "there is no n here"],
    [[...K, "--query", "entropie"], { u }, 2, "--query entropie: choose some of log_partition, entropy, log_prob"],
    [[...K, "--query", "entropy"], { u }, 2, "--query needs a temperature: add --at T"],
    [[...K, "--query", "log_prob", "--at", "1"], { u }, 1, 'log_prob needs members: add "x"'],
    [[...K, "--query", "log_prob", "--at", "1"], { u, x: [[1]] }, 1, "example 0 of the members of KSubset(6, 2) has 1"],
    [
      [...K, "--query", "entropy", "--relax", "Euclidean", "--at", "1"],
      { u },
      1,
      "entropy is a question about the exponential family, but this is another relaxation",
    ],
    [["OneHot(6)", "--query", "sample", "--at", "1", "--draws", "0"], { u }, 2, "--draws 0: give a positive integer"],
    [["OneHot(6)", "--query", "sample", "--at", "1", "--seed", "-1"], { u }, 2, "--seed"],
    [["OneHot(6)", "--query", "k_best", "--best", "1e7"], { u }, 1, "are more than 16777216 numbers"],
    [["OneHot(6)", "--best", "2"], { u }, 2, "--best is for --query k_best"],
    [["OneHot(6)", "--seed", "2"], { u }, 2, "--seed is for --query sample"],
    [[...K, "--source", "nowhere.sst"], { u }, 2, "cannot read nowhere.sst: there is no such file"],
    [[...K, "--relaxation", "ExpFamily"], { u }, 2, "unknown option '--relaxation'"],
    [["KSubset(6, 2) relax ExpFamily at 1", ...EXP_FAMILY], { u }, 1, "the structure says ExpFamily already"],
  ];
  test.each(cases)("%j %j", async (args, input, status, said) => {
    const outcome = await run(args, input);
    expect(outcome.stderr).toContain(said);
    expect([outcome.status, outcome.stdout]).toEqual([status, ""]);
    expect(outcome.stderr).not.toContain("this is a bug");
  });
  test("only one of two files can be standard input", async () => {
    const { status, stderr } = await runCommand("eval", "KSubset(6, 2)", "--source", "-");
    expect([status, stderr]).toEqual([2, expect.stringContaining("cannot both be standard input")]);
  });
});
