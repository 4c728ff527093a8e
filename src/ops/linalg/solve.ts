// Linear systems and what they give: triangular and general solves, inverses, determinants, Cholesky's factor.
import { apply, applyMany } from "../../tensor/apply.ts";
import { primitive } from "../../tensor/primitive.ts";
import type { Primitive } from "../../tensor/primitive.ts";
import { composite } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, mul, neg, reshape, sub, sum, transpose } from "../algebra.ts";
import { matmul } from "./matmul.ts";
import {
  checkSystem,
  constant,
  identity,
  leading,
  requireMatrix,
  requireSquare,
  run,
  spec,
  systemOf,
} from "./matrices.ts";
import type { OpAttrs } from "./matrices.ts";

const INVERTIBLE = "invertible";

const lastTwo = (x: Tensor): [rows: number, columns: number] => [x.shape[x.rank - 2], x.shape[x.rank - 1]];

/** y [..., 1, 1] from one number per matrix. */
const perMatrix = (y: Tensor): Tensor => reshape(y, [...y.shape, 1, 1]);

// ---- triangular systems

interface TriangularAttrs extends OpAttrs {
  readonly upper: boolean;
  readonly unit: boolean;
}

const solveTriangularPrimitive: Primitive<TriangularAttrs> = primitive({
  name: "solveTriangular",
  inputs: ["a", "b"],
  infer: ([, b], _: TriangularAttrs) => b,
  kernel: (k, [a, b], x, { op, upper, unit }) => {
    run(k, "solveTriangular", [a, b], [x], { op, mustBe: INVERTIBLE, triangle: { upper, unit } });
  },
  saves: ["a", "x"],
  outputs: ["x"],
  vjp: {
    a: (g, { a, x }, { op, upper, unit }) => {
      const [n] = lastTwo(a);
      const isInside = (i: number, j: number): boolean => (upper ? i < j : i > j) || (i === j && !unit);
      const triangle = constant(a, n, n, (i, j) => (isInside(i, j) ? -1 : 0));
      return mul(matmul(triangular(op, transpose(a), g, !upper, unit), transpose(x)), triangle);
    },
    b: (g, { a }, { op, upper, unit }) => triangular(op, transpose(a), g, !upper, unit),
  },
});

/** x with T x = b for a triangle T of a; batches are equal. */
export const triangular = (op: string, a: Tensor, b: Tensor, upper: boolean, unit = false): Tensor =>
  apply(solveTriangularPrimitive, [a, b], { op, upper, unit });

export interface TriangularOptions {
  /** Which triangle of a is read; default the lower one. */
  readonly upper?: boolean;
  /** The diagonal is taken as ones and not read. */
  readonly unitriangular?: boolean;
  /** False: solve x a = b instead. */
  readonly left?: boolean;
}

/**
 * The solution x of a x = b, where only one triangle of a is read.
 *
 * Shapes: a [..., n, n], b [..., n, m] ([..., m, n] for `left: false`) -> b's shape, leading axes broadcast.
 *
 * Numerics: substitution in double precision. @throws LinearAlgebraError where the diagonal holds a zero.
 */
export function solveTriangular(a: Tensor, b: Tensor, options: TriangularOptions = {}): Tensor {
  const { upper = false, unitriangular = false, left = true } = options;
  a.assertAlive("solveTriangular");
  b.assertAlive("solveTriangular");
  requireMatrix("solveTriangular", "b", b);
  return composite("solveTriangular", () => {
    const right = left ? b : transpose(b);
    checkSystem("solveTriangular", a, right, false);
    const system = systemOf(left ? a : transpose(a), right, false);
    const x = triangular("solveTriangular", system.a, system.b, left ? upper : !upper, unitriangular);
    return left ? x : transpose(x);
  });
}

// ---- general systems

const solvePrimitive: Primitive<OpAttrs> = primitive({
  name: "solve",
  inputs: ["a", "b"],
  infer: ([, b], _: OpAttrs) => b,
  kernel: (k, [a, b], x, { op }) => {
    run(k, "solve", [a, b], [x], { op, mustBe: INVERTIBLE });
  },
  saves: ["a", "x"],
  outputs: ["x"],
  vjp: {
    a: (g, { a, x }, { op }) => neg(matmul(general(op, transpose(a), g), transpose(x))),
    b: (g, { a }, { op }) => general(op, transpose(a), g),
  },
});

const general = (op: string, a: Tensor, b: Tensor): Tensor => apply(solvePrimitive, [a, b], { op });

/**
 * The solution x of a x = b.
 *
 * Shapes: a [..., n, n], b [..., n, m] -> [..., n, m], leading axes broadcast; or vectors b [n], or [..., n] beside an
 * a with the same leading axes, -> b's shape.
 *
 * Numerics: elimination with row exchanges, in double precision. @throws LinearAlgebraError where a is singular.
 */
export function solve(a: Tensor, b: Tensor): Tensor {
  a.assertAlive("solve");
  b.assertAlive("solve");
  const isVector = checkSystem("solve", a, b, true);
  return composite("solve", () => {
    const system = systemOf(a, b, isVector);
    return system.finish(general("solve", system.a, system.b));
  });
}

