// A buffer of the wasm device: either a block of the wasm memory or, once spilled, a JavaScript array of its own.
import type { BufferData, DType } from "../../core/dtype.ts";
import type { Operand } from "../kernels.ts";
import { Storage } from "../storage.ts";
import type { WasmDevice } from "./device.ts";

/** What a persistent buffer leaves behind when its storage is collected; it must not refer to the storage. */
export interface Estate {
  readonly ptr: number;
  readonly bytes: number;
  handles: number;
}

/** An operand on this device. */
export interface WasmOperand extends Operand {
  readonly storage: WasmStorage;
}

/** Of every dtype that this device holds. */
export const BYTES_PER_ELEMENT = 4;

export class WasmStorage extends Storage {
  readonly device: WasmDevice;
  /** Bytes asked for; the block may be larger. */
  readonly bytes: number;
  /** Address of the block; meaningless while `spilled` is set. */
  ptr = 0;
  /** The op in which the buffer was last used; equal to the current op, it is pinned. */
  lastUse = 0;
  /** Position in the device's list of evictable buffers, or -1. */
  slot = -1;
  spilled: BufferData | null = null;
  /** Set while the buffer is persistent. */
  estate: Estate | null = null;

  constructor(device: WasmDevice, dtype: DType, length: number) {
    super(dtype, length);
    this.device = device;
    this.bytes = length * BYTES_PER_ELEMENT;
  }

  // A spilled buffer belongs to the garbage collector and is not counted, nor are its handles.
  override addHandle(): void {
    this.handles++;
    if (this.spilled === null) this.device.residency.tensors++;
    if (this.estate !== null) this.estate.handles++;
  }

  override releaseHandle(): void {
    if (this.spilled === null) this.device.residency.tensors--;
    if (this.estate !== null) this.estate.handles--;
    if (--this.handles === 0 && this.saves === 0) this.free();
  }

  protected override free(): void {
    this.device.residency.release(this);
  }
}
