// The command line of an example: what may be asked for, and one clear line about what may not.
import { parseArgs } from "node:util";
import type { ParseArgsConfig } from "node:util";

/** A wrong option: the program prints the message alone and leaves with code 2. */
export class UsageError extends Error {}

export interface NumberOption {
  readonly type: "whole" | "decimal";
  readonly fallback: number;
  /** Stands in for the fallback under --fast. */
  readonly fast?: number;
  readonly least: number;
  readonly most: number;
  readonly help: string;
}

export interface TextOption {
  /** What the help text calls the value: FILE, DIR, ... */
  readonly value: string;
  readonly fallback: string;
  readonly help: string;
}

/** What an example says about itself. */
export interface Program<N extends string = string, T extends string = string> {
  readonly name: string;
  readonly summary: string;
  /** How it is called, as `npm run example gpt`. */
  readonly command: string;
  /** What, with the texts and the seed, decides the result of a run; a resumed run must keep all of it. */
  readonly numbers: Readonly<Record<N, NumberOption>>;
  readonly texts?: Readonly<Record<T, TextOption>>;
}

/** The values that decide the result of a run, of any program. */
export type AnyOptions = Readonly<Record<string, number | string>> & { readonly seed: number };

/** Those of one program. */
export type RunOptions<N extends string, T extends string = never> = Readonly<
  Record<N | "seed", number> & Record<T, string>
>;

/** How a run is made; decides nothing about its result, except for the rounding under `deterministic`. */
export interface RunMode {
  readonly out: string;
  readonly resume: boolean;
  readonly deterministic: boolean;
  readonly fast: boolean;
  /** The names that stood on the command line. */
  readonly given: ReadonlySet<string>;
}

export interface Command<N extends string, T extends string = never> {
  readonly options: RunOptions<N, T>;
  readonly mode: RunMode;
}

const SEED: NumberOption = {
  type: "whole",
  fallback: 0,
  least: 0,
  most: Number.MAX_SAFE_INTEGER,
  help: "the same seed, the same bits",
};

const FLAGS = {
  resume: "go on from the checkpoint in the output directory",
  deterministic: "the same bits on every machine too; slower",
  fast: "a short run that shows that everything works",
  help: "show this text",
} as const;

/** `batchSize` as users type it: `batch-size`. */
const flagOf = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const allNumbers = (program: Program): [string, NumberOption][] =>
  Object.entries<NumberOption>({ ...program.numbers, seed: SEED });

const allTexts = (program: Program): [string, TextOption][] => {
  const fallback = `runs/${program.name}`;
  const out = { value: "DIR", fallback, help: "where what the run leaves goes" };
  return Object.entries<TextOption>({ ...program.texts, out });
};

const hasFast = (program: Program): boolean => allNumbers(program).some(([, { fast }]) => fast !== undefined);

const flags = (program: Program): [string, string][] =>
  Object.entries(FLAGS).filter(([name]) => name !== "fast" || hasFast(program));

export function helpText(program: Program): string {
  const row = (name: string, value: string, help: string): string =>
    `  ${`--${flagOf(name)} ${value}`.padEnd(19)}${help}`;
  return [
    program.summary,
    "",
    `usage: ${program.command} -- [options]`,
    "",
    ...allNumbers(program).map(([name, { help, fallback }]) =>
      row(name, "N", `${help} (default ${String(fallback)})`),
    ),
    ...allTexts(program).map(([name, { help, value, fallback }]) =>
      row(name, value, `${help}${fallback === "" ? "" : ` (default ${fallback})`}`),
    ),
    ...flags(program).map(([name, help]) => row(name, "", help)),
    "",
    "Ctrl-C stops at once and leaves a checkpoint; --resume goes on from it.",
  ].join("\n");
}

/** Reads the command line; null asks for the help text. Throws UsageError with one line on a wrong option. */
export function parseOptions<N extends string, T extends string = never>(
  program: Program<N, T>,
  args: readonly string[],
): Command<N, T> | null {
  const values = readArguments(program, args);
  if (values.get("help") === true) return null;
  const fast = values.get("fast") === true;
  const numbers = allNumbers(program).map(([name, option]) => [name, readNumber(name, option, values, fast)]);
  const texts = allTexts(program).map(([name, option]) => [name, readText(name, option, values)]);
  const { out, ...others } = Object.fromEntries(texts) as Record<string, string>;
  return {
    options: { ...Object.fromEntries(numbers), ...others } as RunOptions<N, T>,
    mode: {
      out,
      resume: values.get("resume") === true,
      deterministic: values.get("deterministic") === true,
      fast,
      given: new Set(values.keys()),
    },
  };
}

type Values = ReadonlyMap<string, string | boolean>;

function readArguments(program: Program, args: readonly string[]): Values {
  const options: NonNullable<ParseArgsConfig["options"]> = {};
  const names = new Map<string, string>();
  const declare = (name: string, type: "string" | "boolean"): void => {
    options[flagOf(name)] = { type };
    names.set(flagOf(name), name);
  };
  for (const [name] of [...allNumbers(program), ...allTexts(program)]) declare(name, "string");
  for (const [name] of flags(program)) declare(name, "boolean");
  try {
    const { values } = parseArgs({ args: [...args], options, strict: true, allowPositionals: false });
    return new Map(
      Object.entries(values).map(([flag, value]) => [names.get(flag)!, value as string | boolean]),
    );
  } catch (error) {
    // Node's messages run on with advice; their first sentence names the option.
    const [first] = (error as Error).message.split(/\. |\n/);
    throw new UsageError(`${first.replace(/\.$/, "")}. Try --help.`);
  }
}

function readText(name: string, { fallback, value }: TextOption, values: Values): string {
  const text = values.get(name) ?? fallback;
  if (text !== "" || fallback === "") return String(text);
  throw new UsageError(`--${flagOf(name)} must name a ${value}; got an empty name.`);
}

function readNumber(name: string, option: NumberOption, values: Values, fast: boolean): number {
  const { type, fallback, least, most } = option;
  const text = values.get(name);
  if (text === undefined) return fast ? (option.fast ?? fallback) : fallback;
  const form = type === "whole" ? /^\d+$/ : /^\d*\.?\d+(e[+-]?\d+)?$/i;
  const value = form.test(String(text)) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  const kind = type === "whole" ? "a whole number" : "a number";
  const must = `--${flagOf(name)} must be ${kind} from ${String(least)} to ${String(most)}`;
  throw new UsageError(`${must}; got ${JSON.stringify(text)}.`);
}

/**
 * The options of a resumed run: those of the run that left the checkpoint.
 *
 * @throws UsageError where the command line asks for another value than the checkpoint has.
 */
export function resumedOptions<O extends AnyOptions>(options: O, { given }: RunMode, saved: O): O {
  for (const name of Object.keys(options)) {
    if (!given.has(name) || options[name] === saved[name]) continue;
    const must = `--${flagOf(name)} must be ${String(saved[name])}, as in the checkpoint, to go on from it`;
    throw new UsageError(`${must}; got ${String(options[name])}.`);
  }
  return saved;
}
