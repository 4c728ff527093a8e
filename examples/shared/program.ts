// How every example runs: options read, Neurite started, Ctrl-C heard, errors told in one line, the exit code set.
import { mkdir } from "node:fs/promises";
import { init, manualSeed, NeuriteError } from "neurite";
import { helpText, parseOptions, resumedOptions, UsageError } from "./options.ts";
import type { AnyOptions, Program, RunMode, RunOptions } from "./options.ts";
import { readSavedRun } from "./saved-run.ts";

export const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** What a program's own code gets. */
export interface Run<O extends AnyOptions = AnyOptions> {
  readonly name: string;
  readonly command: string;
  readonly options: O;
  readonly mode: RunMode;
  /** The loss curve of the run that is resumed, else empty. */
  readonly curve: readonly number[];
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Thrown out of a program by Ctrl-C, where its training has not ended it in order. */
class Interrupted extends Error {}

/** How a program ended: its figure, for the last line, or nothing when Ctrl-C stopped it. */
export type Ending = string | null;

/**
 * Runs an example and sets the exit code: 0, 1 after an error in data or files, 2 after a wrong option, 130 after Ctrl-C.
 * What `main` returns is printed as the last line.
 */
export async function runProgram<N extends string, T extends string = never>(
  program: Program<N, T>,
  main: (run: Run<RunOptions<N, T>>) => Promise<Ending>,
): Promise<void> {
  process.exitCode = await start(program, main).catch(explain);
}

async function start<N extends string, T extends string>(
  program: Program<N, T>,
  main: (run: Run<RunOptions<N, T>>) => Promise<Ending>,
): Promise<number> {
  const command = parseOptions(program, process.argv.slice(2));
  if (command === null) {
    print(helpText(program));
    return 0;
  }
  const signal = interruptSignal();
  const { out, resume, deterministic } = command.mode;
  const saved = resume ? await readSavedRun(program.name, out) : null;
  const options = saved
    ? resumedOptions(command.options, command.mode, saved.options as RunOptions<N, T>)
    : command.options;
  await mkdir(out, { recursive: true });
  await init({ relaxedSimd: !deterministic, deterministic });
  manualSeed(options.seed);
  const { name } = program;
  const curve = saved?.curve ?? [];
  const ending = await main({ name, command: program.command, options, mode: command.mode, curve, signal });
  if (ending === null) return 130;
  print(ending);
  return 0;
}

/** Aborts on the first Ctrl-C, so that the run can leave a checkpoint; the second one ends the process. */
function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  process.on("SIGINT", () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new Interrupted());
  });
  return controller.signal;
}

/** Says how to go on with a run that Ctrl-C stopped. */
export function printStopped({ command, name, mode: { out, fast } }: Run, where: string): void {
  const folder = out === `runs/${name}` ? "" : ` --out ${out}`;
  // A short run is judged in short, too.
  print(`\nstopped in ${where}; to go on: ${command} -- --resume${fast ? " --fast" : ""}${folder}`);
}

function explain(error: unknown): number {
  if (error instanceof Interrupted) {
    print("\nstopped; the training is done, and --resume shows the rest again");
    return 130;
  }
  if (error instanceof UsageError) {
    process.stderr.write(`error: ${error.message}\n`);
    return 2;
  }
  if (error instanceof NeuriteError || (error as NodeJS.ErrnoException).syscall !== undefined) {
    process.stderr.write(`error: ${(error as Error).message}\n`);
    return 1;
  }
  throw error;
}
