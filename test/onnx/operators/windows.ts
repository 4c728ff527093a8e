// ONNX operators that slide windows: convolutions and poolings.
import {
  avgPool1d,
  avgPool2d,
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  div,
  max,
  maxPool1d,
  maxPool2d,
  maxPool2dWithIndices,
  mean,
  onesLike,
  pad,
  slice,
} from "../../../src/index.ts";
import type { Tensor } from "../../../src/index.ts";
import { tensor } from "../../../src/index.ts";
import { onNumbers } from "../invocation.ts";
import type { Invocation, Operators } from "../invocation.ts";

interface Geometry {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  /** Per spatial axis. */
  readonly before: readonly number[];
  readonly after: readonly number[];
}

function geometry(call: Invocation, x: Tensor, kernel: readonly number[]): Geometry {
  const ones = kernel.map(() => 1);
  const stride = call.numbers("strides") ?? ones;
  const dilation = call.numbers("dilations") ?? ones;
  const pads = call.numbers("pads") ?? [...ones, ...ones].fill(0);
  const auto = call.text("auto_pad", "NOTSET");
  if (!auto.startsWith("SAME")) {
    return {
      kernel,
      stride,
      dilation,
      before: pads.slice(0, kernel.length),
      after: pads.slice(kernel.length),
    };
  }
  // As many elements out as strides fit in; the odd one of the padding goes where the name says.
  const total = kernel.map((k, axis) => {
    const n = x.shape[axis + 2];
    return Math.max(0, (Math.ceil(n / stride[axis]) - 1) * stride[axis] + (k - 1) * dilation[axis] + 1 - n);
  });
  const less = total.map((n) => Math.floor(n / 2));
  const more = total.map((n) => Math.ceil(n / 2));
  const [before, after] = auto === "SAME_UPPER" ? [less, more] : [more, less];
  return { kernel, stride, dilation, before, after };
}

/** x with padding of its own around the spatial axes. */
function surrounded(x: Tensor, { before, after }: Geometry, value: number): Tensor {
  const pairs = before.map((n, axis) => [n, after[axis]]);
  return pairs.flat().every((n) => n === 0) ? x : pad(x, pairs.reverse().flat(), { value });
}

const even = ({ before, after }: Geometry): boolean => before.every((n, axis) => n === after[axis]);

function convolution(call: Invocation): Tensor {
  const [x, weight, bias] = [call.x(0), call.x(1), call.optional(2)];
  const g = geometry(call, x, weight.shape.slice(2));
  const own = even(g);
  const options = {
    stride: g.stride,
    dilation: g.dilation,
    padding: own ? g.before : g.before.map(() => 0),
    groups: call.number("group", 1),
  };
  const input = own ? x : surrounded(x, g, 0);
  if (x.rank === 3) return conv1d(input, weight, bias, options);
  if (x.rank === 5) return conv3d(input, weight, bias, options);
  return conv2d(input, weight, bias, options as Parameters<typeof conv2d>[3]);
}

function transposedConvolution(call: Invocation): Tensor {
  const [x, weight, bias] = [call.x(0), call.x(1), call.optional(2)];
  const kernel = weight.shape.slice(2);
  const { stride, dilation, before, after } = geometry(
    call,
    x,
    call.text("auto_pad", "NOTSET") === "NOTSET" ? kernel : call.beyond("auto_pad"),
  );
  const extra = call.numbers("output_padding") ?? kernel.map(() => 0);
  const asked = call.numbers("output_shape");
  // Everything that the kernel reaches; then the padding comes off. An asked-for size says how much that is.
  const reach = kernel.map(
    (k, axis) => (x.shape[axis + 2] - 1) * stride[axis] + (k - 1) * dilation[axis] + 1 + extra[axis],
  );
  const from = before.map((n, axis) => (asked ? Math.floor((reach[axis] - asked[axis]) / 2) : n));
  const to = after.map((n, axis) => (asked ? from[axis] + asked[axis] : reach[axis] - n));
  const options = { stride, dilation, outputPadding: extra, groups: call.number("group", 1) };
  const late = asked !== null && reach.some((n, axis) => n < asked[axis]);
  if (late) return call.beyond("an output larger than the kernel's reach");
  let y: Tensor;
  if (x.rank === 3) y = convTranspose1d(x, weight, bias, options);
  else if (x.rank === 5) y = convTranspose3d(x, weight, bias, options);
  else y = convTranspose2d(x, weight, bias, options as Parameters<typeof convTranspose2d>[3]);
  return from.reduce((part, start, axis) => slice(part, axis + 2, start, to[axis]), y);
}

