/** How the tests run: two workers, because tests that compile whole models want a core each. */
import { existsSync } from "node:fs";
import { defineConfig } from "vitest/config";

/** Debian's package chromium has a driver that runs on the CPU; it must be known before the process starts. */
const SWIFTSHADER = "/usr/lib/chromium/vk_swiftshader_icd.json";
if (process.env.VK_DRIVER_FILES === undefined && existsSync(SWIFTSHADER)) process.env.VK_DRIVER_FILES = SWIFTSHADER;

export default defineConfig({
  test: {
    globalSetup: ["test/setup.ts"],
    testTimeout: 120_000,
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: { name: "main", include: ["test/**/*.test.ts"], exclude: ["test/webgpu/**"], pool: "threads" },
      },
      // Dawn does not live in worker threads.
      {
        extends: true,
        test: {
          name: "webgpu",
          include: ["test/webgpu/**/*.test.ts"],
          pool: "forks",
          // A driver on the CPU takes its time to compile kernels.
          testTimeout: 600_000,
        },
      },
    ],
  },
});
