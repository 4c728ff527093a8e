// The kernel binary on its own: compiled from dist/ with a memory of its own, so that a kernel is timed without the
// engine around it.
import { readFileSync } from "node:fs";
import type { KernelExports } from "../src/backend/wasm/exports.ts";

export type Build = "relaxed" | "strict";

const binaries: Readonly<Record<Build, string>> = {
  relaxed: "neurite/kernels-relaxed.wasm",
  strict: "neurite/kernels.wasm",
};

const PAGE = 65536;
const MAX_PAGES = 65535;

export class KernelBench {
  readonly exports: KernelExports;
  readonly build: Build;
  readonly #memory: WebAssembly.Memory;
  // Address 0 means "none" to the kernels.
  #top = 64;

  private constructor(build: Build, exports: KernelExports, memory: WebAssembly.Memory) {
    this.build = build;
    this.exports = exports;
    this.#memory = memory;
  }

  /** The relaxed build needs an engine that validates it: await init({ relaxedSimd: true }) first. */
  static async load(build: Build): Promise<KernelBench> {
    const memory = new WebAssembly.Memory({ initial: 16, maximum: MAX_PAGES, shared: true });
    const module = await WebAssembly.compile(readFileSync(new URL(import.meta.resolve(binaries[build]))));
    const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
    // As in src/backend/wasm/load.ts: the binary was checked against the signatures when it was built.
    return new KernelBench(build, exports as unknown as KernelExports, memory);
  }

  /** A 64-byte aligned block; released by `reset` only. */
  allocate(bytes: number): number {
    const address = this.#top;
    this.#top += Math.ceil(bytes / 64) * 64;
    const missing = this.#top - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE));
    return address;
  }

  /** A block holding a copy of the values. */
  upload(values: Float32Array | Int32Array): number {
    const address = this.allocate(values.byteLength);
    const { buffer } = this.#memory;
    if (values instanceof Float32Array) new Float32Array(buffer, address, values.length).set(values);
    else new Int32Array(buffer, address, values.length).set(values);
    return address;
  }

  floats(address: number, length: number): Float32Array {
    return new Float32Array(this.#memory.buffer, address, length).slice();
  }

  integers(address: number, length: number): Int32Array {
    return new Int32Array(this.#memory.buffer, address, length).slice();
  }

  /** Forgets all blocks; the pages stay, warm. */
  reset(): void {
    this.#top = 64;
  }
}
