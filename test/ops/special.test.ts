// NaN, infinities, signed zeros, ties and kinks, said aloud: the same on every device, in every lane of a vector.
import { describe, expect, it } from "vitest";
import * as neurite from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { scopedEach } from "../scoped.ts";

const { tensor, grad, sum } = neurite;
const devices = ["reference", "wasm"] as const;
const [inf, nan] = [Infinity, NaN];

const on = (device: string, values: readonly number[], shape: readonly number[] = [values.length]): Tensor =>
  tensor(values, { shape, device, dtype: "float32" });

/** Bit for bit, but any NaN equals any other. */
const expectSame = (actual: ArrayLike<number>, expected: readonly number[]): void =>
  expect(Array.from(actual)).toEqual(expected.map((x) => Math.fround(x)));

const unaryCases: [op: string, fn: (x: Tensor) => Tensor, pairs: [x: number, y: number][]][] = [
  [
    "neg",
    neurite.neg,
    [
      [0, -0],
      [-0, 0],
      [inf, -inf],
      [nan, nan],
      [1.5, -1.5],
    ],
  ],
  [
    "exp",
    neurite.exp,
    [
      [0, 1],
      [-0, 1],
      [inf, inf],
      [-inf, 0],
      [nan, nan],
      [89, inf],
      [-120, 0],
      [1000, inf],
    ],
  ],
  [
    "log",
    neurite.log,
    [
      [1, 0],
      [0, -inf],
      [-0, -inf],
      [inf, inf],
      [-1, nan],
      [-inf, nan],
      [nan, nan],
    ],
  ],
  [
    "sqrt",
    neurite.sqrt,
    [
      [0, 0],
      [-0, -0],
      [4, 2],
      [inf, inf],
      [-1, nan],
      [nan, nan],
    ],
  ],
  [
    "relu",
    neurite.relu,
    [
      [0, 0],
      [-1, 0],
      [2, 2],
      [inf, inf],
      [-inf, 0],
      [nan, nan],
    ],
  ],
  [
    "tanh",
    neurite.tanh,
    [
      [0, 0],
      [-0, -0],
      [inf, 1],
      [-inf, -1],
      [20, 1],
      [-20, -1],
      [nan, nan],
    ],
  ],
  [
    "sigmoid",
    neurite.sigmoid,
    [
      [0, 0.5],
      [inf, 1],
      [-inf, 0],
      [40, 1],
      [nan, nan],
    ],
  ],
  [
    "square",
    neurite.square,
    [
      [-0, 0],
      [-inf, inf],
      [1e30, inf],
      [nan, nan],
    ],
  ],
];

const binaryCases: [
  op: string,
  fn: (a: Tensor, b: Tensor) => Tensor,
  triples: [a: number, b: number, y: number][],
][] = [
  [
    "add",
    neurite.add,
    [
      [inf, -inf, nan],
      [inf, 1, inf],
      [nan, 1, nan],
      [-0, -0, -0],
      [-0, 0, 0],
      [3e38, 3e38, inf],
    ],
  ],
  [
    "sub",
    neurite.sub,
    [
      [inf, inf, nan],
      [1, inf, -inf],
      [1, nan, nan],
      [0, 0, 0],
      [-0, 0, -0],
    ],
  ],
  [
    "mul",
    neurite.mul,
    [
      [0, inf, nan],
      [-0, 2, -0],
      [inf, -1, -inf],
      [nan, 0, nan],
      [1e30, 1e30, inf],
    ],
  ],
  [
    "div",
    neurite.div,
    [
      [1, 0, inf],
      [-1, 0, -inf],
      [0, 0, nan],
      [1, inf, 0],
      [inf, inf, nan],
      [1, -0, -inf],
      [nan, 1, nan],
    ],
  ],
];

/** Every pair in every lane: the list, turned by one, sixteen times over. */
const turned = <T>(list: readonly T[]): T[] =>
  Array.from({ length: 16 * list.length + 3 }, (_, i) => list[(i + Math.floor(i / 16)) % list.length]);

