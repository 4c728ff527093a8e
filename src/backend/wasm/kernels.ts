// The wasm device's kernels, gathered from the families.
import type { Kernels } from "../kernels.ts";
import { attentionKernels } from "./attention.ts";
import { broadcastKernels } from "./broadcast.ts";
import { convKernels } from "./conv.ts";
import { factorizeKernels } from "./factorize.ts";
import { elementwiseKernels } from "./elementwise.ts";
import { Workspace } from "./exports.ts";
import type { KernelExports } from "./exports.ts";
import { lossKernels, normKernels, softmaxKernels } from "./fused.ts";
import type { WasmHeap } from "./heap.ts";
import { indexingKernels } from "./indexing.ts";
import { matmulKernels } from "./matmul.ts";
import { optimizerKernels } from "./optimizers.ts";
import { orderingKernels } from "./ordering.ts";
import { poolGradKernels, poolKernels } from "./pool.ts";
import { randomKernels } from "./random.ts";
import { recurrentKernels } from "./recurrent.ts";
import { reduceKernels } from "./reduce.ts";
import type { Residency } from "./residency.ts";
import { scanKernels } from "./scan.ts";
import type { ThreadPool } from "./threads/pool.ts";

export function createKernels(
  exports: KernelExports,
  heap: WasmHeap,
  residency: Residency,
  pool: ThreadPool | null,
): Kernels {
  const workspace = new Workspace(heap, residency, pool);
  return {
    ...elementwiseKernels(exports, workspace),
    ...broadcastKernels(exports, workspace),
    ...reduceKernels(exports, workspace),
    ...scanKernels(exports),
    ...orderingKernels(workspace),
    ...factorizeKernels(workspace),
    ...matmulKernels(exports, workspace),
    ...indexingKernels(exports, workspace),
    ...convKernels(exports, workspace),
    ...poolKernels(exports),
    ...randomKernels(exports, workspace),
    ...optimizerKernels(exports, workspace),
    fused: {
      ...softmaxKernels(exports),
      ...normKernels(exports, workspace),
      ...lossKernels(exports, workspace),
      ...attentionKernels(exports, workspace),
      ...poolGradKernels(exports),
      ...recurrentKernels(exports, workspace),
    },
  };
}
