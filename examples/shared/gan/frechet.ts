// The Fréchet distance between two sets of features, each taken for a normal distribution: how far generated images are
// from real ones, as a network sees them. Its usual network is Inception; ours is LeNet-5 (judge.ts).
import {
  add,
  cast,
  eigh,
  matmul,
  mean,
  mul,
  scope,
  sqrt,
  square,
  sub,
  sum,
  tensor,
  transpose,
} from "neurite";
import type { Tensor } from "neurite";

/** Features of many images, one row each. */
export interface Features {
  readonly values: Float32Array;
  readonly width: number;
}

interface Normal {
  readonly mean: Tensor;
  readonly covariance: Tensor;
}

function normalOf({ values, width }: Features): Normal {
  const rows = values.length / width;
  const x = tensor(Float64Array.from(values), { shape: [rows, width], device: "reference" });
  const centre = mean(x, { axis: 0 });
  const rest = sub(x, centre);
  return { mean: centre, covariance: mul(matmul(transpose(rest), rest), 1 / (rows - 1)) };
}

/** Eigenvalues that rounding has pushed below 0 are 0. */
const roots = (values: Tensor): Tensor => sqrt(mul(add(values, values.abs()), 0.5));

/** The square root of a symmetric matrix without negative eigenvalues: V sqrt(w) Vᵀ. */
function matrixRoot(a: Tensor): Tensor {
  const [w, v] = eigh(a);
  return matmul(mul(v, roots(w)), transpose(v));
}

/**
 * |m1 - m2|² + tr(S1 + S2 - 2 (S1^½ S2 S1^½)^½), for means m and covariances S.
 *
 * Source: Heusel et al. 2017, "GANs trained by a two time-scale update rule converge to a local Nash equilibrium".
 */
export function frechetDistance(a: Features, b: Features): number {
  return scope(() => {
    const [first, second] = [normalOf(a), normalOf(b)];
    const root = matrixRoot(first.covariance);
    const [w] = eigh(matmul(matmul(root, second.covariance), root));
    const trace = (s: Tensor): Tensor => s.diagonal().sum();
    const spread = sub(add(trace(first.covariance), trace(second.covariance)), mul(sum(roots(w)), 2));
    return cast(add(sum(square(sub(first.mean, second.mean))), spread), "float64").itemSync();
  });
}
