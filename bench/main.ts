// npm run bench: measures kernels and engine on this machine. Options in options.ts, method in interleave.ts, what the
// figures mean in docs/performance.md.
import { writeFileSync } from "node:fs";
import { backendInfo, init, setNumThreads } from "neurite";
import { apply } from "./apply.ts";
import { attention } from "./attention.ts";
import { conv } from "./conv.ts";
import { elementwise } from "./elementwise.ts";
import { fused } from "./fused.ts";
import { gemm } from "./gemm.ts";
import { gpt } from "./gpt.ts";
import { fullPace, quickPace } from "./interleave.ts";
import { KernelBench } from "./kernels.ts";
import { lenet } from "./lenet.ts";
import { recurrent } from "./lstm.ts";
import { memory } from "./memory.ts";
import { movement } from "./movement.ts";
import { helpText, parseOptions, UsageError } from "./options.ts";
import type { Options } from "./options.ts";
import { peak } from "./peak.ts";
import { random } from "./random.ts";
import { order } from "./order.ts";
import { reduce } from "./reduce.ts";
import { describeMachine, printMachine, Report } from "./report.ts";
import { roofline } from "./roofline.ts";
import { scaling } from "./scaling.ts";
import { small } from "./small.ts";
import { start } from "./start.ts";
import { steps } from "./steps.ts";
import type { Suite } from "./suite.ts";
import { threads } from "./threads.ts";

const suites: readonly Suite[] = [
  ...[peak, apply, small, gemm, conv, attention, recurrent],
  ...[elementwise, reduce, order, fused, movement, random, lenet, gpt, steps, memory],
  ...[scaling, roofline, threads, start],
];

async function main(args: readonly string[]): Promise<void> {
  const options = parseOptions(args, suites);
  if (options === null) {
    process.stdout.write(`${helpText(suites)}\n`);
    return;
  }
  await run(options);
}

async function run({ only, quick, json }: Options): Promise<void> {
  const began = performance.now();
  await init({ relaxedSimd: true });
  const { threads: threadCount } = backendInfo();
  // What a core can do comes first, and the processor's own clock counts all threads; the suite of threads uses several.
  setNumThreads(1);
  const kernels = await KernelBench.load(backendInfo().build ?? "strict");
  const machine = describeMachine(backendInfo());
  printMachine(machine);
  const report = new Report();
  for (const suite of suites.filter(({ name }) => only.includes(name))) {
    report.suite(suite.name);
    kernels.reset();
    await suite.run({ report, kernels, quick, threads: threadCount, pace: quick ? quickPace : fullPace });
  }
  const seconds = (performance.now() - began) / 1000;
  const gates = report.suites.flatMap((suite) => suite.gates);
  const passed = gates.filter((gate) => gate.passed).length;
  const verdict = gates.length === 0 ? "" : `; ${String(passed)} of ${String(gates.length)} gates passed`;
  process.stdout.write(`\ndone in ${seconds.toFixed(1)} s${verdict}\n${report.interruptions}\n`);
  if (json !== null) {
    writeFileSync(json, `${JSON.stringify({ machine, quick, seconds, suites: report.suites }, null, 2)}\n`);
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const isUsage = error instanceof UsageError;
  process.stderr.write(isUsage ? `bench: ${error.message}\n` : "bench: a case failed\n");
  if (!isUsage) console.error(error);
  process.exitCode = isUsage ? 2 : 1;
}
