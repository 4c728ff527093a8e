// The wasm device under pressure: a small memory of its own, so that spilling, recalling and running out happen quickly.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { registerDevice } from "../../src/backend/device.ts";
import { WasmDevice } from "../../src/backend/wasm/device.ts";
import { loadKernels } from "../../src/backend/wasm/load.ts";
import {
  add,
  DeviceError,
  exp,
  grad,
  matmul,
  memory,
  mul,
  ones,
  scope,
  sum,
  tensor,
  transpose,
} from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { BatchNorm1d } from "../../src/nn/index.ts";
import { scoped } from "../scoped.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const KIB = 1024;
const MIB = 1024 * KIB;
let count = 0;
let name = "";

/** A fresh device: 1 MiB of temporaries may stay, 8 MiB is the ceiling. */
beforeEach(async () => {
  name = `small ${String(++count)}`;
  const { heap, exports } = await loadKernels("strict", 8 * MIB);
  registerDevice(new WasmDevice(heap, exports, { name, softLimit: MIB }));
  vi.spyOn(console, "warn")
    .mockReset()
    .mockImplementation(() => undefined);
});

/** A tensor of `bytes`, filled with one value. */
const full = (bytes: number, value: number): Tensor => {
  const one = ones([bytes / 4], { device: name });
  const y = mul(one, value);
  one.dispose();
  return y;
};

const allEqual = (x: Tensor, value: number): boolean => x.dataSync().every((v) => v === value);

describe("spilling", () => {
  it(
    "keeps 100 kept tensors of twelve times the limit intact",
    scoped(() => {
      const kept = Array.from({ length: 100 }, (_, i) => full(128 * KIB, i));
      const { spills, bytes, reservedBytes } = memory(name);
      expect(spills).toBeGreaterThan(50);
      expect(bytes).toBeLessThanOrEqual(8 * MIB);
      expect(reservedBytes).toBeLessThanOrEqual(8 * MIB);
      kept.forEach((x, i) => expect(allEqual(x, i)).toBe(true));
      kept.reverse().forEach((x, i) => expect(allEqual(x, 99 - i)).toBe(true));
    }),
  );

  it("bounds a loop that never releases anything, and warns once", () => {
    let x = full(64 * KIB, 1);
    for (let i = 0; i < 500; i++) x = add(x, 1);
    expect(memory(name).reservedBytes).toBeLessThanOrEqual(5 * MIB);
    expect(allEqual(x, 501)).toBe(true);
    expect(console.warn).toHaveBeenCalledTimes(1);
    expect(vi.mocked(console.warn).mock.calls[0][0]).toMatch(
      /^neurite: 16 buffers of 1\.0 MiB are in use; the oldest are moved out.*scope/s,
    );
  });

  it("does not warn where scopes release", () => {
    for (let i = 0; i < 100; i++) scope(() => void add(full(64 * KIB, 1), 1));
    expect(memory(name).spills).toBe(0);
    expect(console.warn).not.toHaveBeenCalled();
  });

  it("stops moving the tape of a step that is a little larger than the limit", () => {
    const x = full(64 * KIB, 0.5).setRequiresGrad(true);
    const step = (): void =>
      scope(() => {
        let y: Tensor = x;
        for (let i = 0; i < 20; i++) y = exp(mul(y, -1));
        grad(sum(y), x);
      });
    for (let i = 0; i < 4; i++) step();
    const { spills } = memory(name);
    expect(spills).toBeGreaterThan(0);
    for (let i = 0; i < 4; i++) step();
    expect(memory(name).spills).toBe(spills);
    x.dispose();
  });

  it(
    "recalls both operands of one op",
    scoped(() => {
      const [a, b] = [full(256 * KIB, 2), full(256 * KIB, 3)];
      Array.from({ length: 16 }, () => full(256 * KIB, 9));
      const y = mul(a, b);
      expect(allEqual(y, 6)).toBe(true);
      expect(allEqual(a, 2) && allEqual(b, 3)).toBe(true);
    }),
  );

  it(
    "recalls views through their shared buffer",
    scoped(() => {
      const x = tensor(
        Float32Array.from({ length: 64 * 256 }, (_, i) => i),
        { shape: [64, 256], device: name },
      );
      const y = transpose(x);
      Array.from({ length: 40 }, () => full(64 * KIB, 9));
      expect(y.slice(0, 1, 2).dataSync()[3]).toBe(3 * 256 + 1);
      expect(x.dataSync()[77]).toBe(77);
    }),
  );

  it(
    "differentiates through a tape larger than the limit",
    scoped(() => {
      const x = full(64 * KIB, 0.5).setRequiresGrad(true);
      let y: Tensor = x;
      for (let i = 0; i < 60; i++) y = exp(mul(y, -1));
      const total = sum(y);
      expect(memory(name).spills).toBeGreaterThan(0);
      const g = grad(total, x).dataSync();
      let [value, slope] = [0.5, 1];
      for (let i = 0; i < 60; i++) {
        value = Math.exp(-value);
        slope *= -value;
      }
      expect(g[0] / slope).toBeCloseTo(1, 3);
      expect(g.every((v) => v === g[0])).toBe(true);
    }),
  );

  it("does not warn of a step whose tape is larger than the limit, but brings it back", () => {
    for (let step = 0; step < 3; step++) {
      scope(() => {
        const x = full(64 * KIB, 0.5).setRequiresGrad(true);
        let y: Tensor = x;
        for (let i = 0; i < 20; i++) y = exp(y.neg());
        grad(sum(y), x).dispose();
      });
    }
    expect(memory(name).spills).toBeGreaterThan(0);
    expect(console.warn).not.toHaveBeenCalled();
  });

  it(
    "never spills what is persistent",
    scoped(() => {
      const x = full(512 * KIB, 7);
      x.device.makePersistent(x.storage);
      const pointer = (): number => (x.storage as unknown as { ptr: number }).ptr;
      const before = pointer();
      Array.from({ length: 40 }, () => full(64 * KIB, 9));
      expect(pointer()).toBe(before);
      expect(allEqual(x, 7)).toBe(true);
    }),
  );

  it("counts handles and buffers right through spill, recall and release", () => {
    const before = memory(name);
    const kept = Array.from({ length: 64 }, (_, i) => full(64 * KIB, i));
    const alias = kept[0].reshape([128, 128]);
    for (const x of kept) allEqual(x, 0);
    for (const x of kept) x.dispose();
    expect(allEqual(alias, 0)).toBe(true);
    alias.dispose();
    const after = memory(name);
    expect([after.tensors, after.buffers, after.bytes]).toEqual([
      before.tensors,
      before.buffers,
      before.bytes,
    ]);
  });
});

