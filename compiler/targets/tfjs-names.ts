/** JavaScript identifiers for nodes: after their names in the source where they have one, made safe and unique. */
import type { Node } from "../ir/tensor/tensor.ts";

/** Words of JavaScript, and the names that printed programs use themselves. */
const reserved = new Set(
  `abstract arguments async await boolean break byte case catch char class const continue debugger default delete do double
  else enum eval export extends false final finally float for function get goto if implements import in instanceof int
  interface let long native new null of package private protected public return set short static super switch
  synchronized this throw throws transient true try typeof undefined NaN Infinity var void volatile while with yield
  tf batch inputs parameters states hypers noise kernels constants rows makeRows runKernel runLoop loops outputs globalThis
  process Math Array Object Int32Array Map`.split(/\s+/),
);

export class Identifiers {
  private readonly taken = new Set<string>();
  /** The first number that may be free after a wanted name. */
  private readonly next = new Map<string, number>();
  private readonly names = new Map<Node, string>();
  private readonly labels: ReadonlyMap<Node, string>;

  constructor(labels: ReadonlyMap<Node, string>) {
    this.labels = labels;
  }

  of(node: Node): string {
    const known = this.names.get(node);
    if (known !== undefined) return known;
    const name = this.fresh(this.labels.get(node) ?? String(node.attributes.name ?? node.op));
    this.names.set(node, name);
    return name;
  }

  /** Lets a node go by a name that exists already. */
  alias(node: Node, name: string): void {
    this.names.set(node, name);
  }

  /** A new identifier like the wanted name. */
  fresh(wanted: string): string {
    const safe =
      wanted
        .replace(/[^A-Za-z0-9_]+/g, "_")
        .slice(0, 40)
        .replace(/^(?=[0-9])/, "_") || "_";
    let name = safe;
    let next = this.next.get(safe) ?? 2;
    while (this.taken.has(name) || reserved.has(name)) name = `${safe}_${next++}`;
    this.next.set(safe, next);
    this.taken.add(name);
    return name;
  }

  /** A comment with the name in the source, where the identifier says it differently. */
  comment(node: Node): string {
    const label = this.labels.get(node);
    if (label === undefined || label === this.of(node)) return "";
    return ` // ${commentText(label)}`;
  }
}

/** Text that cannot end a comment: printable ASCII on one line. */
export function commentText(text: string): string {
  return text
    .replace(/[^\x20-\x7e]+/g, " ")
    .replaceAll("*/", "* /")
    .slice(0, 120);
}
