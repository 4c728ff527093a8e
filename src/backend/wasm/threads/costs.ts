// What one unit of each kernel's work costs, which decides whether a call is cut and into how many chunks. Nanoseconds on
// one thread, rounded, as `npm run bench` shows them; half or twice as much would change little.
import type { KernelExports, KernelName } from "../exports.ts";
import type { kernelSignatures } from "../signatures.ts";

type Declared = typeof kernelSignatures;

type EndsInRange<S> = S extends `${string} start end` | `${string} start end -> i32` ? true : false;

/**
 * Kernels over a range: `start end` are their last arguments. A new one without a cost does not compile. (The types do
 * not see the text of a signature that is put together from pieces; all of those are kernels over a range.)
 */
export type RangeKernel = {
  [K in KernelName]: string extends Declared[K] ? K : EndsInRange<Declared[K]> extends true ? K : never;
}[KernelName];

export interface Cost {
  /** Nanoseconds of one unit, before the factors; 0 for kernels that are never cut. */
  readonly ns: number;
  /** Parameters that multiply it, at most three. */
  readonly by: readonly string[];
  /** What multiplies it where that takes a look at a description in memory. */
  readonly weigh?: (e: KernelExports, descriptionPtr: number) => number;
  /** What every chunk costs beyond its units, in nanoseconds, times its own parameters: packing. */
  readonly chunkNs: number;
  readonly chunkBy: readonly string[];
  /** Chunks begin at multiples of this many units. */
  readonly grain: number;
}

/** Where elements are written one beside the other: a chunk is whole cache lines. */
const LINE = 16;

const cost = (ns: number, by: string, rest: Partial<Cost> = {}): Cost => ({
  ...{ ns, by: by === "" ? [] : by.split(" "), chunkNs: 100, chunkBy: [], grain: 1 },
  ...rest,
});

const element = (ns: number): Cost => cost(ns, "", { grain: LINE });
/** Rows or columns whose length parameters name. */
const row = (ns: number, by: string): Cost => cost(ns, by);
const alone: Cost = cost(0, "");

/** One multiply-add in a register tile, and one element packed for it. */
const MADD = 0.018;
const PACK = 0.25;

const product = (by: string, grain: number, chunkBy: readonly string[]): Cost =>
  cost(MADD, by, { grain, chunkNs: PACK, chunkBy });

const convolution = (pass: number): Cost =>
  cost(MADD, "", { weigh: (e, geometryPtr) => e.conv_unit_madds(geometryPtr, pass) });

