// The exports of the kernel binaries as TypeScript sees them, and the working space they share.
import type { Operand } from "../kernels.ts";
import type { WasmHeap } from "./heap.ts";
import type { Residency } from "./residency.ts";
import type { kernelSignatures } from "./signatures.ts";
import type { WasmStorage } from "./storage.ts";
import type { ThreadPool } from "./threads/pool.ts";

export type KernelName = keyof typeof kernelSignatures;

export type KernelExports = { readonly [K in KernelName]: (...args: number[]) => number };

/** Address of an operand's first element. All dtypes of this device take 4 bytes. */
export const pointer = (x: Operand): number => (x.storage as WasmStorage).ptr + x.view.offset * 4;

/**
 * Memory that kernels get by pointer: blocks that grow when a kernel asks for more and are kept for the next. `scratch` is
 * private to a thread, so it lies there once for each of them; `shared` memory is there once.
 */
export class Workspace {
  readonly heap: WasmHeap;
  readonly #residency: Residency;
  readonly #pool: ThreadPool | null;
  readonly #scratch: Block;
  readonly #shared: Block;

  constructor(heap: WasmHeap, residency: Residency, pool: ThreadPool | null = null) {
    this.heap = heap;
    this.#residency = residency;
    this.#pool = pool;
    this.#scratch = new Block(residency);
    this.#shared = new Block(residency);
  }

  /** Threads that may share a kernel's work. */
  get threads(): number {
    return this.#pool?.limit ?? 1;
  }

  /** Address of at least `bytes` for the main thread, valid until the next call; the pool tells workers their own. */
  scratch(bytes: number): number {
    if (this.#pool === null) return this.#scratch.atLeast(bytes);
    const stride = Math.ceil(bytes / 64) * 64;
    this.#pool.scratchStride = stride;
    return this.#scratch.atLeast(stride * this.#pool.threads);
  }

  /** Address of at least `bytes` that all threads use, valid until the next call. */
  shared(bytes: number): number {
    return this.#shared.atLeast(bytes);
  }

  /** Runs with a block of its own, for copies whose size follows the operands'. */
  borrow<T>(bytes: number, run: (ptr: number) => T): T {
    if (bytes === 0) return run(0);
    const ptr = this.#residency.reserve(bytes);
    try {
      return run(ptr);
    } finally {
      this.#residency.unreserve(ptr, bytes);
    }
  }
}

class Block {
  readonly #residency: Residency;
  #ptr = 0;
  #bytes = 0;

  constructor(residency: Residency) {
    this.#residency = residency;
  }

  atLeast(bytes: number): number {
    if (bytes > this.#bytes) {
      if (this.#ptr !== 0) this.#residency.unreserve(this.#ptr, this.#bytes);
      // Forgotten before the new request, which may throw: the block must not be given back twice.
      this.#ptr = 0;
      this.#bytes = 0;
      this.#ptr = this.#residency.reserve(bytes);
      this.#bytes = bytes;
    }
    return this.#ptr;
  }
}
