// The exports of the kernel binaries as TypeScript sees them, and the working space they share.
import type { Operand } from "../kernels.ts";
import type { WasmHeap } from "./heap.ts";
import type { Residency } from "./residency.ts";
import type { kernelSignatures } from "./signatures.ts";
import type { WasmStorage } from "./storage.ts";

export type KernelName = keyof typeof kernelSignatures;

export type KernelExports = { readonly [K in KernelName]: (...args: number[]) => number };

/** Address of an operand's first element. All dtypes of this device take 4 bytes. */
export const pointer = (x: Operand): number => (x.storage as WasmStorage).ptr + x.view.offset * 4;

/** Scratch memory that kernels get by pointer: one block, grown when a kernel asks for more, kept for the next. */
export class Workspace {
  readonly heap: WasmHeap;
  readonly #residency: Residency;
  #ptr = 0;
  #bytes = 0;

  constructor(heap: WasmHeap, residency: Residency) {
    this.heap = heap;
    this.#residency = residency;
  }

  /** Address of at least `bytes`, valid until the next call. */
  scratch(bytes: number): number {
    if (bytes > this.#bytes) {
      if (this.#ptr !== 0) this.#residency.unreserve(this.#ptr, this.#bytes);
      // Forgotten before the new request, which may throw: the block must not be given back twice.
      this.#ptr = 0;
      this.#bytes = 0;
      this.#ptr = this.#residency.reserve("scratch", bytes);
      this.#bytes = bytes;
    }
    return this.#ptr;
  }

  /** Runs with a block of its own, for copies whose size follows the operands'. */
  borrow<T>(bytes: number, run: (ptr: number) => T): T {
    if (bytes === 0) return run(0);
    const ptr = this.#residency.reserve("scratch", bytes);
    try {
      return run(ptr);
    } finally {
      this.#residency.unreserve(ptr, bytes);
    }
  }
}
