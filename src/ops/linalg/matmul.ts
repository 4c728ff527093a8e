// Matrix products.
import { ShapeError } from "../../core/errors.ts";
import { broadcastShapes, formatShape, sizeOf } from "../../core/shape.ts";
import type { Shape } from "../../core/shape.ts";
import type { Operand } from "../../backend/kernels.ts";
import { View } from "../../core/view.ts";
import { apply, applyMany } from "../../tensor/apply.ts";
import { primitive } from "../../tensor/primitive.ts";
import type { OutputSpec, Primitive } from "../../tensor/primitive.ts";
import { composite } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { reshape, transpose } from "../algebra.ts";
import { requireFloat, requireSameDType } from "../checks.ts";

// [..., M, K] x [..., K, N] -> [..., M, N] with the leading axes broadcast.
function matmulSpec(op: string, a: Tensor, b: Tensor): OutputSpec {
  const k = a.shape[a.rank - 1];
  const k2 = b.shape[b.rank - 2];
  if (a.rank === 2 && b.rank === 2 && k === k2)
    return { view: View.of([a.shape[0], b.shape[1]]), dtype: a.dtype };
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
  if (k === k2 && batch)
    return { view: View.of([...batch, a.shape[a.rank - 2], b.shape[b.rank - 1]]), dtype: a.dtype };
  const got = `got a ${formatShape(a.shape)} and b ${formatShape(b.shape)}`;
  if (!batch) throw new ShapeError(op, `leading axes must broadcast; ${got}.`);
  const hint = k === b.shape[b.rank - 1] ? " Did you mean matmul(a, b.transpose())?" : "";
  throw new ShapeError(op, `inner dimensions must agree; ${got} (${String(k)} != ${String(k2)}).${hint}`);
}

const stretchBatch = (x: Operand, y: Operand): Operand => {
  const { shape } = x.view;
  if (shape.length === 2 && y.view.shape.length === 2) return x;
  const to: Shape = [...y.view.shape.slice(0, -2), ...shape.slice(-2)];
  return { storage: x.storage, view: x.view.expand(to) };
};

const matmulPrimitive: Primitive<null> = primitive({
  name: "matmul",
  inputs: ["a", "b"],
  strided: ["a", "b"],
  infer: ([a, b], _: null) => {
    requireFloat("matmul", a);
    requireSameDType("matmul", [a, b], ["a", "b"]);
    return matmulSpec("matmul", a, b);
  },
  kernel: (k, [a, b], y) => k.matmul(stretchBatch(a, y), stretchBatch(b, y), null, y),
  saves: ["a", "b"],
  vjp: {
    a: (g, { b }) => matmul(g, transpose(b)),
    b: (g, { a }) => matmul(transpose(a), g),
  },
});

