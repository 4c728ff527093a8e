// Running sums and products, and with them the product of all elements. Gradients of products divide by nothing, so
// zeros among the factors are no special case: they are linear recurrences, which are closed under differentiation.
import { checkAxis } from "../../core/shape.ts";
import { apply } from "../../tensor/apply.ts";
import { primitive } from "../../tensor/primitive.ts";
import type { Primitive } from "../../tensor/primitive.ts";
import { composite } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { axisForm, mul, reshape } from "../algebra.ts";
import type { ReduceOptions } from "../algebra.ts";
import { totalDType } from "../checks.ts";
import { overAxes, runSpec } from "./axes.ts";
import type { Run } from "./axes.ts";

interface ScanAttrs {
  readonly axis: number;
  /** From the end. */
  readonly reverse: boolean;
}

interface ShiftAttrs {
  readonly axis: number;
  /** Toward the end: y[i] = x[i - 1]; otherwise y[i] = x[i + 1]. */
  readonly forward: boolean;
  /** What comes in at the edge. */
  readonly edge: number;
}

const shiftPrimitive: Primitive<ShiftAttrs> = primitive({
  name: "shift",
  inputs: ["x"],
  strided: ["x"],
  infer: ([x], _: ShiftAttrs) => x,
  kernel: (k, [x], y, { axis, forward, edge }) => {
    const length = Math.max(0, x.view.shape[axis] - 1);
    k.fill(y, edge);
    k.copy(
      { storage: x.storage, view: x.view.slice(axis, forward ? 0 : 1, length, 1) },
      { storage: y.storage, view: y.view.slice(axis, forward ? 1 : 0, length, 1) },
    );
  },
  vjp: { x: (g, _, { axis, forward }) => apply(shiftPrimitive, [g], { axis, forward: !forward, edge: 0 }) },
});

const shift = (x: Tensor, axis: number, forward: boolean, edge = 0): Tensor =>
  apply(shiftPrimitive, [x], { axis, forward, edge });

const formOf = (x: { readonly view: { readonly shape: readonly number[] } }, axis: number) =>
  axisForm(x.view.shape, axis, axis + 1);

// y[i] = a[i] y[i - 1] + x[i], and in reverse its adjoint in x, y[i] = a[i + 1] y[i + 1] + x[i].
const recurrencePrimitive: Primitive<ScanAttrs> = primitive({
  name: "recurrence",
  inputs: ["a", "x"],
  infer: ([, x], _: ScanAttrs) => x,
  kernel: (k, [a, x], y, { axis, reverse }) => k.recurrence(a, x, y, formOf(x, axis), reverse),
  saves: ["a", "y"],
  vjp: {
    a: (g, { a, y }, { axis, reverse }) => {
      const back = recurrence(a, g, axis, !reverse);
      return reverse ? mul(shift(back, axis, true), y) : mul(back, shift(y, axis, true));
    },
    x: (g, { a }, { axis, reverse }) => recurrence(a, g, axis, !reverse),
  },
});

const recurrence = (a: Tensor, x: Tensor, axis: number, reverse: boolean): Tensor =>
  apply(recurrencePrimitive, [a, x], { axis, reverse });

const cumsumPrimitive: Primitive<ScanAttrs> = primitive({
  name: "cumsum",
  inputs: ["x"],
  infer: ([x], _: ScanAttrs) => ({ view: x.view, dtype: totalDType("cumsum", x) }),
  kernel: (k, [x], y, { axis, reverse }) => k.scan("cumsum", x, y, formOf(x, axis), reverse),
  vjp: { x: (g, _, { axis, reverse }) => apply(cumsumPrimitive, [g], { axis, reverse: !reverse }) },
});

// dy[k] / dx[i] is the product of what comes before i times that of what lies between i and k.
const cumprodPrimitive: Primitive<ScanAttrs> = primitive({
  name: "cumprod",
  inputs: ["x"],
  infer: ([x], _: ScanAttrs) => ({ view: x.view, dtype: totalDType("cumprod", x) }),
  kernel: (k, [x], y, { axis, reverse }) => k.scan("cumprod", x, y, formOf(x, axis), reverse),
  saves: ["x", "y"],
  vjp: {
    x: (g, { x, y }, { axis, reverse }) => {
      const between = reverse
        ? recurrence(shift(x, axis, true), g, axis, false)
        : recurrence(x, g, axis, true);
      return mul(shift(y, axis, !reverse, 1), between);
    },
  },
});

/** Sums of the elements up to each one along an axis: y[i] = x[0] + ... + x[i]; dtypes as for `sum`. */
export function cumsum(x: Tensor, axis: number): Tensor {
  x.assertAlive("cumsum");
  return apply(cumsumPrimitive, [x], { axis: checkAxis("cumsum", axis, x.rank), reverse: false });
}

/** Products of the elements up to each one along an axis: y[i] = x[0] ... x[i]. The gradient is right at zeros too; dtypes as for `sum`. */
export function cumprod(x: Tensor, axis: number): Tensor {
  x.assertAlive("cumprod");
  return apply(cumprodPrimitive, [x], { axis: checkAxis("cumprod", axis, x.rank), reverse: false });
}

// Each element's gradient is the product of the others: those before times those behind.
function prodGrad(g: Tensor, x: Tensor, { start, end }: Run): Tensor {
  return composite("prod", () => {
    const { outer, n, inner } = axisForm(x.shape, start, end);
    const factors = reshape(x, [outer, n, inner]);
    const before = shift(apply(cumprodPrimitive, [factors], { axis: 1, reverse: false }), 1, true, 1);
    const behind = shift(apply(cumprodPrimitive, [factors], { axis: 1, reverse: true }), 1, false, 1);
    return reshape(mul(mul(before, behind), reshape(g, [outer, 1, inner])), x.shape);
  });
}

const prodPrimitive: Primitive<Run> = primitive({
  name: "prod",
  inputs: ["x"],
  infer: ([x], run: Run) => runSpec(x, run, totalDType("prod", x)),
  kernel: (k, [x], y, { start, end }) => k.reduce("prod", x, y, axisForm(x.view.shape, start, end)),
  saves: ["x"],
  vjp: { x: (g, { x }, run) => prodGrad(g, x, run) },
});

/** Product over some axes, or all; 1 over nothing. The gradient is right at zeros too; dtypes as for `sum`. */
export function prod(x: Tensor, options: ReduceOptions = {}): Tensor {
  x.assertAlive("prod");
  return overAxes("prod", x, options, (y, run) => apply(prodPrimitive, [y], run));
}
