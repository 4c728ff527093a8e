// Fused kernels of rows and channels on the wasm device: softmax, normalisation, losses of class scores.
import type { FusedKernels, Operand } from "../kernels.ts";
import { pointer } from "./exports.ts";
import type { KernelExports, Workspace } from "./exports.ts";

const optional = (x: Operand | null): number => (x === null ? 0 : pointer(x));

type SoftmaxKeys = "logSoftmax" | "logSoftmaxGrad" | "softmax" | "softmaxGrad";

export function softmaxKernels(e: KernelExports): Pick<FusedKernels, SoftmaxKeys> {
  return {
    logSoftmax(x, y, form) {
      e.log_softmax_f32(pointer(x), pointer(y), form.n, 0, form.outer);
    },
    logSoftmaxGrad(g, y, gx, form) {
      e.log_softmax_grad_f32(pointer(g), pointer(y), pointer(gx), form.n, 0, form.outer);
    },
    softmax(x, y, form) {
      e.softmax_f32(pointer(x), pointer(y), form.n, 0, form.outer);
    },
    softmaxGrad(g, y, gx, form) {
      e.softmax_grad_f32(pointer(g), pointer(y), pointer(gx), form.n, 0, form.outer);
    },
  };
}

type NormKeys = "rowNorm" | "rowNormGrad" | "batchMoments" | "channelNorm" | "batchNormGrad";

export function normKernels(e: KernelExports, workspace: Workspace): Pick<FusedKernels, NormKeys> {
  return {
    rowNorm(x, weight, bias, y, { rows, n, eps, centred }) {
      const centre = Number(centred);
      e.norm_rows_f32(pointer(x), optional(weight), optional(bias), pointer(y), n, eps, centre, 0, rows);
    },
    rowNormGrad(g, x, weight, gx, gWeight, gBias, { rows, n, eps, centred }) {
      const wantsSums = gWeight !== null || gBias !== null;
      // Mean and inverse deviation of each row, from the first kernel to the second.
      const moments = wantsSums ? workspace.shared(8 * rows) : 0;
      const gPtr = pointer(g);
      const xPtr = pointer(x);
      const centre = Number(centred);
      e.norm_rows_grad_f32(gPtr, xPtr, optional(weight), pointer(gx), moments, n, eps, centre, 0, rows);
      if (wantsSums)
        e.norm_rows_weight_grad_f32(gPtr, xPtr, moments, optional(gWeight), optional(gBias), rows, n, 0, n);
    },
    batchMoments(x, mean, variance, { batch, channels, inner }) {
      e.batch_moments_f32(pointer(x), pointer(mean), pointer(variance), batch, channels, inner, 0, channels);
    },
    channelNorm(x, mean, variance, weight, bias, y, { batch, channels, inner, eps }) {
      const statistics = [pointer(mean), pointer(variance), optional(weight), optional(bias)];
      if (inner > 0)
        e.batch_norm_f32(pointer(x), ...statistics, pointer(y), channels, inner, eps, 0, batch * channels);
    },
    batchNormGrad(g, x, mean, variance, weight, gx, gWeight, gBias, { batch, channels, inner, eps }) {
      const read = [pointer(g), pointer(x), pointer(mean), pointer(variance)];
      const sums = [pointer(gWeight), pointer(gBias)];
      e.batch_norm_sums_f32(...read, ...sums, batch, channels, inner, eps, 0, channels);
      if (gx === null || inner === 0) return;
      const written = [optional(weight), ...sums, pointer(gx)];
      e.batch_norm_grad_f32(...read, ...written, batch, channels, inner, eps, 0, batch * channels);
    },
  };
}

/** Elements per partial sum, as in assembly/fused/squared-error.ts. */
const ERROR_BLOCK = 4096;

type LossKeys = "classLoss" | "classLossGrad" | "squaredError" | "squaredErrorGrad" | "leakyReluGrad";

export function lossKernels(e: KernelExports, workspace: Workspace): Pick<FusedKernels, LossKeys> {
  return {
    squaredError(x, target, y, scale) {
      const n = x.view.size;
      const blocks = Math.ceil(n / ERROR_BLOCK);
      const yPtr = pointer(y);
      const sums = blocks > 1 ? workspace.shared(4 * blocks) : yPtr;
      e.squared_error_f32(pointer(x), pointer(target), sums, n, 0, blocks);
      if (blocks !== 1) e.sum_f32(sums, yPtr, blocks, 1, 0, 1);
      e.mul_scalar_f32(yPtr, yPtr, scale, 0, 0, 1);
    },
    squaredErrorGrad(g, x, target, gx, scale) {
      e.squared_error_grad_f32(pointer(g), pointer(x), pointer(target), pointer(gx), scale, 0, x.view.size);
    },
    leakyReluGrad(g, x, gx, slope) {
      e.leaky_relu_grad_f32(pointer(g), pointer(x), pointer(gx), slope, 0, x.view.size);
    },
    classLoss(x, target, weight, y, { rows, classes, ignoreIndex, smoothing, normalised, reduction }) {
      const perRow = reduction === "none";
      const losses = perRow ? pointer(y) : workspace.shared(8 * rows);
      const shares = reduction === "mean" ? losses + 4 * rows : 0;
      const bad = e.class_loss_f32(
        pointer(x),
        pointer(target),
        optional(weight),
        losses,
        shares,
        classes,
        ignoreIndex,
        smoothing,
        Number(normalised),
        0,
        rows,
      );
      if (!perRow) e.class_loss_reduce_f32(losses, shares, pointer(y), rows, 0, 1);
      return bad;
    },
    classLossGrad(
      g,
      x,
      target,
      weight,
      gx,
      { rows, classes, ignoreIndex, smoothing, normalised, reduction },
    ) {
      const targetPtr = pointer(target);
      const weightPtr = optional(weight);
      const total = reduction === "mean" ? workspace.shared(4) : 0;
      if (total !== 0) e.class_share_total_f32(targetPtr, weightPtr, total, rows, ignoreIndex, 0, 1);
      e.class_loss_grad_f32(
        pointer(g),
        Number(reduction === "none"),
        total,
        pointer(x),
        targetPtr,
        weightPtr,
        pointer(gx),
        classes,
        ignoreIndex,
        smoothing,
        Number(normalised),
        0,
        rows,
      );
    },
  };
}
