/** Names of one scope and those around it, while a file is resolved. */
export class Locals {
  private readonly own = new Set<string>();
  /** Names of this scope that are declared further down. */
  private readonly below = new Set<string>();
  private readonly explained = new Map<string, string>();
  private readonly parent: Locals | undefined;

  constructor(parent?: Locals) {
    this.parent = parent;
  }

  /** Adds a name; false when this very scope has it already. */
  declare(name: string): boolean {
    if (this.own.has(name)) return false;
    this.own.add(name);
    this.below.delete(name);
    return true;
  }

  /** Announces a name that a later statement declares. */
  announce(name: string): void {
    if (!this.own.has(name)) this.below.add(name);
  }

  /** Says how a name that is not there could come to be. */
  explain(name: string, help: string): void {
    this.explained.set(name, help);
  }

  explanation(name: string): string | undefined {
    return this.explained.get(name) ?? this.parent?.explanation(name);
  }

  has(name: string): boolean {
    return this.own.has(name) || (this.parent?.has(name) ?? false);
  }

  /** Whether the name is declared further down in the text. */
  comes(name: string): boolean {
    return this.below.has(name) || (this.parent?.comes(name) ?? false);
  }

  names(): string[] {
    return [...this.own, ...(this.parent?.names() ?? [])];
  }
}
