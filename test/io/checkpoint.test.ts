// Checkpoints and weight files: what goes in comes out to the bit, and a file that does not fit changes nothing.
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  backward,
  crossEntropy,
  defaultGenerator,
  FormatError,
  manualSeed,
  memory,
  ValueError,
} from "../../src/index.ts";
import { rand, scope, tensor } from "../../src/index.ts";
import { DataLoader } from "../../src/data/loader.ts";
import { ArrayDataset } from "../../src/data/dataset.ts";
import { loadCheckpoint, saveCheckpoint } from "../../src/io/checkpoint.ts";
import { FileError, readFileBytes } from "../../src/io/files.ts";
import { fileTensor } from "../../src/io/file-tensor.ts";
import { readSafetensors, writeSafetensors } from "../../src/io/safetensors.ts";
import { loadWeights, saveWeights } from "../../src/io/weights.ts";
import type { Module } from "../../src/nn/index.ts";
import { Linear, ReLU, Sequential } from "../../src/nn/index.ts";
import { Adam, SGD } from "../../src/optim/index.ts";
import type { Optimizer } from "../../src/optim/index.ts";
import { checkResumable } from "../../src/train/state.ts";
import { own } from "../disposables.ts";

let directory = "";
let path = "";

beforeEach(async () => {
  directory = await fs.mkdtemp(join(tmpdir(), "neurite-checkpoint-"));
  path = join(directory, "run.safetensors");
});

afterEach(() => fs.rm(directory, { recursive: true, force: true }));

const perceptron = (hidden = 5) =>
  own(new Sequential(new Linear(4, hidden), new ReLU(), new Linear(hidden, 3)));

function train(model: Sequential, optimizer: Optimizer, steps: number): void {
  for (let i = 0; i < steps; i++) {
    scope(() => {
      optimizer.zeroGrad();
      backward(crossEntropy(model.forward(rand([6, 4])), tensor(Int32Array.of(0, 1, 2, 0, 1, 2))));
      optimizer.step();
    });
  }
}

const weights = (model: Module): Map<string, number[]> =>
  new Map([...model.stateDict()].map(([key, x]) => [key, [...x.dataSync()]]));

const failure = async (action: Promise<unknown>): Promise<Error> =>
  (await action.then(
    () => new Error("did not fail"),
    (error: unknown) => error,
  )) as Error;

