/** Tests of whether draws come from a distribution, with stated confidence. */

/**
 * Pearson's statistic of counts against probabilities, cells with fewer than five expected thrown together; and the
 * bound that it exceeds with probability 1e-5 where the counts are drawn from them (Wilson and Hilferty 1931).
 */
export function chiSquare(
  counts: readonly number[],
  probabilities: readonly number[],
): { readonly statistic: number; readonly bound: number } {
  const draws = counts.reduce((sum, count) => sum + count, 0);
  let [statistic, cells, rareCount, rareExpected] = [0, 0, 0, 0];
  counts.forEach((count, i) => {
    const expected = draws * probabilities[i]!;
    if (expected >= 5) {
      statistic += (count - expected) ** 2 / expected;
      cells++;
    } else {
      rareCount += count;
      rareExpected += expected;
    }
  });
  if (rareExpected >= 1) {
    statistic += (rareCount - rareExpected) ** 2 / rareExpected;
    cells++;
  } else if (rareCount > rareExpected + 20) statistic = Number.POSITIVE_INFINITY;
  return { statistic, bound: boundOf(cells - 1) };
}

/** The same for as many draws from each of two distributions. Cells seen fewer than ten times are left out. */
export function twoSamples(a: readonly number[], b: readonly number[]) {
  const cells = a.map((count, i) => [count, b[i]!] as const).filter(([one, other]) => one + other >= 10);
  const statistic = cells.reduce((sum, [one, other]) => sum + (one - other) ** 2 / (one + other), 0);
  return { statistic, bound: boundOf(cells.length - 1) };
}

/** What a chi-square variable of so many degrees of freedom exceeds with probability 1e-5. */
function boundOf(freedom: number): number {
  const degrees = Math.max(1, freedom);
  const normalQuantile = 4.265;
  const spread = 2 / (9 * degrees);
  return degrees * (1 - spread + normalQuantile * Math.sqrt(spread)) ** 3;
}
