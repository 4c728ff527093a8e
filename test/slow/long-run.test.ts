// Ten thousand steps leave nothing behind: what the library holds is the same to the byte, and the process is no larger.
import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";

interface Held {
  readonly library: Readonly<Record<string, number>>;
  readonly heapUsed: number;
  readonly rss: number;
}

interface Outcome {
  readonly early: Held;
  readonly late: Held;
  /** The largest resident set seen between them, after collections. */
  readonly largest: number;
  readonly first: number;
  readonly last: number;
}

/** Megabytes: compiled code, and pages that the collector keeps. 100 bytes a step would be 0.8 in the 8,000 steps between. */
const [HEAP_ALLOWANCE, RESIDENT_ALLOWANCE] = [0.7, 10];

/** Room for new objects that does not grow while the process runs, as it does by default: up to 48 MB, and no leak. */
const FLAGS = ["--expose-gc", "--max-semi-space-size=1"];

function run(network: string): Outcome {
  const output = execFileSync(process.execPath, [...FLAGS, "test/slow/long-run.mjs", network], {
    encoding: "utf8",
  });
  return JSON.parse(output) as Outcome;
}

describe("10,000 training steps with Adam hold no more than 2,000:", () => {
  it.each(["xor", "lstm", "gpt"])("%s", (network) => {
    const { early, late, largest, first, last } = run(network);
    const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(2)} MB`;
    console.log(
      `${network}: ${String(late.library.tensors)} tensors, ${String(late.library.bytes)} bytes; heap ` +
        `${megabytes(late.heapUsed - early.heapUsed)}, resident ${megabytes(late.rss - early.rss)} more ` +
        `(at most ${megabytes(largest - early.rss)})`,
    );
    expect(last).toBeLessThan(first / 2);
    expect(late.library).toEqual(early.library);
    expect((late.heapUsed - early.heapUsed) / 1e6).toBeLessThan(HEAP_ALLOWANCE);
    expect((largest - early.rss) / 1e6).toBeLessThan(RESIDENT_ALLOWANCE);
  });
});
