// Applying byte-pair merges to one word: always the earliest merge of the list that fits, leftmost first.
import { MergeQueue } from "./merge-queue.ts";

/** A pair of ids as one number; ids stay below 2^26. */
export const pairKey = (a: number, b: number): number => a * 0x4000000 + b;

export const firstOf = (key: number): number => Math.floor(key / 0x4000000);
export const secondOf = (key: number): number => key % 0x4000000;

/** What a pair becomes, and how early in the list. */
export interface Merge {
  readonly rank: number;
  readonly id: number;
}

interface Candidate extends Merge {
  readonly at: number;
  readonly key: number;
}

const before = (a: Candidate, b: Candidate): boolean => a.rank < b.rank || (a.rank === b.rank && a.at < b.at);

/** Merges the ids of a word as far as the list goes; in time n log n, since words may be long. */
export function applyMerges(word: readonly number[], merges: ReadonlyMap<number, Merge>): number[] {
  // A linked list: places that were merged into their left neighbour drop out.
  const ids = [...word];
  const next = ids.map((_, i) => i + 1);
  const previous = ids.map((_, i) => i - 1);
  const queue = new MergeQueue<Candidate>(before);
  const consider = (at: number): void => {
    if (at < 0 || next[at] >= ids.length) return;
    const key = pairKey(ids[at], ids[next[at]]);
    const merge = merges.get(key);
    if (merge) queue.push({ at, key, rank: merge.rank, id: merge.id });
  };
  for (let at = 0; at + 1 < ids.length; at++) consider(at);
  for (let best = queue.pop(); best !== undefined; best = queue.pop()) {
    const { at, key, id } = best;
    const right = next[at];
    // Another merge may have taken either half since.
    if (ids[at] < 0 || right >= ids.length || pairKey(ids[at], ids[right]) !== key) continue;
    ids[at] = id;
    ids[right] = -1;
    next[at] = next[right];
    if (next[at] < ids.length) previous[next[at]] = at;
    consider(previous[at]);
    consider(at);
  }
  return ids.filter((id) => id >= 0);
}