it("keeps several optimizers apart, by name", async () => {
  const [model, other] = [perceptron(), perceptron()];
  const named = (owner: Module) => {
    const [weight, ...rest] = owner.parameters();
    return { first: own(new SGD([weight], { lr: 0.5, momentum: 0.9 })), rest: own(new Adam(rest)) };
  };
  const [optimizer, read] = [named(model), named(other)];
  for (const one of [optimizer.first, optimizer.rest]) train(model, one, 2);
  await saveCheckpoint(path, { model, optimizer });
  await loadCheckpoint(path, { model: other, optimizer: read });
  expect(weights(other)).toEqual(weights(model));
  for (const name of ["first", "rest"] as const) {
    const [saved, got] = [optimizer[name].stateDict(), read[name].stateDict()];
    expect(got.numbers).toEqual(saved.numbers);
    expect([...got.tensors.keys()]).toEqual([...saved.tensors.keys()]);
    for (const [key, tensor] of got.tensors) expect(tensor).toBeCloseToTensor(saved.tensors.get(key)!);
  }
  const lacking = await failure(loadCheckpoint(path, { model: other, optimizer: { second: read.first } }));
  expect(lacking.message).toMatch(/must hold an optimizer "second"'s state; got none\.$/);
  const swapped = await failure(
    loadCheckpoint(path, { model: other, optimizer: { first: read.rest, rest: read.first } }),
  );
  expect(swapped.message).toMatch(/must hold the state of Adam "first"; got that of SGD\.$/);
  const single = await failure(loadCheckpoint(path, { model: other, optimizer: read.rest }));
  expect(single.message).toMatch(/must hold an optimizer's state; got none\.$/);
  await expect(saveCheckpoint(path, { model, optimizer: { "0": optimizer.rest } })).rejects.toThrow(
    'saveCheckpoint: an optimizer\'s name must be a word; got "0".',
  );
});

describe.each([
  ["Adam", (model: Module) => own(new Adam(model.parameters(), { lr: 0.01, weightDecay: 0.1 }))],
  ["SGD", (model: Module) => own(new SGD(model.parameters(), { lr: 0.1, momentum: 0.9, nesterov: true }))],
  ["SGD without momentum", (model: Module) => own(new SGD(model.parameters(), { lr: 0.1 }))],
])("a checkpoint with %s", (_name, createOptimizer) => {
  it("goes on with the same bits", async () => {
    manualSeed(1);
    const model = perceptron();
    const optimizer = createOptimizer(model);
    train(model, optimizer, 3);
    await saveCheckpoint(path, { model, optimizer, progress: { epoch: 2 }, metadata: { note: "mine" } });
    const random = defaultGenerator.state();
    train(model, optimizer, 4);
    const expected = weights(model);

    manualSeed(99);
    const other = perceptron();
    const otherOptimizer = createOptimizer(other);
    otherOptimizer.lr = 5;
    const loaded = await loadCheckpoint(path, { model: other, optimizer: otherOptimizer });
    expect(loaded.progress).toEqual({ epoch: 2 });
    expect(loaded.metadata.get("note")).toBe("mine");
    expect(defaultGenerator.state()).toEqual(random);
    train(other, otherOptimizer, 4);
    expect(weights(other)).toEqual(expected);
  });
});

describe("checkpoints", () => {
  it("are plain safetensors files with readable names", async () => {
    manualSeed(1);
    const model = perceptron();
    const optimizer = own(new Adam(model.parameters()));
    train(model, optimizer, 1);
    await saveCheckpoint(path, { model, optimizer });
    const { tensors, metadata } = readSafetensors(await readFileBytes(path));
    expect([...tensors.keys()].slice(0, 5)).toEqual([
      "model.0.weight",
      "model.0.bias",
      "model.2.weight",
      "model.2.bias",
      "optimizer.0.exp_avg",
    ]);
    const header = JSON.parse(metadata.get("neurite.checkpoint")!) as Record<string, unknown>;
    expect(header).toMatchObject({
      version: 1,
      random: { seed: "1" },
      optimizer: { steps: 1, lr: 0.001 },
      progress: null,
    });
  });

  it("leave no tensor behind", async () => {
    const model = perceptron();
    const optimizer = own(new Adam(model.parameters()));
    train(model, optimizer, 1);
    const { tensors, bytes } = memory();
    await saveCheckpoint(path, { model, optimizer });
    await loadCheckpoint(path, { model, optimizer });
    expect(memory()).toMatchObject({ tensors, bytes });
  });

  it("load a model alone from a file that has an optimizer too", async () => {
    const model = perceptron();
    await saveCheckpoint(path, { model, optimizer: own(new Adam(model.parameters())) });
    const other = perceptron();
    await loadCheckpoint(path, { model: other });
    expect(weights(other)).toEqual(weights(model));
  });
});

/** Writes a checkpoint, lets `change` edit the file's content, and writes it back. */
async function edited(
  change: (tensors: Map<string, ReturnType<typeof fileTensor>>, header: Record<string, unknown>) => void,
  source: Module = perceptron(),
): Promise<void> {
  await saveCheckpoint(path, { model: source, optimizer: own(new Adam(source.parameters())) });
  const { tensors, metadata } = readSafetensors(await readFileBytes(path));
  const header = JSON.parse(metadata.get("neurite.checkpoint")!) as Record<string, unknown>;
  const changed = new Map(tensors);
  change(changed, header);
  const text =
    header.absent === true
      ? []
      : [["neurite.checkpoint", header.text ?? JSON.stringify(header)] as [string, string]];
  await fs.writeFile(path, writeSafetensors({ tensors: changed, metadata: new Map(text) }));
}

describe("a file that does not fit", () => {
  it.each<[what: string, prepare: () => Promise<void>, expected: RegExp]>([
    [
      "another model",
      () =>
        saveCheckpoint(path, {
          model: own(new Sequential(new Linear(4, 5), new Linear(6, 3, { bias: false }))),
        }),
      /file must be of the same model; got missing 2\.weight, 2\.bias; unexpected 1\.weight\.$/,
    ],
    [
      "another width",
      () => saveCheckpoint(path, { model: perceptron(7) }),
      /same model; got shapes 0\.weight \[7, 4\] for \[5, 4\], 0\.bias \[7\] for \[5\], 2\.weight \[3, 7\] for \[3, 5\]\.$/,
    ],
    [
      "another dtype",
      () => edited((t) => t.set("model.0.bias", fileTensor(new Int32Array(5), [5]))),
      /same model; got dtypes 0\.bias I32 for float32\.$/,
    ],
    [
      "bytes",
      () => edited((t) => t.set("model.0.bias", fileTensor(new Uint8Array(5), [5]))),
      /U8 for float32/,
    ],
    [
      "many wrong keys",
      () =>
        edited((t) => {
          for (let i = 0; i < 20; i++) t.set(`model.x${String(i)}`, fileTensor(new Uint8Array(0), [0]));
        }),
      /unexpected x0, x1, .*, x7 and 12 more\.$/,
    ],
    [
      "no optimizer",
      () => saveCheckpoint(path, { model: perceptron() }),
      /must hold an optimizer's state; got none\.$/,
    ],
    [
      "another optimizer",
      async () => {
        const m = perceptron();
        await saveCheckpoint(path, { model: m, optimizer: own(new SGD(m.parameters())) });
      },
      /the checkpoint must hold the state of Adam; got that of SGD\.$/,
    ],
    [
      "optimizer state of another shape",
      () => edited((t) => t.set("optimizer.1.exp_avg", fileTensor(new Float32Array(2), [2]))),
      /same optimizer's parameters; got shapes 1\.exp_avg \[2\] for \[5\]\.$/,
    ],
    [
      "optimizer state of a parameter that is not there",
      () => edited((t) => t.set("optimizer.9.exp_avg", fileTensor(new Float32Array(2), [2]))),
      /got unexpected 9\.exp_avg\.$/,
    ],
    [
      "an optimizer key of another form",
      () => edited((t) => t.set("optimizer.x", fileTensor(new Float32Array(2), [2]))),
      /unexpected x\.$/,
    ],
    [
      "no metadata",
      () => edited((_, h) => (h.absent = true)),
      /must be a checkpoint; got one without that metadata/,
    ],
    ["metadata that is no JSON", () => edited((_, h) => (h.text = "{")), /metadata must be JSON; got "\{"/],
    [
      "metadata that is no object",
      () => edited((_, h) => (h.text = "[]")),
      /metadata must be an object; got \[\]/,
    ],
    ["another version", () => edited((_, h) => (h.version = 2)), /version must be 1; got 2/],
    [
      "text for a number",
      () => edited((_, h) => (h.optimizer = { lr: "1" })),
      /optimizer's numbers must be numbers/,
    ],
    ["no random state", () => edited((_, h) => delete h.random), /random state must be two texts; got none/],
    [
      "a random state out of range",
      () => edited((_, h) => (h.random = { seed: "-1", counter: "0" })),
      /unsigned 64-bit/,
    ],
    [
      "a truncated file",
      async () => {
        await edited(() => undefined);
        await fs.truncate(path, 300);
      },
      /readSafetensors: .*run\.safetensors: /,
    ],
    [
      "progress that is refused",
      () => edited((_, h) => (h.progress = { epoch: -1 })),
      /epoch must be a whole number >= 0; got -1/,
    ],
  ])("%s is a FormatError, and changes nothing", async (_what, prepare, expected) => {
    await prepare();
    manualSeed(4);
    const model = perceptron();
    const optimizer = own(new Adam(model.parameters()));
    train(model, optimizer, 1);
    const loader = new DataLoader(new ArrayDataset({ data: new Float32Array(4) }));
    const check = (progress: unknown) =>
      progress === null ? null : checkResumable("fit", path, progress, loader);
    const before = {
      weights: weights(model),
      random: defaultGenerator.state(),
      memory: memory(),
      steps: optimizer.steps,
    };
    const error = await failure(loadCheckpoint(path, { model, optimizer, check }));
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toMatch(expected);
    expect(error.message).toContain("; got ");
    expect({
      weights: weights(model),
      random: defaultGenerator.state(),
      memory: memory(),
      steps: optimizer.steps,
    }).toEqual(before);
  });

  it("is not written where it could not be read again", async () => {
    const model = own(perceptron());
    const optimizer = own(new SGD(model.parameters(), { lr: 0.1 }));
    await saveCheckpoint(path, { model, optimizer });
    optimizer.lr = Infinity;
    await expect(saveCheckpoint(path, { model, optimizer })).rejects.toThrow(
      "saveCheckpoint: the numbers of the optimizer must be finite; got lr Infinity.",
    );
    await loadCheckpoint(path, { model, optimizer });
    expect(optimizer.lr).toBe(0.1);
  });

  it("a missing file is a FileError, and the library's own metadata key is taken", async () => {
    const model = perceptron();
    expect(await failure(loadCheckpoint(path, { model }))).toBeInstanceOf(FileError);
    const taken = saveCheckpoint(path, { model, metadata: { "neurite.checkpoint": "x" } });
    expect(await failure(taken)).toBeInstanceOf(ValueError);
    expect(await failure(saveCheckpoint(join(directory, "no", "x"), { model }))).toMatchObject({
      op: "saveCheckpoint",
      code: "ENOENT",
    });
    expect(await fs.readdir(directory)).toEqual([]);
  });
});

describe("weight files", () => {
  it("hold a model under plain names, and load back to the bit", async () => {
    manualSeed(2);
    const model = perceptron();
    await saveWeights(path, model);
    expect([...readSafetensors(await readFileBytes(path)).tensors.keys()]).toEqual([
      "0.weight",
      "0.bias",
      "2.weight",
      "2.bias",
    ]);
    const other = perceptron();
    await loadWeights(path, other);
    expect(weights(other)).toEqual(weights(model));
    expect((await failure(loadWeights(path, perceptron(6)))).message).toMatch(
      /^loadWeights: .*same model; got shapes/,
    );
  });

  it("take float64 for float32", async () => {
    const values = Float64Array.of(1, 2, 3, 4, 5);
    const model = perceptron();
    await saveWeights(path, model);
    const tensors = new Map(readSafetensors(await readFileBytes(path)).tensors);
    tensors.set("0.bias", fileTensor(values, [5]));
    await fs.writeFile(path, writeSafetensors({ tensors }));
    await loadWeights(path, model);
    expect(weights(model).get("0.bias")).toEqual([1, 2, 3, 4, 5]);
  });
});
