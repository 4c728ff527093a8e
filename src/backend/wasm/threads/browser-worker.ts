// The module that workers run in browsers: the build puts it into a file of its own, dist/worker.js.
import { claimChunk, serveKernels } from "./worker.ts";
import type { WorkerStart } from "./worker.ts";

addEventListener("message", ({ data }: MessageEvent<WorkerStart>) => {
  serveKernels(data, claimChunk);
  close();
});
