// fill, copy, cast and functions of one element on the wasm device.
import type { View } from "../../core/view.ts";
import type { KernelFamilies, Operand } from "../kernels.ts";
import { unaryScalars, unaryWithScalars } from "../scalars.ts";
import type { UnaryOp, UnaryWithOp } from "../scalars.ts";
import { pointer } from "./exports.ts";
import type { KernelExports, Workspace } from "./exports.ts";
import { fold, forEachOuter } from "./layout.ts";

type Kernel = (...args: number[]) => number;
type Families = Pick<KernelFamilies, "fill" | "copy" | "cast" | "unary" | "unaryWith">;

/** Written in JavaScript's doubles over the wasm memory: functions for which a vector kernel would not pay. */
const SCALAR = "scalar";

export function elementwiseKernels(e: KernelExports, workspace: Workspace): Families {
  const unary: Record<UnaryOp, Kernel | typeof SCALAR> = {
    neg: e.neg_f32,
    exp: e.exp_f32,
    log: e.log_f32,
    sqrt: e.sqrt_f32,
    relu: e.relu_f32,
    tanh: e.tanh_f32,
    sigmoid: e.sigmoid_f32,
    abs: e.abs_f32,
    sign: e.sign_f32,
    rsqrt: e.rsqrt_f32,
    reciprocal: e.reciprocal_f32,
    exp2: e.exp2_f32,
    expm1: e.expm1_f32,
    log2: e.log2_f32,
    log10: e.log10_f32,
    log1p: e.log1p_f32,
    sin: e.sin_f32,
    cos: e.cos_f32,
    tan: e.tan_f32,
    asin: e.asin_f32,
    acos: e.acos_f32,
    atan: e.atan_f32,
    sinh: e.sinh_f32,
    cosh: e.cosh_f32,
    floor: e.floor_f32,
    ceil: e.ceil_f32,
    round: e.round_f32,
    trunc: e.trunc_f32,
    erf: e.erf_f32,
    lgamma: SCALAR,
    digamma: SCALAR,
    silu: e.silu_f32,
    gelu: e.gelu_f32,
    geluTanh: e.gelu_tanh_f32,
  };
  const unaryWith: Record<UnaryWithOp, Kernel | typeof SCALAR> = {
    powScalar: e.pow_scalar_f32,
    clamp: e.clamp_f32,
    leakyRelu: e.leaky_relu_f32,
    elu: e.elu_f32,
    softplus: e.softplus_f32,
    mulScalar: e.mul_scalar_f32,
    addScalar: e.add_scalar_f32,
    subFrom: e.sub_from_f32,
    divScalar: e.div_scalar_f32,
    polygamma: SCALAR,
  };

  return {
    fill(y, value) {
      // int32 and bool buffers are windows of integers: a float bit pattern would not do.
      if (y.storage.dtype === "float32") e.fill_f32(pointer(y), value, 0, y.view.size);
      else workspace.heap.window(y.storage.dtype, pointer(y), y.view.size).fill(value);
    },
    copy(x, y) {
      copyTo(e, x.view, pointer(x), y.view, pointer(y));
    },
    cast(x, y) {
      const from = x.storage.dtype;
      const to = y.storage.dtype;
      if (from === "float32" && to === "int32") e.cast_f32_i32(pointer(x), pointer(y), 0, x.view.size);
      else if (from !== "float32" && to === "float32") e.cast_i32_f32(pointer(x), pointer(y), 0, x.view.size);
      else castToBool(workspace, x, y);
    },
    unary(op, x, y) {
      const kernel = unary[op];
      if (kernel === SCALAR || x.storage.dtype !== "float32")
        scalarLoop(workspace, x, y, unaryScalars[op].js);
      else kernel(pointer(x), pointer(y), 0, x.view.size);
    },
    unaryWith(op, x, y, a, b) {
      const kernel = unaryWith[op];
      const { js } = unaryWithScalars[op];
      if (kernel === SCALAR) scalarLoop(workspace, x, y, (value) => js(value, a, b));
      else kernel(pointer(x), pointer(y), a, b, 0, x.view.size);
    },
  };
}

// bool to int32 keeps the bits; anything to bool compares with zero. Rare, so a plain loop over the memory does.
function castToBool(workspace: Workspace, x: Operand, y: Operand): void {
  const n = x.view.size;
  const source = workspace.heap.window(x.storage.dtype, pointer(x), n);
  const target = workspace.heap.window(y.storage.dtype, pointer(y), n);
  for (let i = 0; i < n; i++) target[i] = y.storage.dtype === "bool" ? Number(source[i] !== 0) : source[i];
}

function scalarLoop(workspace: Workspace, x: Operand, y: Operand, js: (value: number) => number): void {
  const n = x.view.size;
  const source = workspace.heap.window(x.storage.dtype, pointer(x), n);
  const target = workspace.heap.window(y.storage.dtype, pointer(y), n);
  for (let i = 0; i < n; i++) target[i] = js(source[i]);
}

/** Copies between two layouts of the same shape; pointers are to the first elements. */
export function copyTo(e: KernelExports, from: View, xPtr: number, to: View, yPtr: number): void {
  if (from.dense && to.dense) {
    e.copy_f32(xPtr, yPtr, 0, from.size);
    return;
  }
  const folded = fold([from, to]);
  const outer = Math.max(0, folded.sizes.length - 4);
  const pad = <T>(values: T[], filler: T): T[] =>
    [filler, filler, filler, filler, ...values.slice(outer)].slice(-4);
  const [n0, n1, n2, n3] = pad(folded.sizes, 1);
  const [x0, x1, x2, x3] = pad(folded.strides[0], 0);
  const [y0, y1, y2, y3] = pad(folded.strides[1], 0);
  if (from.size === 0) return;
  forEachOuter(folded, outer, ([xAt, yAt]) => {
    const x = xPtr + xAt * 4;
    const y = yPtr + yAt * 4;
    e.copy_strided_f32(x, x0, x1, x2, x3, y, y0, y1, y2, y3, n0, n1, n2, n3, 0, n0 * n1 * n2);
  });
}
