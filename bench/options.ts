// The command line of the bench: which suites to run, how long, and where the figures go.
import { existsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";

export interface Options {
  /** Names of the suites to run, in the order of the suites themselves. */
  readonly only: readonly string[];
  readonly quick: boolean;
  readonly json: string | null;
}

/** A wrong option: the program prints the message alone and leaves with code 2. */
export class UsageError extends Error {}

interface Named {
  readonly name: string;
  readonly about: string;
}

export function helpText(suites: readonly Named[]): string {
  return [
    "Measures the kernels and the engine, each beside the peak of this machine in the same run.",
    "",
    "usage: npm run bench -- [options]",
    "",
    "  --only NAME[,NAME]  run these suites only (may be given several times)",
    "  --quick             fewer sizes and samples: all suites in about a minute",
    "  --json FILE         also write every figure and sample to FILE",
    "  --help              show this text",
    "",
    "suites:",
    ...suites.map(({ name, about }) => `  ${name.padEnd(20)}${about}`),
  ].join("\n");
}

/** Reads the command line; null asks for the help text. Throws UsageError with one line on a wrong option. */
export function parseOptions(args: readonly string[], suites: readonly Named[]): Options | null {
  const values = readArguments(args);
  if (values.help === true) return null;
  return {
    only: chosenSuites(values.only, suites),
    quick: values.quick === true,
    json: jsonPath(values.json),
  };
}

function readArguments(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        only: { type: "string", multiple: true },
        quick: { type: "boolean" },
        json: { type: "string" },
        help: { type: "boolean" },
      },
      strict: true,
      allowPositionals: false,
    }).values;
  } catch (error) {
    // Node's messages run on with advice; their first sentence names the option.
    const [first] = (error as Error).message.split(/\. |\n/);
    throw new UsageError(`${first.replace(/\.$/, "")}. Try --help.`);
  }
}

function chosenSuites(only: readonly string[] | undefined, suites: readonly Named[]): string[] {
  const known = suites.map(({ name }) => name);
  if (only === undefined) return known;
  const asked = only.flatMap((list) => list.split(",")).map((name) => name.trim());
  for (const name of asked) {
    if (known.includes(name)) continue;
    throw new UsageError(`--only must name suites among ${known.join(", ")}; got ${JSON.stringify(name)}.`);
  }
  return known.filter((name) => asked.includes(name));
}

// Checked before the first measurement, so that minutes of work are not lost to a typing error.
function jsonPath(file: string | undefined): string | null {
  if (file === undefined) return null;
  if (file === "") throw new UsageError("--json must name a file; got an empty name.");
  const path = resolve(file);
  if (!existsSync(dirname(path)))
    throw new UsageError(`--json must lie in a folder that exists; got ${file}.`);
  if (existsSync(path) && !statSync(path).isFile())
    throw new UsageError(`--json must be a file; got ${file}.`);
  return path;
}