/**
 * Matrix product y = a b over the last two axes; leading axes broadcast as batches. A vector operand counts as one row
 * (left) or one column (right), and that axis is dropped from the result.
 *
 * Shapes: a [..., M, K], b [..., K, N] -> [..., M, N]. Transposed operands cost nothing.
 *
 * @throws ShapeError when the inner sizes differ or an operand is a scalar.
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  a.assertAlive("matmul");
  b.assertAlive("matmul");
  if (a.rank >= 2 && b.rank >= 2) return apply(matmulPrimitive, [a, b], null);
  if (a.rank === 0 || b.rank === 0) {
    throw new ShapeError(
      "matmul",
      `operands must have at least one axis; got a ${formatShape(a.shape)} and b ${formatShape(b.shape)}. Use mul for scalars.`,
    );
  }
  return vectorMatmul(a, b);
}

function vectorMatmul(a: Tensor, b: Tensor): Tensor {
  return composite("matmul", () => {
    const left = a.rank === 1 ? reshape(a, [1, a.size]) : a;
    const right = b.rank === 1 ? reshape(b, [b.size, 1]) : b;
    const y = apply(matmulPrimitive, [left, right], null);
    const isAdded = (axis: number): boolean =>
      (a.rank === 1 && axis === y.rank - 2) || (b.rank === 1 && axis === y.rank - 1);
    return reshape(
      y,
      y.shape.filter((_, axis) => !isAdded(axis)),
    );
  });
}

// x seen as a matrix of rows; x is dense.
function rowsOf(x: Operand, width: number): Operand {
  const { view, storage } = x;
  if (view.shape.length === 2) return x;
  let rows = 1;
  for (let i = 0; i < view.shape.length - 1; i++) rows *= view.shape[i];
  return { storage, view: view.reshape([rows, width])! };
}

const turned = ({ storage, view }: Operand): Operand => ({ storage, view: view.transposed() });

interface GradAttrs {
  readonly needs: readonly boolean[];
}

// All three gradients at once: gx = g w, gw = g^T x, and for the bias the sum of the rows of g.
const linearGradPrimitive: Primitive<GradAttrs> = primitive({
  name: "linearGrad",
  inputs: ["g", "x", "w"],
  outputs: ["gx", "gw", "gbias"],
  strided: ["w"],
  infer: ([g, x, w], { needs }: GradAttrs) => {
    const specs: OutputSpec[] = [];
    if (needs[0]) specs.push(x);
    if (needs[1]) specs.push(w);
    if (needs[2]) specs.push({ view: View.of([w.shape[0]]), dtype: g.dtype });
    return specs;
  },
  kernel: (k, [g, x, w], outputs, { needs }) => {
    const { shape } = w.view;
    const width = shape[1];
    const rows = rowsOf(g, shape[0]);
    let at = 0;
    if (needs[0]) k.matmul(rows, w, null, rowsOf(outputs[at++], width));
    if (needs[1]) k.matmul(turned(rows), rowsOf(x, width), null, outputs[at++]);
    if (needs[2]) k.reduce("sum", rows, outputs[at], { outer: 1, n: rows.view.shape[0], inner: shape[0] });
  },
});

const asRows = (x: Tensor): Tensor =>
  x.rank === 2 ? x : reshape(x, [sizeOf(x.shape.slice(0, -1)), x.shape[x.rank - 1]]);

const LINEAR_INPUTS = ["x", "weight", "bias"];
const linearPrimitive: Primitive<null> = primitive({
  name: "linear",
  inputs: ["x", "w", "bias"],
  strided: ["w"],
  infer: (inputs, _: null) => {
    const x = inputs[0];
    requireFloat("linear", x);
    requireSameDType("linear", inputs, LINEAR_INPUTS);
    const shape = x.shape.slice();
    shape[shape.length - 1] = inputs[1].shape[0];
    return { view: View.of(shape), dtype: x.dtype };
  },
  kernel: (k, [x, w, bias], y) => {
    const { shape } = w.view;
    k.matmul(rowsOf(x, shape[1]), turned(w), bias ?? null, rowsOf(y, shape[0]));
  },
  saves: ["x", "w"],
  vjp: {
    x: (g, { w }) => matmul(g, w),
    w: (g, { x }) => matmul(transpose(asRows(g)), asRows(x)),
    bias: (g) => g,
  },
  vjpKernel: (g, { x, w }, _, needs) => {
    const made = applyMany(linearGradPrimitive, [g, x, w], { needs });
    let at = 0;
    return needs.map((need) => (need ? made[at++] : null));
  },
});

/**
 * Affine map y = x weightᵀ + bias, with the bias added inside the matrix product.
 *
 * Shapes: x [..., in], weight [out, in], bias [out] -> [..., out].
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor | null): Tensor {
  checkLinear(x, weight, bias);
  // One matrix product over all rows is faster than a batch of small ones.
  return apply(linearPrimitive, bias ? [x, weight, bias] : [x, weight], null);
}

function checkLinear(x: Tensor, weight: Tensor, bias: Tensor | null | undefined): void {
  x.assertAlive("linear");
  weight.assertAlive("linear");
  bias?.assertAlive("linear");
  const fits = x.rank >= 1 && weight.rank === 2 && x.shape[x.rank - 1] === weight.shape[1];
  const biasFits = !bias || (bias.rank === 1 && bias.shape[0] === weight.shape[0]);
  if (fits && biasFits) return;
  const biasText = bias ? `, bias ${formatShape(bias.shape)}` : "";
  throw new ShapeError(
    "linear",
    `x must be [..., in], weight [out, in] and bias [out]; got x ${formatShape(x.shape)}, ` +
      `weight ${formatShape(weight.shape)}${biasText}.`,
  );
}
