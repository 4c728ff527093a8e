// Convolutions of one to four channels, whose tiles run across the ends of rows, and of planes so small that images share
// them: against the reference device, forward and backward, with every kind of geometry.
import { describe, expect, it } from "vitest";
import { conv2d, scope, sum, tensor } from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";

interface Shape {
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly options: Parameters<typeof conv2d>[3];
}

const shapes: readonly Shape[] = [
  { x: [2, 5, 13, 29], w: [1, 5, 3, 3], options: { padding: 1 } },
  { x: [2, 3, 12, 11], w: [3, 3, 5, 4], options: { padding: [4, 3] } },
  { x: [3, 1, 19, 18], w: [7, 1, 4, 4], options: { stride: 2, padding: 1 } },
  { x: [2, 2, 17, 16], w: [3, 2, 3, 2], options: { stride: [3, 1], dilation: [1, 2] } },
  { x: [2, 6, 14, 15], w: [6, 1, 3, 3], options: { groups: 6, padding: 1 } },
  { x: [1, 4, 20, 9], w: [4, 2, 1, 1], options: { groups: 2 } },
  { x: [1, 12, 9, 10], w: [30, 12, 3, 3], options: { padding: 1 } },
  { x: [2, 20, 7, 6], w: [14, 10, 2, 3], options: { groups: 2 } },
  { x: [9, 3, 8, 7], w: [10, 3, 3, 3], options: { stride: 2 } },
];

const sines = (shape: readonly number[], scale: number): Float32Array =>
  Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(scale * i * i));

function results(device: string, { x, w, options }: Shape): readonly ArrayLike<number>[] {
  return scope(() => {
    const leaf = (shape: readonly number[], scale: number): Tensor =>
      tensor(sines(shape, scale), { shape, device, requiresGrad: true });
    const [input, weight, bias] = [leaf(x, 1.3), leaf(w, 0.7), leaf([w[0]], 2.1)];
    const y = conv2d(input, weight, bias, options);
    sum(y.mul(tensor(sines(y.shape, 0.9), { shape: y.shape, device }))).backward();
    return [y, input.grad!, weight.grad!, bias.grad!].map((result) => result.dataSync());
  });
}

describe("convolutions", () => {
  it.each(shapes)("of $x with $w", (shape) => {
    const expected = results("reference", shape);
    results("wasm", shape).forEach((values, i) => {
      expect(values.length).toBe(expected[i].length);
      let worst = 0;
      for (let j = 0; j < values.length; j++)
        worst = Math.max(worst, Math.abs(values[j] - expected[i][j]) / (1 + Math.abs(expected[i][j])));
      expect(worst, ["y", "gx", "gw", "gb"][i]).toBeLessThan(1e-4);
    });
  });
});