type PoolSizes = readonly [number, number];

function averagePool(call: Invocation): Tensor {
  const x = call.x();
  const g = geometry(call, x, call.numbers("kernel_shape")!);
  const ceilMode = call.number("ceil_mode", 0) === 1;
  const includes = call.number("count_include_pad", 0) === 1;
  const pool = (input: Tensor): Tensor => {
    if (x.rank === 3) return avgPool1d(input, g.kernel, { stride: g.stride, ceilMode });
    if (x.rank !== 4) return call.beyond("three spatial axes");
    return avgPool2d(input, g.kernel as PoolSizes, { stride: g.stride as PoolSizes, ceilMode });
  };
  const average = pool(surrounded(x, g, 0));
  // Padding that does not count: divide by the share of each window that lies inside.
  return includes || [...g.before, ...g.after].every((n) => n === 0)
    ? average
    : div(average, pool(surrounded(onesLike(x), g, 0)));
}

function maximumPool(call: Invocation): readonly Tensor[] {
  const x = call.x();
  const g = geometry(call, x, call.numbers("kernel_shape")!);
  const ceilMode = call.number("ceil_mode", 0) === 1;
  const indexed = call.node.outputs.length > 1;
  // The library pads by at most half the kernel; anything else is put around x by hand.
  const own = even(g) && g.before.every((n, axis) => n <= g.kernel[axis] / 2);
  const input = own ? x : surrounded(x, g, -Infinity);
  const options = {
    stride: g.stride,
    dilation: g.dilation,
    padding: own ? g.before : g.before.map(() => 0),
    ceilMode,
  };
  if (x.rank === 3) {
    return indexed ? call.beyond("positions of one spatial axis") : [maxPool1d(input, g.kernel, options)];
  }
  if (x.rank !== 4) return call.beyond("three spatial axes");
  const plane = options as Parameters<typeof maxPool2d>[2];
  if (!indexed) return [onNumbers(input, (numbers) => maxPool2d(numbers, g.kernel as PoolSizes, plane))];
  if (!own) return call.beyond("positions under padding of its own");
  const [y, index] = maxPool2dWithIndices(input, g.kernel as PoolSizes, plane);
  return [y, inWholeTensor(call, x, index)];
}

/** Positions in a plane as ONNX counts them: in the whole tensor; storage order 1 walks down the columns. */
function inWholeTensor(call: Invocation, x: Tensor, index: Tensor): Tensor {
  const [h, w] = x.shape.slice(2);
  const columns = call.number("storage_order", 0) === 1;
  const perPlane = index.size / (x.shape[0] * x.shape[1]);
  const values = Array.from(index.dataSync(), (at, i) => {
    const place = columns ? (at % w) * h + Math.floor(at / w) : at;
    return Math.floor(i / perPlane) * h * w + place;
  });
  return tensor(Int32Array.from(values), { shape: index.shape, device: "wasm" });
}

const spatial = (x: Tensor): { axis: number[]; keepDims: true } => ({
  axis: x.shape.map((_, i) => i).slice(2),
  keepDims: true,
});

export const windows: Operators = {
  Conv: convolution,
  ConvTranspose: transposedConvolution,
  AveragePool: averagePool,
  MaxPool: maximumPool,
  GlobalAveragePool: (call) => mean(call.x(), spatial(call.x())),
  GlobalMaxPool: (call) => max(call.x(), spatial(call.x())),
};
