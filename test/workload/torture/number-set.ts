/** A set of whole numbers, stored as ranges: small if there are few gaps. */
export class NumberSet {
  /** First and last number of each range, ascending; between two ranges at least one number is missing. */
  readonly #stretches: [number, number][] = [];

  static of(numbers: Iterable<number>): NumberSet {
    const set = new NumberSet();
    for (const number of numbers) set.add(number);
    return set;
  }

  /** Reads the format of `toString`: `1-40,42`. @throws Error if the text has another format. */
  static parse(text: string): NumberSet {
    const set = new NumberSet();
    for (const part of text === '' ? [] : text.split(',')) {
      const [, first = '', last = first] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
      if (first === '') throw new Error(`no set of numbers: ${text.slice(0, 80)}`);
      set.#addStretch(Number(first), Number(last));
    }
    return set;
  }

  /** The set bits, by their index: as Redis counts them, from the highest bit of the first byte. */
  static ofBits(bytes: Uint8Array): NumberSet {
    const set = new NumberSet();
    bytes.forEach((byte, i) => {
      if (byte === 0xff) return set.#addStretch(i * 8, i * 8 + 7);
      for (let bit = 0; byte !== 0 && bit < 8; bit++) {
        if ((byte & (0x80 >> bit)) !== 0) set.add(i * 8 + bit);
      }
    });
    return set;
  }

  get size(): number {
    return this.#stretches.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  }

  has(number: number): boolean {
    const [, last] = this.#stretches[this.#indexFrom(number)] ?? [0, -1];
    return number <= last;
  }

  add(number: number): void {
    this.#addStretch(number, number);
  }

  addAll(other: NumberSet): void {
    for (const [first, last] of other.#stretches) this.#addStretch(first, last);
  }

  /** The numbers of this set that `other` does not contain. */
  minus(other: NumberSet): NumberSet {
    const rest = new NumberSet();
    let at = 0;
    for (const [first, last] of this.#stretches) {
      let next = first;
      while ((other.#stretches[at]?.[1] ?? Infinity) < first) at += 1;
      for (let i = at; next <= last; i++) {
        const [from, to] = other.#stretches[i] ?? [Infinity, Infinity];
        if (from > next) rest.#stretches.push([next, Math.min(last, from - 1)]);
        next = to + 1;
      }
    }
    return rest;
  }

  *[Symbol.iterator](): Generator<number> {
    for (const [first, last] of this.#stretches) {
      for (let number = first; number <= last; number++) yield number;
    }
  }

  toString(): string {
    return this.#stretches
      .map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`))
      .join(',');
  }

  #addStretch(first: number, last: number): void {
    const stretches = this.#stretches;
    let from = this.#indexFrom(first);
    from = from === -1 ? 0 : (stretches[from]?.[1] ?? 0) + 1 < first ? from + 1 : from;
    let to = from;
    while ((stretches[to]?.[0] ?? Infinity) <= last + 1) to += 1;
    const joined: [number, number] =
      to === from
        ? [first, last]
        : [
            Math.min(first, stretches[from]?.[0] ?? first),
            Math.max(last, stretches[to - 1]?.[1] ?? last),
          ];
    stretches.splice(from, to - from, joined);
  }

  /** Index of the last range that begins at or before the number; -1 if there is none. */
  #indexFrom(number: number): number {
    let low = 0;
    let high = this.#stretches.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#stretches[middle]?.[0] ?? Infinity) <= number) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
