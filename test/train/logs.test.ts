// What callbacks of a run leave on disk: logs, event files for TensorBoard (read back by a decoder written from their
// specification, apart from the encoder), and the weights of the best epoch.
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ValueError } from "../../src/core/errors.ts";
import { ArrayDataset } from "../../src/data/dataset.ts";
import { DataLoader } from "../../src/data/loader.ts";
import { FileError } from "../../src/io/files.ts";
import { loadWeights } from "../../src/io/weights.ts";
import { mseLoss } from "../../src/index.ts";
import { Linear } from "../../src/nn/index.ts";
import { SGD } from "../../src/optim/index.ts";
import { BestWeights } from "../../src/train/best-weights.ts";
import type { Callback, EpochRecord } from "../../src/train/events.ts";
import { fit } from "../../src/train/fit.ts";
import { csvLog, jsonlLog } from "../../src/train/log.ts";
import { tensorBoardLog, TensorBoardWriter } from "../../src/train/tensorboard.ts";
import { own } from "../disposables.ts";

let directory = "";
let path = "";

beforeEach(async () => {
  directory = await fs.mkdtemp(join(tmpdir(), "neurite-logs-"));
  path = join(directory, "log");
});

afterEach(() => fs.rm(directory, { recursive: true, force: true }));

const record = (epoch: number, figures: Record<string, number> = {}): EpochRecord => ({
  epoch,
  loss: 1 / epoch,
  learningRate: 0.1,
  ...figures,
});

async function play(callback: Callback, records: EpochRecord[], history: EpochRecord[] = []): Promise<void> {
  await callback.onFitStart?.({ epochs: 9, batches: 1, steps: 9, step: history.length, history });
  for (const item of records) await callback.onEpochEnd?.(item);
}

const text = (): Promise<string> => fs.readFile(path, "utf8");

describe("csvLog", () => {
  it("keeps a header and a line per epoch, those before a resume once", async () => {
    await play(csvLog(path), []);
    expect(await text()).toBe("");
    await play(csvLog(path), [record(1), record(2)]);
    expect(await text()).toBe("epoch,loss,learningRate\n1,1,0.1\n2,0.5,0.1\n");
    await play(csvLog(path), [record(2, { loss: NaN })], [record(1)]);
    expect(await text()).toBe("epoch,loss,learningRate\n1,1,0.1\n2,NaN,0.1\n");
  });

  it("leaves empty what a record lacks, and quotes what needs it", async () => {
    await play(csvLog(path), [record(1), record(2, { 'a,"b"': 3 })]);
    expect(await text()).toBe('epoch,loss,learningRate,"a,""b"""\n1,1,0.1,\n2,0.5,0.1,3\n');
  });

  it("says why it cannot write", async () => {
    await expect(play(csvLog(join(path, "not", "there")), [])).rejects.toThrow(FileError);
    await expect(play(csvLog(join(path, "not", "there")), [])).rejects.toThrow(/^csvLog: .*ENOENT/);
  });
});

describe("jsonlLog", () => {
  it("keeps one object per epoch", async () => {
    await play(jsonlLog(path), [record(2), record(3, { valLoss: NaN })], [record(1)]);
    const lines = (await text()).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      record(1),
      record(2),
      { ...record(3), valLoss: null },
    ]);
  });
});

// ---- an independent reader of event files

/** CRC-32C by long division, bit by bit. */
function slowCrc(bytes: Uint8Array): number {
  let rest = 0xffffffff;
  for (const byte of bytes) {
    for (let bit = 0; bit < 8; bit++) {
      const odd = (rest ^ (byte >> bit)) & 1;
      rest >>>= 1;
      if (odd) rest ^= 0x82f63b78;
    }
  }
  return ~rest >>> 0;
}

const masked = (bytes: Uint8Array): number => {
  const crc = BigInt(slowCrc(bytes));
  return Number((((crc >> 15n) | (crc << 17n)) + 0xa282ead8n) & 0xffffffffn);
};

function records(file: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < file.length;) {
    const length = Number(file.readBigUInt64LE(at));
    expect(file.readUInt32LE(at + 8)).toBe(masked(file.subarray(at, at + 8)));
    const data = file.subarray(at + 12, at + 12 + length);
    expect(file.readUInt32LE(at + 12 + length)).toBe(masked(data));
    found.push(data);
    at += length + 16;
  }
  return found;
}

type Field = number | bigint | Buffer;

