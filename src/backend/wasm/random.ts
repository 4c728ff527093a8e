// Draws from the Philox stream on the wasm device.
import { multinomial, toIntegers } from "../../core/sampling.ts";
import type { KernelFamilies, RandomKind } from "../kernels.ts";
import { pointer } from "./exports.ts";
import type { KernelExports, Workspace } from "./exports.ts";

type Families = Pick<KernelFamilies, "random" | "bernoulli" | "dropout" | "randomIntegers" | "multinomial">;

export function randomKernels(e: KernelExports, { heap }: Workspace): Families {
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
    dropout(x, y, p, value, { seedLow, seedHigh, counterLow, counterHigh }) {
      const state = [seedLow, seedHigh, counterLow, counterHigh];
      e.dropout_f32(...state, p, value, pointer(x), pointer(y), 0, y.view.size);
    },
    randomIntegers(y, low, range, { seedLow, seedHigh, counterLow, counterHigh }) {
      e.bits_i32(seedLow, seedHigh, counterLow, counterHigh, pointer(y), 0, y.view.size);
      toIntegers(heap.window("int32", pointer(y), y.view.size), low, range);
    },
    multinomial(weights, y, draws, state) {
      const probabilities = heap.window("float32", pointer(weights), weights.view.size);
      return multinomial(probabilities, heap.window("int32", pointer(y), y.view.size), draws, state);
    },
  };
}
