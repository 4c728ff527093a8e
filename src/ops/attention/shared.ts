// Self-attention whose queries, keys and values lie side by side in one tensor, as one projection makes them.
import type { AttentionAttrs, Operand } from "../../backend/kernels.ts";
import { apply, applyMany } from "../../tensor/apply.ts";
import { primitive } from "../../tensor/primitive.ts";
import type { Primitive } from "../../tensor/primitive.ts";
import { composite } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { permute, slice } from "../algebra.ts";
import { catFor } from "../placement.ts";
import { HEADS_FIRST, headsFirst, maskOf, recorded, specOf } from "./layout.ts";
import { attend, attendGrad } from "./plain.ts";
import type { PartGrads, Parts } from "./plain.ts";

/** x [B, T, heads + 2 keyHeads, E] holds the heads of q, then those of k, then those of v. */
export interface SharedAttrs extends AttentionAttrs {
  readonly heads: number;
  readonly keyHeads: number;
}

const spans = ({ heads, keyHeads }: SharedAttrs): readonly (readonly [start: number, count: number])[] => [
  [0, heads],
  [heads, keyHeads],
  [heads + keyHeads, keyHeads],
];

function operandsIn(x: Operand, attrs: SharedAttrs): Record<"q" | "k" | "v", Operand> {
  const [q, k, v] = spans(attrs).map(([start, count]) =>
    headsFirst({ storage: x.storage, view: x.view.slice(2, start, count, 1) }),
  );
  return { q, k, v };
}

function partsIn(x: Tensor, mask: Tensor | undefined, attrs: SharedAttrs): Parts {
  const [q, k, v] = spans(attrs).map(([start, count]) =>
    permute(slice(x, 2, start, start + count), HEADS_FIRST),
  );
  return { q, k, v, mask: mask ?? null };
}

const sharedGradPrimitive: Primitive<SharedAttrs> = primitive({
  name: "scaledDotProductAttention",
  inputs: ["g", "x", "y", "logSum", "mask"],
  strided: ["g", "x", "mask"],
  infer: ([, x], _: SharedAttrs) => specOf(x.shape, x),
  kernel: ({ fused }, [g, x, y, logSum, mask], gx, attrs) => {
    if (fused.attentionGrad === "decompose") return;
    const { q, k, v } = operandsIn(x, attrs);
    const inputs = { q, k, v, mask: maskOf(mask, q, k) };
    const results = { y: headsFirst(y), logSum, g: headsFirst(g) };
    fused.attentionGrad(inputs, results, operandsIn(gx, attrs), attrs);
  },
});

type SharedSaved = Readonly<Record<"x" | "mask" | "y" | "logSum", Tensor>>;

const sharedGrads = (g: Tensor, { x, mask }: SharedSaved, attrs: SharedAttrs): PartGrads =>
  attendGrad(partsIn(x, mask, attrs), attrs, g);

const joined = ({ q, k, v }: PartGrads): Tensor =>
  catFor(
    "scaledDotProductAttention",
    [q, k, v].map((one) => permute(one, HEADS_FIRST)),
    2,
  );

function fastSharedGrad(
  g: Tensor,
  saved: SharedSaved,
  attrs: SharedAttrs,
  needs: readonly boolean[],
): readonly (Tensor | null)[] {
  const { x, y, logSum, mask } = saved;
  if (x.device.kernels.fused.attentionGrad === "decompose" || needs[1]) {
    const all = sharedGrads(g, saved, attrs);
    return [needs[0] ? joined(all) : null, needs[1] ? all.mask : null];
  }
  const inputs = [g, x, y, logSum, ...(mask === undefined ? [] : [mask])];
  return [apply(sharedGradPrimitive, inputs, attrs), null];
}

function sharedPrimitive(masked: boolean): Primitive<SharedAttrs> {
  const inputs = (["x", "mask"] as const).slice(0, masked ? 2 : 1);
  return primitive({
    name: "scaledDotProductAttention",
    inputs,
    outputs: ["y", "logSum"],
    strided: inputs,
    infer: ([x], { heads }: SharedAttrs) => {
      const [batch, length, , width] = x.shape;
      return [specOf([batch, length, heads, width], x), specOf([batch, heads, length], x)];
    },
    kernel: ({ fused }, [x, mask], [y, logSum], attrs) => {
      if (fused.attention === "decompose") return;
      const { q, k, v } = operandsIn(x, attrs);
      const all = { q, k, v, mask: maskOf(mask, q, k) };
      fused.attention(all, headsFirst(y), logSum, attrs);
    },
    saves: [...inputs, "y" as const, "logSum" as const],
    vjp: {
      x: ([g], saved, attrs) => joined(sharedGrads(g!, saved, attrs)),
      mask: ([g], saved, attrs) => sharedGrads(g!, saved, attrs).mask,
    },
    vjpKernel: ([g], saved, attrs, needs) => fastSharedGrad(g!, saved, attrs, needs),
  });
}

const sharedPlainPrimitive = sharedPrimitive(false);
const sharedMaskedPrimitive = sharedPrimitive(true);

/** y [B, H, T, E] of a checked x that holds q, k and v: one gradient tensor instead of three to be joined. */
export function fusedSharedAttention(x: Tensor, mask: Tensor | null, attrs: SharedAttrs): Tensor {
  return composite("scaledDotProductAttention", () => {
    const p = mask === null ? sharedPlainPrimitive : sharedMaskedPrimitive;
    const inputs = mask === null ? [x] : [x, mask];
    if (x.device.kernels.fused.attention !== "decompose")
      return permute(applyMany(p, inputs, attrs)[0], HEADS_FIRST);
    const run = (): [Tensor, Tensor] => attend(partsIn(x, mask ?? undefined, attrs), attrs);
    return permute(recorded(p, inputs, attrs, run)[0], HEADS_FIRST);
  });
}
