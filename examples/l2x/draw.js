/**
 * Draws what the models of a run chose in a few test reviews, side by side as in Figure 5 of the paper:
 *
 *     node examples/l2x/draw.js runs/aspects-demo [REVIEWS]
 *
 * writes reviews.html into that folder. Models, data and settings are those that the run left there.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compile } from "sstc";
import { instantiate } from "sstc/runtime";
import { reviews } from "./data.js";
import { reviewPage } from "./picture.js";

const MODEL = join(import.meta.dirname, "l2x.sst");
const SHOWN = 4;

/** @typedef {Awaited<ReturnType<typeof reviews>>} Data */
/** @typedef {{ [name: string]: number | string | boolean } & { L: number }} Arguments */
/** @typedef {{ model: string, arguments: Arguments, data: { named: object } }} Settings */

/**
 * The page for a folder that `sstc run` left.
 * @param {string} folder @param {number} count reviews
 */
export async function drawRun(folder, count = SHOWN) {
  const variants = existsSync(folder)
    ? readdirSync(folder).filter((name) => existsSync(join(folder, name, "best.safetensors")))
    : [];
  if (variants.length === 0)
    throw new Error(`${folder} has no models; give a folder that sstc run examples/l2x/l2x.sst has left`);
  /** @type {Map<string, Promise<Data>>} */
  const loaded = new Map();
  const models = [];
  for (const variant of variants) {
    const settings = /** @type {Settings} */ (JSON.parse(readFileSync(join(folder, variant, "settings.json"), "utf8")));
    const { k: _, ...rest } = /** @type {{ k?: number }} */ (settings.data.named);
    const key = JSON.stringify(rest);
    const data = await (loaded.get(key) ?? reviews(/** @type {never} */ (settings.data.named)));
    const most = data.test.columns.length.data.length;
    if (!(Number.isInteger(count) && count >= 1 && count <= most))
      throw new Error(
        `cannot show ${count} reviews: give a whole number from 1 to ${most}, as many as are for testing`,
      );
    loaded.set(key, Promise.resolve(data));
    const checkpoint = readFileSync(join(folder, variant, "best.safetensors"));
    models.push({ name: variant.replaceAll("_", " "), reviews: await shown(settings, checkpoint, data, count) });
  }
  return reviewPage({ title: "Words that explain a rating", models });
}

/**
 * @param {Settings} settings @param {Uint8Array} checkpoint @param {Data} data @param {number} count
 */
async function shown({ model: name, arguments: given }, checkpoint, data, count) {
  const source = { name: "l2x.sst", text: readFileSync(MODEL, "utf8") };
  const { artifact } = compile(source, { model: name, arguments: given });
  if (artifact === undefined) throw new Error(`the model ${name} no longer compiles; sstc check ${MODEL} tells why`);
  const model = await instantiate(artifact, { device: "wasm" });
  try {
    model.load(checkpoint);
    const { L } = given;
    const { columns } = data.test;
    const inputs = Object.fromEntries(
      artifact.data.map(({ name: column }) => {
        const { shape, data: values } = columns[/** @type {keyof typeof columns} */ (column)];
        const width = shape.slice(1).reduce((a, b) => a * b, 1);
        return [column, { shape: [count, ...shape.slice(1)], data: values.slice(0, count * width) }];
      }),
    );
    // One draw for both, so that the prediction is of the words that are shown.
    const sample = await model.run("sample", { inputs, draw: 0 });
    const metrics = await model.run("evaluate", { inputs, draw: 0 });
    const chosen = /** @type {{ shape: readonly number[], data: ArrayLike<number> }} */ (sample.z);
    const stride = chosen.data.length / count;
    return Array.from({ length: count }, (_, i) => {
      const size = /** @type {number} */ (columns.length.data[i]);
      return {
        words: Array.from(columns.tokens.data.subarray(i * L, i * L + size), (code) => data.vocabulary[code] ?? ""),
        chosen: Array.from({ length: size }, (_, j) => /** @type {number} */ (chosen.data[i * stride + j])),
        evidence: Array.from(columns.evidence.data.subarray(i * L, i * L + size)),
        target: /** @type {number} */ (columns.rating.data[i]),
        predicted: /** @type {number} */ (metrics["metric:predicted"]?.data[i]),
      };
    });
  } finally {
    model.dispose();
  }
}

if (process.argv[1] === import.meta.filename) {
  const [folder, count] = process.argv.slice(2);
  try {
    if (folder === undefined) throw new Error("say which run: node examples/l2x/draw.js runs/aspects-demo");
    const page = join(folder, "reviews.html");
    writeFileSync(page, await drawRun(folder, count === undefined ? SHOWN : Number(count)));
    process.stdout.write(`picture  ${page}\n`);
  } catch (problem) {
    process.stderr.write(`draw.js: ${/** @type {Error} */ (problem).message}\n`);
    process.exitCode = 1;
  }
}
