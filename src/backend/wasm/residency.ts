// Which buffers lie in the wasm memory. The garbage collector cannot see that memory, so a loop that never releases a
// tensor must be bounded here: above a soft limit the buffers that were unused for longest are copied out into
// JavaScript arrays owned by their storages and forgotten by this list. Dead ones then fall to the garbage collector;
// live ones are copied back on use. docs/memory.md tells the whole story.
import { DeviceError } from "../../core/errors.ts";
import type { MemoryInfo } from "../device.ts";
import { Allocator } from "./allocator.ts";
import type { WasmHeap } from "./heap.ts";
import type { Estate, WasmOperand, WasmStorage } from "./storage.ts";

export interface ResidencyOptions {
  /** Evictable bytes that may stay resident before the oldest are spilled; doubles by itself when too many come back. */
  readonly softLimit: number;
}

// A list of this many small buffers is trimmed too, whatever its bytes: each entry keeps JavaScript objects alive.
const MAX_RESIDENTS = 1 << 16;
// Each trim frees a quarter, so that the sort over the list is paid once in many allocations.
const KEEP = 0.75;
// What came back is counted against what was moved out lately: within this many soft limits.
const LATELY = 4;
// And less than this share of the limit says nothing.
const NOTICEABLE = 1 / 8;

// Spilled bytes, in soft limits, that may stay neither released nor used again before the warning: a training step in a
// scope may spill a part of its tape, but then its backward brings it back.
const SUSPECT = 2;

const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

