// What a worker does, and the one step that it shares with the main thread: claiming a chunk. Both functions stand alone,
// without imports and without names of this file, because Node's workers are started from their source text.
import type { Layout } from "./control.ts";

export interface WorkerStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Kernels by number. */
  readonly names: readonly string[];
  readonly control: SharedArrayBuffer;
  readonly layout: Layout;
  /** How long a worker looks for the next job before it sleeps. */
  readonly spinMs: number;
}

/**
 * The number of a chunk that is now this thread's to do, or -1. A thread takes its own share first, so that it meets the
 * data that it met before, then helps with the others'. Counting down what is left can only succeed on the present job,
 * and a job is not replaced before its claimed chunks are done: who has claimed may read the job.
 */
export function claimChunk(words: Int32Array, at: Layout, own: number): number {
  const shares = words[at.shares];
  const most = words[at.stealing] === 1 ? shares : 1;
  for (let i = 0; i < most; i++) {
    const share = at.firstShare + ((own + i) % shares) * at.shareStep;
    let left = Atomics.load(words, share);
    while (left > 0) {
      const found = Atomics.compareExchange(words, share, left, left - 1);
      if (found === left) return words[share + 1] - left;
      left = found;
    }
  }
  return -1;
}

/** The life of a worker: it returns when the pool is closed. */
export function serveKernels(start: WorkerStart, claim: typeof claimChunk): void {
  const { layout: at, names, spinMs } = start;
  const words = new Int32Array(start.control);
  const args = new Float64Array(start.control, at.args);
  const { exports } = new WebAssembly.Instance(start.module, { env: { memory: start.memory } });
  const kernels = names.map((name) => exports[name] as (...args: number[]) => number | undefined);
  const me = Atomics.add(words, at.ready, 1) + 1;

  const run = (chunk: number): void => {
    try {
      const values: number[] = [];
      for (let i = 0; i < words[at.argCount]; i++) values.push(args[i]);
      if (words[at.scratchAt] >= 0) values[words[at.scratchAt]] += me * words[at.scratchStride];
      const from = words[at.start] + chunk * words[at.chunk];
      const to = Math.min(from + words[at.chunk], words[at.end]);
      const result = kernels[words[at.kernel]](...values, from, to);
      if (result !== undefined && result >= 0) lower(result);
    } catch (error) {
      tell(String(error));
    }
    Atomics.add(words, at.taken, 1);
    Atomics.add(words, at.done, 1);
    if (Atomics.load(words, at.waiting) === 1) Atomics.notify(words, at.done);
  };

  const lower = (result: number): void => {
    let least = Atomics.load(words, at.result);
    while (result < least >>> 0) {
      const found = Atomics.compareExchange(words, at.result, least, result);
      if (found === least) return;
      least = found;
    }
  };

  const tell = (text: string): void => {
    if (Atomics.compareExchange(words, at.failed, 0, 1) !== 0) return;
    const message = new Uint16Array(start.control, at.message);
    const length = Math.min(text.length, message.length);
    for (let i = 0; i < length; i++) message[i] = text.charCodeAt(i);
    Atomics.store(words, at.messageLength, length);
  };

  // False where no job came in time.
  const spin = (seen: number): boolean => {
    const until = performance.now() + spinMs;
    for (;;) {
      for (let i = 0; i < 100; i++) if (Atomics.load(words, at.signal) !== seen) return true;
      if (performance.now() > until) return false;
    }
  };

  while (Atomics.load(words, at.closed) === 0) {
    // Read before claiming: a job that comes later is then seen to have come.
    const seen = Atomics.load(words, at.signal);
    if (me < words[at.allowed]) for (let c = claim(words, at, me); c >= 0; c = claim(words, at, me)) run(c);
    if (spin(seen)) continue;
    Atomics.add(words, at.sleeping, 1);
    Atomics.wait(words, at.signal, seen);
    Atomics.sub(words, at.sleeping, 1);
  }
}
