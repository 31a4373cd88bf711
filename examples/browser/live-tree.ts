/** The live tree: a text that is compiled as it is written, and its samples, soft and hard, at the same noise. */
import { render } from "sstc";
import type { Batch, Model } from "sstc/runtime";
import type { Device } from "./device.ts";
import { Editor } from "./editor.ts";
import { find } from "./find.ts";
import { GraphPicture } from "./graph-picture.ts";
import { latest } from "./latest.ts";
import { openModel, tell } from "./open-model.ts";
import { spread } from "./places.ts";
import text from "./tree.sst?raw";

type Latent = Model["artifact"]["latents"][number];
/** A model that can be drawn. */
interface Drawable {
  readonly model: Model;
  readonly latent: Latent;
  readonly graph: NonNullable<Latent["graph"]>;
}

interface Samples {
  readonly places: Float32Array;
  readonly soft: ArrayLike<number>;
  readonly hard: ArrayLike<number>;
}

/** Words of the text, of which each may stand in the place of another; a button under the text for each. */
const VARIATIONS = [
  ["SpanningTree", "TopKEdges", "IndependentEdges"],
  ["ExpFamily", "Euclidean"],
] as const;

export class LiveTree {
  private readonly device: Device;
  private readonly editor: Editor;
  private readonly soft = new GraphPicture("the soft sample: every edge as strong as its value");
  private readonly hard = new GraphPicture("the hard sample: the edges of one tree");
  private readonly slider = find("temperature", HTMLInputElement);
  private readonly refresh = latest(() => this.round());
  private places = new Float32Array(0);
  private current: Drawable | undefined;
  /** The text that was compiled last, well or not. */
  private compiled: string | undefined;
  private drawn = 0;

  constructor(device: Device) {
    this.device = device;
    find("soft").append(this.soft.root);
    find("hard").append(this.hard.root);
    for (const picture of [this.soft, this.hard]) {
      picture.allowDragging((vertex, x, y) => {
        this.places.set([x, y], 2 * vertex);
        void this.refresh();
      });
    }
    this.slider.addEventListener("input", () => this.heat());
    find("again").addEventListener("click", () => {
      this.drawn++;
      void this.refresh();
    });
    this.editor = new Editor(find("source", HTMLTextAreaElement), find("coloured"), () => void this.refresh());
    find("variations").append(...VARIATIONS.flatMap((words) => words.map((word) => this.variation(words, word))));
    this.editor.write(text);
    this.heat();
  }

  private heat(): void {
    find("temperature-value").textContent = this.temperature.toPrecision(2);
    void this.refresh();
  }

  private variation(words: readonly string[], word: string): HTMLButtonElement {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = word;
    const others = new RegExp(`\\b(${words.join("|")})\\b`, "g");
    button.addEventListener("click", () => this.editor.write(this.editor.text.replace(others, word)));
    return button;
  }

  /** The slider is a power of ten: from 0.05 to 5. */
  private get temperature(): number {
    return 10 ** Number(this.slider.value);
  }

  /** Brings what is shown up to date; what goes wrong leaves what was shown. */
  private async round(): Promise<void> {
    try {
      const opened = await this.openIfWritten();
      const drawable = opened ?? this.current;
      if (drawable === undefined) return;
      const samples = await this.sample(drawable).catch((problem: unknown) => {
        opened?.model.dispose();
        throw problem;
      });
      if (opened !== undefined) this.adopt(opened);
      this.show(samples);
    } catch (problem) {
      this.tell(tell(problem), "error");
    }
  }

  /** The model of the text, where this is a new one without mistakes. */
  private async openIfWritten(): Promise<Drawable | undefined> {
    const { text: written } = this.editor;
    if (written === this.compiled) return undefined;
    this.compiled = written;
    const { model, diagnostics } = await openModel(written, "tree.sst", this.device);
    this.tell(diagnostics.map(render).join("\n\n"), model === undefined ? "error" : "warning");
    if (model === undefined) return undefined;
    const latent = model.artifact.latents.find(({ graph }) => graph !== undefined);
    if (latent?.graph !== undefined) return { model, latent, graph: latent.graph };
    model.dispose();
    this.tell("this model has no latent set of edges, and the page draws nothing else", "error");
    return undefined;
  }

  /** From now on it is this model that is drawn. */
  private adopt(drawable: Drawable): void {
    const { model, latent, graph } = drawable;
    this.current?.model.dispose();
    this.current = drawable;
    for (const picture of [this.soft, this.hard]) picture.setGraph(graph.vertices, graph.edges);
    this.slider.disabled = !hasTemperature(model);
    describe(model, latent);
  }

  private async sample({ model, latent, graph }: Drawable): Promise<Samples> {
    if (this.places.length !== 2 * graph.vertices) this.places = spread(graph.vertices);
    const places = this.places.slice();
    if (hasTemperature(model)) model.setHyper("t", this.temperature);
    const batch = batchOf(model, graph.vertices, places);
    // The same draw both times: the hard sample is what the soft one becomes as the temperature goes to zero.
    const [soft, hard] = await Promise.all([
      model.sample(batch, { soft: true, seed: 1, draw: this.drawn }),
      model.sample(batch, { seed: 1, draw: this.drawn }),
    ]);
    return { places, soft: soft[latent.name]!.data, hard: hard[latent.name]!.data };
  }

  private show({ places, soft, hard }: Samples): void {
    for (const picture of [this.soft, this.hard]) picture.place(places);
    this.soft.show(soft);
    this.hard.show(hard);
  }

  private tell(words: string, severity: "error" | "warning"): void {
    const element = find("problems");
    element.textContent = words;
    element.className = severity;
    element.hidden = words === "";
  }
}

/** The slider sets the hyper of this name. */
const hasTemperature = ({ artifact }: Model) => artifact.hypers.some(({ name }) => name === "t");

/** The places of the vertices, for whatever data of the model have their shape. */
function batchOf({ artifact: { entries, data } }: Model, vertices: number, places: Float32Array): Batch {
  const read = new Set(entries.flatMap(({ inputs }) => inputs));
  const placed = data.filter(({ name, shape }) => read.has(name) && `${shape}` === `${[vertices, 2]}`);
  return Object.fromEntries(placed.map(({ name, shape }) => [name, { shape: [1, ...shape], data: places }]));
}

/** What the compiler says of the model: how many members there are, and what was chosen for which reasons. */
function describe({ artifact }: Model, { structure, count, name }: Latent): void {
  const members = count === undefined ? [] : [["members", count.toLocaleString("en"), `of ${structure}`]];
  const decisions = artifact.decisions.filter(({ latent }) => latent === name);
  const rows = [...members, ...decisions.map(({ pass, chosen, reason }) => [pass, chosen, reason])];
  find("decisions").replaceChildren(...rows.map(([term, chosen, reason]) => row(term!, chosen!, reason!)));
}

function row(term: string, chosen: string, reason: string): HTMLElement {
  const made = document.createElement("div");
  for (const [tag, words, name] of [
    ["dt", term, ""] as const,
    ["dd", chosen, "chosen"] as const,
    ["dd", reason, "reason"] as const,
  ]) {
    const part = document.createElement(tag);
    part.textContent = words;
    part.className = name;
    made.append(part);
  }
  return made;
}
