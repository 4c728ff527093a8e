// Decompositions into orthogonal factors: QR, singular values, eigenvalues of symmetric matrices. Their gradients follow
// PyTorch's, and share their limits: where values coincide, those of the vectors are infinite.
import { GradError, ValueError } from "../../core/errors.ts";
import { formatShape } from "../../core/shape.ts";
import { applyMany } from "../../tensor/apply.ts";
import { primitive } from "../../tensor/primitive.ts";
import { scope } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, div, fill, mul, neg, reshape, slice, sub, transpose } from "../algebra.ts";
import { matmul } from "./matmul.ts";
import { constant, identity, leading, requireMatrix, requireSquare, run, spec } from "./matrices.ts";
import type { OpAttrs } from "./matrices.ts";
import { triangular } from "./solve.ts";

const total = (terms: readonly (Tensor | null)[]): Tensor | null =>
  terms.reduce((sum, term) => (sum && term ? add(sum, term) : (sum ?? term)), null);

/** Values [..., k] as a row, to scale columns; as a column, to scale rows. */
const row = (s: Tensor): Tensor => reshape(s, [...s.shape.slice(0, -1), 1, s.shape[s.rank - 1]]);
const column = (s: Tensor): Tensor => reshape(s, [...s.shape, 1]);

// ---- QR

const qrPrimitive = primitive({
  name: "qr",
  inputs: ["a"],
  outputs: ["q", "r"],
  infer: ([a], _: OpAttrs) => {
    const [m, n] = a.shape.slice(-2);
    const k = Math.min(m, n);
    return [spec([...leading(a), m, k], a), spec([...leading(a), k, n], a)];
  },
  kernel: (k, [a], outputs, attrs) => {
    run(k, "qr", [a], outputs, attrs);
  },
  saves: ["q", "r"],
  vjp: { a: ([gq, gr], { q, r }, { op }) => qrGrad(op, gq, gr, q, r) },
});

// [gQ + Q copyltu(R gR^T - gQ^T Q)] R^-T for at least as many rows as columns (Walter and Lehmann, 2018); copyltu makes
// a matrix symmetric by its lower triangle.
function qrGrad(op: string, gq: Tensor | null, gr: Tensor | null, q: Tensor, r: Tensor): Tensor {
  const n = r.shape[r.rank - 1];
  const m = total([gr && matmul(r, transpose(gr)), gq && neg(matmul(transpose(gq), q))])!;
  const lower = mul(
    m,
    constant(m, n, n, (i, j) => (i >= j ? 1 : 0)),
  );
  const strict = mul(
    m,
    constant(m, n, n, (i, j) => (i > j ? 1 : 0)),
  );
  const along = matmul(q, add(lower, transpose(strict)));
  return transpose(triangular(op, r, transpose(gq ? add(gq, along) : along), true));
}

// With more rows than columns the last columns of q are any that complete a basis: they have no derivative.
const completeQrPrimitive = primitive({
  name: "qr",
  inputs: ["a"],
  outputs: ["q", "r"],
  infer: ([a], _: OpAttrs) => {
    const [m] = a.shape.slice(-2);
    return [spec([...leading(a), m, m], a), a];
  },
  kernel: (k, [a], outputs, attrs) => {
    run(k, "qrComplete", [a], outputs, attrs);
  },
  saves: ["a"],
  vjp: {
    a: (_, { a }) => {
      const rule = 'mode "complete" must not be differentiated where there are more rows than columns';
      throw new GradError("qr", `${rule}; got a ${formatShape(a.shape)}. Use mode "reduced".`);
    },
  },
});

export interface QrOptions {
  /**
   * "reduced" (default): k = min(m, n). "complete": q is square, k = m. "r": q is empty, of shape [0], and r as reduced.
   */
  readonly mode?: "reduced" | "complete" | "r";
}

/**
 * The decomposition a = q r: orthonormal columns q, an upper triangle r. k = min(m, n) unless the mode says otherwise.
 * Signs are LAPACK's: the diagonal of r may be negative.
 *
 * Shapes: a [..., m, n] -> q [..., m, k], r [..., k, n]. Gradients need independent (first k) columns.
 *
 * @throws LinearAlgebraError in backward where they are not, GradError in backward of a complete form with m > n.
 */