export const kernelCosts: { readonly [K in RangeKernel]: Cost } = {
  gemm_f32: product("n k", 6, ["n", "k"]),
  gemm_columns_f32: product("m k", 8, ["m", "k"]),
  gemm_batch_f32: product("m n k", 1, []),

  conv_f32: convolution(0),
  conv_input_grad_f32: convolution(1),
  conv_weight_grad_f32: convolution(2),
  conv_weight_grad_finish_f32: alone,

  maxpool2d_f32: row(3, "outH outW"),
  maxpool2d_grad_f32: row(1, "nOut"),

  neg_f32: element(0.1),
  abs_f32: element(0.1),
  sqrt_f32: element(0.4),
  rsqrt_f32: element(0.6),
  reciprocal_f32: element(0.4),
  exp_f32: element(0.8),
  log_f32: element(1.5),
  relu_f32: element(0.1),
  tanh_f32: element(0.8),
  sigmoid_f32: element(1.3),
  sign_f32: element(0.2),
  floor_f32: element(0.1),
  ceil_f32: element(0.1),
  round_f32: element(0.1),
  trunc_f32: element(0.1),
  exp2_f32: element(1),
  expm1_f32: element(1.5),
  log10_f32: element(1.5),
  log1p_f32: element(2),
  log2_f32: element(1.5),
  sinh_f32: element(2),
  cosh_f32: element(1.5),
  erf_f32: element(2),
  sin_f32: element(2),
  cos_f32: element(2),
  tan_f32: element(2.5),
  asin_f32: element(2),
  acos_f32: element(2),
  atan_f32: element(2),
  silu_f32: element(1.5),
  gelu_f32: element(2),
  gelu_tanh_f32: element(1.5),

  pow_scalar_f32: element(4),
  clamp_f32: element(0.1),
  leaky_relu_f32: element(0.1),
  leaky_relu_grad_f32: element(0.15),
  elu_f32: element(1.5),
  softplus_f32: element(2.5),
  mul_scalar_f32: element(0.1),
  add_scalar_f32: element(0.1),
  sub_from_f32: element(0.1),
  div_scalar_f32: element(0.4),

  add_f32: element(0.12),
  sub_f32: element(0.12),
  mul_f32: element(0.12),
  div_f32: element(0.4),
  maximum_f32: element(0.15),
  minimum_f32: element(0.15),
  relu_grad_f32: element(0.15),
  tanh_grad_f32: element(0.15),
  sigmoid_grad_f32: element(0.15),
  pow_f32: element(4),
  atan2_f32: element(3),
  remainder_f32: element(1),
  silu_grad_f32: element(2),
  gelu_grad_f32: element(3),
  gelu_tanh_grad_f32: element(2),
  compare_f32: element(0.2),
  compare_i32: element(0.2),
  binary_i32: element(0.3),
  where_f32: element(0.25),

  sum_f32: row(0.08, "n"),
  prod_f32: row(0.08, "n"),
  max_f32: row(0.12, "n"),
  min_f32: row(0.12, "n"),
  argmax_f32: row(0.5, "n"),
  argmin_f32: row(0.5, "n"),
  cumsum_f32: row(0.8, "n"),
  reduce_i32: row(0.15, "n"),
  argument_i32: row(0.7, "n"),
  scan_i32: row(0.7, "n"),
  cumprod_f32: row(0.8, "n"),
  recurrence_f32: row(1, "n"),

  softmax_f32: row(1.5, "n"),
  softmax_grad_f32: row(0.3, "n"),
  log_softmax_f32: row(1.5, "n"),
  log_softmax_grad_f32: row(1.2, "n"),

  // Rows of the batch, over all steps: their products; what the gates cost goes beside them.
  pack_columns_f32: row(8 * PACK, "k"),
  rnn_f32: row(1.5 * MADD, "nSteps nHidden nHidden"),
  rnn_grad_f32: row(1.5 * MADD, "nSteps nHidden nHidden"),
  lstm_f32: row(6 * MADD, "nSteps nHidden nOut"),
  lstm_grad_f32: row(6 * MADD, "nSteps nHidden nOut"),
  gru_f32: row(5 * MADD, "nSteps nHidden nHidden"),
  gru_grad_f32: row(5 * MADD, "nSteps nHidden nHidden"),

  attention_f32: cost(MADD, "unitMadds"),
  attention_grad_f32: cost(MADD, "unitMadds"),

  norm_rows_f32: row(0.7, "n"),
  norm_rows_grad_f32: row(1, "n"),
  norm_rows_weight_grad_f32: row(0.3, "nRows"),
  batch_moments_f32: row(0.3, "nBatch inner"),
  batch_norm_f32: row(0.2, "inner"),
  batch_norm_sums_f32: row(0.3, "nBatch inner"),
  batch_norm_grad_f32: row(0.3, "inner"),
  class_loss_f32: row(1.2, "n"),
  class_loss_reduce_f32: alone,
  class_share_total_f32: alone,
  class_loss_grad_f32: row(1.5, "n"),
  squared_error_f32: cost(400, ""),
  squared_error_grad_f32: element(0.15),

  fill_f32: element(0.06),
  copy_f32: element(0.1),
  copy_strided_f32: row(0.3, "n3"),
  gather_f32: element(1),
  index_select_f32: row(0.15, "inner"),
  scatter_add_f32: row(1.5, "nIndex"),
  index_add_f32: row(1, "nIndex"),
  scatter_order_i32: row(1.5, "nIndex"),
  masked_fill_i32: element(0.15),
  cast_f32_i32: element(0.2),
  cast_i32_f32: element(0.1),

  sgd_f32: element(0.3),
  adam_f32: element(0.8),
  // Rows are pieces of up to 16384 elements, and often whole small tensors.
  sgd_table_f32: cost(300, ""),
  adam_table_f32: cost(700, ""),
  squares_table_f32: cost(200, ""),
  scale_table_f32: cost(200, ""),

  bits_i32: element(1),
  uniform_f32: element(1.1),
  normal_f32: element(4),
  bernoulli_f32: element(1.2),
  dropout_f32: element(1.3),
};
