// Attention on the wasm device: sizes and strides go to the kernels as a block of words, so that any layout of queries,
// keys and values (slices of one projection, heads behind positions) is read where it lies.
import type { View } from "../../core/view.ts";
import type { AttentionAttrs, AttentionInputs, FusedKernels, Operand } from "../kernels.ts";
import { pointer } from "./exports.ts";
import type { KernelExports, Workspace } from "./exports.ts";
import type { WasmHeap } from "./heap.ts";

const NO_MASK = 0;
const BOOL_MASK = 1;
const ADDED_MASK = 2;

const SHAPE_BYTES = 256; // 49 words, rounded up so that the scratch behind them is aligned

interface Layouts {
  readonly y: View;
  readonly g?: View;
  readonly gq?: View;
  readonly gk?: View;
  readonly gv?: View;
}

const maskKindOf = (mask: Operand | null): number => {
  if (mask === null) return NO_MASK;
  return mask.storage.dtype === "bool" ? BOOL_MASK : ADDED_MASK;
};

/** The first `count` strides, zeros where there is no view; returns where the next word goes. */
function writeStrides(words: Int32Array, at: number, view: View | undefined, count: number): number {
  for (let i = 0; i < count; i++) words[at + i] = view === undefined ? 0 : view.strides[i];
  return at + count;
}

/** The words of assembly/fused/attention-shape.ts, in its order. */
function writeShape(
  heap: WasmHeap,
  ptr: number,
  { q, k, v, mask }: AttentionInputs,
  layouts: Layouts,
  { scale, causalOffset, dropout }: AttentionAttrs,
): void {
  const words = heap.words();
  const floats = heap.floats();
  let at = ptr >>> 2;
  words[at++] = q.view.shape[1];
  words[at++] = v.view.shape[1];
  words[at++] = q.view.shape[2];
  words[at++] = v.view.shape[2];
  words[at++] = q.view.shape[3];
  words[at++] = v.view.shape[3];
  words[at++] = causalOffset === null ? 0 : 1;
  words[at++] = causalOffset ?? 0;
  words[at++] = maskKindOf(mask);
  at = writeStrides(words, at, mask?.view, 4);
  floats[at++] = scale;
  words[at++] = dropout === null ? 0 : 1;
  floats[at++] = dropout === null ? 0 : dropout.keep;
  floats[at++] = dropout === null ? 0 : dropout.value;
  words[at++] = dropout === null ? 0 : dropout.state.seedLow;
  words[at++] = dropout === null ? 0 : dropout.state.seedHigh;
  words[at++] = dropout === null ? 0 : dropout.state.counterLow;
  words[at++] = dropout === null ? 0 : dropout.state.counterHigh;
  at = writeStrides(words, at, q.view, 4);
  at = writeStrides(words, at, k.view, 4);
  at = writeStrides(words, at, v.view, 4);
  at = writeStrides(words, at, layouts.y, 3);
  at = writeStrides(words, at, layouts.g, 4);
  at = writeStrides(words, at, layouts.gq, 3);
  at = writeStrides(words, at, layouts.gk, 3);
  writeStrides(words, at, layouts.gv, 3);
}

/** Multiply-adds of one product over a unit's scores, exponentials counted as some. */
function scoreMadds({ q, k }: AttentionInputs, { causalOffset }: AttentionAttrs, units: number): number {
  const { size } = q.view;
  const share = causalOffset === null ? 1 : 0.5;
  const exponentials = 30 / q.view.shape[3];
  return Math.ceil((size * k.view.shape[2] * share * (1 + exponentials)) / units);
}

export function attentionKernels(
  e: KernelExports,
  workspace: Workspace,
): Pick<FusedKernels, "attention" | "attentionGrad"> {
  /** Writes the words; scratch memory follows behind them. */
  function prepare(
    inputs: AttentionInputs,
    layouts: Layouts,
    attrs: AttentionAttrs,
    scratchBytes: number,
  ): number {
    const ptr = workspace.scratch(SHAPE_BYTES + scratchBytes);
    writeShape(workspace.heap, ptr, inputs, layouts, attrs);
    return ptr;
  }

  return {
    attention(inputs, y, normaliser, attrs) {
      const { q, k, v, mask } = inputs;
      const [batch, heads, nQueries, width] = q.view.shape;
      const valueWidth = v.view.shape[3];
      const scratchBytes = e.attention_scratch_bytes(width, valueWidth);
      const shapePtr = prepare(inputs, { y: y.view }, attrs, scratchBytes);
      const units = e.attention_units(batch, heads, nQueries);
      const maskPtr = mask ? pointer(mask) : 0;
      e.attention_f32(
        pointer(q),
        pointer(k),
        pointer(v),
        maskPtr,
        pointer(y),
        pointer(normaliser),
        shapePtr,
        shapePtr + SHAPE_BYTES,
        2 * scoreMadds(inputs, attrs, units),
        0,
        units,
      );
    },
    attentionGrad(inputs, { y, normaliser, g }, gradients, attrs) {
      const { q, k, v, mask } = inputs;
      const [batch, keyHeads, , valueWidth] = v.view.shape;
      const [gq, gk, gv] = [gradients.q.view, gradients.k.view, gradients.v.view];
      const layouts = { y: y.view, g: g.view, gq, gk, gv };
      const scratchBytes = e.attention_grad_scratch_bytes(q.view.shape[3], valueWidth);
      const shapePtr = prepare(inputs, layouts, attrs, scratchBytes);
      const units = batch * keyHeads;
      const maskPtr = mask ? pointer(mask) : 0;
      e.attention_grad_f32(
        pointer(g),
        pointer(q),
        pointer(k),
        pointer(v),
        maskPtr,
        pointer(y),
        pointer(normaliser),
        pointer(gradients.q),
        pointer(gradients.k),
        pointer(gradients.v),
        ...[shapePtr, shapePtr + SHAPE_BYTES, 5 * scoreMadds(inputs, attrs, units), 0, units],
      );
    },
  };
}
