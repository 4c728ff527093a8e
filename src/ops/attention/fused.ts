// Attention as one op: the record of the kernels that work by tiles, and of the plain ops they stand for.
import type { AttentionAttrs } from "../../backend/kernels.ts";
import { applyMany } from "../../tensor/apply.ts";
import { primitive } from "../../tensor/primitive.ts";
import type { OutputSpec, Primitive } from "../../tensor/primitive.ts";
import { composite } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { permute } from "../algebra.ts";
import { HEADS_FIRST, headsFirst, maskOf, recorded, specOf } from "./layout.ts";
import { attend, attendGrad } from "./plain.ts";
import type { PartGrads, Parts } from "./plain.ts";

const outputSpecs = (q: Tensor, v: Tensor): readonly OutputSpec[] => {
  const [batch, heads, queries] = q.shape;
  return [specOf([batch, queries, heads, v.shape[3]], q), specOf([batch, heads, queries, 2], q)];
};

const gradPrimitive: Primitive<AttentionAttrs> = primitive({
  name: "scaledDotProductAttention",
  inputs: ["g", "q", "k", "v", "y", "normaliser", "mask"],
  outputs: ["gq", "gk", "gv"],
  strided: ["g", "q", "k", "v", "mask"],
  infer: ([, q, k, v], _: AttentionAttrs) =>
    [q, k, v].map((x) => {
      const [batch, heads, length, width] = x.shape;
      return specOf([batch, length, heads, width], x);
    }),
  kernel: ({ fused }, [g, q, k, v, y, normaliser, mask], [gq, gk, gv], attrs) => {
    if (fused.attentionGrad === "decompose") return;
    const inputs = { q, k, v, mask: maskOf(mask, q, k) };
    const results = { y: headsFirst(y), normaliser, g: headsFirst(g) };
    const gradients = { q: headsFirst(gq), k: headsFirst(gk), v: headsFirst(gv) };
    fused.attentionGrad(inputs, results, gradients, attrs);
  },
});

type Name = "q" | "k" | "v" | "mask";
type Saved = Readonly<Record<Name | "y" | "normaliser", Tensor>>;

const partsOf = ({ q, k, v, mask }: Pick<Saved, Name>): Parts => ({ q, k, v, mask: mask ?? null });

const NAMES: readonly Name[] = ["q", "k", "v", "mask"];

function fastGrad(
  g: Tensor,
  saved: Saved,
  attrs: AttentionAttrs,
  needs: readonly boolean[],
): readonly (Tensor | null)[] {
  const { q, k, v, y, normaliser, mask } = saved;
  // A learned mask is rare, and its gradient has all T x S elements anyway.
  if (q.device.kernels.fused.attentionGrad === "decompose" || needs[3]) {
    const all: PartGrads = attendGrad(partsOf(saved), attrs, g);
    return needs.map((need, i) => (need ? all[NAMES[i]] : null));
  }
  const inputs = [g, q, k, v, y, normaliser, ...(mask === undefined ? [] : [mask])];
  const grads = applyMany(gradPrimitive, inputs, attrs);
  return needs.map((need, i) => (need ? permute(grads[i], HEADS_FIRST) : null));
}

// One record for calls with a mask and one for those without: what is saved must be there.
function attentionPrimitive(masked: boolean): Primitive<AttentionAttrs> {
  const inputs = NAMES.slice(0, masked ? 4 : 3);
  const vjpOf =
    (name: Name) =>
    ([g]: readonly (Tensor | null)[], saved: Saved, attrs: AttentionAttrs): Tensor =>
      attendGrad(partsOf(saved), attrs, g!)[name];
  return primitive({
    name: "scaledDotProductAttention",
    inputs,
    outputs: ["y", "normaliser"],
    strided: inputs,
    infer: ([q, , v], _: AttentionAttrs) => outputSpecs(q, v),
    kernel: ({ fused }, [q, k, v, mask], [y, normaliser], attrs) => {
      if (fused.attention === "decompose") return;
      const all = { q, k, v, mask: maskOf(mask, q, k) };
      fused.attention(all, headsFirst(y), normaliser, attrs);
    },
    saves: [...inputs, "y" as const, "normaliser" as const],
    vjp: { q: vjpOf("q"), k: vjpOf("k"), v: vjpOf("v"), mask: vjpOf("mask") },
    vjpKernel: ([g], saved, attrs, needs) => fastGrad(g!, saved, attrs, needs),
  });
}

const plainPrimitive = attentionPrimitive(false);
const maskedPrimitive = attentionPrimitive(true);

/** y [B, H, T, Ev] of checked parts. */
export function fusedAttention({ q, k, v, mask }: Parts, attrs: AttentionAttrs): Tensor {
  return composite("scaledDotProductAttention", () => {
    const p = mask === null ? plainPrimitive : maskedPrimitive;
    const inputs = mask === null ? [q, k, v] : [q, k, v, mask];
    if (q.device.kernels.fused.attention !== "decompose")
      return permute(applyMany(p, inputs, attrs)[0], HEADS_FIRST);
    return permute(recorded(p, inputs, attrs, () => attend({ q, k, v, mask }, attrs))[0], HEADS_FIRST);
  });
}
