// Memory stays bounded when the user forgets to release anything, in a synchronous loop that never lets the event loop
// run: measured from outside, on a process that runs the built package.
import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";

interface Outcome {
  readonly allocated: number;
  readonly correct: boolean;
  readonly live: number;
  readonly rss: number;
  readonly wasm: number;
}

const MIB = 2 ** 20;

function run(scenario: string): Outcome {
  const output = execFileSync(process.execPath, ["test/slow/memory-scenarios.mjs", scenario], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return JSON.parse(output.trimEnd().split("\n").at(-1)!) as Outcome;
}

describe("a synchronous loop without scopes", () => {
  it.each([
    ["train", "trains on 20 GB of temporaries", 20e9],
    ["evaluate", "evaluates without noGrad over 20 GB of temporaries", 20e9],
    ["tape", "walks a live graph far above the soft limit, correctly", 300 * MIB],
    ["kept", "keeps 1,000 tensors intact", 200 * MIB],
  ])("%s: %s", (scenario, _, least) => {
    const { allocated, correct, live, rss, wasm } = run(scenario);
    const mib = (bytes: number): string => `${(bytes / MIB).toFixed(0)} MiB`;
    console.log(
      `${scenario}: ${mib(allocated)} allocated, ${mib(live)} live, RSS ${mib(rss)}, wasm ${mib(wasm)}`,
    );
    expect(correct).toBe(true);
    expect(allocated).toBeGreaterThanOrEqual(least);
    expect(rss).toBeLessThan(256 * MIB + 2 * live);
    expect(wasm).toBeLessThan(256 * MIB + 2 * live);
  });
});
