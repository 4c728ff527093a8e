// Convolution on the wasm device: plan once on the caller's thread, then run the passes over it.
import type { ConvGeometry, KernelFamilies } from "../kernels.ts";
import { pointer } from "./exports.ts";
import type { KernelExports, Workspace } from "./exports.ts";

export function convKernels(e: KernelExports, workspace: Workspace): Pick<KernelFamilies, "conv" | "convInputGrad" | "convWeightGrad"> {
  const pending = (): never => { throw new Error("pending " + String(e) + String(workspace)); };
  return { conv: pending, convInputGrad: pending, convWeightGrad: pending };
}
