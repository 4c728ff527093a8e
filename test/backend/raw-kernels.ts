// The kernels by themselves, over a memory of a test's own: nothing of the library stands between.
import { readFileSync } from "node:fs";
import type { KernelExports } from "../../src/backend/wasm/exports.ts";

export interface RawKernels {
  readonly memory: WebAssembly.Memory;
  readonly e: KernelExports;
}

/** The strict build over so many pages of 64 KiB. */
export async function rawKernels(pages: number): Promise<RawKernels> {
  const memory = new WebAssembly.Memory({ initial: pages, maximum: 65536, shared: true });
  const binary = readFileSync(new URL("../../src/backend/wasm/kernels.wasm", import.meta.url));
  const { instance } = await WebAssembly.instantiate(binary, { env: { memory } });
  // TypeScript cannot look into a binary; `npm run check:wasm` compares its exports with the declared signatures.
  return { memory, e: instance.exports as unknown as KernelExports };
}
