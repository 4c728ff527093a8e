// Connectionist temporal classification: the likelihood of a label sequence whose alignment with the frames is unknown.
import { ShapeError, ValueError } from "../../core/errors.ts";
import { formatShape } from "../../core/shape.ts";
import { noGrad } from "../../tensor/mode.ts";
import { composite } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, cast, expand, mul, neg, reshape, slice, sub } from "../algebra.ts";
import { requireFloat, requireIndex, requireRank, requireSameDevice, requireWhole } from "../checks.ts";
import { tensor } from "../creation.ts";
import { eq, exp, gt, log, maximum, where } from "../elementwise.ts";
import { gather, gatherFor } from "../indexing.ts";
import { reduced, requireReduction } from "./reduction.ts";
import type { LossOptions } from "./reduction.ts";

export interface CtcLossOptions extends LossOptions {
  /** The class that stands for "no label"; default 0. */
  readonly blank?: number;
  /** Whether impossible targets, whose loss is infinite, count as 0 (with no gradient); default false. */
  readonly zeroInfinity?: boolean;
}

/** Logarithm of a probability that is 0; finite, so that differences of two of them are. */
const NEVER = -1e30;

/** ln of the sum of e^x over the terms. The maximum only shifts the exponents; its gradient cancels. */
function logAddExp(...terms: readonly Tensor[]): Tensor {
  const largest = noGrad<Tensor>(() => terms.reduce((a, b) => maximum(a, b)));
  const total = terms.map((term) => exp(sub(term, largest))).reduce((a, b) => add(a, b));
  return add(log(total), largest);
}

/** What a frame adds: of the blank [N, 1], and of each label of the target [N, S]. */
interface Frames {
  readonly blank: (t: number) => Tensor;
  readonly labels: (t: number) => Tensor;
}

function framesOf(logProbs: Tensor, targets: Tensor, blank: number): Frames {
  const [nFrames, batch] = logProbs.shape;
  const length = targets.shape[1];
  const index = expand(reshape(targets, [1, batch, length]), [nFrames, batch, length]);
  const labels = gatherFor("ctcLoss", logProbs, 2, index);
  const blanks = slice(logProbs, 2, blank, blank + 1);
  return {
    blank: (t) => reshape(slice(blanks, 0, t, t + 1), [batch, 1]),
    labels: (t) => reshape(slice(labels, 0, t, t + 1), [batch, length]),
  };
}

/**
 * -ln P(target) over all alignments of the target with the frames. Labels may repeat, with blanks between
 * them, and must have one between two that are equal.
 *
 * Shapes: logProbs [T, N, C] (logarithms, from `logSoftmax`), targets int32 [N, S], the lengths N numbers each, at most T
 * and S -> scalar, or [N] for "none". The mean divides each loss by its target's length first.
 *
 * The gradient is that with respect to logProbs; behind `logSoftmax` it equals PyTorch's, whose own is already the one for
 * the scores. An impossible target has an infinite loss and no gradient.
 *
 * @throws IndexError naming the first target outside 0..C-1.
 *
 * Source: Graves et al. 2006.
 */
