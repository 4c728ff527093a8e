// Times several cases in turn, in one process: A B C A B C ... Machines slow down and speed up by tens of percent within
// seconds (other tenants, frequency, heat), so figures taken one after the other cannot be compared; those of one round
// can. Absolute times are reported, ratios are what counts.

export interface Case {
  readonly name: string;
  /** One unit of work. Results must be stored or used, lest the compiler drop the work. */
  readonly call: () => void;
  /** By the clock alone, whatever else runs: for calls that use several threads. */
  readonly byClock?: boolean;
}

export interface Timing {
  readonly name: string;
  /** Milliseconds per call, one figure for each round. */
  readonly samples: readonly number[];
  readonly best: number;
  readonly median: number;
  /** Calls in one sample. */
  readonly repeats: number;
  /** Samples during which the system took the processor away; see `measure`. */
  readonly preempted: number;
}

export interface Pace {
  /** A sample lasts this long, or one call where that takes longer. */
  readonly sampleMs: number;
  /** Rounds to take at least. */
  readonly rounds: number;
  /** Rounds to take at most; more than the least only while bests still fall. */
  readonly maxRounds: number;
  readonly warmupMs: number;
}

export const fullPace: Pace = { sampleMs: 1.5, rounds: 30, maxRounds: 120, warmupMs: 60 };
export const quickPace: Pace = { sampleMs: 1, rounds: 20, maxRounds: 30, warmupMs: 20 };

/** Where one call is slow, the others' samples grow to the same length (equal exposure to noise), up to this. */
const LONGEST_EVEN_SAMPLE_MS = 6;
/**
 * Calls shorter than this are made once before each sample without being timed: they find the caches as a loop of the
 * same work leaves them, not as the case before did.
 */
const PRIMED_MS = 20;
/** A best that falls by less than this is taken to stand still. */
const STILL = 0.995;

/** Runs all cases in turn, warm, at least `pace.rounds` times. */
export function interleave(cases: readonly Case[], pace: Pace): Timing[] {
  globalThis.gc?.();
  const callMs = cases.map((it) => warmUp(it, pace.warmupMs));
  const sampleMs = Math.max(pace.sampleMs, Math.min(LONGEST_EVEN_SAMPLE_MS, Math.max(...callMs)));
  const repeats = callMs.map((ms) => Math.max(1, Math.round(sampleMs / ms)));
  const samples = cases.map((): number[] => []);
  const preempted = cases.map(() => 0);
  const best = cases.map(() => Infinity);
  let lastFall = 0;
  for (let round = 0; round < pace.maxRounds; round++) {
    if (round >= pace.rounds && round - lastFall > pace.rounds / 2) break;
    for (let k = 0; k < cases.length; k++) {
      if (callMs[k] < PRIMED_MS) cases[k].call();
      const sample = measure(cases[k], repeats[k]);
      const { ms } = sample;
      samples[k].push(ms);
      if (sample.preempted) preempted[k]++;
      if (ms < best[k] * STILL) lastFall = round;
      best[k] = Math.min(best[k], ms);
    }
  }
  return cases.map(({ name }, k) => ({
    ...{ name, samples: samples[k], best: best[k], median: median(samples[k]) },
    ...{ repeats: repeats[k], preempted: preempted[k] },
  }));
}

// Long enough for the engine's optimising compiler; the result is the fastest time of a call seen on the way.
function warmUp(it: Case, warmupMs: number): number {
  const start = performance.now();
  let repeats = 1;
  let ms = Infinity;
  for (let i = 0; i < 3 || performance.now() - start < warmupMs; i++) {
    ms = Math.min(ms, measure(it, repeats).ms);
    if (ms * repeats < 0.2) repeats *= 2;
  }
  return Math.max(ms, 1e-6);
}

/**
 * Milliseconds per call: by the clock, or, where the system let another program run meanwhile, the processor time that
 * this one had. The latter counts all threads, hence `byClock`.
 */
function measure(
  { call, byClock = false }: Case,
  repeats: number,
): { readonly ms: number; readonly preempted: boolean } {
  const before = process.resourceUsage();
  const start = performance.now();
  for (let i = 0; i < repeats; i++) call();
  const wallMs = performance.now() - start;
  const after = process.resourceUsage();
  const preempted = after.involuntaryContextSwitches > before.involuntaryContextSwitches;
  const microseconds = (usage: NodeJS.ResourceUsage): number => usage.userCPUTime + usage.systemCPUTime;
  const ownMs = (microseconds(after) - microseconds(before)) / 1000;
  return { ms: (preempted && !byClock ? Math.min(ownMs, wallMs) : wallMs) / repeats, preempted };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** How two timings of one interleaved run compare. */
export interface Ratio {
  /** Of the bests: what the code can do when the machine is quiet. */
  readonly best: number;
  /** Median of the ratios within each round: what it does on this machine as it is. */
  readonly median: number;
}

/** Time of `a` over time of `b`, after `scale` (to compare speeds of unequal work: work of b over work of a). */
export function ratio(a: Timing, b: Timing, scale = 1): Ratio {
  const rounds = a.samples.map((ms, round) => (ms / b.samples[round]) * scale);
  return { best: (a.best / b.best) * scale, median: median(rounds) };
}
