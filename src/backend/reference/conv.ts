// Convolution of the reference backend over any number of spatial axes. The three kernels are one sum seen from three
// sides: y = x * w adds up products over taps, and a tap says which element of x meets which of w in which of y.
import { denseStrides } from "../../core/view.ts";
import { sizeOf } from "../../core/shape.ts";
import type { ConvGeometry, KernelFamilies } from "../kernels.ts";
import { elementsOf } from "./memory.ts";

type Tap = (xAt: number, wAt: number, yAt: number) => void;

/** Coordinates of every position of a grid, in row-major order. */
function positions(sizes: readonly number[]): number[][] {
  const strides = denseStrides(sizes);
  return Array.from({ length: sizeOf(sizes) }, (_, at) =>
    sizes.map((n, axis) => Math.floor(at / strides[axis]) % n),
  );
}

/**
 * Calls `visit` for every triple of one channel that meets. Along each spatial axis the output position p and the kernel
 * position k read the input at p * stride + k * dilation - padding; what lies outside the input is zero and is skipped.
 */
function forEachSpatialTap(geometry: ConvGeometry, visit: Tap): void {
  const { input, kernel, output, stride, padding, dilation } = geometry;
  const inputStrides = denseStrides(input);
  const kernelPositions = positions(kernel);
  positions(output).forEach((p, yAt) => {
    kernelPositions.forEach((k, wAt) => {
      let xAt = 0;
      for (let axis = 0; axis < input.length; axis++) {
        const at = p[axis] * stride[axis] + k[axis] * dilation[axis] - padding[axis];
        if (at < 0 || at >= input[axis]) return;
        xAt += at * inputStrides[axis];
      }
      visit(xAt, wAt, yAt);
    });
  });
}

function forEachTap(geometry: ConvGeometry, visit: Tap): void {
  const { batch, groups, inChannels, outChannels } = geometry;
  const inPerGroup = inChannels / groups;
  const outPerGroup = outChannels / groups;
  const inputSize = sizeOf(geometry.input);
  const kernelSize = sizeOf(geometry.kernel);
  const outputSize = sizeOf(geometry.output);
  forEachSpatialTap(geometry, (xAt, wAt, yAt) => {
    for (let n = 0; n < batch; n++) {
      for (let o = 0; o < outChannels; o++) {
        const firstChannel = Math.floor(o / outPerGroup) * inPerGroup;
        for (let c = 0; c < inPerGroup; c++) {
          visit(
            (n * inChannels + firstChannel + c) * inputSize + xAt,
            (o * inPerGroup + c) * kernelSize + wAt,
            (n * outChannels + o) * outputSize + yAt,
          );
        }
      }
    }
  });
}

export const conv: Pick<KernelFamilies, "conv" | "convInputGrad" | "convWeightGrad"> = {
  conv(x, w, bias, y, geometry) {
    const input = elementsOf(x);
    const weight = elementsOf(w);
    const out = elementsOf(y);
    const biases = bias && elementsOf(bias);
    const outputSize = sizeOf(geometry.output);
    const sums = new Float64Array(out.length);
    if (biases)
      sums.forEach((_, at) => (sums[at] = biases[Math.floor(at / outputSize) % geometry.outChannels]));
    forEachTap(geometry, (xAt, wAt, yAt) => {
      sums[yAt] += input[xAt] * weight[wAt];
    });
    out.set(sums);
  },

  convInputGrad(g, w, gx, geometry) {
    const gradient = elementsOf(g);
    const weight = elementsOf(w);
    const out = elementsOf(gx);
    const sums = new Float64Array(out.length);
    forEachTap(geometry, (xAt, wAt, yAt) => {
      sums[xAt] += gradient[yAt] * weight[wAt];
    });
    out.set(sums);
  },

  convWeightGrad(x, g, gw, geometry) {
    const input = elementsOf(x);
    const gradient = elementsOf(g);
    const out = elementsOf(gw);
    const sums = new Float64Array(out.length);
    forEachTap(geometry, (xAt, wAt, yAt) => {
      sums[wAt] += input[xAt] * gradient[yAt];
    });
    out.set(sums);
  },
};
