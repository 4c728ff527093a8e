// The threads that share one op's work: the main thread deals a kernel's range out in chunks, takes chunks itself, and
// returns when all are done. Any way of cutting a range gives the same bits, so their number shows in time only.
import { DeviceError } from "../../../core/errors.ts";
import { CONTROL_BYTES, MAX_ARGS, MAX_THREADS, layout } from "./control.ts";
import type { RunningWorker, Spawn } from "./spawn.ts";
import { claimChunk } from "./worker.ts";
import type { WorkerStart } from "./worker.ts";

/** A kernel as the pool knows it. */
export interface PoolKernel {
  readonly name: string;
  /** Its place in the workers' table. */
  readonly index: number;
  readonly call: (...args: number[]) => number;
  /** Which argument is the address of this thread's own scratch memory, or -1. */
  readonly scratchAt: number;
  /** Chunks begin at multiples of this. */
  readonly grain: number;
}

export interface PoolOptions {
  /** Threads in all, the main one included. */
  readonly threads: number;
  readonly spawn: Spawn;
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly names: readonly string[];
  /** A chunk that does not end for so long beyond all measure is given up, and the pool with it. */
  readonly stallMs?: number;
}

/** When a call is cut, and into what. In nanoseconds of work on one thread. */
export interface Thresholds {
  /** Work worth cutting when a worker is awake, */
  readonly splitNs: number;
  /** and when one must be woken first. */
  readonly wakeNs: number;
  /** No thread is given less than this. */
  readonly shareNs: number;
  /** Shares are cut further, so that a thread that is held up can be helped, into at most so many chunks, */
  readonly chunksPerShare: number;
  /** each of at least this, */
  readonly chunkNs: number;
  /** while what chunks cost beyond the work (packing, say) stays below this part of it. */
  readonly overhead: number;
  /** False in tests: chunks begin anywhere, and each thread does its own share and no other. */
  readonly sensible: boolean;
}

export const USUAL: Thresholds = {
  ...{ splitNs: 5000, wakeNs: 25_000, shareNs: 2500 },
  ...{ chunksPerShare: 4, chunkNs: 20_000, overhead: 0.03, sensible: true },
};

/** For tests: whatever can be cut is. */
export const EAGER: Thresholds = {
  ...{ splitNs: 0, wakeNs: 0, shareNs: 1e-9 },
  ...{ chunksPerShare: 2, chunkNs: 1e-9, overhead: 1e9, sensible: false },
};

const WORKER_SPIN_MS = 0.08;
const MAIN_SPIN_MS = 0.08;
const STALL_MS = 10_000;
/** How long the main thread sleeps before it looks whether a worker is stuck. */
const WAIT_MS = 50;
/** More than this between two looks is not a worker's fault. */
const LONGEST_LOOK_MS = 4 * WAIT_MS;

