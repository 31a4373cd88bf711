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
};
