// Checkpoints: all that a run needs to go on with the same bits, in one `.safetensors` file. Tensors are the model's under
// `model.` and the optimizer's under `optimizer.` (of several, each under `optimizer.<name>.`); numbers, the random state and
// the caller's progress are JSON in the metadata, where any other tool can read them.
import { FormatError, ValueError } from "../core/errors.ts";
import { defaultGenerator, Generator } from "../core/rng.ts";
import type { GeneratorState } from "../core/rng.ts";
import type { Module } from "../nn/module.ts";
import { Optimizer } from "../optim/optimizer.ts";
import type { Scheduler, SchedulerState } from "../optim/schedule/scheduler.ts";
import { tensor } from "../ops/creation.ts";
import { scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { FileTensor } from "./file-tensor.ts";
import { fileValues } from "./file-values.ts";
import { readFileBytes, writeFileAtomic } from "./files.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";
import { assignState, checkState, downloadState, withPrefix } from "./state-file.ts";

const KEY = "neurite.checkpoint";
const VERSION = 1;
const MODEL = "model.";
const OPTIMIZER = "optimizer.";

type Numbers = Record<string, number | boolean>;

/** One optimizer, or several by name: a GAN has two. */
export type Optimizers = Optimizer | Readonly<Record<string, Optimizer>>;

/** What the metadata holds under `neurite.checkpoint`. */
interface Header {
  readonly version: number;
  readonly optimizer: Numbers | null;
  /** Of several optimizers; absent otherwise. */
  readonly optimizers?: Readonly<Record<string, Numbers>>;
  /** What kind each optimizer is, by its key above, a single one under "". Older files lack it, and the scheduler. */
  readonly kinds?: Readonly<Record<string, string>>;
  readonly scheduler?: SchedulerState | null;
  readonly random: GeneratorState;
  readonly progress: unknown;
}

export interface CheckpointContent {
  readonly model: Module;
  readonly optimizer?: Optimizers;
  readonly scheduler?: Scheduler | undefined;
  /** Where the run stands: anything that JSON can hold. */
  readonly progress?: unknown;
  /** Text of your own, by key. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Writes a checkpoint: parameters and buffers, the states of optimizer, scheduler and default random stream, and `progress`.
 *
 * The file is written in one step: the path holds the old checkpoint or the whole new one, whatever happens.
 *
 * @throws FileError when the file cannot be written: a full disk, a directory that is not there, ...; ValueError for an
 * optimizer whose numbers are not finite.
 */
export async function saveCheckpoint(
  path: string,
  { model, optimizer, scheduler, progress = null, metadata = {} }: CheckpointContent,
): Promise<void> {
  if (Object.hasOwn(metadata, KEY)) {
    throw new ValueError("saveCheckpoint", `metadata must leave the key "${KEY}" to the library; got it.`);
  }
  const states = Object.entries(byName("saveCheckpoint", optimizer)).map(
    ([name, one]) => [name, one.stateDict()] as const,
  );
  for (const [name, { numbers: own }] of states) requireFinite(name, own);
  const numbers = Object.fromEntries(states.map(([name, state]) => [name, state.numbers]));
  const header: Header = {
    version: VERSION,
    optimizer: numbers[""] ?? null,
    ...(states.length > 0 && numbers[""] === undefined && { optimizers: numbers }),
    kinds: Object.fromEntries(states.map(([name, state]) => [name, state.name])),
    scheduler: scheduler?.stateDict() ?? null,
    random: defaultGenerator.state(),
    progress,
  };
  // All reads begin now: what changes while they are under way does not reach the file.
  const parts = await Promise.all([
    downloadState(model.stateDict(), MODEL),
    ...states.map(([name, state]) => downloadState(state.tensors, prefixOf(name))),
  ]);
  const tensors = new Map(parts.flatMap((part) => [...part]));
  const bytes = writeSafetensors({
    tensors,
    metadata: new Map([[KEY, JSON.stringify(header)], ...Object.entries(metadata)]),
  });
  await writeFileAtomic(path, bytes, "saveCheckpoint");
}

// JSON has no name for the others: such a checkpoint could not be read again.
function requireFinite(optimizer: string, numbers: Numbers): void {
  const wrong = Object.entries(numbers).find(
    ([, value]) => typeof value === "number" && !Number.isFinite(value),
  );
  if (!wrong) return;
  const of = optimizer === "" ? "the optimizer" : `optimizer "${optimizer}"`;
  throw new ValueError(
    "saveCheckpoint",
    `the numbers of ${of} must be finite; got ${wrong[0]} ${String(wrong[1])}.`,
  );
}

const prefixOf = (name: string): string => (name === "" ? OPTIMIZER : `${OPTIMIZER}${name}.`);

/** The optimizers by name, a single one under "". */
function byName(op: string, optimizer: Optimizers | undefined): Readonly<Record<string, Optimizer>> {
  if (optimizer === undefined) return {};
  if (optimizer instanceof Optimizer) return { "": optimizer };
  // A name that is a number would read like the number of a parameter.
  const wrong = Object.keys(optimizer).find((name) => !/^[A-Za-z_]\w*$/.test(name));
  if (wrong === undefined) return optimizer;
  throw new ValueError(op, `an optimizer's name must be a word; got ${JSON.stringify(wrong)}.`);
}

export interface CheckpointTarget<P> {
  readonly model: Module;
  readonly optimizer?: Optimizers;
  /** Null refuses a checkpoint that has one; left out, it is passed over. */
  readonly scheduler?: Scheduler | null;
  /** Sees the saved progress before anything is changed; throws to refuse it, returns what it read. */
  readonly check?: (progress: unknown) => P;
}

/** What a checkpoint holds beside tensors. */
export interface LoadedCheckpoint<P> {
  readonly progress: P;
  readonly metadata: ReadonlyMap<string, string>;
}

/**
 * Reads a checkpoint back into a model, an optimizer, a scheduler and the default random stream.
 *
 * @throws FormatError when the file breaks the format, is no checkpoint, or is of another model or optimizer: the message
 * lists the keys that are missing, unexpected or of another shape. Nothing is changed then.
 * @throws FileError when the file cannot be read.
 */
export async function loadCheckpoint<P = unknown>(
  path: string,
  { model, optimizer, scheduler, check = (progress) => progress as P }: CheckpointTarget<P>,
): Promise<LoadedCheckpoint<P>> {
  const { tensors, metadata } = readSafetensors(await readFileBytes(path, "loadCheckpoint"), path);
  const header = readHeader(path, metadata.get(KEY));
  const state = model.stateDict();
  const modelTensors = withPrefix(tensors, MODEL);
  const wanted = Object.entries(byName("loadCheckpoint", optimizer)).map(([name, own]) => {
    const numbers = name === "" ? header.optimizer : (header.optimizers?.[name] ?? null);
    return {
      name,
      own,
      numbers,
      kind: header.kinds?.[name] ?? own.name,
      tensors: withPrefix(tensors, prefixOf(name)),
    };
  });
  checkState("loadCheckpoint", path, "model", state, modelTensors);
  for (const one of wanted) checkOptimizer(path, one);
  if (scheduler !== undefined) checkScheduler(path, scheduler, header.scheduler ?? null);
  const progress = check(header.progress);
  // From here on nothing can be wrong any more.
  assignState(state, modelTensors);
  for (const { own, tensors, numbers } of wanted) assignOptimizer(own, tensors, numbers!);
  scheduler?.loadStateDict(header.scheduler!);
  defaultGenerator.restore(header.random);
  return { progress, metadata };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function readHeader(path: string, text: string | undefined): Header {
  const fail = (rule: string, got: string): never => {
    throw new FormatError("loadCheckpoint", `${path}: ${rule}; got ${got}.`);
  };
  if (text === undefined) return fail("the file must be a checkpoint", "one without that metadata");
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch {
    return fail("the checkpoint's metadata must be JSON", JSON.stringify(text.slice(0, 40)));
  }
  if (!isObject(header)) return fail("the checkpoint's metadata must be an object", text.slice(0, 40));
  const { version, optimizer, optimizers = {}, random } = header;
  if (version !== VERSION)
    fail(`the checkpoint's version must be ${String(VERSION)}`, JSON.stringify(version) ?? "none");
  const areNumbers = (all: unknown): boolean => isObject(all) && Object.values(all).every(isNumber);
  if (optimizer !== null && !areNumbers(optimizer))
    fail("the optimizer's numbers must be numbers", JSON.stringify(optimizer) ?? "none");
  if (!isObject(optimizers) || !Object.values(optimizers).every(areNumbers))
    fail("the optimizers' numbers must be numbers", JSON.stringify(optimizers));
  const { seed, counter } = isObject(random) ? random : {};
  if (typeof seed !== "string" || typeof counter !== "string") {
    return fail("the random state must be two texts", JSON.stringify(random) ?? "none");
  }
  // Checks the range of both numbers, on a stream of its own.
  new Generator().restore({ seed, counter });
  // Every field was checked above.
  return header as unknown as Header;
}

const isNumber = (value: unknown): boolean => typeof value === "number" || typeof value === "boolean";

/** An optimizer to load into, and what the file has for it. */
interface Wanted {
  readonly name: string;
  readonly own: Optimizer;
  readonly kind: string;
  readonly tensors: ReadonlyMap<string, FileTensor>;
  readonly numbers: Numbers | null;
}

function checkOptimizer(path: string, wanted: Wanted): void {
  const { name, own: optimizer, kind, tensors: files, numbers } = wanted;
  const fail = (rule: string, got: string): never => {
    throw new FormatError("loadCheckpoint", `${path}: ${rule}; got ${got}.`);
  };
  const called = name === "" ? "" : ` "${name}"`;
  if (numbers === null) return fail(`the checkpoint must hold an optimizer${called}'s state`, "none");
  if (kind !== optimizer.name)
    fail(`the checkpoint must hold the state of ${optimizer.name}${called}`, `that of ${kind}`);
  // Numbers of single parameters ("0.step") say nothing about the kind.
  const names = (all: Numbers): string =>
    Object.keys(all)
      .filter((name) => !/^\d/.test(name))
      .sort()
      .join(", ");
  const own = names(optimizer.stateDict().numbers);
  if (own !== names(numbers))
    fail(`the optimizer${called} must be of the same kind (${own})`, names(numbers));
  // The state is made when first needed, so its shapes are told by the parameters they belong to.
  const expected = new Map<string, Pick<Tensor, "shape" | "dtype">>();
  for (const key of files.keys()) {
    const [, index, name] = /^(\d+)\.(\w+)$/.exec(key) ?? [];
    const parameter = index === undefined ? undefined : optimizer.parameters.at(Number(index));
    if (parameter)
      expected.set(key, { shape: optimizer.stateShape(Number(index), name), dtype: parameter.dtype });
  }
  checkState("loadCheckpoint", path, `optimizer${called}'s parameters`, expected, files);
}

function checkScheduler(path: string, scheduler: Scheduler | null, saved: SchedulerState | null): void {
  const fail = (rule: string, got: string): never => {
    throw new FormatError("loadCheckpoint", `${path}: ${rule}; got ${got}.`);
  };
  if (scheduler === null) {
    if (saved !== null) fail("the checkpoint's scheduler must be given to go on", "none");
    return;
  }
  if (!isObject(saved)) return fail("the checkpoint must hold a scheduler's state", "none");
  const names = (state: object): string => Object.keys(state).sort().join(", ");
  const own = scheduler.stateDict();
  if (names(saved) !== names(own))
    fail(`the scheduler must be of the same kind (${names(own)})`, names(saved));
  const { baseLrs } = saved;
  if (!Array.isArray(baseLrs) || baseLrs.length !== own.baseLrs.length)
    fail(`the scheduler must have ${String(own.baseLrs.length)} parameter groups`, JSON.stringify(baseLrs));
}

function assignOptimizer(
  optimizer: Optimizer,
  files: ReadonlyMap<string, FileTensor>,
  numbers: Numbers,
): void {
  scope(() => {
    const tensors = new Map(
      [...files].map(([key, file]) => {
        const { device, dtype } = optimizer.parameters[Number(key.split(".")[0])];
        return [key, tensor(fileValues(file, dtype), { shape: file.shape, device, dtype })];
      }),
    );
    optimizer.loadStateDict({ name: optimizer.name, tensors, numbers });
  });
}
