/** Noise drawn by WebAssembly on the device `wasm` is that of random.ts, bit for bit, whatever its size. */
import { beforeAll, describe, expect, it } from "vitest";
import { type Device, openDevice } from "../../runtime/devices.ts";
import { kept, uniform } from "../../runtime/random.ts";
import { type Draws, drawnTensor } from "../../runtime/wasm-noise.ts";

let device: Device;
beforeAll(async () => {
  device = await openDevice("wasm");
  device.use();
});

const KEYS = [
  { seed: 0, stream: 0, step: 0 },
  { seed: 7, stream: 65536, step: 12 },
  { seed: 0xffffffff, stream: 0x10000001, step: 0xfffffff0 },
] as const;

describe.each(KEYS)("seed $seed, stream $stream, step $step", ({ seed, stream, step }) => {
  it.each([1, 7, 8, 16, 17, 63, 64, 1000, 4099])("%i draws", (size) => {
    const drawn = (draws: Pick<Draws, "base" | "rate">) => {
      const tensor = drawnTensor(device.tf, [size], { ...draws, seed, stream, step })!;
      const values = tensor.dataSync();
      tensor.dispose();
      return values;
    };
    expect(drawn({ base: "uniform", rate: 0 })).toEqual(uniform(seed, stream, step, size));
    for (const rate of [0, 6554 / 65536, 0.5, 65535 / 65536]) {
      expect(drawn({ base: "kept", rate })).toEqual(kept(seed, stream, step, size, rate));
    }
  });
});

describe("kept", () => {
  it("is 0 at the rate, and has mean 1, within four standard deviations", () => {
    const [rate, size] = [6554 / 65536, 400_000];
    const draws = kept(3, 1, 4, size, rate);
    const zeros = draws.filter((value) => value === 0).length / size;
    expect(Math.abs(zeros - rate)).toBeLessThan(4 * Math.sqrt((rate * (1 - rate)) / size));
    expect(new Set(draws)).toEqual(new Set([0, Math.fround(1 / (1 - rate))]));
  });

  it("does not depend on how many are drawn, or from where on", () => {
    expect(kept(1, 2, 3, 7, 0.25)).toEqual(kept(1, 2, 3, 100, 0.25).slice(0, 7));
    expect(kept(1, 2, 3, 20, 0.25, 16)).toEqual(kept(1, 2, 3, 100, 0.25).slice(16, 36));
    expect(uniform(1, 2, 3, 20, 16)).toEqual(uniform(1, 2, 3, 100).slice(16, 36));
  });
});
