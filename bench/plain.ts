// Plain loops in double precision: what every kernel is verified against before it is timed. Written for clarity only.

export interface MatrixOperands {
  readonly a: Float32Array;
  readonly aRow: number;
  readonly aCol: number;
  readonly b: Float32Array;
  readonly bRow: number;
  readonly bCol: number;
}

/** The given rows of A B, one after the other. */
export function matmulRows(
  { n, k }: { readonly n: number; readonly k: number },
  { a, aRow, aCol, b, bRow, bCol }: MatrixOperands,
  rows: readonly number[],
): Float64Array {
  const y = new Float64Array(rows.length * n);
  rows.forEach((row, at) => {
    for (let p = 0; p < k; p++) {
      const value = a[row * aRow + p * aCol];
      for (let j = 0; j < n; j++) y[at * n + j] += value * b[p * bRow + j * bCol];
    }
  });
  return y;
}

/** A 2-D convolution without groups or dilation, the same in both directions. */
export interface ConvShape {
  readonly images: number;
  readonly channels: number;
  readonly filters: number;
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
}

export const outSize = ({ size, kernel, stride, padding }: ConvShape): number =>
  Math.floor((size + 2 * padding - kernel) / stride) + 1;

/** Calls `visit` with the positions in x, w and y of every product that the convolution consists of. */
function forEachProduct(
  shape: ConvShape,
  images: number,
  visit: (x: number, w: number, y: number) => void,
): void {
  const { channels, filters, size, kernel, stride, padding } = shape;
  const out = outSize(shape);
  for (let n = 0; n < images; n++) {
    for (let f = 0; f < filters; f++) {
      for (let row = 0; row < out; row++) {
        for (let column = 0; column < out; column++) {
          const y = ((n * filters + f) * out + row) * out + column;
          for (let c = 0; c < channels; c++) {
            for (let i = 0; i < kernel; i++) {
              const inRow = row * stride - padding + i;
              if (inRow < 0 || inRow >= size) continue;
              for (let j = 0; j < kernel; j++) {
                const inColumn = column * stride - padding + j;
                if (inColumn < 0 || inColumn >= size) continue;
                const x = ((n * channels + c) * size + inRow) * size + inColumn;
                visit(x, ((f * channels + c) * kernel + i) * kernel + j, y);
              }
            }
          }
        }
      }
    }
  }
}

/** y of the first `images` images. */
export function conv(
  shape: ConvShape,
  x: Float32Array,
  w: Float32Array,
  bias: Float32Array,
  images = shape.images,
): Float64Array {
  const volume = outSize(shape) ** 2;
  const y = new Float64Array(images * shape.filters * volume);
  for (let i = 0; i < y.length; i++) y[i] = bias[Math.floor(i / volume) % shape.filters];
  forEachProduct(shape, images, (xAt, wAt, yAt) => (y[yAt] += x[xAt] * w[wAt]));
  return y;
}

/** The gradient of x for the first `images` images. */
export function convInputGrad(
  shape: ConvShape,
  g: Float32Array,
  w: Float32Array,
  images: number,
): Float64Array {
  const gx = new Float64Array(images * shape.channels * shape.size ** 2);
  forEachProduct(shape, images, (xAt, wAt, yAt) => (gx[xAt] += g[yAt] * w[wAt]));
  return gx;
}

export function convWeightGrad(shape: ConvShape, x: Float32Array, g: Float32Array): Float64Array {
  const gw = new Float64Array(shape.filters * shape.channels * shape.kernel ** 2);
  forEachProduct(shape, shape.images, (xAt, wAt, yAt) => (gw[wAt] += x[xAt] * g[yAt]));
  return gw;
}

/** Maximum of each 2 x 2 window of planes of size x size, and its position in the plane. */
export function maxPool(
  x: ArrayLike<number>,
  planes: number,
  size: number,
): { y: Float64Array; index: Int32Array } {
  const out = size >> 1;
  const y = new Float64Array(planes * out * out);
  const index = new Int32Array(y.length);
  for (let i = 0; i < y.length; i++) {
    const plane = Math.floor(i / (out * out)) * size * size;
    const corner = Math.floor((i % (out * out)) / out) * 2 * size + (i % out) * 2;
    const window = [corner, corner + 1, corner + size, corner + size + 1];
    index[i] = window.reduce((winner, at) => (x[plane + at] > x[plane + winner] ? at : winner));
    y[i] = x[plane + index[i]];
  }
  return { y, index };
}

/** Logarithms of the softmax of each row of n. */
export function logSoftmax(x: ArrayLike<number>, n: number): Float64Array {
  const y = new Float64Array(x.length);
  for (let row = 0; row < x.length; row += n) {
    let greatest = -Infinity;
    for (let i = 0; i < n; i++) greatest = Math.max(greatest, x[row + i]);
    let total = 0;
    for (let i = 0; i < n; i++) total += Math.exp(x[row + i] - greatest);
    for (let i = 0; i < n; i++) y[row + i] = x[row + i] - greatest - Math.log(total);
  }
  return y;
}
