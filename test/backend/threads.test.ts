// Threads: the same bits for any number of them, errors instead of hangs, and an end of the process.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it, vi } from "vitest";
import { DeviceError } from "../../src/core/errors.ts";
import type { KernelExports } from "../../src/backend/wasm/exports.ts";
import type { WasmHeap } from "../../src/backend/wasm/heap.ts";
import { loadKernels } from "../../src/backend/wasm/load.ts";
import { layout } from "../../src/backend/wasm/threads/control.ts";
import { kernelNames, parallelExports } from "../../src/backend/wasm/threads/parallel.ts";
import { EAGER, ThreadPool } from "../../src/backend/wasm/threads/pool.ts";
import { chooseSpawn } from "../../src/backend/wasm/threads/spawn.ts";
import type { Spawn } from "../../src/backend/wasm/threads/spawn.ts";
import { claimChunk } from "../../src/backend/wasm/threads/worker.ts";
import { buildOptions, freshThreads, started, sweepRows } from "./threading.ts";
import type { Fresh } from "./threading.ts";

const pools: ThreadPool[] = [];

afterEach(() => {
  for (const pool of pools.splice(0)) pool.close();
});

interface Bare {
  readonly pool: ThreadPool;
  readonly e: KernelExports;
  readonly heap: WasmHeap;
}

/** Kernels and a pool without the library around them; every kernel is cut. */
async function bare(threads: number, spawnWorker?: Spawn, stallMs?: number): Promise<Bare> {
  const { exports, heap, module } = await loadKernels("strict", 2 ** 28);
  const spawn = spawnWorker ?? (await chooseSpawn(undefined))!;
  const pool = new ThreadPool({ threads, spawn, module, memory: heap.memory, names: kernelNames, stallMs });
  pool.thresholds = EAGER;
  pools.push(pool);
  return { pool, heap, e: parallelExports(exports, pool) };
}

describe("bits", () => {
  it("are the same on 1 and 3 threads for every op, forward and backward", async () => {
    const library = await freshThreads(3);
    pools.push(library.pool);
    const { run, differ } = await sweepRows(library, { n: 17, threads: [3], createGraph: [false] });
    expect(differ).toEqual([]);
    expect(library.pool.taken, "chunks that workers took").toBeGreaterThan(run);
  }, 60_000);

  it("are the same at the sizes and thresholds of every day", async () => {
    const { n, pool } = await freshThreads(3);
    pools.push(pool);
    n.manualSeed(3);
    const [a, b] = [n.randn([200, 300]), n.randn([300, 170])];
    const [x, w] = [n.randn([6, 5, 20, 20]), n.randn([12, 5, 3, 3])];
    const work = (): number[][] =>
      n.scope(() => {
        const y = n.matmul(a, b);
        const image = n.conv2d(x, w, undefined, { padding: 1 });
        return [y, y.softmax(1), image.relu(), n.matmul(a, b).sum({ axis: 0 })].map((t) => [...t.dataSync()]);
      });
    n.setNumThreads(1);
    const expected = work();
    for (const threads of [2, 3]) {
      n.setNumThreads(threads);
      const before = pool.taken;
      for (let i = 0; i < 4; i++) expect(work()).toEqual(expected);
      expect(pool.taken).toBeGreaterThan(before);
    }
    for (const t of [a, b, x, w]) t.dispose();
  }, 30_000);
});

describe("results of kernels that return one", () => {
  it("are the least of all chunks", async () => {
    const { e, pool, heap } = await bare(3);
    await started(pool);
    const index = new Int32Array(heap.memory.buffer, 1024, 300);
    const gather = (): number => e.gather_f32(4096, 1024, 8192, 10, 300, 1, 0, 300);
    expect(gather()).toBe(-1);
    for (const at of [299, 250, 130, 0]) {
      index[at] = 10;
      expect(gather()).toBe(at);
    }
    expect(pool.taken).toBeGreaterThan(0);
  });
});

describe("memory", () => {
  it("may grow while workers sleep", async () => {
    const { e, pool, heap } = await bare(2);
    await started(pool);
    const before = heap.size();
    e.fill_f32(64, 1, 0, 100);
    await new Promise((resolve) => setTimeout(resolve, 30));
    heap.grow(2 ** 24);
    e.fill_f32(before, 3, 0, 2 ** 22);
    e.copy_f32(before, before + 2 ** 23, 0, 2 ** 21);
    expect(new Float32Array(heap.memory.buffer, before, 2 ** 22).every((x) => x === 3)).toBe(true);
    expect(pool.taken).toBeGreaterThan(1);
  });
});

describe("claiming a chunk", () => {
  it("before the first job finds none, and leaves the control block as it is", async () => {
    let block: Int32Array = new Int32Array(0);
    const { pool } = await bare(2, ({ control }) => {
      block = new Int32Array(control);
      return { terminate: () => {} };
    });
    pool.start();
    // As if the main thread had raised the signal in the middle of the claim.
    block[layout.signal] = 1;
    expect(claimChunk(block, layout, 1)).toBe(-1);
    expect(block[layout.signal]).toBe(1);
  });
});

