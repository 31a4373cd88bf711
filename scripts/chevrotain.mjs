/**
 * After the build: gives dist/ chevrotain as the one file that it is published as, too. Its entry point loads 640 small
 * modules, most of them of lodash, which takes Node a third of a second at every start of the command line.
 */
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const library = dirname(dirname(fileURLToPath(import.meta.resolve("chevrotain"))));
const reader = "dist/grammar/tokens.js";
const text = readFileSync(reader, "utf8");
const local = text.replace('from "chevrotain"', 'from "./chevrotain.js"');
if (local === text) throw new Error(`${reader} does not import chevrotain: this script has lost its purpose`);
const bundle = readFileSync(join(library, "chevrotain.min.mjs"), "utf8").replace(
  /\n\/\/# sourceMappingURL=.*\n?$/,
  "\n",
);
const notice =
  "/*! chevrotain (chevrotain.LICENSE.txt) with parts of lodash (lodash.LICENSE.txt), as published, unchanged. */\n";
writeFileSync("dist/grammar/chevrotain.js", notice + bundle);
copyFileSync(join(library, "..", "LICENSE.txt"), "dist/grammar/chevrotain.LICENSE.txt");
const lodash = dirname(fileURLToPath(import.meta.resolve("lodash-es")));
copyFileSync(join(lodash, "LICENSE"), "dist/grammar/lodash.LICENSE.txt");
writeFileSync(reader, local);
