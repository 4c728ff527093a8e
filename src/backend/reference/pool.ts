// Pooling of the reference backend: windows over the last two axes. Positions in the padding take no part.
import type { BufferData } from "../../core/dtype.ts";
import type { KernelFamilies, PoolGeometry } from "../kernels.ts";
import { elementsOf } from "./memory.ts";

/** The position in its plane of a window's maximum: the first of equals, or the first NaN. */
function argmaxOfWindow(
  from: BufferData,
  plane: number,
  row: number,
  column: number,
  geometry: PoolGeometry,
): number {
  const { input, kernel, stride, padding, dilation } = geometry;
  const [height, width] = input;
  const planeAt = plane * height * width;
  let position = -1;
  for (let i = 0; i < kernel[0]; i++) {
    const h = row * stride[0] + i * dilation[0] - padding[0];
    if (h < 0 || h >= height) continue;
    for (let j = 0; j < kernel[1]; j++) {
      const w = column * stride[1] + j * dilation[1] - padding[1];
      if (w < 0 || w >= width) continue;
      const at = h * width + w;
      const best = from[planeAt + position];
      const value = from[planeAt + at];
      const wins = position === -1 || (!Number.isNaN(best) && (value > best || Number.isNaN(value)));
      if (wins) position = at;
    }
  }
  return position;
}

export const maxPool: KernelFamilies["maxPool"] = (x, y, index, geometry) => {
  const from = elementsOf(x);
  const out = elementsOf(y);
  const positions = elementsOf(index);
  const [height, width] = geometry.input;
  const [rows, columns] = geometry.output;
  let at = 0;
  for (let plane = 0; plane < geometry.planes; plane++) {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const position = argmaxOfWindow(from, plane, row, column, geometry);
        out[at] = from[plane * height * width + position];
        positions[at++] = position;
      }
    }
  }
};
