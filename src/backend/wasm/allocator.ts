// Blocks of the wasm memory: size classes with free lists, over spans that are carved from the front.
//
//   0        64                        top                size
//   | never  | blocks, handed out once | never touched    |  grow() moves size up
//
// Every block is a multiple of 64 bytes. Up to 1 KiB there is a class per multiple; above, 8 classes per doubling, so
// that rounding wastes at most an eighth. A freed block goes on top of its class's list: the next taker finds it hot in
// cache, and its pages are already backed (a fresh page costs four times as much). When a class is empty and the memory
// is used up, adjacent free blocks are merged into spans that any class may carve.

const UNIT = 64;
const SMALL_CLASSES = 16;
const STEP_BITS = 3;
const GROW_BYTES = 4 * 1024 * 1024;
const MIN_SPAN_UNITS = 64;
/** Below this size the memory grows rather than merges. */
const SETTLE_BYTES = 32 * 1024 * 1024;

/** The memory below: its present size and a way to ask for more; both in bytes. */
export interface Heap {
  size(): number;
  /** Adds at least `bytes`; false where the ceiling is reached. */
  grow(bytes: number): boolean;
}

// Classes are numbered by the size in units: 1..16 directly, then 8 steps per power of two.
function classOf(units: number): number {
  if (units <= SMALL_CLASSES) return units;
  const exponent = 31 - Math.clz32(units - 1);
  return SMALL_CLASSES + ((exponent - 4) << STEP_BITS) + ((units - 1) >>> (exponent - STEP_BITS)) - 7;
}

function unitsOfClass(sizeClass: number): number {
  if (sizeClass <= SMALL_CLASSES) return sizeClass;
  const step = sizeClass - SMALL_CLASSES - 1;
  return (9 + (step & 7)) << (1 + (step >>> STEP_BITS));
}

// Rounds up without a division; `>>>` takes sizes up to the 4 GiB that 32-bit addresses reach.
function classOfBytes(bytes: number): number {
  if (bytes <= UNIT) return 1;
  const units = (bytes + UNIT - 1) >>> 6;
  return units <= SMALL_CLASSES ? units : classOf(units);
}

interface Span {
  start: number;
  end: number;
}

export class Allocator {
  #heap: Heap;
  #top: number;
  #lists: number[][] = [];
  #spans: Span[] = [];
  #freeAfterMerge = 0;

  /** `start` is the first address that may be handed out; rounded up to a block, and never 0. */
  constructor(heap: Heap, start = 0) {
    this.#heap = heap;
    this.#top = Math.max(UNIT, Math.ceil(start / UNIT) * UNIT);
  }

  /** Bytes of the block that a request takes. */
  static blockBytes(bytes: number): number {
    return unitsOfClass(classOfBytes(bytes)) * UNIT;
  }

  /** Address of a 64-byte aligned block, or 0 where the ceiling is reached. */
  allocate(bytes: number): number {
    const sizeClass = classOfBytes(bytes);
    const list = this.#lists[sizeClass];
    return list !== undefined && list.length > 0 ? list.pop()! : this.#carve(unitsOfClass(sizeClass) * UNIT);
  }

  /** Takes back a block by the size it was asked with. */
  free(address: number, bytes: number): void {
    const sizeClass = classOfBytes(bytes);
    const list = this.#lists[sizeClass];
    if (list === undefined) this.#lists[sizeClass] = [address];
    else list.push(address);
  }

  #carve(size: number): number {
    if (this.#worthMerging(size)) this.#merge();
    const found = this.#carveSpan(size) || this.#carveTop(size);
    if (found) return found;
    if (this.#heap.grow(Math.max(size, GROW_BYTES)) || this.#heap.grow(size)) return this.#carveTop(size);
    this.#merge();
    return this.#carveSpan(size) || this.#carveTop(size);
  }

  #carveTop(size: number): number {
    if (this.#top + size > this.#heap.size()) return 0;
    const address = this.#top;
    this.#top += size;
    return address;
  }

  #carveSpan(size: number): number {
    const spans = this.#spans;
    for (let i = spans.length - 1; i >= 0; i--) {
      const span = spans[i];
      if (span.end - span.start < size) continue;
      const address = span.start;
      span.start += size;
      if (span.start === span.end) spans.splice(i, 1);
      return address;
    }
    return 0;
  }

  // Merging sorts all free blocks and empties the lists that a steady loop has warmed up. A small memory rather grows;
  // a larger one merges where a good part of it lies free and could serve the request.
  #worthMerging(size: number): boolean {
    if (this.#top < SETTLE_BYTES) return false;
    const free = this.#listedBytes();
    return free >= size && free - this.#freeAfterMerge >= Math.max(size, this.#top / 4);
  }

  #listedBytes(): number {
    return this.#lists.reduce(
      (bytes, list, sizeClass) => bytes + list.length * unitsOfClass(sizeClass) * UNIT,
      0,
    );
  }

  #merge(): void {
    const blocks: Span[] = this.#spans;
    this.#lists.forEach((list, sizeClass) => {
      const size = unitsOfClass(sizeClass) * UNIT;
      for (const address of list) blocks.push({ start: address, end: address + size });
    });
    blocks.sort((a, b) => a.start - b.start);
    const merged: Span[] = [];
    for (const block of blocks) {
      const last = merged[merged.length - 1];
      if (last !== undefined && last.end === block.start) last.end = block.end;
      else merged.push(block);
    }
    this.#lists = [];
    this.#spans = [];
    for (const span of merged) this.#addSpan(span);
    this.#freeAfterMerge = this.#listedBytes();
  }

  #addSpan(span: Span): void {
    if (span.end === this.#top) this.#top = span.start;
    else if (span.end - span.start >= MIN_SPAN_UNITS * UNIT) this.#spans.push(span);
    else this.#shred(span);
  }

  // Small leftovers go back to the lists as blocks of the largest classes that fit.
  #shred(span: Span): void {
    let { start } = span;
    while (start < span.end) {
      const units = (span.end - start) / UNIT;
      let sizeClass = classOf(units);
      if (unitsOfClass(sizeClass) > units) sizeClass--;
      const bytes = unitsOfClass(sizeClass) * UNIT;
      this.free(start, bytes);
      start += bytes;
    }
  }
}
