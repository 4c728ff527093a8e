// Draws from the Philox stream on the wasm device.
import type { KernelFamilies, RandomKind } from "../kernels.ts";
import { pointer } from "./exports.ts";
import type { KernelExports } from "./exports.ts";

export function randomKernels(e: KernelExports): Pick<KernelFamilies, "random" | "bernoulli"> {
  const kinds: Record<RandomKind, (...args: number[]) => number> = {
    uniform: e.uniform_f32,
    normal: e.normal_f32,
    bits: e.bits_i32,
  };
  return {
    random(kind, y, { seedLow, seedHigh, counterLow, counterHigh }) {
      kinds[kind](seedLow, seedHigh, counterLow, counterHigh, pointer(y), 0, y.view.size);
    },
    bernoulli(y, p, value, { seedLow, seedHigh, counterLow, counterHigh }) {
      e.bernoulli_f32(seedLow, seedHigh, counterLow, counterHigh, p, value, pointer(y), 0, y.view.size);
    },
  };
}
