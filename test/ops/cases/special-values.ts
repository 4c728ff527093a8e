// What elementwise ops make of NaN, infinities, signed zeros, denormals and the ends of their domains: x and y, or a, b and y.
import * as neurite from "../../../src/index.ts";
import type { Tensor } from "../../../src/index.ts";

const [inf, nan] = [Infinity, NaN];
export const TINY = 2 ** -149;

type Pairs = readonly (readonly [x: number, y: number])[];

const odd: Pairs = [
  [0, 0],
  [-0, -0],
  [nan, nan],
];

// prettier-ignore
export const unary: Readonly<Record<string, readonly [fn: (x: Tensor) => Tensor, pairs: Pairs]>> = {
  abs: [neurite.abs, [[0, 0], [-0, 0], [-inf, inf], [nan, nan], [-TINY, TINY]]],
  sign: [neurite.sign, [[0, 0], [-3, -1], [inf, 1], [-inf, -1], [TINY, 1], [nan, 0]]],
  exp2: [neurite.exp2, [[0, 1], [-0, 1], [10, 1024], [-126, 2 ** -126], [127, 2 ** 127], [128, inf], [-200, 0], [inf, inf], [-inf, 0], [nan, nan]]],
  expm1: [neurite.expm1, [...odd, [inf, inf], [-inf, -1], [-100, -1], [100, inf], [1e-30, 1e-30], [TINY, TINY]]],
  log2: [neurite.log2, [[8, 3], [2 ** -126, -126], [TINY, -149], [1, 0], [2 ** 127, 127], [0, -inf], [-0, -inf], [-1, nan], [inf, inf], [nan, nan]]],
  log10: [neurite.log10, [[1, 0], [10, 1], [0, -inf], [-1, nan], [inf, inf], [nan, nan]]],
  log1p: [neurite.log1p, [...odd, [-1, -inf], [-2, nan], [-inf, nan], [inf, inf], [1e-30, 1e-30], [TINY, TINY]]],
  rsqrt: [neurite.rsqrt, [[4, 0.5], [0, inf], [-0, -inf], [-1, nan], [inf, 0], [nan, nan]]],
  reciprocal: [neurite.reciprocal, [[4, 0.25], [0, inf], [-0, -inf], [inf, 0], [-inf, -0], [nan, nan]]],
  sin: [neurite.sin, [...odd, [inf, nan], [-inf, nan], [TINY, TINY], [-1e-20, -1e-20]]],
  cos: [neurite.cos, [[0, 1], [-0, 1], [inf, nan], [-inf, nan], [TINY, 1], [nan, nan]]],
  tan: [neurite.tan, [...odd, [inf, nan], [-inf, nan], [1e-20, 1e-20]]],
  asin: [neurite.asin, [...odd, [1, Math.PI / 2], [-1, -Math.PI / 2], [1.001, nan], [-inf, nan]]],
  acos: [neurite.acos, [[1, 0], [-1, Math.PI], [0, Math.PI / 2], [1.001, nan], [inf, nan], [nan, nan]]],
  atan: [neurite.atan, [...odd, [inf, Math.PI / 2], [-inf, -Math.PI / 2], [1, Math.PI / 4], [TINY, TINY]]],
  sinh: [neurite.sinh, [...odd, [inf, inf], [-inf, -inf], [100, inf], [-100, -inf]]],
  cosh: [neurite.cosh, [[0, 1], [-0, 1], [inf, inf], [-inf, inf], [100, inf], [nan, nan]]],
  erf: [neurite.erf, [...odd, [inf, 1], [-inf, -1], [5, 1], [-5, -1]]],
  lgamma: [neurite.lgamma, [[1, 0], [2, 0], [0, inf], [-1, inf], [inf, inf], [-inf, inf], [nan, nan]]],
  digamma: [neurite.digamma, [[0, -inf], [-0, inf], [-1, nan], [inf, inf], [-inf, nan], [nan, nan]]],
  floor: [neurite.floor, [...odd, [-0.5, -1], [0.5, 0], [2.5, 2], [-inf, -inf], [1e30, 1e30]]],
  ceil: [neurite.ceil, [...odd, [-0.5, -0], [0.5, 1], [2.5, 3], [inf, inf], [1e30, 1e30]]],
  round: [neurite.round, [...odd, [0.5, 0], [1.5, 2], [2.5, 2], [-0.5, -0], [-1.5, -2], [-2.5, -2], [0.49999997, 0], [-0.3, -0], [8388609, 8388609], [inf, inf]]],
  trunc: [neurite.trunc, [...odd, [-0.5, -0], [0.5, 0], [-2.5, -2], [inf, inf]]],
  relu6: [neurite.relu6, [[-1, 0], [3, 3], [7, 6], [inf, 6], [-inf, 0], [nan, nan]]],
  hardsigmoid: [neurite.hardsigmoid, [[-inf, 0], [inf, 1], [-3, 0], [3, 1], [nan, nan]]],
  leakyRelu: [(x) => neurite.leakyRelu(x, 0.5), [[-2, -1], [3, 3], [-inf, -inf], [inf, inf], [-0, -0], [nan, nan]]],
  elu: [neurite.elu, [[-inf, -1], [inf, inf], [2, 2], [-0, -0], [nan, nan]]],
  softplus: [(x) => neurite.softplus(x), [[0, Math.LN2], [-inf, 0], [inf, inf], [100, 100], [-200, 0], [nan, nan]]],
  logSigmoid: [neurite.logSigmoid, [[0, -Math.LN2], [inf, -0], [-inf, -inf], [-200, -200], [nan, nan]]],
  silu: [neurite.silu, [[0, 0], [inf, inf], [40, 40], [nan, nan]]],
  gelu: [(x) => neurite.gelu(x), [[0, 0], [inf, inf], [40, 40], [-40, -0], [nan, nan]]],
  "clamp between": [(x) => neurite.clamp(x, { min: -1, max: 2 }), [[-inf, -1], [inf, 2], [-1, -1], [nan, nan], [-0, -0]]],
  "clamp with min above max": [(x) => neurite.clamp(x, { min: 3, max: 2 }), [[-inf, 2], [2.5, 2], [inf, 2]]],
  isnan: [neurite.isnan, [[nan, 1], [inf, 0], [0, 0]]],
  isinf: [neurite.isinf, [[nan, 0], [inf, 1], [-inf, 1], [3e38, 0]]],
  isfinite: [neurite.isfinite, [[nan, 0], [inf, 0], [-inf, 0], [3e38, 1]]],
  logicalNot: [neurite.logicalNot, [[nan, 0], [0, 1], [-0, 1], [2, 0], [TINY, 0]]],
  "pow 0": [(x) => neurite.pow(x, 0), [[nan, 1], [0, 1], [inf, 1], [-2, 1]]],
  "pow 1/3": [(x) => neurite.pow(x, 1 / 3), [[-8, nan], [0, 0], [-0, 0], [inf, inf], [-inf, inf], [1, 1], [nan, nan]]],
  "pow 3": [(x) => neurite.pow(x, 3), [[-2, -8], [-0, -0], [-inf, -inf], [1e20, inf], [-1e20, -inf], [2 ** -49, 2 ** -147]]],
  "pow -3": [(x) => neurite.pow(x, -3), [[-2, -0.125], [-0, -inf], [0, inf], [-inf, -0], [inf, 0]]],
};

