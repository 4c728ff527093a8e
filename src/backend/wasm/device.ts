// The wasm device: SIMD kernels over one WebAssembly.Memory, with the residency of buffers in it.
import type { BufferData, DType } from "../../core/dtype.ts";
import type { Device, MemoryInfo } from "../device.ts";
import type { Kernels } from "../kernels.ts";
import type { KernelExports } from "./exports.ts";
import type { WasmHeap } from "./heap.ts";
import { createKernels } from "./kernels.ts";
import { Residency } from "./residency.ts";
import type { ResidencyOptions } from "./residency.ts";
import { BYTES_PER_ELEMENT, WasmStorage } from "./storage.ts";
import type { WasmOperand } from "./storage.ts";
import type { ThreadPool } from "./threads/pool.ts";

const NONE: readonly never[] = [];

export interface WasmDeviceOptions extends ResidencyOptions {
  readonly name: string;
  /** The threads that share kernels' work, where there are several; the exports must then be theirs (`parallelExports`). */
  readonly pool?: ThreadPool | null;
}

export class WasmDevice implements Device {
  readonly name: string;
  readonly kernels: Kernels;
  readonly dtypes: readonly DType[] = ["float32", "int32", "bool"];
  readonly computes: readonly DType[] = ["float32"];
  readonly residency: Residency;
  readonly pool: ThreadPool | null;
  readonly #heap: WasmHeap;

  constructor(heap: WasmHeap, exports: KernelExports, options: WasmDeviceOptions) {
    this.name = options.name;
    this.#heap = heap;
    this.residency = new Residency(heap, options);
    this.pool = options.pool ?? null;
    this.kernels = createKernels(exports, heap, this.residency, this.pool);
  }

  beginOp(op: string, operands: readonly WasmOperand[]): void {
    this.residency.beginOp(op, operands);
  }

  allocate(op: string, dtype: DType, length: number): WasmStorage {
    return this.residency.admit(op, new WasmStorage(this, dtype, length));
  }

  upload(op: string, dtype: DType, data: BufferData): WasmStorage {
    this.residency.beginOp(op, NONE);
    const storage = this.allocate(op, dtype, data.length);
    this.#heap.write(dtype, storage.ptr, data);
    return storage;
  }

  download(op: string, storage: WasmStorage, start: number, length: number): BufferData {
    this.residency.beginOp(op, NONE);
    this.residency.pin(storage);
    return this.#heap.read(storage.dtype, storage.ptr + start * BYTES_PER_ELEMENT, length);
  }

  makePersistent(storage: WasmStorage): void {
    this.residency.makePersistent(storage);
  }

  memory(): MemoryInfo {
    return this.residency.memory();
  }

  resetPeak(): void {
    this.residency.resetPeak();
  }
}
