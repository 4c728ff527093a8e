// How the fused attention ops lay out what they make, and how plain ops stand in for their kernels.
import type { Operand } from "../../backend/kernels.ts";
import type { DType } from "../../core/dtype.ts";
import { View } from "../../core/view.ts";
import { recordMany } from "../../tensor/apply.ts";
import { withRecording } from "../../tensor/mode.ts";
import type { OutputSpec, Primitive } from "../../tensor/primitive.ts";
import { Scope } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";

// Heads lie behind positions in memory, [B, T, H, E]: merging them into [B, T, H E], which is what follows, is then a view.
export const HEADS_FIRST: readonly number[] = [0, 2, 1, 3];

export const headsFirst = (x: Operand): Operand => ({
  storage: x.storage,
  view: x.view.permute(HEADS_FIRST),
});

export const specOf = (shape: readonly number[], like: { readonly dtype: DType }): OutputSpec => ({
  view: View.of(shape),
  dtype: like.dtype,
});

/** The mask stretched to all scores. */
export function maskOf(mask: Operand | undefined, q: Operand, k: Operand): Operand | null {
  if (mask === undefined) return null;
  const shape = [...q.view.shape.slice(0, 3), k.view.shape[2]];
  return { storage: mask.storage, view: mask.view.expand(shape) };
}

/** Outputs that plain ops compute, recorded as those of the op. */
export function recorded<A>(
  p: Primitive<A>,
  inputs: readonly Tensor[],
  attrs: A,
  run: () => Tensor[],
): Tensor[] {
  const scope = new Scope("scaledDotProductAttention");
  let outputs: Tensor[] = [];
  try {
    outputs = withRecording(false, run);
  } finally {
    scope.close(outputs);
  }
  recordMany(p, inputs, attrs, outputs);
  return outputs;
}
