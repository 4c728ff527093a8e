// Where the network looks: for some test digits, how much the first token, which stands for the whole image, attends to each
// patch in the last layer.
import { writeFile } from "node:fs/promises";
import { noGrad, scope, tensor } from "neurite";
import { DataLoader } from "neurite/data";
import type { Dataset } from "neurite/data";
import type { ViT } from "neurite/models";

const DIGITS = 10;
const SIDE = 32;
const SCALE = 4;
const GAP = 12;

/** Weights [digits][patches] of the first token in the last layer, averaged over heads. */
function firstTokenWeights(model: ViT, pixels: Float32Array): Float32Array {
  model.eval();
  return scope(() =>
    noGrad(() => {
      const images = tensor(pixels, { shape: [DIGITS, 1, SIDE, SIDE] });
      let x = model.embed(images);
      const { layers } = model.encoder;
      for (const layer of layers.slice(0, -1)) x = layer.forward(x);
      const last = layers[layers.length - 1];
      const y = last.norm1.forward(x);
      const [, weights] = last.selfAttn.forward(y, y, y, { needWeights: true });
      return weights!.slice(1, 0, 1).slice(2, 1).contiguous().dataSync() as Float32Array;
    }),
  );
}

async function firstImages(test: Dataset): Promise<Float32Array> {
  for await (const batch of new DataLoader(test, { batchSize: DIGITS })) {
    const pixels = batch[0].dataSync() as Float32Array;
    for (const field of batch) field.dispose();
    return pixels;
  }
  throw new Error("the test images are missing");
}

/** An SVG of the first test digits, and beneath each its patches, the darker the more they are looked at. */
export async function writeAttention(path: string, model: ViT, test: Dataset): Promise<void> {
  const pixels = await firstImages(test);
  const weights = firstTokenWeights(model, pixels);
  const perSide = Math.sqrt(weights.length / DIGITS);
  const cell = (SIDE * SCALE) / perSide;
  const parts: string[] = [];
  const square = (x: number, y: number, size: number, ink: number): void => {
    const grey = Math.round(255 * (1 - Math.min(1, Math.max(0, ink))));
    if (grey < 255)
      parts.push(
        `<rect x="${x}" y="${y}" width="${size}" height="${size}" fill="rgb(${grey},${grey},${grey})"/>`,
      );
  };
  for (let digit = 0; digit < DIGITS; digit++) {
    const left = GAP + digit * (SIDE * SCALE + GAP);
    for (let i = 0; i < SIDE * SIDE; i++) {
      const ink = (pixels[digit * SIDE * SIDE + i] + 0.42) / 3.24;
      square(left + (i % SIDE) * SCALE, GAP + Math.floor(i / SIDE) * SCALE, SCALE, ink);
    }
    const own = weights.subarray(digit * perSide * perSide, (digit + 1) * perSide * perSide);
    const most = Math.max(...own);
    own.forEach((weight, i) =>
      square(
        left + (i % perSide) * cell,
        2 * GAP + SIDE * SCALE + Math.floor(i / perSide) * cell,
        cell,
        weight / most,
      ),
    );
  }
  const [width, height] = [GAP + DIGITS * (SIDE * SCALE + GAP), 3 * GAP + 2 * SIDE * SCALE];
  const head = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" shape-rendering="crispEdges">`;
  await writeFile(path, `${head}<rect width="100%" height="100%" fill="white"/>${parts.join("")}</svg>\n`);
}