export function ctcLoss(
  logProbs: Tensor,
  targets: Tensor,
  inputLengths: readonly number[],
  targetLengths: readonly number[],
  { blank = 0, reduction = "mean", zeroInfinity = false }: CtcLossOptions = {},
): Tensor {
  checkCtc(logProbs, targets, inputLengths, targetLengths, blank);
  requireReduction("ctcLoss", reduction);
  const [nFrames, batch] = logProbs.shape;
  const length = targets.shape[1];
  const constant = (values: readonly number[], shape: readonly number[]): Tensor =>
    tensor(values, { shape, device: logProbs.device, dtype: logProbs.dtype });
  return composite("ctcLoss", () => {
    const frames = framesOf(logProbs, targets, blank);
    const onlyFirst = (n: number, first: number, rest: number): Tensor =>
      constant(
        Array.from({ length: n }, (_, i) => (i === 0 ? first : rest)),
        [n],
      );
    // Position s of the shifted labels holds label s - 1; there is none before the first.
    const before = expand(
      tensor(
        Int32Array.from({ length: length + 1 }, (_, i) => Math.max(0, i - 1)),
        { shape: [1, length + 1], device: logProbs.device },
      ),
      [batch, length + 1],
    );
    const none = onlyFirst(length + 1, NEVER, 0);
    const shifted = (labels: Tensor): Tensor => add(gather(labels, 1, before), none);
    // A label follows the one before it directly only where they differ.
    const previous = gather(targets, 1, slice(before, 1, 0, length));
    const repeats = mul(cast(eq(targets, previous), logProbs.dtype), NEVER);
    // ln of the probability of all beginnings that end, after this frame, in blank s (before label s), in label s.
    let blanks = add(frames.blank(0), onlyFirst(length + 1, 0, NEVER));
    let labels = add(frames.labels(0), onlyFirst(length, 0, NEVER));
    for (let t = 1; t < nFrames; t++) {
      const prior = shifted(labels);
      const direct = add(slice(prior, 1, 0, length), repeats);
      let nextBlanks = add(frames.blank(t), logAddExp(blanks, prior));
      let nextLabels = add(frames.labels(t), logAddExp(labels, slice(blanks, 1, 0, length), direct));
      if (inputLengths.some((n) => t >= n)) {
        const running = tensor(
          inputLengths.map((n) => t < n),
          { shape: [batch, 1], device: logProbs.device },
        );
        nextBlanks = where(running, nextBlanks, blanks);
        nextLabels = where(running, nextLabels, labels);
      }
      [blanks, labels] = [nextBlanks, nextLabels];
    }
    const at = (x: Tensor, positions: readonly number[]): Tensor => {
      const index = tensor(Int32Array.from(positions), { shape: [batch, 1], device: x.device });
      return reshape(gather(x, 1, index), [batch]);
    };
    const lastLabel = at(
      labels,
      targetLengths.map((n) => Math.max(0, n - 1)),
    );
    const absent = constant(
      targetLengths.map((n) => (n === 0 ? NEVER : 0)),
      [batch],
    );
    const losses = neg(logAddExp(at(blanks, targetLengths), add(lastLabel, absent)));
    const possible = where(gt(losses, -NEVER / 10), zeroInfinity ? 0 : Infinity, losses);
    if (reduction !== "mean") return reduced(possible, reduction);
    const shares = constant(
      targetLengths.map((n) => 1 / Math.max(1, n)),
      [batch],
    );
    return reduced(mul(possible, shares), "mean");
  });
}

function checkCtc(
  logProbs: Tensor,
  targets: Tensor,
  inputLengths: readonly number[],
  targetLengths: readonly number[],
  blank: number,
): void {
  const op = "ctcLoss";
  logProbs.assertAlive(op);
  targets.assertAlive(op);
  requireSameDevice(op, [logProbs, targets]);
  requireFloat(op, logProbs);
  requireIndex(op, targets);
  requireRank(op, "logProbs", logProbs, 3, "[T, N, C]");
  requireRank(op, "targets", targets, 2, "[N, S]");
  const [nFrames, batch, classes] = logProbs.shape;
  const [rows, length] = targets.shape;
  if (rows !== batch || nFrames === 0 || batch === 0 || length === 0) {
    throw new ShapeError(
      op,
      `logProbs must be [T, N, C] and targets [N, S], none empty; got ${formatShape(logProbs.shape)} and ` +
        `${formatShape(targets.shape)}.`,
    );
  }
  requireWhole(op, "blank", blank, 0);
  if (blank >= classes)
    throw new ValueError(op, `blank must be a class, 0..${String(classes - 1)}; got ${String(blank)}.`);
  requireLengths(op, "inputLengths", inputLengths, batch, 1, nFrames);
  requireLengths(op, "targetLengths", targetLengths, batch, 0, length);
}

function requireLengths(
  op: string,
  name: string,
  lengths: readonly number[],
  batch: number,
  least: number,
  most: number,
): void {
  const valid =
    lengths.length === batch && lengths.every((n) => Number.isInteger(n) && n >= least && n <= most);
  if (valid) return;
  throw new ValueError(
    op,
    `${name} must be ${String(batch)} whole numbers in ${String(least)}..${String(most)}; got ${formatShape(lengths)}.`,
  );
}
