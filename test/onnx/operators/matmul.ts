// ONNX operators of linear algebra.
import { add, det, einsum, matmul, mul, transpose } from "../../../src/index.ts";
import type { Tensor } from "../../../src/index.ts";
import type { Invocation, Operators } from "../invocation.ts";

/** alpha A' B' + beta C, the primes being transposes where asked for. */
function gemm(call: Invocation): Tensor {
  const a = call.number("transA", 0) === 1 ? transpose(call.x(0)) : call.x(0);
  const b = call.number("transB", 0) === 1 ? transpose(call.x(1)) : call.x(1);
  const [alpha, beta, c] = [call.number("alpha", 1), call.number("beta", 1), call.optional(2)];
  const product = matmul(a, b);
  const scaled = alpha === 1 ? product : mul(product, alpha);
  return c ? add(scaled, beta === 1 ? c : mul(c, beta)) : scaled;
}

export const matrices: Operators = {
  MatMul: (call) => matmul(call.x(0), call.x(1)),
  Gemm: gemm,
  Det: (call) => det(call.x()),
  Einsum: (call) => einsum(call.text("equation", ""), ...call.all()),
};
