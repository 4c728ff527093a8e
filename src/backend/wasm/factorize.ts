// Decompositions of small matrices on the wasm device: the algorithms of core/matrices on windows of its memory.
import { overBatch } from "../../core/matrices/batch.ts";
import type { BufferData } from "../../core/dtype.ts";
import type { KernelFamilies, Operand } from "../kernels.ts";
import { pointer } from "./exports.ts";
import type { Workspace } from "./exports.ts";

export function factorizeKernels({ heap }: Workspace): Pick<KernelFamilies, "factorize"> {
  const elements = (x: Operand): BufferData => heap.window(x.storage.dtype, pointer(x), x.view.size);
  return {
    factorize: (name, inputs, outputs, size) =>
      overBatch(name, inputs.map(elements), outputs.map(elements), size),
  };
}
