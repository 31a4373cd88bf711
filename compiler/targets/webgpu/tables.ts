/** Lists of numbers that modules look up: of all of them one buffer of words, equal lists once. */

export class Tables {
  readonly words: number[] = [];
  private readonly begins = new Map<string, number>();

  /** Where a list of whole numbers begins. */
  integers(values: readonly number[]): number {
    return this.add(values.map((value) => value >>> 0));
  }

  /** Where a list of float32 numbers begins. */
  reals(values: readonly number[]): number {
    return this.add([...new Uint32Array(Float32Array.from(values).buffer)]);
  }

  private add(words: readonly number[]): number {
    const key = words.join();
    const known = this.begins.get(key);
    if (known !== undefined) return known;
    const begin = this.words.length;
    this.words.push(...words);
    this.begins.set(key, begin);
    return begin;
  }
}
