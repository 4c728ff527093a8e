// Brings one of the two kernel binaries to life: relaxed (fused multiply-add) where the engine validates it, else strict.
import { DeviceError } from "../../core/errors.ts";
import { nodeBuiltin } from "../../core/runtime.ts";
import type { KernelExports } from "./exports.ts";
import { MAX_PAGES, PAGE_BYTES, WasmHeap } from "./heap.ts";
import type { WasmBinary, WasmBuild, WasmSource } from "./source.ts";

export interface LoadedKernels {
  readonly exports: KernelExports;
  readonly heap: WasmHeap;
  /** For workers, which instantiate it on the same memory. */
  readonly module: WebAssembly.Module;
  readonly build: WasmBuild;
  /** Whether the memory can be handed to workers. */
  readonly shared: boolean;
}

// (module (func (result v128) zero zero zero f32x4.relaxed_madd)), the smallest module that only relaxed SIMD validates.
const RELAXED_PROBE = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 19, 1, 17, 0],
  ...[65, 0, 253, 17, 65, 0, 253, 17, 65, 0, 253, 17, 253, 133, 2, 11],
);

export const supportsRelaxedSimd = (): boolean => WebAssembly.validate(RELAXED_PROBE);

/**
 * Node 20 has relaxed SIMD behind a flag of the whole process, which takes effect for modules compiled after it is set.
 * Newer engines do not know the flag and print an error, so it is set only where validation fails.
 */
export async function enableRelaxedSimd(): Promise<void> {
  if (supportsRelaxedSimd()) return;
  const v8 = await nodeBuiltin<{ setFlagsFromString(flags: string): void }>("node:v8");
  v8?.setFlagsFromString("--experimental-wasm-relaxed-simd");
}

export async function loadKernels(
  build: WasmBuild,
  maximumBytes: number,
  source?: WasmSource,
): Promise<LoadedKernels> {
  const from = await binaryOf(build, source);
  // Bytes are made to fit the memory; a module that is compiled already has to have a shared one.
  const isCompiled = from instanceof WebAssembly.Module;
  const memory = createMemory(maximumBytes, isCompiled || mayShare());
  const module = isCompiled ? from : await compile(from, memory.shared);
  const instance = await instantiate(module, memory);
  // TypeScript cannot look into a binary; `npm run check:wasm` compares its exports with the declared signatures.
  const exports = instance.exports as unknown as KernelExports;
  const ceiling = Math.min(maximumBytes, memory.maximumPages * PAGE_BYTES);
  return {
    exports,
    heap: new WasmHeap(memory.memory, ceiling),
    module,
    build,
    shared: memory.shared && mayShare(),
  };
}

async function instantiate(
  module: WebAssembly.Module,
  { memory, shared }: Memory,
): Promise<WebAssembly.Instance> {
  try {
    const instance = await WebAssembly.instantiate(module, { env: { memory } });
    if (typeof instance.exports.fill_f32 === "function") return instance;
  } catch (cause) {
    const hint = shared ? "" : " Where memory cannot be shared, pass their address or bytes.";
    throw initError(`the kernels must be this package's; got: ${String(cause)}.${hint}`, cause);
  }
  throw new DeviceError("init", "the kernels must be this package's; got a module without them.");
}

// Bundlers know the files by the whole expressions `new URL("...", import.meta.url)`, so neither may be taken apart.
async function binaryOf(build: WasmBuild, source?: WasmSource): Promise<WasmBinary> {
  // A compiled module is no function, but TypeScript knows it as an object of any kind.
  if (typeof source === "function")
    return (source as (build: WasmBuild) => WasmBinary | Promise<WasmBinary>)(build);
  if (source !== undefined) return source;
  return build === "relaxed"
    ? new URL("./kernels-relaxed.wasm", import.meta.url)
    : new URL("./kernels.wasm", import.meta.url);
}

interface Memory {
  readonly memory: WebAssembly.Memory;
  readonly shared: boolean;
  readonly maximumPages: number;
}

/** Chromium makes shared memories on any page, but hands them to workers on cross-origin isolated ones only. */
const mayShare = (): boolean =>
  (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated !== false;

// Shared from its first page where that can lead to threads, so that they can join later; smaller ceilings are tried
// where address space is scarce, and where it must not be shared, or cannot, it is not.
function createMemory(maximumBytes: number, share: boolean): Memory {
  const initial = 16;
  const ceiling = Math.max(initial, Math.min(MAX_PAGES, Math.ceil(maximumBytes / PAGE_BYTES)));
  for (let maximum = share ? ceiling : 0; maximum >= initial; maximum = maximum >> 1) {
    try {
      return {
        memory: new WebAssembly.Memory({ initial, maximum, shared: true }),
        shared: true,
        maximumPages: maximum,
      };
    } catch {
      // Not allowed here, or too much address space: go down the ladder.
    }
  }
  return {
    memory: new WebAssembly.Memory({ initial, maximum: ceiling }),
    shared: false,
    maximumPages: ceiling,
  };
}

async function compile(source: URL | Bytes, shared: boolean): Promise<WebAssembly.Module> {
  const bytes = source instanceof URL ? await fetchBytes(source) : toBytes(source);
  try {
    return await WebAssembly.compile(shared ? bytes : unshareImport(bytes));
  } catch (cause) {
    throw initError(
      `the kernels must be a wasm module that this engine compiles; got: ${String(cause)}`,
      cause,
    );
  }
}

type Bytes = ArrayBuffer | ArrayBufferView;

// Copied, since the engine compiles no shared memory.
const toBytes = (source: Bytes): Uint8Array<ArrayBuffer> =>
  ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength).slice()
    : new Uint8Array(source);

async function fetchBytes(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  if (url.protocol === "file:") {
    const fs = await nodeBuiltin<{ readFileSync(path: URL): Uint8Array<ArrayBuffer> }>("node:fs");
    if (fs) return readLocal(fs, url);
  }
  const response = await fetch(url);
  if (!response.ok) {
    throw new DeviceError(
      "init",
      `the kernels must load from ${url.href}; got HTTP ${String(response.status)}. Pass init({ wasm }).`,
    );
  }
  return new Uint8Array(await response.arrayBuffer());
}

function readLocal(
  fs: { readFileSync(path: URL): Uint8Array<ArrayBuffer> },
  url: URL,
): Uint8Array<ArrayBuffer> {
  try {
    return fs.readFileSync(url);
  } catch (cause) {
    throw initError(`the kernels must lie at ${url.href}; got no such file. Run npm run build:wasm.`, cause);
  }
}

function initError(message: string, cause: unknown): DeviceError {
  if (cause instanceof DeviceError) return cause;
  const error = new DeviceError("init", message);
  error.cause = cause;
  return error;
}

// The binaries import a shared memory; the two kinds differ in one bit of the import's limits flag (3 -> 1).
function unshareImport(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  const name = [3, 101, 110, 118, 6, 109, 101, 109, 111, 114, 121, 2, 3]; // "env" "memory", memory, shared with maximum
  for (let i = 0; i + name.length <= copy.length; i++) {
    if (name.every((byte, j) => copy[i + j] === byte)) {
      copy[i + name.length - 1] = 1;
      return copy;
    }
  }
  throw new DeviceError(
    "init",
    'the kernel binary must import a shared memory "env.memory"; got another module.',
  );
}
