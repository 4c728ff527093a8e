// Sizes at which kernels change their way of working: packed blocks, several panels and tiles, long rows. The rows with
// their small tails never get there. float32 on wasm against float64 on reference, forward and backward.
import { describe, expect, it } from "vitest";
import {
  contiguous,
  conv2d,
  exp,
  gather,
  linear,
  logSoftmax,
  matmul,
  maxPool2d,
  mul,
  permute,
  sum,
  tanh,
} from "../../src/index.ts";
import type { Tolerance } from "../closeness.ts";
import { fillInputs, layouts, seedOf } from "./layouts.ts";
import type { Layout } from "./layouts.ts";
import type { Sample } from "./row.ts";
import { oracle, runSample } from "./running.ts";

const wasm = { device: "wasm", dtype: "float32" } as const;

function check(sample: Sample, tolerance: Tolerance, variants: readonly Layout[][]): void {
  const filled = fillInputs(sample.inputs, seedOf(sample.name));
  const expected = oracle(sample, filled, false);
  for (const chosen of variants) {
    const got = runSample({ sample, filled, placement: wasm, layouts: chosen, gradLayout: layouts.dense });
    expect(got.shape).toEqual(expected.shape);
    expect(got.output).toBeCloseToTensor(expected.output, tolerance);
    expected.grads.forEach((grad, i) => {
      if (grad) expect(got.grads[i]!, `gradient ${i}`).toBeCloseToTensor(grad, tolerance);
    });
  }
}

const { dense, offset, rows, transposed, broadcast } = layouts;

/** Sums of n products near 1 are off by about sqrt(n) roundings. */
const sumOf = (n: number): Tolerance => ({ rtol: 1e-6, atol: 1e-6 * Math.sqrt(n) });

describe("matmul", () => {
  const sizes: [m: number, k: number, n: number][] = [
    [49, 49, 49],
    [6, 512, 80],
    [7, 513, 90],
    [50, 600, 70],
    [100, 30, 520],
    [3, 1030, 67],
    [1, 600, 133],
    [133, 600, 1],
    [96, 96, 96],
    [97, 5, 577],
    [2, 5000, 12],
    [48, 1100, 8],
  ];

  it.each(sizes)("[%i, %i] [%i]", (m, k, n) => {
    const sample = { name: `${m} ${k} ${n}`, inputs: [{ shape: [m, k] }, { shape: [k, n] }], call: matmul };
    check(sample, sumOf(Math.max(m, k, n)), [
      [dense, dense],
      [transposed, dense],
      [dense, transposed],
      [transposed, transposed],
      [offset, rows],
    ]);
  });

  it("in batches, stretched too", () => {
    const shapes = [{ shape: [3, 50, 60] }, { shape: [60, 50] }];
    check({ name: "batch by matrix", inputs: shapes, call: matmul }, sumOf(180), [
      [dense, dense],
      [transposed, transposed],
    ]);
    const pairs = [{ shape: [2, 1, 30, 70] }, { shape: [3, 70, 40] }];
    check({ name: "batches that stretch", inputs: pairs, call: matmul }, sumOf(300), [
      [dense, dense],
      [rows, transposed],
    ]);
  });

  it("with a bias", () => {
    for (const [m, k, n] of [
      [65, 400, 120],
      [64, 84, 10],
      [50, 600, 77],
    ]) {
      const inputs = [{ shape: [m, k] }, { shape: [n, k] }, { shape: [n] }];
      check({ name: `linear ${m} ${k} ${n}`, inputs, call: linear }, sumOf(k), [
        [dense, dense, dense],
        [rows, transposed, offset],
      ]);
    }
  });
});

