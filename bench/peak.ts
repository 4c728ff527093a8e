// What the machine gives in this engine: multiply-adds without memory, and streams through the levels of the cache.
import type { KernelBench } from "./kernels.ts";
import { runBesidePeak, runPerElement } from "./suite.ts";
import type { ElementCase, Suite } from "./suite.ts";
import { checkClose, randomFloats } from "./verify.ts";

const KIB = 1024;

/** Copies within the first-level cache, the second, the third and the memory; the last two not in a quick run. */
export function copyCases(kernels: KernelBench, quick: boolean): ElementCase[] {
  kernels.reset();
  const sizes = quick ? [8 * KIB, 256 * KIB] : [8 * KIB, 256 * KIB, 4096 * KIB, 65536 * KIB];
  return sizes.map((bytes) => {
    const n = bytes / 4;
    const x = randomFloats(n, 5);
    const [xPtr, yPtr] = [kernels.upload(x), kernels.allocate(bytes)];
    const call = (): void => void kernels.exports.copy_f32(xPtr, yPtr, 0, n);
    call();
    checkClose("copy", kernels.floats(yPtr, n), x, 0);
    const name = bytes >= 1024 * KIB ? `${String(bytes / KIB / KIB)} MiB` : `${String(bytes / KIB)} KiB`;
    return { name: `copy ${name} to ${name}`, call, elements: n, bytes: 2 * bytes };
  });
}

export const peak: Suite = {
  name: "peak",
  about: "the yardsticks: multiply-adds without memory, copies by size",
  run(context) {
    const { kernels, quick } = context;
    runBesidePeak(context, `${kernels.build} multiply-add`, []);
    runPerElement(context, "copy, read + written", copyCases(kernels, quick));
  },
};
