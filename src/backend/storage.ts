// A buffer on a device, shared by every view of it. Handles (tensors) and saves (what a graph keeps for backward) are
// counted apart; at zero of both the buffer goes back to its device at once. `version` counts overwrites.
import type { DType } from "../core/dtype.ts";
import type { Device } from "./device.ts";

export abstract class Storage {
  abstract readonly device: Device;
  readonly dtype: DType;
  readonly length: number;
  handles = 0;
  saves = 0;
  version = 0;

  constructor(dtype: DType, length: number) {
    this.dtype = dtype;
    this.length = length;
  }

  addHandle(): void {
    this.handles++;
  }

  releaseHandle(): void {
    if (--this.handles === 0 && this.saves === 0) this.free();
  }

  releaseSave(): void {
    if (--this.saves === 0 && this.handles === 0) this.free();
  }

  /** Gives the buffer back to the device; called once, when nothing refers to it any more. */
  protected abstract free(): void;
}
