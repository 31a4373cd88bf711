/**
 * What a law is: one record about one simplification. compiler/passes/simplify.ts applies laws, the suite in test/laws
 * proves them.
 */
import type { Builder } from "../ir/tensor/builder.ts";
import type { Node } from "../ir/tensor/tensor.ts";

export interface Law {
  /** The name of its file. */
  readonly name: string;
  /** The equation, read from left to right, and when it is applied. */
  readonly says: string;
  /** The operations that its left side may have at the root. */
  readonly roots: readonly string[];
  /** Present for laws about programs that are differentiated already: gradients would not agree, or not be as cheap. */
  readonly final?: true;
  /** A graph on which the law fires at the root, over leaves `input` and `parameter`. */
  example(build: Builder): Node;
  /** Graphs on which it fires, too: for each root that the example lacks, unless it is about a class of operations. */
  more?(build: Builder): readonly Node[];
  /** Graphs on which it must not fire, though they have its roots and little more is missing. */
  near?(build: Builder): readonly Node[];
  /** The right side for a node that is a left side, of the same type; undefined for other nodes. */
  apply(node: Node, build: Builder): Node | undefined;
}
