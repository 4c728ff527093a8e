// Elementwise kernels of the reference backend: the scalar maths of scalars.ts, one element at a time.
import type { KernelFamilies, Operand } from "../kernels.ts";
import { binaryScalars, compareScalars, unaryScalars, unaryWithScalars } from "../scalars.ts";
import type { BinaryScalar } from "../scalars.ts";
import { arrayOf, elementsOf, offsetsOf } from "./memory.ts";

type Elementwise = Pick<
  KernelFamilies,
  "fill" | "copy" | "cast" | "unary" | "unaryWith" | "binary" | "compare" | "where"
>;

export const elementwise: Elementwise = {
  fill(y, value) {
    const out = arrayOf(y);
    for (const at of offsetsOf(y)) out[at] = value;
  },

  copy(x, y) {
    const from = arrayOf(x);
    const xAt = offsetsOf(x);
    const out = arrayOf(y);
    const yAt = offsetsOf(y);
    for (let i = 0; i < xAt.length; i++) out[yAt[i]] = from[xAt[i]];
  },

  cast(x, y) {
    const from = elementsOf(x);
    const out = elementsOf(y);
    // To int32: toward zero, to the nearest end of the range beyond it, NaN to 0. To bool, whatever is not zero is true, NaN
    // included.
    if (y.storage.dtype === "bool") for (let i = 0; i < out.length; i++) out[i] = from[i] === 0 ? 0 : 1;
    else if (y.storage.dtype === "int32")
      for (let i = 0; i < out.length; i++) out[i] = Math.min(Math.max(from[i], -(2 ** 31)), 2 ** 31 - 1);
    else for (let i = 0; i < out.length; i++) out[i] = from[i];
  },

  unary(op, x, y) {
    const { js } = unaryScalars[op];
    const from = elementsOf(x);
    const out = elementsOf(y);
    for (let i = 0; i < out.length; i++) out[i] = js(from[i]);
  },

  unaryWith(op, x, y, a, b) {
    const { js } = unaryWithScalars[op];
    const from = elementsOf(x);
    const out = elementsOf(y);
    for (let i = 0; i < out.length; i++) out[i] = js(from[i], a, b);
  },

  binary(op, a, b, y) {
    const { js, int }: BinaryScalar = binaryScalars[op];
    combine(a.storage.dtype === "int32" && int ? int : js, a, b, y);
  },

  compare(op, a, b, y) {
    combine(compareScalars[op].js, a, b, y);
  },

  where(condition, a, b, y) {
    const holds = arrayOf(condition);
    const [left, right, out] = [arrayOf(a), arrayOf(b), elementsOf(y)];
    const [at, aAt, bAt] = [offsetsOf(condition), offsetsOf(a), offsetsOf(b)];
    for (let i = 0; i < out.length; i++) out[i] = holds[at[i]] === 0 ? right[bAt[i]] : left[aAt[i]];
  },
};

function combine(js: BinaryScalar["js"], a: Operand, b: Operand, y: Operand): void {
  const left = arrayOf(a);
  const right = arrayOf(b);
  const aAt = offsetsOf(a);
  const bAt = offsetsOf(b);
  const out = elementsOf(y);
  for (let i = 0; i < out.length; i++) out[i] = js(left[aAt[i]], right[bAt[i]]);
}
