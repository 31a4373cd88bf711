/** The parts of the page by their ids. */

/** Throws where the page has no such part: the two are written for one another. */
export function find<Kind extends HTMLElement = HTMLElement>(id: string, kind?: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (!(found instanceof (kind ?? HTMLElement))) throw new Error(`the page has no ${kind?.name ?? "part"} #${id}`);
  return found as Kind;
}
