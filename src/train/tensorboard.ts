// Event files for TensorBoard: a stream of records (length, data, and a masked CRC-32C of each), every record an `Event`
// message of protocol buffers. Only scalars are written, so the few fields they need are encoded here by hand.
import { crc32c } from "../core/crc.ts";
import { ValueError } from "../core/errors.ts";
import { appendToFile, createDirectory } from "../io/files.ts";
import type { BatchEvent, Callback, EpochRecord } from "./events.ts";

/** A figure at a step, with the seconds since 1970 at which it was taken. */
export interface Scalar {
  readonly tag: string;
  readonly value: number;
  readonly step: number;
  readonly wallTime: number;
}

// Wire types of protocol buffers.
const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

function varint(value: number): number[] {
  const bytes: number[] = [];
  // Not by shifts, which end at 32 bits.
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return [...bytes, value];
}

const key = (field: number, wire: number): number[] => [field * 8 + wire];

function fixed(field: number, bytes: 4 | 8, value: number): number[] {
  const view = new DataView(new ArrayBuffer(bytes));
  if (bytes === 8) view.setFloat64(0, value, true);
  else view.setFloat32(0, value, true);
  return [...key(field, bytes === 8 ? FIXED64 : FIXED32), ...new Uint8Array(view.buffer)];
}

const block = (field: number, content: readonly number[]): number[] => [
  ...key(field, BYTES),
  ...varint(content.length),
  ...content,
];

const text = (field: number, value: string): number[] => block(field, [...new TextEncoder().encode(value)]);

/** `Event { wall_time = 1, file_version = 3 }`: what every file begins with. */
const versionEvent = (wallTime: number): number[] => [...fixed(1, 8, wallTime), ...text(3, "brain.Event:2")];

/** `Event { wall_time = 1, step = 2, summary = 5 { value = 1 { tag = 1, simple_value = 2 } } }`. */
const scalarEvent = ({ tag, value, step, wallTime }: Scalar): number[] => [
  ...fixed(1, 8, wallTime),
  ...key(2, VARINT),
  ...varint(step),
  ...block(5, block(1, [...text(1, tag), ...fixed(2, 4, value)])),
];

// Stored checksums are rotated and shifted, so that a checksum of data that holds checksums stays meaningful.
function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

function record(data: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(8 + 4 + data.length + 4);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length, true);
  view.setUint32(8, maskedCrc(bytes.subarray(0, 8)), true);
  bytes.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc(bytes.subarray(12, 12 + data.length)), true);
  return bytes;
}

let files = 0;

/**
 * Writes scalars to a TensorBoard event file of its own in a directory, which is made when needed. Nothing is written
 * before `flush`.
 *
 * Source: TensorFlow's `event.proto`, `summary.proto` and the record format of `tfevents` files.
 */
export class TensorBoardWriter {
  /** The event file. */
  readonly path: string;
  readonly #directory: string;
  #pending: Uint8Array[] = [];
  #flushing: Promise<void> = Promise.resolve();
  #made = false;

  constructor(directory: string) {
    const seconds = Date.now() / 1000;
    const pid = (globalThis as { process?: { pid?: number } }).process?.pid ?? 0;
    const name = `events.out.tfevents.${seconds.toFixed(0)}.neurite.${String(pid)}.${String(files++)}`;
    this.#directory = directory;
    this.path = `${directory.replace(/\/+$/, "")}/${name}`;
    this.#pending.push(record(versionEvent(seconds)));
  }

  /**
   * Notes a figure, to be written with the next `flush`.
   *
   * @param wallTime Seconds since 1970. Default: now.
   * @throws ValueError for a step that is no whole number from 0 to 2^53 - 1.
   */
  addScalar(tag: string, value: number, step: number, wallTime = Date.now() / 1000): void {
    if (!Number.isSafeInteger(step) || step < 0) {
      throw new ValueError(
        "addScalar",
        `step must be a whole number from 0 to 2^53 - 1; got ${String(step)}.`,
      );
    }
    this.#pending.push(record(scalarEvent({ tag, value, step, wallTime })));
  }

  /**
   * Appends what was noted to the file.
   *
   * @throws FileError when that fails; what was noted is kept for the next call.
   */
  flush(): Promise<void> {
    // One after the other, so that records keep their order.
    this.#flushing = this.#flushing.catch(() => undefined).then(() => this.#append());
    return this.#flushing;
  }

  async #append(): Promise<void> {
    if (this.#pending.length === 0) return;
    const count = this.#pending.length;
    const bytes = new Uint8Array(this.#pending.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of this.#pending) {
      bytes.set(part, at);
      at += part.length;
    }
    if (!this.#made) await createDirectory(this.#directory, "TensorBoardWriter");
    this.#made = true;
    await appendToFile(this.path, bytes, "TensorBoardWriter");
    this.#pending.splice(0, count);
  }
}

export interface TensorBoardLogOptions {
  /** Note the loss and learning rate of one step in so many. Default 10; 0 for none. */
  readonly everySteps?: number;
}

/**
 * A callback of `fit` that writes event files for TensorBoard: every figure of an epoch under `epoch/<name>`, with the
 * epoch as its step, and `step/loss` and `step/learningRate` in between. Look at them with `tensorboard --logdir <directory>`.
 *
 * @throws ValueError for `everySteps` that is no whole number; FileError when a file cannot be written.
 */
export function tensorBoardLog(directory: string, { everySteps = 10 }: TensorBoardLogOptions = {}): Callback {
  if (!Number.isSafeInteger(everySteps) || everySteps < 0) {
    const got = String(everySteps);
    throw new ValueError("tensorBoardLog", `everySteps must be a whole number >= 0; got ${got}.`);
  }
  const writer = new TensorBoardWriter(directory);
  return {
    onBatchEnd({ step, loss, learningRate }: BatchEvent) {
      if (everySteps === 0 || step % everySteps !== 0) return;
      writer.addScalar("step/loss", loss, step);
      writer.addScalar("step/learningRate", learningRate, step);
    },
    onEpochEnd({ epoch, ...figures }: EpochRecord) {
      for (const [name, value] of Object.entries(figures)) writer.addScalar(`epoch/${name}`, value, epoch);
      return writer.flush();
    },
    onFitEnd: () => writer.flush(),
  };
}