describe.each(devices)("special values on %s", (device) => {
  it.each(unaryCases)(
    "%s",
    scopedEach((_, fn, pairs) => {
      const lanes = turned(pairs);
      expectSame(
        fn(
          on(
            device,
            lanes.map(([x]) => x),
          ),
        ).dataSync(),
        lanes.map(([, y]) => y),
      );
    }),
  );

  it.each(binaryCases)(
    "%s",
    scopedEach((_, fn, triples) => {
      const lanes = turned(triples);
      const [a, b] = [
        on(
          device,
          lanes.map(([x]) => x),
        ),
        on(
          device,
          lanes.map(([, x]) => x),
        ),
      ];
      expectSame(
        fn(a, b).dataSync(),
        lanes.map(([, , y]) => y),
      );
    }),
  );

  it.each([1, 5, 16, 37])(
    "sum of %i passes NaN and infinities",
    scopedEach((n) => {
      for (let at = 0; at < n; at++) {
        const values = new Array<number>(n).fill(1);
        for (const [value, total] of [
          [nan, nan],
          [inf, inf],
          [-inf, -inf],
        ]) {
          values[at] = value;
          expect(sum(on(device, values)).itemSync()).toBe(total);
          expect(sum(on(device, values, [n, 1]), { axis: 0 }).itemSync()).toBe(total);
        }
      }
    }),
  );

  it.each([1, 4, 5, 17])(
    "argmax of %i takes the first maximum and the first NaN",
    scopedEach((n) => {
      for (let at = 0; at < n; at++) {
        const values = Array.from({ length: n }, (_, i) => (i >= at ? 2 : 1));
        const argmax = (list: readonly number[]): number[] => [
          neurite.argmax(on(device, list)).itemSync(),
          neurite.argmax(on(device, list, [n, 1]), { axis: 0 }).itemSync(),
        ];
        expect(argmax(values)).toEqual([at, at]);
        expect(argmax(values.map((x, i) => (i >= at ? nan : x)))).toEqual([at, at]);
        expect(argmax(values.map(() => -inf))).toEqual([0, 0]);
      }
    }),
  );

  it.each([
    ["a huge logit", [1000, 0, -1000], [0, -1000, -2000]],
    ["minus infinity", [-inf, 0, 0], [-inf, -Math.LN2, -Math.LN2]],
    ["only minus infinity", [-inf, -inf], [nan, nan]],
    ["plus infinity", [inf, 0], [nan, nan]],
    ["NaN", [nan, 0, 1], [nan, nan, nan]],
    ["one class", [5], [0]],
    ["NaN far right", [0, 1, 2, 3, 4, 5, 6, 7, nan], new Array<number>(9).fill(nan)],
  ])(
    "logSoftmax of %s",
    scopedEach((_, x, y) => {
      expect(neurite.logSoftmax(on(device, x))).toBeCloseToTensor(y, { rtol: 2e-7, atol: 0 });
    }),
  );

  it(
    "maxPool2d takes the first maximum, lets NaN win, and never takes the padding",
    scopedEach(() => {
      const pool = (values: readonly number[], padding = 0): [y: number[], index: number[]] => {
        const [y, index] = neurite.maxPool2dWithIndices(on(device, values, [1, 1, 2, 2]), 2, { padding });
        return [Array.from(y.dataSync()), Array.from(index.dataSync())];
      };
      expect(pool([3, 3, 3, 3])).toEqual([[3], [0]]);
      expect(pool([1, nan, 7, nan])).toEqual([[nan], [1]]);
      expect(pool([-inf, -inf, -inf, -inf])).toEqual([[-inf], [0]]);
      expect(pool([-5, -6, -7, -8], 1)).toEqual([
        [-5, -6, -7, -8],
        [0, 1, 2, 3],
      ]);
      expect(pool([-inf, -inf, -inf, -inf], 1)[1]).toEqual([0, 1, 2, 3]);
    }),
  );

  it(
    "gradients at kinks and ties: relu at 0 is 0 and passes NaN, maxima go to the first",
    scopedEach(() => {
      const x = on(device, [-1, -0, 0, 1, nan]).setRequiresGrad(true);
      expectSame(grad(sum(neurite.relu(x)), x).dataSync(), [0, 0, 0, 1, 1]);
      const image = on(device, [2, 2, 2, 2], [1, 1, 2, 2]).setRequiresGrad(true);
      expectSame(grad(sum(neurite.maxPool2d(image, 2)), image).dataSync(), [1, 0, 0, 0]);
    }),
  );

  // PyTorch 2.13's threshold_backward: zero where the output is at most 0, the incoming gradient elsewhere.
  it.each([
    ["in one kernel", false],
    ["in differentiable ops", true],
  ])(
    "relu chooses gradients rather than multiplying them, %s",
    scopedEach((_how, createGraph) => {
      const x = on(device, [nan, 0, -0, -1, 1, inf, -inf]).setRequiresGrad(true);
      const y = neurite.relu(x);
      const back = (g: number): ArrayLike<number> =>
        grad(y, x, {
          gradOutput: on(device, new Array<number>(7).fill(g)),
          createGraph,
          retainGraph: true,
        }).dataSync();
      expectSame(back(2), [2, 0, 0, 0, 2, 2, 0]);
      expectSame(back(inf), [inf, 0, 0, 0, inf, inf, 0]);
      expectSame(back(nan), [nan, 0, 0, 0, nan, nan, 0]);
    }),
  );

  it(
    "matmul and conv2d pass NaN and infinities only where they belong",
    scopedEach(() => {
      const a = on(device, [1, nan, 0, 2, inf, 1], [3, 2]);
      const b = on(device, [1, 2, 0, 4], [2, 2]);
      expectSame(neurite.matmul(a, b).dataSync(), [nan, nan, 0, 8, inf, inf]);
      const x = on(device, [1, 1, 1, nan, 1, 1, 1, 1, 1], [1, 1, 1, 9]);
      const w = on(device, [1, 1], [1, 1, 1, 2]);
      expectSame(neurite.conv2d(x, w).dataSync(), [2, 2, nan, nan, 2, 2, 2, 2]);
    }),
  );
});