/** The fields of a protocol buffer message by number. */
function fields(message: Buffer): Map<number, Field> {
  const found = new Map<number, Field>();
  let at = 0;
  const varint = (): bigint => {
    for (let value = 0n, shift = 0n; ; shift += 7n) {
      const byte = message[at++];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const key = Number(varint());
    const wire = key & 7;
    if (wire === 0) found.set(key >> 3, varint());
    else if (wire === 1) found.set(key >> 3, message.readDoubleLE((at += 8) - 8));
    else if (wire === 5) found.set(key >> 3, message.readFloatLE((at += 4) - 4));
    else {
      expect(wire).toBe(2);
      const length = Number(varint());
      found.set(key >> 3, message.subarray(at, (at += length)));
    }
  }
  return found;
}

interface Read {
  readonly tag: string;
  readonly value: number;
  readonly step: bigint;
  readonly wallTime: number;
}

async function readEvents(file: string): Promise<Read[]> {
  const [first, ...rest] = records(await fs.readFile(file));
  expect(String(fields(first).get(3))).toBe("brain.Event:2");
  expect(fields(first).get(1)).toBeTypeOf("number");
  return rest.map((data) => {
    const event = fields(data);
    const summary = fields(event.get(5) as Buffer);
    const value = fields(summary.get(1) as Buffer);
    return {
      tag: String(value.get(1)),
      value: value.get(2) as number,
      step: event.get(2) as bigint,
      wallTime: event.get(1) as number,
    };
  });
}

describe("TensorBoardWriter", () => {
  it("writes event files that an independent reader understands", async () => {
    const writer = new TensorBoardWriter(join(directory, "runs", "first"));
    writer.addScalar("loss", 0.5, 0, 1000.25);
    await writer.flush();
    writer.addScalar("größe/1", -Infinity, 300, 1001);
    writer.addScalar("x".repeat(200), NaN, 2 ** 40 + 1, 1002);
    await Promise.all([writer.flush(), writer.flush()]);
    await writer.flush();
    expect(await readEvents(writer.path)).toEqual([
      { tag: "loss", value: 0.5, step: 0n, wallTime: 1000.25 },
      { tag: "größe/1", value: -Infinity, step: 300n, wallTime: 1001 },
      { tag: "x".repeat(200), value: NaN, step: 2n ** 40n + 1n, wallTime: 1002 },
    ]);
    expect(writer.path).toMatch(/\/events\.out\.tfevents\.\d{10}\./);
    expect(new TensorBoardWriter(directory).path).not.toBe(writer.path);
  });

  it("keeps what could not be written for the next time", async () => {
    const writer = new TensorBoardWriter(join(path, "runs"));
    writer.addScalar("loss", 1, 1, 5);
    await fs.writeFile(path, "in the way");
    await expect(writer.flush()).rejects.toThrow(FileError);
    await fs.rm(path);
    await writer.flush();
    expect((await readEvents(writer.path)).map(({ tag }) => tag)).toEqual(["loss"]);
  });

  it("refuses steps that are none", () => {
    for (const step of [-1, 0.5, NaN, 2 ** 53]) {
      expect(() => new TensorBoardWriter(directory).addScalar("a", 1, step)).toThrow(ValueError);
    }
    expect(() => tensorBoardLog(directory, { everySteps: -1 })).toThrow(ValueError);
  });
});

describe("BestWeights", () => {
  it("writes the weights of the best epoch, and of no other", async () => {
    const model = own(new Linear(1, 1));
    const best = new BestWeights({ path, model, monitor: "valLoss", minDelta: 0.1 });
    await play(best, [record(1, { valLoss: NaN })]);
    expect(best.best).toBeNull();
    await expect(text()).rejects.toThrow();
    await play(best, [record(2, { valLoss: 2 }), record(3, { valLoss: 1.95 })], [record(1, { valLoss: 3 })]);
    expect([best.best, best.bestEpoch]).toEqual([2, 2]);
    await fs.rm(path);
    // The history of a resumed run counts.
    await play(best, [record(3, { valLoss: 1 })], [record(1, { valLoss: 0.5 })]);
    await expect(text()).rejects.toThrow();
    await play(best, [record(4, { valLoss: 0.1 })], [record(1, { valLoss: 0.5 })]);
    await loadWeights(path, model);
  });

  it("refuses figures that are not there", async () => {
    const model = own(new Linear(1, 1));
    await expect(play(new BestWeights({ path, model, monitor: "valAccuracy" }), [record(1)])).rejects.toThrow(
      'BestWeights: monitor must be one of epoch, loss, learningRate; got "valAccuracy".',
    );
    expect(() => new BestWeights({ path, model, minDelta: -1 })).toThrow(/^BestWeights: minDelta/);
  });
});

describe("fit with callbacks", () => {
  it("logs what the run's result says", async () => {
    const x = Float32Array.from({ length: 12 }, (_, i) => i / 12);
    const dataset = new ArrayDataset(
      { data: x, shape: [12, 1] },
      { data: x.map((value) => 2 * value), shape: [12, 1] },
    );
    const model = own(new Linear(1, 1));
    const runs = join(directory, "runs");
    const best = new BestWeights({ path: join(directory, "best"), model });
    const { history } = await fit(model, {
      trainData: new DataLoader(dataset, { batchSize: 4 }),
      loss: mseLoss,
      optimizer: own(new SGD(model.parameters(), { lr: 0.1 })),
      epochs: 3,
      callbacks: [csvLog(path), tensorBoardLog(runs, { everySteps: 2 }), best],
    });
    expect((await text()).split("\n").length).toBe(5);
    const [file] = await fs.readdir(runs);
    const events = await readEvents(join(runs, file));
    const of = (tag: string): Read[] => events.filter((event) => event.tag === tag);
    expect(of("step/loss").map(({ step }) => step)).toEqual([2n, 4n, 6n, 8n]);
    expect(of("epoch/loss").map(({ value }) => value)).toEqual(history.map(({ loss }) => Math.fround(loss)));
    expect(best.best).toBe(Math.min(...history.map(({ loss }) => loss)));
    await loadWeights(join(directory, "best"), model);
  });
});
