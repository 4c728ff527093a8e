// Makes the devices ready. The only place that knows the backends by name; it hands them to the table in backend/device.
import {
  defaultDevice,
  isInitialised,
  lookupDevice,
  registerDevice,
  setDefaultDevice,
} from "./backend/device.ts";
import type { MemoryInfo } from "./backend/device.ts";
import { WasmDevice } from "./backend/wasm/device.ts";
import { enableRelaxedSimd, loadKernels, supportsRelaxedSimd } from "./backend/wasm/load.ts";
import type { WasmBuild, WasmSource } from "./backend/wasm/source.ts";
import { checkThreads, chooseThreads, openPool } from "./backend/wasm/threads/choose.ts";
import type { ThreadPool } from "./backend/wasm/threads/pool.ts";
import { DeviceError, ValueError } from "./core/errors.ts";
import { isNode } from "./core/runtime.ts";

export interface InitOptions {
  /** The default device of new tensors: "wasm" (default) or "reference" (plain JavaScript, float64). */
  readonly backend?: "wasm" | "reference";
  /**
   * Make the device "reference" ready too. Default: in Node, Deno and Bun, but not in browsers, which so are spared its
   * download.
   */
  readonly reference?: boolean;
  /** Take the strict build, without fused multiply-add: the same bits on every machine. */
  readonly deterministic?: boolean;
  /**
   * On Node 20, switch relaxed SIMD on by V8's flag. The flag holds for the whole process, so it is set only on request;
   * newer engines have relaxed SIMD anyway.
   */
  readonly relaxedSimd?: boolean;
  /**
   * The kernel binary, where the library should not look for it: its address, its bytes, or the compiled module; or a
   * function that gives it for the build that was chosen, such as `wasm` of `neurite/inline`.
   */
  readonly wasm?: WasmSource;
  /** Bytes of temporaries that may stay in the wasm memory before the oldest are moved out; default 64 MiB. */
  readonly softLimit?: number;
  /** Ceiling of the wasm memory in bytes; default 4 GiB. */
  readonly maxMemory?: number;
  /**
   * Threads that share an op's work, this one included; 1 for none but this. The default is the number of processors, or
   * what a container's quota leaves of them, at most 8, in Node, Deno, Bun and on cross-origin-isolated pages, and 1
   * elsewhere. Results are the same bits for any number.
   */
  readonly threads?: number;
  /**
   * The address of the package's worker.js, where the library should not look for it beside itself. Browsers only; there it
   * must be given for threads where `wasm` is given.
   */
  readonly workerUrl?: URL | string;
}

/** What `init` chose, and why. */
export interface BackendInfo {
  readonly backend: string;
  readonly build: WasmBuild | null;
  readonly reason: string;
  readonly sharedMemory: boolean;
  /** Threads that ops may use at present. */
  readonly threads: number;
  /** Why so many. */
  readonly threadsReason: string;
  /** How many of them have started, this one included; ops wait for no other. Workers start with the first large op. */
  readonly threadsReady: number;
}

const DEFAULT_SOFT_LIMIT = 64 * 2 ** 20;
const DEFAULT_MAX_MEMORY = 4 * 2 ** 30;
const PLAIN_THREADS = {
  threads: 1,
  threadsReason: "the reference backend has no kernels to share",
  threadsReady: 1,
};

let ready: Promise<void> | null = null;
let info: BackendInfo | null = null;
let pool: ThreadPool | null = null;

/**
 * Prepares the library; must be awaited before the first op. Later calls do nothing (and wait for the first).
 *
 * @throws DeviceError when the kernels cannot be loaded.
 */
export function init(options: InitOptions = {}): Promise<void> {
  ready ??= start(options).catch((error: unknown) => {
    ready = null;
    throw error;
  });
  return ready;
}

