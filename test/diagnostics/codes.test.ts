/** Every code of a diagnostic has a case, and every code that is listed is used. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CODES } from "../../compiler/codes.ts";

const root = join(import.meta.dirname, "..", "..");

function textsOf(folder: string, fits: (path: string) => boolean): string[] {
  const paths = readdirSync(join(root, folder), { recursive: true }).map((name) => join(root, folder, String(name)));
  return paths.filter((path) => path.endsWith(".ts") && fits(path)).map((path) => readFileSync(path, "utf8"));
}

const sources = [...textsOf("compiler", (path) => !path.endsWith("codes.ts")), ...textsOf("grammar", () => true)];
const tests = textsOf("test/diagnostics", (path) => path.endsWith(".test.ts") && !path.endsWith("codes.test.ts"));

for (const code of Object.keys(CODES)) {
  test(`${code} is reported somewhere`, () => {
    expect(sources.some((text) => text.includes(`"${code}"`))).toBe(true);
  });
  test(`${code} has a case`, () => {
    const comment = new RegExp(`//~\\^* ${code}[ :]`);
    expect(tests.some((text) => comment.test(text) || text.includes(`code: "${code}"`))).toBe(true);
  });
}
