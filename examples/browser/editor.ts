/** A text area with colours: what is seen is a copy of the text behind it. */
import { highlight } from "./highlight.ts";

/** How long after the last key the text counts as written. */
const PAUSE = 250;

export class Editor {
  private readonly area: HTMLTextAreaElement;
  private readonly shown: HTMLElement;
  private readonly changed: () => void;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(area: HTMLTextAreaElement, shown: HTMLElement, changed: () => void) {
    this.area = area;
    this.shown = shown;
    this.changed = changed;
    area.addEventListener("input", () => {
      this.colour();
      clearTimeout(this.timer);
      this.timer = setTimeout(this.changed, PAUSE);
    });
    // The copy has no scroll bars of its own.
    area.addEventListener("scroll", () => {
      shown.scrollTop = area.scrollTop;
      shown.scrollLeft = area.scrollLeft;
    });
  }

  get text(): string {
    return this.area.value;
  }

  /** Writes a text, which counts as a change at once. */
  write(text: string): void {
    this.area.value = text;
    this.colour();
    clearTimeout(this.timer);
    this.changed();
  }

  private colour(): void {
    highlight(this.shown, this.area.value);
    this.area.rows = Math.min(24, Math.max(8, this.area.value.split("\n").length));
  }
}
