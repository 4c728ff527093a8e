// What a user may say about the kernel binaries. A file of its own without types of the DOM library: the declarations of
// the package reach it, and a project with the types of Node alone must be able to compile against them.

/** Which of the two kernel binaries. */
export type WasmBuild = "strict" | "relaxed";

/** WebAssembly.Module where the project's types know it. */
type CompiledModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer M } } }
  ? M
  : object;

/** One kernel binary: its address, its bytes, or the compiled module. */
export type WasmBinary = URL | ArrayBuffer | ArrayBufferView | CompiledModule;

/**
 * Where the kernels come from, where the library should not look for them itself: a function gives the binary of the
 * build that was chosen; a binary alone is taken for whatever build was chosen.
 */
export type WasmSource = WasmBinary | ((build: WasmBuild) => WasmBinary | Promise<WasmBinary>);
