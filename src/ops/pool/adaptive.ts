// Pooling to a given output size. Window i of an axis of n elements covers floor(i n / m) up to ceil((i + 1) n / m), so
// sizes differ by at most one where m does not divide n: elements are then gathered into windows of one size, in which
// the last element fills up.
import { formatShape } from "../../core/shape.ts";
import { ShapeError } from "../../core/errors.ts";
import { composite } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { expand, mul, reshape } from "../algebra.ts";
import { requireFloat, requireRank } from "../checks.ts";
import { tensor } from "../creation.ts";
import { gather } from "../indexing.ts";
import { sum } from "../algebra.ts";
import { avgPool2d } from "./average.ts";
import { maxPool2d } from "./max.ts";

/** A size per axis; null keeps the input's. */
export type AdaptiveSize = number | readonly (number | null)[];

/** The windows along one axis. */
interface AxisWindows {
  /** Elements per window, after filling up. */
  readonly width: number;
  /** Elements that count, per window. */
  readonly counts: readonly number[];
  /** Position in the input of each element of each window. */
  readonly positions: readonly number[];
}

function axisWindows(n: number, m: number): AxisWindows {
  const starts = Array.from({ length: m }, (_, i) => Math.floor((i * n) / m));
  const counts = starts.map((start, i) => Math.ceil(((i + 1) * n) / m) - start);
  const width = Math.max(...counts);
  const positions = starts.flatMap((start, i) =>
    Array.from({ length: width }, (_, j) => start + Math.min(j, counts[i] - 1)),
  );
  return { width, counts, positions };
}

function outputSizes(op: string, x: Tensor, axes: number, size: AdaptiveSize): number[] {
  const given = typeof size === "number" ? new Array<number>(axes).fill(size) : size;
  const input = x.shape.slice(-axes);
  const output = given.map((m, i) => m ?? input[i]);
  const valid =
    output.length === axes && output.every((m) => Number.isSafeInteger(m) && m >= 1) && !input.includes(0);
  if (valid) return output;
  throw new ShapeError(
    op,
    `outputSize must be ${String(axes)} whole numbers >= 1 and the input not empty; got ${formatShape(output)} for ` +
      `${formatShape(x.shape)}.`,
  );
}

const divides = (input: readonly number[], output: readonly number[]): boolean =>
  input.every((n, i) => n % output[i] === 0);

function gatherAlong(x: Tensor, axis: number, positions: readonly number[]): Tensor {
  const shape = x.shape.map((_, i) => (i === axis ? positions.length : 1));
  const index = tensor(Int32Array.from(positions), { shape, device: x.device });
  return gather(
    x,
    axis,
    expand(
      index,
      x.shape.map((n, i) => (i === axis ? positions.length : n)),
    ),
  );
}

/** x with both axes laid out as windows, and the windows. */
function unfolded(
  x: Tensor,
  output: readonly number[],
): { y: Tensor; rows: AxisWindows; columns: AxisWindows } {
  const rows = axisWindows(x.shape[2], output[0]);
  const columns = axisWindows(x.shape[3], output[1]);
  return { y: gatherAlong(gatherAlong(x, 2, rows.positions), 3, columns.positions), rows, columns };
}

/** Per element of the windows: its share in the mean, 0 where it only fills up. */
const shares = ({ counts, width }: AxisWindows): number[] =>
  counts.flatMap((count) => Array.from({ length: width }, (_, j) => (j < count ? 1 / count : 0)));

function adaptiveAverage(x: Tensor, output: readonly number[]): Tensor {
  const [n, c, ...input] = x.shape;
  const [h, w] = output;
  if (divides(input, output)) return avgPool2d(x, [input[0] / h, input[1] / w]);
  const { y, rows, columns } = unfolded(x, output);
  const [across, down] = [shares(columns), shares(rows)];
  const like = { device: x.device, dtype: x.dtype };
  const weighted = mul(
    mul(y, tensor(across, { shape: [across.length], ...like })),
    tensor(down, { shape: [down.length, 1], ...like }),
  );
  return sum(reshape(weighted, [n, c, h, rows.width, w, columns.width]), { axis: [3, 5] });
}

function adaptiveMaximum(x: Tensor, output: readonly number[]): Tensor {
  const input = x.shape.slice(2);
  if (divides(input, output)) return maxPool2d(x, [input[0] / output[0], input[1] / output[1]]);
  const { y, rows, columns } = unfolded(x, output);
  return maxPool2d(y, [rows.width, columns.width]);
}

/** Runs a pooling of planes on rows. */
function onRows(op: string, x: Tensor, output: readonly number[], pool: typeof adaptiveAverage): Tensor {
  const [n, c, length] = x.shape;
  return composite(op, () => reshape(pool(reshape(x, [n, c, 1, length]), [1, ...output]), [n, c, ...output]));
}

function checked(op: string, x: Tensor, axes: number, outputSize: AdaptiveSize): number[] {
  x.assertAlive(op);
  requireRank(op, "x", x, axes + 2, axes === 1 ? "[N, C, L]" : "[N, C, H, W]");
  requireFloat(op, x);
  return outputSizes(op, x, axes, outputSize);
}

/**
 * Mean of each of `outputSize` windows that share out the last axis.
 *
 * Shapes: x [N, C, L] -> [N, C, outputSize].
 */
export function adaptiveAvgPool1d(x: Tensor, outputSize: AdaptiveSize): Tensor {
  const output = checked("adaptiveAvgPool1d", x, 1, outputSize);
  return onRows("adaptiveAvgPool1d", x, output, adaptiveAverage);
}

/**
 * Mean of each of the windows that share out the last two axes; null keeps an axis as it is.
 *
 * Shapes: x [N, C, H, W] -> [N, C, ...outputSize].
 */
export function adaptiveAvgPool2d(x: Tensor, outputSize: AdaptiveSize): Tensor {
  const output = checked("adaptiveAvgPool2d", x, 2, outputSize);
  return composite("adaptiveAvgPool2d", () => adaptiveAverage(x, output));
}

/**
 * Maximum of each of `outputSize` windows that share out the last axis. The first maximum wins.
 *
 * Shapes: x [N, C, L] -> [N, C, outputSize]. The gradient goes to the element that won.
 */
export function adaptiveMaxPool1d(x: Tensor, outputSize: AdaptiveSize): Tensor {
  const output = checked("adaptiveMaxPool1d", x, 1, outputSize);
  return onRows("adaptiveMaxPool1d", x, output, adaptiveMaximum);
}

/**
 * Maximum of each of the windows that share out the last two axes; null keeps an axis as it is. The first maximum wins.
 *
 * Shapes: x [N, C, H, W] -> [N, C, ...outputSize]. The gradient goes to the element that won.
 */
export function adaptiveMaxPool2d(x: Tensor, outputSize: AdaptiveSize): Tensor {
  const output = checked("adaptiveMaxPool2d", x, 2, outputSize);
  return composite("adaptiveMaxPool2d", () => adaptiveMaximum(x, output));
}