async function start(options: InitOptions): Promise<void> {
  checkOptions(options);
  const { backend = "wasm", reference = isNode() } = options;
  if (reference || backend === "reference") {
    const { createReferenceDevice } = await import("./backend/reference/index.ts");
    registerDevice(createReferenceDevice());
  }
  if (backend === "wasm") await startWasm(options);
  else info = { backend, build: null, reason: "asked for", sharedMemory: false, ...PLAIN_THREADS };
  setDefaultDevice(backend);
}

function checkOptions(options: InitOptions): void {
  const { backend = "wasm", softLimit = 1, maxMemory = DEFAULT_MAX_MEMORY } = options;
  if (!["wasm", "reference"].includes(backend)) {
    throw new DeviceError("init", `backend must be "wasm" or "reference"; got ${JSON.stringify(backend)}.`);
  }
  if (!(softLimit > 0) || !(maxMemory >= 2 ** 20)) {
    throw new ValueError(
      "init",
      `softLimit must be positive and maxMemory at least 1 MiB; got ${String(softLimit)} and ${String(maxMemory)} bytes.`,
    );
  }
  checkThreads(options);
}

async function startWasm(options: InitOptions): Promise<void> {
  const { build, reason } = await chooseBuild(options);
  const { exports, heap, module, shared } = await loadKernels(
    build,
    options.maxMemory ?? DEFAULT_MAX_MEMORY,
    options.wasm,
  );
  const threads = await chooseThreads(options, shared);
  const alone = { pool: null, exports };
  const { spawn } = threads;
  const sharing =
    spawn === null ? alone : await openPool(exports, { ...threads, spawn, module, memory: heap.memory });
  ({ pool } = sharing);
  const { softLimit = DEFAULT_SOFT_LIMIT } = options;
  registerDevice(new WasmDevice(heap, sharing.exports, { name: "wasm", softLimit, pool }));
  const { count, reason: threadsReason } = threads;
  info = {
    backend: "wasm",
    build,
    reason,
    sharedMemory: shared,
    threads: count,
    threadsReason,
    threadsReady: 1,
  };
}

async function chooseBuild(options: InitOptions): Promise<{ build: WasmBuild; reason: string }> {
  if (options.deterministic) return { build: "strict", reason: "deterministic was asked for" };
  if (options.relaxedSimd) await enableRelaxedSimd();
  if (supportsRelaxedSimd()) return { build: "relaxed", reason: "the engine validates relaxed SIMD" };
  return { build: "strict", reason: "the engine has no relaxed SIMD (on Node 20, pass relaxedSimd: true)" };
}

/** What `init` chose, and why. */
export function backendInfo(): BackendInfo {
  if (info !== null && pool !== null) return { ...info, ...threadsOf(pool) };
  if (info !== null) return info;
  throw new DeviceError("backendInfo", "a backend must be ready; got none. Call await init() first.");
}

function threadsOf({ limit, lost, ready }: ThreadPool): Partial<BackendInfo> {
  if (lost !== null) return { threads: 1, threadsReason: lost, threadsReady: 1 };
  return { threads: limit, threadsReady: Math.min(limit, 1 + ready) };
}

/**
 * Sets how many threads take part in ops from now on, at most as many as `init` made ready. Results do not change.
 *
 * @throws ValueError when the number is not a whole number from 1 to `init`'s.
 */
export function setNumThreads(threads: number): void {
  const most = pool?.threads ?? 1;
  if (!Number.isInteger(threads) || threads < 1 || threads > most) {
    throw new ValueError(
      "setNumThreads",
      `threads must be a whole number from 1 to ${String(most)}, as init made ready; got ${String(threads)}.`,
    );
  }
  if (pool !== null) pool.limit = threads;
}

/** Live tensors, buffers and bytes of a device, by default of the default one. */
export const memory = (device?: string): MemoryInfo =>
  (device === undefined ? defaultDevice("memory") : lookupDevice("memory", device)).memory();

export { isInitialised };

/** Starts `memory().peakBytes` anew from what is live now: to see what one step needs at most. */
export function resetPeakMemory(device?: string): void {
  (device === undefined
    ? defaultDevice("resetPeakMemory")
    : lookupDevice("resetPeakMemory", device)
  ).resetPeak();
}
