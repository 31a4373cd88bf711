/** The page's side of training: what the worker tells, in a curve, numbers and pictures. */
import { find } from "./find.ts";
import { GraphPicture } from "./graph-picture.ts";
import { LossCurve } from "./loss-curve.ts";
import type { Example, News, Order } from "./messages.ts";

/** Steps whose times tell how many there are in a second. */
const TIMED = 20;

export class TrainingView {
  private readonly worker: Worker;
  private readonly curve = new LossCurve();
  private readonly button = find("train", HTMLButtonElement);
  private readonly times: number[] = [];
  private pictures: readonly GraphPicture[] = [];
  private examples: readonly Example[] = [];
  private running = false;
  private frame = 0;

  constructor() {
    this.worker = new Worker(new URL("./training-worker.ts", import.meta.url), { type: "module" });
    this.worker.addEventListener("message", ({ data }: MessageEvent<News>) => this.hear(data));
    this.worker.addEventListener("error", ({ message }) => this.fail(message));
    find("curve").append(this.curve.root);
    this.button.addEventListener("click", () => this.toggle());
    this.say({ kind: "open", search: location.search });
  }

  private toggle(): void {
    this.running = !this.running;
    this.times.length = 0;
    this.button.textContent = this.running ? "Pause" : "Go on";
    this.say({ kind: this.running ? "start" : "pause" });
  }

  private say(order: Order): void {
    this.worker.postMessage(order);
  }

  private hear(news: News): void {
    if (news.kind === "ready") this.ready(news);
    else if (news.kind === "step") this.step(news);
    else if (news.kind === "validation") this.validation(news);
    else if (news.kind === "failed") this.fail(news.words);
  }

  private ready({ device, vertices, edges, examples, batch }: News & { kind: "ready" }): void {
    this.examples = examples;
    this.pictures = examples.map(({ frames, truth }, i) => {
      const picture = new GraphPicture(`held-out example ${i + 1}`);
      picture.setGraph(vertices, edges);
      picture.place(frames.at(-1)!);
      picture.trace(frames);
      picture.show(new Float32Array(edges.length), truth);
      return picture;
    });
    find("held-out").replaceChildren(...this.pictures.map(({ root }) => root));
    find("training-device").textContent = `${device}, batches of ${batch}`;
    this.button.disabled = false;
  }

  private step({ step, loss, time }: News & { kind: "step" }): void {
    this.curve.add(loss);
    this.times.push(time);
    if (this.times.length > TIMED) this.times.shift();
    if (this.frame !== 0) return;
    // However many steps there are, the page is drawn once for each picture of the screen.
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.curve.draw();
    });
    find("steps").textContent = step.toLocaleString("en");
    find("loss").textContent = Math.round(this.curve.now!).toLocaleString("en");
    const seconds = (this.times.at(-1)! - this.times[0]!) / 1000;
    if (seconds > 0) find("rate").textContent = ((this.times.length - 1) / seconds).toPrecision(2);
  }

  private validation({ precision, chosen }: News & { kind: "validation" }): void {
    find("precision").textContent = `${(100 * precision).toFixed(0)} %`;
    for (const [i, picture] of this.pictures.entries()) picture.show(chosen[i]!, this.examples[i]!.truth);
  }

  private fail(words: string): void {
    const element = find("training-problem");
    element.textContent = words;
    element.hidden = false;
    this.button.disabled = true;
  }
}
