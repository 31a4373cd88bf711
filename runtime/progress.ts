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

const BAR = 20;
/** Redrawing more often than this (milliseconds) costs time and shows nothing more. */
const REDRAW = 100;

/** "4 s", "3 min 20 s", "2 h 5 min". */
export function writeDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return whole % 60 === 0 ? `${minutes} min` : `${minutes} min ${whole % 60} s`;
  return minutes % 60 === 0 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Progress of one training run. `now` is in milliseconds. */
export class Progress {
  private readonly stream: ProgressStream;
  private readonly title: string;
  private readonly now: () => number;
  private readonly started: number;
  private firstStep: number | undefined;
  private drawn = Number.NEGATIVE_INFINITY;
  private tenth: number | undefined;
  private loss: number | undefined;

  constructor(stream: ProgressStream, title: string, now: () => number = () => performance.now()) {
    this.stream = stream;
    this.title = title;
    this.now = now;
    this.started = now();
  }

  step(progress: StepProgress): void {
    this.firstStep ??= progress.step - 1;
    // A single batch's loss jumps; its recent average can be read.
    this.loss = this.loss === undefined ? progress.loss : 0.9 * this.loss + 0.1 * progress.loss;
    if (this.stream.isTTY === true) {
      if (this.now() - this.drawn < REDRAW && progress.step < progress.steps) return;
      this.drawn = this.now();
      this.stream.write(`\r\u001b[K${this.cut(this.line(progress))}`);
      return;
    }
    const tenth = Math.floor((10 * progress.step) / progress.steps);
    if (tenth > (this.tenth ?? Math.floor((10 * this.firstStep) / progress.steps)))
      this.stream.write(`${this.line(progress)}\n`);
    this.tenth = tenth;
  }

  validation(validation: Validation): void {
    const metrics = Object.entries(flattenMetrics(validation.metrics)).map(
      ([path, value]) => `${path} ${writeNumber(value)}`,
    );
    const star = validation.best ? "  (best so far)" : "";
    const step = `step ${validation.step}/${validation.steps}`;
    const loss = `train loss ${writeNumber(validation.trainLoss)}`;
    const text = `${this.title}  ${step}  ${loss}  ${metrics.join("  ")}${star}`;
    this.clear();
    this.stream.write(`${text}\n`);
  }

  /** Leaves the terminal's line empty for whoever writes next. */
  clear(): void {
    if (this.stream.isTTY === true) this.stream.write("\r\u001b[K");
  }

  private line({ step, steps }: StepProgress): string {
    const seconds = (this.now() - this.started) / 1000;
    const done = step - this.firstStep!;
    const rate = seconds > 0 ? done / seconds : 0;
    const filled = Math.floor((BAR * step) / steps);
    const bar = `${"█".repeat(filled)}${"░".repeat(BAR - filled)}`;
    const left = rate > 0 ? `  ${writeDuration((steps - step) / rate)} left` : "";
    return `${this.title}  ${bar}  ${step}/${steps}  loss ${writeNumber(this.loss!)}  ${writeNumber(rate, 3)} steps/s${left}`;
  }

  private cut(line: string): string {
    const columns = this.stream.columns ?? 80;
    return line.length < columns ? line : line.slice(0, columns - 1);
  }
}
