/** A problem with the command line or a file named on it: shown as one line, with the exit status that it means. */
export class UsageError extends Error {
  readonly status: 1 | 2;
  constructor(message: string, status: 1 | 2 = 2) {
    super(message);
    this.status = status;
  }
}
