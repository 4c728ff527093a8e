// Fresh copies of the library with a pool of their own, for the tests of threads.
import { expect, vi } from "vitest";
import type * as Neurite from "../../src/index.ts";
import type { WasmDevice } from "../../src/backend/wasm/device.ts";
import type { ThreadPool } from "../../src/backend/wasm/threads/pool.ts";

export interface Fresh {
  readonly n: typeof Neurite;
  readonly pool: ThreadPool;
}

const build = process.env.NEURITE_BUILD ?? "relaxed";
export const buildOptions = { deterministic: build === "strict", relaxedSimd: build === "relaxed" };

/** A copy of the library whose workers are ready. Tests wait for them, ops never do. */
export async function freshThreads(threads: number): Promise<Fresh> {
  vi.resetModules();
  const n = await import("../../src/index.ts");
  await n.init({ ...buildOptions, threads });
  const { lookupDevice } = await import("../../src/backend/device.ts");
  const pool = (lookupDevice("test", "wasm") as WasmDevice).pool!;
  await started(pool);
  return { n, pool };
}

export async function started(pool: ThreadPool): Promise<void> {
  pool.start();
  await vi.waitFor(() => expect(pool.ready).toBe(pool.threads - 1), { timeout: 15_000, interval: 5 });
}

export interface Sweep {
  readonly n: number;
  readonly threads: readonly number[];
  readonly createGraph: readonly boolean[];
}

/**
 * Runs all samples of all rows, forward and backward, on one thread and on several, every kernel cut and every thread
 * doing its own share. Returns how many samples were run and in which of them the bits differed.
 */
export async function sweepRows(
  { n, pool }: Fresh,
  sweep: Sweep,
): Promise<{ run: number; differ: string[] }> {
  const { EAGER } = await import("../../src/backend/wasm/threads/pool.ts");
  const { rows } = await import("../ops/cases/index.ts");
  const { inputsOf, runSample } = await import("../ops/running.ts");
  const { layouts } = await import("../ops/layouts.ts");
  const placement = { device: "wasm", dtype: "float32" } as const;
  pool.thresholds = EAGER;
  const differ: string[] = [];
  let run = 0;
  for (const row of rows) {
    for (const sample of row.samples(sweep.n)) {
      const filled = inputsOf(row, sample, sweep.n);
      const where = { layouts: filled.map(() => layouts.dense), gradLayout: layouts.dense };
      for (const createGraph of sweep.createGraph) {
        const bits = [1, ...sweep.threads].map((threads) => {
          n.setNumThreads(threads);
          const { output, grads } = runSample({ sample, filled, placement, createGraph, ...where });
          return [output, ...grads].map((x) => (x === null ? "none" : bitsOf(x))).join(";");
        });
        run++;
        if (bits.some((other) => other !== bits[0])) differ.push(`${row.op}, ${sample.name}`);
      }
    }
  }
  return { run, differ };
}

function bitsOf(x: ArrayLike<number>): string {
  return new Int32Array(Float32Array.from(x).buffer).join();
}
