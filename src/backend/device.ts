// A device: where buffers live and which kernels work on them. The table of devices is filled by `init`, so that this
// floor knows no backend by name.
import type { DType, BufferData } from "../core/dtype.ts";
import { DeviceError } from "../core/errors.ts";
import type { Kernels, Operand } from "./kernels.ts";
import type { Storage } from "./storage.ts";

/** What `memory()` reports of one device; sizes in bytes. */
export interface MemoryInfo {
  /** Handles (tensors) that have not been released. */
  readonly tensors: number;
  /** Distinct buffers behind those handles and behind what graphs have saved. */
  readonly buffers: number;
  readonly bytes: number;
  readonly peakBytes: number;
  /** Times that a buffer was moved out to the garbage collector's care; from then until its next use it is not counted. */
  readonly spills: number;
  /** What the device has taken from the system: the wasm memory's size, say. */
  readonly reservedBytes: number;
}

export interface Device {
  readonly name: string;
  readonly kernels: Kernels;
  /** Dtypes that buffers may have; `computes` those that floating-point kernels take. */
  readonly dtypes: readonly DType[];
  readonly computes: readonly DType[];
  /** Opens an op of this name: its operands, and what is allocated from here on, stay resident until the next op opens. */
  beginOp(op: string, operands: readonly Operand[]): void;
  allocate(op: string, dtype: DType, length: number): Storage;
  /** A buffer with a copy of the data. */
  upload(op: string, dtype: DType, data: BufferData): Storage;
  /** Elements `start .. start + length` of a buffer, as a copy. */
  download(op: string, storage: Storage, start: number, length: number): BufferData;
  /** Marks a buffer that is never spilled: parameters, optimizer state. */
  makePersistent(storage: Storage): void;
  memory(): MemoryInfo;
  resetPeak(): void;
}

const devices = new Map<string, Device>();
let current: Device | null = null;

export function registerDevice(device: Device): void {
  devices.set(device.name, device);
}

export function setDefaultDevice(name: string): void {
  current = lookupDevice("init", name);
}

export function defaultDevice(op: string): Device {
  if (current) return current;
  throw new DeviceError(
    op,
    "a backend must be ready before the first op; got none. Call await init() first.",
  );
}

export function lookupDevice(op: string, name: string): Device {
  const device = devices.get(name);
  if (device) return device;
  if (devices.size === 0) defaultDevice(op);
  const known = [...devices.keys()].map((key) => `"${key}"`).join(", ");
  const hint = name === "reference" ? " Call init({ reference: true }) to have it in a browser." : "";
  throw new DeviceError(op, `device must be one of ${known}; got ${JSON.stringify(name)}.${hint}`);
}

export const isInitialised = (): boolean => current !== null;