describe("conv2d", () => {
  const cases: [name: string, x: number[], w: number[], options: Parameters<typeof conv2d>[3]][] = [
    ["LeNet's first layer", [3, 1, 32, 32], [6, 1, 5, 5], {}],
    ["LeNet's second layer", [3, 6, 14, 14], [16, 6, 5, 5], {}],
    ["3x3, padded", [2, 16, 15, 17], [24, 16, 3, 3], { padding: 1 }],
    ["7x7, stride 2", [1, 3, 33, 30], [9, 3, 7, 7], { stride: 2, padding: 3 }],
    ["3x3, stride 2", [2, 8, 16, 16], [12, 8, 3, 3], { stride: 2, padding: 1 }],
    ["1x1", [2, 40, 9, 9], [33, 40, 1, 1], {}],
    ["1x1, stride 2", [2, 20, 9, 8], [10, 20, 1, 1], { stride: 2 }],
    ["many channels", [1, 70, 5, 5], [50, 70, 3, 3], { padding: 1 }],
    ["dilated", [2, 5, 20, 20], [7, 5, 3, 3], { dilation: 3, padding: 3 }],
    ["groups", [2, 12, 13, 13], [18, 4, 3, 3], { groups: 3, padding: 1 }],
    ["depthwise", [2, 17, 12, 12], [17, 1, 3, 3], { groups: 17, padding: 1 }],
    ["wide rows", [1, 2, 3, 300], [5, 2, 3, 3], { padding: 1 }],
  ];

  it.each(cases)("%s", (name, x, w, options) => {
    const sample: Sample = {
      name,
      inputs: [{ shape: x }, { shape: w }, { shape: [w[0]] }],
      call: (a, b, c) => conv2d(a, b, c, options),
    };
    // A weight's gradient sums over all pixels of all images, a pixel's over channels and taps.
    const terms = Math.max(x[0] * x[2] * x[3], w[1] * w[2] * w[3]);
    check(sample, sumOf(4 * terms), [
      [dense, dense, dense],
      [transposed, offset, offset],
    ]);
  });
});

describe("long rows and many elements", () => {
  const samples: [sample: Sample, tolerance: Tolerance][] = [
    [
      { name: "sum of all", inputs: [{ shape: [70_001] }], call: (x) => sum(x) },
      { rtol: 1e-6, atol: 1e-3 },
    ],
    [{ name: "sum, last", inputs: [{ shape: [37, 1003] }], call: (x) => sum(x, { axis: 1 }) }, sumOf(4000)],
    [{ name: "sum, first", inputs: [{ shape: [1003, 37] }], call: (x) => sum(x, { axis: 0 }) }, sumOf(4000)],
    [
      { name: "sum, middle", inputs: [{ shape: [5, 300, 67] }], call: (x) => sum(x, { axis: 1 }) },
      sumOf(1000),
    ],
    [
      { name: "exp", inputs: [{ shape: [10_007] }], call: exp },
      { rtol: 1e-6, atol: 1e-6 },
    ],
    [
      { name: "tanh", inputs: [{ shape: [10_007] }], call: tanh },
      { rtol: 1e-6, atol: 1e-6 },
    ],
    [{ name: "mul, row", inputs: [{ shape: [203, 67] }, { shape: [67] }], call: mul }, sumOf(1000)],
    [{ name: "mul, column", inputs: [{ shape: [203, 67] }, { shape: [203, 1] }], call: mul }, sumOf(1000)],
    [
      { name: "logSoftmax", inputs: [{ shape: [37, 1003] }], call: (x) => logSoftmax(x) },
      { rtol: 2e-6, atol: 1e-5 },
    ],
    [
      {
        name: "permute",
        inputs: [{ shape: [13, 7, 11, 9] }],
        call: (x) => contiguous(permute(x, [3, 1, 0, 2])),
      },
      { rtol: 0, atol: 0 },
    ],
    [
      {
        name: "maxPool2d",
        inputs: [{ shape: [3, 6, 29, 28], domain: "distinct" }],
        call: (x) => maxPool2d(x, 2),
      },
      { rtol: 0, atol: 0 },
    ],
    [
      {
        name: "gather",
        inputs: [{ shape: [64, 1000] }, { shape: [64, 50], domain: { below: 1000 } }],
        call: (x, index) => gather(x, 1, index),
      },
      { rtol: 1e-6, atol: 1e-6 },
    ],
  ];

  it.each(samples.map(([sample, tolerance]) => [sample.name, sample, tolerance] as const))(
    "%s",
    (_, sample, tolerance) => {
      check(
        sample,
        tolerance,
        [dense, offset, rows, transposed].map((layout) => sample.inputs.map(() => layout)),
      );
    },
  );

  it("stretched operands of odd shapes", () => {
    const sample = { name: "stretch", inputs: [{ shape: [1, 65, 7] }, { shape: [33, 1, 7] }], call: mul };
    check(sample, sumOf(200), [
      [dense, dense],
      [transposed, rows],
    ]);
    check({ name: "one row again", inputs: [{ shape: [1, 70] }], call: exp }, sumOf(1), [[broadcast]]);
  });
});
