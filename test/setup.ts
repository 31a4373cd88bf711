/** Before the tests: makes the generated registries, so that a fresh checkout needs no build to be tested. */
import { execFileSync } from "node:child_process";

export default function setup(): void {
  execFileSync(process.execPath, ["scripts/generate.mjs"], { stdio: "inherit" });
}