export function qr(a: Tensor, { mode = "reduced" }: QrOptions = {}): [q: Tensor, r: Tensor] {
  a.assertAlive("qr");
  requireMatrix("qr", "a", a);
  if (!["reduced", "complete", "r"].includes(mode))
    throw new ValueError("qr", `mode must be "reduced", "complete" or "r"; got ${JSON.stringify(mode)}.`);
  const [m, n] = a.shape.slice(-2);
  return scope("qr", () => {
    if (mode === "r") return pair([fill(a.device, [0], 0, a.dtype), qr(a)[1]]);
    if (mode === "complete" && m > n) return pair(applyMany(completeQrPrimitive, [a], { op: "qr" }));
    if (m >= n) return pair(applyMany(qrPrimitive, [a], { op: "qr" }));
    // The first m columns make q; the rest follows as qᵀ a.
    const [q] = applyMany(qrPrimitive, [slice(a, -1, 0, m)], { op: "qr" });
    const upper = constant(a, m, n, (i, j) => (i <= j ? 1 : 0));
    return pair([q, mul(matmul(transpose(q), a), upper)]);
  });
}

const pair = ([x, y]: readonly Tensor[]): [Tensor, Tensor] => [x, y];

// ---- singular values

const svdPrimitive = primitive({
  name: "svd",
  inputs: ["a"],
  outputs: ["u", "s", "vh"],
  infer: ([a], { op }: OpAttrs) => {
    requireMatrix(op, "a", a);
    const [m, n] = a.shape.slice(-2);
    const k = Math.min(m, n);
    return [spec([...leading(a), m, k], a), spec([...leading(a), k], a), spec([...leading(a), k, n], a)];
  },
  kernel: (k, [a], outputs, { op }) => {
    run(k, "svd", [a], outputs, { op, mustBe: "finite" });
  },
  saves: ["u", "s", "vh"],
  vjp: { a: (g, saved) => svdGrad(g, saved) },
});

type Factors = Readonly<Record<"u" | "s" | "vh", Tensor>>;

const skew = (x: Tensor): Tensor => sub(x, transpose(x));

// With E[i, j] = s[j]^2 - s[i]^2 (1 on the diagonal):
// U [skew(U^T gU)/E S + S skew(V^T gV)/E + diag(gS)] V^T, and what of gU and gV lies outside the spans of U and V.
function svdGrad([gu, gs, gvh]: readonly (Tensor | null)[], { u, s, vh }: Factors): Tensor {
  const [m, k, n] = [u.shape[u.rank - 2], s.shape[s.rank - 1], vh.shape[vh.rank - 1]];
  const one = identity(s, k);
  const squares = mul(s, s);
  const gaps = (): Tensor => add(sub(row(squares), column(squares)), one);
  const inner = total([
    gu && mul(div(skew(matmul(transpose(u), gu)), gaps()), row(s)),
    gvh && mul(column(s), div(skew(matmul(vh, transpose(gvh))), gaps())),
    gs && mul(column(gs), one),
  ])!;
  const outsideU = (g: Tensor): Tensor => {
    const scaled = div(g, row(s));
    return matmul(sub(scaled, matmul(u, matmul(transpose(u), scaled))), vh);
  };
  const outsideV = (g: Tensor): Tensor => {
    const scaled = div(g, column(s));
    return matmul(u, sub(scaled, matmul(matmul(scaled, transpose(vh)), vh)));
  };
  return total([
    matmul(matmul(u, inner), vh),
    gu && m > k ? outsideU(gu) : null,
    gvh && n > k ? outsideV(gvh) : null,
  ])!;
}

