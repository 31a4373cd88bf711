/** Files that a rule does not hold for, by the rule's words, each with the reason. An exception that is none fails. */

export const EXCEPTIONS: { readonly [says: string]: { readonly [path: string]: string } } = {
  "a file imports only what its room may import": {
    "runtime/generated-model.ts": "generated modules save to and load from paths, and only where Node runs them",
    "vitest.config.ts": "the driver for tests without a GPU must be found before the tests' processes start",
  },
  "no barrel files: only the package's entries pass on what other files declare": {
    "runtime/webgpu/module.ts": "the entry sstc/webgpu, which becomes one file",
  },
  "a file of code has at most 400 lines": {
    "grammar/ast.ts": "the node types of the whole language: one flat list of declarations, read by looking names up",
  },
};
