// ONNX operators of classification: softmax and the losses behind it.
import {
  argmax,
  cast,
  div,
  indexSelect,
  logSoftmax,
  mul,
  nllLoss,
  oneHot,
  permute,
  reshape,
  softmax,
  sum,
  tensor,
} from "../../../src/index.ts";
import type { Tensor } from "../../../src/index.ts";
import { positive } from "../invocation.ts";
import type { Invocation, Operator, Operators } from "../invocation.ts";

/** Along an axis; before version 13 over all axes from it on, as one. */
const alongAxis =
  (f: (x: Tensor, axis: number) => Tensor): Operator =>
  (call) => {
    const x = call.x();
    const axis = positive(call.number("axis", call.opset < 13 ? 1 : -1), x.rank);
    if (call.opset >= 13) return f(x, axis);
    const lead = x.shape.slice(0, axis).reduce((a, b) => a * b, 1);
    return reshape(f(reshape(x, [lead, x.size / lead]), 1), x.shape);
  };

function hardmax(x: Tensor, axis: number): Tensor {
  const order = x.shape.map((_, i) => i).slice(0, -1);
  order.splice(axis, 0, x.rank - 1);
  return cast(permute(oneHot(argmax(x, { axis }), x.shape[axis]), order), "float32");
}

/**
 * Of log-probabilities [N, C, ...] and classes [N, ...]. The library's loss takes rows; weights per class and classes to
 * ignore come in as a weight per row.
 */
function likelihood(call: Invocation, logProbabilities: Tensor): Tensor {
  const [rank, classes] = [logProbabilities.rank, logProbabilities.shape[1]];
  const target = call.x(1);
  const last = [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1];
  const rows = reshape(permute(logProbabilities, last), [-1, classes]);
  const ignored = call.has("ignore_index") ? call.number("ignore_index", 0) : null;
  const chosen = Array.from(target.dataSync());
  const inside = Int32Array.from(chosen, (c) => (c === ignored ? 0 : c));
  const index = tensor(inside, { device: "wasm" });
  const kept = tensor(
    Float32Array.from(chosen, (c) => Number(c !== ignored)),
    { device: "wasm" },
  );
  const weight = call.optional(2);
  const perRow = weight ? mul(kept, indexSelect(weight, 0, index)) : kept;
  const loss = mul(nllLoss(rows, index, { reduction: "none" }), perRow);
  const reduction = call.text("reduction", "mean");
  if (reduction === "none") return reshape(loss, target.shape);
  return reduction === "sum" ? sum(loss) : div(sum(loss), sum(perRow));
}

export const losses: Operators = {
  Softmax: alongAxis(softmax),
  LogSoftmax: alongAxis(logSoftmax),
  Hardmax: alongAxis(hardmax),
  NegativeLogLikelihoodLoss: (call) => likelihood(call, call.x(0)),
  SoftmaxCrossEntropyLoss: (call) => {
    const logProbabilities = logSoftmax(call.x(0), 1);
    return [likelihood(call, logProbabilities), logProbabilities];
  },
};
