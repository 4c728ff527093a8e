// The allocator against a list of live blocks: whatever the order of requests and releases, blocks are aligned, lie
// inside the memory, and never overlap.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Allocator } from "../../src/backend/wasm/allocator.ts";
import type { Heap } from "../../src/backend/wasm/allocator.ts";

class FakeHeap implements Heap {
  bytes: number;
  readonly ceiling: number;

  constructor(bytes: number, ceiling: number) {
    this.bytes = bytes;
    this.ceiling = ceiling;
  }

  size(): number {
    return this.bytes;
  }

  grow(bytes: number): boolean {
    if (this.bytes + bytes > this.ceiling) return false;
    this.bytes += Math.ceil(bytes / 65536) * 65536;
    return true;
  }
}

interface Block {
  address: number;
  bytes: number;
}

function expectSound(blocks: Block[], heap: FakeHeap): void {
  const sorted = [...blocks].sort((a, b) => a.address - b.address);
  let end = 64;
  for (const { address, bytes } of sorted) {
    expect(address % 64).toBe(0);
    expect(address).toBeGreaterThanOrEqual(end);
    end = address + Allocator.blockBytes(bytes);
  }
  expect(end).toBeLessThanOrEqual(heap.size());
}

const sizes = fc.oneof(
  fc.integer({ min: 0, max: 300 }),
  fc.integer({ min: 0, max: 20_000 }),
  fc.integer({ min: 0, max: 2_000_000 }),
);
const commands = fc.array(fc.record({ releases: fc.boolean(), bytes: sizes, pick: fc.nat() }), {
  maxLength: 200,
});

describe("Allocator", () => {
  it("takes a block that holds the request and wastes at most an eighth above a kibibyte", () => {
    for (let bytes = 0; bytes < 300_000; bytes += 61) {
      const block = Allocator.blockBytes(bytes);
      expect(block).toBeGreaterThanOrEqual(Math.max(1, bytes));
      expect(block - bytes).toBeLessThanOrEqual(Math.max(64, bytes / 8 + 64));
      expect(block % 64).toBe(0);
    }
    for (const bytes of [2 ** 30, 2 ** 31, 2 ** 31 + 1, 3 * 2 ** 30]) {
      expect(Allocator.blockBytes(bytes)).toBeGreaterThanOrEqual(bytes);
      expect(Allocator.blockBytes(bytes)).toBeLessThanOrEqual(bytes * 1.125);
    }
  });

  it("never hands out address 0, nor overlapping blocks, under random requests and releases", () => {
    fc.assert(
      fc.property(commands, (list) => {
        const heap = new FakeHeap(65536, 6_000_000);
        const allocator = new Allocator(heap);
        const live: Block[] = [];
        for (const { releases, bytes, pick } of list) {
          if (releases && live.length > 0) {
            const [block] = live.splice(pick % live.length, 1);
            allocator.free(block.address, block.bytes);
            continue;
          }
          const address = allocator.allocate(bytes);
          if (address !== 0) live.push({ address, bytes });
        }
        expectSound(live, heap);
      }),
      { numRuns: 200 },
    );
  });

  it("uses a freed block again before anything else", () => {
    const allocator = new Allocator(new FakeHeap(1 << 20, 1 << 20));
    const first = allocator.allocate(1000);
    allocator.allocate(1000);
    allocator.free(first, 1000);
    expect(allocator.allocate(1000)).toBe(first);
  });

  it("merges small free blocks into room for a large one", () => {
    const ceiling = 1 << 20;
    const allocator = new Allocator(new FakeHeap(ceiling, ceiling));
    const blocks = Array.from({ length: 200 }, () => allocator.allocate(4096));
    expect(blocks.every((address) => address !== 0)).toBe(true);
    expect(allocator.allocate(600_000)).toBe(0);
    for (const address of blocks) allocator.free(address, 4096);
    expect(allocator.allocate(600_000)).not.toBe(0);
  });

  it("gives back everything: after all releases one block takes nearly the whole memory", () => {
    fc.assert(
      fc.property(commands, (list) => {
        const heap = new FakeHeap(4_194_304, 4_194_304);
        const allocator = new Allocator(heap);
        const live: Block[] = [];
        for (const { bytes } of list) {
          const address = allocator.allocate(bytes);
          if (address !== 0) live.push({ address, bytes });
        }
        for (const block of live) allocator.free(block.address, block.bytes);
        expect(allocator.allocate(3_600_000)).not.toBe(0);
      }),
      { numRuns: 50 },
    );
  });
});
