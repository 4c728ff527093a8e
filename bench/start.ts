// From nothing to the end of the first training step: how much longer a process takes than one that does nothing. And how
// much memory a process takes at its peak.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { median } from "./interleave.ts";
import type { Timing } from "./interleave.ts";
import { formatTime } from "./report.ts";
import type { Context, Suite } from "./suite.ts";

const program = fileURLToPath(new URL("start-program.mjs", import.meta.url));

/** What the program is asked for, and how much longer than an empty process its first step may take. */
const NETWORKS = [
  { name: "xor", barMs: 70 },
  { name: "gpt", barMs: 350 },
] as const;

const PEAK_BAR_MB = 300;
const STEPS_TO_PEAK = 40;

/** What the program prints: milliseconds since its process began, when each part was done; and its memory. */
interface Stages {
  readonly node: number;
  readonly imported: number;
  readonly initialised: number;
  readonly stepped: number;
  readonly peakBytes: number;
}

interface Run {
  readonly ms: number;
  readonly printed: string;
}

/** A process from the call to its end. */
function run(args: readonly string[]): Run {
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  const ms = performance.now() - start;
  if (status !== 0) throw new Error(`start: the program failed:\n${stderr}`);
  return { ms, printed: stdout };
}

function timingOf(name: string, samples: readonly number[]): Timing {
  return { name, samples, best: Math.min(...samples), median: median(samples), repeats: 1, preempted: 0 };
}

const PARTS = [
  ["import", "node", "imported"],
  ["init", "imported", "initialised"],
  ["model, optimizer, step", "initialised", "stepped"],
] as const;

function runStart({ report, quick }: Context): void {
  const empty: number[] = [];
  const whole = NETWORKS.map((): number[] => []);
  const stages = NETWORKS.map((): Stages[] => []);
  for (let i = 0; i < (quick ? 6 : 20); i++) {
    empty.push(run(["-e", "0"]).ms);
    NETWORKS.forEach(({ name }, k) => {
      const { ms, printed } = run([program, name]);
      whole[k].push(ms);
      stages[k].push(JSON.parse(printed) as Stages);
    });
  }
  const nothing = timingOf("node -e 0", empty);
  const first = NETWORKS.map(({ name }, k) => timingOf(`first step of ${name}`, whole[k]));
  report.section("a whole process");
  for (const timing of [nothing, ...first]) report.row({ label: timing.name, timing });
  NETWORKS.forEach(({ name, barMs }, k) => {
    report.section(`inside ${name}`);
    for (const [part, from, to] of PARTS) {
      const timing = timingOf(
        part,
        stages[k].map((it) => it[to] - it[from]),
      );
      report.row({ label: part, timing });
    }
    const above = first[k].best - nothing.best;
    report.gate(`first step of ${name} above node -e 0, best`, above, barMs, formatTime, true);
  });
}

function runPeak({ report }: Context): void {
  const megabytes = (args: readonly string[]): number =>
    (JSON.parse(run([program, ...args]).printed) as Stages).peakBytes / 1e6;
  const format = (value: number): string => `${value.toFixed(0)} MB`;
  report.note(`a process that took one step of xor: ${format(megabytes(["xor"]))} at its peak`);
  const gpt = megabytes(["gpt", String(STEPS_TO_PEAK)]);
  report.gate(`peak memory of ${String(STEPS_TO_PEAK)} steps of gpt`, gpt, PEAK_BAR_MB, format, true);
}

export const start: Suite = {
  name: "start",
  about: "a new process to the end of its first step, and its peak memory",
  run(context) {
    runStart(context);
    runPeak(context);
  },
};
