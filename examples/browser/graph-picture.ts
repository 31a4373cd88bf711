/** A graph in the plane whose edges have values: the larger, the stronger their lines. */
import { svg } from "./svg.ts";

/** Two coordinates in the unit square for each vertex, one vertex after the other. */
export type Places = ArrayLike<number>;
export type Edges = readonly (readonly [number, number])[];

const SIDE = 100;
const MARGIN = 7;
/** Lines are as wide as this, and wider by as much as the second number where the value is 1. */
const WIDTH = [0.35, 1.25] as const;

const toPicture = (place: number) => MARGIN + place * (SIDE - 2 * MARGIN);
const toPlace = (at: number) => Math.min(1, Math.max(0, (at - MARGIN) / (SIDE - 2 * MARGIN)));

export class GraphPicture {
  readonly root: SVGSVGElement;
  private readonly trails = svg("g", { class: "trails" });
  private readonly lines = svg("g", { class: "edges" });
  private readonly points = svg("g", { class: "vertices" });
  private edges: Edges = [];

  constructor(label: string) {
    const box = { viewBox: `0 0 ${SIDE} ${SIDE}`, role: "img", "aria-label": label };
    this.root = svg("svg", box, [this.trails, this.lines, this.points]);
    this.root.classList.add("graph");
  }

  /** Which graph it is from now on. */
  setGraph(vertices: number, edges: Edges): void {
    this.edges = edges;
    this.lines.replaceChildren(...edges.map(() => svg("line", { "stroke-linecap": "round" }, [svg("title")])));
    this.points.replaceChildren(...Array.from({ length: vertices }, () => svg("circle", { r: 1.8 })));
  }

  place(places: Places): void {
    for (const [e, [a, b]] of this.edges.entries()) {
      const ends = { x1: places[2 * a]!, y1: places[2 * a + 1]!, x2: places[2 * b]!, y2: places[2 * b + 1]! };
      for (const [name, at] of Object.entries(ends)) this.lines.children[e]?.setAttribute(name, `${toPicture(at)}`);
    }
    for (const [v, point] of [...this.points.children].entries()) {
      point.setAttribute("cx", `${toPicture(places[2 * v]!)}`);
      point.setAttribute("cy", `${toPicture(places[2 * v + 1]!)}`);
    }
  }

  /** Where the vertices have been, faintly. */
  trace(frames: readonly Places[]): void {
    const paths = Array.from(this.points.children, (_, v) =>
      frames.map((places) => `${toPicture(places[2 * v]!)},${toPicture(places[2 * v + 1]!)}`).join(" "),
    );
    this.trails.replaceChildren(...paths.map((points) => svg("polyline", { points })));
  }

  /** `truth`, where it is known, tells right edges from wrong ones, and shows those that are missing. */
  show(values: ArrayLike<number>, truth?: ArrayLike<number>): void {
    for (const [e, line] of [...this.lines.children].entries()) {
      const value = Math.min(1, Math.max(0, values[e] ?? 0));
      const missed = truth?.[e] === 1 && value < 0.5;
      line.setAttribute("class", missed ? "missed" : truth?.[e] === 0 ? "wrong" : "");
      line.setAttribute("data-value", `${values[e]}`);
      line.setAttribute("stroke-width", `${WIDTH[0] + WIDTH[1] * value}`);
      line.setAttribute("stroke-opacity", `${missed ? 1 : value}`);
      const [a, b] = this.edges[e]!;
      line.firstElementChild!.textContent = `${a} – ${b}: ${value.toFixed(3)}`;
    }
  }

  /** Lets people drag vertices; `moved` is told the vertex and where it is now. */
  allowDragging(moved: (vertex: number, x: number, y: number) => void): void {
    this.root.classList.add("draggable");
    let held = -1;
    this.points.addEventListener("pointerdown", (event) => {
      held = [...this.points.children].indexOf(event.target as Element);
      this.root.setPointerCapture(event.pointerId);
      event.preventDefault();
    });
    this.root.addEventListener("pointermove", (event) => {
      if (held < 0) return;
      const { left, top, width, height } = this.root.getBoundingClientRect();
      const at = [((event.clientX - left) / width) * SIDE, ((event.clientY - top) / height) * SIDE] as const;
      moved(held, toPlace(at[0]), toPlace(at[1]));
    });
    for (const end of ["pointerup", "pointercancel"]) {
      this.root.addEventListener(end, () => {
        held = -1;
      });
    }
  }
}