describe("a worker", () => {
  const wild = 2 ** 30;

  it("whose kernel traps raises, and ops go on without it", async () => {
    const { e, pool, heap } = await bare(2);
    await started(pool);
    // The main thread's half ends inside the memory, the worker's does not.
    const n = heap.size() / 2;
    expect(() => e.fill_f32(0, 1, 0, n)).toThrow(DeviceError);
    expect(pool.lost).toMatch(/^a worker failed in fill_f32: RuntimeError: memory access out of bounds/);
    expect(pool.ready).toBe(0);
    e.fill_f32(64, 5, 0, 100);
    expect(new Float32Array(heap.memory.buffer, 64, 100).every((x) => x === 5)).toBe(true);
  });

  it("finishes before the main thread's own error is raised", async () => {
    const { e, pool, heap } = await bare(2);
    await started(pool);
    expect(() => e.copy_f32(wild, 64, 0, 100)).toThrow(/out of bounds/);
    expect(heap.size()).toBeGreaterThan(0);
  });

  it("that dies in the middle of its work raises", async () => {
    const source = `const at = require("node:worker_threads").workerData.layout;
      const words = new Int32Array(require("node:worker_threads").workerData.control);
      Atomics.add(words, at.ready, 1);
      while ((${claimChunk.toString()})(words, at, 1) < 0);
      process.exit();`;
    const dying: Spawn = (start, lost) => {
      const worker = new Worker(source, { eval: true, workerData: start, execArgv: [] });
      worker.on("exit", () => lost("ended"));
      return { terminate: () => void worker.terminate() };
    };
    const { e, pool } = await bare(2, dying, 100);
    await started(pool);
    const fill = (): number => e.fill_f32(64, 1, 0, 100);
    expect(fill).toThrow(
      "fill_f32: every worker thread must finish its share of the work; got a failure: it did not come back. " +
        "The outputs of this op are incomplete; later ops run on the main thread alone.",
    );
    expect(fill).not.toThrow();
  });

  it("that was halted together with the main thread is waited for", async () => {
    // Ends its first chunk 300 ms after it has taken it.
    const source = `const at = require("node:worker_threads").workerData.layout;
      const words = new Int32Array(require("node:worker_threads").workerData.control);
      Atomics.add(words, at.ready, 1);
      while ((${claimChunk.toString()})(words, at, 1) < 0);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
      do Atomics.add(words, at.done, 1);
      while ((${claimChunk.toString()})(words, at, 1) >= 0);`;
    const slow: Spawn = (start) => {
      const worker = new Worker(source, { eval: true, workerData: start, execArgv: [] });
      return { terminate: () => void worker.terminate() };
    };
    const { e, pool } = await bare(2, slow, 2000);
    await started(pool);
    // The clock, as a process sees it that was halted for an hour in the middle.
    const began = performance.now();
    const now = performance.now.bind(performance);
    const clock = vi
      .spyOn(performance, "now")
      .mockImplementation(() => (now() - began > 100 ? now() + 3_600_000 : now()));
    expect(() => e.fill_f32(64, 1, 0, 100)).not.toThrow();
    clock.mockRestore();
    expect(pool.lost).toBe(null);
  });

  it("that is ended while idle is not waited for", async () => {
    const ends: (() => void)[] = [];
    const spawnWorker = (await chooseSpawn(undefined))!;
    const { e, pool } = await bare(2, (start, lost) => {
      const worker = spawnWorker(start, lost);
      ends.push(() => worker.terminate());
      return worker;
    });
    await started(pool);
    // As users get it: the main thread does what nobody else takes.
    pool.thresholds = { ...EAGER, sensible: true };
    ends.forEach((end) => end());
    await vi.waitFor(() => expect(pool.lost).toBe("a worker ended"));
    expect(() => e.fill_f32(64, 1, 0, 1000)).not.toThrow();
  });

  it("that never starts is never waited for", async () => {
    const { e, pool } = await bare(4, () => ({ terminate: () => {} }));
    e.fill_f32(64, 1, 0, 1000);
    expect([pool.ready, pool.taken]).toEqual([0, 0]);
  });

  it("that may not be started leaves one thread, and the reason", async () => {
    const { e, pool } = await bare(2, () => {
      throw new Error("workers are forbidden here");
    });
    e.fill_f32(64, 1, 0, 1000);
    expect(pool.lost).toBe("Error: workers are forbidden here");
  });
});

describe("init", () => {
  async function initialised(options: object): Promise<Fresh["n"]> {
    vi.resetModules();
    const n = await import("../../src/index.ts");
    await n.init({ ...buildOptions, ...options });
    return n;
  }

  it("makes one thread on request", async () => {
    const n = await initialised({ threads: 1 });
    expect(n.backendInfo()).toMatchObject({ threads: 1, threadsReason: "threads: 1 was asked for" });
    expect(() => n.setNumThreads(2)).toThrow(
      "setNumThreads: threads must be a whole number from 1 to 1, as init made ready; got 2.",
    );
  });

  it("says how many there are, and follows setNumThreads", async () => {
    const n = await initialised({ threads: 5 });
    expect(n.backendInfo()).toMatchObject({ threads: 5, threadsReason: "asked for" });
    n.setNumThreads(2);
    expect(n.backendInfo().threads).toBe(2);
  });

  it("refuses what is no number of threads", async () => {
    await expect(initialised({ threads: 0 })).rejects.toThrow(
      "init: threads must be a whole number from 1 to 64; got 0.",
    );
  });

  it("can be done many times", async () => {
    for (let i = 0; i < 6; i++) {
      const { n, pool } = await freshThreads(2);
      const x = n.ones([300, 300]);
      expect(x.matmul(x).sum().itemSync()).toBe(300 ** 3);
      x.dispose();
      pool.close();
    }
  }, 30_000);
});

describe("the process", () => {
  it("ends when the work is done", async () => {
    const script = fileURLToPath(new URL("./threads-process.ts", import.meta.url));
    const child = spawn(process.execPath, ["--import", "tsx", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
    const [code] = (await once(child, "exit")) as [number];
    expect({ code, text }).toEqual({ code: 0, text: "a worker took part\n" });
  }, 20_000);
});
