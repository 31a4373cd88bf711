/** Writes the statements of a WGSL function: nested blocks, names that are unique, and expressions that are shared. */
import type { SafeNames } from "./names.ts";

export class Writer {
  private readonly lines: string[] = [];
  private readonly names: SafeNames;
  /** Of each open block, the innermost last: what its variables stand for. */
  private readonly blocks: Map<string, string>[] = [new Map()];

  constructor(names: SafeNames) {
    this.names = names;
  }

  get text(): readonly string[] {
    return this.lines;
  }

  line(text: string): void {
    this.lines.push(`${"  ".repeat(this.blocks.length)}${text}`);
  }

  /** `head` opens a block that `close` ends. */
  open(head: string): void {
    this.line(`${head} {`);
    this.blocks.push(new Map());
  }

  /** Ends a block, and begins the next of the same statement where `next` is given, such as `else`. */
  close(next?: string): void {
    this.blocks.pop();
    this.line(next === undefined ? "}" : `} ${next} {`);
    if (next !== undefined) this.blocks.push(new Map());
  }

  block(head: string, body: () => void): void {
    this.open(head);
    body();
    this.close();
  }

  fresh(wanted: string): string {
    return this.names.fresh(wanted);
  }

  /** What is known under a key in this block or around it. */
  known(key: string): string | undefined {
    for (let i = this.blocks.length - 1; i >= 0; i--) {
      const found = this.blocks[i]!.get(key);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  remember(key: string, text: string): string {
    this.blocks.at(-1)!.set(key, text);
    return text;
  }

  /** The name of an expression that reads nothing that changes; written once in each block. */
  share(wanted: string, expression: string): string {
    if (/^[A-Za-z0-9_.]+$/.test(expression)) return expression;
    const known = this.known(expression);
    if (known !== undefined) return known;
    const name = this.fresh(wanted);
    this.line(`let ${name} = ${expression};`);
    return this.remember(expression, name);
  }
}
