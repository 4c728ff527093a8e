// `neurite/inline`: the kernel binaries as text inside the module, for bundles that must be one file and for bundlers that
// do not carry the .wasm files along. An entry of its own, so that only who asks for it pays for it.
import type { WasmBuild } from "../backend/wasm/source.ts";

// The binaries, gzipped, in base64. scripts/build-js.ts puts them in the place of these names; sources have none.
declare const packedStrictKernels: string;
declare const packedRelaxedKernels: string;

/**
 * The kernels for `init({ wasm })`, without a request: `import { wasm } from "neurite/inline"; await init({ wasm });`.
 *
 * Adds about 70 kB (gzipped) to a bundle: both builds are inside, and the one that fits the engine is unpacked.
 */
export async function wasm(build: WasmBuild): Promise<ArrayBuffer> {
  const text = build === "relaxed" ? packedRelaxedKernels : packedStrictKernels;
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(unpacked).arrayBuffer();
}
