/** What every structure has by its argmax alone, where it declares nothing of its own: clauses of the library. */
import type { KBestClause, StructureClause } from "../grammar/ast.ts";
import { parseExpression } from "../grammar/parse.ts";
import type { Source } from "./diagnostic.ts";

/** Names in these clauses are those of the library, whatever the structure's file declares. */
export const GENERAL_SOURCE: Source = { name: "std/any structure", text: "" };

const K_BEST: KBestClause = {
  kind: "k-best",
  solver: parseExpression("lawler").value!,
  cost: parseExpression("best * dimensions(S) ^ 2").value!,
  span: { start: 0, end: 0 },
};

/** The k-best solvers that a structure declares, or else the one that all have. */
export function kBestOf(clauses: readonly StructureClause[]): readonly KBestClause[] {
  const own = clauses.filter((clause) => clause.kind === "k-best");
  return own.length > 0 ? own : [K_BEST];
}

/** Whether a clause is the structure's own. */
export function isOwn(clause: KBestClause): boolean {
  return clause !== K_BEST;
}

/** The file that a clause stands in. */
export function sourceOf(clause: KBestClause, structure: Source): Source {
  return isOwn(clause) ? structure : GENERAL_SOURCE;
}
