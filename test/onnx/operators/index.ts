// All operators that the library can stand for, and why the others are not among them.
import type { Operators } from "../invocation.ts";
import { elementwise } from "./elementwise.ts";
import { losses } from "./losses.ts";
import { matrices } from "./matmul.ts";
import { norms } from "./norms.ts";
import { recurrents } from "./recurrent.ts";
import { reductions } from "./reduce.ts";
import { resizing } from "./resize.ts";
import { shapes } from "./shape.ts";
import { windows } from "./windows.ts";

export const operators: Operators = {
  ...elementwise,
  ...losses,
  ...matrices,
  ...norms,
  ...recurrents,
  ...reductions,
  ...resizing,
  ...shapes,
  ...windows,
};

const each = (names: string, reason: string): [string, string][] =>
  names.split(" ").map((name) => [name, reason]);

/** Operators that no case is run with, each with its reason. The suite fails on one that is in neither list. */
export const absent: Readonly<Record<string, string>> = Object.fromEntries([
  ...each("If Loop Scan", "control flow belongs to the host language here"),
  ...each(
    "SequenceAt SequenceConstruct SequenceEmpty SequenceErase SequenceInsert SequenceLength SequenceMap " +
      "SplitToSequence ConcatFromSequence Optional OptionalGetElement OptionalHasElement",
    "sequences and optionals are the host language's arrays and nulls",
  ),
  ...each("StringNormalizer TfIdfVectorizer", "the library holds no text"),
  ...each(
    "ConvInteger MatMulInteger QLinearConv QLinearMatMul QuantizeLinear DequantizeLinear DynamicQuantizeLinear",
    "quantised arithmetic is not offered",
  ),
  ...each("BitShift", "bitwise arithmetic is not offered"),
  ...each(
    "DFT STFT MelWeightMatrix HannWindow HammingWindow BlackmanWindow",
    "signal processing is not offered",
  ),
  ...each("GridSample NonMaxSuppression RoiAlign MaxUnpool", "detection's own sampling is not offered"),
  ...each("Bernoulli RandomUniformLike", "random numbers of another generator"),
  ...each(
    "Optimizer Adagrad Adam Momentum Gradient ai.onnx.preview.training.Adagrad ai.onnx.preview.training.Adam " +
      "ai.onnx.preview.training.Momentum ai.onnx.preview.training.Gradient",
    "training operators; the optimizers are compared with PyTorch's steps instead",
  ),
  ...each("Unique", "distinct values by axis, with first places, are not offered"),
]);
