// How many threads, and why: what the user asked for, what the processor has, what the runtime allows.
// What threads consist of is loaded only where there are some: most pages have one.
import { ValueError } from "../../../core/errors.ts";
import { isNode } from "../../../core/runtime.ts";
import type { KernelExports } from "../exports.ts";
import { MAX_THREADS } from "./control.ts";
import type { PoolOptions, ThreadPool } from "./pool.ts";
import type { Spawn } from "./spawn.ts";

/** Beyond this the kernels of ordinary models gain little, and a library leaves the rest to others. */
const MOST_BY_DEFAULT = 8;

export interface ThreadsChoice {
  readonly count: number;
  readonly reason: string;
  /** Null where one thread does it all. */
  readonly spawn: Spawn | null;
}

export interface ThreadsOptions {
  readonly threads?: number;
  readonly workerUrl?: URL | string;
  readonly wasm?: unknown;
}

export async function chooseThreads(options: ThreadsOptions, shared: boolean): Promise<ThreadsChoice> {
  const { threads, workerUrl, wasm } = options;
  if (threads === 1) return one("threads: 1 was asked for");
  if (!shared) return one("the memory is not shared (a page must be cross-origin isolated)");
  // Who hands in the kernels has no files of the package beside the code.
  if (!isNode() && wasm !== undefined && workerUrl === undefined)
    return one("wasm was given without workerUrl");
  const { chooseSpawn } = await import("./spawn.ts");
  const spawn = await chooseSpawn(workerUrl);
  if (spawn === null) return one("the runtime has no workers");
  if (threads !== undefined) return { count: threads, reason: "asked for", spawn };
  const { count: processors, isLimited } = await countProcessors();
  if (processors <= 1) return one(isLimited ? "the process may use one processor" : "there is one processor");
  const count = Math.min(processors, MOST_BY_DEFAULT);
  return {
    count,
    reason: `${isLimited ? "the process may use" : "there are"} ${String(processors)} processors`,
    spawn,
  };
}

const one = (reason: string): ThreadsChoice => ({ count: 1, reason, spawn: null });

/** @throws ValueError when the option is outside its domain. */
export function checkThreads({ threads = 1 }: ThreadsOptions): void {
  if (Number.isInteger(threads) && threads >= 1 && threads <= MAX_THREADS) return;
  throw new ValueError(
    "init",
    `threads must be a whole number from 1 to ${String(MAX_THREADS)}; got ${String(threads)}.`,
  );
}

async function countProcessors(): Promise<{ readonly count: number; readonly isLimited: boolean }> {
  if (isNode()) return (await import("./processors.ts")).usableProcessors();
  const { navigator } = globalThis as { navigator?: { hardwareConcurrency?: number } };
  return { count: navigator?.hardwareConcurrency ?? 1, isLimited: false };
}

/** Threads, and the kernels' exports as they share them. */
export interface Sharing {
  readonly pool: ThreadPool;
  readonly exports: KernelExports;
}

/**
 * The pool for a choice. The first large op starts the workers, but on pages `init` does: their workers load a module,
 * for which the page must return to its event loop.
 */
export async function openPool(
  e: KernelExports,
  options: Omit<PoolOptions, "names" | "threads"> & { readonly count: number },
): Promise<Sharing> {
  const [{ ThreadPool }, { kernelNames, parallelExports }] = await Promise.all([
    import("./pool.ts"),
    import("./parallel.ts"),
  ]);
  const pool = new ThreadPool({ ...options, threads: options.count, names: kernelNames });
  if (!isNode()) pool.start();
  return { pool, exports: parallelExports(e, pool) };
}
