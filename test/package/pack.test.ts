/**
 * The package as its users get it: built from the sources alone, packed, installed into an empty project, and used
 * there from a program, from TypeScript, and from the command line.
 */
import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, type TestContext, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const temporary = mkdtempSync(join(tmpdir(), "sstc-pack-"));
const clone = join(temporary, "clone");
const project = join(temporary, "project");
// Hundreds of packages' files: a busy disk takes its time.
afterAll(() => rmSync(temporary, { recursive: true }), 120_000);

interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, `input` on its standard input. */
function execute(program: string, args: readonly string[], cwd: string, input = ""): Promise<Outcome> {
  return new Promise((resolve) => {
    // What vitest tells its own processes is not for others.
    const { NODE_OPTIONS: _, NODE_ENV: __, ...env } = process.env;
    const child = execFile(program, args, { cwd, env, maxBuffer: 1 << 26 }, (problem, stdout, stderr) => {
      const status = problem === null ? 0 : typeof problem.code === "number" ? problem.code : 1;
      resolve({ status, stdout, stderr });
    });
    child.stdin?.end(input);
  });
}

async function succeed(program: string, args: readonly string[], cwd: string, input = ""): Promise<string> {
  const { status, stdout, stderr } = await execute(program, args, cwd, input);
  expect(status, `${program} ${args.join(" ")}\n${stdout}\n${stderr}`).toBe(0);
  return stdout;
}

const sstc = (args: readonly string[], input = "") => succeed("npx", ["--no-install", "sstc", ...args], project, input);

/** What stands in a checkout without being of it. */
const FOREIGN = new Set(["node_modules", "dist", ".git", "runs", "coverage", "shared"]);

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}
let packed: Packed;
/** Why the package could not be installed, where the machine is to blame. */
let offline: string | undefined;

const UNREACHABLE = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTCACHED/;

beforeAll(async () => {
  // A copy: what stands in dist/ here may be old, and others may be building.
  const own = (path: string) =>
    path === root || !FOREIGN.has(basename(path)) || basename(join(path, "..")) !== basename(root);
  cpSync(root, clone, { recursive: true, filter: own });
  symlinkSync(join(root, "node_modules"), join(clone, "node_modules"));
  const listing = await succeed("npm", ["pack", "--json", "--pack-destination", temporary], clone);
  // The scripts that npm runs before packing print too.
  const [first] = JSON.parse(listing.slice(listing.search(/^[[{]/m))) as Packed[];
  packed = first!;
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), '{ "name": "empty", "private": true, "type": "module" }\n');
  const install = ["install", join(temporary, packed.filename), "--prefer-offline", "--no-audit", "--no-fund"];
  const { status, stdout, stderr } = await execute("npm", install, project);
  if (status === 0) return;
  const output = `${stdout}\n${stderr}`;
  const [code] = UNREACHABLE.exec(output) ?? [];
  // Continuous integration must run these tests: there they fail instead.
  if (code === undefined || process.env.CI !== undefined) throw new Error(`npm install failed:\n${output}`);
  offline = `the registry of packages cannot be reached (${code})`;
}, 240_000);

/** A test in the project, skipped where there could be none. */
function inProject(name: string, work: () => Promise<void>): void {
  test(name, async (context: TestContext) => {
    context.skip(offline !== undefined, offline);
    await work();
  });
}

/** Runs a module in the project and returns what it prints, as JSON. */
async function script(text: string): Promise<unknown> {
  writeFileSync(join(project, "script.js"), text);
  return JSON.parse(await succeed("node", ["script.js"], project));
}

describe("what is packed", () => {
  test("programs, types, the library's texts, examples and documents; no tests, no sources, nothing private", () => {
    const paths = packed.files.map(({ path }) => path);
    for (const wanted of ["dist/cli.js", "dist/sstc.js", "dist/sstc.d.ts", "dist/runtime/runtime.d.ts"]) {
      expect(paths).toContain(wanted);
    }
    for (const wanted of [
      "stdlib/structures/spanning-tree.sst",
      "examples/nri/nri.sst",
      "docs/language.md",
      "LICENSE",
    ]) {
      expect(paths).toContain(wanted);
    }
    const rooms =
      /^(dist\/(?!test\/)|stdlib\/.*\.sst$|examples\/|docs\/|(README|CHANGELOG|ARCHITECTURE)\.md$|LICENSE$|package\.json$)/;
    expect(paths.filter((path) => !rooms.test(path))).toEqual([]);
    expect(paths.filter((path) => /\.test\.|(^|\/)test\/|(?<!\.d)\.ts$/.test(path))).toEqual([]);
  });

  test("everything that package.json names is there", () => {
    const { bin, exports, ...manifest } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      readonly bin: Readonly<Record<string, string>>;
      readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
      readonly peerDependencies: Readonly<Record<string, string>>;
      readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: boolean }>>;
    };
    const entries = Object.values(exports).flatMap((entry) =>
      typeof entry === "string" ? [entry] : Object.values(entry),
    );
    const paths = packed.files.map(({ path }) => `./${path}`);
    expect([...Object.values(bin), ...entries].filter((path) => !paths.includes(path))).toEqual([]);
    const peers = Object.keys(manifest.peerDependencies);
    expect(peers).toEqual(["@tensorflow/tfjs-node", "@tensorflow/tfjs-node-gpu", "webgpu"]);
    expect(peers.filter((peer) => manifest.peerDependenciesMeta[peer]?.optional !== true)).toEqual([]);
  });
});