function inverseFor(op: string, a: Tensor): Tensor {
  const unit = identity(a, lastTwo(a)[0]);
  const system = systemOf(a, unit, false);
  return general(op, system.a, system.b);
}

/**
 * The inverse of a square matrix. To solve a system use `solve`, which needs fewer steps and rounds less.
 *
 * Shapes: a [..., n, n] -> [..., n, n]. @throws LinearAlgebraError where a is singular.
 */
export function inverse(a: Tensor): Tensor {
  a.assertAlive("inverse");
  requireSquare("inverse", "a", a);
  return composite("inverse", () => inverseFor("inverse", a));
}

// ---- determinants

// C = det(a) a^-T. Its own derivative takes the inverse, and so ends at singular matrices.
const cofactorsPrimitive: Primitive<OpAttrs> = primitive({
  name: "cofactors",
  inputs: ["a"],
  infer: ([a], _: OpAttrs) => a,
  kernel: (k, [a], c, { op }) => {
    run(k, "cofactors", [a], [c], { op, mustBe: "finite" });
  },
  saves: ["a"],
  vjp: {
    a: (g, { a }, { op }) => {
      const t = transpose(inverseFor(op, a));
      const along = mul(perMatrix(sum(mul(g, t), { axis: [-2, -1] })), t);
      return mul(perMatrix(det(a)), sub(along, matmul(matmul(t, transpose(g)), t)));
    },
  },
});

const detPrimitive: Primitive<OpAttrs> = primitive({
  name: "det",
  inputs: ["a"],
  infer: ([a], { op }: OpAttrs) => {
    requireSquare(op, "a", a);
    return spec(leading(a), a);
  },
  kernel: (k, [a], y, attrs) => {
    run(k, "det", [a], [y], attrs);
  },
  saves: ["a"],
  vjp: { a: (g, { a }, attrs) => mul(perMatrix(g), apply(cofactorsPrimitive, [a], attrs)) },
});

/**
 * The determinant of a square matrix. Where that is singular it is 0, and the gradient is right too (the cofactors); second
 * derivatives need an invertible matrix.
 *
 * Shapes: a [..., n, n] -> [...].
 */
export function det(a: Tensor): Tensor {
  return apply(detPrimitive, [a], { op: "det" });
}

const slogdetPrimitive = primitive({
  name: "slogdet",
  inputs: ["a"],
  outputs: ["sign", "log"],
  infer: ([a], { op }: OpAttrs) => {
    requireSquare(op, "a", a);
    return [spec(leading(a), a), spec(leading(a), a)];
  },
  kernel: (k, [a], outputs, attrs) => {
    run(k, "slogdet", [a], outputs, attrs);
  },
  saves: ["a"],
  vjp: {
    // The sign is constant wherever it has a derivative.
    a: ([, g], { a }, { op }) => (g ? mul(perMatrix(g), transpose(inverseFor(op, a))) : mul(a, 0)),
  },
});

/**
 * The sign of the determinant and the logarithm of its magnitude: what does not overflow. 0 and -Infinity where the
 * matrix is singular.
 *
 * Shapes: a [..., n, n] -> sign [...], log [...]. @throws LinearAlgebraError in backward where a is singular.
 */
export function slogdet(a: Tensor): [sign: Tensor, log: Tensor] {
  const [sign, log] = applyMany(slogdetPrimitive, [a], { op: "slogdet" });
  return [sign, log];
}

// ---- Cholesky

const choleskyPrimitive: Primitive<OpAttrs> = primitive({
  name: "cholesky",
  inputs: ["a"],
  outputs: ["l"],
  infer: ([a], { op }: OpAttrs) => {
    requireSquare(op, "a", a);
    return a;
  },
  kernel: (k, [a], l, { op }) => {
    run(k, "cholesky", [a], [l], { op, mustBe: "positive definite" });
  },
  saves: ["l"],
  vjp: { a: (g, { l }, { op }) => choleskyGrad(op, g, l) },
});

// L^-T sym(lower(L^T g) with half its diagonal) L^-1 (Murray, 2016): the gradient of a symmetric matrix.
function choleskyGrad(op: string, g: Tensor, l: Tensor): Tensor {
  const [n] = lastTwo(l);
  const half = constant(l, n, n, (i, j) => (i > j ? 0.5 : i === j ? 0.25 : 0));
  const lower = mul(matmul(transpose(l), g), half);
  const adjoint = transpose(l);
  const left = triangular(op, adjoint, add(lower, transpose(lower)), true);
  return transpose(triangular(op, adjoint, transpose(left), true));
}

/**
 * Cholesky's factor: the lower triangular l with l lᵀ = a, or with `upper` its transpose. Only a's lower triangle is
 * read; the gradient is that of a symmetric a.
 *
 * Shapes: a [..., n, n] -> [..., n, n]. @throws LinearAlgebraError where a is not positive definite.
 */
export function cholesky(a: Tensor, { upper = false }: { readonly upper?: boolean } = {}): Tensor {
  if (!upper) return apply(choleskyPrimitive, [a], { op: "cholesky" });
  return composite("cholesky", () => transpose(apply(choleskyPrimitive, [a], { op: "cholesky" })));
}