type Triples = readonly (readonly [a: number, b: number, y: number])[];
type Binary = (a: Tensor, b: Tensor) => Tensor;

// prettier-ignore
export const binary: Readonly<Record<string, readonly [fn: Binary, triples: Triples]>> = {
  remainder: [
    neurite.remainder,
    [[5, 3, 2], [-5, 3, 1], [5, -3, -1], [-5, -3, -2], [0, -2, 0], [-0, 2, -0], [1, 0, nan], [inf, 2, nan], [3, inf, 3], [-3, inf, inf], [nan, 1, nan], [1e30, 3, 1e30 % 3 === 0 ? 0 : Math.fround(1e30) % 3]],
  ],
  pow: [
    neurite.pow,
    [[nan, 0, 1], [1, nan, 1], [-1, inf, 1], [-1, -inf, 1], [2, inf, inf], [0.5, inf, 0], [2, -inf, 0], [-2, inf, inf], [0, -1, inf], [-0, -1, -inf], [-0, -2, inf], [0, 5, 0], [-0, 5, -0], [-8, 1 / 3, nan], [-2, 5, -32], [2, 0.5, Math.SQRT2], [nan, 2, nan], [2, nan, nan], [-inf, 0.5, inf], [3, 200, inf], [3, -200, 0], [-3, 16777215, -inf]],
  ],
  atan2: [
    neurite.atan2,
    [[0, 0, 0], [-0, 0, -0], [0, -0, Math.PI], [-0, -0, -Math.PI], [0, -1, Math.PI], [-0, -1, -Math.PI], [1, 0, Math.PI / 2], [-1, 0, -Math.PI / 2], [inf, inf, Math.PI / 4], [inf, -inf, (3 * Math.PI) / 4], [-inf, -inf, (-3 * Math.PI) / 4], [1, inf, 0], [-1, inf, -0], [1, -inf, Math.PI], [nan, 1, nan], [1, nan, nan]],
  ],
  minimum: [neurite.minimum, [[1, 2, 1], [nan, 1, nan], [1, nan, nan], [-inf, nan, nan], [inf, 1, 1], [0, -0, -0], [-0, 0, -0]]],
  maximum: [neurite.maximum, [[1, 2, 2], [nan, 1, nan], [1, nan, nan], [inf, nan, nan], [-inf, 1, 1], [0, -0, 0], [-0, 0, 0]]],
  eq: [neurite.eq, [[nan, nan, 0], [0, -0, 1], [inf, inf, 1], [TINY, 0, 0]]],
  ne: [neurite.ne, [[nan, nan, 1], [0, -0, 0], [inf, -inf, 1], [nan, 1, 1]]],
  lt: [neurite.lt, [[nan, 1, 0], [1, nan, 0], [-0, 0, 0], [-inf, inf, 1], [0, TINY, 1]]],
  le: [neurite.le, [[nan, nan, 0], [-0, 0, 1], [0, -0, 1], [inf, inf, 1]]],
  gt: [neurite.gt, [[nan, 1, 0], [1, nan, 0], [0, -0, 0], [inf, -inf, 1]]],
  ge: [neurite.ge, [[nan, nan, 0], [-0, 0, 1], [inf, inf, 1]]],
  logicalAnd: [neurite.logicalAnd, [[nan, 1, 1], [0, 1, 0], [-0, nan, 0]]],
  logicalOr: [neurite.logicalOr, [[nan, 0, 1], [0, -0, 0], [0, TINY, 1]]],
  logicalXor: [neurite.logicalXor, [[nan, 1, 0], [2, 3, 0], [0, -5, 1]]],
};
