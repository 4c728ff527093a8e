// The WebAssembly.Memory behind the wasm device. Views are made anew for each use: growing an unshared memory detaches
// all older ones.
import type { BufferData, DType } from "../../core/dtype.ts";
import type { Heap } from "./allocator.ts";

export const PAGE_BYTES = 65536;
/** Addresses are 32 bits wide; the last page stays unused so that no end address wraps to 0. */
export const MAX_PAGES = 65535;

export class WasmHeap implements Heap {
  readonly memory: WebAssembly.Memory;
  readonly #maximumBytes: number;

  constructor(memory: WebAssembly.Memory, maximumBytes: number) {
    this.memory = memory;
    this.#maximumBytes = Math.min(maximumBytes, MAX_PAGES * PAGE_BYTES);
  }

  get maximumBytes(): number {
    return this.#maximumBytes;
  }

  size(): number {
    return this.memory.buffer.byteLength;
  }

  grow(bytes: number): boolean {
    if (this.size() + bytes > this.#maximumBytes) return false;
    try {
      this.memory.grow(Math.ceil(bytes / PAGE_BYTES));
      return true;
    } catch {
      // The engine refuses when the system has no room left; the caller reports it with the op's name.
      return false;
    }
  }

  /** A window onto a block, valid until the next growth. */
  window(dtype: DType, ptr: number, length: number): BufferData {
    const buffer = this.memory.buffer;
    if (dtype === "float32") return new Float32Array(buffer, ptr, length);
    if (dtype === "float64") return new Float64Array(buffer, ptr, length);
    return new Int32Array(buffer, ptr, length);
  }
}
