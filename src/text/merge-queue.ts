// A queue of candidates for merging, the best first: a binary heap on plain numbers.

/** Whether candidate a comes before b. */
export type Before<T> = (a: T, b: T) => boolean;

export class MergeQueue<T> {
  readonly #items: T[] = [];
  readonly #before: Before<T>;

  constructor(before: Before<T>) {
    this.#before = before;
  }

  get size(): number {
    return this.#items.length;
  }

  push(item: T): void {
    const items = this.#items;
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#before(item, items[parent])) break;
      items[at] = items[parent];
      at = parent;
    }
    items[at] = item;
  }

  /** Takes the best; undefined when there is none. */
  pop(): T | undefined {
    const items = this.#items;
    const best = items.at(0);
    const last = items.pop();
    if (last === undefined || items.length === 0) return best;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && this.#before(items[child + 1], items[child])) child++;
      if (!this.#before(items[child], last)) break;
      items[at] = items[child];
      at = child;
    }
    items[at] = last;
    return best;
  }
}
