// Convolution: forward and both gradients, planning included (weights change in every step, so a step pays for it), and
// 2 x 2 max pooling.
import { conv2d, noGrad, tensor } from "neurite";
import type { KernelBench } from "./kernels.ts";
import * as plain from "./plain.ts";
import { outSize } from "./plain.ts";
import type { ConvShape } from "./plain.ts";
import { runBesidePeak, runPerElement } from "./suite.ts";
import type { Context, FlopCase, Suite } from "./suite.ts";
import { checkClose, randomFloats } from "./verify.ts";

const FORWARD = 0;
const INPUT_GRAD = 1;
const WEIGHT_GRAD = 2;
const FINISH = 3;

/** Images whose outputs are verified; of the weight gradient, which sums over all images, everything is. */
const VERIFIED_IMAGES = 3;

/** How far a float32 sum of so many random terms may be from the exact one. */
const tolerance = (terms: number): number => 2e-6 * Math.sqrt(terms);

/** The two layers of LeNet-5, and two of the shapes that image models are made of. */
const shapes: readonly (ConvShape & { readonly label: string; readonly quick: boolean })[] = [
  {
    label: "1->6 5x5, 32x32, batch 64",
    quick: true,
    ...{ images: 64, channels: 1, filters: 6, size: 32, kernel: 5, stride: 1, padding: 0 },
  },
  {
    label: "6->16 5x5, 14x14, batch 64",
    quick: true,
    ...{ images: 64, channels: 6, filters: 16, size: 14, kernel: 5, stride: 1, padding: 0 },
  },
  {
    label: "16->32 3x3, 28x28, batch 32",
    quick: false,
    ...{ images: 32, channels: 16, filters: 32, size: 28, kernel: 3, stride: 1, padding: 1 },
  },
  {
    label: "32->64 4x4 /2, 16x16, batch 32",
    quick: false,
    ...{ images: 32, channels: 32, filters: 64, size: 16, kernel: 4, stride: 2, padding: 1 },
  },
];

interface Data {
  readonly x: Float32Array;
  readonly w: Float32Array;
  readonly bias: Float32Array;
  readonly g: Float32Array;
}

function dataOf(shape: ConvShape): Data {
  const { images, channels, filters, size, kernel } = shape;
  return {
    x: randomFloats(images * channels * size * size, 1),
    w: randomFloats(filters * channels * kernel * kernel, 2, -0.2, 0.2),
    bias: randomFloats(filters, 3),
    g: randomFloats(images * filters * outSize(shape) ** 2, 4),
  };
}

const flopOf = (shape: ConvShape): number =>
  2 * shape.images * shape.filters * outSize(shape) ** 2 * shape.channels * shape.kernel ** 2;

/** The geometry as the kernels read it; axes that a 2-D convolution lacks have size 1 and no padding. */
function geometryWords(shape: ConvShape): Int32Array {
  const { images, channels, filters, size, kernel, stride, padding } = shape;
  const plane = (value: number, filler: number): number[] => [filler, value, value];
  const axes = [size, outSize(shape), kernel, stride].flatMap((value) => plane(value, 1));
  return Int32Array.of(images, 1, channels, filters, ...axes, ...plane(padding, 0), ...plane(1, 1));
}

/** What all passes over one shape share; `prepare` plans a pass and returns where plan and scratch are. */
function passes(kernels: KernelBench, shape: ConvShape, data: Data): FlopCase[] {
  const e = kernels.exports;
  const geometry = kernels.upload(geometryWords(shape));
  const [x, w, bias, g] = [data.x, data.w, data.bias, data.g].map((values) => kernels.upload(values));
  const [y, gx, gw] = [data.g, data.x, data.w].map((values) => kernels.allocate(values.byteLength));
  const [planOf, scratchOf] = [e.conv_plan_bytes, e.conv_scratch_bytes].map((bytes) =>
    [FORWARD, INPUT_GRAD, WEIGHT_GRAD].map((pass) => kernels.allocate(bytes(geometry, pass))),
  );
  const units = [FORWARD, INPUT_GRAD, WEIGHT_GRAD].map((pass) => e.conv_units(geometry, pass));
  const flop = flopOf(shape);
  const cases: FlopCase[] = [
    {
      name: "forward",
      flop,
      call() {
        e.conv_plan_f32(geometry, FORWARD, w, planOf[FORWARD]);
        e.conv_f32(x, bias, y, geometry, planOf[FORWARD], scratchOf[FORWARD], 0, units[FORWARD]);
      },
    },
    {
      name: "input gradient",
      flop,
      call() {
        const [plan, scratch] = [planOf[INPUT_GRAD], scratchOf[INPUT_GRAD]];
        e.conv_plan_f32(geometry, INPUT_GRAD, w, plan);
        e.conv_input_grad_f32(g, gx, geometry, plan, scratch, 0, units[INPUT_GRAD]);
      },
    },
    {
      name: "weight gradient",
      flop,
      call() {
        const [plan, scratch] = [planOf[WEIGHT_GRAD], scratchOf[WEIGHT_GRAD]];
        e.conv_plan_f32(geometry, WEIGHT_GRAD, w, plan);
        e.conv_weight_grad_f32(x, g, geometry, plan, scratch, 0, units[WEIGHT_GRAD]);
        e.conv_weight_grad_finish_f32(gw, geometry, plan, 0, e.conv_units(geometry, FINISH));
      },
    },
  ];
  for (const { call } of cases) call();
  verify(shape, data, {
    y: kernels.floats(y, data.g.length),
    gx: kernels.floats(gx, data.x.length),
    gw: kernels.floats(gw, data.w.length),
  });
  return cases;
}

