// Methods of Tensor: each forwards to the function of its name, with the tensor as first argument. Importing the
// package's main entry installs them; a new op becomes a method by one line here.
import { backward } from "./autograd/grad.ts";
import { registerHook } from "./autograd/hooks.ts";
import * as algebra from "./ops/algebra.ts";
import { detach, to } from "./ops/creation.ts";
import { diag, diagEmbed, diagonal, tril, triu } from "./ops/diagonals.ts";
import * as elementwise from "./ops/elementwise.ts";
import { gather, scatter, scatterAdd } from "./ops/indexing.ts";
import { maskedFill, maskedSelect, nonzero } from "./ops/masking.ts";
import { flip, roll } from "./ops/placement.ts";
import { indexAdd, indexSelect, repeatInterleave, take } from "./ops/selection.ts";
import * as shape from "./ops/shape.ts";
import { matmul } from "./ops/linalg/matmul.ts";
import { addmm, bmm, dot, outer } from "./ops/linalg/products.ts";
import { cholesky, det, inverse, slogdet } from "./ops/linalg/solve.ts";
import { qr, svd } from "./ops/linalg/spectral.ts";
import * as ordering from "./ops/ordering.ts";
import { argmax, argmin, max, min } from "./ops/reduce/extrema.ts";
import { all, any } from "./ops/reduce/logical.ts";
import { logsumexp } from "./ops/reduce/logsumexp.ts";
import { mean, std, variance } from "./ops/reduce/mean.ts";
import { norm } from "./ops/reduce/norm.ts";
import { cumprod, cumsum, prod } from "./ops/reduce/scan.ts";
import { logSoftmax, softmax, softmin } from "./ops/softmax.ts";
import { index, indexPut } from "./ops/subscript.ts";
import { Tensor } from "./tensor/tensor.ts";

const { add, sub, mul, div, neg, sum, reshape, permute, transpose, expand, slice, contiguous, cast } =
  algebra;
const { relu, tanh, sigmoid, prelu } = elementwise;
const { exp, exp2, expm1, log, log2, log10, log1p, sqrt, rsqrt, square, reciprocal, pow } = elementwise;
const { sin, cos, tan, asin, acos, atan, atan2, sinh, cosh, erf, lgamma, digamma } = elementwise;
const { abs, sign, floor, ceil, round, trunc, remainder, minimum, maximum, clamp, lerp } = elementwise;
const { eq, ne, lt, le, gt, ge, isnan, isinf, isfinite, allclose, equal } = elementwise;
const { logicalAnd, logicalOr, logicalXor, logicalNot } = elementwise;
const { clone, squeeze, unsqueeze, flatten, unflatten, movedim, select, unbind, split, chunk } = shape;
const { repeat, tile } = shape;

const { sort, argsort, topk, maxWithIndices, minWithIndices, median, medianWithIndices } = ordering;
const { unique, uniqueWithCounts, histc } = ordering;

const functions = {
  ...{ add, sub, mul, div, neg },
  ...{ relu, tanh, sigmoid, prelu },
  ...{ exp, exp2, expm1, log, log2, log10, log1p, sqrt, rsqrt, square, reciprocal, pow },
  ...{ sin, cos, tan, asin, acos, atan, atan2, sinh, cosh, erf, lgamma, digamma },
  ...{ abs, sign, floor, ceil, round, trunc, remainder, minimum, maximum, clamp, lerp },
  ...{ eq, ne, lt, le, gt, ge, isnan, isinf, isfinite, allclose, equal },
  ...{ logicalAnd, logicalOr, logicalXor, logicalNot },
  ...{ sum, mean, argmax, softmax, softmin, logSoftmax, matmul },
  ...{ max, min, argmin, prod, variance, var: variance, std, norm, logsumexp, all, any, cumsum, cumprod },
  ...{ dot, outer, bmm, addmm, cholesky, inverse, det, slogdet, qr, svd },
  ...{ sort, argsort, topk, maxWithIndices, minWithIndices, median, medianWithIndices },
  ...{ unique, uniqueWithCounts, histc },
  ...{ reshape, permute, transpose, expand, slice, gather, scatterAdd },
  ...{ clone, squeeze, unsqueeze, flatten, unflatten, movedim, select, unbind, split, chunk },
  ...{ repeat, tile, repeatInterleave, flip, roll, diag, diagEmbed, diagonal, tril, triu },
  ...{ index, indexPut, indexSelect, indexAdd, take, scatter, maskedFill, maskedSelect, nonzero },
  ...{ contiguous, cast, detach, to, backward, registerHook },
};

type Method<F> = F extends (x: Tensor, ...rest: infer R) => infer Y ? (...rest: R) => Y : never;

/** The functions above, each without its first parameter. */
export type Methods = { [K in keyof typeof functions]: Method<(typeof functions)[K]> };

for (const [name, fn] of Object.entries(functions)) {
  const method = function (this: Tensor, ...rest: unknown[]): unknown {
    return (fn as (x: Tensor, ...rest: unknown[]) => unknown)(this, ...rest);
  };
  Object.defineProperty(Tensor.prototype, name, { value: method, writable: true, configurable: true });
}