// The vectors that fill u or vh up are any that complete a basis: only s has a derivative.
const fullSvdPrimitive = primitive({
  name: "svd",
  inputs: ["a"],
  outputs: ["u", "s", "vh"],
  infer: ([a], { op }: OpAttrs) => {
    requireMatrix(op, "a", a);
    const [m, n] = a.shape.slice(-2);
    const lead = leading(a);
    return [spec([...lead, m, m], a), spec([...lead, Math.min(m, n)], a), spec([...lead, n, n], a)];
  },
  kernel: (k, [a], outputs, { op }) => {
    run(k, "svdFull", [a], outputs, { op, mustBe: "finite" });
  },
  saves: ["a"],
  vjp: {
    a: ([gu, gs, gvh], { a }) => {
      if (gu || gvh) {
        const rule = "u and vh must not be differentiated in the full form";
        throw new GradError("svd", `${rule}; got a gradient of ${gu ? "u" : "vh"}. Leave fullMatrices out.`);
      }
      // The reduced form again, since its vectors can be differentiated further.
      const [u, s, vh] = svd(a);
      return svdGrad([null, gs, null], { u, s, vh });
    },
  },
});

export interface SvdOptions {
  /** Fill u and vh up to square matrices; default false. (torch.linalg.svd does so by default.) */
  readonly fullMatrices?: boolean;
}

/**
 * The singular value decomposition a = u diag(s) vh, k = min(m, n), with s descending. The signs of pairs of vectors are
 * arbitrary. With `fullMatrices` u is [..., m, m] and vh [..., n, n].
 *
 * Shapes: a [..., m, n] -> u [..., m, k], s [..., k], vh [..., k, n]. Gradients through u and vh need distinct singular
 * values (and for a that is not square, none that is 0); through s alone they always exist.
 *
 * Numerics: Jacobi rotations in double precision. @throws LinearAlgebraError where a is not finite.
 */
export function svd(
  a: Tensor,
  { fullMatrices = false }: SvdOptions = {},
): [u: Tensor, s: Tensor, vh: Tensor] {
  const square = a.shape[a.rank - 1] === a.shape[a.rank - 2];
  const [u, s, vh] = applyMany(fullMatrices && !square ? fullSvdPrimitive : svdPrimitive, [a], { op: "svd" });
  return [u, s, vh];
}

// ---- eigenvalues

const eighPrimitive = primitive({
  name: "eigh",
  inputs: ["a"],
  outputs: ["w", "v"],
  infer: ([a], { op }: OpAttrs) => {
    requireSquare(op, "a", a);
    return [spec(a.shape.slice(0, -1), a), a];
  },
  kernel: (k, [a], outputs, { op }) => {
    run(k, "eigh", [a], outputs, { op, mustBe: "finite" });
  },
  saves: ["w", "v"],
  vjp: { a: (g, saved) => eighGrad(g, saved) },
});

// V [(V^T gV)/E + diag(gw)] V^T with E[i, j] = w[j] - w[i] off the diagonal.
function eighGrad(
  [gw, gv]: readonly (Tensor | null)[],
  { w, v }: Readonly<Record<"w" | "v", Tensor>>,
): Tensor {
  const n = w.shape[w.rank - 1];
  const one = identity(w, n);
  const apart = constant(w, n, n, (i, j) => (i === j ? 0 : 1));
  const gaps = (): Tensor => add(sub(row(w), column(w)), one);
  const inner = total([gv && mul(div(matmul(transpose(v), gv), gaps()), apart), gw && mul(column(gw), one)])!;
  return matmul(matmul(v, inner), transpose(v));
}

/**
 * Eigenvalues, ascending, and orthonormal eigenvectors (the columns of v) of a symmetric matrix: a = v diag(w) vᵀ. Only
 * a's lower triangle is read. The signs of the vectors are arbitrary.
 *
 * Shapes: a [..., n, n] -> w [..., n], v [..., n, n]. Gradients through v need distinct eigenvalues.
 *
 * Numerics: Jacobi rotations in double precision. @throws LinearAlgebraError where a is not finite.
 */
export function eigh(a: Tensor): [w: Tensor, v: Tensor] {
  const [w, v] = applyMany(eighPrimitive, [a], { op: "eigh" });
  return [w, v];
}
