/**
 * Errors that a user can cause and mend: wrong data, a foreign checkpoint, a missing device. Anything else that is
 * thrown from the runtime is a bug.
 */

export interface UserErrorDetails {
  /** The reason, one sentence. */
  readonly why?: string;
  /** What to do, one sentence. */
  readonly help?: string;
}

/** `message` says what is wrong and where; `why` and `help` are for people who have not met the problem before. */
export class UserError extends Error {
  readonly why: string | undefined;
  readonly help: string | undefined;

  constructor(message: string, details: UserErrorDetails = {}) {
    super(message);
    this.name = "UserError";
    this.why = details.why;
    this.help = details.help;
  }

  /** All that is known, a line for each of what, why and help. */
  report(): string {
    const lines = [this.message];
    if (this.why !== undefined) lines.push(`  why: ${this.why}`);
    if (this.help !== undefined) lines.push(`  help: ${this.help}`);
    return lines.join("\n");
  }
}

/** "`a`, `b` and `c`", for messages; long lists are cut. */
export function listNames(names: readonly string[], most = 8): string {
  if (names.length === 0) return "none";
  const shown = names.slice(0, most).map((name) => `\`${name}\``);
  if (names.length > most) return `${shown.join(", ")} and ${names.length - most} more`;
  if (shown.length === 1) return shown[0]!;
  return `${shown.slice(0, -1).join(", ")} and ${shown[shown.length - 1]}`;
}

/** "`3 × 4`" style shapes read badly next to the language; messages write them as the language does. */
export function writeShape(shape: readonly number[]): string {
  return `[${shape.join(", ")}]`;
}
