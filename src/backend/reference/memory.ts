// Buffers of the reference backend: a typed array each, and the books that `memory()` reads.
import { bufferArray, bytesPerElement } from "../../core/dtype.ts";
import type { BufferData, DType } from "../../core/dtype.ts";
import { DeviceError } from "../../core/errors.ts";
import type { Device, MemoryInfo } from "../device.ts";
import type { Operand } from "../kernels.ts";
import { Storage } from "../storage.ts";

/** What the books know of one storage; it must not refer to the storage, or that would never be collected. */
interface Account {
  readonly bytes: number;
  handles: number;
}

/** A buffer in ordinary JavaScript memory. Storing to `array` rounds to the dtype; arithmetic is in doubles. */
export class ReferenceStorage extends Storage {
  readonly device: Device;
  array: BufferData;
  private readonly books: Books;
  private readonly account: Account;

  constructor(device: Device, books: Books, dtype: DType, array: BufferData) {
    super(dtype, array.length);
    this.device = device;
    this.array = array;
    this.books = books;
    this.account = books.open(this, array.length * bytesPerElement(dtype));
  }

  override addHandle(): void {
    super.addHandle();
    this.books.addHandles(this.account, 1);
  }

  override releaseHandle(): void {
    this.books.addHandles(this.account, -1);
    super.releaseHandle();
  }

  protected override free(): void {
    this.books.close(this.account);
    // Whatever still reads a freed buffer finds nothing there, rather than numbers that look alive.
    this.array = bufferArray(this.dtype, 0);
  }
}

/** Live buffers of one device. Those that a user dropped without release leave the books when they are collected. */
export class Books {
  private readonly collected = new FinalizationRegistry<Account>((account) => {
    this.strike(account);
  });
  private tensors = 0;
  private buffers = 0;
  private bytes = 0;
  private peakBytes = 0;

  open(storage: ReferenceStorage, bytes: number): Account {
    const account = { bytes, handles: 0 };
    this.collected.register(storage, account, account);
    this.buffers++;
    this.bytes += bytes;
    this.peakBytes = Math.max(this.peakBytes, this.bytes);
    return account;
  }

  close(account: Account): void {
    this.collected.unregister(account);
    this.strike(account);
  }

  addHandles(account: Account, change: number): void {
    account.handles += change;
    this.tensors += change;
  }

  resetPeak(): void {
    this.peakBytes = this.bytes;
  }

  report(): MemoryInfo {
    const { tensors, buffers, bytes, peakBytes } = this;
    return { tensors, buffers, bytes, peakBytes, spills: 0, reservedBytes: bytes };
  }

  private strike(account: Account): void {
    this.tensors -= account.handles;
    this.buffers--;
    this.bytes -= account.bytes;
  }
}

/** The array behind a storage of this backend. */
export function arrayIn(storage: Storage): BufferData {
  if (storage instanceof ReferenceStorage) return storage.array;
  throw new DeviceError("reference", `buffers must be on this device; got one on ${storage.device.name}.`);
}

/** The array behind an operand. */
export const arrayOf = (operand: Operand): BufferData => arrayIn(operand.storage);

/** The elements of a dense operand from its offset on, as a window on the buffer: writing to it writes the tensor. */
export const elementsOf = (operand: Operand): BufferData =>
  arrayOf(operand).subarray(operand.view.offset, operand.view.offset + operand.view.size);

/** Where each element of an operand of any layout lies in its buffer, in row-major order of its shape. */
export function offsetsOf(operand: Operand): Int32Array {
  const { shape, strides, offset, size } = operand.view;
  const offsets = new Int32Array(size);
  const position = new Array<number>(shape.length).fill(0);
  let at = offset;
  for (let i = 0; i < size; i++) {
    offsets[i] = at;
    // One step of an odometer: the last axis turns fastest, and each full turn carries into the axis before it.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis];
      if (++position[axis] < shape[axis]) break;
      at -= strides[axis] * shape[axis];
      position[axis] = 0;
    }
  }
  return offsets;
}
