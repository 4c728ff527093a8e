// From nothing to the end of the first training step: how much longer a process takes than one that does nothing.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { median } from "./interleave.ts";
import type { Timing } from "./interleave.ts";
import { formatTime } from "./report.ts";
import type { Context, Suite } from "./suite.ts";

const BAR_MS = 70;
const program = fileURLToPath(new URL("start-program.mjs", import.meta.url));

/** What the program prints: milliseconds since its process began, when each part was done. */
interface Stages {
  readonly node: number;
  readonly imported: number;
  readonly initialised: number;
  readonly stepped: number;
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

export const start: Suite = {
  name: "start",
  about: "a new process to the end of its first step",
  run({ report, quick }: Context) {
    const empty: number[] = [];
    const whole: number[] = [];
    const stages: Stages[] = [];
    for (let i = 0; i < (quick ? 6 : 20); i++) {
      empty.push(run(["-e", "0"]).ms);
      const { ms, printed } = run([program]);
      whole.push(ms);
      stages.push(JSON.parse(printed) as Stages);
    }
    const [nothing, step] = [timingOf("node -e 0", empty), timingOf("first step of xor", whole)];
    report.section("a whole process");
    for (const timing of [nothing, step]) report.row({ label: timing.name, timing });
    report.section("inside it");
    const part = (name: string, from: keyof Stages, to: keyof Stages): void => {
      const timing = timingOf(
        name,
        stages.map((it) => it[to] - it[from]),
      );
      report.row({ label: name, timing });
    };
    part("import", "node", "imported");
    part("init", "imported", "initialised");
    part("model, optimizer, step", "initialised", "stepped");
    report.gate("first step above node -e 0, best", step.best - nothing.best, BAR_MS, formatTime, true);
  },
};
