// What every suite is given, and the peak loop that every figure in GFLOP/s stands beside.
import type { Case, Pace, Ratio, Timing } from "./interleave.ts";
import { interleave, ratio } from "./interleave.ts";
import type { KernelBench } from "./kernels.ts";
import type { Report } from "./report.ts";

export interface Context {
  readonly report: Report;
  readonly pace: Pace;
  readonly quick: boolean;
  /** As many as `init` chose; suites measure one unless they say otherwise. */
  readonly threads: number;
  /** The binary that the library itself has chosen. */
  readonly kernels: KernelBench;
}

export interface Suite {
  readonly name: string;
  readonly about: string;
  /** @throws Error where an output differs from the plain loop's; that fails the whole run. */
  readonly run: (context: Context) => void | Promise<void>;
}

const PEAK_STEPS = 4000;
const FLOP_PER_STEP = 96;

export const peakFlop = PEAK_STEPS * FLOP_PER_STEP;

/** The fixed loop of 12 independent multiply-adds without loads: what one core can do in this engine. */
export function peakCase(kernels: KernelBench): Case {
  const { exports } = kernels;
  const out = kernels.allocate(16);
  return { name: "peak loop", call: () => exports.peak_madd_f32(out, PEAK_STEPS) };
}

export interface FlopCase extends Case {
  /** Floating-point operations of one call; 0 where they are not what matters. */
  readonly flop: number;
  /** Where it stands in a picture of the section. */
  readonly x?: number;
}

/** 10^9 floating-point operations per second from work and milliseconds. */
export const gflops = (flop: number, ms: number): number => flop / ms / 1e6;

export interface FlopResult {
  readonly peak: Timing;
  readonly timings: readonly Timing[];
  readonly shares: readonly Ratio[];
}

/** Runs the cases in turn with the peak loop and prints them beside it. */
export function runBesidePeak(
  context: Context,
  title: string,
  cases: readonly FlopCase[],
  pace = context.pace,
  axis?: string,
): FlopResult {
  const { kernels, report } = context;
  const [peak, ...timings] = interleave([peakCase(kernels), ...cases], pace);
  report.section(title, "the peak", axis);
  report.row({ label: peak.name, timing: peak, rate: { value: gflops(peakFlop, peak.best), unit: "GF/s" } });
  const shares = timings.map((timing, i) => ratio(peak, timing, cases[i].flop / peakFlop));
  timings.forEach((timing, i) => {
    const { flop, x } = cases[i];
    const rate = { value: gflops(flop, timing.best), unit: "GF/s" };
    report.row({ label: timing.name, x, timing, ...(flop > 0 ? { rate, share: shares[i] } : {}) });
  });
  return { peak, timings, shares };
}

export interface ElementCase extends Case {
  readonly elements: number;
  /** Bytes read and written; given where the memory is what limits. */
  readonly bytes?: number;
}

/** Runs the cases in turn and prints nanoseconds per element, or GB/s where bytes are given. */
export function runPerElement(
  context: Context,
  title: string,
  cases: readonly ElementCase[],
): readonly Timing[] {
  const { report, pace } = context;
  const timings = interleave(cases, pace);
  report.section(title);
  timings.forEach((timing, i) => {
    const { bytes, elements } = cases[i];
    const rate =
      bytes === undefined
        ? { value: (timing.best * 1e6) / elements, unit: "ns/el" }
        : { value: bytes / timing.best / 1e6, unit: "GB/s" };
    report.row({ label: timing.name, timing, rate });
  });
  return timings;
}
