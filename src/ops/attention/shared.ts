// Self-attention whose queries, keys and values lie side by side in one tensor, as one projection makes them.
import type { AttentionAttrs, Operand } from "../../backend/kernels.ts";
import type { Shape } from "../../core/shape.ts";
import { apply, applyMany } from "../../tensor/apply.ts";
import { primitive } from "../../tensor/primitive.ts";
import type { Primitive } from "../../tensor/primitive.ts";
import { composite } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { permute, reshape, slice } from "../algebra.ts";
import { catFor } from "../placement.ts";
import { HEADS_FIRST, headsFirst, maskOf, recorded, specOf } from "./layout.ts";
import { attend, attendGrad } from "./plain.ts";
import type { PartGrads, Parts } from "./plain.ts";

/** x [B, T, (heads + 2 keyHeads) E] holds the heads of q, then those of k, then those of v. */
export interface SharedAttrs extends AttentionAttrs {
  readonly heads: number;
  readonly keyHeads: number;
}

/** [B, T, n E] -> [B, T, n, E] */
const split = ([batch, length, size]: Shape, n: number): number[] => [batch, length, n, size / n];

// Splitting the last axis never needs a copy.
const inHeads = ({ storage, view }: Operand, n: number): Operand => ({
  storage,
  view: view.reshape(split(view.shape, n))!,
});

const behindHeads = (x: Operand, { heads }: SharedAttrs): Operand => headsFirst(inHeads(x, heads));

function operandsIn(x: Operand, attrs: SharedAttrs): Record<"q" | "k" | "v", Operand> {
  const { heads, keyHeads } = attrs;
  const { storage, view } = inHeads(x, heads + 2 * keyHeads);
  const part = (start: number, count: number): Operand =>
    headsFirst({ storage, view: view.slice(2, start, count, 1) });
  return { q: part(0, heads), k: part(heads, keyHeads), v: part(heads + keyHeads, keyHeads) };
}

function partsIn(x: Tensor, mask: Tensor | undefined, attrs: SharedAttrs): Parts {
  const { heads, keyHeads } = attrs;
  const all = reshape(x, split(x.shape, heads + 2 * keyHeads));
  const part = (start: number, count: number): Tensor =>
    permute(slice(all, 2, start, start + count), HEADS_FIRST);
  const parts = { q: part(0, heads), k: part(heads, keyHeads), v: part(heads + keyHeads, keyHeads) };
  return { ...parts, mask: mask ?? null };
}

const sharedGradPrimitive: Primitive<SharedAttrs> = primitive({
  name: "scaledDotProductAttention",
  inputs: ["g", "x", "y", "normaliser", "mask"],
  strided: ["g", "x", "mask"],
  infer: ([, x], _: SharedAttrs) => specOf(x.shape, x),
  kernel: ({ fused }, [g, x, y, normaliser, mask], gx, attrs) => {
    if (fused.attentionGrad === "decompose") return;
    const { q, k, v } = operandsIn(x, attrs);
    const inputs = { q, k, v, mask: maskOf(mask, q, k) };
    const results = { y: behindHeads(y, attrs), normaliser, g: behindHeads(g, attrs) };
    fused.attentionGrad(inputs, results, operandsIn(gx, attrs), attrs);
  },
});

type SharedSaved = Readonly<Record<"x" | "mask" | "y" | "normaliser", Tensor>>;

const sharedGrads = (g: Tensor, { x, mask }: SharedSaved, attrs: SharedAttrs): PartGrads =>
  attendGrad(partsIn(x, mask, attrs), attrs, reshape(g, split(g.shape, attrs.heads)));

function joined({ q, k, v }: PartGrads, { shape }: Tensor): Tensor {
  const parts = [q, k, v].map((one) => permute(one, HEADS_FIRST));
  return reshape(catFor("scaledDotProductAttention", parts, 2), shape);
}

function fastSharedGrad(
  g: Tensor,
  saved: SharedSaved,
  attrs: SharedAttrs,
  needs: readonly boolean[],
): readonly (Tensor | null)[] {
  const { x, y, normaliser, mask } = saved;
  if (x.device.kernels.fused.attentionGrad === "decompose" || needs[1]) {
    const all = sharedGrads(g, saved, attrs);
    return [needs[0] ? joined(all, x) : null, needs[1] ? all.mask : null];
  }
  const inputs = [g, x, y, normaliser, ...(mask === undefined ? [] : [mask])];
  return [apply(sharedGradPrimitive, inputs, attrs), null];
}

function sharedPrimitive(masked: boolean): Primitive<SharedAttrs> {
  const inputs = (["x", "mask"] as const).slice(0, masked ? 2 : 1);
  return primitive({
    name: "scaledDotProductAttention",
    inputs,
    outputs: ["y", "normaliser"],
    strided: inputs,
    infer: ([x], { heads, keyHeads }: SharedAttrs) => {
      const [batch, length, size] = x.shape;
      const width = size / (heads + 2 * keyHeads);
      return [specOf([batch, length, heads * width], x), specOf([batch, heads, length, 2], x)];
    },
    kernel: ({ fused }, [x, mask], [y, normaliser], attrs) => {
      if (fused.attention === "decompose") return;
      const { q, k, v } = operandsIn(x, attrs);
      const all = { q, k, v, mask: maskOf(mask, q, k) };
      fused.attention(all, behindHeads(y, attrs), normaliser, attrs);
    },
    saves: [...inputs, "y" as const, "normaliser" as const],
    vjp: {
      x: ([g], saved, attrs) => joined(sharedGrads(g!, saved, attrs), saved.x),
      mask: ([g], saved, attrs) => sharedGrads(g!, saved, attrs).mask,
    },
    vjpKernel: ([g], saved, attrs, needs) => fastSharedGrad(g!, saved, attrs, needs),
  });
}

const sharedPlainPrimitive = sharedPrimitive(false);
const sharedMaskedPrimitive = sharedPrimitive(true);

/** y [B, T, heads E] of a checked x that holds q, k and v: one gradient tensor instead of three to be joined. */
export function fusedSharedAttention(x: Tensor, mask: Tensor | null, attrs: SharedAttrs): Tensor {
  const p = mask === null ? sharedPlainPrimitive : sharedMaskedPrimitive;
  const inputs = mask === null ? [x] : [x, mask];
  return composite("scaledDotProductAttention", () => {
    if (x.device.kernels.fused.attention !== "decompose") return applyMany(p, inputs, attrs)[0];
    const run = (): [Tensor, Tensor] => {
      const [y, normaliser] = attend(partsIn(x, mask ?? undefined, attrs), attrs);
      return [reshape(y, [...y.shape.slice(0, 2), y.shape[2] * y.shape[3]]), normaliser];
    };
    return recorded(p, inputs, attrs, run)[0];
  });
}
