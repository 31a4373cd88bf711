/**
 * Functions that printed programs begin with where they use them: what tfjs can do by one call, done by those calls
 * that a backend is fast at.
 */
import type { HelperName } from "../ops/op.ts";

/** JavaScript text by name. A dollar sign keeps the names apart from those of nodes, which have none. */
export const helpers: Readonly<Record<HelperName, string>> = {
  // With the WASM backend a mean over a window is twenty times faster than tf.sum over any axis but the last. It keeps
  // one row on its stack, which does not hold very long ones.
  $sumRows: `const $sumRows = (x, outer, rows, columns) =>
  tf.tidy(() => {
    if (tf.getBackend() !== "wasm" || columns > 1024) return tf.sum(tf.reshape(x, [outer, rows, columns]), 1);
    const means = tf.avgPool(tf.reshape(x, [outer, rows, 1, columns]), [rows, 1], 1, "valid");
    return tf.mul(tf.reshape(means, [outer, columns]), rows);
  });`,
  // With the WASM backend large matrices are transposed three times faster in blocks, first within, then among them.
  $transpose: `const $transpose = (x, rows, columns) =>
  tf.tidy(() => {
    const matrix = tf.reshape(x, [rows, columns]);
    let block = 96;
    while (block > 15 && rows % block !== 0) block--;
    const plain = tf.getBackend() !== "wasm" || columns <= 32 || rows * columns < 32768 || block < 16;
    if (plain) return tf.transpose(matrix, [1, 0]);
    const within = tf.transpose(tf.reshape(matrix, [rows / block, block, columns]), [0, 2, 1]);
    return tf.reshape(tf.transpose(within, [1, 0, 2]), [columns, rows]);
  });`,
};