export class ThreadPool {
  readonly threads: number;
  /** Threads that take part from now on, at most `threads`. */
  limit: number;
  /** Work in nanoseconds that is worth cutting: `thresholds.splitNs`, read at every call. */
  splitNs = USUAL.splitNs;
  /** Bytes between the threads' pieces of scratch memory; set by the workspace that lays them out. */
  scratchStride = 0;
  readonly #options: PoolOptions;
  readonly #control = new SharedArrayBuffer(CONTROL_BYTES);
  readonly #words = new Int32Array(this.#control);
  readonly #args = new Float64Array(this.#control, layout.args, MAX_ARGS);
  readonly #mayBlock = mayBlock();
  #thresholds = USUAL;
  #workers: RunningWorker[] | null = null;
  #lost: string | null = null;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.threads = Math.min(options.threads, MAX_THREADS);
    this.limit = this.threads;
    // Who looks for work before the first job divides by it, and finds nothing.
    this.#words[layout.shares] = 1;
  }

  set thresholds(thresholds: Thresholds) {
    this.#thresholds = thresholds;
    this.splitNs = thresholds.splitNs;
  }

  /** Workers that are at work or looking for it. */
  get ready(): number {
    return this.#lost === null ? Atomics.load(this.#words, layout.ready) : 0;
  }

  /** Why no worker takes part any more, or null. */
  get lost(): string | null {
    return this.#lost;
  }

  /** Chunks that workers have taken so far. */
  get taken(): number {
    return Atomics.load(this.#words, layout.taken);
  }

  /** Starts the workers; they take part when they are ready, and nothing waits for them. */
  start(): void {
    if (this.#workers !== null || this.#lost !== null) return;
    const { spawn, module, memory, names } = this.#options;
    const start: WorkerStart = {
      ...{ module, memory, names, layout },
      ...{ control: this.#control, spinMs: WORKER_SPIN_MS },
    };
    this.#workers = [];
    try {
      for (let i = 1; i < this.threads; i++) this.#workers.push(spawn(start, (why) => this.#lose(why)));
    } catch (error) {
      // A page may forbid workers; what matters is that the reason can be read in backendInfo().
      this.#lose(String(error));
    }
  }

  /** Ends the workers; ops go on on the main thread alone. */
  close(why = "closed"): void {
    this.#lost ??= why;
    Atomics.store(this.#words, layout.closed, 1);
    Atomics.add(this.#words, layout.signal, 1);
    Atomics.notify(this.#words, layout.signal);
    for (const worker of this.#workers ?? []) worker.terminate();
    this.#workers = [];
  }

  #lose(why: string): void {
    if (this.#lost === null) this.close(why);
  }

  /**
   * Runs a kernel over its range, the last two of `args`, on as many threads as `ns` nanoseconds of work are worth.
   * Returns the smallest non-negative result of all chunks, or -1.
   */
  run(kernel: PoolKernel, ns: number, overheadNs: number, args: readonly number[]): number {
    if (this.#workers === null) this.start();
    const count = this.#participants(ns);
    const start = args[args.length - 2];
    const end = args[args.length - 1];
    const chunk = this.#chunk(kernel, (end - start) / count, ns / count, overheadNs);
    const chunks = Math.ceil((end - start) / chunk);
    if (count < 2 || !(chunks >= 2)) return kernel.call(...args);
    this.#describe(kernel, args, chunk);
    this.#deal(chunks, Math.min(count, chunks), ns);
    return this.#finish(kernel, args, chunk, chunks);
  }

  /** Units of one chunk, where a thread's share is so many units and so much work. */
  #chunk({ grain }: PoolKernel, units: number, ns: number, overheadNs: number): number {
    const { chunksPerShare, chunkNs, overhead, sensible } = this.#thresholds;
    const finer = Math.min(chunksPerShare, ns / chunkNs, 1 + (overhead * ns) / overheadNs);
    const step = sensible ? grain : 1;
    return Math.ceil(units / Math.max(1, Math.floor(finer)) / step) * step;
  }

  #participants(ns: number): number {
    const { wakeNs, shareNs } = this.#thresholds;
    const ready = Math.min(this.limit - 1, this.ready);
    if (ready <= 0) return 1;
    const awake = ready - Math.min(ready, Atomics.load(this.#words, layout.sleeping));
    return Math.min(1 + (ns < wakeNs ? awake : ready), Math.floor(ns / shareNs));
  }

  #describe(kernel: PoolKernel, args: readonly number[], chunk: number): void {
    const words = this.#words;
    const count = args.length - 2;
    for (let i = 0; i < count; i++) this.#args[i] = args[i];
    words[layout.kernel] = kernel.index;
    words[layout.argCount] = count;
    words[layout.start] = args[count];
    words[layout.end] = args[count + 1];
    words[layout.chunk] = chunk;
    words[layout.scratchAt] = kernel.scratchAt;
    words[layout.scratchStride] = this.scratchStride;
    words[layout.result] = -1;
    words[layout.allowed] = this.limit;
    words[layout.stealing] = Number(this.#thresholds.sensible);
    Atomics.store(words, layout.done, 0);
  }

  // From the first share on chunks can be claimed: everything else has been written by then.
  #deal(chunks: number, shares: number, ns: number): void {
    const words = this.#words;
    words[layout.shares] = shares;
    let dealt = 0;
    for (let i = 0; i < shares; i++) {
      const share = layout.firstShare + i * layout.shareStep;
      const size = Math.floor(((i + 1) * chunks) / shares) - dealt;
      dealt += size;
      words[share + 1] = dealt;
      Atomics.store(words, share, size);
    }
    Atomics.add(words, layout.signal, 1);
    const { wakeNs, sensible } = this.#thresholds;
    if (ns < wakeNs || Atomics.load(words, layout.sleeping) === 0) return;
    Atomics.notify(words, layout.signal, sensible ? shares - 1 : Infinity);
  }

  // The main thread's part of a job. An error here waits until the workers are done: they write to the same outputs.
  #finish(kernel: PoolKernel, args: readonly number[], chunk: number, chunks: number): number {
    const words = this.#words;
    const own = args.slice();
    const last = args.length - 1;
    let result = -1;
    let longestMs = 0;
    let failure: unknown = null;
    for (let c = claimChunk(words, layout, 0); c >= 0; c = claimChunk(words, layout, 0)) {
      own[last - 1] = args[last - 1] + c * chunk;
      own[last] = Math.min(own[last - 1] + chunk, args[last]);
      const began = performance.now();
      try {
        result = smaller(result, kernel.call(...own));
      } catch (error) {
        failure ??= error;
      }
      longestMs = Math.max(longestMs, performance.now() - began);
      Atomics.add(words, layout.done, 1);
    }
    this.#await(kernel, chunks, longestMs);
    if (failure !== null) throw failure as Error;
    return smaller(result, words[layout.result]);
  }

  #await(kernel: PoolKernel, chunks: number, longestMs: number): void {
    const words = this.#words;
    const { stallMs = STALL_MS } = this.#options;
    const began = performance.now();
    let done = Atomics.load(words, layout.done);
    let looked = began;
    let waited = 0;
    while (done !== chunks) {
      const now = performance.now();
      // A process that was halted (by Ctrl+Z, a debugger, a sleeping machine) finds its workers halted as long as itself.
      waited += Math.min(now - looked, LONGEST_LOOK_MS);
      looked = now;
      if (waited > stallMs + 100 * longestMs) this.#fail(kernel, "it did not come back");
      if (this.#mayBlock && now - began > MAIN_SPIN_MS) this.#sleep(done);
      const before = done;
      for (let i = 0; i < 100 && done === before; i++) done = Atomics.load(words, layout.done);
      if (done !== before) waited = 0;
    }
    if (Atomics.load(words, layout.failed) === 1) this.#fail(kernel, this.#message());
  }

  #sleep(done: number): void {
    Atomics.store(this.#words, layout.waiting, 1);
    Atomics.wait(this.#words, layout.done, done, WAIT_MS);
    Atomics.store(this.#words, layout.waiting, 0);
  }

  #message(): string {
    const length = Atomics.load(this.#words, layout.messageLength);
    return String.fromCharCode(...new Uint16Array(this.#control, layout.message, length));
  }

  #fail(kernel: PoolKernel, what: string): never {
    this.close(`a worker failed in ${kernel.name}: ${what}`);
    throw new DeviceError(
      kernel.name,
      `every worker thread must finish its share of the work; got a failure: ${what}. ` +
        "The outputs of this op are incomplete; later ops run on the main thread alone.",
    );
  }
}

// Kernels without a result return undefined.
function smaller(result: number, found: number | undefined): number {
  return found !== undefined && found >= 0 && (result < 0 || found < result) ? found : result;
}

/** Whether this thread may sleep: all but the main thread of a page. */
function mayBlock(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
    return true;
  } catch {
    // The only thing that it throws for here.
    return false;
  }
}
