/** Tells a person how training goes: a line that redraws itself on a terminal, one line now and then elsewhere. */
import { flattenMetrics } from "./metrics.ts";
import { writeNumber } from "./table.ts";
import type { StepProgress, Validation } from "./train.ts";

/** Where progress goes: standard error, or anything like it. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface ProgressOptions {
  /**
   * The metrics that a validation tells, by split and path such as `valid.edges.recall`, the one that decides first;
   * without them, all that fit in the line.
   */
  readonly metrics?: readonly string[];
  /** Steps between validations; off a terminal, three or more of them are progress enough. */
  readonly validateEvery?: number;
  /** Of several trainings: those still to come after this one, and how long those before it took, in seconds. */
  readonly others?: { readonly toCome: number; readonly took: readonly number[] };
  /** A clock in milliseconds. */
  readonly now?: () => number;
}

const BAR = 20;
const SHORTEST_BAR = 5;
/** Redrawing more often than this (milliseconds) costs time and shows nothing more. */
const REDRAW = 100;
/** How long a line in a log may be, but for the time that is left. */
const LOG_COLUMNS = 124;

/** "4 s", "3 min 20 s", "2 h 5 min". */
export function writeDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return whole % 60 === 0 ? `${minutes} min` : `${minutes} min ${whole % 60} s`;
  return minutes % 60 === 0 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Progress of one training run. */
export class Progress {
  private readonly stream: ProgressStream;
  private readonly title: string;
  private readonly options: ProgressOptions;
  private readonly now: () => number;
  /** The first step that was told, and when. */
  private first: { readonly step: number; readonly at: number } | undefined;
  private drawn = Number.NEGATIVE_INFINITY;
  private tenth: number | undefined;
  private loss: number | undefined;

  constructor(stream: ProgressStream, title: string, options: ProgressOptions = {}) {
    this.stream = stream;
    this.title = title;
    this.options = options;
    this.now = options.now ?? (() => performance.now());
  }

  step(progress: StepProgress): void {
    this.first ??= { step: progress.step, at: this.now() };
    // A single batch's loss jumps; its recent average can be read.
    this.loss = this.loss === undefined ? progress.loss : 0.9 * this.loss + 0.1 * progress.loss;
    if (this.stream.isTTY === true) {
      if (this.now() - this.drawn < REDRAW && progress.step < progress.steps) return;
      this.drawn = this.now();
      this.stream.write(`\r\u001b[K${this.cut(this.line(progress))}`);
      return;
    }
    const { steps } = progress;
    if (steps / (this.options.validateEvery ?? steps) >= 3) return;
    const tenth = Math.floor((10 * progress.step) / steps);
    if (tenth > (this.tenth ?? Math.floor((10 * (this.first.step - 1)) / steps)))
      this.stream.write(`${this.line(progress)}\n`);
    this.tenth = tenth;
  }

  validation(validation: Validation): void {
    const { step, steps } = validation;
    const count = `step ${String(step).padStart(String(steps).length)}/${steps}`;
    let text = `${this.title}  ${count}  loss ${writeNumber(validation.trainLoss)}`;
    const star = "  ★ best";
    const columns = this.stream.isTTY === true ? this.columns() : LOG_COLUMNS;
    for (const [i, metric] of this.metricsOf(validation).entries()) {
      // The first decides; of the others, as many as fit, the same ones in every line.
      if (i > 0 && text.length + metric.length + star.length > columns) break;
      text += metric;
    }
    if (validation.best) text += star;
    // A terminal has the time in the line below.
    if (this.stream.isTTY !== true && step < steps) text += this.left(validation);
    this.clear();
    this.stream.write(`${text}\n`);
  }

  /** Leaves the terminal's line empty for whoever writes next. */
  clear(): void {
    if (this.stream.isTTY === true) this.stream.write("\r\u001b[K");
  }

  /**
   * `valid.elbo −3`, `edges.precision 0.7`, `, recall 0.8`: the first one's split is told, the others are of the same
   * one; of the parts of one metric the first has its name.
   */
  private metricsOf({ metrics }: Validation): string[] {
    const all = flattenMetrics(metrics);
    const paths = (this.options.metrics ?? Object.keys(all)).filter((path) => all[path] !== undefined);
    const split = paths[0]?.slice(0, paths[0].indexOf(".") + 1) ?? "";
    const names = paths.map((path, i) => (i > 0 && path.startsWith(split) ? path.slice(split.length) : path));
    const groups = names.map((name) => name.slice(0, name.lastIndexOf(".") + 1));
    return names.map((name, i) => {
      const isPart = i > 0 && groups[i] !== "" && groups[i] === groups[i - 1];
      const told = isPart ? `, ${name.slice(groups[i]!.length)}` : `  ${name}`;
      return `${told} ${writeNumber(all[paths[i]!]!)}`;
    });
  }

  private line(progress: StepProgress): string {
    const { step, steps } = progress;
    const rate = this.rate(step);
    const speed = rate === 0 ? "" : `  ${writeNumber(rate, 3)} steps/s`;
    const rest = `  ${step}/${steps}  loss ${writeNumber(this.loss!)}${speed}${this.left(progress)}`;
    // On a narrow terminal the bar gives way before the numbers do.
    const free = this.stream.isTTY === true ? this.columns() - 1 - `${this.title}  ${rest}`.length : BAR;
    const length = Math.max(SHORTEST_BAR, Math.min(BAR, free));
    const filled = Math.floor((length * step) / steps);
    return `${this.title}  ${"█".repeat(filled)}${"░".repeat(length - filled)}${rest}`;
  }

  /** Steps per second, validations included; 0 while nobody knows. */
  private rate(step: number): number {
    if (this.first === undefined) return 0;
    const seconds = (this.now() - this.first.at) / 1000;
    return seconds > 0 ? (step - this.first.step) / seconds : 0;
  }

  /** Of all trainings that are to come, too: those before tell how long one takes. */
  private left({ step, steps }: { readonly step: number; readonly steps: number }): string {
    const rate = this.rate(step);
    if (rate <= 0) return "";
    const own = (steps - step) / rate;
    const { toCome, took } = this.options.others ?? { toCome: 0, took: [] };
    const each = took.length === 0 ? steps / rate : took.reduce((sum, seconds) => sum + seconds, 0) / took.length;
    return `  ${writeDuration(own + toCome * each)} left`;
  }

  /** A terminal that does not know its width says 0. */
  private columns(): number {
    return this.stream.columns || 80;
  }

  private cut(line: string): string {
    const columns = this.columns();
    return line.length < columns ? line : line.slice(0, columns - 1);
  }
}
