// What a run found: rows, gates and notes, printed as they come within 80 columns and kept for the JSON file.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import type { BackendInfo } from "neurite";
import type { Ratio, Timing } from "./interleave.ts";

export interface Row {
  readonly label: string;
  /** Where the row stands on its section's axis. */
  readonly x?: number;
  readonly timing: Timing;
  /** A rate computed from the best sample, such as 55.1 "GF/s". */
  readonly rate?: { readonly value: number; readonly unit: string };
  /** Speed as a share of the peak loop (or another yardstick, see the heading) of the same rounds. */
  readonly share?: Ratio;
}

export interface Gate {
  readonly label: string;
  readonly value: number;
  readonly bar: number;
  readonly passed: boolean;
}

export interface Section {
  readonly title: string;
  /** What the rows of a picture differ in: their x axis. */
  readonly axis?: string;
  readonly rows: Row[];
}

export interface SuiteReport {
  readonly name: string;
  readonly sections: Section[];
  readonly gates: Gate[];
  readonly notes: string[];
}

const LABEL_WIDTH = 31;

const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** Milliseconds in the unit that suits them. */
export function formatTime(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toPrecision(3)} s`;
  if (ms >= 1) return `${ms.toPrecision(3)} ms`;
  return ms >= 1e-3 ? `${(ms * 1e3).toPrecision(3)} us` : `${(ms * 1e6).toPrecision(3)} ns`;
}

const formatPercent = (share: number): string => `${(share * 100).toFixed(0)} %`;

const formatRate = (value: number): string => (value >= 1000 ? value.toFixed(0) : value.toPrecision(3));

export class Report {
  readonly suites: SuiteReport[] = [];
  #samples = 0;
  #preempted = 0;

  suite(name: string): void {
    this.suites.push({ name, sections: [], gates: [], notes: [] });
    print(`\n${name}`);
  }

  /** A table; `yardstick` names what the shares in its last two columns are shares of. */
  section(title: string, yardstick = "", axis?: string): void {
    this.#suite.sections.push({ title, axis, rows: [] });
    const columns = ["best".padStart(9), "median".padStart(10), "rate".padStart(13)];
    const shares = yardstick === "" ? "" : ` of ${yardstick}`.padStart(15);
    print(`  ${title.padEnd(LABEL_WIDTH - 1)}${columns.join("")}${shares}`);
  }

  row(row: Row): void {
    this.#suite.sections.at(-1)!.rows.push(row);
    const { label, timing, rate, share } = row;
    this.#samples += timing.samples.length;
    this.#preempted += timing.preempted;
    const times = formatTime(timing.best).padStart(9) + formatTime(timing.median).padStart(10);
    const speed = (rate ? `${formatRate(rate.value)} ${rate.unit}` : "").padStart(13);
    const shares = share
      ? ` ${formatPercent(share.best).padStart(6)} ${formatPercent(share.median).padStart(6)}`
      : "";
    print(`    ${label.padEnd(LABEL_WIDTH - 3)}${times}${speed}${shares}`.trimEnd());
  }

  /** A bar that the project sets itself. `atMost`: the value must not exceed the bar; else it must reach it. */
  gate(label: string, value: number, bar: number, format: (x: number) => string, atMost = false): void {
    const passed = atMost ? value <= bar : value >= bar;
    this.#suite.gates.push({ label, value, bar, passed });
    const sign = atMost ? "<=" : ">=";
    print(`  ${passed ? "PASS" : "FAIL"}  ${label}: ${format(value)} (bar ${sign} ${format(bar)})`);
  }

  note(text: string): void {
    this.#suite.notes.push(text);
    print(`  ${text}`);
  }

  /** How many of all samples another program interrupted. */
  get interruptions(): string {
    return `${String(this.#preempted)} of ${String(this.#samples)} samples interrupted by other programs`;
  }

  get #suite(): SuiteReport {
    return this.suites.at(-1)!;
  }
}

/** Everything that a figure depends on, as far as the program can tell. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly platform: string;
  readonly loadAverage: number;
  readonly node: string;
  readonly v8: string;
  readonly neurite: string;
  readonly commit: string;
  readonly date: string;
  readonly build: string;
}

export function describeMachine(info: BackendInfo): Machine {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    loadAverage: loadavg()[0],
    node: process.version,
    v8: process.versions.v8,
    neurite: version,
    commit: commit(),
    date: new Date().toISOString(),
    build: info.build ?? info.backend,
  };
}

// Of the working tree, with a mark where it has uncommitted changes; outside a repository it is unknown.
function commit(): string {
  try {
    return execFileSync("git", ["describe", "--always", "--dirty", "--abbrev=12"], {
      cwd: new URL("..", import.meta.url),
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return "unknown";
  }
}

export function printMachine(machine: Machine): void {
  const { cpu, cores, memoryGiB, node, build, neurite, commit: at, date, loadAverage } = machine;
  print(`neurite ${neurite} (${at}), ${build} kernels, Node ${node}`);
  print(`${cpu}, ${String(cores)} cores, ${String(memoryGiB)} GiB, load ${loadAverage.toFixed(1)}; ${date}`);
  if (loadAverage > cores * 0.75) {
    print("Other programs keep this machine busy: times are too high, and what needs");
    print("the caches has less of them. Compare ratios, and measure again when it is quiet.");
  }
}
