/*
 * Everything the binaries export. Kernels are pure functions on addresses: no allocation, no state, no data segment.
 * src/backend/wasm/signatures.ts declares the same list for TypeScript, and `npm run check` compares the two.
 */
export {
  add_f32,
  div_f32,
  maximum_f32,
  minimum_f32,
  mul_f32,
  relu_grad_f32,
  sigmoid_grad_f32,
  sub_f32,
  tanh_grad_f32,
} from "./binary";
export {
  atan2_f32,
  binary_i32,
  compare_f32,
  compare_i32,
  gelu_grad_f32,
  gelu_tanh_grad_f32,
  pow_f32,
  remainder_f32,
  silu_grad_f32,
} from "./binary-compact";
export { conv_f32, conv_input_grad_f32, conv_scratch_bytes, conv_unit_madds, conv_units } from "./conv";
export { conv_plan_bytes, conv_plan_f32 } from "./conv-plan";
export { conv_weight_grad_f32, conv_weight_grad_finish_f32 } from "./conv-weight";
export {
  abs_f32,
  acos_f32,
  asin_f32,
  atan_f32,
  ceil_f32,
  cos_f32,
  cosh_f32,
  erf_f32,
  exp2_f32,
  exp_f32,
  expm1_f32,
  floor_f32,
  gelu_f32,
  gelu_tanh_f32,
  log10_f32,
  log1p_f32,
  log2_f32,
  log_f32,
  neg_f32,
  reciprocal_f32,
  relu_f32,
  round_f32,
  rsqrt_f32,
  sigmoid_f32,
  sign_f32,
  silu_f32,
  sin_f32,
  sinh_f32,
  sqrt_f32,
  tan_f32,
  tanh_f32,
  trunc_f32,
} from "./elementwise";
export {
  add_scalar_f32,
  clamp_f32,
  div_scalar_f32,
  elu_f32,
  leaky_relu_f32,
  leaky_relu_grad_f32,
  mul_scalar_f32,
  pow_scalar_f32,
  softplus_f32,
  sub_from_f32,
} from "./elementwise-with";
export {
  batch_moments_f32,
  batch_norm_f32,
  batch_norm_grad_f32,
  batch_norm_sums_f32,
} from "./fused/batch-norm";
export {
  class_loss_f32,
  class_loss_grad_f32,
  class_loss_reduce_f32,
  class_share_total_f32,
} from "./fused/class-loss";
export { squared_error_f32, squared_error_grad_f32 } from "./fused/squared-error";
export { norm_rows_f32, norm_rows_grad_f32, norm_rows_weight_grad_f32 } from "./fused/norm";
export { attention_f32, attention_scratch_bytes, attention_units } from "./fused/attention";
export { attention_grad_f32, attention_grad_scratch_bytes } from "./fused/attention-grad";
export { log_softmax_f32, log_softmax_grad_f32, softmax_f32, softmax_grad_f32 } from "./fused/softmax";
export { gemm_batch_f32, gemm_columns_f32, gemm_f32, gemm_scratch_bytes } from "./matmul";
export {
  cast_f32_i32,
  cast_i32_f32,
  copy_f32,
  copy_strided_f32,
  fill_f32,
  gather_f32,
  index_add_f32,
  index_select_f32,
  masked_fill_i32,
  scatter_add_f32,
  scatter_order_i32,
} from "./movement";
export {
  adam_f32,
  adam_table_f32,
  scale_table_f32,
  sgd_f32,
  sgd_table_f32,
  squares_table_f32,
} from "./optim";
export { peak_gemm_tile_f32, peak_madd_f32 } from "./peak";
export { maxpool2d_f32, maxpool2d_grad_f32 } from "./pool";
export { bernoulli_f32, bits_i32, dropout_f32, normal_f32, uniform_f32 } from "./random";
export { gru_f32, gru_grad_f32 } from "./recurrent/gru";
export { lstm_f32, lstm_grad_f32 } from "./recurrent/lstm";
export { rnn_f32, rnn_grad_f32 } from "./recurrent/rnn";
export { pack_columns_f32 } from "./recurrent/step";
export { argmax_f32, argmin_f32, max_f32, min_f32, prod_f32, sum_f32 } from "./reduce";
export { argument_i32, reduce_i32, scan_i32 } from "./reduce-int";
export { cumprod_f32, cumsum_f32, recurrence_f32 } from "./scan";
export { where_f32 } from "./where";
