// The loss of rows of class scores against class numbers: one kernel forward and one backward, which write no probabilities
// down, and the plain ops that they stand for.
import type { ClassLoss } from "../../backend/kernels.ts";
import { View } from "../../core/view.ts";
import { apply } from "../../tensor/apply.ts";
import { primitive } from "../../tensor/primitive.ts";
import type { Primitive } from "../../tensor/primitive.ts";
import { composite } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, cast, div, mul, neg, reshape, sum } from "../algebra.ts";
import { checkPosition, requireFloat } from "../checks.ts";
import { ne, where } from "../elementwise.ts";
import { gatherFor } from "../indexing.ts";
import { logSoftmax } from "../softmax.ts";
import { reduced } from "./reduction.ts";

export type RowLossAttrs = ClassLoss;

/** x [rows, classes], target int32 [rows], weight [classes] -> scalar, or [rows] for "none". */
export type RowLoss = (x: Tensor, target: Tensor, weight: Tensor | undefined, attrs: RowLossAttrs) => Tensor;

// Ignored targets pick class 0, whose value is then replaced: no index out of range, no gradient.
function plainLoss(
  op: string,
  [x, target, weight]: readonly (Tensor | undefined)[],
  { rows, classes, ignoreIndex, smoothing, normalised, reduction }: RowLossAttrs,
): Tensor {
  return composite(op, () => {
    const logProbabilities = normalised ? x! : logSoftmax(x!, 1);
    const kept = ne(target!, ignoreIndex);
    const safe = where(kept, target!, 0);
    const picked = reshape(gatherFor(op, logProbabilities, 1, reshape(safe, [rows, 1])), [rows]);
    const shares = weight
      ? where(kept, gatherFor(op, weight, 0, safe), 0)
      : cast(kept, logProbabilities.dtype);
    let losses = where(kept, neg(weight ? mul(picked, shares) : picked), 0);
    if (smoothing !== 0) {
      const scaled = weight ? mul(logProbabilities, weight) : logProbabilities;
      const even = where(kept, neg(sum(scaled, { axis: 1 })), 0);
      losses = add(mul(losses, 1 - smoothing), mul(even, smoothing / classes));
    }
    return reduction === "mean" ? div(sum(losses), sum(shares)) : reduced(losses, reduction);
  });
}

const gradPrimitive: Primitive<ClassLoss> = primitive({
  name: "classLossGrad",
  inputs: ["g", "x", "target", "weight"],
  infer: ([, x], _: ClassLoss) => x,
  kernel: (k, [g, x, target, weight], gx, loss) => {
    const { classLossGrad } = k.fused;
    if (classLossGrad !== "decompose") classLossGrad(g, x, target, weight ?? null, gx, loss);
  },
});

function rowLoss(op: string): RowLoss {
  const p: Primitive<ClassLoss> = primitive({
    name: op,
    inputs: ["x", "target", "weight"],
    infer: ([x], { rows, reduction }: ClassLoss) => {
      requireFloat(op, x);
      return { view: View.of(reduction === "none" ? [rows] : []), dtype: x.dtype };
    },
    fused: "classLoss",
    kernel: (k, [x, target, weight], y, loss) => {
      const { classLoss } = k.fused;
      if (classLoss !== "decompose")
        checkPosition(op, target, classLoss(x, target, weight ?? null, y, loss), loss.classes);
    },
    decompose: (inputs, attrs) => plainLoss(op, inputs, attrs),
    saves: ["x", "target", "weight"],
    vjp: "decompose",
    fusedVjp: "classLossGrad",
    vjpKernel: (g, { x, target, weight }, attrs) => [
      apply(gradPrimitive, weight === undefined ? [g, x, target] : [g, x, target, weight], attrs),
    ],
  });
  return (x, target, weight, attrs) => {
    const inputs = weight === undefined ? [x, target] : [x, target, weight];
    // The kernels have no gradient of the weights, which hardly anybody wants.
    return weight?.requiresGrad === true ? plainLoss(op, inputs, attrs) : apply(p, inputs, attrs);
  };
}

export const crossEntropyOfRows: RowLoss = rowLoss("crossEntropy");
export const nllOfRows: RowLoss = rowLoss("nllLoss");