describe("a request that no memory can hold", () => {
  it("is refused before anything is touched, however large", () => {
    const x = ones([4], { device: name });
    for (const size of [2 ** 30 + 16, 2 ** 32, 2 ** 40]) {
      expect(() => ones([size], { device: name })).toThrow(DeviceError);
    }
    expect(x).toBeCloseToTensor([1, 1, 1, 1]);
    x.dispose();
  });
});

describe("running out of memory", () => {
  const counts = (): number[] => {
    const { tensors, buffers, bytes } = memory(name);
    return [tensors, buffers, bytes];
  };

  const refused = (call: () => unknown): DeviceError => {
    const before = counts();
    try {
      call();
    } catch (error) {
      expect(error).toBeInstanceOf(DeviceError);
      expect(counts()).toEqual(before);
      return error as DeviceError;
    }
    throw new Error("nothing was thrown");
  };

  it("names the op, what was asked, what is live, and the cure", () => {
    const error = refused(() => ones([4 * MIB], { device: name }));
    expect(error.message).toBe(
      "full: the wasm memory holds at most 8.0 MiB; got a request of 16.0 MiB beside 0.0 MiB live in 0 buffers. " +
        "Release tensors (scope, dispose), evaluate under noGrad, or take a smaller batch.",
    );
  });

  it(
    "leaves everything as it was, and goes on afterwards",
    scoped(() => {
      const [a, b] = [full(3 * MIB, 1), full(3 * MIB, 2)];
      for (const x of [a, b]) x.device.makePersistent(x.storage);
      // The result does not fit beside the operands.
      expect(refused(() => add(a, b)).op).toBe("add");
      expect(allEqual(a, 1) && allEqual(b, 2)).toBe(true);
      b.dispose();
      const c = add(a, 1);
      expect(allEqual(c, 2)).toBe(true);
    }),
  );

  it(
    "releases the copies that it made of awkward operands",
    scoped(() => {
      const x = transpose(ones([1024, 768], { device: name }));
      expect(refused(() => exp(x)).op).toBe("exp");
      expect(x.dataSync()[5]).toBe(1);
    }),
  );

  it(
    "keeps a spilled tensor's values when there is no room to recall it",
    scoped(() => {
      const x = full(2 * MIB, 5);
      const others = [full(2 * MIB, 6), full(2 * MIB, 6), full(2 * MIB, 6)];
      for (const other of others) other.device.makePersistent(other.storage);
      expect(refused(() => exp(x)).message).toMatch(/^exp: the wasm memory holds at most 8\.0 MiB/);
      expect(refused(() => x.dataSync()).op).toBe("data");
      others[0].dispose();
      others[1].dispose();
      expect(allEqual(x, 5)).toBe(true);
    }),
  );

  it(
    "survives a product whose scratch does not fit",
    scoped(() => {
      const a = ones([600, 600], { device: name });
      const fillers = Array.from({ length: 3 }, () => full(MIB, 1));
      for (const filler of fillers) filler.device.makePersistent(filler.storage);
      for (let i = 0; i < 3; i++) {
        try {
          matmul(a, a).dispose();
        } catch (error) {
          expect(error).toBeInstanceOf(DeviceError);
          expect((error as DeviceError).op).toBe("matmul");
        }
      }
      for (const filler of fillers) {
        expect(allEqual(filler, 1)).toBe(true);
        filler.dispose();
      }
      const y = matmul(a, a);
      expect(allEqual(y, 600)).toBe(true);
    }),
  );
});

describe("persistent buffers", () => {
  it("of a model that was dropped without dispose() are given back when the garbage collector finds it", async () => {
    const live = (): number[] => {
      const { tensors, buffers, bytes } = memory(name);
      return [tensors, buffers, bytes];
    };
    const before = live();
    // In a function of its own, so that no register or stack slot still holds the model.
    (() => {
      const model = new BatchNorm1d(5, { device: name });
      scope("step", () => void model.forward(ones([3, 5], { device: name })));
      expect(memory(name).tensors).toBe(before[0] + 5);
    })();
    for (let turn = 0; turn < 50 && memory(name).tensors > before[0]; turn++) {
      collectGarbage();
      await new Promise((done) => setTimeout(done, 5));
    }
    expect(live()).toEqual(before);
    const ours = new BatchNorm1d(5, { device: name });
    ours.dispose();
    expect(live()).toEqual(before);
  });
});
