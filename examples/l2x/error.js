/** What is wrong with the data that a user asked for: what, where, why, and what to do. */

export class DataError extends Error {
  /**
   * @param {string} what what is wrong
   * @param {{ place?: string, why?: string, help: string }} details where (file and line), the reason, and what to do
   */
  constructor(what, { place, why, help }) {
    super(`${place === undefined ? "" : `${place}: `}${what}${why === undefined ? "" : `; ${why}`}. ${help}`);
    this.name = "DataError";
  }
}

/**
 * Tells something about the data that is no error; results stand on standard output, so this goes to the other.
 * @param {string} text
 */
export function tell(text) {
  console.error(`l2x data: ${text}`);
}
