// Starting a worker: from source text where there is node:worker_threads (Node, Deno, Bun), so that no file has to be
// found; from a module's address in browsers, whose policies allow no source text. Neither keeps the process alive.
import { nodeBuiltin } from "../../../core/runtime.ts";
import { claimChunk, serveKernels } from "./worker.ts";
import type { WorkerStart } from "./worker.ts";

export interface RunningWorker {
  terminate(): void;
}

/** Starts one worker; `lost` is told where it could not start, failed, or ended by itself. */
export type Spawn = (start: WorkerStart, lost: (why: string) => void) => RunningWorker;

interface NodeWorker {
  on(event: "error", listener: (error: unknown) => void): void;
  on(event: "exit", listener: (code: number) => void): void;
  unref(): void;
  terminate(): Promise<number>;
}

interface WorkerThreads {
  readonly Worker: new (source: string, options: object) => NodeWorker;
}

/** How workers start here, or null where there are none. */
export async function chooseSpawn(workerUrl: URL | string | undefined): Promise<Spawn | null> {
  const threads = await nodeBuiltin<WorkerThreads>("node:worker_threads");
  if (threads !== undefined) return spawnFromSource(threads);
  return typeof Worker === "function" ? spawnModule(workerUrl) : null;
}

// Compilers that keep the names of functions wrap inner ones in a call of this name.
const PREAMBLE = "const __name = (f) => f;";

function spawnFromSource({ Worker }: WorkerThreads): Spawn {
  const source =
    `${PREAMBLE}(${serveKernels.toString()})` +
    `(require("node:worker_threads").workerData, ${claimChunk.toString()});`;
  return (start, lost) => {
    // Without the program's own flags: what it preloads is not for workers that only call kernels.
    const worker = new Worker(source, { eval: true, workerData: start, execArgv: [], name: "neurite" });
    worker.on("error", (error) => lost(String(error)));
    worker.on("exit", () => lost("a worker ended"));
    worker.unref();
    return { terminate: () => void worker.terminate() };
  };
}

function spawnModule(workerUrl: URL | string | undefined): Spawn {
  return (start, lost) => {
    // The address stands inside the call, in the form that bundlers look for.
    const worker =
      workerUrl === undefined
        ? new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "neurite" })
        : new Worker(workerUrl, { type: "module", name: "neurite" });
    worker.onerror = (event) => {
      event.preventDefault();
      lost(event.message || "the worker's module did not load");
    };
    worker.postMessage(start);
    return { terminate: () => worker.terminate() };
  };
}