describe("in an empty project", () => {
  inProject("it brings no optional peer, and no tool that only its developers need", async () => {
    const there = (name: string) => existsSync(join(project, "node_modules", name));
    expect(["sstc", "@tensorflow/tfjs-core"].filter(there)).toEqual(["sstc", "@tensorflow/tfjs-core"]);
    const unwanted = ["@tensorflow/tfjs-node", "webgpu", "typescript", "vitest", "fast-check", "@biomejs/biome"];
    expect(unwanted.filter(there)).toEqual([]);
  });

  inProject("a program compiles a model, trains it a step, and differentiates a layer", async () => {
    const printed = await script(`
import { compile, layer } from "sstc";
import { instantiate } from "sstc/runtime";

const { artifact, diagnostics } = compile(\`
model Choice(n = 3) {
  data x: f32[n]
  param theta: f32[n] ~ zeros
  latent z: OneHot(n) ~ Gumbel(theta) relax ExpFamily at 1
  minimize sum((x - z) ^ 2)
}\`);
const model = await instantiate(artifact, { device: "wasm", seed: 1 });
const { loss } = await model.step({ x: new Float32Array(6) });
const tree = await layer("SpanningTree(complete(3)) relax ExpFamily at 1", { device: "wasm" });
const soft = tree.soft(Float64Array.of(0, 0, 0));
console.log(JSON.stringify({ diagnostics: diagnostics.length, loss, soft: [...soft], vjp: tree.vjp([5, 0, 0], [1, 1, 1]) }));
`);
    const { loss, soft, ...rest } = printed as { loss: number; soft: number[] };
    expect(rest).toEqual({ diagnostics: 0, vjp: expect.any(Array) });
    expect(loss).toBeGreaterThan(0);
    for (const value of soft) expect(value).toBeCloseTo(2 / 3, 12);
  });

  inProject("its types resolve, and catch mistakes", async () => {
    const good = `
import { type CompileResult, compile, layer, type Layer } from "sstc";
import { instantiate, type Model, UserError } from "sstc/runtime";

const { artifact }: CompileResult = compile("model M() { }", { arguments: { V: 5 } });
export const tree: Layer = await layer("OneHot(3) relax ExpFamily at 1", { device: "cpu" });
export const doubles: Float64Array = tree.soft(new Float64Array(3));
export const rows: number[][] = tree.argmax([[1, 2, 3]]);
export const model: Model | undefined = artifact && (await instantiate(artifact));
export const problem = new UserError("what", { help: "do this" });
`;
    writeFileSync(join(project, "good.ts"), good);
    writeFileSync(join(project, "bad.ts"), good.replace("doubles: Float64Array", "doubles: Float32Array"));
    const compiler = join(root, "node_modules/typescript/bin/tsc");
    const flags = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2022", "--skipLibCheck"];
    await succeed("node", [compiler, ...flags, "good.ts"], project);
    const { status, stdout } = await execute("node", [compiler, ...flags, "bad.ts"], project);
    expect([status === 0, stdout]).toEqual([false, expect.stringContaining("bad.ts(7,14)")]);
  });

  inProject("sstc eval", async () => {
    const args = ["eval", "SpanningTree(complete(3))", "--relax", "ExpFamily", "--at", "1"];
    const { argmax, log_partition } = JSON.parse(await sstc(args, '{"u": [[3, 2, 1]]}'));
    expect(argmax).toEqual([[1, 1, 0]]);
    expect(log_partition[0]).toBeCloseTo(Math.log(Math.exp(5) + Math.exp(4) + Math.exp(3)), 12);
  });

  inProject("sstc check and compile on the examples, and the module that is written", async () => {
    const examples = "node_modules/sstc/examples";
    for (const file of ["nri/nri.sst", "quickstart/model.sst", "own-structure/window.sst"]) {
      expect(await sstc(["check", `${examples}/${file}`])).toBe("");
    }
    await sstc(["compile", `${examples}/nri/nri.sst`, "--out", "built", "--set", "V=4", "--set", "hidden=8"]);
    const printed = await script(`
import { create } from "./built/nri.js";
const nri = await create({ device: "wasm", seed: 1 });
const { loss } = await nri.step({ x: new Float32Array(2 * 10 * 4 * 2), truth: new Float32Array(2 * 6) });
console.log(JSON.stringify(Number.isFinite(loss)));
`);
    expect(printed).toBe(true);
  });

  inProject("sstc run on an example", async () => {
    const model = "node_modules/sstc/examples/quickstart/model.sst";
    const table = await sstc(["run", model, "--set", "steps=100", "--set", "data.train=200", "--device", "cpu"]);
    expect(table).toContain("test.found");
  });
});
