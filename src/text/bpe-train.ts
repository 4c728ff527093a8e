// Learning byte-pair merges from counted words. The counts of pairs are kept up to date from merge to merge and wait in a
// queue, so that a merge costs as much as the words it changes and no look at the rest of the text.
import { firstOf, pairKey, secondOf } from "./bpe-merges.ts";
import { MergeQueue } from "./merge-queue.ts";

/** A distinct word of the text: its tokens, and how often it stands there. */
interface Word {
  ids: number[];
  readonly count: number;
}

interface Pair {
  count: number;
  /** Words that held the pair when it was noted; some hold it no more, some are named twice. */
  readonly words: number[];
}

interface Candidate {
  readonly key: number;
  readonly count: number;
}

// The most frequent first; among equals the one whose tokens are older.
const before = (a: Candidate, b: Candidate): boolean =>
  a.count > b.count || (a.count === b.count && a.key < b.key);

export interface LearnOptions {
  /** Stop when the vocabulary holds so many tokens. */
  readonly vocabularySize: number;
  /** Stop where no pair is this frequent. */
  readonly minFrequency: number;
  /** Make no longer tokens, counted in bytes. */
  readonly maxTokenLength: number;
}

/** Learns merges; new tokens are appended to `vocabulary`. The result lists pairs of ids in the order they were merged. */
export function learnMerges(
  counted: Iterable<readonly [ids: number[], count: number]>,
  vocabulary: string[],
  { vocabularySize, minFrequency, maxTokenLength }: LearnOptions,
): [number, number][] {
  const words: Word[] = Array.from(counted, ([ids, count]) => ({ ids, count }));
  const known = new Map(vocabulary.map((token, id) => [token, id]));
  const pairs = countPairs(words);
  const queue = new MergeQueue<Candidate>(before);
  for (const [key, { count }] of pairs) queue.push({ key, count });
  const merges: [number, number][] = [];
  while (vocabulary.length < vocabularySize) {
    const best = queue.pop();
    if (best === undefined) break;
    const pair = pairs.get(best.key);
    if (pair === undefined) continue;
    if (pair.count !== best.count) {
      // Merges since have taken some of its places.
      if (pair.count > 0) queue.push({ key: best.key, count: pair.count });
      continue;
    }
    if (pair.count < Math.max(1, minFrequency)) break;
    const [a, b] = [firstOf(best.key), secondOf(best.key)];
    const token = vocabulary[a] + vocabulary[b];
    pairs.delete(best.key);
    if (token.length > maxTokenLength) continue;
    // Two ways may lead to one token.
    const id = known.get(token) ?? vocabulary.push(token) - 1;
    known.set(token, id);
    merges.push([a, b]);
    for (const key of mergeEverywhere(words, pairs, pair.words, a, b, id)) {
      const { count } = pairs.get(key)!;
      if (count > 0) queue.push({ key, count });
    }
  }
  return merges;
}

function countPairs(words: readonly Word[]): Map<number, Pair> {
  const pairs = new Map<number, Pair>();
  words.forEach(({ ids, count }, index) => {
    for (let i = 0; i + 1 < ids.length; i++) note(pairs, pairKey(ids[i], ids[i + 1]), count, index);
  });
  return pairs;
}

function note(pairs: Map<number, Pair>, key: number, count: number, word: number): void {
  const pair = pairs.get(key);
  if (pair === undefined) {
    pairs.set(key, { count, words: [word] });
    return;
  }
  pair.count += count;
  if (pair.words[pair.words.length - 1] !== word) pair.words.push(word);
}

/** Merges a pair in the words that hold it, and gives the pairs that have become more frequent. */
function mergeEverywhere(
  words: Word[],
  pairs: Map<number, Pair>,
  places: readonly number[],
  a: number,
  b: number,
  id: number,
): Set<number> {
  const grown = new Set<number>();
  for (const index of places) {
    const { ids, count } = words[index];
    const merged: number[] = [];
    const less = (x: number, y: number): void => {
      const pair = pairs.get(pairKey(x, y));
      if (pair) pair.count -= count;
    };
    const more = (x: number, y: number): void => {
      const key = pairKey(x, y);
      note(pairs, key, count, index);
      grown.add(key);
    };
    for (let i = 0; i < ids.length; i++) {
      if (ids[i] !== a || ids[i + 1] !== b) {
        merged.push(ids[i]);
        continue;
      }
      if (merged.length > 0) {
        const left = merged[merged.length - 1];
        less(left, a);
        more(left, id);
      }
      i++;
      if (i + 1 < ids.length) {
        less(b, ids[i + 1]);
        more(id, ids[i + 1]);
      }
      merged.push(id);
    }
    words[index].ids = merged;
  }
  return grown;
}
