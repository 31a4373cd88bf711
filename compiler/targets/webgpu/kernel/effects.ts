/**
 * Who reads and writes which array between two barriers. Lanes of a workgroup see what others have written only after a
 * barrier, and must not write what others may still read before one; a lane by itself needs none.
 */
import { blocksOf, expressionsOf, partsOf } from "../../../ir/kernel/expression.ts";
import type { KernelExpression as Expression, KernelStatement as Statement } from "../../../ir/kernel/kernel.ts";

/** The first lane alone, or several. */
export type Who = "one" | "many";

export interface Effects {
  readonly reads: ReadonlySet<string>;
  readonly writes: ReadonlySet<string>;
}

/** The arrays that an expression loads from. */
export function loadedBy(e: Expression, found = new Set<string>()): Set<string> {
  if (e.kind === "load") found.add(e.array);
  for (const part of partsOf(e)) loadedBy(part, found);
  return found;
}

/** The arrays that statements load from and store to. */
export function effectsOf(statements: readonly Statement[]): Effects {
  const reads = new Set<string>();
  const writes = new Set<string>();
  const visit = (body: readonly Statement[]): void => {
    for (const s of body) {
      for (const e of expressionsOf(s)) loadedBy(e, reads);
      if (s.kind === "store" || s.kind === "fill") writes.add(s.array);
      blocksOf(s).forEach(visit);
    }
  };
  visit(statements);
  return { reads, writes };
}

/** What has happened to an array since the last barrier. */
interface Access {
  readonly read?: Who;
  readonly written?: Who;
}

export class Hazards {
  private accesses: Map<string, Access>;

  constructor(accesses: ReadonlyMap<string, Access> = new Map()) {
    this.accesses = new Map(accesses);
  }

  copy(): Hazards {
    return new Hazards(this.accesses);
  }

  /** The arrays for which a barrier must stand before such effects. */
  conflicts({ reads, writes }: Effects, who: Who): string[] {
    const clash = (before: Who | undefined) => before !== undefined && !(before === "one" && who === "one");
    const names = new Set([...reads, ...writes]);
    return [...names].filter((name) => {
      const { read, written } = this.accesses.get(name) ?? {};
      return clash(written) || (writes.has(name) && clash(read));
    });
  }

  record({ reads, writes }: Effects, who: Who): void {
    for (const name of reads) this.add(name, { read: who });
    for (const name of writes) this.add(name, { written: who });
  }

  /** A barrier for these arrays. */
  clear(arrays: (name: string) => boolean): void {
    this.accesses = new Map([...this.accesses].filter(([name]) => !arrays(name)));
  }

  /** What may have happened on either of two ways. */
  join(other: Hazards): void {
    for (const [name, access] of other.accesses) this.add(name, access);
  }

  private add(name: string, { read, written }: Access): void {
    const before = this.accesses.get(name) ?? {};
    const worse = (a: Who | undefined, b: Who | undefined) => (a === "many" || b === "many" ? "many" : (a ?? b));
    const reading = worse(before.read, read);
    const writing = worse(before.written, written);
    this.accesses.set(name, {
      ...(reading === undefined ? {} : { read: reading }),
      ...(writing === undefined ? {} : { written: writing }),
    });
  }
}
