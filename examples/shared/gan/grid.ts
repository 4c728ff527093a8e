// Pictures of many small grey images side by side, as PNG files.
import { writeFile } from "node:fs/promises";
import { PNG } from "pngjs";
import type { Tensor } from "neurite";

const GAP = 2;
const SCALE = 2;

/** Writes images [N, 1, side, side] with values in -1..1 as a grid of `columns`, each pixel two wide. */
export async function writeGrid(path: string, images: Tensor, columns: number): Promise<void> {
  const [count, , side] = images.shape;
  const values = await images.data();
  const cell = side * SCALE + GAP;
  const rows = Math.ceil(count / columns);
  const png = new PNG({ width: columns * cell + GAP, height: rows * cell + GAP });
  png.data.fill(0x60);
  for (let i = 0; i < count; i++) {
    const [left, top] = [(i % columns) * cell + GAP, Math.floor(i / columns) * cell + GAP];
    for (let y = 0; y < side * SCALE; y++) {
      for (let x = 0; x < side * SCALE; x++) {
        const value = values[(i * side + Math.floor(y / SCALE)) * side + Math.floor(x / SCALE)];
        const grey = Math.round((Math.min(1, Math.max(-1, value)) + 1) * 127.5);
        png.data.fill(
          grey,
          ((top + y) * png.width + left + x) * 4,
          ((top + y) * png.width + left + x) * 4 + 3,
        );
      }
    }
  }
  for (let i = 3; i < png.data.length; i += 4) png.data[i] = 255;
  await writeFile(path, PNG.sync.write(png, { colorType: 0 }));
}
