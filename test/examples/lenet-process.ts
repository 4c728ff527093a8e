// Runs the LeNet example as users do: a process of its own, its output read as it comes.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly lines: readonly string[];
}

interface Kill {
  /** Sent as soon as the output holds `after`. */
  readonly signal: NodeJS.Signals;
  readonly after: string;
  /** Milliseconds between. Default 0. */
  readonly delay?: number;
}

/** Runs `npm start -- <args>` without npm; ends with whatever the process ended with. */
export async function runLenet(args: readonly string[], kill?: Kill): Promise<Ended> {
  const child = spawn(process.execPath, ["--import", "tsx", "examples/lenet/main.ts", ...args]);
  let stdout = "";
  let stderr = "";
  let sent = false;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    if (!kill || sent || !stdout.includes(kill.after)) return;
    sent = true;
    setTimeout(() => child.kill(kill.signal), kill.delay ?? 0);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  return { code, signal, stdout, stderr, lines: stdout.trimEnd().split("\n") };
}

/** The bytes of the weights that a run left. */
export const weightsOf = (out: string): Promise<Uint8Array> => readFile(join(out, "lenet5.safetensors"));

export const LAST_LINE = /^test accuracy (\d{1,3}\.\d\d)% \(10000 images\)$/;
