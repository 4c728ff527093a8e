// Changes to single images of shape [channels, height, width] in host memory, as they are read: cropping, flipping,
// turning, cutting out, normalising. Random ones take their numbers from the sample's own stream.
import { ShapeError, ValueError } from "../core/errors.ts";
import { formatShape } from "../core/shape.ts";
import type { Draw } from "./draw.ts";
import { sameKind } from "./host-array.ts";
import type { HostArray, HostData } from "./host-array.ts";

/** Turns one field of a sample into another; what it draws must come from `draw`. */
export type Transform = (image: HostArray, draw: Draw) => HostArray;

type Size = number | readonly [height: number, width: number];

const sizeOf = (size: Size): readonly [number, number] => (typeof size === "number" ? [size, size] : size);

function sidesOf(op: string, { shape }: HostArray): readonly [number, number, number] {
  if (shape.length === 3) return [shape[0], shape[1], shape[2]];
  throw new ShapeError(op, `the image must have shape [channels, height, width]; got ${formatShape(shape)}.`);
}

function checkProbability(op: string, p: number): void {
  if (!(p >= 0 && p <= 1)) throw new ValueError(op, `p must lie in 0..1; got ${String(p)}.`);
}

/** The part of an image that begins at (top, left), which may lie outside: there it is `fill`. */
function window(
  image: HostArray,
  [channels, height, width]: readonly [number, number, number],
  [top, left]: readonly [number, number],
  [rows, columns]: readonly [number, number],
  fill: number,
): HostArray {
  const data = sameKind(image.data, channels * rows * columns).fill(fill);
  const [from, to] = [Math.max(0, left), Math.min(width, left + columns)];
  for (let c = 0; c < channels; c++) {
    for (let y = Math.max(0, top); y < Math.min(height, top + rows) && from < to; y++) {
      const start = (c * height + y) * width;
      data.set(image.data.subarray(start + from, start + to), (c * rows + y - top) * columns + from - left);
    }
  }
  return { data, shape: [channels, rows, columns], dtype: image.dtype };
}

// As torchvision has it: half of what is cut away, halves to the even number; of padding the smaller half.
function marginBefore(margin: number): number {
  const half = margin / 2;
  if (Number.isInteger(half) || half < 0) return Math.ceil(half);
  return 2 * Math.round(half / 2);
}

/** The middle of the image, of the given height and width; padded with 0 where the image is smaller. */
export function centerCrop(size: Size): Transform {
  const target = sizeOf(size);
  return (image) => {
    const sides = sidesOf("centerCrop", image);
    const [top, left] = [1, 2].map((axis) => marginBefore(sides[axis] - target[axis - 1]));
    return window(image, sides, [top, left], target, 0);
  };
}

/**
 * A part of the image at a random place, after padding all sides.
 *
 * @throws ShapeError when the padded image is smaller than the part.
 */
export function randomCrop(
  size: Size,
  { padding = 0, fill = 0 }: { readonly padding?: number; readonly fill?: number } = {},
): Transform {
  const [rows, columns] = sizeOf(size);
  return (image, draw) => {
    const sides = sidesOf("randomCrop", image);
    const [y, x] = [sides[1] + 2 * padding - rows, sides[2] + 2 * padding - columns];
    if (y < 0 || x < 0) {
      const rule = `the image, with padding ${String(padding)}, must hold ${formatShape([rows, columns])}`;
      throw new ShapeError("randomCrop", `${rule}; got ${formatShape(image.shape)}.`);
    }
    const top = draw.integer(y + 1) - padding;
    return window(image, sides, [top, draw.integer(x + 1) - padding], [rows, columns], fill);
  };
}

/** Mirrors left and right with probability p. */
export function randomHorizontalFlip(p = 0.5): Transform {
  checkProbability("randomHorizontalFlip", p);
  return (image, draw) => {
    const [, , width] = sidesOf("randomHorizontalFlip", image);
    if (draw.uniform() >= p) return image;
    const data = image.data.slice();
    for (let at = 0; at < data.length; at += width) data.subarray(at, at + width).reverse();
    return { ...image, data };
  };
}

/** `(x - mean) / std` for each channel; one number serves all of them. The result is float32. */
export function normalize(mean: number | readonly number[], std: number | readonly number[]): Transform {
  return (image) => {
    const [channels, height, width] = sidesOf("normalize", image);
    for (const list of [mean, std]) {
      if (typeof list === "number" || list.length === channels) continue;
      const rule = `mean and std must have one number for each of the ${String(channels)} channels`;
      throw new ShapeError("normalize", `${rule}; got ${String(list.length)}.`);
    }
    const of = (list: number | readonly number[], c: number): number =>
      typeof list === "number" ? list : list[c];
    const data = Float32Array.from(image.data, (value, i) => {
      const c = Math.floor(i / (height * width));
      return (value - of(mean, c)) / of(std, c);
    });
    return { data, shape: image.shape, dtype: "float32" };
  };
}

