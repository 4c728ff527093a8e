// The checkers must fail on faults. Each fault here is one that a wrong derivative really has; beside it stands the
// right version, which must pass, so that it is the fault and nothing else that is caught.
import { describe, expect, it } from "vitest";
import {
  detach,
  exp,
  expand,
  gradcheck,
  gradgradcheck,
  GradError,
  log,
  matmul,
  mul,
  neg,
  slice,
  sub,
  sum,
  tensor,
  transpose,
} from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
import { apply } from "../../src/tensor/apply.ts";
import { noGrad } from "../../src/tensor/mode.ts";
import { primitive } from "../../src/tensor/primitive.ts";
import { View } from "../../src/core/view.ts";
import { liveCounts } from "../leaks.ts";
import { scoped } from "../scoped.ts";

const leaf = (values: number[], shape = [values.length]): Tensor =>
  tensor(values, { shape, device: "reference", dtype: "float64", requiresGrad: true });

type Vjp = (g: Tensor, saved: Readonly<Record<"x" | "y", Tensor>>) => Tensor;

/** y = e^x with a derivative of one's choice. */
function expWith(vjp: Vjp, vjpKernel?: Vjp): (x: Tensor) => Tensor {
  const p = primitive({
    name: "plantedExp",
    inputs: ["x"],
    infer: ([x], _: null) => x,
    kernel: (k, [x], y) => k.unary("exp", x, y),
    saves: ["x", "y"],
    vjp: { x: vjp },
    ...(vjpKernel && {
      vjpKernel: (g: Tensor, saved: Readonly<Record<"x" | "y", Tensor>>) => [vjpKernel(g, saved)],
    }),
  });
  return (x) => apply(p, [x], null);
}

/** y = x W for a fixed W, with a derivative of one's choice. */
function timesWith(w: Tensor, vjp: (g: Tensor) => Tensor): (x: Tensor) => Tensor {
  const p = primitive({
    name: "plantedTimes",
    inputs: ["x"],
    infer: ([x], _: null) => ({ view: View.of([x.shape[0], w.shape[1]]), dtype: x.dtype }),
    kernel: (k, [x], y) => k.matmul(x, w, null, y),
    vjp: { x: vjp },
  });
  return (x) => apply(p, [x], null);
}

/** y = a + b for a [m, n] and b [n], with a derivative for b of one's choice. */
function addRowWith(vjp: (g: Tensor) => Tensor): (a: Tensor, b: Tensor) => Tensor {
  const p = primitive({
    name: "plantedAddRow",
    inputs: ["a", "b"],
    strided: ["a", "b"],
    infer: ([a], _: null) => a,
    kernel: (k, [a, b], y) =>
      k.binary("add", a, { storage: b.storage, view: b.view.expand(a.view.shape) }, y),
    vjp: { a: (g) => g, b: vjp },
  });
  return (a, b) => apply(p, [a, b], null);
}

/** y = log(sum e^x); the derivative e^(x - y) from the saved y, connected or taken as a constant. */
function logSumExpWith(saved: (y: Tensor) => Tensor): (x: Tensor) => Tensor {
  const p = primitive({
    name: "plantedLogSumExp",
    inputs: ["x"],
    decompose: ([x]) => log(sum(exp(x))),
    fused: "logSoftmax",
    infer: ([x], _: null) => ({ view: View.of([]), dtype: x.dtype }),
    saves: ["x", "y"],
    vjp: { x: (g, { x, y }) => mul(g, exp(sub(x, saved(y)))) },
  });
  return (x) => apply(p, [x], null);
}

const x = (): Tensor => leaf([0.3, -0.7, 0.4]);
const grid = (): Tensor => leaf([0.3, -0.7, 0.4, 1.1, 0.2, -0.5], [2, 3]);
const square = (): Tensor => leaf([1, 2, -0.5, 0.3], [2, 2]);