interface Results {
  readonly y: Float32Array;
  readonly gx: Float32Array;
  readonly gw: Float32Array;
}

function verify(shape: ConvShape, { x, w, bias, g }: Data, { y, gx, gw }: Results): void {
  const { images, channels, filters, kernel } = shape;
  const someY = plain.conv(shape, x, w, bias, VERIFIED_IMAGES);
  checkClose("conv forward", y.subarray(0, someY.length), someY, tolerance(channels * kernel ** 2));
  const someGx = plain.convInputGrad(shape, g, w, VERIFIED_IMAGES);
  checkClose("conv input gradient", gx.subarray(0, someGx.length), someGx, tolerance(filters * kernel ** 2));
  const exactGw = plain.convWeightGrad(shape, x, g);
  checkClose("conv weight gradient", gw, exactGw, tolerance(images * outSize(shape) ** 2));
}

/** The forward pass through the library. */
function publicCase(shape: ConvShape, data: Data): { readonly it: FlopCase; readonly dispose: () => void } {
  const { images, channels, filters, size, kernel, stride, padding } = shape;
  const x = tensor(data.x, { shape: [images, channels, size, size] });
  const w = tensor(data.w, { shape: [filters, channels, kernel, kernel] });
  const bias = tensor(data.bias);
  const forward = () => noGrad(() => conv2d(x, w, bias, { stride, padding }));
  const y = forward();
  const someY = plain.conv(shape, data.x, data.w, data.bias, VERIFIED_IMAGES);
  checkClose("conv2d", y.dataSync().subarray(0, someY.length), someY, tolerance(channels * kernel ** 2));
  y.dispose();
  return {
    it: { name: "conv2d(x, w, bias)", flop: flopOf(shape), call: () => forward().dispose() },
    dispose: () => [x, w, bias].forEach((it) => it.dispose()),
  };
}

function runShapes(context: Context): void {
  const { kernels, quick } = context;
  for (const shape of shapes.filter((it) => it.quick || !quick)) {
    kernels.reset();
    const data = dataOf(shape);
    const library = publicCase(shape, data);
    runBesidePeak(context, shape.label, [...passes(kernels, shape, data), library.it]);
    library.dispose();
  }
}

/** LeNet's first pooling layer, and the two ways back through it. */
function runPooling(context: Context): void {
  const { kernels } = context;
  kernels.reset();
  const [planes, size] = [64 * 6, 28];
  const x = randomFloats(planes * size * size, 5);
  const expected = plain.maxPool(x, planes, size);
  const nOut = expected.y.length / planes;
  const g = randomFloats(expected.y.length, 6);
  const e = kernels.exports;
  const [xPtr, gPtr] = [kernels.upload(x), kernels.upload(g)];
  const [yPtr, indexPtr, gxPtr] = [g, g, x].map((values) => kernels.allocate(values.byteLength));
  const window = [size, size, size / 2, size / 2, 2, 2, 2, 2, 0, 0, 1, 1];
  const forward = (): void => void e.maxpool2d_f32(xPtr, yPtr, indexPtr, ...window, 0, planes);
  const backward = (): void => void e.maxpool2d_grad_f32(gPtr, indexPtr, gxPtr, size * size, nOut, 0, planes);
  const scatter = (): void => {
    e.fill_f32(gxPtr, 0, 0, x.length);
    e.scatter_add_f32(gPtr, indexPtr, gxPtr, size * size, nOut, 1, 0, planes);
  };
  forward();
  checkClose("maxpool2d", kernels.floats(yPtr, g.length), expected.y, 0);
  checkClose("maxpool2d index", kernels.integers(indexPtr, g.length), expected.index, 0);
  const gx = new Float32Array(x.length);
  g.forEach((value, i) => (gx[Math.floor(i / nOut) * size * size + expected.index[i]] += value));
  backward();
  checkClose("maxpool2d gradient", kernels.floats(gxPtr, x.length), gx, 0);
  scatter();
  checkClose("scatter_add as unpooling", kernels.floats(gxPtr, x.length), gx, 0);
  const elements = x.length;
  runPerElement(context, "max pooling 2x2, 384 x 28x28", [
    { name: "forward", elements, call: forward },
    { name: "gradient", elements, call: backward },
    { name: "gradient, fill + scatter_add", elements, call: scatter },
  ]);
}

export const conv: Suite = {
  name: "conv",
  about: "convolution forward and both gradients, pooling",
  run(context) {
    runShapes(context);
    runPooling(context);
  },
};
