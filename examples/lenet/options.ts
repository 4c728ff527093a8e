// The command line: what may be asked for, and one clear line about what may not.
import { parseArgs } from "node:util";
import type { ParseArgsConfig } from "node:util";

/** What decides the result of a run. A resumed run must keep all of it. */
export interface RunOptions {
  readonly epochs: number;
  readonly batchSize: number;
  readonly lr: number;
  readonly limit: number;
  readonly seed: number;
}

export interface Options extends RunOptions {
  readonly out: string;
  readonly resume: boolean;
  readonly deterministic: boolean;
  /** The names that stood on the command line. */
  readonly given: ReadonlySet<string>;
}

/** A wrong option: the program prints the message alone and leaves with code 2. */
export class UsageError extends Error {}

interface NumberOption {
  readonly type: "whole" | "decimal";
  readonly fallback: number;
  readonly least: number;
  readonly most: number;
  readonly help: string;
}

const NUMBERS = {
  epochs: {
    type: "whole",
    fallback: 7,
    least: 1,
    most: 1000,
    help: "times to go through the training images",
  },
  "batch-size": { type: "whole", fallback: 64, least: 1, most: 10_000, help: "images per step" },
  lr: {
    type: "decimal",
    fallback: 0.002,
    least: 1e-8,
    most: 1,
    help: "learning rate at the start; falls to 0",
  },
  limit: {
    type: "whole",
    fallback: 60_000,
    least: 24,
    most: 60_000,
    help: "use only the first N training images",
  },
  seed: {
    type: "whole",
    fallback: 0,
    least: 0,
    most: Number.MAX_SAFE_INTEGER,
    help: "the same seed, the same bits",
  },
} as const satisfies Record<string, NumberOption>;

const OTHERS = {
  out: { type: "string", value: "DIR", help: "where the weights and checkpoints go (default runs/lenet)" },
  resume: { type: "boolean", value: "", help: "go on from the checkpoint in the output directory" },
  deterministic: { type: "boolean", value: "", help: "the same bits on every machine too; slower" },
  help: { type: "boolean", value: "", help: "show this text" },
} as const;

export function helpText(): string {
  const row = (name: string, value: string, help: string): string =>
    `  ${`--${name} ${value}`.padEnd(19)}${help}`;
  const numbers = Object.entries(NUMBERS).map(([name, { help, fallback }]) =>
    row(name, "N", `${help} (default ${String(fallback)})`),
  );
  const others = Object.entries(OTHERS).map(([name, { value, help }]) => row(name, value, help));
  return [
    "Trains LeNet-5 on MNIST and reports its accuracy on the 10,000 test images.",
    "",
    "usage: npm start -- [options]",
    "",
    ...numbers,
    ...others,
    "",
    "Ctrl-C stops at once and leaves a checkpoint; --resume goes on from it.",
  ].join("\n");
}

/** Reads the command line; null asks for the help text. Throws UsageError with one line on a wrong option. */
export function parseOptions(args: readonly string[]): Options | null {
  const values = readArguments(args);
  if (values.help === true) return null;
  const out = values.out ?? "runs/lenet";
  if (out === "") throw new UsageError("--out must name a directory; got an empty name.");
  const number = (name: keyof typeof NUMBERS): number => readNumber(name, values[name] as string | undefined);
  return {
    epochs: number("epochs"),
    batchSize: number("batch-size"),
    lr: number("lr"),
    limit: number("limit"),
    seed: number("seed"),
    out: String(out),
    resume: values.resume === true,
    deterministic: values.deterministic === true,
    given: new Set(Object.keys(values)),
  };
}

function readArguments(args: readonly string[]): Readonly<Record<string, string | boolean | undefined>> {
  const options: NonNullable<ParseArgsConfig["options"]> = {};
  for (const name of Object.keys(NUMBERS)) options[name] = { type: "string" };
  for (const [name, { type }] of Object.entries(OTHERS)) options[name] = { type };
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values as Record<
      string,
      string | boolean | undefined
    >;
  } catch (error) {
    // Node's messages run on with advice; their first sentence names the option.
    const [first] = (error as Error).message.split(/\. |\n/);
    throw new UsageError(`${first.replace(/\.$/, "")}. Try --help.`);
  }
}

function readNumber(name: keyof typeof NUMBERS, text: string | undefined): number {
  const { type, fallback, least, most }: NumberOption = NUMBERS[name];
  if (text === undefined) return fallback;
  const form = type === "whole" ? /^\d+$/ : /^\d*\.?\d+(e[+-]?\d+)?$/i;
  const value = form.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  const kind = type === "whole" ? "a whole number" : "a number";
  throw new UsageError(
    `--${name} must be ${kind} from ${String(least)} to ${String(most)}; got ${JSON.stringify(text)}.`,
  );
}

/**
 * The options of a resumed run: those of the run that left the checkpoint.
 *
 * @throws UsageError where the command line asks for another value than the checkpoint has.
 */
export function resumedOptions(options: Options, saved: RunOptions): Options {
  for (const [flag, key] of [
    ["epochs", "epochs"],
    ["batch-size", "batchSize"],
    ["lr", "lr"],
    ["limit", "limit"],
    ["seed", "seed"],
  ] as const) {
    if (options.given.has(flag) && options[key] !== saved[key]) {
      const must = `--${flag} must be ${String(saved[key])}, as in the checkpoint, to go on from it`;
      throw new UsageError(`${must}; got ${String(options[key])}.`);
    }
  }
  return { ...options, ...saved };
}
