// The WebAssembly.Memory behind the wasm device. Views are made anew for each use: growing an unshared memory detaches
// all older ones.
import type { BufferData, DType } from "../../core/dtype.ts";
import type { Heap } from "./allocator.ts";

export const PAGE_BYTES = 65536;
/** Addresses are 32 bits wide; the last page stays unused so that no end address wraps to 0. */
export const MAX_PAGES = 65535;

/** Up to this many elements a loop is faster than making a view for them. */
const FEW = 32;

export class WasmHeap implements Heap {
  readonly memory: WebAssembly.Memory;
  /** Where growth ends. */
  readonly maximumBytes: number;
  #floats: Float32Array = new Float32Array(0);
  #integers: Int32Array = new Int32Array(0);

  constructor(memory: WebAssembly.Memory, maximumBytes: number) {
    this.memory = memory;
    this.maximumBytes = Math.min(maximumBytes, MAX_PAGES * PAGE_BYTES);
  }

  size(): number {
    return this.memory.buffer.byteLength;
  }

  grow(bytes: number): boolean {
    if (this.size() + bytes > this.maximumBytes) return false;
    try {
      this.memory.grow(Math.ceil(bytes / PAGE_BYTES));
      return true;
    } catch {
      // The engine refuses when the system has no room left; the caller reports it with the op's name.
      return false;
    }
  }

  /** Copies the elements into the block at `ptr`. */
  write(dtype: DType, ptr: number, data: BufferData): void {
    if (data.length > FEW || dtype === "float64") {
      this.window(dtype, ptr, data.length).set(data);
      return;
    }
    const whole = this.#whole(dtype);
    const at = ptr >>> 2;
    for (let i = 0; i < data.length; i++) whole[at + i] = data[i];
  }

  /** A copy of the elements of the block at `ptr`, in an ordinary array. */
  read(dtype: DType, ptr: number, length: number): BufferData {
    // slice() of a view of shared memory still copies into an ordinary ArrayBuffer.
    if (length > FEW || dtype === "float64") return this.window(dtype, ptr, length).slice();
    const data = dtype === "float32" ? new Float32Array(length) : new Int32Array(length);
    const whole = this.#whole(dtype);
    const at = ptr >>> 2;
    for (let i = 0; i < length; i++) data[i] = whole[at + i];
    return data;
  }

  /** The whole memory as words, for tables of addresses; valid until the next growth. */
  words(): Int32Array {
    return this.#whole("int32") as Int32Array;
  }

  /** The same as floats. */
  floats(): Float32Array {
    return this.#whole("float32") as Float32Array;
  }

  // Views of the whole memory for a few elements at a time, made again when the memory has another buffer: after growth.
  #whole(dtype: DType): Float32Array | Int32Array {
    const { buffer } = this.memory;
    if (this.#floats.buffer !== buffer) {
      this.#floats = new Float32Array(buffer);
      this.#integers = new Int32Array(buffer);
    }
    return dtype === "float32" ? this.#floats : this.#integers;
  }

  /** A window onto a block, valid until the next growth. */
  window(dtype: DType, ptr: number, length: number): BufferData {
    const buffer = this.memory.buffer;
    if (dtype === "float32") return new Float32Array(buffer, ptr, length);
    if (dtype === "float64") return new Float64Array(buffer, ptr, length);
    return new Int32Array(buffer, ptr, length);
  }
}
