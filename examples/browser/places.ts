/** Where the vertices of the live tree are at first. */

/** The angle at which a sunflower sets its seeds. */
const GOLDEN_ANGLE = Math.PI * (3 - Math.sqrt(5));

/** As many points as wanted, spread over the unit square like seeds over a sunflower, none very near to another. */
export function spread(vertices: number): Float32Array<ArrayBuffer> {
  const places = new Float32Array(2 * vertices);
  for (let v = 0; v < vertices; v++) {
    const radius = 0.48 * Math.sqrt((v + 0.5) / vertices);
    // Not quite regular, or many edges would be of one length.
    const angle = v * GOLDEN_ANGLE + 0.35 * Math.sin(5 * v);
    places[2 * v] = 0.5 + radius * Math.cos(angle);
    places[2 * v + 1] = 0.5 + radius * Math.sin(angle);
  }
  return places;
}
