// Attention on the wasm device: sizes and strides go to the kernels as a block of words, so that any layout of queries,
// keys and values (slices of one projection, heads behind positions) is read where it lies.
import type { View } from "../../core/view.ts";
import type { AttentionAttrs, AttentionInputs, FusedKernels, Operand } from "../kernels.ts";
import { pointer } from "./exports.ts";
import type { KernelExports, Workspace } from "./exports.ts";

const NO_MASK = 0;
const BOOL_MASK = 1;
const ADDED_MASK = 2;

/** Place of the words that are floats; the others are whole numbers. */
const SCALE = 13;
const KEEP = 15;
const SHAPE_WORDS = 49;
const SHAPE_BYTES = 256; // the words, rounded up so that the scratch behind them is aligned

const NO_STRIDES = [0, 0, 0, 0];

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

const rowStrides = (view: View | undefined): readonly number[] => (view?.strides ?? NO_STRIDES).slice(0, 3);

/** The words of assembly/fused/attention-shape.ts; zeros where a float stands. */
function shapeWords(
  { q, k, v, mask }: AttentionInputs,
  layouts: Layouts,
  { causalOffset, dropout }: AttentionAttrs,
): number[] {
  const [, heads, nQueries, width] = q.view.shape;
  const [, keyHeads, nKeys, valueWidth] = v.view.shape;
  const { seedLow, seedHigh, counterLow, counterHigh } = dropout?.state ?? {
    ...{ seedLow: 0, seedHigh: 0, counterLow: 0, counterHigh: 0 },
  };
  return [
    ...[heads, keyHeads, nQueries, nKeys, width, valueWidth],
    ...[causalOffset === null ? 0 : 1, causalOffset ?? 0],
    ...[maskKindOf(mask), ...(mask?.view.strides ?? NO_STRIDES)],
    ...[0, dropout === null ? 0 : 1, 0, 0, seedLow, seedHigh, counterLow, counterHigh],
    ...[...q.view.strides, ...k.view.strides, ...v.view.strides],
    ...rowStrides(layouts.y),
    ...(layouts.g?.strides ?? NO_STRIDES),
    ...[...rowStrides(layouts.gq), ...rowStrides(layouts.gk), ...rowStrides(layouts.gv)],
  ];
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
    const { heap } = workspace;
    heap.window("int32", ptr, SHAPE_WORDS).set(shapeWords(inputs, layouts, attrs));
    const floats = heap.window("float32", ptr, SHAPE_WORDS);
    floats[SCALE] = attrs.scale;
    if (attrs.dropout !== null) floats.set([attrs.dropout.keep, attrs.dropout.value], KEEP);
    return ptr;
  }

  return {
    attention(inputs, y, logSum, attrs) {
      const { q, k, v, mask } = inputs;
      const [batch, heads, nQueries, width] = q.view.shape;
      const valueWidth = v.view.shape[3];
      const scratchBytes = e.attention_scratch_bytes(width, valueWidth);
      const shapePtr = prepare(inputs, { y: y.view }, attrs, scratchBytes);
      const units = e.attention_units(batch, heads, nQueries);
      const operands = [q, k, v].map(pointer);
      const maskPtr = mask ? pointer(mask) : 0;
      e.attention_f32(
        ...[...operands, maskPtr, pointer(y), pointer(logSum)],
        ...[shapePtr, shapePtr + SHAPE_BYTES, 2 * scoreMadds(inputs, attrs, units), 0, units],
      );
    },
    attentionGrad(inputs, { y, logSum, g }, gradients, attrs) {
      const { q, k, v, mask } = inputs;
      const [batch, keyHeads, , valueWidth] = v.view.shape;
      const layouts = {
        ...{ y: y.view, g: g.view },
        ...{ gq: gradients.q.view, gk: gradients.k.view, gv: gradients.v.view },
      };
      const scratchBytes = e.attention_grad_scratch_bytes(q.view.shape[3], valueWidth);
      const shapePtr = prepare(inputs, layouts, attrs, scratchBytes);
      const units = batch * keyHeads;
      const operands = [g, q, k, v].map(pointer);
      const maskPtr = mask ? pointer(mask) : 0;
      e.attention_grad_f32(
        ...[...operands, maskPtr, pointer(y), pointer(logSum)],
        ...[gradients.q, gradients.k, gradients.v].map(pointer),
        ...[shapePtr, shapePtr + SHAPE_BYTES, 5 * scoreMadds(inputs, attrs, units), 0, units],
      );
    },
  };
}