describe("gradcheck", () => {
  const right: Vjp = (g, { y }) => mul(g, y);

  it(
    "passes the right derivative",
    scoped(() => {
      expect(gradcheck(expWith(right), [x()])).toBe(true);
      expect(gradgradcheck(expWith(right), [x()])).toBe(true);
    }),
  );

  const faults: [string, Vjp][] = [
    ["a flipped sign", (g, { y }) => neg(mul(g, y))],
    ["a lost factor", (g) => mul(g, 1)],
    ["a factor of 1.01", (g, { y }) => mul(mul(g, y), 1.01)],
    ["zero", (g) => mul(g, 0)],
    ["NaN", (g, { y }) => mul(mul(g, y), NaN)],
    [
      "one wrong element",
      (g, { y }) => mul(mul(g, y), tensor([1, 1, 0.99], { device: "reference", dtype: "float64" })),
    ],
  ];

  it.each(faults)("fails on %s", (_, vjp) =>
    scoped(() => {
      expect(() => gradcheck(expWith(vjp), [x()])).toThrow(GradError);
    })(),
  );

  it(
    "names the entry that is wrong",
    scoped(() => {
      expect(() =>
        gradcheck(
          expWith((g, { y }) => neg(mul(g, y))),
          [leaf([0])],
        ),
      ).toThrow(
        "gradcheck: the derivative of output 0[0] by input 0[0] must be near 1.0000000 (finite differences); got -1.0000000.",
      );
    }),
  );

  it(
    "fails on a transposed Jacobian, where it is not symmetric",
    scoped(() => {
      const w = square();
      expect(
        gradcheck(
          timesWith(w, (g) => matmul(g, transpose(w))),
          [square()],
        ),
      ).toBe(true);
      expect(() =>
        gradcheck(
          timesWith(w, (g) => matmul(g, w)),
          [square()],
        ),
      ).toThrow(GradError);
    }),
  );

  it(
    "fails on a missing un-broadcast",
    scoped(() => {
      // The walk sums a gradient of the stretched shape by itself; one that was cut down wrongly it cannot see.
      const b = (): Tensor => leaf([1, 2, 3]);
      expect(
        gradcheck(
          addRowWith((g) => g),
          [grid(), b()],
        ),
      ).toBe(true);
      expect(
        gradcheck(
          addRowWith((g) => sum(g, { axis: 0 })),
          [grid(), b()],
        ),
      ).toBe(true);
      expect(() =>
        gradcheck(
          addRowWith((g) => slice(g, 0, 0, 1)),
          [grid(), b()],
        ),
      ).toThrow(GradError);
    }),
  );

  it(
    "fails where a gradient is missing altogether",
    scoped(() => {
      expect(() => gradcheck((a) => mul(a, detach(a)), [x()])).toThrow(GradError);
      expect(() => gradcheck((a) => exp(noGrad(() => neg(a))), [x()])).toThrow(GradError);
    }),
  );

  it(
    "fails on a function whose value changes from call to call",
    scoped(() => {
      let calls = 0;
      expect(() => gradcheck((a) => mul(a, ++calls), [x()])).toThrow(GradError);
    }),
  );

  it(
    "refuses float32 and inputs without a gradient",
    scoped(() => {
      const single = tensor([1], { device: "reference", requiresGrad: true });
      expect(() => gradcheck(exp, [single])).toThrow(
        'gradcheck: inputs must be float64; got float32 for input 0. Make them with { dtype: "float64", device: "reference" }.',
      );
      expect(() => gradcheck(exp, [detach(x())])).toThrow(
        "gradcheck: at least one input must require a gradient; got none.",
      );
    }),
  );
});

describe("gradgradcheck", () => {
  it(
    "fails on a saved auxiliary taken as a constant, which gradcheck cannot see",
    scoped(() => {
      const connected = logSumExpWith((y) => y);
      const constant = logSumExpWith((y) => detach(y));
      expect(gradcheck(connected, [x()])).toBe(true);
      expect(gradcheck(constant, [x()])).toBe(true);
      expect(gradgradcheck(connected, [x()])).toBe(true);
      expect(() => gradgradcheck(constant, [x()])).toThrow(GradError);
    }),
  );

  it(
    "fails on a derivative that is computed without recording",
    scoped(() => {
      const silent: Vjp = (g, { y }) => noGrad(() => mul(g, y));
      expect(gradcheck(expWith(silent), [x()])).toBe(true);
      expect(() => gradgradcheck(expWith(silent), [x()])).toThrow(GradError);
    }),
  );
});

describe("the walk", () => {
  it(
    "refuses a gradient of a shape that is not the input's",
    scoped(() => {
      const wrong = expWith((g) => sum(g));
      const y = wrong(x());
      expect(() => sum(y).backward()).toThrow(GradError);
      const wider = addRowWith((g) => expand(sum(g), [4]));
      expect(() => sum(wider(grid(), leaf([1, 2, 3]))).backward()).toThrow(GradError);
    }),
  );
});

describe("the leak check of the suite", () => {
  it("sees a planted tensor, a planted view, and a planted graph", () => {
    const before = liveCounts();
    const planted = tensor([1, 2]);
    expect(liveCounts()).not.toEqual(before);
    const view = planted.reshape([2, 1]);
    planted.dispose();
    expect(liveCounts()).not.toEqual(before);
    view.dispose();
    expect(liveCounts()).toEqual(before);
    const w = tensor([1, 2], { requiresGrad: true });
    const y = exp(w);
    w.dispose();
    expect(liveCounts()).not.toEqual(before);
    y.dispose();
  });
});