/**
 * Overwrites squares at random places with `fill`; at the rim they may stick out of the image.
 *
 * Source: DeVries and Taylor, "Improved regularization of convolutional neural networks with cutout", 2017.
 */
export function cutout({
  size,
  count = 1,
  fill = 0,
}: {
  readonly size: number;
  readonly count?: number;
  readonly fill?: number;
}): Transform {
  return (image, draw) => {
    const [channels, height, width] = sidesOf("cutout", image);
    const data = image.data.slice();
    for (let i = 0; i < count; i++) {
      const top = draw.integer(height) - (size >> 1);
      const left = draw.integer(width) - (size >> 1);
      for (let c = 0; c < channels; c++) {
        for (let y = Math.max(0, top); y < Math.min(height, top + size); y++) {
          const start = (c * height + y) * width;
          data.fill(fill, start + Math.max(0, left), start + Math.max(0, Math.min(width, left + size)));
        }
      }
    }
    return { ...image, data };
  };
}

/** An affine map about the image's centre: scaled, sheared along x, turned (clockwise as seen), then moved by pixels. */
export interface AffineMap {
  readonly degrees?: number;
  readonly translate?: readonly [x: number, y: number];
  readonly scale?: number;
  /** In degrees. */
  readonly shear?: number;
  readonly fill?: number;
}

/** Applies an affine map, bilinear between pixels; outside the image it is `fill`. Whole-number data is rounded. */
export function affine(image: HostArray, map: AffineMap): HostArray {
  const { degrees = 0, translate = [0, 0], scale = 1, shear = 0, fill = 0 } = map;
  const [channels, height, width] = sidesOf("affine", image);
  if (!(scale > 0)) throw new ValueError("affine", `scale must be above 0; got ${String(scale)}.`);
  const angle = (degrees * Math.PI) / 180;
  // Exact at quarter turns, so that they move pixels without blending them.
  const exact = (value: number): number => (Math.abs(value) < 1e-15 ? 0 : value);
  const [sin, cos] = [exact(Math.sin(angle)), exact(Math.cos(angle))];
  const slant = Math.tan((shear * Math.PI) / 180);
  const [centerX, centerY] = [(width - 1) / 2, (height - 1) / 2];
  const whole = !(image.data instanceof Float32Array || image.data instanceof Float64Array);
  const data = sameKind(image.data, image.data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      // Backwards: where in the image does this pixel come from?
      const [dx, dy] = [x - centerX - translate[0], y - centerY - translate[1]];
      const turnedY = cos * dy - sin * dx;
      const fromX = (cos * dx + sin * dy - slant * turnedY) / scale + centerX;
      const fromY = turnedY / scale + centerY;
      for (let c = 0; c < channels; c++) {
        const value = bilinear(image.data, c * height * width, height, width, fromX, fromY, fill);
        data[(c * height + y) * width + x] = whole ? Math.round(value) : value;
      }
    }
  }
  return { ...image, data };
}

function bilinear(
  data: HostData,
  start: number,
  height: number,
  width: number,
  x: number,
  y: number,
  fill: number,
): number {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const at = (row: number, column: number): number =>
    row < 0 || row >= height || column < 0 || column >= width ? fill : data[start + row * width + column];
  const [fx, fy] = [x - left, y - top];
  let value = 0;
  // Neighbours without weight are not looked at: they could be NaN.
  for (const [row, weight] of [
    [top, 1 - fy],
    [top + 1, fy],
  ]) {
    if (weight > 0 && fx < 1) value += weight * (1 - fx) * at(row, left);
    if (weight > 0 && fx > 0) value += weight * fx * at(row, left + 1);
  }
  return value;
}

/**
 * A random affine map: an angle of up to `degrees` to either side, a move of up to the shares `translate` of width and
 * height (whole pixels), a factor between the two of `scale`, and a shear of up to `shear` degrees to either side.
 */
export function randomAffine({
  degrees = 0,
  translate = [0, 0],
  scale = [1, 1],
  shear = 0,
  fill = 0,
}: {
  readonly degrees?: number;
  readonly translate?: readonly [x: number, y: number];
  readonly scale?: readonly [low: number, high: number];
  readonly shear?: number;
  readonly fill?: number;
}): Transform {
  return (image, draw) => {
    const [, height, width] = sidesOf("randomAffine", image);
    const [x, y] = [translate[0] * width, translate[1] * height];
    return affine(image, {
      degrees: draw.uniform(-degrees, degrees),
      translate: [Math.round(draw.uniform(-x, x)), Math.round(draw.uniform(-y, y))],
      scale: draw.uniform(scale[0], scale[1]),
      shear: draw.uniform(-shear, shear),
      fill,
    });
  };
}