export class Residency {
  readonly #heap: WasmHeap;
  readonly #allocator: Allocator;
  readonly #residents: WasmStorage[] = [];
  readonly #dropped = new FinalizationRegistry<Estate>((estate) => {
    this.#inherit(estate);
  });
  #softLimit: number;
  // Moved out, and back in again, since the limit was last looked at afresh.
  #movedBytes = 0;
  #recalledBytes = 0;
  #spilledBytes = 0;
  #op = 1;
  // The op in progress, as errors name it.
  #opName = "init";
  #warned = false;

  /** Handles on resident buffers; the storages keep it. */
  tensors = 0;
  #bytes = 0;
  #persistentBytes = 0;
  #persistentBuffers = 0;
  #peakBytes = 0;
  #spills = 0;

  constructor(heap: WasmHeap, options: ResidencyOptions) {
    this.#heap = heap;
    this.#allocator = new Allocator(heap);
    this.#softLimit = options.softLimit;
  }

  get softLimit(): number {
    return this.#softLimit;
  }

  /** Opens an op and pins its operands: they stay resident until the next op opens. */
  beginOp(op: string, operands: readonly WasmOperand[]): void {
    this.#opName = op;
    const now = ++this.#op;
    for (let i = 0; i < operands.length; i++) {
      const { storage } = operands[i];
      storage.lastUse = now;
      if (storage.spilled !== null) this.#recall(storage);
    }
  }

  /** Makes one more buffer resident for the current op. */
  pin(storage: WasmStorage): void {
    storage.lastUse = this.#op;
    if (storage.spilled !== null) this.#recall(storage);
  }

  /** Gives a storage its block; the block is pinned for the current op. */
  admit(op: string, storage: WasmStorage): WasmStorage {
    storage.ptr = this.#block(op, storage.bytes);
    storage.lastUse = this.#op;
    storage.slot = this.#residents.length;
    this.#residents.push(storage);
    this.#bytes += storage.bytes;
    if (this.#bytes > this.#peakBytes) this.#peakBytes = this.#bytes;
    return storage;
  }

  /** A block outside the accounting, for the kernels' scratch space. */
  reserve(bytes: number): number {
    return this.#block(this.#opName, bytes);
  }

  unreserve(ptr: number, bytes: number): void {
    this.#allocator.free(ptr, bytes);
  }

  release(storage: WasmStorage): void {
    if (storage.spilled === null) {
      this.#vacate(storage);
      return;
    }
    this.#spilledBytes -= storage.bytes;
    storage.spilled = null;
  }

  makePersistent(storage: WasmStorage): void {
    this.pin(storage);
    if (storage.slot < 0) return;
    this.#unlist(storage);
    this.#persistentBytes += storage.bytes;
    this.#persistentBuffers++;
    storage.estate = { ptr: storage.ptr, bytes: storage.bytes, handles: storage.handles };
    this.#dropped.register(storage, storage.estate, storage);
  }

  // What is never moved out cannot fall to the garbage collector as temporaries do. Such buffers are few and live long,
  // so a finalizer on each is affordable here: a model that was dropped without dispose() gives its memory back.
  #inherit({ ptr, bytes, handles }: Estate): void {
    this.#allocator.free(ptr, bytes);
    this.#bytes -= bytes;
    this.#persistentBytes -= bytes;
    this.#persistentBuffers--;
    this.tensors -= handles;
  }

  memory(): MemoryInfo {
    return {
      tensors: this.tensors,
      buffers: this.#buffers(),
      bytes: this.#bytes,
      peakBytes: this.#peakBytes,
      spills: this.#spills,
      reservedBytes: this.#heap.size(),
    };
  }

  resetPeak(): void {
    this.#peakBytes = this.#bytes;
  }

  #buffers(): number {
    return this.#residents.length + this.#persistentBuffers;
  }

  #evictableBytes(): number {
    return this.#bytes - this.#persistentBytes;
  }

  #vacate(storage: WasmStorage): void {
    this.#allocator.free(storage.ptr, storage.bytes);
    this.#bytes -= storage.bytes;
    if (storage.slot >= 0) {
      this.#unlist(storage);
      return;
    }
    this.#dropped.unregister(storage);
    storage.estate = null;
    this.#persistentBytes -= storage.bytes;
    this.#persistentBuffers--;
  }

  #unlist(storage: WasmStorage): void {
    const last = this.#residents.pop()!;
    if (last !== storage) {
      this.#residents[storage.slot] = last;
      last.slot = storage.slot;
    }
    storage.slot = -1;
  }

  #block(op: string, bytes: number): number {
    if (!(bytes <= this.#heap.maximumBytes)) this.#fail(op, bytes);
    if (this.#evictableBytes() + bytes > this.#softLimit || this.#residents.length >= MAX_RESIDENTS)
      this.#trim(bytes);
    const ptr = this.#allocator.allocate(bytes);
    if (ptr !== 0) return ptr;
    this.#evict(0, 0);
    return this.#allocator.allocate(bytes) || this.#fail(op, bytes);
  }

  #fail(op: string, bytes: number): never {
    throw new DeviceError(
      op,
      `the wasm memory holds at most ${mib(this.#heap.maximumBytes)}; got a request of ${mib(bytes)} beside ` +
        `${mib(this.#bytes)} live in ${String(this.#buffers())} buffers. ` +
        "Release tensors (scope, dispose), evaluate under noGrad, or take a smaller batch.",
    );
  }

  #trim(bytes: number): void {
    // Buffers that come back are live: where half of them do, the limit is too low for this program.
    const areLive = this.#recalledBytes > Math.max(this.#movedBytes / 2, this.#softLimit * NOTICEABLE);
    if (areLive) this.#softLimit = Math.min(this.#softLimit * 2, this.#heap.maximumBytes * KEEP);
    if (areLive || this.#movedBytes > LATELY * this.#softLimit) this.#movedBytes = this.#recalledBytes = 0;
    if (this.#evictableBytes() + bytes > this.#softLimit)
      this.#evict(this.#softLimit * KEEP - bytes, Infinity);
    if (this.#residents.length >= MAX_RESIDENTS) this.#evict(Infinity, MAX_RESIDENTS * KEEP);
  }

  // Spills the buffers unused for longest until at most `bytes` and `count` stay; those of the current op always do.
  #evict(bytes: number, count: number): void {
    const oldest = this.#residents.filter((storage) => storage.lastUse !== this.#op);
    oldest.sort((a, b) => a.lastUse - b.lastUse);
    if (this.#spilledBytes > SUSPECT * this.#softLimit) this.#warnOnce();
    for (const storage of oldest) {
      if (this.#evictableBytes() <= bytes && this.#residents.length <= count) break;
      this.#spill(storage);
    }
  }

  #spill(storage: WasmStorage): void {
    // slice() of a view of shared memory still copies into an ordinary ArrayBuffer.
    storage.spilled = this.#heap.window(storage.dtype, storage.ptr, storage.length).slice();
    this.#vacate(storage);
    this.#spilledBytes += storage.bytes;
    this.#movedBytes += storage.bytes;
    this.tensors -= storage.handles;
    this.#spills++;
  }

  #recall(storage: WasmStorage): void {
    this.admit(this.#opName, storage);
    this.#heap.window(storage.dtype, storage.ptr, storage.length).set(storage.spilled!);
    storage.spilled = null;
    this.#spilledBytes -= storage.bytes;
    this.tensors += storage.handles;
    this.#recalledBytes += storage.bytes;
  }

  #warnOnce(): void {
    if (this.#warned) return;
    this.#warned = true;
    console.warn(
      `neurite: ${String(this.#buffers())} buffers of ${mib(this.#bytes)} are in use; the oldest are moved out of the ` +
        "wasm memory, which is slower. If they are temporaries, wrap each step in scope(() => ...) to free them at " +
        "once; if all are needed, raise init({ softLimit }).",
    );
  }
}
