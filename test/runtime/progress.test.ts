/** What people see of a training: progress on terminals and in logs, durations, numbers, tables. */
import { describe, expect, it } from "vitest";
import { Progress, type ProgressOptions, type ProgressStream, writeDuration } from "../../runtime/progress.ts";
import { formatTable, writeNumber } from "../../runtime/table.ts";

describe("what people see", () => {
  it("a line that redraws on a terminal, and lines now and then elsewhere", () => {
    const show = (isTTY: boolean) => {
      const parts: string[] = [];
      let time = 0;
      const progress = new Progress({ isTTY, columns: 100, write: (part: string) => parts.push(part) }, "T=10", {
        now: () => time,
      });
      for (let step = 1; step <= 100; step++) {
        time = step * 500;
        progress.step({ step, steps: 100, loss: 2 });
      }
      return parts.join("");
    };
    expect(show(false).split("\n").length).toBe(11);
    expect(show(false)).toContain("T=10  ██████████░░░░░░░░░░  50/100  loss 2  2 steps/s  25 s left\n");
    expect(show(true).split("\r\u001b[K").length).toBe(101);
  });

  /** What is written while `steps` steps of half a second are made, with validations every `validateEvery`. */
  function told(steps: number, options: ProgressOptions, stream: Partial<ProgressStream> = {}): string[] {
    const parts: string[] = [];
    let time = 0;
    const given = { ...options, now: () => time };
    const progress = new Progress({ ...stream, write: (part: string) => parts.push(part) }, "2/3 Tree", given);
    const valid = { elbo: -1121.4, loss: 3, edges: { precision: 0.7, recall: 0.81 }, other: 5 };
    for (let step = 1; step <= steps; step++) {
      time += 500;
      progress.step({ step, steps, loss: 2 });
      if (step % (options.validateEvery ?? steps) > 0) continue;
      progress.validation({ step, steps, trainLoss: 2, metrics: { valid }, best: step < steps });
    }
    return parts.join("").split(stream.isTTY === true ? "\r\u001b[K" : "\n");
  }

  it("validations alone where there are enough of them, with the metrics of interest and the time left", () => {
    const metrics = ["valid.elbo", "valid.edges.precision", "valid.edges.recall", "valid.absent"];
    const others = { toCome: 1, took: [20, 40] };
    const line = (count: string, rest: string) =>
      `2/3 Tree  step ${count}  loss 2  valid.elbo −1121  edges.precision 0.7000, recall 0.8100${rest}`;
    expect(told(100, { metrics, validateEvery: 40, others }).filter((each) => !each.includes("█"))).toEqual([
      line(" 40/100", "  ★ best  1 min left"),
      line(" 80/100", "  ★ best  40 s left"),
      "",
    ]);
    expect(told(120, { metrics, validateEvery: 40 })).toEqual([
      line(" 40/120", "  ★ best  40 s left"),
      line(" 80/120", "  ★ best  20 s left"),
      line("120/120", ""),
      "",
    ]);
    const [first] = told(100, { metrics, validateEvery: 25, others: { toCome: 2, took: [] } });
    // Without others to go by, those to come take as long as this one: 37.5 s, and 50 s for each of two.
    expect(first).toContain("2 min 18 s left");
  });

  it("all metrics where none are of interest, and no more than fit", () => {
    const [all] = told(90, { validateEvery: 30 });
    expect(all).toContain("  valid.elbo −1121  loss 3  edges.precision 0.7000, recall 0.8100  other 5  ★ best");
    const onTerminal = told(90, { validateEvery: 30 }, { isTTY: true, columns: 60 });
    const [narrow] = onTerminal.filter((each) => each.includes("step 30/90"));
    expect(narrow).toBe("2/3 Tree  step 30/90  loss 2  valid.elbo −1121  ★ best\n");
    for (const each of onTerminal) expect(each.length).toBeLessThanOrEqual(60);
  });

  it("a shorter bar where a terminal is narrow, and 80 columns where it does not know its width", () => {
    const lines = (columns: number) =>
      told(90, { validateEvery: 30 }, { isTTY: true, columns }).filter((each) => each.includes("█"));
    const [wide, narrow, unknown] = [120, 56, 0].map((columns) => lines(columns).at(-1)!);
    expect(wide).toContain("█".repeat(20));
    expect(narrow).toMatch(/\D█{5,19} {2}90\/90 .* left/);
    expect(unknown).toMatch(/█ {2}90\/90 .* left/);
  });

  it("durations and numbers with the digits they deserve", () => {
    expect([3.4, 200, 7500].map(writeDuration)).toEqual(["3 s", "3 min 20 s", "2 h 5 min"]);
    expect([0.88123, -1532.178, 12.34567, 3e-7, 1234567.8, 0, 45, Number.NaN].map((v) => writeNumber(v))).toEqual([
      "0.8812",
      "−1532",
      "12.35",
      "3.000e-7",
      "1234568",
      "0",
      "45",
      "NaN",
    ]);
  });

  it("tables as text and markdown", () => {
    const table = {
      columns: ["Edges", "test.elbo"],
      rows: [
        ["a|b", -1532.178],
        ["tree", undefined],
      ],
    };
    expect(formatTable(table)).toBe("Edges  test.elbo\n─────  ─────────\na|b        −1532\ntree           –");
    expect(formatTable(table, "markdown")).toBe(
      "| Edges | test.elbo |\n| ----- | --------: |\n| a\\|b  |     −1532 |\n| tree  |         – |",
    );
  });
});
