/** The curve of the loss: a faint band of all steps, and a line of their moving mean. */
import { svg } from "./svg.ts";

const HEIGHT = 220;
const [LEFT, RIGHT, TOP, BOTTOM] = [52, 10, 10, 24];
/** How much of the moving mean stays at each step. */
const KEPT = 0.9;
/** Pixels for each point of the curve. */
const RESOLUTION = 2;

export class LossCurve {
  readonly root = svg("svg", { class: "curve", role: "img", "aria-label": "the loss of each training step" });
  private readonly losses: number[] = [];
  private readonly means: number[] = [];
  private weight = 0;
  private mean = 0;

  /** Drawn anew whenever its width changes. */
  constructor() {
    new ResizeObserver(() => this.draw()).observe(this.root);
  }

  add(loss: number): void {
    this.losses.push(loss);
    // The weights of what there is are made to add up to 1.
    this.weight = KEPT * this.weight + 1 - KEPT;
    this.mean = KEPT * this.mean + (1 - KEPT) * loss;
    this.means.push(this.mean / this.weight);
  }

  /** The moving mean at the last step. */
  get now(): number | undefined {
    return this.means.at(-1);
  }

  draw(): void {
    const width = this.root.clientWidth;
    if (width === 0) return;
    this.root.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    const count = this.losses.length;
    if (count < 2) return this.root.replaceChildren(...nothing(width));
    const buckets = this.buckets(Math.ceil(count / Math.max(1, (width - LEFT - RIGHT) / RESOLUTION)));
    const scale = scaleOf(this.losses);
    const x = (step: number) => LEFT + (step / (count - 1)) * (width - LEFT - RIGHT);
    const y = (loss: number) => TOP + (1 - scale.share(loss)) * (HEIGHT - TOP - BOTTOM);
    const point = (step: number, loss: number) => `${x(step).toFixed(1)},${y(loss).toFixed(1)}`;
    const above = buckets.map(({ step, most }) => point(step, most));
    const below = buckets.map(({ step, least }) => point(step, least)).reverse();
    this.root.replaceChildren(
      ...scale.marks.flatMap((mark) => [
        svg("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(mark), y2: y(mark) }),
        svg("text", { x: LEFT - 8, y: y(mark) + 4, "text-anchor": "end" }, [short(mark)]),
      ]),
      svg("polygon", { class: "band", points: [...above, ...below].join(" ") }),
      svg("polyline", { class: "mean", points: buckets.map(({ step, mean }) => point(step, mean)).join(" ") }),
      svg("text", { x: LEFT, y: HEIGHT - 6 }, ["step 1"]),
      svg("text", { x: width - RIGHT, y: HEIGHT - 6, "text-anchor": "end" }, [count.toLocaleString("en")]),
    );
  }

  /** Steps by groups of `size`: what is too near together to be seen apart. */
  private buckets(size: number) {
    return Array.from({ length: Math.ceil(this.losses.length / size) }, (_, i) => {
      const losses = this.losses.slice(i * size, (i + 1) * size);
      const step = i * size + losses.length - 1;
      return { step, most: Math.max(...losses), least: Math.min(...losses), mean: this.means[step]! };
    });
  }
}

/** What is seen before there is a curve. */
function nothing(width: number): SVGElement[] {
  const [floor, middle] = [HEIGHT - BOTTOM, (LEFT + width - RIGHT) / 2];
  return [
    svg("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: floor, y2: floor }),
    svg("text", { x: middle, y: HEIGHT / 2, "text-anchor": "middle" }, ["the loss of each step will be drawn here"]),
  ];
}

interface Scale {
  /** Between 0 and 1. */
  share(loss: number): number;
  readonly marks: readonly number[];
}

/** Logarithmic where all losses are positive. */
function scaleOf(losses: readonly number[]): Scale {
  const least = losses.reduce((a, b) => Math.min(a, b));
  const most = losses.reduce((a, b) => Math.max(a, b));
  const logarithmic = least > 0;
  const bend = (loss: number) => (logarithmic ? Math.log10(loss) : loss);
  const [low, span] = [bend(least), bend(most) - bend(least) || 1];
  const share = (loss: number) => (bend(loss) - low) / span;
  const inside = (mark: number) => mark >= least && mark <= most;
  const rulers = logarithmic ? FACTORS.map((factors) => powers(least, most, factors)) : [round(least, most)];
  const marks = rulers.map((ruler) => ruler.filter(inside));
  return { share, marks: marks.find((ruler) => ruler.length > 2) ?? marks.at(-1)! };
}

/** Marks of a logarithmic scale between powers of ten: few, or more where those would not be enough. */
const FACTORS = [[1], [1, 2, 5], [1, 1.5, 2, 3, 4, 5, 7]] as const;

function powers(least: number, most: number, factors: readonly number[]): number[] {
  const [first, last] = [Math.floor(Math.log10(least)), Math.ceil(Math.log10(most))];
  return Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i)).flatMap((ten) =>
    factors.map((factor) => factor * ten),
  );
}

/** Some four round numbers. */
function round(least: number, most: number): number[] {
  const step = 10 ** Math.floor(Math.log10((most - least) / 2 || 1));
  const first = Math.ceil(least / step);
  return Array.from({ length: Math.floor(most / step) - first + 1 }, (_, i) => (first + i) * step);
}

const short = (value: number) => value.toLocaleString("en", { notation: "compact", maximumSignificantDigits: 3 });
