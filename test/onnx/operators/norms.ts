// ONNX operators that normalise, and dropout, which leaves things as they are when it does not train.
import {
  add,
  batchNorm,
  div,
  instanceNorm,
  layerNorm,
  localResponseNorm,
  mean,
  mul,
  onesLike,
  reciprocal,
  reshape,
  sqrt,
  square,
  sub,
  cast,
} from "../../../src/index.ts";
import type { Tensor } from "../../../src/index.ts";
import { positive } from "../invocation.ts";
import type { Invocation, Operators } from "../invocation.ts";

interface Moments {
  readonly average: Tensor;
  /** Over the count, not the count less one. */
  readonly variance: Tensor;
}

function moments(x: Tensor, axis: readonly number[]): Moments {
  const average = mean(x, { axis, keepDims: true });
  return { average, variance: mean(square(sub(x, average)), { axis, keepDims: true }) };
}

function batch(call: Invocation): readonly Tensor[] {
  const [x, weight, bias, runningMean, runningVar] = [0, 1, 2, 3, 4].map((i) => call.x(i));
  const eps = call.number("epsilon", 1e-5);
  if (call.number("training_mode", 0) === 0)
    return [batchNorm(x, runningMean, runningVar, weight, bias, { eps })];
  const momentum = call.number("momentum", 0.9);
  const y = batchNorm(x, null, null, weight, bias, { training: true, eps });
  const { average, variance } = moments(
    x,
    x.shape.map((_, i) => i).filter((i) => i !== 1),
  );
  const moved = (running: Tensor, value: Tensor): Tensor =>
    add(mul(running, momentum), mul(reshape(value, running.shape), 1 - momentum));
  return [y, moved(runningMean, average), moved(runningVar, variance)];
}

function layer(call: Invocation): readonly Tensor[] {
  const x = call.x();
  const axis = positive(call.number("axis", -1), x.rank);
  const eps = call.number("epsilon", 1e-5);
  const y = layerNorm(x, x.shape.slice(axis), call.x(1), call.optional(2), { eps });
  if (call.node.outputs.length === 1) return [y];
  const { average, variance } = moments(x, x.shape.map((_, i) => i).slice(axis));
  return [y, average, reciprocal(sqrt(add(variance, eps)))];
}

function meanVariance(call: Invocation): Tensor {
  const { average, variance } = moments(call.x(), call.numbers("axes") ?? [0, 2, 3]);
  return div(sub(call.x(), average), add(sqrt(variance), 1e-9));
}

function localResponse(call: Invocation): Tensor {
  const size = call.number("size", 1);
  if (size % 2 === 0) return call.beyond("an even size: the windows lie otherwise");
  return localResponseNorm(call.x(), size, {
    alpha: call.number("alpha", 1e-4),
    beta: call.number("beta", 0.75),
    k: call.number("bias", 1),
  });
}

/** Draws differ from any other library's: only what is certain is compared. */
function dropout(call: Invocation): readonly Tensor[] {
  const x = call.x();
  const ratio = call.values(1)?.[0] ?? call.number("ratio", 0.5);
  if (call.values(2)?.[0] && ratio !== 0) return call.beyond("random numbers of another generator");
  return [x, cast(onesLike(x), "bool")];
}

export const norms: Operators = {
  BatchNormalization: batch,
  LayerNormalization: layer,
  InstanceNormalization: (call) =>
    instanceNorm(call.x(0), null, null, call.x(1), call.x(2), { eps: call.number("epsilon", 1e-5) }),
  MeanVarianceNormalization: meanVariance,
  LRN: localResponse,
  Dropout: dropout,
};
