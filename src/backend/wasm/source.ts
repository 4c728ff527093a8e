// What a user may say about the kernel binaries. A file of its own without types of the DOM library: the declarations of
// the package reach it, and a project with the types of Node alone must be able to compile against them.

/** Which of the two kernel binaries. */
export type WasmBuild = "strict" | "relaxed";

/** WebAssembly.Module where the project's types know it. */
type CompiledModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer M } } }
  ? M
  : object;

/** Where the kernels come from, where the library should not look for them itself. */
export type WasmSource = URL | ArrayBuffer | ArrayBufferView | CompiledModule;
