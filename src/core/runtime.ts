// What the JavaScript runtime offers beyond the language. Node's built-in modules are reached only through here, so that
// bundles for browsers contain no trace of them.
import { importAtRuntime } from "./import.ts";

interface NodeProcess {
  readonly versions?: { readonly node?: string };
  getBuiltinModule?(name: string): unknown;
}

const nodeProcess = (): NodeProcess | undefined => (globalThis as { process?: NodeProcess }).process;

export const isNode = (): boolean => nodeProcess()?.versions?.node !== undefined;

/** A built-in module of Node (`node:fs`), or undefined in other runtimes. */
export async function nodeBuiltin<T>(name: `node:${string}`): Promise<T | undefined> {
  const process = nodeProcess();
  if (process?.versions?.node === undefined) return undefined;
  // Node before 20.16 has no getBuiltinModule.
  return (process.getBuiltinModule?.(name) ?? (await importAtRuntime(name))) as T;
}
