/*
 * The names and parameters of every kernel that assembly/ exports, in the order of the AssemblyScript parameters.
 * TypeScript calls kernels by this table and `npm run check` compares it with both binaries, so that a kernel whose
 * arguments changed cannot be called the old way. What each argument means is told once, above the kernel itself.
 *
 * How to read a row: names separated by blanks; i32 unless `name:f32`; `-> i32` where something is returned.
 *   *Ptr        a byte address (multiple of 4, 16 is faster); a *Ptr documented as optional takes 0 for "none"
 *   *Stride, *Row, n*   in elements, never in bytes
 *   start end   the half-open range of work units this call does. What a unit is, is said below; calls on disjoint
 *               ranges may run at the same time, and any way of cutting [0, units) into ranges gives the same bits.
 *   packPtr, scratchPtr  memory private to the calling thread; planPtr: memory shared by all of them, read-only while
 *               they run. The *_bytes functions say how much.
 */
export const kernelSignatures = {
  // Matrix product, y = A B (assembly/matmul.ts). gemm_f32 splits over rows of y, gemm_columns_f32 over its columns
  // (take the longer side), gemm_batch_f32 over matrices. biasPtr optional: n values, the start of every row of y.
  // accumulate 1: y += A B (bias ignored). Units: m rows, n columns, batch matrices.
  gemm_f32:
    "aPtr aRowStride aColStride bPtr bRowStride bColStride yPtr yRowStride biasPtr m n k accumulate packPtr start end",
  gemm_columns_f32:
    "aPtr aRowStride aColStride bPtr bRowStride bColStride yPtr yRowStride biasPtr m n k accumulate packPtr start end",
  gemm_batch_f32:
    "aPtr aBatchStride aRowStride aColStride bPtr bBatchStride bRowStride bColStride yPtr yBatchStride yRowStride " +
    "biasPtr m n k accumulate packPtr start end",
  gemm_scratch_bytes: "m n k -> i32",

  // Convolution in 1 to 3 dimensions (assembly/conv.ts). geometryPtr: 22 i32, see there. pass: 0 forward, 1 input
  // gradient, 2 weight gradient. First conv_plan_f32 on one thread, then the pass in ranges over the same plan.
  // Units: conv_units(geometryPtr, pass); conv_weight_grad_finish_f32: conv_units(geometryPtr, 3).
  conv_units: "geometryPtr pass -> i32",
  conv_unit_madds: "geometryPtr pass -> f64",
  conv_plan_bytes: "geometryPtr pass -> i32",
  conv_scratch_bytes: "geometryPtr pass -> i32",
  conv_plan_f32: "geometryPtr pass wPtr planPtr",
  conv_f32: "xPtr biasPtr yPtr geometryPtr planPtr scratchPtr start end",
  conv_input_grad_f32: "gPtr gxPtr geometryPtr planPtr scratchPtr start end",
  conv_weight_grad_f32: "xPtr gPtr geometryPtr planPtr scratchPtr start end",
  conv_weight_grad_finish_f32: "gwPtr geometryPtr planPtr start end",

  // Pooling (assembly/pool.ts). Units: planes (images * channels). indexPtr optional in the forward pass.
  maxpool2d_f32: "xPtr yPtr indexPtr inH inW outH outW kH kW sH sW pH pW dH dW start end",
  maxpool2d_grad_f32: "gPtr indexPtr gxPtr nIn nOut start end",

  // Elementwise (assembly/elementwise.ts). Units: elements. yPtr may equal xPtr.
  neg_f32: "xPtr yPtr start end",
  abs_f32: "xPtr yPtr start end",
  sqrt_f32: "xPtr yPtr start end",
  rsqrt_f32: "xPtr yPtr start end",
  reciprocal_f32: "xPtr yPtr start end",
  exp_f32: "xPtr yPtr start end",
  log_f32: "xPtr yPtr start end",
  relu_f32: "xPtr yPtr start end",
  tanh_f32: "xPtr yPtr start end",
  sigmoid_f32: "xPtr yPtr start end",
  sign_f32: "xPtr yPtr start end",
  floor_f32: "xPtr yPtr start end",
  ceil_f32: "xPtr yPtr start end",
  round_f32: "xPtr yPtr start end",
  trunc_f32: "xPtr yPtr start end",
  exp2_f32: "xPtr yPtr start end",
  expm1_f32: "xPtr yPtr start end",
  log2_f32: "xPtr yPtr start end",
  log10_f32: "xPtr yPtr start end",
  log1p_f32: "xPtr yPtr start end",
  sinh_f32: "xPtr yPtr start end",
  cosh_f32: "xPtr yPtr start end",
  erf_f32: "xPtr yPtr start end",
  sin_f32: "xPtr yPtr start end",
  cos_f32: "xPtr yPtr start end",
  tan_f32: "xPtr yPtr start end",
  asin_f32: "xPtr yPtr start end",
  acos_f32: "xPtr yPtr start end",
  atan_f32: "xPtr yPtr start end",
  silu_f32: "xPtr yPtr start end",
  gelu_f32: "xPtr yPtr start end",
  gelu_tanh_f32: "xPtr yPtr start end",

  // The same with one or two constants (assembly/elementwise-with.ts).
  pow_scalar_f32: "xPtr yPtr a:f32 b:f32 start end",
  clamp_f32: "xPtr yPtr a:f32 b:f32 start end",
  leaky_relu_f32: "xPtr yPtr a:f32 b:f32 start end",
  leaky_relu_grad_f32: "gPtr xPtr yPtr a:f32 start end",
  elu_f32: "xPtr yPtr a:f32 b:f32 start end",
  softplus_f32: "xPtr yPtr a:f32 b:f32 start end",
  mul_scalar_f32: "xPtr yPtr a:f32 b:f32 start end",
  add_scalar_f32: "xPtr yPtr a:f32 b:f32 start end",
  sub_from_f32: "xPtr yPtr a:f32 b:f32 start end",
  div_scalar_f32: "xPtr yPtr a:f32 b:f32 start end",

  // Binary with row, column and scalar broadcasts (assembly/binary.ts): y[r, c] = f(a[r * aRow + c * aStep], ...).
  // Units: elements of y, r * nCols + c. Same-shape dense operands: one row, nCols = all, steps 1. *_grad: a = g, b = y.
  add_f32: "aPtr aRow aStep bPtr bRow bStep yPtr nCols start end",
  sub_f32: "aPtr aRow aStep bPtr bRow bStep yPtr nCols start end",
  mul_f32: "aPtr aRow aStep bPtr bRow bStep yPtr nCols start end",
  div_f32: "aPtr aRow aStep bPtr bRow bStep yPtr nCols start end",
  maximum_f32: "aPtr aRow aStep bPtr bRow bStep yPtr nCols start end",
  minimum_f32: "aPtr aRow aStep bPtr bRow bStep yPtr nCols start end",
  relu_grad_f32: "aPtr aRow aStep bPtr bRow bStep yPtr nCols start end",
  tanh_grad_f32: "aPtr aRow aStep bPtr bRow bStep yPtr nCols start end",
  sigmoid_grad_f32: "aPtr aRow aStep bPtr bRow bStep yPtr nCols start end",

  // The same for rarer functions (assembly/binary-compact.ts). *_grad: a = g, b = x. The codes that op takes are in
  // src/backend/wasm/elementwise.ts; compare_* writes bools.
  pow_f32: "aPtr aRow aStep bPtr bRow bStep yPtr nCols start end",
  atan2_f32: "aPtr aRow aStep bPtr bRow bStep yPtr nCols start end",
  remainder_f32: "aPtr aRow aStep bPtr bRow bStep yPtr nCols start end",
  silu_grad_f32: "aPtr aRow aStep bPtr bRow bStep yPtr nCols start end",
  gelu_grad_f32: "aPtr aRow aStep bPtr bRow bStep yPtr nCols start end",
  gelu_tanh_grad_f32: "aPtr aRow aStep bPtr bRow bStep yPtr nCols start end",
  compare_f32: "op aPtr aRow aStep bPtr bRow bStep yPtr nCols start end",
  compare_i32: "op aPtr aRow aStep bPtr bRow bStep yPtr nCols start end",
  binary_i32: "op aPtr aRow aStep bPtr bRow bStep yPtr nCols start end",

  // y = a where the bool c holds, else b (assembly/where.ts); 4-byte elements of any kind.
  where_f32: "cPtr cRow cStep aPtr aRow aStep bPtr bRow bStep yPtr nCols start end",

  // Reductions of x seen as [outer, n, inner] to y [outer, inner] (assembly/reduce.ts). Units: elements of y.
  // argmax and argmin write i32.
  sum_f32: "xPtr yPtr n inner start end",
  prod_f32: "xPtr yPtr n inner start end",
  max_f32: "xPtr yPtr n inner start end",
  min_f32: "xPtr yPtr n inner start end",
  argmax_f32: "xPtr yPtr n inner start end",
  argmin_f32: "xPtr yPtr n inner start end",

  // The same of whole numbers (assembly/reduce-int.ts). Units as above; of scan_i32 columns.
  reduce_i32: "op xPtr yPtr n inner start end",
  argument_i32: "isMax xPtr yPtr n inner start end",
  scan_i32: "op xPtr yPtr n inner reverse start end",
  // Scans of x seen as [outer, n, inner] (assembly/scan.ts). Units: columns, outer * inner. reverse 1: from the end.
  cumsum_f32: "xPtr yPtr n inner reverse start end",
  cumprod_f32: "xPtr yPtr n inner reverse start end",
  recurrence_f32: "aPtr xPtr yPtr n inner reverse start end",

  // Softmax over the last axis of [rows, n] (assembly/fused/softmax.ts). Units: rows.
  softmax_f32: "xPtr yPtr n start end",
  softmax_grad_f32: "gPtr yPtr gxPtr n start end",
  log_softmax_f32: "xPtr yPtr n start end",
  log_softmax_grad_f32: "gPtr yPtr gxPtr n start end",

  // Normalisation of rows (assembly/fused/norm.ts). Units: rows; of the weight gradient: columns, n.
  norm_rows_f32: "xPtr wPtr bPtr yPtr n eps:f32 centred start end",
  norm_rows_grad_f32: "gPtr xPtr wPtr gxPtr momentsPtr n eps:f32 centred start end",
  norm_rows_weight_grad_f32: "gPtr xPtr momentsPtr gwPtr gbPtr nRows n start end",

  // Normalisation of channels, x [nBatch, nChannels, inner] (assembly/fused/batch-norm.ts). Units: channels for moments
  // and sums, planes (nBatch * nChannels) for the others.
  batch_moments_f32: "xPtr meanPtr variancePtr nBatch nChannels inner start end",
  batch_norm_f32: "xPtr meanPtr variancePtr wPtr bPtr yPtr nChannels inner eps:f32 start end",
  batch_norm_sums_f32: "gPtr xPtr meanPtr variancePtr gwPtr gbPtr nBatch nChannels inner eps:f32 start end",
  batch_norm_grad_f32:
    "gPtr xPtr meanPtr variancePtr wPtr gwPtr gbPtr gxPtr nBatch nChannels inner eps:f32 start end",

  // Losses of class scores [rows, n] (assembly/fused/class-loss.ts). Units: rows; of reduce and total: 1.
  class_loss_f32:
    "xPtr targetPtr wPtr lossPtr sharePtr n ignoreIndex smoothing:f32 normalised start end -> i32",
  class_loss_reduce_f32: "lossPtr sharePtr yPtr nRows start end",
  class_share_total_f32: "targetPtr wPtr totalPtr nRows ignoreIndex start end",
  class_loss_grad_f32:
    "gPtr gStep totalPtr xPtr targetPtr wPtr gxPtr n ignoreIndex smoothing:f32 normalised start end",
  // Recurrent layers over a whole sequence (assembly/recurrent/). Units: rows of the batch; pack_columns_f32: panels of
  // 8 columns, ceil(n / 8). lengthsPtr and gyPtr optional; *anelsPtr 0: a batch of one. scratchPtr: 192
  // bytes. activation: 0 tanh, 1 relu.
  pack_columns_f32: "bPtr rowStride colStride k n panelsPtr start end",
  rnn_f32:
    "activation yPtr weightPtr panelsPtr hPtr lengthsPtr nSteps nBatch nHidden reverse scratchPtr start end",
  rnn_grad_f32:
    "activation gyPtr yPtr weightPtr panelsPtr hPtr gPtr lengthsPtr nSteps nBatch nHidden reverse scratchPtr start end",
  lstm_f32:
    "gatesPtr weightPtr panelsPtr projectionPtr projectionPanelsPtr hPtr cPtr yPtr cellsPtr hiddenPtr lengthsPtr " +
    "nSteps nBatch nHidden nOut reverse scratchPtr start end",
  lstm_grad_f32:
    "gyPtr gatesPtr cellsPtr c0Ptr weightPtr panelsPtr projectionPtr projectionPanelsPtr hPtr cPtr gPtr outPtr " +
    "hiddenPtr lengthsPtr nSteps nBatch nHidden nOut reverse scratchPtr start end",
  gru_f32:
    "gatesPtr biasPtr weightPtr panelsPtr hPtr yPtr lengthsPtr nSteps nBatch nHidden reverse scratchPtr start end",
  gru_grad_f32:
    "gyPtr gatesPtr yPtr h0Ptr weightPtr panelsPtr hPtr gPtr lengthsPtr nSteps nBatch nHidden reverse scratchPtr start end",

  // Attention by tiles (assembly/fused/attention.ts, attention-grad.ts). shapePtr: the words of attention-shape.ts. Units:
  // attention_f32 attention_units(batch, heads, nQueries); attention_grad_f32 batch * keyHeads. maskPtr optional.
  // unitMadds: what a unit costs, in multiply-adds, for whoever shares the units among threads.
  attention_f32: "qPtr kPtr vPtr maskPtr yPtr normaliserPtr shapePtr scratchPtr unitMadds start end",
  attention_units: "batch heads nQueries -> i32",
  attention_scratch_bytes: "width valueWidth -> i32",
  attention_grad_f32:
    "gPtr qPtr kPtr vPtr maskPtr yPtr normaliserPtr gqPtr gkPtr gvPtr shapePtr scratchPtr unitMadds start end",
  attention_grad_scratch_bytes: "width valueWidth -> i32",

  // The squared error (assembly/fused/squared-error.ts). Units: blocks of 4096 elements; of the gradient: elements.
  squared_error_f32: "xPtr tPtr sumsPtr n start end",
  squared_error_grad_f32: "gPtr xPtr tPtr gxPtr scale:f32 start end",

  // Movement of 4-byte elements, f32 or i32 alike (assembly/movement.ts). Units: elements, except
  // copy_strided_f32: rows (n0 * n1 * n2); index_select_f32: outer * nIndex; scatter_add_f32, index_add_f32, scatter_order_i32:
  // outer * inner.
  // A result is the first out-of-range position (flat in index) that this range met, or -1.
  fill_f32: "yPtr value:f32 start end",
  copy_f32: "xPtr yPtr start end",
  copy_strided_f32: "xPtr x0 x1 x2 x3 yPtr y0 y1 y2 y3 n0 n1 n2 n3 start end",
  gather_f32: "xPtr indexPtr yPtr n nIndex inner start end -> i32",
  index_select_f32: "xPtr indexPtr yPtr n nIndex inner start end -> i32",
  scatter_add_f32: "gPtr indexPtr gxPtr n nIndex inner start end -> i32",
  index_add_f32: "gPtr indexPtr gxPtr n nIndex inner start end -> i32",
  scatter_order_i32: "indexPtr yPtr n nIndex inner start end -> i32",
  masked_fill_i32: "maskPtr yPtr value start end",
  cast_f32_i32: "xPtr yPtr start end",
  cast_i32_f32: "xPtr yPtr start end",

  // Optimizers (assembly/optim.ts). Units: elements. mPtr of sgd optional.
  sgd_f32: "pPtr gPtr mPtr lr:f32 momentum:f32 gradScale:f32 weightDecay:f32 nesterov start end",
  adam_f32:
    "pPtr gPtr mPtr vPtr stepSize:f32 beta1:f32 beta1Rest:f32 beta2:f32 beta2Rest:f32 vScale:f32 eps:f32 " +
    "weightDecay:f32 decay:f32 start end",

  // The same over pieces of many tensors. tablePtr: rows of 5 i32, see assembly/optim.ts. Units: rows.
  sgd_table_f32: "tablePtr lr:f32 momentum:f32 gradScale:f32 weightDecay:f32 nesterov start end",
  adam_table_f32:
    "tablePtr stepSize:f32 beta1:f32 beta1Rest:f32 beta2:f32 beta2Rest:f32 vScale:f32 eps:f32 weightDecay:f32 decay:f32 " +
    "start end",
  squares_table_f32: "tablePtr sumsPtr start end",
  scale_table_f32: "tablePtr factorPtr start end",

  // Philox 4x32-10 (assembly/random.ts). Units: elements; element i takes lane i % 4 of block counter + floor(i / 4).
  bits_i32: "seedLo seedHi counterLo counterHi yPtr start end",
  uniform_f32: "seedLo seedHi counterLo counterHi yPtr start end",
  normal_f32: "seedLo seedHi counterLo counterHi yPtr start end",
  bernoulli_f32: "seedLo seedHi counterLo counterHi p:f32 value:f32 yPtr start end",
  dropout_f32: "seedLo seedHi counterLo counterHi p:f32 value:f32 xPtr yPtr start end",

  // For bench/ only (assembly/peak.ts).
  peak_madd_f32: "yPtr nSteps",
  peak_gemm_tile_f32: "aPtr bPtr yPtr k nRepeats",
} as const;
