// ONNX operators that fold axes away, walk along them, or sort them.
import {
  abs,
  argmax,
  argmin,
  cast,
  cumsum,
  flip,
  log,
  logsumexp,
  max,
  mean,
  min,
  prod,
  square,
  sqrt,
  sub,
  sum,
  topk,
} from "../../../src/index.ts";
import type { Tensor } from "../../../src/index.ts";
import { onNumbers } from "../invocation.ts";
import type { Invocation, Operator, Operators } from "../invocation.ts";

interface Over {
  readonly axis?: readonly number[];
  readonly keepDims: boolean;
}

const reduction =
  (f: (x: Tensor, over: Over) => Tensor): Operator =>
  (call) => {
    const axis = call.list("axes", 1);
    const none = axis === null || axis.length === 0;
    if (none && call.number("noop_with_empty_axes", 0) === 1) return call.x();
    const over = { axis: none ? undefined : axis, keepDims: call.number("keepdims", 1) === 1 };
    return onNumbers(call.x(), (x) => f(x, over));
  };

const position =
  (f: (x: Tensor, options: { axis: number; keepDims: boolean }) => Tensor): Operator =>
  (call) => {
    const [axis, keepDims] = [call.number("axis", 0), call.number("keepdims", 1) === 1];
    const x = call.x();
    if (call.number("select_last_index", 0) === 0) return f(x, { axis, keepDims });
    const n = x.shape.at(axis)!;
    const fromEnd = cast(f(flip(x, axis), { axis, keepDims }), "float32");
    return cast(sub(n - 1, fromEnd), "int32");
  };

function runningSum(call: Invocation): Tensor {
  const x = call.x();
  const axis = call.values(1)![0];
  const backward = call.number("reverse", 0) === 1;
  const turned = backward ? flip(x, axis) : x;
  const sums = cumsum(turned, axis);
  const y = call.number("exclusive", 0) === 1 ? sub(sums, turned) : sums;
  return backward ? flip(y, axis) : y;
}

function largest(call: Invocation): readonly Tensor[] {
  const k = call.has("k") ? call.number("k", 1) : call.values(1)![0];
  const [axis, most] = [call.number("axis", -1), call.number("largest", 1) === 1];
  return topk(call.x(), k, { axis, largest: most });
}

export const reductions: Operators = {
  ReduceSum: reduction(sum),
  ReduceMean: reduction(mean),
  ReduceMax: reduction(max),
  ReduceMin: reduction(min),
  ReduceProd: reduction(prod),
  ReduceL1: reduction((x, over) => sum(abs(x), over)),
  ReduceL2: reduction((x, over) => sqrt(sum(square(x), over))),
  ReduceSumSquare: reduction((x, over) => sum(square(x), over)),
  ReduceLogSum: reduction((x, over) => log(sum(x, over))),
  ReduceLogSumExp: reduction(logsumexp),
  ArgMax: position(argmax),
  ArgMin: position(argmin),
  CumSum: runningSum,
  TopK: largest,
};
