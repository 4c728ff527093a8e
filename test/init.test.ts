// Before and during init. Each case takes a fresh copy of the library, in which nothing has been made ready yet.
import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type * as Neurite from "../src/index.ts";

type Library = typeof Neurite;
let fresh: Library;

beforeEach(async () => {
  vi.resetModules();
  fresh = await import("../src/index.ts");
});

describe("before init", () => {
  const calls: [string, (n: Library) => unknown][] = [
    ["tensor", (n) => n.tensor([1])],
    ["full", (n) => n.zeros([1])],
    ["rand", (n) => n.rand([1])],
    ["memory", (n) => n.memory()],
  ];

  it.each(calls)("%s asks for it", (op, call) => {
    expect(() => call(fresh)).toThrow(fresh.DeviceError);
    expect(() => call(fresh)).toThrow(
      `${op}: a backend must be ready before the first op; got none. Call await init() first.`,
    );
  });

  it("backendInfo asks for it too", () => {
    expect(() => fresh.backendInfo()).toThrow(
      "backendInfo: a backend must be ready; got none. Call await init() first.",
    );
  });
});

describe("init", () => {
  it("is done once, however often and at once it is called", async () => {
    await Promise.all([fresh.init({ deterministic: true }), fresh.init()]);
    await fresh.init({ backend: "reference" });
    expect(fresh.backendInfo()).toMatchObject({
      backend: "wasm",
      build: "strict",
      reason: "deterministic was asked for",
    });
  });

  it("makes the reference device the default on request", async () => {
    await fresh.init({ backend: "reference" });
    expect(fresh.backendInfo()).toMatchObject({ backend: "reference", build: null });
    const x = fresh.tensor([1], { dtype: "float64" });
    expect(x.device.name).toBe("reference");
    expect(() => fresh.zeros([1], { device: "wasm" })).toThrow(
      'full: device must be one of "reference"; got "wasm".',
    );
  });

  it("takes the kernels as bytes or as a compiled module", async () => {
    const bytes = readFileSync(new URL("../src/backend/wasm/kernels.wasm", import.meta.url));
    await fresh.init({ deterministic: true, wasm: bytes });
    expect(fresh.tensor([1, 2]).add(1).tolistSync()).toEqual([2, 3]);
    vi.resetModules();
    const second = await import("../src/index.ts");
    await second.init({ deterministic: true, wasm: await WebAssembly.compile(bytes) });
    expect(second.tensor([1, 2]).mul(2).tolistSync()).toEqual([2, 4]);
  });

  it.each([
    [false, false],
    [true, true],
    [undefined, true],
  ])("where crossOriginIsolated is %s, the memory is shared: %s", async (isolated, shared) => {
    vi.stubGlobal("crossOriginIsolated", isolated);
    await fresh.init({ deterministic: true }).finally(() => vi.unstubAllGlobals());
    expect(fresh.backendInfo().sharedMemory).toBe(shared);
    expect(fresh.tensor([1, 2]).add(1).tolistSync()).toEqual([2, 3]);
  });

  it("takes a compiled module where crossOriginIsolated is false, too", async () => {
    const bytes = readFileSync(new URL("../src/backend/wasm/kernels.wasm", import.meta.url));
    const wasm = await WebAssembly.compile(bytes);
    vi.stubGlobal("crossOriginIsolated", false);
    await fresh.init({ deterministic: true, wasm }).finally(() => vi.unstubAllGlobals());
    expect(fresh.backendInfo()).toMatchObject({ sharedMemory: false, threads: 1 });
    expect(fresh.tensor([1, 2]).add(1).tolistSync()).toEqual([2, 3]);
  });

  it("says what is wrong with a compiled module", async () => {
    const empty = await WebAssembly.compile(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
    await expect(fresh.init({ deterministic: true, wasm: empty })).rejects.toThrow(fresh.DeviceError);
    const bytes = readFileSync(new URL("../src/backend/wasm/kernels.wasm", import.meta.url));
    const wasm = await WebAssembly.compile(bytes);
    const { Memory } = WebAssembly;
    class Unshared extends Memory {
      constructor(descriptor: WebAssembly.MemoryDescriptor) {
        if (descriptor.shared) throw new RangeError("shared memory is not allowed here");
        super(descriptor);
      }
    }
    WebAssembly.Memory = Unshared;
    const refused = fresh.init({ deterministic: true, wasm }).finally(() => (WebAssembly.Memory = Memory));
    await expect(refused).rejects.toThrow(
      /^init: the kernels must be .* Where memory cannot be shared, pass their address or bytes\.$/,
    );
    await fresh.init({ deterministic: true });
  });

  it("takes the kernels from a function of the build", async () => {
    const asked: string[] = [];
    await fresh.init({
      deterministic: true,
      wasm: async (build) => {
        asked.push(build);
        return readFileSync(new URL("../src/backend/wasm/kernels.wasm", import.meta.url));
      },
    });
    expect(asked).toEqual(["strict"]);
    expect(fresh.tensor([1, 2]).add(1).tolistSync()).toEqual([2, 3]);
  });

  it.each([
    [{ backend: "webgl" as "wasm" }, 'init: backend must be "wasm" or "reference"; got "webgl".'],
    [
      { softLimit: 0 },
      "init: softLimit must be positive and maxMemory at least 1 MiB; got 0 and 4294967296 bytes.",
    ],
    [
      { maxMemory: 1000 },
      "init: softLimit must be positive and maxMemory at least 1 MiB; got 1 and 1000 bytes.",
    ],
    [
      { maxMemory: NaN },
      "init: softLimit must be positive and maxMemory at least 1 MiB; got 1 and NaN bytes.",
    ],
  ])("refuses %o, and can be called again", async (options, message) => {
    await expect(fresh.init(options)).rejects.toThrow(message);
    await fresh.init({ deterministic: true });
    expect(fresh.backendInfo().build).toBe("strict");
  });

  it("says where the kernels should have been", async () => {
    const missing = new URL("./no-such.wasm", import.meta.url);
    await expect(fresh.init({ wasm: missing })).rejects.toThrow(
      `init: the kernels must lie at ${missing.href}; got no such file. Run npm run build:wasm.`,
    );
    await expect(fresh.init({ wasm: Uint8Array.of(1, 2, 3) })).rejects.toThrow(fresh.DeviceError);
    await fresh.init({ deterministic: true });
  });
});

describe("this run", () => {
  it("is told by build and Node version", async () => {
    const asked = process.env.NEURITE_BUILD ?? "relaxed";
    await fresh.init({ deterministic: asked === "strict", relaxedSimd: asked === "relaxed" });
    const { build } = fresh.backendInfo();
    console.log(`build ${String(build)}, Node ${process.version}`);
    expect(build).toBe(asked);
  });
});
