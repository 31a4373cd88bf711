/** Work that is asked for faster than it can be done. */

/**
 * A function that asks for `work`. Only one round runs at a time; however often it is asked for meanwhile, one more
 * round follows, which sees the latest wishes. The promise ends with the round that answers the call.
 */
export function latest(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const start = (): Promise<void> => {
    running = work().finally(() => {
      running = undefined;
    });
    return running;
  };
  return () => {
    if (running === undefined) return start();
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = undefined;
        return start();
      });
    return next;
  };
}
