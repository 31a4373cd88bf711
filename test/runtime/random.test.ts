/** Randomness: the published vectors, exactness, moments, and that draws depend on their counters alone. */
import { describe, expect, it } from "vitest";
import { normal, permutation, threefry2x32, uniform } from "../../runtime/random.ts";

const hexadecimal = (words: readonly number[]) => words.map((word) => word.toString(16).padStart(8, "0")).join(" ");

describe("Threefry-2x32", () => {
  it.each([
    [[0, 0], [0, 0], "6b200159 99ba4efe"],
    [[0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff], "1cb996fc bb002be7"],
    [[0x13198a2e, 0x03707344], [0x243f6a88, 0x85a308d3], "c4923a9c 483df7a0"],
  ] as const)("key %j counter %j gives the published answer", (key, counter, answer) => {
    expect(hexadecimal(threefry2x32(key, counter))).toBe(answer);
  });
});

describe("uniform", () => {
  it("lies strictly inside (0, 1), exactly halfway between multiples of 2^-23", () => {
    for (const value of uniform(1, 2, 3, 10_000)) {
      expect(value > 0 && value < 1).toBe(true);
      expect(Number.isInteger(value * 2 ** 23 - 0.5)).toBe(true);
    }
  });

  it("is the documented word of the documented block", () => {
    const [first, second] = threefry2x32([7, 9], [5, 2]);
    const draws = uniform(7, 9, 5, 6);
    expect([draws[4], draws[5]]).toEqual([((first >>> 9) + 0.5) / 2 ** 23, ((second >>> 9) + 0.5) / 2 ** 23]);
  });

  it("does not depend on how many are drawn", () => {
    expect(uniform(1, 2, 3, 7)).toEqual(uniform(1, 2, 3, 100).slice(0, 7));
  });

  it("has the mean, variance and flatness of a uniform", () => {
    const draws = uniform(42, 0, 0, 1_000_000);
    const bins = new Array<number>(100).fill(0);
    let total = 0;
    for (const u of draws) {
      total += u;
      bins[Math.floor(u * 100)]!++;
    }
    expect(Math.abs(total / draws.length - 0.5)).toBeLessThan(0.0015);
    const chi = bins.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    expect(chi).toBeGreaterThan(50);
    expect(chi).toBeLessThan(160);
  });

  it("differs between seeds, streams and steps", () => {
    const all = [uniform(1, 1, 1, 4), uniform(2, 1, 1, 4), uniform(1, 2, 1, 4), uniform(1, 1, 2, 4)].map(String);
    expect(new Set(all).size).toBe(4);
  });
});

describe("normal", () => {
  it("has the first four moments of a standard normal, and uncorrelated neighbours", () => {
    const draws = normal(42, 1, 0, 400_000);
    const moment = (power: number) => draws.reduce((sum, z) => sum + z ** power, 0) / draws.length;
    expect(Math.abs(moment(1))).toBeLessThan(0.006);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.01);
    expect(Math.abs(moment(3))).toBeLessThan(0.03);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.08);
    let product = 0;
    for (let i = 0; i + 1 < draws.length; i += 2) product += draws[i]! * draws[i + 1]!;
    expect(Math.abs((2 * product) / draws.length)).toBeLessThan(0.01);
  });

  it("draws odd numbers too", () => {
    expect(normal(1, 2, 3, 5)).toEqual(normal(1, 2, 3, 6).slice(0, 5));
  });
});

describe("permutation", () => {
  it("is a permutation, another one each epoch", () => {
    const first = permutation(1, 0, 1000);
    expect([...first].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(first).toEqual(permutation(1, 0, 1000));
    expect(first).not.toEqual(permutation(1, 1, 1000));
  });

  it("reaches all orders of three about equally often", () => {
    const counts = new Map<string, number>();
    for (let epoch = 0; epoch < 6000; epoch++) {
      const order = String(permutation(5, epoch, 3));
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});
